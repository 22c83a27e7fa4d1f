"""What was told to whom: a JSON file, so that a night that is repeated tells nothing twice.

It is no part of the database: that can be made again from observations, an e-mail cannot be unsent; and what was sent hangs on
the machine that sends. Noted after each notice: who is stopped in between repeats one notice at most, with the same Message-ID.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ipv6check.store import StorageError

KEPT: Final = timedelta(days=400)
"""How long it is known; a certificate that has been over for longer is told again."""

Told = dict[str, dict[str, str]]
"""Reader to what was told to the day on which."""


class Memory:
    """The file's content; a file that is not there yet is empty. Raises StorageError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = _read(path)

    @classmethod
    @contextmanager
    def held(cls, path: Path) -> Iterator["Memory"]:
        """The same, for the one program that may add to it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = path.with_name(f"{path.name}.lock").open("w")
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(f"{path}: another ipv6check is sending notices just now") from None
            yield cls(path)

    def has(self, reader: str, key: str) -> bool:
        """Whether a reader was told this."""
        return key in self._told.get(reader, {})

    def note(self, reader: str, keys: Iterable[str], today: date) -> None:
        """Note on disk that a reader was told."""
        oldest = (today - KEPT).isoformat()
        self._told.setdefault(reader, {}).update(dict.fromkeys(keys, today.isoformat()))
        self._told = {who: {key: day for key, day in told.items() if day >= oldest} for who, told in self._told.items()}
        _replace(self._path, json.dumps({"told": self._told}, indent=1))


def _read(path: Path) -> Told:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {who: {key: str(day) for key, day in told.items()} for who, told in document["told"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StorageError(
            f"{path}: not a file of ours, or damaged: move it away; what was told lately will be told again"
        ) from None


def _replace(path: Path, text: str) -> None:
    """Put a file in its place whole."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None
