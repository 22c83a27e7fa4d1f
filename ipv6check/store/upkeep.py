"""Copies of the database, and letting go of evidence that is old. Verdicts, changes and tallies stay for ever."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, select

from ipv6check.store.database import Database, StorageError, explained, uri_of
from ipv6check.store.tables import OBSERVATION, RUN

PAGES_AT_ONCE: Final = 1_000
"""So that a scan that writes meanwhile is not kept waiting."""

Told = Callable[[int, int], None]


def back_up(database: Database, path: Path, told: Told = lambda done, total: None) -> int:
    """Copy the database to a new file while others go on reading and writing, check the copy, and return its octets.

    The file appears only when it is whole. `told` hears of pages done and pages in all. Raises StorageError; where there is a
    file already, and on PostgreSQL, whose own `pg_dump` does it better.
    """
    if database.path is None:
        raise StorageError("this is not SQLite: use pg_dump, and pg_restore to bring it back")
    if path.exists():
        raise StorageError(f"{path} is there already: choose another name")
    database.check()
    unfinished = path.with_name(path.name + ".part")
    with explained(database):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(uri_of(database.path, "ro"), uri=True)) as source,
            closing(sqlite3.connect(unfinished)) as copy,
        ):
            source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, total: told(total - left, total))
            copy.execute("PRAGMA journal_mode=DELETE")
            (found,) = copy.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            unfinished.unlink()
            raise StorageError(f"the copy is not sound ({found}): check the disk and the database")
        unfinished.replace(path)
    return path.stat().st_size


def let_go(database: Database, before: datetime) -> tuple[int, int]:
    """Delete the observations of runs that began before a time (aware), and give the space back: runs and rows deleted.

    Such runs keep their verdicts, and cannot be judged again. `Database.writing()` must be held.
    """
    old = select(RUN.c.id).where(RUN.c.started_at < before.isoformat())
    with explained(database):
        with database.engine.begin() as connection:
            of_old = OBSERVATION.c.run_id.in_(old)
            runs = connection.scalar(select(func.count(OBSERVATION.c.run_id.distinct())).where(of_old)) or 0
            rows = connection.execute(delete(OBSERVATION).where(of_old)).rowcount
        if rows and database.is_sqlite:
            with database.engine.connect() as connection:
                connection.exec_driver_sql("VACUUM")
    return runs, rows
