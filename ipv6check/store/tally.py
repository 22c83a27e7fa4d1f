"""How many domains had which outcome in a run: of all agencies together, and of each. Made again with the run's verdicts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from sqlalchemy import Connection, delete
from sqlmodel import insert

from ipv6check.changes import LEVEL
from ipv6check.model import Outcome
from ipv6check.score import Card
from ipv6check.store.codec import Counts, encode_counts
from ipv6check.store.tables import AGENCY_TALLY, TALLY

Counted = Counter[tuple[str, str]]
"""By check (or level) and outcome."""


class Tally:
    """Counts cards; what is a demo is left out."""

    def __init__(self) -> None:
        self._of_agencies: dict[str, Counted] = {}

    def add(self, cards: Iterable[Card]) -> None:
        """Count some cards."""
        for card in cards:
            if not card.target.is_demo:
                self._of_agencies.setdefault(card.target.agency, Counter()).update(_outcomes(card))

    @property
    def counts(self) -> Counts:
        """Those of all agencies together."""
        return _by_check(sum(self._of_agencies.values(), Counted()))

    def replace(self, connection: Connection, run_id: str) -> None:
        """Write the counts in place of those that a run had."""
        every = [
            {"run_id": run_id, "check": check, "outcome": outcome, "n": n}
            for check, outcomes in self.counts.items()
            for outcome, n in outcomes.items()
        ]
        each = [
            {"run_id": run_id, "agency": agency, "counts": encode_counts(_by_check(counted))}
            for agency, counted in self._of_agencies.items()
        ]
        for table, rows in ((TALLY, every), (AGENCY_TALLY, each)):
            connection.execute(delete(table).where(table.c.run_id == run_id))
            if rows:
                connection.execute(insert(table), rows)


def _outcomes(card: Card) -> Iterator[tuple[str, str]]:
    """What of a card is counted: every check, and the level: `3`, `3+` for at least L3."""
    yield from (_pair(id_, verdict.outcome.value) for id_, verdict in card.verdicts.items())
    level = card.score.level
    yield _pair(LEVEL, level.mark if card.score.is_measured else Outcome.NOT_MEASURED.value)


@lru_cache(4096)
def _pair(check: str, outcome: str) -> tuple[str, str]:
    """One object for all agencies: there are few different ones, and each agency counts by a hundred of them."""
    return check, outcome


def _by_check(counted: Mapping[tuple[str, str], int]) -> Counts:
    found: Counts = {}
    for (check, outcome), n in counted.items():
        found.setdefault(check, {})[outcome] = n
    return found
