"""What is wrong most often, and who must act: over the city, and over one agency's domains."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.model import Outcome, Severity, Verdict
from ipv6check.reports import charts
from ipv6check.reports.findings import FIRST_LEVEL_OF, Finding, finding, is_ours, steps
from ipv6check.reports.language import Speech
from ipv6check.reports.links import Link, to_domain
from ipv6check.rules import BY_ID, words
from ipv6check.score import Card

MOST_PROBLEMS: Final = 10
MOST_ACTIONS: Final = 10
MOST_PLACES: Final = 20
"""Things to do of one party, and domains of one thing, that stand open on a page; the rest is behind them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One check, and on how many domains it fails, warns and was measured; `level` is the lowest that asks for it."""

    id: str
    title: str
    failed: int
    warned: int
    measured: int
    parties: tuple[str, ...]
    level: int | None
    failed_bar: str
    both_bar: str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do, and on which domains."""

    finding: Finding
    places: tuple[Link, ...]

    @property
    def first(self) -> tuple[Link, ...]:
        """Those that stand open."""
        return self.places[:MOST_PLACES]

    @property
    def rest(self) -> tuple[Link, ...]:
        """Those behind them."""
        return self.places[MOST_PLACES:]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one party must do."""

    party: str
    actions: tuple[Action, ...]

    @property
    def first(self) -> tuple[Action, ...]:
        """Those that stand open."""
        return self.actions[:MOST_ACTIONS]

    @property
    def rest(self) -> tuple[Action, ...]:
        """Those behind them."""
        return self.actions[MOST_ACTIONS:]


def problems(cards: Sequence[Card], speech: Speech) -> tuple[Problem, ...]:
    """The mandatory checks that cost most points: a warning weighs half a failure, what is accepted for now nothing."""
    found = [_problem(id_, cards, speech) for id_ in BY_ID if _counts(id_)]
    ill = [problem for problem in found if problem.failed or problem.warned]
    return tuple(sorted(ill, key=lambda p: (-2 * p.failed - p.warned, -p.failed))[:MOST_PROBLEMS])


def _counts(id_: str) -> bool:
    return BY_ID[id_].severity is Severity.MANDATORY and not is_ours(id_)


def _problem(id_: str, cards: Sequence[Card], speech: Speech) -> Problem:
    verdicts = [card.verdicts[id_] for card in cards if id_ not in card.exemptions]
    tally = Counter(verdict.outcome for verdict in verdicts)
    failed, warned = tally[Outcome.FAIL], tally[Outcome.WARN]
    measured = failed + warned + tally[Outcome.PASS]
    return Problem(
        id=id_,
        title=words.title(id_, speech.code) if failed or warned else "",
        failed=failed,
        warned=warned,
        measured=measured,
        parties=_parties(verdicts, speech),
        level=FIRST_LEVEL_OF.get(id_),
        failed_bar=charts.bar(failed / measured if measured else 0),
        both_bar=charts.bar((failed + warned) / measured if measured else 0),
    )


def _parties(verdicts: Iterable[Verdict], speech: Speech) -> tuple[str, ...]:
    keys = Counter(who for verdict in verdicts if (who := words.who(verdict)))
    return tuple(words.term("party", key, speech.code) for key, _ in keys.most_common())


def assignments(cards: Sequence[Card], speech: Speech) -> tuple[Assignment, ...]:
    """The next steps of several domains by who must act: whoever has most to do first, what helps most domains first."""
    parties: dict[str, dict[tuple[str, str], list[tuple[Finding, Card]]]] = {}
    for card in cards:
        for verdict in steps(card):
            shown = finding(verdict, speech, card.target.domain)
            parties.setdefault(shown.party, {}).setdefault((shown.id, verdict.case), []).append((shown, card))
    listed = [Assignment(party, _actions(actions)) for party, actions in parties.items()]
    return tuple(sorted(listed, key=lambda assignment: -sum(len(action.places) for action in assignment.actions)))


def _actions(actions: Mapping[tuple[str, str], list[tuple[Finding, Card]]]) -> tuple[Action, ...]:
    listed = [Action(cases[0][0], tuple(to_domain(card.target.domain) for _, card in cases)) for cases in actions.values()]
    return tuple(sorted(listed, key=lambda action: (_rank(action), -len(action.places), action.finding.id)))


def _rank(action: Action) -> tuple[int, int]:
    """What stands in the way of the lowest level comes first."""
    return (action.finding.sign.key != Outcome.FAIL.value, FIRST_LEVEL_OF.get(action.finding.id, 9))
