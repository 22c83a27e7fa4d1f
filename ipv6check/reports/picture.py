"""The way from the root to a name as a picture: boxes below one another, so that it is as readable on a telephone and on paper.

Heights are pixels; widths are left to the page, so that text keeps its size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from ipv6check.reports.delegation import Delegation, Mark, Server, Zone

PADDING: Final = 12
TITLE: Final = 20
LINE: Final = 18
SERVER: Final = 44
LINK: Final = 46
TEXT_SHIFT: Final = 4
"""From the middle of a line down to where its text stands."""

WIDTH: Final = 40
WIDTH_OF_END: Final = 27
"""Characters that fit into a line on the narrowest screen; the end stands in bold beside a mark."""

LONGEST_NAME: Final = 36


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of text and where it stands."""

    text: str
    y: int


@dataclass(frozen=True, slots=True)
class Row:
    """A server: its name, and the line of its two marks."""

    host: Line
    v6: Mark
    v4: Mark
    y: int


@dataclass(frozen=True, slots=True)
class Box:
    """A zone. `seal_y` is the middle of the link above it, None at the top."""

    zone: Zone
    y: int
    height: int
    name: Line
    rows: tuple[Row, ...]
    more_y: int
    reasons: tuple[Line, ...]
    seal_y: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """The boxes from the top, and the end of the way."""

    delegation: Delegation
    boxes: tuple[Box, ...]
    end: tuple[Line, ...]
    height: int


def picture(delegation: Delegation) -> Picture:
    """Lay the zones below one another."""
    boxes: list[Box] = []
    y = 1
    for zone in delegation.zones:
        box = _box(zone, y + (LINK if boxes else 0), is_first=not boxes)
        boxes.append(box)
        y = box.y + box.height
    end, y = _lines(wrap(delegation.end.text, WIDTH_OF_END), y + PADDING)
    return Picture(delegation, tuple(boxes), end, y + PADDING)


def _box(zone: Zone, y: int, *, is_first: bool) -> Box:
    inside = y + PADDING + TITLE
    rows = tuple(_row(server, inside + number * SERVER) for number, server in enumerate(zone.servers))
    more_y = inside + len(rows) * SERVER + LINE // 2 + TEXT_SHIFT
    inside += len(rows) * SERVER + (LINE if zone.more else 0)
    reasons, inside = _lines([line for reason in zone.reasons for line in wrap(reason, WIDTH)], inside)
    return Box(
        zone=zone,
        y=y,
        height=inside + PADDING // 2 - y,
        name=Line(_cut(zone.name), y + PADDING + TITLE // 2),
        rows=rows,
        more_y=more_y,
        reasons=reasons,
        seal_y=None if is_first else y - LINK // 2,
    )


def _row(server: Server, y: int) -> Row:
    return Row(Line(_cut(server.host), y + LINE // 2 + TEXT_SHIFT), server.v6, server.v4, y + LINE + LINE // 2 + 2)


def _lines(texts: Sequence[str], y: int) -> tuple[tuple[Line, ...], int]:
    lines = tuple(Line(text, y + number * LINE + LINE // 2 + TEXT_SHIFT) for number, text in enumerate(texts))
    return lines, y + len(texts) * LINE


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
