"""The database: its engine, its shape, and the lock that lets one program write at a time."""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

import alembic.command
import alembic.config
import alembic.script
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Executable, Row, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ipv6check.config import masked

T = TypeVar("T")

BUSY_SECONDS: Final = 30
CHUNK: Final = 100
MIGRATIONS: Final = Path(__file__).parent / "migrations"
ADVISORY_LOCK: Final = 0x69707636
"""Number of the lock on PostgreSQL ("ipv6")."""

WAL_RESET_FIXED: Final = (3, 51, 3)
"""SQLite before this can, rarely, corrupt a database that two connections write or checkpoint at once: hence one writer."""


class StorageError(Exception):
    """The database says no, in words for the operator."""


class Database:
    """A database by its URL. Writers take `writing()`; readers open read-only and never checkpoint."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self.is_sqlite = self.url.get_backend_name() == "sqlite"
            if self.is_sqlite:  # which is a path to its end, a "?" in it too
                self.url = self.url.set(database=unquote(url.partition(":///")[2]), query={})
            self.engine = self._engine(read_only=False)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
            raise StorageError(
                f"store.url: {masked(url)}: {error} (SQLite: sqlite:///path, PostgreSQL: postgresql+psycopg://...)"
            ) from None
        self._reader: Engine | None = None

    @property
    def path(self) -> Path | None:
        """The file, on SQLite."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @property
    def reader(self) -> Engine:
        """An engine that only reads."""
        if self._reader is None:
            self._reader = self._engine(read_only=True)
        return self._reader

    def rows(self, query: Executable) -> list[Row[Any]]:
        """What a query finds. Raises StorageError."""
        with explained(self), self.reader.connect() as connection:
            return list(connection.execute(query).all())

    @property
    def exists(self) -> bool:
        """Whether it has been set up."""
        if self.path is not None and not self.path.exists():
            return False
        return self.revision() is not None

    def revision(self) -> str | None:
        """The number of its shape, None when it has none. Raises StorageError when it cannot be opened."""
        with explained(self), self.reader.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def check(self) -> None:
        """Raise StorageError unless its shape is the one this program knows."""
        if not self.exists:
            raise StorageError(f"no database at {self.shown} yet: run a scan, or `ipv6check db init`")
        revision, newest = self.revision(), newest_revision()
        if revision == newest:
            return
        if revision in known_revisions():
            raise StorageError(
                f"{self.shown} has the shape {revision}, this program needs {newest}: run `ipv6check db upgrade`"
            )
        raise StorageError(f"{self.shown} has the shape {revision}, which this program does not know: use the newer program")

    def upgrade(self) -> None:
        """Set it up, or bring it to the shape of this program. Raises StorageError on an unknown shape."""
        if self.path is not None:
            with explained(self):
                self.path.parent.mkdir(parents=True, exist_ok=True)
        self._recover()
        if self.exists and self.revision() not in known_revisions():
            self.check()
        with explained(self), self.engine.begin() as connection:
            if self.is_sqlite:  # the driver opens no transaction before DDL: half a set-up could be left behind
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config = _alembic()
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")

    def _recover(self) -> None:
        """Let SQLite undo what a killed writer left half done: a connection that only reads cannot."""
        if self.path is not None and self.path.exists():
            with explained(self), self.engine.connect():
                pass

    def ready(self) -> None:
        """Set it up when there is none; refuse an old or unknown shape."""
        self._recover()
        if self.exists:
            self.check()
        else:
            self.upgrade()

    @contextmanager
    def writing(self) -> Iterator[Engine]:
        """Be the one program that writes. Raises StorageError, with the holder's process id, while there is another."""
        with self._file_lock() if self.path is not None else self._advisory_lock():
            yield self.engine
            self._gather()

    def _gather(self) -> None:
        """Put what was written into the one file that people copy. Where that cannot be, it is as safe in SQLite's log."""
        if self.is_sqlite:
            with suppress(SQLAlchemyError), self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").close()

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        assert self.path is not None
        lock_path = self.path.with_name(self.path.name + ".lock")
        with explained(self):
            handle = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
                raise StorageError(f"{self.shown} is being written by another ipv6check, process {holder}") from None
            with explained(self):
                os.ftruncate(handle, 0)
                os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _advisory_lock(self) -> Iterator[None]:
        with explained(self), self.engine.connect() as connection:
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": ADVISORY_LOCK}):
                holder = connection.scalar(text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' LIMIT 1"))
                raise StorageError(f"{self.shown} is being written by another ipv6check (server process {holder})")
            try:
                yield
            finally:  # the lock is the session's, and the session goes back into the pool
                connection.scalar(text("SELECT pg_advisory_unlock(:n)"), {"n": ADVISORY_LOCK})

    @property
    def shown(self) -> str:
        """The URL without what is secret in it."""
        return masked(self.url.render_as_string(hide_password=False))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        if self._reader is not None:
            self._reader.dispose()

    def _engine(self, *, read_only: bool) -> Engine:
        if not self.is_sqlite:
            return create_engine(self.url, execution_options={"postgresql_readonly": read_only})
        path = self.url.database or ""

        def connect() -> sqlite3.Connection:
            mode = "ro" if read_only else "rwc"
            return sqlite3.connect(uri_of(path, mode), uri=True, timeout=BUSY_SECONDS, check_same_thread=False)

        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=1)
        event.listen(engine, "connect", _pragmas_of_reader if read_only else _pragmas_of_writer)
        return engine


def uri_of(path: str | Path, mode: str) -> str:
    """A file as SQLite is told of it, whatever characters its path has."""
    return f"file:{quote(os.fspath(path))}?mode={mode}"


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Take items a hundred at a time: a city's are never all held at once."""
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _pragmas_of_writer(connection: Any, _: object) -> None:
    """FULL: the commit that completes a domain outlives a power cut; with a commit a second it costs nothing."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _pragmas_of_reader(connection: Any, _: object) -> None:
    connection.execute("PRAGMA wal_autocheckpoint=0").close()


@contextmanager
def explained(database: Database) -> Iterator[None]:
    """Turn what the database layer raises into words."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise StorageError(f"{database.shown}: {_advice(str(cause))}") from error
    except OSError as error:
        raise StorageError(f"{database.shown}: {error.strerror or error}") from error


def _advice(message: str) -> str:
    """The database's message and what to do about it."""
    message = message.strip().splitlines()[0] if message.strip() else "unknown error"
    for sign, advice in (
        ("full", "free some space and run `ipv6check scan --resume RUN`"),
        ("locked", "another program holds it; try again when that has ended"),
        ("readonly", "it cannot be written here: check the permissions of the file and its folder"),
        ("not a database", "this file is something else, or damaged: restore a backup"),
        ("unable to open", "does its folder exist, and may this user read it?"),
    ):
        if sign in message:
            return f"{message}: {advice}"
    return message


def _alembic() -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def newest_revision() -> str | None:
    """The number of the newest shape."""
    return alembic.script.ScriptDirectory.from_config(_alembic()).get_current_head()


def known_revisions() -> set[str]:
    """The numbers of every shape there has been."""
    return {script.revision for script in alembic.script.ScriptDirectory.from_config(_alembic()).walk_revisions()}
