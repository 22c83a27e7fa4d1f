"""Charts as geometry, in percent of the width they get: nothing but numbers, so that text beside them keeps its size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ROOM_FOR_NAME: Final = 7.0
ROOM_FOR_COUNT: Final = 16.0
"""Percent of the width that a segment needs to hold its name, or its name and count, also on a small screen."""

SMALLEST: Final = 1.5
"""Percent: what is there at all is never too thin to be seen."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a stacked bar. `x`, `middle` and `width` are percent of the whole."""

    key: str
    name: str
    count: int
    x: str
    middle: str
    width: str
    shows_name: bool
    shows_count: bool


def stacked(parts: Sequence[tuple[str, str, int]]) -> tuple[Segment, ...]:
    """Lay (key, name, count) side by side; what counts nothing is left out."""
    there = [part for part in parts if part[2]]
    total = sum(count for *_, count in there)
    widths = _at_least([100 * count / total for *_, count in there], SMALLEST)
    segments, x = [], 0.0
    for (key, name, count), width in zip(there, widths, strict=True):
        lengths = (percent(x), percent(x + width / 2), percent(width))
        segments.append(Segment(key, name, count, *lengths, width >= ROOM_FOR_NAME, width >= ROOM_FOR_COUNT))
        x += width
    return tuple(segments)


def _at_least(widths: list[float], least: float) -> list[float]:
    raised = [max(width, least) for width in widths]
    return [100 * width / sum(raised) for width in raised]


def percent(number: float) -> str:
    """A length as SVG reads it."""
    return f"{min(max(number, 0.0), 100.0):.2f}%"


def bar(share: float | None) -> str:
    """The length of a bar that shows a share of one."""
    return percent(100 * (share or 0.0))
