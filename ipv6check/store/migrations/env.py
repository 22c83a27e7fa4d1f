"""How Alembic runs here: always on a connection that `Database` hands over, in one transaction."""

from alembic import context
from sqlmodel import SQLModel

from ipv6check.store import tables  # noqa: F401 - fills the metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
