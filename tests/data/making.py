"""Small sources and tables for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipv6check.data import KINDS, Kind, Shelf, Source, Tables, Updated, update
from ipv6check.data.reading import Reading

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BY_NAME = {kind.name: kind for kind in KINDS}


def source(content: str | bytes, name: str = "file", modified: datetime | None = NOW, step: int = 7) -> Source:
    """A source that comes in small pieces."""
    raw = content.encode() if isinstance(content, str) else content
    return Source(name=name, pieces=[raw[at : at + step] for at in range(0, len(raw), step)], modified=modified)


def put(
    directory: Path, name: str, *contents: str | bytes, now: datetime = NOW, is_forced: bool = True, kind: Kind | None = None
) -> Updated:
    """Make a table of some contents."""
    sources = [source(content, f"{name}-{number}", now) for number, content in enumerate(contents)]
    return update(kind or BY_NAME[name], sources, Shelf(directory), now, is_forced=is_forced)


def tables(directory: Path, contents: Mapping[str, Sequence[str | bytes] | str | bytes], now: datetime = NOW) -> Tables:
    """Tables of some contents, opened."""
    for name, given in contents.items():
        put(directory, name, *([given] if isinstance(given, (str, bytes)) else given), now=now)
    return Tables(directory, now)


def read(name: str, content: str | bytes) -> Reading:
    """Read one source for a table and return what was counted."""
    reading = Reading(source(content))
    BY_NAME[name].maker().read(reading)
    return reading
