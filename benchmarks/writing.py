"""Hands what a scan would have seen to the store's one writer."""

import time
from collections.abc import Iterable
from typing import Final

from ipv6check.model import Observation
from ipv6check.store import Completion, Database, Writer

FULL_QUEUE_WAIT: Final = 0.001
"""Seconds to wait when the writer has its hands full."""


def write(database: Database, run_id: str, items: Iterable[Observation | Completion]) -> None:
    """Write all of a run, and wait until it is committed."""
    writer = Writer(database, run_id, lambda completed: None)
    writer.start()
    for item in items:
        while not writer.put(item):
            time.sleep(FULL_QUEUE_WAIT)
    writer.close()
