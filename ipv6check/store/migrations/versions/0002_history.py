"""What stands of each domain after a run, what changed with it, and which versions of the rules judged it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("rule_versions", sa.String, nullable=False, server_default=""))
    op.create_table(
        "standing",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("domain", sa.String, primary_key=True),
        sa.Column("standings", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "change",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("domain", sa.String, primary_key=True),
        sa.Column("check", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("before", sa.String, nullable=False),
        sa.Column("after", sa.String, nullable=False),
        sa.Column("since", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("change_by_domain", "change", ["domain", "run_id"])


def downgrade() -> None:
    op.drop_table("change")
    op.drop_table("standing")
    op.drop_column("run", "rule_versions")
