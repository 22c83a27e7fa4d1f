"""Are we on course: the programme's goals as data, the measured curve beside the line to each, and the date the trend gives."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ipv6check.model import Outcome
from ipv6check.score import HIGHEST_LEVEL

LOOK_BACK: Final = timedelta(days=90)
"""The time whose trend is drawn on; what was before tells little of what is done now (our own choice)."""

FEWEST_DAYS: Final = 14
"""Days that a trend needs at least."""

FURTHEST: Final = timedelta(days=365 * 20)
"""A goal that would be reached later than this is not told as a date."""


class ProgrammeError(ValueError):
    """A file of goals that cannot be used, in words for the operator."""


class Milestone(BaseModel):
    """A share of all domains that should be reached by a date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    share: float = Field(ge=0, le=1)


class Goal(BaseModel):
    """A goal: the share of domains that stand at `level` or above, by dates. `confirmed`: the registry confirmed its text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern="^[a-z0-9-]+$")
    title: Mapping[str, str]
    level: int = Field(ge=1, le=HIGHEST_LEVEL)
    source: str = ""
    confirmed: bool = False
    milestones: tuple[Milestone, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _in_order(self) -> "Goal":
        if any(a.date >= b.date for a, b in pairwise(self.milestones)):
            raise ValueError(f"the milestones of {self.id} are not in the order of their dates")
        if set(self.title) != {"vi", "en"}:
            raise ValueError(f"the title of {self.id} is wanted in vi and en")
        return self

    def target(self, on: date) -> float | None:
        """The share that the line between the milestones has on a day; None before the first."""
        if on < self.milestones[0].date:
            return None
        for before, after in pairwise(self.milestones):
            if on <= after.date:
                done = (on - before.date) / (after.date - before.date)
                return before.share + done * (after.share - before.share)
        return self.milestones[-1].share


class _Goals(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    goal: tuple[Goal, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One run on a goal's curve: the share that has surely reached the level, and the one that may have ("at least" below it).

    `coverage` is the share of domains that could be measured at all. None where nothing could. `is_blind`: the measuring point
    itself had no IPv6, so that what it did not see is no fall.
    """

    on: date
    share: float | None
    share_at_most: float | None
    coverage: float
    is_blind: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """Where a goal stands: its curve, the target of the day last seen, and the date on which the trend reaches the goal."""

    goal: Goal
    curve: tuple[Measured, ...]
    target: float | None
    reached_on: date | None

    @property
    def seen(self) -> tuple[Measured, ...]:
        """The points that tell of a trend: what was measured by a measuring point that had IPv6."""
        return tuple(point for point in self.curve if point.share is not None and not point.is_blind)

    @property
    def last(self) -> Measured | None:
        """The newest of them; while there is none, the newest in which anything was measured."""
        known = self.seen or tuple(point for point in self.curve if point.share is not None)
        return known[-1] if known else None

    @property
    def share(self) -> float | None:
        """The last share that was measured."""
        return self.last.share if self.last else None

    @property
    def is_on_course(self) -> bool | None:
        """Whether what is measured is at or above the line; None when that is not known: what is open may lie above it."""
        last = self.last
        if last is None or last.share is None or last.share_at_most is None or self.target is None:
            return None
        return True if last.share >= self.target else None if last.share_at_most >= self.target else False


def load(path: Path | None = None) -> tuple[Goal, ...]:
    """The goals of a file, by default those of the national programme. Raises ProgrammeError."""
    name = str(path) if path else "programme.toml"
    try:
        text = path.read_text(encoding="utf-8") if path else files("ipv6check").joinpath(name).read_text(encoding="utf-8")
        goals = _Goals.model_validate(tomllib.loads(text)).goal
    except ValidationError as error:
        first = error.errors()[0]
        raise ProgrammeError(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProgrammeError(f"{name}: {error}") from None
    if not goals:
        raise ProgrammeError(f"{name}: no [[goal]] in it")
    return goals


def measured(on: datetime, levels: Mapping[str, int], level: int, is_blind: bool = False) -> Measured:
    """A point of the curve from how many domains stand at each level (`3`, `3+` for at least L3, `nm`)."""
    total = sum(levels.values())
    known = {key: n for key, n in levels.items() if key != Outcome.NOT_MEASURED.value}
    of = sum(known.values())
    reached = sum(n for key, n in known.items() if int(key.rstrip("+")) >= level)
    open_ = sum(n for key, n in known.items() if key.endswith("+") and int(key.rstrip("+")) < level)
    return Measured(
        on=on.date(),
        share=reached / of if of else None,
        share_at_most=(reached + open_) / of if of else None,
        coverage=of / total if total else 0.0,
        is_blind=is_blind,
    )


def course(goal: Goal, series: Sequence[tuple[datetime, Mapping[str, int]]], blind: Collection[datetime] = ()) -> Course:
    """Where a goal stands after a series of runs, the oldest first; those of `blind` had no IPv6 themselves."""
    curve = tuple(measured(at, levels, goal.level, at in blind) for at, levels in series)
    drawn = Course(goal, curve, None, None)
    last = drawn.last or (curve[-1] if curve else None)
    return replace(drawn, target=goal.target(last.on) if last else None, reached_on=_reached_on(goal, drawn.seen))


def _reached_on(goal: Goal, seen: Sequence[Measured]) -> date | None:
    """When the trend of the last weeks reaches the last milestone's share; None when it does not rise, or hardly."""
    known: list[tuple[date, float]] = [(point.on, point.share) for point in seen if point.share is not None]
    if not known:
        return None
    last_day, last_share = known[-1]
    wanted = goal.milestones[-1].share
    if last_share >= wanted:
        return next(on for on, share in known if share >= wanted)
    recent = [(on, share) for on, share in known if last_day - on <= LOOK_BACK]
    days: list[Any] = [(on - recent[0][0]).days for on, _ in recent]
    if days[-1] < FEWEST_DAYS:
        return None
    slope, _ = linear_regression(days, [share for _, share in recent])
    left = timedelta(days=(wanted - last_share) / slope) if slope > 1e-6 else FURTHEST
    return last_day + left if left < FURTHEST else None
