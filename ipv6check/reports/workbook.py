"""Results as a workbook: a summary, a sheet for each level, the data dictionary. Needs the extra `xlsx`."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any, BinaryIO, Final

from ipv6check.model import Run
from ipv6check.reports import vnnic
from ipv6check.reports.export import completed
from ipv6check.reports.extras import missing
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import speech
from ipv6check.reports.levels import KEYS, Badge, badge, badge_by
from ipv6check.reports.standing import grouped
from ipv6check.rules.words import Language
from ipv6check.score import Card

DAY: Final = "ngay_do"
"""The column that is a date in the sheet, not a text."""

WORDS: Final[dict[Language, tuple[str, str, str, str]]] = {
    "vi": ("Tổng hợp", "Từ điển", "Mức", "Số tên miền"),
    "en": ("Summary", "Dictionary", "Level", "Domains"),
}
LONGEST_NAME: Final = 31
WIDEST: Final = 48
NARROWEST: Final = 10


Row = Sequence[str | int]


def write_workbook(run: Run, cards: Sequence[Card], out: BinaryIO, language: Language) -> None:
    """Write the registry's columns, labelled for people, one sheet a level. Every cell is a text, a number or a date: no cell
    is ever a formula or a link. Raises ExtraError without the library."""
    try:
        import xlsxwriter
    except ImportError:
        raise missing("xlsx") from None
    said, made = speech(language), io.BytesIO()
    by_key = grouped(map(completed, cards), lambda card: badge(card.score, said).key)
    keys = [key for key in KEYS if key in by_key]
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    write = _Writer(book)
    summary, dictionary, level, domains = WORDS[language]
    counts: list[Row] = [[badge_by(key, said).text, len(by_key[key])] for key in keys]
    about: list[Row] = [[], [run.id, run.vantage], [said.moment(run.started_at), f"rules/{run.rules_version}"]]
    write.sheet(summary, [[level, domains], *counts, *about])
    for key in keys:
        rows: list[Row] = [list(vnnic.row(run, card)) for card in by_key[key]]
        write.sheet(_name(badge_by(key, said)), [_heads(language), *rows], day=vnnic.NAMES.index(DAY))
    write.sheet(dictionary, vnnic.dictionary())
    book.close()
    out.write(made.getvalue())


def _name(shown: Badge) -> str:
    """A sheet's name, which may be no sign alone."""
    return shown.short if shown.short.isalnum() else shown.text[:LONGEST_NAME]


def _heads(language: Language) -> list[str]:
    return [column.label if language == "vi" else column.name for column in vnnic.COLUMNS]


class _Writer:
    """Writes sheets: a head that stays, a filter over data, columns as wide as their cells."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "bg_color": "#e8eef6"})
        self._day = book.add_format({"num_format": "dd/mm/yyyy"})

    def sheet(self, name: str, rows: Sequence[Row], day: int | None = None) -> None:
        """Write one sheet; `day` is the column that holds dates."""
        sheet, widths = self._book.add_worksheet(name), [NARROWEST] * max(map(len, rows))
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                widths[column] = max(widths[column], min(len(str(cell)), WIDEST))
                if number and column == day:
                    sheet.write_datetime(number, column, date.fromisoformat(str(cell)), self._day)
                elif isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, for_terminal(cell), None if number else self._head)
        sheet.freeze_panes(1, 0)
        if day is not None:
            sheet.autofilter(0, 0, len(rows) - 1, len(widths) - 1)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width + 1)
