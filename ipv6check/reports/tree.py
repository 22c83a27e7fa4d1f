"""The bodies of the city as a tree: who stands below whom, who took over, and what all below come to together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from ipv6check.model import KINDS
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech
from ipv6check.reports.links import Link, to_agency
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.standing import AgencyRow, agency_row, by_agency, counted, grouped
from ipv6check.rules.words import term
from ipv6check.score import Card, roll_up
from ipv6check.targets.agencies import Bodies, has_ended, heir, joined

DEEPEST: Final = 5
"""Steps that a row is set in at most."""

TEXT: Final = 300


class Tree:
    """The bodies that have domains, themselves or below them, on a day; None stands above the topmost.

    A body that ended keeps its domains on its own page; in totals they are its successor's.
    """

    def __init__(self, cards: Sequence[Card], bodies: Bodies, day: date) -> None:
        self.bodies: Bodies = joined(bodies, (card.target for card in cards))
        self._day = day
        self._own = by_agency(cards)
        self._counted = by_agency(cards, self.heir)
        self._forerunners = grouped((name for name in self._own if self.heir(name) != name), self.heir)

    def heir(self, name: str) -> str:
        """Who stands for a body in totals."""
        return heir(name, self.bodies, self._day)

    def above(self, name: str) -> str | None:
        """The body above one, or who took over from that."""
        parent = self.bodies[name].parent
        return self.heir(parent) if parent in self.bodies else None

    def cards(self, name: str) -> list[Card]:
        """What stands on a body's page: what it counts; where another counts it, what is its own."""
        return (self._counted if self.heir(name) == name else self._own).get(name, [])

    def everything(self, name: str) -> list[Card]:
        """What a body and all below it count."""
        return [card for other, _ in self.walk(name) for card in self._counted.get(other, ())]

    def forerunners(self, name: str) -> Sequence[str]:
        """The bodies with domains that a body took over from."""
        return self._forerunners.get(name, ())

    def below(self, name: str | None) -> Sequence[str]:
        """The bodies right below one, in the order of the lists."""
        return self._children.get(name, ())

    def walk(self, top: str | None = None) -> Iterator[tuple[str, int]]:
        """The bodies from one down, all when None, those above before those below; each with its depth."""
        stack = [(name, 0) for name in (reversed(self.below(None)) if top is None else (top,))]
        while stack:
            name, depth = stack.pop()
            yield name, depth
            stack += [(other, depth + 1) for other in (*reversed(self.below(name)), *reversed(self.forerunners(name)))]

    def has_ended(self, name: str) -> bool:
        """Whether a body's last day has passed."""
        return has_ended(self.bodies[name], self._day)

    @cached_property
    def _children(self) -> dict[str | None, list[str]]:
        kept: set[str] = set()
        for name in self._counted:
            above: str | None = name
            while above is not None and above not in kept:
                kept.add(above)
                above = self.above(above)
        found: dict[str | None, list[str]] = {}
        for name in self.bodies:
            if name in kept:
                found.setdefault(self.above(name), []).append(name)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One body: `row` is it and all below together, `own` the domains that it counts itself.

    `until` is the last day of a body that ended; `heir` counts its domains.
    """

    row: AgencyRow
    kind: str
    above: str
    depth: int
    own: int
    has_below: bool
    until: str
    heir: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a body stands among the others; `branches` are it and all below, when there are any."""

    above: Link | None
    until: str
    heir: Link | None
    forerunners: tuple[Branch, ...]
    branches: tuple[Branch, ...]
    note: str


def branches(tree: Tree, speech: Speech, top: str | None = None) -> tuple[Branch, ...]:
    """The rows of the tree from a body down, all when None."""
    return tuple(branch(name, depth, tree, speech) for name, depth in tree.walk(top))


def branch(name: str, depth: int, tree: Tree, speech: Speech) -> Branch:
    """One body as a row."""
    is_counted_here = tree.heir(name) == name
    cards = counted(tree.everything(name) if is_counted_here else tree.cards(name))
    kind, above = tree.bodies[name].kind, tree.above(name)
    return Branch(
        row=agency_row(name, cards, roll_up(card.score for card in cards), speech),
        kind=term("kind", kind, speech.code) if kind in KINDS else "",
        above=agency_name(above, speech) if above is not None else "",
        depth=min(depth, DEEPEST),
        own=len(counted(tree.cards(name))),
        has_below=bool(tree.below(name)),
        until=_until(name, tree, speech),
        heir=None if is_counted_here else to_agency(tree.heir(name), speech),
    )


def place(name: str, tree: Tree, speech: Speech) -> Place:
    """Where a body stands."""
    above, heir_ = tree.above(name), tree.heir(name)
    return Place(
        above=to_agency(above, speech) if above is not None else None,
        until=_until(name, tree, speech),
        heir=to_agency(heir_, speech) if heir_ != name else None,
        forerunners=tuple(branch(other, 0, tree, speech) for other in tree.forerunners(name)),
        branches=branches(tree, speech, name) if tree.below(name) else (),
        note=for_terminal(tree.bodies[name].note, TEXT),
    )


def _until(name: str, tree: Tree, speech: Speech) -> str:
    last = tree.bodies[name].valid_to
    return speech.day(last) if last is not None and tree.has_ended(name) else ""
