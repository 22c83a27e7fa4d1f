"""The store: what was seen is kept for ever, what follows from it can be made again."""

from ipv6check.store.archive import Archive, new_run_id
from ipv6check.store.codec import facts_as_json
from ipv6check.store.database import Database, StorageError
from ipv6check.store.writer import Completion, Writer

__all__ = ["Archive", "Completion", "Database", "StorageError", "Writer", "facts_as_json", "new_run_id"]
