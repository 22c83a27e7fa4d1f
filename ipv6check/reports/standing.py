"""Domains and agencies as rows of a table, and how the agencies stand to one another."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from ipv6check.model import Target
from ipv6check.reports import charts
from ipv6check.reports.findings import Finding, finding, steps
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import UNKNOWN, Speech
from ipv6check.reports.levels import KEYS, Badge, Flag, badge, badge_by, flags
from ipv6check.reports.paths import agency_page, domain_page
from ipv6check.reports.remarks import Remark, remarks
from ipv6check.reports.scorecard import agency_name
from ipv6check.score import GOAL_LEVEL, Card, RollUp, Score, roll_up

T = TypeVar("T")
K = TypeVar("K")

Audience = Literal["internal", "public"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """One domain. For the public there is no `page`, no flag, no percentage, no remark and no `first` thing to do."""

    domain: str
    page: str
    agency: str
    agency_page: str
    badge: Badge
    is_demo: bool
    flags: tuple[Flag, ...] = ()
    percent: float | None = None
    coverage: float
    first: Finding | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The domains of one level; demo hosts are among the rows, and not in `count`.

    `whole` is the page that has all rows, where they are not all here.
    """

    badge: Badge
    count: int
    rows: tuple[DomainRow, ...]
    whole: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """One agency. `rank` is None where too little was measured to compare it with others."""

    name: str
    page: str
    total: RollUp
    median: str
    bar: str
    share_is_minimum: bool
    rank: int | None = None


def row_of(target: Target, score: Score, speech: Speech, audience: Audience) -> DomainRow:
    """Put a target and its result into a row, without the `first` thing to do."""
    is_internal = audience == "internal"
    return DomainRow(
        domain=for_terminal(target.domain),
        page=domain_page(target.domain) if is_internal else "",
        agency=agency_name(target.agency, speech),
        agency_page=agency_page(target.agency),
        badge=badge(score, speech),
        is_demo=target.is_demo,
        flags=flags(score, speech) if is_internal else (),
        percent=score.percent if is_internal and score.is_measured else None,
        coverage=score.coverage,
    )


def domain_row(card: Card, speech: Speech, audience: Audience) -> DomainRow:
    """Put one card into a row."""
    row = row_of(card.target, card.score, speech, audience)
    if audience == "public":
        return row
    first = next(iter(steps(card)), None)
    return replace(row, first=finding(first, speech, card.target.domain) if first else None, remarks=remarks(card, speech))


def groups(cards: Sequence[Card], speech: Speech, audience: Audience) -> tuple[Group, ...]:
    """The domains by level, the lowest first, in the order of the list; what was not measured comes last."""
    rows = [domain_row(card, speech, audience) for card in cards]
    made = []
    for key in KEYS:
        of_level = tuple(row for row in rows if row.badge.key == key)
        if of_level:
            made.append(Group(badge_by(key, speech), sum(not row.is_demo for row in of_level), of_level))
    return tuple(made)


def counted(cards: Iterable[Card]) -> list[Card]:
    """The cards that count in totals: all but demo hosts."""
    return [card for card in cards if not card.target.is_demo]


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Items by a key, in the order in which they come."""
    found: dict[K, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def by_agency(cards: Iterable[Card], heir_of: Callable[[str], str] = str) -> dict[str, list[Card]]:
    """The cards of each agency, by its name, in the order of the list; `heir_of` an agency is who counts its domains."""
    return grouped(cards, lambda card: heir_of(card.target.agency))


def agencies(
    cards: Sequence[Card], speech: Speech, can_rank: bool = True, heir_of: Callable[[str], str] = str
) -> tuple[tuple[AgencyRow, ...], tuple[AgencyRow, ...]]:
    """The agencies that are ranked, best first, and those that are not, in the order of the list. Equals share a rank.

    `heir_of` an agency is who counts its domains.
    """
    by_name = by_agency(counted(cards), heir_of)
    totals = {name: roll_up(card.score for card in own) for name, own in by_name.items()}
    able = [name for name, total in totals.items() if can_rank and total.is_ranked]
    ranked = sorted(able, key=lambda name: _order(totals[name]))
    ranks = [_order(totals[name]) for name in ranked]
    rows = {name: agency_row(name, by_name[name], total, speech) for name, total in totals.items()}
    first = tuple(replace(rows[name], rank=ranks.index(_order(totals[name])) + 1) for name in ranked)
    return first, tuple(row for name, row in rows.items() if name not in able)


def _order(total: RollUp) -> tuple[float, ...]:
    """Share at the goal, then the median level, then fewer broken, then the percentage."""
    return (-(total.share_at_goal or 0), -(total.median_level or 0), total.broken_v6, -(total.percent or 0))


def agency_row(name: str, cards: Sequence[Card], total: RollUp, speech: Speech) -> AgencyRow:
    """Put one agency into a row."""
    return AgencyRow(
        name=agency_name(name, speech),
        page=agency_page(name),
        total=total,
        median=median_level(cards, total, speech),
        bar=charts.bar(total.share_at_goal),
        share_is_minimum=any(is_open_below(card, GOAL_LEVEL) for card in cards),
    )


def is_open_below(card: Card, number: int) -> bool:
    """Whether a domain stands below a level, and for want of a measurement it is not known whether it reaches it."""
    level = card.score.level
    return card.score.is_measured and level.is_minimum and level.number < number


def median_level(cards: Sequence[Card], total: RollUp, speech: Speech) -> str:
    """`L2`, or `L1,5` between two; "at least" where a level at or below it is open."""
    if total.median_level is None:
        return UNKNOWN
    text = "L" + speech.number(total.median_level, 1)
    is_minimum = any(is_open_below(card, int(total.median_level) + 1) for card in cards)
    return speech.gettext("at least %(level)s", level=text) if is_minimum else text
