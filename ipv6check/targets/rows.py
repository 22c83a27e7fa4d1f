"""The header of a list, and its rows: one line of text to one Target."""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final

from ipv6check.model import KINDS, SERVICES, Target
from ipv6check.targets.names import INVISIBLE, UnfitError, host_of, normal_form, shown, strange_letter

COLUMNS: Final = (
    "domain",
    "agency",
    "agency_code",
    "kind",
    "services",
    "parent",
    "contact",
    "valid_from",
    "valid_to",
    "successor",
    "tags",
    "note",
)
SINGLE: Final = tuple(column for column in COLUMNS[2:] if column not in {"services", "tags"})
"""Columns that hold one value: where two rows of a domain differ in them, the first counts."""

ACCEPTED: Final = "accepted"
"""The tag by which people let a name through that may imitate another."""

MOST_TAGS: Final = 32
LONGEST_LINE: Final = 4096
"""Characters. Longer lines are not read to their end."""
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
ISO_DATE: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
DAY_FIRST: Final = re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})")
NOT_UTF8: Final = "is not UTF-8: save the list as UTF-8 (in a spreadsheet: “CSV UTF-8”)"


@dataclass(frozen=True, slots=True)
class Header:
    """How the rows of a list are cut: the delimiter and the columns in order, empty for those that mean nothing to us."""

    columns: tuple[str, ...]
    delimiter: str = ","
    needs_agency: bool = True
    unknown: tuple[str, ...] = ()


BARE: Final = Header(("domain",), needs_agency=False)
"""One domain a line, no header."""


def read_header(line: str, columns: Sequence[str] = COLUMNS, required: Sequence[str] = COLUMNS[:2]) -> Header:
    """Read the header line of a list that may have such columns and must have some; UnfitError when it is none."""
    delimiter = ";" if line.count(";") > line.count(",") else ","
    names = tuple(cell.strip().lower() for cell in cut(line, delimiter))
    if not set(columns) & set(names):
        why = "its columns are separated by tabs" if "\t" in line else f"it begins with {shown(line)}"
        raise UnfitError(f"has no header ({why}): the first line names the columns, at least {delimiter.join(required)}")
    if missing := [column for column in required if column not in names]:
        raise UnfitError(f"has no column {' and no column '.join(missing)}: name it in the header")
    if twice := next((name for name in names if name and names.count(name) > 1), ""):
        raise UnfitError(f"has the column {shown(twice)} twice: leave one of them out")
    known = tuple(name if name in columns else "" for name in names)
    unknown = tuple(name for name in names if name and name not in columns)
    return Header(known, delimiter, "agency" in required, unknown)


def names_a_column(line: str) -> bool:
    """Whether a line is the header of a list, and not a domain."""
    return any(cell.strip(' \t"').lower() == COLUMNS[0] for cell in re.split("[,;]", line))


def cut(line: str, delimiter: str) -> list[str]:
    """Cut one line into its cells, surrounding spaces left out."""
    if len(line) > LONGEST_LINE:
        raise UnfitError(f"the line is longer than {LONGEST_LINE} characters: look for a line end or a quote that is missing")
    if found := CONTROL.search(line):
        if found[0] >= "\ud800":
            raise UnfitError(NOT_UTF8)
        raise UnfitError(f"the line holds the control character U+{ord(found[0]):04X}: take it out")
    try:
        row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        raise UnfitError("the quotes do not match: a cell ends on its own line, and a quote inside is written twice") from None
    return [cell.strip() for cell in row]


def read_row(line: str, header: Header) -> tuple[Target, list[str]] | None:
    """Read a row: the target and warnings; None when all cells are empty, UnfitError when it cannot be used."""
    row = cut(line, header.delimiter)
    if not any(row):
        return None
    values, warnings = named(row, header)
    host = host_of(values["domain"])
    domain = normal_form(host)
    if host != values["domain"]:
        warnings.append(f"{shown(values['domain'])} is a URL: only its host {shown(domain)} is taken")
    found = Target(
        domain=domain,
        agency=_agency(values, header.needs_agency),
        kind=kind_of(values.get("kind", "")),
        services=_services(values.get("services", "")),
        valid_from=day_of(values.get("valid_from", ""), "valid_from"),
        valid_to=day_of(values.get("valid_to", ""), "valid_to"),
        tags=_tags(values.get("tags", "")),
        **{name: text_of(values.get(name, "")) for name in ("agency_code", "parent", "contact", "successor", "note")},
    )
    _check(found)
    return found, warnings


def merged(first: Target, second: Target) -> tuple[Target, list[str]]:
    """Join two rows of one domain and agency: all services and tags, and what the first leaves empty; and what contradicts."""
    old, new = ({column: getattr(row, column) for column in SINGLE} for row in (first, second))
    both = replace(
        first,
        services=_together(first.services, second.services),
        tags=_together(first.tags, second.tags),
        **{column: old[column] or new[column] for column in SINGLE},
    )
    _check(both)
    return both, [column for column in SINGLE if old[column] and new[column] and old[column] != new[column]]


def named(row: list[str], header: Header) -> tuple[Mapping[str, str], list[str]]:
    """Give cells their names. Cells left out at the end are empty, with a warning; one too many shifts meanings: an error.

    Empty ones too many at the end are left out, as spreadsheets write them; but not where a cell that was cut at semicolons of
    its own may have made them.
    """
    width = len(header.columns)
    if any(row[width:]) or (len(row) > width and header.delimiter == ";"):
        hint = (
            f"quote a cell that holds {header.delimiter!r}"
            if header is not BARE
            else "begin with a header to say more than names"
        )
        raise UnfitError(f"{len(row)} cells where the header names {width}: {hint}")
    values = dict(zip(header.columns, row + [""] * (width - len(row)), strict=False))
    few = [f"{len(row)} cells where the header names {width}: the others are taken as empty"] if len(row) < width else []
    return values, few


def _check(target: Target) -> None:
    """Refuse a row for what its values say together."""
    if len(target.tags) > MOST_TAGS:
        raise UnfitError(f"{shown(target.domain)} has more than {MOST_TAGS} tags: leave some out")
    if target.valid_from and target.valid_to and target.valid_to < target.valid_from:
        raise UnfitError(f"valid_to {target.valid_to} is before valid_from {target.valid_from}: put the dates right")
    if ACCEPTED not in target.tags and (letter := strange_letter(target.domain)):
        raise UnfitError(
            f"for people to look at: {shown(target.domain)} has the letter {letter}, which may imitate another; "
            f"it is not scanned until the row has the tag {ACCEPTED!r}"
        )


def _agency(values: Mapping[str, str], is_needed: bool) -> str:
    agency = text_of(values.get("agency", ""))
    if is_needed and not agency:
        raise UnfitError(f"{shown(values['domain'])} has no agency: name the body that answers for it")
    return agency


@lru_cache(maxsize=512)
def text_of(text: str) -> str:
    """Clean a free text: NFC, single spaces, nothing invisible. Cached, so that equal texts are one object in memory."""
    return " ".join(INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def kind_of(text: str) -> str:
    kind = text.lower()
    if kind and kind not in KINDS:
        raise UnfitError(f"unknown kind {shown(text)}: one of {', '.join(KINDS)}, or empty")
    return kind


@lru_cache(maxsize=512)
def _services(text: str) -> tuple[str, ...]:
    services = tuple(dict.fromkeys(word for part in text.lower().split(";") if (word := part.strip())))
    if unknown := next((service for service in services if service not in SERVICES), ""):
        raise UnfitError(f"unknown service {shown(unknown)}: any of {', '.join(SERVICES)}, separated by ';'")
    return services or SERVICES[:1]


@lru_cache(maxsize=512)
def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for part in text.split(";") if (word := text_of(part))))


def day_of(text: str, column: str) -> date | None:
    """Read a date, written 2025-07-01 or 01/07/2025; empty is None."""
    if not text:
        return None
    try:
        if found := ISO_DATE.fullmatch(text) or DAY_FIRST.fullmatch(text):
            return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        pass
    raise UnfitError(f"{column} {shown(text)} is no date: write 2025-07-01 or 01/07/2025")


def _together(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return first if set(second) <= set(first) else tuple(dict.fromkeys(first + second))
