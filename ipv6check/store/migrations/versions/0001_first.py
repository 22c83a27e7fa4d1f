"""Runs, targets, observations, verdicts, latest and tally."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("vantage", sa.String, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("finished_at", sa.String),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("rules_version", sa.String, nullable=False),
        sa.Column("facts", sa.String, nullable=False),
    )
    op.create_index("ix_run_started_at", "run", ["started_at"])
    op.create_table(
        "target",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("domain", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("is_opted_out", sa.Boolean, nullable=False),
        sa.Column("done_at", sa.String),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observation",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("probe", sa.String, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("shape", sa.Integer, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "verdict",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("domain", sa.String, primary_key=True),
        sa.Column("measured_at", sa.String),
        sa.Column("rules_version", sa.String, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("level_is_minimum", sa.Boolean, nullable=False),
        sa.Column("percent", sa.Float),
        sa.Column("coverage", sa.Float, nullable=False),
        sa.Column("flags", sa.String, nullable=False),
        sa.Column("verdicts", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("verdict_by_domain", "verdict", ["domain", "run_id"])
    op.create_table(
        "latest",
        sa.Column("domain", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tally",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("agency", sa.String, primary_key=True),
        sa.Column("check", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("tally", "latest", "verdict", "observation", "target", "run"):
        op.drop_table(table)
