"""The share of domains that pass a check, day by day: a line that breaks where nothing could be judged, and words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from ipv6check.reports.history import share_of
from ipv6check.reports.language import Speech
from ipv6check.reports.nights import FEWEST_DAYS
from ipv6check.reports.past import STRIP_DAYS, Counted, day_of

STEP: Final = 8
HEIGHT: Final = 100
"""Units of the picture: from day to day, and from none to all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Up to ninety days to the newest: `line` and `dots` (days that stand alone) are paths, `said` is the same in words."""

    width: int
    line: str
    dots: str
    begin: str
    end: str
    newest: str
    said: str


def curve(nights: Iterable[Counted], last: date, speech: Speech) -> Curve | None:
    """Draw the nights of a check, the oldest first, up to a day; None where no night could be judged."""
    shares = {day_of(at): share_of(counts) for at, counts in nights}
    shown = [(day, share) for day, share in sorted(shares.items()) if last - timedelta(days=STRIP_DAYS) < day <= last]
    known = [(day, share) for day, share in shown if share is not None]
    if not known:
        return None
    begin = min(known[0][0], last - timedelta(days=FEWEST_DAYS - 1))

    def at(day: date, share: float | None) -> str:
        return f"{STEP * (day - begin).days + STEP / 2:g} {HEIGHT * (1 - (share or 0.0)):.1f}"

    runs = [list(run) for is_known, run in groupby(shown, key=lambda one: one[1] is not None) if is_known]
    return Curve(
        width=STEP * ((last - begin).days + 1),
        line="".join("M" + "L".join(at(*one) for one in run) for run in runs if len(run) > 1),
        dots="".join(f"M{at(*run[0])}h.1" for run in runs if len(run) == 1),
        begin=speech.day(begin),
        end=speech.day(last),
        newest=speech.share(known[-1][1], 1),
        said=_said(known, speech),
    )


def _said(known: list[tuple[date, float]], speech: Speech) -> str:
    """From the first day to the newest, with the lowest and the highest between."""
    (first_day, first), (last_day, newest) = known[0], known[-1]
    said = {"begin": speech.day(first_day), "end": speech.day(last_day)}
    if len(known) == 1:
        return speech.gettext("%(share)s on %(end)s", share=speech.share(newest, 1), **said)
    lowest, highest = (speech.share(pick(share for _, share in known), 1) for pick in (min, max))
    return speech.gettext(
        "%(first)s on %(begin)s, %(newest)s on %(end)s; lowest %(lowest)s, highest %(highest)s",
        first=speech.share(first, 1),
        newest=speech.share(newest, 1),
        lowest=lowest,
        highest=highest,
        **said,
    )
