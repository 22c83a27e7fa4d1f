"""Who lives in the lab: hosts and zones of a world, and what the rows of a table put into them."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import dns.name
import dns.reversename

from tests.interop.lab_addresses import hidden, letters, of_host, of_row
from tests.interop.lab_signing import STATES, Signing
from tests.interop.rows import HERE, Row

DEFAULT_NS: Final = ("ns1.mekong.net.vn", "ns2.mekong.net.vn")
FIRST_CANARY: Final = 100


@dataclass(frozen=True)
class Host:
    """A host of the world: a name server of a group, or a canary. `at` are its addresses by family, `group6` who answers at
    that of IPv6 when it is not `group`; `says` are the addresses that its own zone gives it and `glue` those of the parent
    (tokens 4 and 6 for its own, else an address or the name of another host, whose IPv6 address is meant)."""

    name: str
    number: int
    at: Mapping[int, str]
    group: str = ""
    group6: str = ""
    wire: Mapping[str, str] = field(default_factory=dict)
    twists: Mapping[int, str] = field(default_factory=dict)
    says: Sequence[str] | None = None
    glue: Sequence[str] | None = None
    route: str = "own"

    def group_of(self, family: int) -> str:
        """The process behind one of its addresses."""
        return (family == 6 and self.group6) or self.group

    def is_open(self, family: int) -> bool:
        """Whether questions over UDP arrive."""
        return not {f"{family}", f"{family}:udp"} & set(self.wire)


@dataclass
class Zone:
    """One zone: its servers, the lines in it, and how it is signed. `at` tells what is otherwise at one group of servers,
    `parent_ns` what the parent says of its servers; `raw` is added as it is, after signing."""

    name: str
    ns: Sequence[str]
    state: str = "signed"
    sign: Mapping[str, Any] = field(default_factory=dict)
    parent_ns: Sequence[str] = ()
    at: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    raw: Sequence[str] = ()
    lines: list[str] = field(default_factory=list)
    keys: Any = None

    @property
    def origin(self) -> dns.name.Name:
        """The apex."""
        return dns.name.from_text(self.name)

    def signing(self, group: str = "") -> Signing:
        """How it is signed, at one group of servers."""
        return Signing(**{**STATES[self.state], **self.sign, **self.at.get(group, {}).get("sign", {})})


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

    def records(self, host: Host, addresses: Sequence[str] | None) -> list[str]:
        """The address records of a host: its own addresses, or these."""
        own = [*host.at.values()] if addresses is None else [self._address(host, one) for one in addresses]
        return [f"{host.name}. {'AAAA' if ':' in address else 'A'} {address}" for address in own]

    def _address(self, host: Host, one: str) -> str:
        if one in {"4", "6"}:
            return host.at[int(one)]
        return self.hosts[one].at[6] if one in self.hosts else one


def build_world(rows: Sequence[Row], file: str, further: Mapping[str, Sequence[str]]) -> World:
    """Join a world and the rows; `further` are lines by zone."""
    document = tomllib.loads((HERE / file).read_text(encoding="utf-8"))
    hosts = {data["name"]: made_host(number, data) for number, data in enumerate(document["host"])}
    canaries = tuple(made_host(FIRST_CANARY + number, data) for number, data in enumerate(document["canary"]))
    zones = {data["name"]: _zone_of_world(data) for data in document["zone"]}
    for row in rows:
        if row.get("zone"):
            own = _own_hosts(row)
            hosts.update((host.name, host) for host in own)
            names = iter(own)
            ns = [next(names).name if _is_own(entry) else entry for entry in row.get("ns", DEFAULT_NS)]
            zones[row.domain] = _zone_of_row(row, ns)
    world = World(hosts, zones, {group["name"]: group for group in document["group"]}, canaries)
    _fill(world, rows, further)
    return world


def file_name(zone: Zone, group: str = "") -> str:
    """The file of a zone, as one group of servers has it."""
    return f"{'root' if zone.name == '.' else zone.name}{f'@{group}' if group in zone.at else ''}.zone"


def made_host(number: int, data: Mapping[str, Any]) -> Host:
    """A host as a world tells of it."""
    return _made(data["name"], number, dict(zip((4, 6), of_host(number), strict=True)), data)


def _made(name: str, number: int, both: Mapping[int, str], data: Mapping[str, Any]) -> Host:
    same = {key: data[key] for key in ("group", "group6", "wire", "says", "glue", "route") if key in data}
    at = {family: both[family] for family in data.get("families", (4, 6))}
    twists = {family: data[key] for family, key in ((4, "twist4"), (6, "twist6")) if key in data}
    return Host(name, number, at, twists=twists, **same)


def _zone_of_world(data: Mapping[str, Any]) -> Zone:
    same = {key: data[key] for key in ("sign", "parent_ns", "at", "raw") if key in data}
    return Zone(data["name"], data["ns"], data.get("state", "signed"), lines=list(data.get("records", [])), **same)


def _zone_of_row(row: Row, ns: Sequence[str]) -> Zone:
    sign = {"algorithm": row.get("algorithm")} if row.get("algorithm") else {}
    return Zone(
        row.domain,
        ns,
        row.get("zone"),
        sign | row.get("sign", {}),
        row.get("parent_ns", ()),
        _filled(row, row.get("at", {})),
        [row.filled(line) for line in row.get("raw", ())],
    )


def _filled(row: Row, at: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """What is otherwise somewhere, with the row's addresses in the places of <4> and <6>."""
    return {
        group: {**other, "swap": [[row.filled(text) for text in pair] for pair in other.get("swap", ())]}
        for group, other in at.items()
    }


def _is_own(entry: Any) -> bool:
    return isinstance(entry, dict) or entry.startswith("@")


def _own_hosts(row: Row) -> list[Host]:
    """The name servers that a row has inside its own zone: `@group` in its `ns`, or a table as of a host of the world."""
    entries = [entry if isinstance(entry, dict) else {"group": entry[1:]} for entry in row.get("ns", ()) if _is_own(entry)]
    return [
        _made(
            f"ns{number}.{row.domain}",
            number,
            {4: of_row(row.number, f"n4{letter}"), 6: of_row(row.number, f"n6{letter}")},
            entry,
        )
        for number, (entry, letter) in enumerate(zip(entries, letters(len(entries)), strict=True), 1)
    ]


def _fill(world: World, rows: Sequence[Row], further: Mapping[str, Sequence[str]]) -> None:
    for host in [*world.hosts.values(), *world.canaries]:
        world.zones[_closest(host.name, world.zones)].lines.extend(world.records(host, host.says))
        _add_reverse_names(world, host.at.values(), host.name)
    for row in rows:
        ttl = row.get("ttl")
        lines = [
            line.replace(" A ", f" {ttl} A ").replace(" AAAA ", f" {ttl} AAAA ") if ttl else line for line in _lines_of(row)
        ]
        world.zones[_closest(row.domain, world.zones)].lines.extend(lines)
        for zone, others in row.get("elsewhere", {}).items():
            world.zones[zone].lines.extend(row.filled(line) for line in others)
        _add_reverse_names(world, [*row.addresses("a"), *row.addresses("aaaa")], row.get("ptr", row.domain))
    for row, other in shared_lines(rows):
        for name in (f"{row.domain}.", f"www.{row.domain}."):
            world.zones[_closest(row.domain, world.zones)].lines.extend(
                _addresses(name, other.addresses("a"), other.addresses("aaaa"))
            )
    for zone, more in further.items():
        world.zones[zone].lines.extend(more)


def _add_reverse_names(world: World, addresses: Iterable[str], name: str) -> None:
    """PTR records, where the world has the reverse zone; none for a row that has `ptr = ""`."""
    for address in addresses:
        owner = dns.reversename.from_address(address).to_text().rstrip(".")
        zone = world.zones[_closest(owner, world.zones)]
        if name and zone.name.endswith(".arpa"):
            zone.lines.append(f"{owner}. PTR {name}.")


def _lines_of(row: Row) -> Iterator[str]:
    yield from (row.filled(line) for line in row.get("records", ()))
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
