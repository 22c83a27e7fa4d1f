"""What the page of the city and the page of an agency show."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ipv6check.model import Run
from ipv6check.reports import charts
from ipv6check.reports.charts import Segment
from ipv6check.reports.findings import is_built, undecided
from ipv6check.reports.health import Health, can_rank, health
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import N_, Speech
from ipv6check.reports.levels import KEYS, OPEN, UNMEASURED, Badge, badge_by, badge_of, key_of
from ipv6check.reports.past import day_of
from ipv6check.reports.paths import agency_page
from ipv6check.reports.problems import Assignment, Problem, assignments, problems
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.standing import AgencyRow, Audience, Group, agencies, counted, groups, is_open_below, median_level
from ipv6check.reports.tree import Branch, Place, Tree, branch, place
from ipv6check.score import GOAL_LEVEL, HIGHEST_LEVEL, Card, RollUp, roll_up

DUAL_STACK = (GOAL_LEVEL, N_("Dual stack IPv4/IPv6"), N_("programme goal 2021–2025"))
IPV6_ONLY = (HIGHEST_LEVEL, N_("IPv6 only"), N_("programme goal 2026–2030"))


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many domains stand at a level; `share` is of the measured ones, None for those that are not."""

    badge: Badge
    count: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The domains by level, as a bar in pieces and as rows."""

    segments: tuple[Segment, ...]
    rows: tuple[LevelCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal of the programme: so many of the measured domains have reached its level, of so many that is not known yet.

    `lacks_checks`: it is not known because a check that the level needs is not built.
    """

    level: Badge
    name: str
    period: str
    reached: int
    undecided: int
    measured: int
    share: float | None
    bar: str
    open_bar: str
    lacks_checks: bool

    @property
    def is_known(self) -> bool:
        """Whether there is a share to tell; where none has reached it and some may have, there is not."""
        return self.reached > 0 or self.undecided == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the front page, in one language."""

    run: Run
    health: Health
    completeness: float | None
    total: RollUp
    median: str
    agency_count: int
    demo_count: int
    distribution: Distribution
    goals: tuple[Goal, ...]
    problems: tuple[Problem, ...]
    is_ranked: bool
    ranked: tuple[AgencyRow, ...]
    unranked: tuple[AgencyRow, ...]
    above: tuple[Branch, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyView:
    """Everything on the page of one agency, in one language. `rank` is (its rank, of so many) or None."""

    page: str
    name: str
    code: str
    place: Place
    health: Health
    total: RollUp
    median: str
    is_ranked: bool
    rank: tuple[int, int] | None
    demo_count: int
    distribution: Distribution
    goals: tuple[Goal, ...]
    assignments: tuple[Assignment, ...]
    groups: tuple[Group, ...]


def overview(run: Run, cards: Sequence[Card], speech: Speech, audience: Audience, tree: Tree | None = None) -> Overview:
    """Put a whole run into words; `tree` is that of its bodies."""
    own = counted(cards)
    total = roll_up(card.score for card in own)
    tree = tree or Tree(cards, {}, day_of(run.started_at))
    ranked, unranked = agencies(cards, speech, can_rank(cards), tree.heir)
    return Overview(
        run=run,
        health=health(cards, speech),
        completeness=min(run.finished / run.planned, 1.0) if run.planned else None,
        total=total,
        median=median_level(own, total, speech),
        agency_count=len({tree.heir(card.target.agency) for card in own}),
        demo_count=len(cards) - len(own),
        distribution=distribution(own, speech),
        goals=goals(own, speech),
        problems=problems(own, speech) if audience == "internal" else (),
        is_ranked=can_rank(cards),
        ranked=ranked,
        unranked=unranked,
        above=tuple(branch(name, 0, tree, speech) for name in tree.below(None) if tree.below(name)),
        groups=groups(cards, speech, audience),
    )


def agency_view(name: str, tree: Tree, whole: Overview, speech: Speech, audience: Audience) -> AgencyView:
    """Put one agency of the tree into words; `whole` is the city."""
    cards = tree.cards(name)
    own = counted(cards)
    total = roll_up(card.score for card in own)
    listed = [card.target for card in cards if card.target.agency == name]
    rank = next((row.rank for row in whole.ranked if row.page == agency_page(name)), None)
    return AgencyView(
        page=agency_page(name),
        name=agency_name(name, speech),
        place=place(name, tree, speech),
        code=for_terminal(next((one.agency_code for one in listed if one.agency_code), "")),
        health=whole.health,
        total=total,
        median=median_level(own, total, speech),
        is_ranked=whole.is_ranked,
        rank=(rank, len(whole.ranked)) if rank is not None else None,
        demo_count=len(cards) - len(own),
        distribution=distribution(own, speech),
        goals=goals(own, speech),
        assignments=assignments(own, speech) if audience == "internal" else (),
        groups=groups(cards, speech, audience),
    )


def distribution(cards: Sequence[Card], speech: Speech) -> Distribution:
    """Count the domains by level."""
    keys = Counter(key_of(card.score) for card in cards)
    measured = len(cards) - keys[UNMEASURED]
    rows = tuple(
        LevelCount(badge_by(key, speech), keys[key], keys[key] / measured if measured and key != UNMEASURED else None)
        for key in KEYS
        if keys[key] or key not in {OPEN, UNMEASURED}
    )
    return Distribution(charts.stacked([(row.badge.key, row.badge.short, row.count) for row in rows]), rows)


def goals(cards: Sequence[Card], speech: Speech) -> tuple[Goal, ...]:
    """How far the programme's two goals are reached."""
    measured = [card for card in cards if card.score.is_measured]
    return tuple(_goal(*goal, measured, speech) for goal in (DUAL_STACK, IPV6_ONLY))


def _goal(level: int, name: str, period: str, cards: Sequence[Card], speech: Speech) -> Goal:
    reached = sum(card.score.level.number >= level for card in cards)
    open_ = [card for card in cards if is_open_below(card, level)]
    share = reached / len(cards) if cards else None
    return Goal(
        level=badge_of(level, speech),
        name=speech.gettext(name),
        period=speech.gettext(period),
        reached=reached,
        undecided=len(open_),
        measured=len(cards),
        share=share,
        bar=charts.bar(share),
        open_bar=charts.bar((reached + len(open_)) / len(cards) if cards else 0),
        lacks_checks=any(not is_built(v) for card in open_ for v in undecided(card)),
    )
