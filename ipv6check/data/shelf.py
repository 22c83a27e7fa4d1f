"""Where tables are kept: one folder, for each table a small manifest (JSON) and the table itself, named by its hash.

A new table is written under its own name first; that its manifest is renamed into place is what makes it the one in force. Who
reads meanwhile, or is cut off in the middle, finds the old one whole.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from pydantic import AwareDatetime, NonNegativeInt, TypeAdapter, ValidationError

from ipv6check.data.packed import Column, FormError, unpack
from ipv6check.data.reading import TableError

MOST_MANIFEST: Final = 1 << 20
MOST_TABLE: Final = 1 << 30
"""Bytes."""

LOCK: Final = ".lock"
UNFINISHED: Final = ".unfinished"
NAME_LENGTH: Final = 16
"""Digits of the hash in a table's file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One source of a table: what it was, how many entries it gave and how many it had that could not be used."""

    source: str
    sha256: str
    date: AwareDatetime
    dated_by: Literal["itself", "modification", "import"]
    entries: NonNegativeInt
    bogus: NonNegativeInt = 0
    left_out: NonNegativeInt = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of a table. `date` is when it was true (its oldest source); `sha256` is that of the table's own file."""

    name: str
    date: AwareDatetime
    entries: NonNegativeInt
    counts: dict[str, NonNegativeInt] = field(default_factory=dict)
    sha256: str
    size: NonNegativeInt
    imported_at: AwareDatetime
    sources: tuple[Part, ...] = ()

    @property
    def file(self) -> str:
        """Name of the table's file."""
        return f"{self.name}-{self.sha256[:NAME_LENGTH]}.table"


_codec: Final = TypeAdapter(Manifest)


class Absent(Exception):  # noqa: N818 - it is a state, no error
    """No such table was ever made."""


class Damaged(Exception):  # noqa: N818 - it is a state, no error
    """A table is there but cannot be used: why is its text."""


class Shelf:
    """The folder of tables."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def manifest(self, name: str) -> Manifest:
        """The manifest of a table. Raises Absent or Damaged."""
        try:
            with (self.directory / f"{name}.json").open("rb") as file:
                text = file.read(MOST_MANIFEST)
            found = _codec.validate_json(text)
        except FileNotFoundError:
            raise Absent(name) from None
        except OSError as error:
            raise Damaged(f"its manifest cannot be read: {error.strerror}") from None
        except ValidationError:
            raise Damaged("its manifest is broken") from None
        if found.name != name:
            raise Damaged(f"its manifest is that of {found.name}")
        return found

    def table(self, name: str) -> tuple[Manifest, dict[str, Column]]:
        """A table's manifest and columns, verified. Raises Absent or Damaged."""
        manifest = self.manifest(name)
        try:
            content = self._content(manifest)
        except FileNotFoundError:
            manifest = self.manifest(name)
            try:
                content = self._content(manifest)
            except FileNotFoundError:
                raise Damaged("its file is gone") from None
        try:
            return manifest, unpack(content)
        except FormError as error:
            raise Damaged(str(error)) from None

    def put(self, manifest: Manifest, content: bytes) -> None:
        """Put a table in place of the one there is. Raises OSError."""
        with self._lock():
            self._write(manifest.file, content)
            self._write(f"{manifest.name}.json", _codec.dump_json(manifest, indent=1))
            self._clear(manifest)

    def _content(self, manifest: Manifest) -> bytes:
        """Read and verify a table's bytes. FileNotFoundError means that a newer one has come meanwhile."""
        path = self.directory / manifest.file
        try:
            if path.stat().st_size != manifest.size or manifest.size > MOST_TABLE:
                raise Damaged("its file has the wrong size")
            content = path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Damaged(f"its file cannot be read: {error.strerror}") from None
        if sha256(content).hexdigest() != manifest.sha256:
            raise Damaged("its file is not the one that was written: the hash differs")
        return content

    def _write(self, name: str, content: bytes) -> None:
        """Write a file so that it is there whole or not at all, also when the power fails."""
        handle, unfinished = tempfile.mkstemp(suffix=UNFINISHED, prefix=f"{name}.", dir=self.directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(self.directory / name)
        except BaseException:
            with suppress(OSError):
                Path(unfinished).unlink()
            raise
        folder = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _clear(self, manifest: Manifest) -> None:
        """Remove what earlier tables and broken-off updates have left."""
        for path in (*self.directory.glob(f"{manifest.name}-*.table"), *self.directory.glob(f"{manifest.name}*{UNFINISHED}")):
            if path.name != manifest.file:
                with suppress(OSError):
                    path.unlink()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TableError(f"{self.directory}: another update is writing there just now") from None
            yield
