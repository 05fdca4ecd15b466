"""append-only log: triggers that refuse every change of what was logged

Revision: 0002
Follows: 0001
"""

from alembic import op

from governance.records.append_only import guard, refuse_to_lose_entries, unguard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    guard(op.get_bind())


def downgrade() -> None:
    refuse_to_lose_entries(op.get_bind())
    unguard(op.get_bind())
