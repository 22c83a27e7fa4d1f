"""The fewest changes that lift most, in words: what to do first, who must act, and the figures after each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.reports import charts
from ipv6check.reports.cover import Cover, Step
from ipv6check.reports.language import Speech
from ipv6check.reports.links import Links
from ipv6check.reports.resources import PARTIES, change_in_words, linked
from ipv6check.rules.words import term

SIZE: Final = 1000
"""Units of the plot, both ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """Changes with who must make each. `number` counts the changes so far, `lifted` the domains that these lift."""

    number: str
    changes: tuple[tuple[str, str], ...]
    lifted: int
    places: Links
    share: str
    bar: str
    clear_bar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverView:
    """The list for one goal; `rows` begin with how things stand. `left` domains are lifted by none of the changes.

    The lines are paths in units of `SIZE`; a tick is its place in percent and the number of changes.
    """

    rows: tuple[StepRow, ...]
    left: int
    line: str
    clear_line: str
    ticks: tuple[tuple[str, int], ...]


def cover_view(cover: Cover, speech: Speech) -> CoverView:
    """Put a cover into words."""
    steps = (Step((), (), cover.reached, cover.clear), *cover.steps())
    made, rows = [0], []
    for step in steps:
        rows.append(_row(step, made[-1], cover.measured, speech))
        made.append(made[-1] + len(step.changes))
    every = max(made[-1], 1)
    return CoverView(
        rows=tuple(rows),
        left=cover.measured - steps[-1].clear,
        line=_line(made[1:], [step.reached for step in steps], cover.measured),
        clear_line=_line(made[1:], [step.clear for step in steps], cover.measured),
        ticks=tuple((f"{100 * number / every:.2f}%", number) for number in dict.fromkeys(made)),
    )


def _row(step: Step, before: int, measured: int, speech: Speech) -> StepRow:
    first, last = before + 1, before + len(step.changes)
    return StepRow(
        number=speech.number(last) if first >= last else f"{first}–{last}",
        changes=tuple((change_in_words(one, speech), term("party", PARTIES[one.kind], speech.code)) for one in step.changes),
        lifted=len(step.lifted),
        places=linked(step.lifted),
        share=_share(step, measured, speech),
        bar=charts.bar(step.reached / measured if measured else 0),
        clear_bar=charts.bar(step.clear / measured if measured else 0),
    )


def _share(step: Step, measured: int, speech: Speech) -> str:
    """`31,2%`, or `31,2–40,0%` where of some it is not known."""
    if not measured:
        return speech.share(None)
    low, high = speech.share(step.reached / measured, 1), speech.share(step.clear / measured, 1)
    return low if low == high else f"{low.removesuffix('%')}–{high}"


def _line(made: Sequence[int], counts: Sequence[int], measured: int) -> str:
    """A line that rises at each number of changes."""
    every = max(made[-1], 1)
    points = [(SIZE * x / every, SIZE * (1 - n / measured) if measured else SIZE) for x, n in zip(made, counts, strict=True)]
    return f"M0 {points[0][1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in points)
