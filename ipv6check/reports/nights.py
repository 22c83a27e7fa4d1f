"""The levels of a domain night by night: a strip of columns that reads without colour, and the same in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from ipv6check.reports.language import N_, Speech
from ipv6check.reports.past import STRIP_DAYS, Night, day_of
from ipv6check.score import HIGHEST_LEVEL

FEWEST_DAYS: Final = 30
"""A strip is never narrower than so many days, so that two nights do not look like an age."""

STEP: Final = 8
GROUND: Final = 60
LOWEST: Final = 8
RISE: Final = 12
"""Units of the picture: from day to day, of its height, of a column at L0 and from level to level."""

LEVELS: Final = tuple((f"L{number}", GROUND - LOWEST - RISE * number) for number in range(HIGHEST_LEVEL + 1))
"""Each level's name and the height at which its columns end."""

State = tuple[int, bool]
UNKNOWN: Final[State] = (0, True)
NOT_SEEN: Final = N_("not measured or not concluded")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Nights one after the other at one level: the first and the last day, how many were measured."""

    begin: str
    end: str
    level: str
    nights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Up to ninety days to the newest night: `columns` are (style key, path), `least` marks those that are "at least"."""

    width: int
    columns: tuple[tuple[str, str], ...]
    least: str
    open: str
    begin: str
    end: str
    said: str
    stretches: tuple[Stretch, ...]


def strip(nights: Sequence[Night], last: date, speech: Speech, *, is_small: bool = False) -> Strip | None:
    """Draw the nights of a domain, the oldest first, up to a day; None where there is none. A small strip joins equal days."""
    by_day = {day: state for day, state in _states(nights) if last - timedelta(days=STRIP_DAYS) < day <= last}
    if not by_day:
        return None
    begin = min(min(by_day), last - timedelta(days=FEWEST_DAYS - 1))
    blocks = list(_blocks(by_day, begin, joins=is_small))
    heights = {state: GROUND - LEVELS[state[0]][1] for state in by_day.values()}
    gap = 0 if is_small else 2
    return Strip(
        width=STEP * ((last - begin).days + 1),
        columns=tuple(
            (f"l{number}", path)
            for number in range(HIGHEST_LEVEL + 1)
            if (path := "".join(_column(x, w - gap, heights[s]) for x, w, s in blocks if s[0] == number and s != UNKNOWN))
        ),
        least=""
        if is_small
        else "".join(f"M{x + w / 2 - 1:g} {GROUND - heights[s]}v-7" for x, w, s in blocks if s[1] and s[0]),
        open="".join(f"M{x + (w - gap) / 2 - 2:g} 53l4 4m-4 0l4-4" for x, w, s in blocks if s == UNKNOWN),
        begin=speech.day(begin),
        end=speech.day(last),
        said=_said(by_day, speech),
        stretches=() if is_small else tuple(_stretches(by_day, speech))[::-1],
    )


def _states(nights: Iterable[Night]) -> Iterable[tuple[date, State]]:
    """The level of each day."""
    return ((day_of(at), (level, is_minimum)) for at, _, level, is_minimum in nights)


def _blocks(by_day: Mapping[date, State], begin: date, *, joins: bool) -> Iterable[tuple[int, int, State]]:
    """Where each column begins, its width, its state."""
    places = [((day - begin).days, state) for day, state in sorted(by_day.items())]
    if not joins:
        return ((STEP * place, STEP, state) for place, state in places)
    runs = [list(run) for _, run in groupby(enumerate(places), key=lambda one: (one[1][0] - one[0], one[1][1]))]
    return ((STEP * run[0][1][0], STEP * len(run), run[0][1][1]) for run in runs)


def _column(x: int, width: int, height: int) -> str:
    return f"M{x} {GROUND}v-{height}h{width}v{height}z"


def level_in_words(state: State, speech: Speech) -> str:
    """`L3`, `at least L3`, or that nothing is known."""
    level, is_minimum = state
    if state == UNKNOWN:
        return speech.gettext(NOT_SEEN)
    return speech.gettext("at least %(level)s", level=f"L{level}") if is_minimum else f"L{level}"


def _said(by_day: Mapping[date, State], speech: Speech) -> str:
    counts = Counter(by_day.values())
    parts = [f"{level_in_words(state, speech)}: {speech.number(n)}" for state, n in sorted(counts.items())]
    nights = speech.ngettext("%(n)s night measured", "%(n)s nights measured", len(by_day))
    return f"{nights}: {'; '.join(parts)}."


def _stretches(by_day: Mapping[date, State], speech: Speech) -> Iterable[Stretch]:
    for state, group in groupby(sorted(by_day.items()), key=lambda one: one[1]):
        days = [day for day, _ in group]
        yield Stretch(speech.day(days[0]), speech.day(days[-1]), level_in_words(state, speech), len(days))
