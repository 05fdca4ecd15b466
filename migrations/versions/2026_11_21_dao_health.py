"""counts of votes per proposal and interval, and the batches they do not yet contain

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

from governance.records.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counted_proposal",
        sa.Column("proposal_id", sa.String(), nullable=False),
        sa.Column("dao_id", sa.String(), nullable=False),
        sa.Column("alike", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("proposal_id"),
    )
    op.create_index("ix_counted_proposal_dao_id", "counted_proposal", ["dao_id"])
    op.create_table(
        "counted_interval",
        sa.Column("dao_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("dao_id", "kind", "number"),
    )
    op.create_table(
        "counted_dao",
        sa.Column("dao_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("dao_id", "kind"),
    )
    op.create_table(
        "uncounted_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dao_id", sa.String(), nullable=False),
        sa.Column("proposals", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_uncounted_batch_dao_id", "uncounted_batch", ["dao_id"])


def downgrade() -> None:
    op.drop_table("uncounted_batch")
    op.drop_table("counted_dao")
    op.drop_table("counted_interval")
    op.drop_table("counted_proposal")
