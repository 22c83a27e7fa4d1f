"""Making a table anew: read the sources, verify what came out against what was there, and put it in place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from ipv6check.data.kinds import Kind
from ipv6check.data.made import Made
from ipv6check.data.packed import pack
from ipv6check.data.reading import Reading, Source, TableError
from ipv6check.data.shelf import Absent, Damaged, Manifest, Part, Shelf

LEAST_SHARE: Final = 0.5
"""Of the entries that a part of the last table had. A new one with less is refused: more likely cut off than true."""

MOST_BOGUS: Final = 0.05
"""Share of entries that cannot be read, above which the source is not what it is taken for."""

MOST_AHEAD: Final = timedelta(days=1)
"""How far ahead of our clock a source may be dated: registries date by the end of their day."""


@dataclass(frozen=True, slots=True)
class Updated:
    """A table that is now in force, and bogus entries worth showing."""

    manifest: Manifest
    examples: tuple[str, ...] = ()


def update(kind: Kind, sources: Sequence[Source], shelf: Shelf, now: datetime, *, is_forced: bool = False) -> Updated:
    """Make a table from all its sources and put it in place; `is_forced` puts doubts aside, never what cannot be read.

    Raises TableError when it was refused, and OSError when it cannot be written.
    """
    maker = kind.maker()
    readings = [Reading(source) for source in sources]
    for reading in readings:
        maker.read(reading)
        if not reading.entries:
            raise TableError(f"{reading.name}: nothing in it can be used for the table {kind.name}{_for_example(reading)}")
    made = maker.make()
    parts = tuple(_part(reading, now) for reading in readings)
    if not is_forced and (doubt := next(_doubts(kind, made, parts, readings, shelf, now), None)):
        raise TableError(f"{doubt}; if that is meant, force it")
    content = pack(made.columns)
    manifest = Manifest(
        name=kind.name,
        date=min(part.date for part in parts),
        entries=made.entries,
        counts=dict(made.counts),
        sha256=sha256(content).hexdigest(),
        size=len(content),
        imported_at=now,
        sources=parts,
    )
    shelf.put(manifest, content)
    return Updated(manifest, tuple(example for reading in readings for example in reading.examples))


def _part(reading: Reading, now: datetime) -> Part:
    """Date a source: by itself, else by when it was last modified, else by now."""
    dated_by: Literal["itself", "modification", "import"] = "itself" if reading.date else "import"
    if not reading.date and reading.modified:
        dated_by = "modification"
    return Part(
        source=reading.name,
        sha256=reading.digest,
        date=(reading.date or reading.modified or now).astimezone(UTC),
        dated_by=dated_by,
        entries=reading.entries,
        bogus=reading.bogus,
        left_out=reading.left_out,
    )


def _doubts(
    kind: Kind, made: Made, parts: Sequence[Part], readings: Sequence[Reading], shelf: Shelf, now: datetime
) -> Iterator[str]:
    """What speaks against a new table."""
    for part, reading in zip(parts, readings, strict=True):
        if part.bogus > MOST_BOGUS * (part.entries + part.bogus):
            yield f"{part.source}: {part.bogus:,} of {part.entries + part.bogus:,} cannot be read{_for_example(reading)}"
        if reading.announced and part.entries + part.bogus < LEAST_SHARE * reading.announced:
            yield f"{part.source}: {part.entries:,} records, while its first line says {reading.announced:,}"
        if part.date > now + MOST_AHEAD:
            yield f"{part.source}: dated in the future ({part.date:%Y-%m-%d %H:%M} UTC)"
    for name, fewest in kind.fewest.items():
        if made.counts.get(name, 0) < fewest:
            yield f"{kind.name}: only {made.counts.get(name, 0):,} entries for {name}, at least {fewest:,} are expected"
    try:
        last = shelf.manifest(kind.name)
    except (Absent, Damaged):
        return
    if (date := min(part.date for part in parts)) < last.date:
        yield f"{kind.name}: of {date:%Y-%m-%d %H:%M}, older than the table in force ({last.date:%Y-%m-%d %H:%M} UTC)"
    yield from _shrunken(kind.name, made.counts, last.counts)


def _shrunken(table: str, new: Mapping[str, int], last: Mapping[str, int]) -> Iterator[str]:
    for name, before in last.items():
        if new.get(name, 0) < LEAST_SHARE * before:
            yield f"{table}: {new.get(name, 0):,} entries for {name} in place of {before:,}"


def _for_example(reading: Reading) -> str:
    return f", for example {reading.examples[0]}" if reading.examples else ""
