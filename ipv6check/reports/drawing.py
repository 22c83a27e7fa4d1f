"""How lines, headings, tables and bars look in the terminal. Nothing is read as markup, colour only adds."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from ipv6check.reports.findings import Finding
from ipv6check.reports.language import Speech

STYLES: Final = {"pass": "green", "warn": "yellow", "fail": "bold red", "info": "blue", "na": "dim", "nm": "magenta"}
"""By the key of an outcome's sign."""

LEVEL_STYLES: Final = {"l0": "bold red", "l1": "red", "l2": "yellow", "l3": "green", "l4": "bold green"}
"""By the key of a level's badge; the others have the style of what was not measured."""

NARROWEST: Final = 20
LONGEST_BAR: Final = 24
LABEL: Final = 12
"""Columns that a label takes, its indent with it."""


def say(speech: Speech, vi: str, en: str) -> str:
    """A text that only the terminal has, in the language of the reader."""
    return vi if speech.code == "vi" else en


def row(console: Console, head: Text, body: Text) -> None:
    """A text beside its head, wrapped to what width is left."""
    width = max(console.width - head.cell_len, NARROWEST)
    for number, part in enumerate(body.wrap(console, width, overflow="fold")):
        beside = Text().append_text(head if number == 0 else Text(" " * head.cell_len)).append_text(part)
        beside.rstrip()
        console.print(beside, soft_wrap=True)


def line(console: Console, text: str, style: str = "", *, indent: int = 0) -> None:
    """One paragraph."""
    if text:
        row(console, Text(" " * indent), Text(text, style))


def heading(console: Console, text: str, style: str = "bold") -> None:
    """A heading after an empty line."""
    console.print()
    line(console, text, style)


def labelled(console: Console, label: str, text: str) -> None:
    """A label and a text beside it."""
    for number, part in enumerate(text.strip().splitlines()):
        row(console, _label("" if number else label), Text(part))


def commands(console: Console, label: str, text: str) -> None:
    """A label and commands, one a line; never broken, so that they can be copied."""
    for number, part in enumerate(text.strip().splitlines()):
        console.print(Text().append_text(_label("" if number else label)).append(part, "cyan"), soft_wrap=True)


def _label(label: str) -> Text:
    return Text(f"  {label}".ljust(LABEL), "dim")


def outcome(found: Finding) -> str:
    """An outcome's symbol and word."""
    return f"{found.sign.symbol} {found.sign.word}"


def findings(console: Console, rows: Iterable[Finding], width: int) -> None:
    """Checks, one a row: id, outcome (as wide as the widest), what was found."""
    for found in rows:
        head = Text(f"  {found.id:<10}").append(outcome(found).ljust(width + 2), STYLES[found.sign.key])
        row(console, head, Text(found.found))


def bars(console: Console, rows: Sequence[tuple[str, int, str, str]]) -> None:
    """Bars in proportion, each with label, number, text and style; what is there at all is seen."""
    most = max([1, *(number for _, number, _, _ in rows)])
    widest = max(len(label) for label, _, _, _ in rows)
    for label, number, text, style in rows:
        length = max(round(LONGEST_BAR * number / most), min(number, 1))
        head = Text(f"  {label:<{widest}}  ").append("█" * length, style).append(" " * (LONGEST_BAR - length))
        row(console, head.append(f"  {number:>{len(str(most))}}  "), Text(text))
