"""The small lists beside the target lists, such as that of exceptions: every mistake is named, none stops the good rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from ipv6check.targets.lines import Mistake, UnreadableError, chunks_of, refuse_others, rows_of, why_unreadable
from ipv6check.targets.names import UnfitError
from ipv6check.targets.rows import cut, named, read_header

T = TypeVar("T")

MOST_ROWS: Final = 20_000
"""Far more than a city has bodies or exceptions."""

Values = Mapping[str, str]


@dataclass(slots=True)
class Sheet(Generic[T]):
    """What a list holds: each row with the number of its line, and the mistakes."""

    file: str
    rows: list[tuple[int, T]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def refuse(self, line: int, message: str, is_error: bool = True) -> None:
        """Note what is wrong in a line."""
        self.mistakes.append(Mistake(self.file, line, message, is_error))

    def keep(self, is_fit: Callable[[int, T], None]) -> "Sheet[T]":
        """The rows that `is_fit` raises no UnfitError for; the others are refused."""
        kept: list[tuple[int, T]] = []
        for line, row in self.rows:
            try:
                is_fit(line, row)
                kept.append((line, row))
            except UnfitError as error:
                self.refuse(line, str(error))
        self.rows = kept
        return self


def read_sheet(path: Path, columns: Sequence[str], required: Sequence[str], make: Callable[[Values], T]) -> Sheet[T]:
    """Read a CSV with a header; `make` makes a row of its cells by column, raising UnfitError for what is wrong with it."""
    sheet: Sheet[T] = Sheet(str(path))
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            for line, values in _rows(sheet, rows_of(chunks_of(stream)), columns, required):
                try:
                    sheet.rows.append((line, make(values)))
                except UnfitError as error:
                    sheet.refuse(line, str(error))
    except UnreadableError as error:
        sheet.refuse(0, str(error))
    except (OSError, ValueError) as error:
        sheet.refuse(0, f"cannot be read: {why_unreadable(error)}")
    return sheet


def _rows(
    sheet: Sheet[T], lines: Iterator[tuple[int, str]], columns: Sequence[str], required: Sequence[str]
) -> Iterator[tuple[int, Values]]:
    """The cells of each row by their columns, those that are left out empty."""
    number, first = next(lines, (0, ""))
    refuse_others(first)
    try:
        header = read_header(first, columns, required)
    except UnfitError as error:
        sheet.refuse(number, str(error))
        return
    for name in header.unknown:
        sheet.refuse(number, f"unknown column {name!r} is not read: known are {', '.join(columns)}", is_error=False)
    for count, (number, line) in enumerate(lines):
        if count == MOST_ROWS:
            sheet.refuse(number, f"is read up to here only: more than {MOST_ROWS} rows are no list of ours")
            return
        try:
            cells = cut(line, header.delimiter)
            values, warnings = named(cells, header)
        except UnfitError as error:
            sheet.refuse(number, str(error))
            continue
        for warning in warnings:
            sheet.refuse(number, warning, is_error=False)
        if any(cells):
            yield number, dict.fromkeys(columns, "") | {name: value for name, value in values.items() if name}
