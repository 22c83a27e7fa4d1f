"""The zones of the lab, from the root to every agency, as files."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import dns.zone

from tests.interop.lab_country import Host, World, Zone, file_name
from tests.interop.lab_signing import TTL, add_keys, ds_lines, make_keys, sign

SERIAL: Final = 2026112101
SOA: Final = "{primary} hostmaster.{primary} {serial} 3600 600 86400 5"


def write_zones(world: World, directory: Path) -> None:
    """Sign every zone and write it to `<name>.zone` (`root.zone`); the root's DS goes to `root.ds`, hints to `root.hints`."""
    directory.mkdir(parents=True, exist_ok=True)
    for zone in world.zones.values():
        if zone.signing().ds or zone.signing().is_signed:
            zone.keys = make_keys(zone.signing())
    below: defaultdict[str, list[Zone]] = defaultdict(list)
    for zone in world.zones.values():
        if zone.name != ".":
            below[world.zone_above(zone.name).name].append(zone)
    for zone in world.zones.values():
        for group in ("", *zone.at):
            (directory / file_name(zone, group)).write_text(_written(zone, group, below[zone.name], world))
    root = world.zones["."]
    (directory / "root.ds").write_text(f". {TTL} IN DS {ds_lines(root.origin, root.signing(), root.keys)[0]}\n")
    hints = [f". {TTL} IN NS {name}." for name in root.ns]
    hints += [_with_ttl(record) for name in root.ns for record in _glue_of(world.hosts[name], world)]
    (directory / "root.hints").write_text("\n".join(hints) + "\n")


def _written(zone: Zone, group: str, children: Sequence[Zone], world: World) -> str:
    signing, other = zone.signing(group), zone.at.get(group, {})
    text = "\n".join(_text(zone, other, children, world))
    for old, new in other.get("swap", ()):
        assert old in text, f"{zone.name} has no {old}"
        text = text.replace(old, new)
    made = dns.zone.from_text(text, origin=zone.origin, relativize=False, check_origin=False)
    if zone.keys is not None:
        add_keys(made, signing, zone.keys)
        if signing.is_signed:
            sign(made, signing, zone.keys)
    return "\n".join([made.to_text(want_origin=True, relativize=False), *zone.raw, ""])


def _text(zone: Zone, other: Mapping[str, Any], children: Sequence[Zone], world: World) -> Iterator[str]:
    """The zone as a file, before it is signed: its own records and the delegations out of it."""
    yield f"@ {TTL} SOA {SOA.format(primary=zone.ns[0] + '.', serial=other.get('serial', SERIAL))}"
    yield from (f"@ {TTL} NS {name}." for name in other.get("ns", zone.ns))
    yield from map(_with_ttl, zone.lines)
    for child in children:
        yield from (f"{child.name}. {TTL} NS {name}." for name in child.parent_ns or child.ns)
        if child.keys is not None:
            yield from (f"{child.name}. {TTL} DS {ds}" for ds in ds_lines(child.origin, child.signing(), child.keys))
        yield from (_with_ttl(record) for record in _glue(child, zone, world))


def _glue(child: Zone, parent: Zone, world: World) -> Iterator[str]:
    """The addresses of the child's servers that lie in the child; the root gives those of every top-level zone."""
    for name in child.parent_ns or child.ns:
        if _is_in(name, child.name) or (parent.name == "." and name in world.hosts):
            yield from _glue_of(world.hosts[name], world)


def _glue_of(host: Host, world: World) -> list[str]:
    return world.records(host, host.says if host.glue is None else host.glue)


def _is_in(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _with_ttl(line: str) -> str:
    owner, rest = line.split(" ", 1)
    return f"{owner} {rest}" if rest[0].isdigit() else f"{owner} {TTL} {rest}"
