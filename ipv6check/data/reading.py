"""From bytes that somebody else fetched to lines: unpacked, hashed, counted, and never more than the caps allow."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from typing import Final

MOST_BYTES: Final = 512 << 20
"""Bytes of one source after unpacking. The largest real one (VRPs as JSON) has some 100 MB."""

MOST_LINES: Final = 10_000_000
"""Lines of one source. The largest real one has about a million."""

LONGEST_LINE: Final = 4096
"""Bytes. A longer line is bogus; it is passed over without being held."""

PIECE: Final = 1 << 20
"""Most bytes that come out of the unpacking at once, however well they were packed."""

SMALLEST: Final = 1 << 16
"""Bytes in a piece that is handed on, but for the last."""

GZIP_MAGIC: Final = b"\x1f\x8b"
GZIP_WBITS: Final = 31
EXAMPLES: Final = 3
"""Bogus lines that are remembered, to be told."""

EXAMPLE_LENGTH: Final = 80


class TableError(Exception):
    """A source or an import that was refused: which one, and why, in words for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a table's bytes come from: a name for people, the bytes in pieces, and when they were last modified (UTC)."""

    name: str
    pieces: Iterable[bytes]
    modified: datetime | None = None


class Reading:
    """One pass over one source. Counts what it could not use: `bogus` is what it could not read, `left_out` what says nothing.

    `date`, and `announced` as the number of records there should be, are set by whoever finds them in the source. Raises
    TableError when a cap is passed or the bytes are broken.
    """

    def __init__(self, source: Source, *, most_bytes: int = MOST_BYTES) -> None:
        self.name = source.name
        self.modified = source.modified
        self.date: datetime | None = None
        self.announced: int | None = None
        self.entries = self.bogus = self.left_out = 0
        self.examples: list[str] = []
        self._source = source
        self._most_bytes = most_bytes
        self._hash = sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes as they came, in hexadecimal; whole once the reading has ended."""
        return self._hash.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """The bytes, unpacked when they are gzip, in pieces that are worth the work: however small they came."""
        total, held = 0, bytearray()
        for piece in self._unpacked(self._hashed()):
            total += len(piece)
            if total > self._most_bytes:
                raise TableError(f"{self.name}: more than {self._most_bytes >> 20} MiB when unpacked")
            held += piece
            if len(held) >= SMALLEST:
                yield bytes(held)
                held.clear()
        yield bytes(held)

    def lines(
        self, on_comment: Callable[[str], None] | None = None, pieces: Iterable[bytes] | None = None
    ) -> Iterator[tuple[int, str]]:
        """Lines and their numbers, without what is empty or too long; comments (`%`, `#`, `;`) go to `on_comment`.

        `pieces` are what `pieces()` gave, where somebody had to look at them first.
        """
        number = 0
        for raw in _split(self.pieces() if pieces is None else pieces):
            number += 1
            if number > MOST_LINES:
                raise TableError(f"{self.name}: more than {MOST_LINES:,} lines")
            if len(raw) > LONGEST_LINE:
                self.reject(number, f"a line of more than {LONGEST_LINE} bytes")
                continue
            line = raw.decode("utf-8", "replace").strip("\ufeff \t\r")
            if line.startswith(("%", "#", ";")):
                if on_comment:
                    on_comment(line)
            elif line:
                yield number, line

    def reject(self, number: int, what: str) -> None:
        """Count an entry that cannot be read."""
        self.bogus += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{self.name}:{number}: {printable(what, EXAMPLE_LENGTH)}")

    def _hashed(self) -> Iterator[bytes]:
        try:
            for piece in self._source.pieces:
                self._hash.update(piece)
                yield piece
        except OSError as error:
            raise TableError(f"{self.name}: cannot be read: {error.strerror or error}") from None

    def _unpacked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        head = b""
        for piece in pieces:
            head += piece
            if len(head) >= len(GZIP_MAGIC):
                break
        whole = chain([head], pieces)
        if not head.startswith(GZIP_MAGIC):
            return whole
        return self._gunzipped(whole)

    def _gunzipped(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Unpack, one member after another, never more than `PIECE` at a time."""
        inflate = zlib.decompressobj(GZIP_WBITS)
        is_between_members = False
        for packed in pieces:
            rest = packed
            while rest := rest.lstrip(b"\0") if is_between_members else rest:
                if is_between_members:
                    inflate, is_between_members = zlib.decompressobj(GZIP_WBITS), False
                try:
                    yield inflate.decompress(rest, PIECE)
                except zlib.error as error:
                    raise TableError(f"{self.name}: broken gzip data: {error}") from None
                is_between_members = inflate.eof
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        if not is_between_members:
            raise TableError(f"{self.name}: the gzip data end too early")


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Split at newlines. Of a line that is too long only so much is held that it can be seen to be too long."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        rest = rest[: LONGEST_LINE + 1]
    if rest:
        yield rest


def printable(text: str, length: int) -> str:
    """Cut a text of others and replace what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text[:length])


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 time (UTC when it names no zone); None when it is none."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
