"""Small and fast with years in it: a tally by check, one row of counts for an agency's night, and how far each run came."""

import json
import zlib
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNDONE = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.add_column("run", sa.Column("planned", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE run SET planned = (SELECT count(*) FROM target WHERE target.run_id = run.id)")
    op.create_index("target_pending", "target", ["run_id"], sqlite_where=UNDONE, postgresql_where=UNDONE)
    op.rename_table("tally", "tally_by_run")
    op.create_table(
        "tally",
        sa.Column("check", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    agencies = op.create_table(
        "agency_tally",
        sa.Column("agency", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("counts", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        'INSERT INTO tally ("check", run_id, outcome, n) '
        'SELECT "check", run_id, outcome, sum(n) FROM tally_by_run GROUP BY "check", run_id, outcome'
    )
    for (run_id,) in op.get_bind().execute(sa.text("SELECT id FROM run")).all():
        rows = _counts_of(run_id)
        if rows:
            op.bulk_insert(agencies, rows)
    op.drop_table("tally_by_run")


def _counts_of(run_id: str) -> list[dict[str, object]]:
    """The new rows of a run's agencies."""
    query = sa.text(
        'SELECT agency, "check", outcome, n FROM tally_by_run WHERE run_id = :run ORDER BY agency, "check", outcome'
    )
    rows = []
    for agency, of_agency in groupby(op.get_bind().execute(query, {"run": run_id}), key=lambda row: row.agency):
        counts: dict[str, dict[str, int]] = {}
        for _, check, outcome, n in of_agency:
            counts.setdefault(check, {})[outcome] = n
        text = json.dumps(counts, ensure_ascii=False, separators=(",", ":"))
        rows.append({"agency": agency, "run_id": run_id, "counts": zlib.compress(text.encode(), 1)})
    return rows


def downgrade() -> None:
    raise NotImplementedError("restore the copy made before the upgrade")
