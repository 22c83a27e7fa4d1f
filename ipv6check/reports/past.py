"""What a site is told of the nights before its run. Plain data: whoever holds the archive makes it (`nightly.past_of`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from ipv6check.changes import Change, Standing
from ipv6check.model import Run
from ipv6check.programme import Course
from ipv6check.reports.language import HANOI

STRIP_DAYS: Final = 90
"""Nights of a domain that are shown."""

RECENT: Final = timedelta(days=30)
"""Changes that are told on the page of changes."""

Night = tuple[datetime, str, int, bool]
"""When a domain was measured, in which run, its level, whether that is "at least". "At least L0" says that nothing is known."""

Counted = tuple[datetime, Mapping[str, int]]
"""When a run started, and how many domains had each outcome in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The nights up to a run, and that run; empty where there is no archive.

    `runs` and `changes` are the newest first, `levels` (by domain) and `tallies` (by check) the oldest first, of one run a day
    (`one_a_day`). `moved` are levels that only a new version of the rules moved, by domain and run. `standings` are those after
    the run, by domain and check; none for a run that is long ago.
    """

    runs: tuple[Run, ...] = ()
    changes: tuple[Change, ...] = ()
    moved: Mapping[tuple[str, str], Change] = field(default_factory=dict)
    standings: Mapping[str, Mapping[str, Standing]] = field(default_factory=dict)
    levels: Mapping[str, Sequence[Night]] = field(default_factory=dict)
    tallies: Mapping[str, Sequence[Counted]] = field(default_factory=dict)
    courses: tuple[Course, ...] = ()

    def of(self, domains: set[str]) -> "Past":
        """The same with what is about some domains only."""
        return replace(
            self,
            changes=tuple(change for change in self.changes if change.domain in domains),
            moved={key: change for key, change in self.moved.items() if change.domain in domains},
            standings={domain: own for domain, own in self.standings.items() if domain in domains},
            levels={domain: nights for domain, nights in self.levels.items() if domain in domains},
        )

    def started(self) -> dict[str, datetime]:
        """When each run started."""
        return {run.id: run.started_at for run in self.runs}


def one_a_day(runs: Iterable[Run]) -> list[Run]:
    """The run that stands for each day in Hanoi, of runs in the order of time, either way; in the same order.

    It is the last of all the city's lists that saw, or where none did, the last that was blind; one that was broken off only
    where there is no other. What looked at a part, or was not judged, stands for no day.
    """
    whole = (run for run in runs if run.rules_version and not run.is_partial)
    return [max(same, key=_weight) for _, same in groupby(whole, key=lambda run: day_of(run.started_at))]


def _weight(run: Run) -> tuple[bool, bool, datetime]:
    return not run.is_blind, run.is_complete, run.started_at


def shown_runs(runs: Iterable[Run], last: Run) -> list[str]:
    """The ids of the runs whose nights are shown beside the last one's; of runs up to that one, the newest first."""
    return [one.id for one in one_a_day(runs) if last.started_at - one.started_at < timedelta(days=STRIP_DAYS)]


def day_of(moment: datetime) -> date:
    """The day in Hanoi."""
    return moment.astimezone(HANOI).date()
