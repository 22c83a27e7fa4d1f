"""Who will be contacted: the lists, less who asked to be left alone."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ipv6check.model import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The targets of a scan in the order of the list, and those of them that asked to be left alone.

    `is_partial`: the lists hold more.
    """

    targets: tuple[Target, ...]
    opted_out: frozenset[str] = frozenset()
    is_partial: bool = False

    @property
    def to_contact(self) -> tuple[Target, ...]:
        """The targets that will be contacted."""
        return tuple(target for target in self.targets if target.domain not in self.opted_out)


def make_plan(targets: Iterable[Target], is_opted_out: Callable[[str], bool], limit: int | None = None) -> Plan:
    """Plan the first `limit` targets, all when None. Names given up stay in: whether they still lead somewhere matters."""
    every = tuple(targets)
    chosen = every[:limit]
    opted_out = frozenset(t.domain for t in chosen if is_opted_out(t.domain))
    return Plan(targets=chosen, opted_out=opted_out, is_partial=len(chosen) < len(every))


def shuffled(targets: Sequence[Target], seed: str) -> list[Target]:
    """Mix the order, so that one operator's addresses do not follow each other; the same seed gives the same order."""
    mixed = list(targets)
    random.Random(seed).shuffle(mixed)
    return mixed
