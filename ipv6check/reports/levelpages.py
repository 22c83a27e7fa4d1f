"""Long lists of domains, cut: a page shows the first of each level, and pages of their own have them all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ipv6check.reports.links import Link
from ipv6check.reports.standing import Group

MOST_HERE: Final = 100
"""Domains of a level that stand on the overview or on an agency's page."""

ON_A_PAGE: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPage:
    """One page of a level's domains: `above` is the page that they are cut from. `before` and `after` are "" at the ends."""

    page: str
    above: Link
    group: Group
    number: int
    of: int
    before: str
    after: str


def cut(groups: Iterable[Group], above: Link, base: str) -> tuple[tuple[Group, ...], list[LevelPage]]:
    """The groups with as many rows as a page shows, and the pages of what is longer; `base` begins their addresses."""
    short, pages = [], []
    for group in groups:
        own = list(_pages(group, above, base)) if len(group.rows) > MOST_HERE else []
        pages += own
        short.append(replace(group, rows=group.rows[:MOST_HERE], whole=own[0].page) if own else group)
    return tuple(short), pages


def _pages(group: Group, above: Link, base: str) -> Iterable[LevelPage]:
    parts = [group.rows[start : start + ON_A_PAGE] for start in range(0, len(group.rows), ON_A_PAGE)]
    names = [f"{base}{group.badge.key}{f'-{n}' if n > 1 else ''}.html" for n in range(1, len(parts) + 1)]
    for index, rows in enumerate(parts):
        yield LevelPage(
            page=names[index],
            above=above,
            group=replace(group, rows=rows),
            number=index + 1,
            of=len(parts),
            before=_at(names, index - 1),
            after=_at(names, index + 1),
        )


def _at(names: Sequence[str], index: int) -> str:
    return names[index] if 0 <= index < len(names) else ""
