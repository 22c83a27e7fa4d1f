"""Are we on course: each goal of the programme as a chart and in sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from statistics import median
from typing import Final

from ipv6check.programme import FEWEST_DAYS, Course, Goal, Measured
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import N_, Speech
from ipv6check.reports.levels import Badge, badge_of

SIZE: Final = 1000
"""Units of a plot, both ways."""

FURTHEST_VIEW: Final = timedelta(days=3 * 365)
"""A date that is drawn lies at most so long behind the goal's end."""

MOST_TICKS: Final = 6

UNUSUAL: Final = 0.1
"""Where so much more than on a usual night stayed open, our own sight was poor: the line is broken there, the band is not."""

ANSWERS: Final = {
    "yes": N_("On course"),
    "no": N_("Behind the target"),
    "open": N_("Not known yet"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a plot with its words; `x` and `y` are percent, `anchor` the side to which the words go."""

    x: str
    y: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One plot: paths in units of `SIZE`, marks and ticks in percent. What is not there is empty or None."""

    name: str
    curve: str
    band: str
    target: str
    projection: str
    dots: tuple[Mark, ...]
    last: Mark | None
    projected: Mark | None
    ticks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalView:
    """One goal in words. `answer` is a key of `ANSWERS`; `blind` are the runs whose measuring point had no IPv6 itself."""

    id: str
    title: str
    source: str
    is_confirmed: bool
    level: Badge
    answer: str
    answer_words: str
    now: str
    ahead: str
    share: str
    target: str
    coverage: str
    measured_on: str
    milestones: tuple[tuple[str, str], ...]
    blind: int
    charts: tuple[Chart, ...]


def goal_views(courses: Iterable[Course], speech: Speech) -> tuple[GoalView, ...]:
    """Put courses into words; one that was never measured is left out."""
    return tuple(_view(course, speech) for course in courses if course.curve)


def _view(course: Course, speech: Speech) -> GoalView:
    goal, last = course.goal, course.last or course.curve[-1]
    answer = answer_of(course)
    return GoalView(
        id=goal.id,
        title=for_terminal(goal.title[speech.code]),
        source=for_terminal(goal.source),
        is_confirmed=goal.confirmed,
        level=badge_of(goal.level, speech),
        answer=answer,
        answer_words=speech.gettext(ANSWERS[answer]),
        now=_now(course, speech),
        ahead=_ahead(course, speech),
        share=_share(last, speech),
        target=speech.share(course.target, 1),
        coverage=speech.share(last.coverage),
        measured_on=speech.day(last.on),
        milestones=tuple((speech.day(one.date), speech.share(one.share)) for one in goal.milestones),
        blind=sum(point.is_blind for point in course.curve),
        charts=tuple(_charts(course, speech)),
    )


def answer_of(course: Course) -> str:
    """`yes`, `no`, or `open` where the line lies between what is certain and what may be, or one of them is not known."""
    return {True: "yes", False: "no", None: "open"}[course.is_on_course]


def _share(point: Measured | None, speech: Speech) -> str:
    """`31,2%`, or `31,2–40,0%` where it is "at least" for some."""
    if point is None or point.share is None:
        return speech.gettext("not measured")
    low, high = speech.share(point.share, 1), speech.share(point.share_at_most, 1)
    return low if low == high else speech.gettext("between %(low)s and %(high)s", low=low, high=high)


def _figure(point: Measured, speech: Speech) -> str:
    """`31,2%`, or `31,2–40,0%`, to stand in a chart."""
    low, high = speech.share(point.share, 1), speech.share(point.share_at_most, 1)
    return low if low == high else f"{low.removesuffix('%')}–{high}"


def _open(point: Measured) -> float:
    """The share of which it is not known whether it has reached the level."""
    return (point.share_at_most or 0.0) - (point.share or 0.0)


def _now(course: Course, speech: Speech) -> str:
    said = {"share": _share(course.last, speech), "level": f"L{course.goal.level}"}
    if course.last is None:
        return speech.gettext("No domain name could be measured yet.")
    if course.target is None:
        return speech.gettext("Measured domain names at %(level)s or higher: %(share)s. The goal has not begun yet.", **said)
    return speech.gettext(
        "Measured domain names at %(level)s or higher: %(share)s; the target for this day: %(target)s.",
        **said,
        target=speech.share(course.target, 1),
    )


def _ahead(course: Course, speech: Speech) -> str:
    """When the whole goal is reached, as far as that can be said."""
    end, last, seen = course.goal.milestones[-1], course.curve[-1], course.seen
    if course.reached_on is not None and course.reached_on <= last.on:
        return speech.gettext(
            "The whole goal is reached; it was first seen so on %(date)s.", date=speech.day(course.reached_on)
        )
    if not seen or (seen[-1].on - seen[0].on).days < FEWEST_DAYS:
        return speech.gettext("A trend needs at least two weeks of measurements; until then no date is projected.")
    if course.reached_on is None and answer_of(course) == "open":
        return speech.gettext("Too many domain names are still open for a date to be projected.")
    if course.reached_on is None:
        return speech.gettext("At the pace of the last weeks the goal is not reached: the share does not rise, or hardly.")
    said = {"date": speech.day(course.reached_on), "wanted": speech.share(end.share), "end": speech.day(end.date)}
    if course.reached_on <= end.date:
        return speech.gettext("At the pace of the last weeks %(wanted)s is reached on %(date)s, in time for %(end)s.", **said)
    return speech.gettext("At the pace of the last weeks %(wanted)s is reached on %(date)s, later than %(end)s.", **said)


def _charts(course: Course, speech: Speech) -> Iterable[Chart]:
    """The whole goal; and the time since measuring began, where that is more than a day."""
    goal, first, last = course.goal, course.curve[0].on, course.curve[-1].on
    end = max(goal.milestones[-1].date, last + timedelta(days=30))
    if course.reached_on is not None:
        end = max(end, min(course.reached_on, end + FURTHEST_VIEW))
    yield _chart(course, min(goal.milestones[0].date, first), end, "whole", speech)
    if last > first:
        yield _chart(course, first, last, "recent", speech)


def _chart(course: Course, begin: date, end: date, name: str, speech: Speech) -> Chart:
    plot = _Plot(begin, end)
    usual = median(map(_open, course.seen)) + UNUSUAL if course.seen else 0.0
    runs = [list(run) for is_drawn, run in groupby(course.curve, key=lambda one: one.share is not None) if is_drawn]
    is_clear = [one.share is not None and not one.is_blind and _open(one) <= usual for one in course.curve]
    lines = [
        [course.curve[n] for n in run] for is_drawn, run in groupby(range(len(is_clear)), is_clear.__getitem__) if is_drawn
    ]
    newest = course.last
    is_ahead = newest is not None and course.reached_on is not None and course.reached_on > newest.on and end > newest.on
    goal_share = course.goal.milestones[-1].share
    return Chart(
        name=name,
        curve="".join(plot.line([(one.on, one.share or 0.0) for one in run]) for run in lines),
        band="".join(plot.band(run) for run in runs if any(one.share != one.share_at_most for one in run)),
        target=plot.line(_target_line(course.goal, begin, end)),
        projection=plot.line(_projection(newest, course.reached_on, goal_share, end))
        if is_ahead and newest and course.reached_on
        else "",
        dots=tuple(plot.mark(run[0].on, run[0].share or 0.0, "") for run in lines if len(run) == 1),
        last=plot.mark(newest.on, newest.share or 0.0, _figure(newest, speech)) if newest else None,
        projected=plot.mark(course.reached_on, goal_share, speech.day(course.reached_on))
        if is_ahead and course.reached_on and course.reached_on <= end
        else None,
        ticks=tuple(plot.mark(day, 0.0, text, edge=0.05) for day, text in _ticks(begin, end, speech)),
    )


def _target_line(goal: Goal, begin: date, end: date) -> list[tuple[date, float]]:
    between = [(one.date, one.share) for one in goal.milestones if begin <= one.date <= end]
    ends = [(day, share) for day in (begin, end) if (share := goal.target(day)) is not None]
    return sorted({*between, *ends})


def _projection(newest: Measured, reached_on: date, share: float, end: date) -> list[tuple[date, float]]:
    """From the newest point to the goal, as far as the plot goes."""
    start = newest.share or 0.0
    stop = min(reached_on, end)
    part = (stop - newest.on) / (reached_on - newest.on)
    return [(newest.on, start), (stop, start + part * (share - start))]


def _ticks(begin: date, end: date, speech: Speech) -> list[tuple[date, str]]:
    """Years, or days where the time is short."""
    years = [date(year, 1, 1) for year in range(begin.year, end.year + 1) if begin <= date(year, 1, 1) <= end]
    if len(years) > 1:
        return [(day, str(day.year)) for day in years[:: 1 + len(years) // (MOST_TICKS + 3)]]
    return [(day, speech.day(day)) for day in sorted({begin, end})]


@dataclass(frozen=True, slots=True)
class _Plot:
    """Days and shares to places: from left to right, from the bottom up."""

    begin: date
    end: date

    def x(self, on: date) -> float:
        return (on - self.begin) / max(self.end - self.begin, timedelta(days=1))

    def mark(self, on: date, share: float, text: str, edge: float = 0.4) -> Mark:
        x = self.x(on)
        anchor = "end" if x > 1 - edge else "start" if x < edge / 4 else "middle"
        return Mark(f"{100 * x:.2f}%", f"{100 * (1 - share):.2f}%", anchor, text)

    def line(self, points: Sequence[tuple[date, float]]) -> str:
        return "M" + "L".join(self._at(on, share) for on, share in points) if len(points) > 1 else ""

    def band(self, run: Sequence[Measured]) -> str:
        """Between what is certain and what may be; of one night, a thin bar."""
        thin = (SIZE / 250) if len(run) == 1 else 0.0
        above = [self._at(one.on, one.share_at_most or 0.0, dx) for one in run for dx in ((-thin, thin) if thin else (0.0,))]
        below = [self._at(one.on, one.share or 0.0, dx) for one in run[::-1] for dx in ((thin, -thin) if thin else (0.0,))]
        return "M" + "L".join((*above, *below)) + "z"

    def _at(self, on: date, share: float, dx: float = 0.0) -> str:
        return f"{SIZE * self.x(on) + dx:.1f} {SIZE * (1 - share):.1f}"
