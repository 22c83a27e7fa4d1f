"""Reads target lists: whom to measure. A bad row is reported with file, line and reason, and never stops the good ones.

A row is one line, so an open quote costs that row and not the rest of the file. Lists are streamed and what is kept is bounded.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from sys import getsizeof
from typing import Final, TextIO

from ipv6check.model import Target
from ipv6check.targets.names import UnfitError, shown
from ipv6check.targets.names import normal_form as normal_form
from ipv6check.targets.rows import BARE, COLUMNS, LONGEST_LINE, NOT_UTF8, Header, merged, names_a_column, read_header, read_row

CHUNK: Final = 1 << 16
MOST_MISTAKES: Final = 10_000
MOST_BYTES: Final = 160 << 20
"""What all targets may take in memory: over 250,000 rows of usual length, more than any city has."""
BYTES_PER_TARGET: Final = 360
"""A Target and its place, without its texts (measured with CPython 3.11)."""

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


@dataclass(frozen=True, slots=True)
class Targets:
    """What lists hold: targets in the order of the lists, each domain once, and the mistakes in the order they were met."""

    targets: tuple[Target, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def read(source: Path | TextIO, name: str = "") -> Targets:
    """Read one list, from a file or an open text stream (called `name` in messages)."""
    reading = _Reading()
    reading.add(source, name)
    return reading.result()


def read_all(paths: Iterable[Path]) -> Targets:
    """Read several lists as one: rows of one domain merge, and contradict each other, across files too."""
    reading = _Reading()
    for path in paths:
        reading.add(path)
    return reading.result()


def read_names(lines: Iterable[str], name: str = "-") -> Targets:
    """Read domains, one a line, as from stdin; where the first line names a column `domain`, a list (`agency` optional)."""
    reading = _Reading()
    reading.add(lines, name, is_bare=True)
    return reading.result()


def is_current(target: Target, day: date) -> bool:
    """Whether a target is valid on a day; the first and the last day count, and what is not set is no bound."""
    return (target.valid_from or day) <= day <= (target.valid_to or day)


class _UnreadableError(Exception):
    """The file as a whole cannot be read, or not further."""


@dataclass(slots=True)
class _Entry:
    target: Target
    file: str
    line: int


class _Reading:
    """What was found so far, over all files."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._mistakes: list[Mistake] = []
        self._unlisted = 0
        self._bytes = 0
        self._file = ""
        self._line = 0

    def result(self) -> Targets:
        """Return what was found."""
        if self._unlisted:
            self._mistakes.append(
                Mistake(self._file, 0, f"{self._unlisted} more mistakes are not listed: put these right first")
            )
        return Targets(tuple(entry.target for entry in self._entries.values()), tuple(self._mistakes))

    def add(self, source: Path | Iterable[str], name: str = "", is_bare: bool = False) -> None:
        """Read one source to its end, whatever is in it."""
        self._file = name or str(source if isinstance(source, Path) else getattr(source, "name", "-"))
        self._line = 0
        try:
            if isinstance(source, Path):
                with source.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
                    self._read(_chunks(stream), is_bare)
            else:
                self._read(_chunks(source), is_bare)
        except _UnreadableError as error:
            self._mistakes.append(Mistake(self._file, self._line, str(error)))
        except UnicodeDecodeError:
            self._mistakes.append(Mistake(self._file, 0, NOT_UTF8))
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else "") or str(error)
            self._mistakes.append(Mistake(self._file, 0, f"cannot be read: {why}"))

    def _read(self, chunks: Iterable[str], is_bare: bool) -> None:
        """Read the header, then each row by itself."""
        rows = ((number, line) for number, line in _lines(chunks) if line.strip() and not line.startswith("#"))
        first = next(rows, None)
        if first is None:
            raise _UnreadableError(f"is empty: the first line names the columns, such as {','.join(COLUMNS[:5])}")
        form = self._header(*first, is_bare)
        for self._line, line in chain([first], rows) if form is BARE else rows:
            try:
                self._keep(line, form)
            except UnfitError as error:
                self._report(str(error))

    def _header(self, number: int, line: str, is_bare: bool) -> Header:
        if what := next((what for start, what in SIGNATURES if line.startswith(start)), ""):
            raise _UnreadableError(what)
        if is_bare and not names_a_column(line):
            return BARE
        if "\0" in line:
            raise _UnreadableError("is binary or UTF-16: save it as UTF-8")
        self._line = number
        try:
            form = read_header(line, needs_agency=not is_bare)
        except UnfitError as error:
            raise _UnreadableError(str(error)) from None
        for name in form.unknown:
            self._report(f"unknown column {shown(name)} is not read: known are {', '.join(COLUMNS)}", is_error=False)
        return form

    def _keep(self, line: str, form: Header) -> None:
        """Read one row and put it to what is known of its domain."""
        found = read_row(line, form)
        if found is None:
            return
        row, warnings = found
        for warning in warnings:
            self._report(warning, is_error=False)
        known = self._entries.get(row.domain)
        if known is None:
            self._weigh(row)
            self._entries[row.domain] = _Entry(row, self._file, self._line)
        else:
            self._merge(known, row)

    def _merge(self, known: _Entry, row: Target) -> None:
        where = f"line {known.line}" if known.file == self._file else f"{known.file}:{known.line}"
        if known.target.agency != row.agency:
            owners = f"{shown(row.agency)} here, {shown(known.target.agency)} in {where}"
            raise UnfitError(f"{shown(row.domain)} has two agencies, {owners}: only the first is taken, leave one of them out")
        both, conflicts = merged(known.target, row)
        if conflicts:
            self._report(f"{', '.join(conflicts)} differ from {where}, which counts: write them alike", is_error=False)
        elif both == known.target:
            self._report(f"{shown(row.domain)} says nothing that {where} does not: leave it out", is_error=False)
        if both != known.target:
            self._weigh(row)
            known.target = both

    def _weigh(self, row: Target) -> None:
        """Count what a target takes in memory, and stop before it is too much."""
        texts = (row.domain, row.agency, row.agency_code, row.parent, row.contact, row.successor, row.note, *row.tags)
        self._bytes += BYTES_PER_TARGET + sum(map(getsizeof, filter(None, texts)))
        if self._bytes > MOST_BYTES:
            size = f"{len(self._entries)} domains, {MOST_BYTES >> 20} MiB"
            raise _UnreadableError(
                f"is read up to here only: the lists are too large for one run ({size}): scan the rest in another"
            )

    def _report(self, message: str, is_error: bool = True) -> None:
        if len(self._mistakes) < MOST_MISTAKES:
            self._mistakes.append(Mistake(self._file, self._line, message, is_error))
        else:
            self._unlisted += 1


def _chunks(source: Iterable[str]) -> Iterator[str]:
    """Cut a stream into pieces of bounded size. Bytes that are not UTF-8 stay with their row, where the stream lets us."""
    if not isinstance(source, io.TextIOBase):
        return (line if line.endswith(("\n", "\r")) else f"{line}\n" for line in source)
    if isinstance(source, io.TextIOWrapper):
        with suppress(io.UnsupportedOperation):
            source.reconfigure(errors="surrogateescape")
    return iter(partial(source.read, CHUNK), "")


def _lines(chunks: Iterable[str]) -> Iterator[tuple[int, str]]:
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
