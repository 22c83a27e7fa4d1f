"""Results as data: JSON lines and JSON for programs, CSV for spreadsheets. The order of the cards is kept."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, TextIO

from ipv6check.model import Outcome, Reason, Run, Verdict
from ipv6check.reports import full, vnnic, yardsticks
from ipv6check.reports.hostile import for_json, write_rows
from ipv6check.rules import RULES
from ipv6check.score import Card

__all__ = ["PROFILES", "write_csv", "write_dictionary", "write_json", "write_jsonl"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The shape of a CSV file: its columns, one row for one card, and the data dictionary where it is a form of ours."""

    columns: tuple[str, ...]
    row: Callable[[Run, Card], Iterable[str]]
    dictionary: Callable[[], Iterable[Iterable[str]]] | None = None


def write_jsonl(run: Run, cards: Iterable[Card], out: TextIO) -> None:
    """Write one object a domain, one a line."""
    for card in map(completed, cards):
        out.write(_json(domain_object(run, card)) + "\n")


def write_json(run: Run, cards: Iterable[Card], out: TextIO) -> None:
    """Write one object: the run, and the domains as in JSON lines."""
    out.write(f'{{"run": {_json(run_object(run))},\n"domains": [')
    for number, card in enumerate(map(completed, cards)):
        out.write((",\n" if number else "\n") + _json(domain_object(run, card)))
    out.write("\n]}\n")


def write_csv(
    run: Run, cards: Iterable[Card], out: TextIO, *, profile: str = "vnnic", delimiter: str = ",", bom: bool = True
) -> None:
    """Write a header and one row a domain, CRLF; `profile` is a key of `PROFILES`. Open the file with `newline=""`."""
    shape = PROFILES[profile]
    rows = (shape.row(run, card) for card in map(completed, cards))
    write_rows(chain((shape.columns,), rows), out, delimiter=delimiter, bom=bom)


def write_dictionary(out: TextIO, *, profile: str = "vnnic", delimiter: str = ",", bom: bool = True) -> None:
    """Write the data dictionary of a profile that has one, Vietnamese and English, as CSV: one row a column."""
    explain = PROFILES[profile].dictionary
    if explain is None:
        raise ValueError(f"the profile {profile} is a form of others and has no dictionary of ours")
    write_rows(explain(), out, delimiter=delimiter, bom=bom)


def run_object(run: Run) -> dict[str, Any]:
    """A run as JSON has it."""
    return {
        "id": run.id,
        "vantage": run.vantage,
        "country": run.country,
        "started_at": utc(run.started_at),
        "finished_at": utc(run.finished_at),
        "planned": run.planned,
        "finished": run.finished,
        "is_complete": run.is_complete,
        "is_partial": run.is_partial,
        "version": run.version,
        "rules_version": run.rules_version,
    }


def domain_object(run: Run, card: Card) -> dict[str, Any]:
    """A domain as JSON has it: every check of the catalogue is there, whatever was seen."""
    return {
        "domain": card.target.domain,
        "agency": card.target.agency,
        "run": run.id,
        "vantage": run.vantage,
        "measured_at": utc(card.measured_at),
        "rules_version": run.rules_version,
        "level": str(card.score.level),
        "level_is_minimum": card.score.level.is_minimum,
        "percent": card.score.percent,
        "coverage": card.score.coverage,
        "flags": list(card.score.flags),
        "exempt": list(card.exempt),
        "disputed": list(card.disputed),
        "checks": {rule.id: _check(card.verdicts[rule.id]) for rule in RULES},
    }


def completed(card: Card) -> Card:
    """The card with a verdict for every check: one judged before a check was declared says that it was not built."""
    if all(rule.id in card.verdicts for rule in RULES):
        return card
    unbuilt = {
        rule.id: Verdict(id=rule.id, outcome=Outcome.NOT_MEASURED, reason=Reason.NOT_BUILT, case=Outcome.NOT_MEASURED.value)
        for rule in RULES
    }
    return replace(card, verdicts=unbuilt | dict(card.verdicts))


def _check(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value if verdict.reason else None,
        "case": verdict.case,
        "args": {key: verdict.args[key] for key in sorted(verdict.args)},
    }


def utc(moment: datetime | None) -> str | None:
    """`2026-11-21T18:30:05Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _json(value: object) -> str:
    return for_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


PROFILES: Final = {
    "vnnic": Profile(vnnic.NAMES, vnnic.row, vnnic.dictionary),
    "full": Profile(full.NAMES, full.row, full.dictionary),
    "internetnl": Profile(yardsticks.INTERNET_NL_COLUMNS, yardsticks.internet_nl_row),
    "sidn": Profile(yardsticks.SIDN_COLUMNS, yardsticks.sidn_row),
}
"""The shapes a CSV may have, by the name the command line knows them by."""
