"""All checks: what each asks, how much it weighs, why it matters to citizens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipv6check.model import Outcome
from ipv6check.reports.findings import FIRST_LEVEL_OF, Sign, sign
from ipv6check.reports.language import N_, Speech
from ipv6check.reports.levels import Badge, badge_of
from ipv6check.rules import FAMILIES, RULES, Rule, words
from ipv6check.score import HIGHEST_LEVEL

OUTCOMES: Final = {
    Outcome.PASS: N_("It is as it should be."),
    Outcome.WARN: N_("It works, but not well, or not always."),
    Outcome.FAIL: N_("It does not work, or is not there."),
    Outcome.INFO: N_("A fact to know, neither good nor bad."),
    Outcome.NOT_APPLICABLE: N_("The question does not arise for this name; never counted."),
    Outcome.NOT_MEASURED: N_("We could not see it, for the reason given; never counted, and never the same as “fail”."),
}


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check as such. `level` is the lowest that asks for it."""

    id: str
    title: str
    why: str
    severity: str
    refs: tuple[str, ...]
    level: int | None
    is_built: bool


@dataclass(frozen=True, slots=True)
class FamilyOfChecks:
    """The checks of one family."""

    key: str
    name: str
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The page of all checks, with the levels they lead to."""

    families: tuple[FamilyOfChecks, ...]
    levels: tuple[Badge, ...]
    outcomes: tuple[tuple[Sign, str], ...]
    built: int
    total: int


def catalogue(speech: Speech) -> Catalogue:
    """Put the catalogue into words."""
    families = tuple(
        FamilyOfChecks(
            key.lower(),
            words.term("family", key, speech.code),
            tuple(row_of(rule, speech) for rule in RULES if rule.family == key),
        )
        for key in FAMILIES
    )
    levels = tuple(badge_of(number, speech) for number in range(HIGHEST_LEVEL + 1))
    outcomes = tuple((sign(outcome, speech.code), speech.gettext(meaning)) for outcome, meaning in OUTCOMES.items())
    return Catalogue(families, levels, outcomes, sum(rule.is_built for rule in RULES), len(RULES))


def row_of(rule: Rule, speech: Speech) -> CheckRow:
    """Put one check into words."""
    return CheckRow(
        id=rule.id,
        title=words.title(rule.id, speech.code),
        why=in_general(rule.id, "why", speech),
        severity=rule.severity.value,
        refs=rule.refs,
        level=FIRST_LEVEL_OF.get(rule.id),
        is_built=rule.is_built,
    )


class _Anything(dict[str, str]):
    """Stands in for arguments where no target is spoken of."""

    def __missing__(self, key: str) -> str:
        return "…"


def in_general(id_: str, name: str, speech: Speech) -> str:
    """A text of a check (`why`, `fix`), as it is for any target; "" where there is none."""
    field: Mapping[str, Any] = words.entries()[id_].get(name, {})
    cases = [field] if "vi" in field else [field[case] for case in ("default", "fail", "warn") if case in field]
    text: str = cases[0][speech.code] if cases else ""
    return text.format_map(_Anything()).strip()
