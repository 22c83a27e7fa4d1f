"""Who lives in the lab: hosts and zones of `world.toml`, and what the rows of `rows.toml` put into them."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import dns.name

from tests.interop.lab_addresses import hidden, letters, of_host, of_row
from tests.interop.rows import HERE, Row

DEFAULT_NS: Final = ("ns1.mekong.net.vn", "ns2.mekong.net.vn")
FIRST_CANARY: Final = 100


@dataclass(frozen=True)
class Host:
    """A host of the world: a name server of a group, or a canary. `at` are its addresses by family."""

    name: str
    number: int
    at: Mapping[int, str]
    group: str = ""
    wire6: str = ""
    twists: Mapping[int, str] = field(default_factory=dict)

    @property
    def records(self) -> list[str]:
        """The address records of the host."""
        return [f"{self.name}. {'A' if family == 4 else 'AAAA'} {address}" for family, address in self.at.items()]


@dataclass
class Zone:
    """One zone: its servers, the lines in it, and how it is signed."""

    name: str
    ns: Sequence[str]
    state: str = "signed"
    algorithm: str = "ECDSAP256SHA256"
    lines: list[str] = field(default_factory=list)
    key: Any = None
    dnskey: Any = None

    @property
    def origin(self) -> dns.name.Name:
        """The apex."""
        return dns.name.from_text(self.name)

    @property
    def has_ds(self) -> bool:
        """Whether the parent says that it is signed."""
        return self.state != "unsigned"


@dataclass(frozen=True)
class World:
    """Hosts and zones of the lab; which groups serve which zones."""

    hosts: Mapping[str, Host]
    zones: Mapping[str, Zone]
    groups: Mapping[str, Mapping[str, Any]]
    canaries: tuple[Host, ...]

    def zones_of(self, group: str) -> list[Zone]:
        """The zones that a group serves: those named, and for `*` all that no group names."""
        named = {zone for other in self.groups.values() for zone in other["zones"]}
        own = self.groups[group]["zones"]
        return [zone for name, zone in self.zones.items() if name in own or ("*" in own and name not in named)]

    def zone_above(self, name: str) -> Zone:
        """The closest zone that encloses a name, and is not the name itself."""
        return self.zones[_closest(name, [zone for zone in self.zones if zone != name])]


def build_world(rows: Sequence[Row], forbidden: Mapping[str, Sequence[str]]) -> World:
    """Join the world and the rows; `forbidden` are further lines by zone."""
    document = tomllib.loads((HERE / "world.toml").read_text(encoding="utf-8"))
    hosts = {data["name"]: _host(number, data) for number, data in enumerate(document["host"])}
    canaries = tuple(_host(FIRST_CANARY + number, data) for number, data in enumerate(document["canary"]))
    zones = {data["name"]: _zone_of_world(data) for data in document["zone"]}
    for row in rows:
        if row.get("zone"):
            own = _own_hosts(row)
            hosts.update((host.name, host) for host in own)
            ns = [host.name for host in own] or row.get("ns", DEFAULT_NS)
            zones[row.domain] = Zone(row.domain, ns, row.get("zone"), row.get("algorithm", Zone.algorithm))
    world = World(hosts, zones, {group["name"]: group for group in document["group"]}, canaries)
    _fill(world, rows, forbidden)
    return world


def file_name(zone: str) -> str:
    """The file of a zone."""
    return f"{'root' if zone == '.' else zone}.zone"


def _host(number: int, data: Mapping[str, Any]) -> Host:
    both = dict(zip((4, 6), of_host(number), strict=True))
    at = {family: both[family] for family in data.get("families", (4, 6))}
    twists = {family: data[key] for family, key in ((4, "twist4"), (6, "twist6")) if key in data}
    return Host(data["name"], number, at, data.get("group", ""), data.get("wire6", ""), twists)


def _zone_of_world(data: Mapping[str, Any]) -> Zone:
    return Zone(data["name"], data["ns"], data.get("state", "signed"), lines=list(data.get("records", [])))


def _own_hosts(row: Row) -> list[Host]:
    """The name servers that a row has inside its own zone: `@group` in its `ns`."""
    groups = [name[1:] for name in row.get("ns", ()) if name.startswith("@")]
    return [
        Host(
            f"ns{number}.{row.domain}",
            number,
            {4: of_row(row.number, f"n4{letter}"), 6: of_row(row.number, f"n6{letter}")},
            group,
        )
        for number, (group, letter) in enumerate(zip(groups, letters(len(groups)), strict=True), 1)
    ]


def _fill(world: World, rows: Sequence[Row], forbidden: Mapping[str, Sequence[str]]) -> None:
    for host in [*world.hosts.values(), *world.canaries]:
        world.zones[_closest(host.name, world.zones)].lines.extend(host.records)
    for row in rows:
        world.zones[_closest(row.domain, world.zones)].lines.extend(_lines_of(row))
        for zone, lines in row.get("elsewhere", {}).items():
            world.zones[zone].lines.extend(row.filled(line) for line in lines)
    for row, other in shared_lines(rows):
        for name in (f"{row.domain}.", f"www.{row.domain}."):
            world.zones[_closest(row.domain, world.zones)].lines.extend(
                _addresses(name, other.addresses("a"), other.addresses("aaaa"))
            )
    for zone, more in forbidden.items():
        world.zones[zone].lines.extend(more)


def _lines_of(row: Row) -> Iterator[str]:
    yield from row.get("records", ())
    if row.get("shares"):
        return
    listed = f"{row.domain}."
    if row.get("cname"):
        yield f"{listed} CNAME {row.get('cname')}"
    owner = listed
    for link in range(1, row.get("chain", 0) + 1):
        following = f"mat{link}-{listed}"
        yield f"{owner} CNAME {following}"
        owner = following
    if not row.get("cname"):
        yield from _addresses(owner, row.addresses("a"), row.addresses("aaaa"))
    match row.get("www", "same"):
        case "none":
            return
        case "same":
            yield from _addresses(f"www.{listed}", row.addresses("a"), row.addresses("aaaa"))
        case {"cname": target}:
            yield f"www.{listed} CNAME {target}"
        case {"a": a, "aaaa": aaaa}:
            yield from _addresses(f"www.{listed}", map(row.address, a), map(row.address, aaaa))


def _addresses(owner: str, a: Iterable[str], aaaa: Iterable[str]) -> Iterator[str]:
    yield from (f"{owner} A {address}" for address in a)
    yield from (f"{owner} AAAA {address}" for address in aaaa)


def shared_lines(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """The rows that stand on the addresses of another row, with that row."""
    by_domain = {row.domain: row for row in rows}
    for row in rows:
        if row.get("shares"):
            yield row, by_domain[row.get("shares")]


def _closest(name: str, zones: Iterable[str]) -> str:
    candidates = [zone for zone in zones if zone == "." or name == zone or name.endswith(f".{zone}")]
    return max(candidates, key=lambda zone: 0 if zone == "." else zone.count(".") + 1)


def upstream_of(host: Host, world: World) -> str:
    """The hidden address at which a stub in front of this host's group asks it."""
    return hidden(sorted(world.groups).index(host.group) + 1)
