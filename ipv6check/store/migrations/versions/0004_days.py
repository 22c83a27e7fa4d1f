"""Whether a run is of a part, where queries can ask for it, and a digest of its verdicts, which tells when they are others."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("is_partial", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("run", sa.Column("digest", sa.String, nullable=False, server_default=""))
    connection = op.get_bind()
    for id_, facts in connection.execute(sa.text("SELECT id, facts FROM run")).all():
        if json.loads(facts).get("is_partial"):
            connection.execute(sa.text("UPDATE run SET is_partial = :yes WHERE id = :id"), {"yes": True, "id": id_})


def downgrade() -> None:
    op.drop_column("run", "digest")
    op.drop_column("run", "is_partial")
