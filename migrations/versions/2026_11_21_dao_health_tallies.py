"""tallies of large intervals, to which a batch of votes is added without counting all again

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("counted_interval", sa.Column("tally", sa.JSON(), nullable=True))
    op.add_column("uncounted_batch", sa.Column("votes", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("uncounted_batch", "votes")
    op.drop_column("counted_interval", "tally")
