"""Makes text from elsewhere harmless: in the terminal, in a command to be copied, in a CSV cell, in JSON.

What a server, a certificate or a list says may hold escape sequences, invisible characters or formulas. HTML escapes by itself.
"""

import csv
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Final, TextIO
from urllib.parse import quote

from ipv6check.model import Scalar, Verdict

LONGEST: Final = 500
"""Characters of one remote text that a report shows."""

LONGEST_CELL: Final = 2_000
"""Characters of a CSV cell; spreadsheets end at 32 767."""

BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets read a UTF-8 file as something else."""

SPACES: Final = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of Unicode that a reader does not see and a terminal may obey: control, format (bidi), surrogate, private."""

BEYOND_ASCII: Final = re.compile(r"[^\n -~]+")
"""What of a text must be looked at one by one: most of it is seen at a glance."""

FILLERS: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks without a shape of their own, which hide text or make two names look alike."""

PILED_MARKS: Final = 3
"""So many combining marks in a row no language written here needs; more would spill over neighbouring lines."""

FORMULA: Final = "=+-@"
"""What makes a spreadsheet take a cell for a formula, in all the widths that Unicode has."""

HUNDREDTH: Final = Decimal("0.01")
MINUS: Final = "\u2212"
SEPARATORS: Final = ",;\t|"
"""A reader that separates at another of these would find a new cell behind it."""

WHITESPACE: Final = string.whitespace + "\u00a0\u3000"
"""What a spreadsheet may skip at the beginning of a cell; quotation marks are skipped with it."""

SHELL_SAFE: Final = "/:+=,@"
"""Beside letters, digits and `_.-~`: what a shell takes as it is, save as the first character."""

Clean = Callable[[str], str]


def for_terminal(text: str, length: int = LONGEST) -> str:
    """One line without control, direction or invisible characters, NFC, at most `length` characters."""
    shown = text[: 4 * length]
    if not (shown.isascii() and shown.isprintable()):
        shown = FILLERS.sub("", _without_piles("".join(_visible(c) for c in unicodedata.normalize("NFC", shown))))
    shown = " ".join(shown.split())
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def for_command(text: str) -> str:
    """A word that a shell hands on as it is, and no program takes for an option: all else is percent-encoded."""
    word = quote(for_terminal(text), safe=SHELL_SAFE)
    return word if not word or word[0].isalnum() or word[0] in "_:/%" else f"%{ord(word[0]):02X}{word[1:]}"


def for_header(text: str) -> str:
    """A line for the header of a mail: no encoded word in it, for that could hold the end of the line (RFC 2047)."""
    return for_terminal(text).replace("=?", "= ?")


def for_csv(text: str) -> str:
    """One line of text that no spreadsheet takes for a formula, however it separates cells: an apostrophe stands before it."""
    begins_with_tab = bool(re.match(r" *[\t\r\n]", text))
    kept = unicodedata.normalize("NFC", text[: 4 * LONGEST_CELL])
    kept = "".join(" " if c in SPACES and c != "\t" else c for c in kept)
    kept = FILLERS.sub("", "".join(c for c in kept if c == "\t" or unicodedata.category(c) not in UNSEEN))
    pieces = re.split(f"([{SEPARATORS}]+)", kept)
    cell = "".join(f"'{piece}" if _is_formula(piece) else piece for piece in pieces).replace("\t", " ")
    return ("'" if begins_with_tab and not cell.startswith("'") else "") + cell[:LONGEST_CELL]


def number_for_csv(number: float) -> str:
    """A number to hundredths, rounded down: of three decimals a spreadsheet set to Vietnamese makes thousands."""
    return str(float(Decimal(str(number)).quantize(HUNDREDTH, ROUND_DOWN)))


def write_rows(rows: Iterable[Iterable[str]], out: TextIO, *, delimiter: str = ",", bom: bool = False) -> None:
    """Write rows as CSV, CRLF, every cell harmless; `bom`: with the mark by which Excel knows UTF-8.

    Open the file with `newline=""`.
    """
    out.write(BYTE_ORDER_MARK if bom else "")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(map(for_csv, row) for row in rows)


def for_json(text: str) -> str:
    """The same JSON with every unseen character escaped: nothing is lost, and a terminal shows it unharmed."""
    return BEYOND_ASCII.sub(lambda found: "".join(map(_escaped_if_unseen, found[0])), text)


def cleaned(verdict: Verdict, clean: Clean = for_terminal) -> Verdict:
    """The verdict with every text among its arguments made harmless, ready for its sentences."""
    args: Mapping[str, Scalar | list[Scalar]] = {
        key: _clean(value, clean)
        if value is None or isinstance(value, (str, int, float))
        else [_clean(v, clean) for v in value]
        for key, value in verdict.args.items()
    }
    return replace(verdict, args=args)


def _clean(value: Scalar, clean: Clean) -> Scalar:
    return clean(value) if isinstance(value, str) else value


def _visible(character: str) -> str:
    if character in SPACES:
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "\N{REPLACEMENT CHARACTER}" if category in UNSEEN else character


def _without_piles(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= PILED_MARKS:
            kept.append(character)
    return "".join(kept)


def _is_formula(text: str) -> bool:
    first = text.lstrip(f'{WHITESPACE}"')[:1]
    return bool(first) and (first == MINUS or unicodedata.normalize("NFKC", first)[0] in FORMULA)


def _escaped_if_unseen(character: str) -> str:
    return _escape(character) if unicodedata.category(character) in UNSEEN else character


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[i : i + 2]):04x}" for i in range(0, len(units), 2))
