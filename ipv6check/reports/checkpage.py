"""The page of one check: what it asks, how the domains stand, who does not meet it, how that went, and what to do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ipv6check.model import Outcome
from ipv6check.reports.catalogue import CheckRow, in_general, row_of
from ipv6check.reports.charts import Segment, stacked
from ipv6check.reports.curves import Curve, curve
from ipv6check.reports.findings import Finding, Sign, finding, is_ours, sign
from ipv6check.reports.language import Speech
from ipv6check.reports.links import Link, Links, links, to_domain
from ipv6check.reports.past import Past
from ipv6check.reports.paths import agency_page
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.standing import by_agency, counted, grouped
from ipv6check.rules import BY_ID, Rule, words
from ipv6check.score import Card

COUNTED: Final = (
    *(Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.INFO),
    *(Outcome.NOT_MEASURED, Outcome.NOT_APPLICABLE),
)
"""The order in which outcomes are counted out: what asks for attention first."""

JUDGED: Final = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.PASS})

MOST_CAUSES: Final = 12
MOST_NAMES: Final = 15
"""Kinds of fault that are explained, and domains that stand beside an agency; how many more there are is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One check over all domains of a run: how many have each outcome, in pieces of a bar too, and how that went."""

    counts: tuple[tuple[Sign, int], ...]
    segments: tuple[Segment, ...]
    curve: Curve | None


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of fault, by an example: `count` domains have it."""

    count: int
    example: Link
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """One agency that has domains which do not meet the check, of so many on which it was judged."""

    name: str
    page: str
    failed: int
    warned: int
    judged: int
    places: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPage:
    """Everything on the page, in one language. `fix` is the advice as such, for where nobody has the fault."""

    check: CheckRow
    is_ours: bool
    figures: Figures
    causes: tuple[Cause, ...]
    more_causes: int
    agencies: tuple[AgencyRow, ...]
    reasons: tuple[tuple[str, int], ...]
    fix: str


def figures(rule: Rule, cards: Iterable[Card], past: Past, last: date, speech: Speech) -> Figures:
    """Count one check's outcomes; demo hosts are left out, and what judges the measuring point itself has no domains."""
    own = counted(cards) if _has_domains(rule) else []
    tally = Counter(card.verdicts[rule.id].outcome for card in own)
    shown = tuple((sign(outcome, speech.code), tally[outcome]) for outcome in COUNTED if tally[outcome])
    return Figures(
        counts=shown,
        segments=stacked([(one.key, one.symbol, count) for one, count in shown]),
        curve=curve(past.tallies.get(rule.id, ()), last, speech) if _has_domains(rule) else None,
    )


def _has_domains(rule: Rule) -> bool:
    return rule.is_built and not is_ours(rule.id)


def check_view(id_: str, cards: Iterable[Card], shown: Figures, speech: Speech) -> CheckPage:
    """Put one check into words, over a run's domains, of which `shown` are the figures."""
    rule = BY_ID[id_]
    own = counted(cards) if _has_domains(rule) else []
    ill = [card for card in own if words.needs_action(card.verdicts[id_])]
    causes = sorted(grouped(ill, lambda card: card.verdicts[id_].case).values(), key=lambda same: -len(same))
    reasons = Counter(card.verdicts[id_].reason for card in own)
    return CheckPage(
        check=row_of(rule, speech),
        is_ours=is_ours(id_),
        figures=shown,
        causes=tuple(_cause(id_, same, speech) for same in causes[:MOST_CAUSES]),
        more_causes=max(len(causes) - MOST_CAUSES, 0),
        agencies=_agencies(id_, own, ill, speech),
        reasons=tuple((words.term("reason", reason, speech.code), n) for reason, n in reasons.most_common() if reason),
        fix=in_general(id_, "fix", speech),
    )


def _cause(id_: str, same: Sequence[Card], speech: Speech) -> Cause:
    domain = same[0].target.domain
    return Cause(len(same), to_domain(domain), finding(same[0].verdicts[id_], speech, domain))


def _agencies(id_: str, own: Iterable[Card], ill: Iterable[Card], speech: Speech) -> tuple[AgencyRow, ...]:
    """The agencies with most failures first."""
    of_all = by_agency(own)
    rows = (_agency_row(id_, name, of_all[name], same, speech) for name, same in by_agency(ill).items())
    return tuple(sorted(rows, key=lambda row: (-row.failed, -row.warned)))


def _agency_row(id_: str, name: str, own: Iterable[Card], ill: Iterable[Card], speech: Speech) -> AgencyRow:
    outcomes = Counter(card.verdicts[id_].outcome for card in own)
    worst_first = sorted(ill, key=lambda card: card.verdicts[id_].outcome is not Outcome.FAIL)
    places = [to_domain(card.target.domain, _note(id_, card, speech)) for card in worst_first]
    return AgencyRow(
        name=agency_name(name, speech),
        page=agency_page(name),
        failed=outcomes[Outcome.FAIL],
        warned=outcomes[Outcome.WARN],
        judged=sum(outcomes[outcome] for outcome in JUDGED),
        places=links(places, MOST_NAMES),
    )


def _note(id_: str, card: Card, speech: Speech) -> str:
    """Whether somebody accepts the result, or doubts it and has no answer yet, in a word."""
    if id_ in card.exemptions:
        return speech.gettext("Exception")
    return speech.gettext("Under review") if id_ in card.disputed else ""
