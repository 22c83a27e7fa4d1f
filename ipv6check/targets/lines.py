"""Lists as text: chunks of bounded size, lines by number, and how a file begins that is no list."""

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from ipv6check.targets.rows import LONGEST_LINE

CHUNK: Final = 1 << 16

UTF16: Final = "is UTF-16: save it as UTF-8"
SHEET: Final = "is a workbook or an archive: save the sheet as “CSV UTF-8”"
SIGNATURES: Final = (("PK\x03\x04", SHEET), ("\udcd0\udccf\x11", SHEET), ("\udcff\udcfe", UTF16), ("\udcfe\udcff", UTF16))
"""How files that are no lists begin; a byte that is not UTF-8 is read as one of U+DC80 to U+DCFF."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a list, where, and what to do. Line 0 is the file as a whole; what is no error is a warning."""

    file: str
    line: int
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'' if self.is_error else 'warning: '}{self.message}"


class UnreadableError(Exception):
    """The file as a whole cannot be read, or not further."""


def refuse_others(line: str) -> None:
    """Refuse a file that begins with this line, where it is no text; raises UnreadableError."""
    if what := next((what for start, what in SIGNATURES if line.startswith(start)), ""):
        raise UnreadableError(what)


def why_unreadable(error: Exception) -> str:
    """Why a file cannot be read, in words for the operator."""
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def rows_of(chunks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers: neither empty nor a comment."""
    return ((number, line) for number, line in lines_of(chunks) if line.strip() and not line.startswith("#"))


def chunks_of(source: Iterable[str]) -> Iterator[str]:
    """Cut a stream into pieces of bounded size. Bytes that are not UTF-8 stay with their row, where the stream lets us."""
    if not isinstance(source, io.TextIOBase):
        return (line if line.endswith(("\n", "\r")) else f"{line}\n" for line in source)
    if isinstance(source, io.TextIOWrapper):
        with suppress(io.UnsupportedOperation):
            source.reconfigure(errors="surrogateescape")
    return iter(partial(source.read, CHUNK), "")


def lines_of(chunks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield every line with its number, whichever way lines end. A line that is too long comes without its rest."""
    decode = io.IncrementalNewlineDecoder(None, translate=True).decode
    number, rest, is_skipping = 1, "", False
    for index, chunk in enumerate(chunks):
        *whole, last = decode(chunk if index else chunk.removeprefix("\ufeff")).split("\n")
        for piece in whole:
            if not is_skipping:
                yield number, rest + piece
            number, rest, is_skipping = number + 1, "", False
        rest = "" if is_skipping else rest + last
        if len(rest) > LONGEST_LINE:
            yield number, rest
            rest, is_skipping = "", True
    if rest:
        yield number, rest
