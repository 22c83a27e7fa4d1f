"""What changed from night to night, as it is told to people: bad news only when seen twice, good news at once.

Each check of each domain has a `Standing`, which one run after the other is held against (`follow`). What was not measured
changes nothing. Where a rule is new, its outcome is taken over without a word: the site did not change, we did.

A level that is a minimum ("3+") is held against what it excludes: from "3+" to "1" is a loss, from "3+" to "4" nothing new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ipv6check.model import Outcome, Verdict
from ipv6check.score import Score

LEVEL: Final = "level"
"""The id under which the level of a domain is followed, beside the checks."""

MINIMUM: Final = "+"
"""The end of a level that is a minimum (see `score.Level.mark`)."""

SECOND_LOOK: Final = timedelta(hours=6)
"""A failure that could be the path's is believed when it is seen again so much later."""

SIGHTINGS: Final = {Outcome.WARN.value: 3}
ENOUGH: Final = 2
"""How often: a warning more often, since a lost packet or two already make one."""

RESTLESS: Final = 3
RESTLESS_WITHIN: Final = timedelta(days=14)
"""So many changes back and forth in such a time are one thing: unstable."""

GOODNESS: Final = {Outcome.FAIL.value: 0, Outcome.WARN.value: 1, Outcome.INFO.value: 2, Outcome.PASS.value: 2}
"""How good an outcome is. What is not here (n/a, not measured) cannot be compared."""

SHOWN_AT_ONCE: Final = frozenset(
    (
        *(f"NAME-{n:02}" for n in range(1, 9)),
        *(f"DNS-{n:02}" for n in (1, 2, 3, 4, 5, 7, 8, 9, 10)),
        *(f"NS-{n:02}" for n in (1, 2, 3, 4, 9, 10, 13, 17, 18)),
        *(f"SEC-{n:02}" for n in (3, 4, 5, 6, 7, 8, 9)),
        *(f"ADDR-{n:02}" for n in range(1, 8)),
        *(f"WEB-{n:02}" for n in (2, 3, 4, 6, 10)),
    )
)
"""Checks whose failures are definitive facts, such as a record or a certificate; all others could fail for the path."""


class Kind(StrEnum):
    """How something changed. `RULES`: only the way of judging did; not told in the feed."""

    GAINED = "gained"
    LOST = "lost"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    UNSTABLE = "unstable"
    RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A confirmed change of one check (or of the level) of one domain. `since` is the run that first showed it."""

    domain: str
    check: str
    kind: Kind
    before: str
    after: str
    run_id: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is held of one check of one domain: the outcome that is published, since which run, and how often it was seen.

    `best` is the best that was ever published. `suspect` is a worse outcome that was seen `sightings` times in a row and is not
    published yet, first in run `suspect_run` at `suspect_at`. `flips` are the times at which the published outcome changed, as
    far as they still matter.
    """

    outcome: str
    since: str
    version: str
    best: int
    seen: int = 1
    suspect: str = ""
    sightings: int = 0
    suspect_run: str = ""
    suspect_at: datetime | None = None
    flips: tuple[datetime, ...] = ()

    @property
    def is_restless(self) -> bool:
        """Whether it changes back and forth."""
        return len(self.flips) >= RESTLESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one run says of one check of one domain."""

    check: str
    outcome: str
    version: str
    run_id: str
    at: datetime

    @property
    def goodness(self) -> int | None:
        """How good it is at least, None when it cannot be compared."""
        return goodness(self.check, self.outcome)


def goodness(check: str, outcome: str) -> int | None:
    """How good an outcome of a check (or a level) is at least, None when it cannot be compared."""
    return int(outcome.rstrip(MINIMUM)) if check == LEVEL else GOODNESS.get(outcome)


def _can_be_same(one: str, other: str) -> bool:
    """Whether two levels can be one and the same, since one of them is a minimum that the other does not exclude."""
    low, high = sorted((one, other), key=lambda level: int(level.rstrip(MINIMUM)))
    return low.endswith(MINIMUM) or low == high.rstrip(MINIMUM)


def looks(
    verdicts: Mapping[str, Verdict], score: Score, versions: Mapping[str, str], run_id: str, at: datetime
) -> dict[str, Look]:
    """What a run says of a domain: each check that was measured, and the level where it says anything.

    `versions` are those of the rules, by check, and under `LEVEL` that of all together.
    """
    seen = {
        id_: Look(check=id_, outcome=verdict.outcome.value, version=versions.get(id_, ""), run_id=run_id, at=at)
        for id_, verdict in verdicts.items()
        if verdict.outcome is not Outcome.NOT_MEASURED and not id_.startswith("OPS-")
    }
    if score.is_measured and score.level.mark != f"0{MINIMUM}":
        seen[LEVEL] = Look(check=LEVEL, outcome=score.level.mark, version=versions.get(LEVEL, ""), run_id=run_id, at=at)
    return seen


def follow(domain: str, before: Standing | None, look: Look) -> tuple[Standing, Change | None]:
    """Hold one look against what stands: what stands now, and the change that is confirmed by it, if any."""
    new = look.goodness
    if before is None or new is None or goodness(look.check, before.outcome) is None:
        return _afresh(before, look), None
    is_level = look.check == LEVEL
    is_open = is_level and before.outcome != look.outcome and _can_be_same(before.outcome, look.outcome)
    if before.version != look.version:
        has_moved = is_level and before.outcome != look.outcome and not is_open
        return _afresh(before, look), _change(domain, before, look, Kind.RULES) if has_moved else None
    old = goodness(look.check, before.outcome)
    assert old is not None
    if is_open and (new < old or look.outcome.endswith(MINIMUM) > before.outcome.endswith(MINIMUM)):
        return _unsuspected(before) if _excludes_suspect(look, before) else before, None  # it says less than is known
    if is_open:
        before = replace(before, best=max(before.best, new))
    if is_open or new == old:
        return replace(_unsuspected(before), outcome=look.outcome, seen=before.seen + 1), None
    if new < old:
        before = _suspected(before, look)
        if not _is_confirmed(before, look):
            return before, None
    elif look.check not in SHOWN_AT_ONCE and before.seen < SIGHTINGS.get(before.outcome, 1):
        return _afresh(before, look), None  # what was never believed is not told as overcome
    return _changed(domain, before, look, _kind(before, look, old, new))


def _excludes_suspect(look: Look, before: Standing) -> bool:
    """Whether what was suspected cannot be so, given what this look says at least."""
    suspected = goodness(look.check, before.suspect) if before.suspect else None
    return suspected is not None and suspected < (look.goodness or 0)


def _unsuspected(before: Standing) -> Standing:
    return replace(before, suspect="", sightings=0, suspect_run="", suspect_at=None)


def _suspected(before: Standing, look: Look) -> Standing:
    """Count a sighting of something worse; what is worse than what was suspected so far begins anew."""
    suspected = goodness(look.check, before.suspect) if before.suspect else None
    if suspected is None or (look.goodness or 0) < suspected:
        return replace(before, suspect=look.outcome, sightings=1, suspect_run=look.run_id, suspect_at=look.at)
    return replace(before, suspect=look.outcome, sightings=before.sightings + 1)


def _is_confirmed(before: Standing, look: Look) -> bool:
    """Whether bad news may be told: it is a definitive fact, or was seen often enough, over a time that is long enough."""
    if look.check in SHOWN_AT_ONCE:
        return True
    is_often = before.sightings >= SIGHTINGS.get(look.outcome, ENOUGH)
    return is_often and before.suspect_at is not None and look.at - before.suspect_at >= SECOND_LOOK


def _kind(before: Standing, look: Look, old: int, new: int) -> Kind:
    if new > old:
        return Kind.RECOVERED if new <= before.best else Kind.GAINED
    is_lost = look.check == LEVEL or look.outcome == Outcome.FAIL.value
    return Kind.LOST if is_lost else Kind.DEGRADED


def _changed(domain: str, before: Standing, look: Look, kind: Kind) -> tuple[Standing, Change | None]:
    flips = (*(at for at in before.flips if look.at - at <= RESTLESS_WITHIN), look.at)
    new = look.goodness or 0
    since = _first_seen(before, look)
    after = Standing(
        outcome=look.outcome,
        since=since,
        version=look.version,
        best=max(before.best, new),
        seen=before.sightings or 1,
        flips=flips[-RESTLESS:],
    )
    if before.is_restless and after.is_restless:
        return after, None
    return after, _change(domain, before, look, Kind.UNSTABLE if after.is_restless else kind)


def _afresh(before: Standing | None, look: Look) -> Standing:
    """What stands when there is nothing to compare with: what was seen, as it is."""
    best = max(look.goodness or 0, before.best if before and look.check != LEVEL else 0)
    since = before.since if before and before.outcome == look.outcome else look.run_id
    return Standing(outcome=look.outcome, since=since, version=look.version, best=best)


def _change(domain: str, before: Standing, look: Look, kind: Kind) -> Change:
    return Change(
        domain=domain,
        check=look.check,
        kind=kind,
        before=before.outcome,
        after=look.outcome,
        run_id=look.run_id,
        since=_first_seen(before, look),
    )


def _first_seen(before: Standing, look: Look) -> str:
    """The run in which a change showed first."""
    is_worse = (look.goodness or 0) < (goodness(look.check, before.outcome) or 0)
    return before.suspect_run if is_worse and before.suspect_run else look.run_id
