"""Reads a world file: fills in what a healthy agency has, gives everyone addresses, and sorts records into zones.

A word that is not known raises ValueError with the entry it stands in.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.resources import files
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any, Final

from ipv6check.addressing import Address
from ipv6check.facts import family_of
from ipv6check.lab.certificates import KINDS as CERTIFICATES
from ipv6check.lab.world import PORTS, Agency, Behaviour, Block, Door, Server, Site, World, Zone, upwards
from ipv6check.model import Target

SITE_WORDS: Final = {"certificate", "key", "http", "hsts", "location", "status", "status_v6"}
HOST_WORDS: Final = SITE_WORDS | {"name", "what", "aaaa", "a", "www", "www_aaaa", "www_a", "alias", "ports", "tls"}
AGENCY_WORDS: Final = HOST_WORDS | {"domain", "kind", "services", "server_of", "zone", "ns_under", "level", "flags", "expect"}
WORLD_WORDS: Final = {"canaries", "healthy", "zone", "host", "agency"}
ZONE_WORDS: Final = {"name", "servers", "ns_under"}

DOORS: Final[tuple[Door, ...]] = ("open", "refused", "silent", "mute")
CHOICES: Final = {
    "www": ("same", "alias", "none"),
    "certificate": CERTIFICATES,
    "key": ("ec", "rsa"),
    "http": ("redirects", "serves"),
}

SERVER_KINDS: Final[Mapping[str, tuple[Behaviour | None, Behaviour]]] = {
    "good": ("answers", "answers"),
    "v4-only": (None, "answers"),
    "v6-silent": ("silent", "answers"),
    "silent": ("silent", "silent"),
    "lame": ("answers", "answers"),
    "hides-aaaa": ("hides-aaaa", "hides-aaaa"),
}
"""Kinds of name server: how each behaves by IPv6 (None: no AAAA) and by IPv4."""

OWN: Final = re.compile(r"own(\d*)")
PLACE: Final = re.compile(r"(v[46])(?:/(\d+))?(?:-(443|80))?")
FIRST_NAME_SERVER: Final = 53
"""The host number of ns1; web servers are 1, 2 ..."""

SOA: Final = "{server}. hostmaster.{zone} 2026010101 7200 900 1209600 300"

Table = Mapping[str, Any]
Records = dict[tuple[str, str], tuple[str, ...]]


def load(path: Path | None = None) -> World:
    """Load a world file; the city that comes with the package when none is given. Raises ValueError, OSError."""
    source = path if path is not None else files("ipv6check.lab").joinpath("city.toml")
    return read(source.read_text(encoding="utf-8"))


def read(text: str) -> World:
    """Read a world from the text of its file. Raises ValueError."""
    document = tomllib.loads(text)
    _check(document, WORLD_WORDS, "the world")
    reading = _Reading(document.get("healthy", {}))
    for entry in document.get("zone", ()):
        _check(entry, ZONE_WORDS, f"zone {entry.get('name')}")
        reading.zone(entry["name"], entry["servers"], entry.get("ns_under"))
    for name in document.get("canaries", ()):
        reading.host({"name": name})
    for entry in document.get("host", ()):
        _check(entry, HOST_WORDS, f"host {entry.get('name')}")
        reading.host(entry)
    for entry in document.get("agency", ()):
        _check(entry, AGENCY_WORDS, f"agency {entry.get('domain')}")
        reading.agency(entry)
    return reading.world(text, tuple(document.get("canaries", ())))


def _check(entry: Table, words: set[str], where: str) -> None:
    unknown = sorted(entry.keys() - words)
    if unknown:
        raise ValueError(f"{where}: unknown word {unknown[0]!r}")
    for word, choices in CHOICES.items():
        if word in entry and entry[word] not in choices:
            raise ValueError(f"{where}: {word} is {entry[word]!r}, not one of {', '.join(choices)}")


class _Reading:
    """What has been read so far."""

    def __init__(self, healthy: Mapping[str, str]) -> None:
        self._healthy = healthy
        self._blocks = map(Block, count(1))
        self._block_of: dict[str, Block] = {}
        self._zones: dict[str, tuple[str, ...]] = {}
        self._servers: dict[Address, Server] = {}
        self._records: Records = {}
        self._sites: list[Site] = []
        self._agencies: list[Agency] = []

    def zone(self, name: str, kinds: Iterable[str], ns_under: str | None, block: Block | None = None) -> None:
        """Add a zone and its name servers."""
        block = block or next(self._blocks)
        names = []
        for number, kind in enumerate(kinds, 1):
            if kind not in SERVER_KINDS:
                raise ValueError(f"zone {name}: unknown kind of name server {kind!r}")
            host = f"ns{number}.{ns_under or name}"
            names.append(host)
            by_v6, by_v4 = SERVER_KINDS[kind]
            place = FIRST_NAME_SERVER + number - 1
            serves = () if kind == "lame" else (name,)
            for address, behaviour in ((block.v6(place), by_v6), (block.v4(place), by_v4)):
                if behaviour is not None:
                    self._servers[address] = Server(host, address, serves, behaviour)
                    self._add(host, _type_of(address), str(address))
        self._zones[name] = tuple(names)

    def host(self, entry: Table) -> None:
        """Add a host that is no agency's."""
        self._site(entry["name"], {"www": "none", **entry}, next(self._blocks))

    def agency(self, entry: Table) -> None:
        """Add an agency with its site and, where it has one, its zone."""
        domain = entry["domain"]
        block = self._block_of[entry["server_of"]] if "server_of" in entry else next(self._blocks)
        self._block_of[domain] = block
        if "zone" in entry:
            self.zone(domain, entry["zone"], entry.get("ns_under"), block)
        self._site(domain, entry, block)
        services = tuple(entry.get("services", ("portal",)))
        self._agencies.append(
            Agency(
                target=Target(domain=domain, agency=entry["name"], kind=entry["kind"], services=services),
                what=entry["what"],
                level=entry["level"],
                flags=tuple(entry.get("flags", ())),
                expect=self._expected(domain, entry.get("expect", {})),
            )
        )

    def world(self, text: str, canaries: tuple[str, ...]) -> World:
        """Put it all together."""
        return World(
            text=text,
            zones=self._sorted_zones(),
            servers=self._servers,
            sites=tuple(self._sites),
            agencies=tuple(self._agencies),
            canaries=canaries,
        )

    def _expected(self, domain: str, expect: Mapping[str, str]) -> dict[str, str]:
        """What the catalogue says of every check: as of a healthy agency, then by family, then by id."""
        expected = dict(self._healthy)
        families = {id_.partition("-")[0] for id_ in expected}
        if unknown := sorted(expect.keys() - families - expected.keys()):
            raise ValueError(f"agency {domain}: nothing is said of a healthy agency's {unknown[0]}")
        for word, outcome in sorted(expect.items(), key=lambda item: "-" in item[0]):
            expected.update({id_: outcome for id_ in expected if word in {id_, id_.partition("-")[0]}})
        return expected

    def _site(self, name: str, entry: Table, block: Block) -> None:
        """Add a web site: its records, and the ports of the addresses that are its own."""
        www, listed = f"www.{name}", {"aaaa": entry.get("aaaa", ["own"]), "a": entry.get("a", ["own"])}
        published = [(name, listed)] if "alias" not in entry else []
        if "alias" in entry:
            self._add(name, "CNAME", entry["alias"] + ".")
        match entry.get("www", "same"):
            case "same":
                published.append((www, {key: entry.get(f"www_{key}", listed[key]) for key in listed}))
            case "alias":
                self._add(www, "CNAME", name + ".")
        servers: dict[Address, int] = {}
        for owner, texts in published:
            for rdtype in ("aaaa", "a"):
                for text in texts[rdtype]:
                    address, number = _address(text, rdtype, block)
                    self._add(owner, rdtype.upper(), str(address))
                    if number is not None:
                        servers[address] = number
        names = (name,) if entry.get("www") == "none" else (name, www)
        settings = {word: entry[word] for word in SITE_WORDS & entry.keys()}
        lowest, highest = entry.get("tls", ("1.2", "1.3"))
        doors = _doors(servers, entry.get("ports", {}), name)
        self._sites.append(Site(names=names, doors=doors, tls=(lowest, highest), **settings))

    def _add(self, owner: str, rdtype: str, rdata: str) -> None:
        self._records[owner, rdtype] = (*self._records.get((owner, rdtype), ()), rdata)

    def _sorted_zones(self) -> dict[str, Zone]:
        """Every record in the closest zone above it, with the SOA and NS records that make a zone."""
        records: dict[str, Records] = defaultdict(dict)
        names: dict[str, set[str]] = defaultdict(set)
        for (owner, rdtype), rdata in self._records.items():
            zone = self._closest(upwards(owner))
            records[zone][owner, rdtype] = rdata
            names[zone].update(upwards(owner, zone))
        for name, servers in self._zones.items():
            records[name][name, "SOA"] = (SOA.format(server=servers[0], zone="" if name == "." else name + "."),)
            records[name][name, "NS"] = tuple(server + "." for server in servers)
            names[name].add(name)
            if name != ".":
                parent = self._closest(upwards(name)[1:])
                names[parent].update(upwards(name, parent))
        return {name: Zone(name, self._zones[name], records[name], frozenset(names[name])) for name in self._zones}

    def _closest(self, names: Iterable[str]) -> str:
        """The first of these names that is a zone."""
        for name in names:
            if name in self._zones:
                return name
        raise ValueError("the world: there is no root zone")


def _type_of(address: Address) -> str:
    return "AAAA" if family_of(address) == 6 else "A"


def _address(text: str, rdtype: str, block: Block) -> tuple[Address, int | None]:
    """An address of a record, and its number when it is one of the owner's own servers."""
    own = OWN.fullmatch(text)
    if own is None:
        return ip_address(text), None
    number = int(own.group(1) or 1)
    return (block.v6 if rdtype == "aaaa" else block.v4)(number), number


def _doors(servers: Mapping[Address, int], ports: Mapping[str, Door], name: str) -> dict[tuple[Address, int], Door]:
    """The ports of all own servers, open unless `ports` says otherwise."""
    doors: dict[tuple[Address, int], Door] = {(address, port): "open" for address in servers for port in PORTS}
    for key, door in ports.items():
        place = PLACE.fullmatch(key)
        if place is None or door not in DOORS:
            raise ValueError(f"{name}: ports: {key} = {door!r} is not understood")
        family, number, port = place.groups()
        for address, own in servers.items():
            if f"v{address.version}" == family and number in {None, str(own)}:
                doors.update({(address, p): door for p in PORTS if port in {None, str(p)}})
    return doors
