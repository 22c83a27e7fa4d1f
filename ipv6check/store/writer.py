"""The one writer of a scan: a thread that commits in batches. What it has told to be committed is committed."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, update
from sqlmodel import SQLModel, insert

from ipv6check.facts import SCHEMA
from ipv6check.model import Observation
from ipv6check.store.codec import encode_facts
from ipv6check.store.database import Database, StorageError, explained
from ipv6check.store.tables import ObservationRow, TargetRow

BATCH: Final = 200
LONGEST_WAIT: Final = 1.0
"""Rows and seconds after which a batch is committed."""

WAITING: Final = 2_000
"""Things that may wait to be written; whoever brings more waits."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A domain of which everything has been handed over."""

    domain: str


class Writer:
    """Takes observations and completions of one run. `on_completed` is called, in the writer's thread, after the commit."""

    def __init__(self, database: Database, run_id: str, on_completed: Callable[[list[str]], None]) -> None:
        self._database = database
        self._run_id = run_id
        self._on_completed = on_completed
        self._queue: queue.Queue[Observation | Completion | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.error: StorageError | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, item: Observation | Completion) -> bool:
        """Hand something over; False when the queue is full just now. Raises StorageError once writing has failed."""
        if self.error is not None:
            raise self.error
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Write what is left and end. Raises StorageError when that failed."""
        while self._thread.is_alive():
            try:
                self._queue.put(None, timeout=0.2)
                break
            except queue.Full:
                continue
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            while self._write(self._batch()):
                pass
        except StorageError as error:
            self.error = error

    def _batch(self) -> list[Observation | Completion | None]:
        batch = [self._queue.get()]
        until = monotonic() + LONGEST_WAIT
        while batch[-1] is not None and len(batch) < BATCH and (left := until - monotonic()) > 0:
            try:
                batch.append(self._queue.get(timeout=left))
            except queue.Empty:
                break
        return batch

    def _write(self, batch: list[Observation | Completion | None]) -> bool:
        """Commit a batch; False when it was the last."""
        observations = [self._row(item) for item in batch if isinstance(item, Observation)]
        completed = [item.domain for item in batch if isinstance(item, Completion)]
        with explained(self._database), self._database.engine.begin() as connection:
            _insert(connection, ObservationRow, observations)
            if completed:
                now = datetime.now(UTC).isoformat()
                of_run = update(TargetRow).where(TargetRow.run_id == self._run_id)  # type: ignore[arg-type]
                connection.execute(of_run.where(TargetRow.domain.in_(completed)).values(done_at=now))  # type: ignore[attr-defined]
        if completed:
            self._on_completed(completed)
        return batch[-1] is not None

    def _row(self, observation: Observation) -> dict[str, Any]:
        return {
            "run_id": self._run_id,
            "subject": observation.subject,
            "probe": observation.probe,
            "sequence": observation.sequence,
            "shape": SCHEMA,
            "made_at": observation.made_at.isoformat(),
            "facts": encode_facts(observation.facts),
        }


def _insert(connection: Connection, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)
