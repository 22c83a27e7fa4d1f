"""Reads target lists: whom to measure. A bad row is reported with file, line and reason, and never stops the good ones.

A row is one line, so an open quote costs that row and not the rest of the file. Lists are streamed and what is kept is bounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from sys import getsizeof
from typing import Final, TextIO

from ipv6check.model import Target
from ipv6check.targets.lines import Mistake as Mistake
from ipv6check.targets.lines import UnreadableError, chunks_of, refuse_others, rows_of, why_unreadable
from ipv6check.targets.names import UnfitError, shown
from ipv6check.targets.names import normal_form as normal_form
from ipv6check.targets.rows import BARE, COLUMNS, NOT_UTF8, Header, merged, names_a_column, read_header, read_row

MOST_MISTAKES: Final = 10_000
MOST_BYTES: Final = 160 << 20
"""What all targets may take in memory: over 250,000 rows of usual length, more than any city has."""
BYTES_PER_TARGET: Final = 360
"""A Target and its place, without its texts (measured with CPython 3.11)."""


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
                    self._read(chunks_of(stream), is_bare)
            else:
                self._read(chunks_of(source), is_bare)
        except UnreadableError as error:
            self._mistakes.append(Mistake(self._file, self._line, str(error)))
        except UnicodeDecodeError:
            self._mistakes.append(Mistake(self._file, 0, NOT_UTF8))
        except (OSError, ValueError) as error:
            self._mistakes.append(Mistake(self._file, 0, f"cannot be read: {why_unreadable(error)}"))

    def _read(self, chunks: Iterable[str], is_bare: bool) -> None:
        """Read the header, then each row by itself."""
        rows = rows_of(chunks)
        first = next(rows, None)
        if first is None:
            raise UnreadableError(f"is empty: the first line names the columns, such as {','.join(COLUMNS[:5])}")
        form = self._header(*first, is_bare)
        for self._line, line in chain([first], rows) if form is BARE else rows:
            try:
                self._keep(line, form)
            except UnfitError as error:
                self._report(str(error))

    def _header(self, number: int, line: str, is_bare: bool) -> Header:
        refuse_others(line)
        if is_bare and not names_a_column(line):
            return BARE
        if "\0" in line:
            raise UnreadableError("is binary or UTF-16: save it as UTF-8")
        self._line = number
        try:
            form = read_header(line, required=COLUMNS[: 1 if is_bare else 2])
        except UnfitError as error:
            raise UnreadableError(str(error)) from None
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
            raise UnreadableError(
                f"is read up to here only: the lists are too large for one run ({size}): scan the rest in another"
            )

    def _report(self, message: str, is_error: bool = True) -> None:
        if len(self._mistakes) < MOST_MISTAKES:
            self._mistakes.append(Mistake(self._file, self._line, message, is_error))
        else:
            self._unlisted += 1
