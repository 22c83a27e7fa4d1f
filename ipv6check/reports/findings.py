"""One check's verdict in words, and which findings come first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from ipv6check.model import Outcome, Reason, Severity, Verdict
from ipv6check.reports.hostile import cleaned, for_command, for_terminal
from ipv6check.reports.language import Speech
from ipv6check.rules import BY_ID, words
from ipv6check.rules.words import Language
from ipv6check.score import HIGHEST_LEVEL, REQUIREMENTS, Card

SYMBOLS: Final = {
    Outcome.PASS: "✓",
    Outcome.WARN: "!",
    Outcome.FAIL: "✕",
    Outcome.INFO: "i",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.NOT_MEASURED: "?",
}
KEYS: Final = {Outcome.NOT_APPLICABLE: "na"}
"""What an outcome is called in a style sheet, where that is not its own name."""

MOST_STEPS: Final = 5
ENOUGH_STEPS: Final = 3
"""With so many steps at hand, what could merely be better waits."""

SAME_FAULT: Final[Mapping[str, frozenset[str]]] = {
    "DNS-02": frozenset({"DNS-04", "ADDR-01", "ADDR-02"}),
    "DNS-03": frozenset({"DNS-04", "ADDR-01", "ADDR-02"}),
    "REACH-10": frozenset({"REACH-01", "REACH-02", "REACH-04"}),
    "REACH-01": frozenset({"REACH-04"}),
    "REACH-04": frozenset({"REACH-02"}),
    "NS-08": frozenset({"NS-03", "NS-05", "NS-06", "NS-12", "NS-20"}),
    "NS-05": frozenset({"NS-06"}),
    "NS-12": frozenset({"NS-10", "NS-11"}),
}
"""Checks that show the same fault again: one step is enough for both."""

FIRST_LEVEL_OF: Final = {id_: number for number in range(HIGHEST_LEVEL, 0, -1) for id_ in REQUIREMENTS[number - 1]}
"""The lowest level that asks for a check."""


@dataclass(frozen=True, slots=True)
class Sign:
    """An outcome as it is shown: a style key, a symbol, a word."""

    key: str
    symbol: str
    word: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of one domain in words. What asks for no action has no `who`, `why`, `fix` and `verify`."""

    id: str
    title: str
    sign: Sign
    severity: str
    found: str
    who: str = ""
    party: str = ""
    why: str = ""
    fix: str = ""
    verify: str = ""

    @property
    def asks_for_action(self) -> bool:
        """Whether something is to be done."""
        return bool(self.fix or self.why)


@cache
def sign(outcome: Outcome, language: Language) -> Sign:
    """How an outcome is shown."""
    return Sign(KEYS.get(outcome, outcome.value), SYMBOLS[outcome], words.term("outcome", outcome.value, language))


def finding(verdict: Verdict, speech: Speech, domain: str = "") -> Finding:
    """Put one verdict on a domain into words."""
    language = speech.code
    sayable, domain_shown = cleaned(verdict), for_terminal(domain)
    found = words.found(sayable, language, domain=domain_shown)
    if verdict.outcome is Outcome.NOT_APPLICABLE and not found:
        found = speech.gettext("Does not apply to this name.")
    severity = BY_ID[verdict.id].severity.value
    base = (verdict.id, words.title(verdict.id, language), sign(verdict.outcome, language), severity, found)
    if not words.needs_action(verdict):
        return Finding(*base)
    who = words.who(verdict)
    return Finding(
        *base,
        who=who,
        party=words.term("party", who, language) if who else "",
        why=words.why(sayable, language, domain=domain_shown).strip(),
        fix=words.fix(sayable, language, domain=domain_shown).strip(),
        verify=words.verify(cleaned(verdict, for_command), language, domain=for_command(domain)).strip(),
    )


def is_built(verdict: Verdict) -> bool:
    """Whether the check was there to answer."""
    return verdict.reason is not Reason.NOT_BUILT


def steps(card: Card) -> tuple[Verdict, ...]:
    """What to do next, at most five: what the next level lacks, what higher levels will, then other faults, then the rest.

    What somebody accepts for now is not asked for.
    """
    chosen: list[str] = []
    _choose(chosen, (*_in_the_way(card), *_others(card, Outcome.FAIL, Severity.MANDATORY)), MOST_STEPS)
    for severity in (Severity.MANDATORY, Severity.RECOMMENDED):
        for outcome in (Outcome.FAIL, Outcome.WARN):
            _choose(chosen, _others(card, outcome, severity), ENOUGH_STEPS)
    return tuple(card.verdicts[id_] for id_ in chosen)


def _choose(chosen: list[str], ids: Iterable[str], most: int) -> None:
    """Add those that are neither there nor shown by one that is, up to so many."""
    for id_ in ids:
        if len(chosen) < most and id_ not in chosen and not any(id_ in SAME_FAULT.get(other, ()) for other in chosen):
            chosen.append(id_)


def _in_the_way(card: Card) -> Iterable[str]:
    missing = [id_ for id_ in card.score.level.missing if words.needs_action(card.verdicts[id_])]
    later = (
        id_
        for requirements in REQUIREMENTS
        for id_, is_met in requirements.items()
        if words.needs_action(card.verdicts[id_]) and not is_met(card.verdicts[id_])
    )
    return (id_ for id_ in (*missing, *later) if id_ not in card.exemptions)


def _others(card: Card, outcome: Outcome, severity: Severity) -> list[str]:
    of_outcome = (id_ for id_, verdict in card.verdicts.items() if verdict.outcome is outcome and id_ not in card.exemptions)
    return [id_ for id_ in of_outcome if BY_ID[id_].severity is severity and not is_ours(id_)]


def is_ours(id_: str) -> bool:
    """Whether a check judges the measuring point itself."""
    return id_.startswith("OPS-")


def undecided(card: Card) -> tuple[Verdict, ...]:
    """The checks that were not measured and leave open whether the level is higher."""
    level = card.score.level
    return tuple(card.verdicts[id_] for id_ in level.missing) if level.is_minimum else ()


def counts(verdicts: Iterable[Verdict]) -> Mapping[Outcome, int]:
    """How many verdicts there are of each outcome."""
    tally = dict.fromkeys(Outcome, 0)
    for verdict in verdicts:
        tally[verdict.outcome] += 1
    return tally
