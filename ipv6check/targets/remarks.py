"""What people say of results: `exceptions.csv`, accepted until a day, and `disputes.csv`, under review until answered."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from ipv6check.model import Dispute, Exemption
from ipv6check.rules import BY_ID
from ipv6check.targets.names import UnfitError, normal_form, shown
from ipv6check.targets.rows import day_of, text_of
from ipv6check.targets.sheets import Sheet, Values, read_sheet

T = TypeVar("T", Exemption, Dispute)

OF_EXCEPTIONS: Final = ("domain", "check", "until", "by", "why")
OF_DISPUTES: Final = ("domain", "check", "since", "by", "says", "answered", "answer")


def read_exceptions(path: Path) -> Sheet[Exemption]:
    """Read who accepts which result until when. One row for a check of a domain."""
    return _once(read_sheet(path, OF_EXCEPTIONS, OF_EXCEPTIONS, _exemption), lambda one: True)


def read_disputes(path: Path) -> Sheet[Dispute]:
    """Read who doubts which result, and what was answered. One open dispute for a check of a domain."""
    return _once(read_sheet(path, OF_DISPUTES, OF_DISPUTES[:5], _dispute), lambda one: one.answered is None)


def name_strangers(sheet: Sheet[Exemption] | Sheet[Dispute], domains: frozenset[str]) -> None:
    """Warn of rows about domains that some target lists do not have; they stay, since another list may have them."""
    for line, row in sheet.rows:
        if row.domain not in domains:
            why = f"{shown(row.domain)} is in none of these target lists: write it as its list has it"
            sheet.refuse(line, why, is_error=False)


def _exemption(values: Values) -> Exemption:
    domain, check = _subject(values)
    until = _needed_day(values, "until")
    return Exemption(domain=domain, check=check, until=until, by=_needed(values, "by"), why=_needed(values, "why"))


def _dispute(values: Values) -> Dispute:
    domain, check = _subject(values)
    since, answered, answer = _needed_day(values, "since"), day_of(values["answered"], "answered"), text_of(values["answer"])
    if (answered is None) != (not answer):
        raise UnfitError("answered and answer belong together: give both, or neither while it is under review")
    if answered is not None and answered < since:
        raise UnfitError(f"answered {answered} is before since {since}: put the dates right")
    by, says = _needed(values, "by"), _needed(values, "says")
    return Dispute(domain=domain, check=check, since=since, by=by, says=says, answered=answered, answer=answer)


def _subject(values: Values) -> tuple[str, str]:
    """The domain and the check that a row is about."""
    domain, check = normal_form(values["domain"]), values["check"].upper()
    if check not in BY_ID or BY_ID[check].family == "OPS":
        raise UnfitError(f"unknown check {shown(values['check'])}: give the id of a check of a domain, such as WEB-07")
    return domain, check


def _needed(values: Values, column: str) -> str:
    text = text_of(values[column])
    if not text:
        raise UnfitError(f"{column} is empty: it is shown to readers, so it must say something")
    return text


def _needed_day(values: Values, column: str) -> date:
    day = day_of(values[column], column)
    if day is None:
        raise UnfitError(f"{column} is empty: give a day, such as 2026-12-31")
    return day


def _once(sheet: Sheet[T], is_alone: Callable[[T], bool]) -> Sheet[T]:
    """Refuse a second row for a check of a domain, among those that must stand alone."""
    first: dict[tuple[str, str], int] = {}

    def is_fit(line: int, row: T) -> None:
        before = first.setdefault((row.domain, row.check), line) if is_alone(row) else line
        if before != line:
            raise UnfitError(f"{row.check} of {shown(row.domain)} is in line {before} already: keep one row")

    return sheet.keep(is_fit)
