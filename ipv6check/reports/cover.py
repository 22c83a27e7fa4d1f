"""The smallest set of changes that lifts most domains to a goal: a greedy cover of what each domain was judged to need.

A change is one party's: all faults of the name servers of one operator, one web address, one zone. For each domain the
evidence is judged again with changes made, so that what it needs is found and not guessed; which changes come first is counted
from that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ipv6check.reports.whatif import OPERATOR, ROUTE, Cause, Trials, is_shared
from ipv6check.score import Verdicts, in_the_way, level_of, score

MOST_AT_ONCE: Final = 3
"""A domain that needs more changes than this is lifted by no short list."""

MOST_CHANGES: Final = 10
"""Changes that are named."""

BLOCKED, CLEAR, REACHED = range(3)
"""Where a domain stands: something known is in the way; nothing known is, but not all was measured; at the goal."""

THEIR_OWN: Final = frozenset({"DNS-02", "DNS-03"})
"""What no change of others mends: a domain without an IPv6 address of its own."""

Changes = frozenset[Cause]
Ways = frozenset[Changes]
"""Sets of changes of which any lifts a domain."""


@dataclass(frozen=True, slots=True)
class Step:
    """Changes to make next, several where one alone lifts nobody: the domains that they lift, and the figures after them.

    `reached` domains are then at the goal; `clear` ones have at least nothing known in the way of it.
    """

    changes: tuple[Cause, ...]
    lifted: tuple[str, ...]
    reached: int
    clear: int


@dataclass(frozen=True, slots=True)
class _Need:
    """What lifts a domain from where it stands to the best that changes can do."""

    domain: str
    ways: Ways
    before: int
    after: int


class Cover:
    """What lifts the domains of a run to one level; holds names and causes, never evidence."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._needs: list[_Need] = []
        self._sharing: dict[Cause, int] = {}
        self.measured = 0
        self.reached = 0
        self.clear = 0

    def add(self, trials: Trials) -> None:
        """Find what one domain needs; one that was not measured does not count."""
        if not score(trials.verdicts).is_measured:
            return
        before = self._stands(trials.verdicts)
        self.measured += 1
        self.reached += before >= REACHED
        self.clear += before >= CLEAR
        units = _units(trials.causes)
        for unit in units:
            self._sharing[unit] = self._sharing.get(unit, 0) + 1
        if before == REACHED or THEIR_OWN & set(in_the_way(trials.verdicts, self._level)):
            return
        after = self._stands(_without(trials, units, units))
        if after > before:
            self._needs.append(_Need(trials.domain, self._ways(trials, units, after), before, after))

    def steps(self) -> tuple[Step, ...]:
        """The changes to make, one after another: each lifts most for its size, given those before."""
        made: Changes = frozenset()
        reached, clear, steps = self.reached, self.clear, []
        left = self._by_ways()
        while left:
            chosen = _best(left, made)
            made |= chosen
            if len(made) > MOST_CHANGES:
                break
            lifted = [need for ways in [one for one in left if _is_met(one, made)] for need in left.pop(ways)]
            reached += sum(need.after == REACHED for need in lifted)
            clear += sum(need.before == BLOCKED for need in lifted)
            steps.append(Step(_sorted(chosen), tuple(sorted(need.domain for need in lifted)), reached, clear))
        return tuple(steps)

    def _stands(self, verdicts: Verdicts) -> int:
        if level_of(verdicts).number >= self._level:
            return REACHED
        return BLOCKED if in_the_way(verdicts, self._level) else CLEAR

    def _ways(self, trials: Trials, units: Mapping[Cause, list[Cause]], wanted: int) -> Ways:
        """The sets of changes that lift a domain so far, those of the smallest size that does."""
        for size in range(1, MOST_AT_ONCE + 1):
            sets = map(frozenset, combinations(units, size))
            ways = frozenset(one for one in sets if self._stands(_without(trials, units, one)) >= wanted)
            if ways:
                return ways
        return frozenset()

    def _by_ways(self) -> dict[Ways, list[_Need]]:
        """Who needs what, where it takes nothing that is a domain's own."""
        found: dict[Ways, list[_Need]] = {}
        for need in self._needs:
            ways = frozenset(way for way in need.ways if all(is_shared(unit, self._sharing[unit]) for unit in way))
            if ways:
                found.setdefault(ways, []).append(need)
        return found


def _units(causes: Iterable[Cause]) -> dict[Cause, list[Cause]]:
    """The causes by the change that ends them; routes decide no level. Who runs servers ends all their faults at once."""
    found: dict[Cause, list[Cause]] = {}
    for cause in causes:
        if cause.kind == OPERATOR:
            found[cause] = [cause]
        elif cause.kind != ROUTE:
            unit = Cause(OPERATOR, cause.operator, cause.operator) if cause.operator else cause
            found.setdefault(unit, []).append(cause)
    return found


def _without(trials: Trials, units: Mapping[Cause, list[Cause]], ended: Iterable[Cause]) -> Verdicts:
    return trials.without(cause for unit in ended for cause in units[unit])


def _best(left: Mapping[Ways, list[_Need]], made: Changes) -> Changes:
    """What lifts most domains for each change; of equals the smaller set, then by name."""

    def worth(chosen: Changes) -> tuple[float, int, tuple[tuple[str, str], ...]]:
        lifted = sum(len(needs) for ways, needs in left.items() if _is_met(ways, made | chosen))
        return -lifted / len(chosen), len(chosen), tuple((one.kind, one.subject) for one in _sorted(chosen))

    return min({way - made for ways in left for way in ways}, key=worth)


def _is_met(ways: Ways, made: Changes) -> bool:
    return any(way <= made for way in ways)


def _sorted(changes: Changes) -> tuple[Cause, ...]:
    return tuple(sorted(changes, key=lambda one: (one.kind, one.subject)))
