"""Reads a world file: fills in what a healthy agency has, gives everyone addresses, and sorts records into zones.

A word that is not known raises ValueError with the entry it stands in.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any, Final, get_args

from ipv6check.addressing import Address
from ipv6check.facts import FAMILIES
from ipv6check.lab.certificates import KINDS as CERTIFICATES
from ipv6check.lab.places import address_of, doors_of, record_of
from ipv6check.lab.serverwords import Described, described
from ipv6check.lab.world import SERIAL, Agency, Block, Holding, Provider, Route, Server, Site, World, Zone, upwards
from ipv6check.model import Target
from ipv6check.targets import agencies, remarks

SITE_WORDS: Final = {"certificate", "key", "http", "hsts", "location", "status", "status_v6"}
RECORD_WORDS: Final = {"aaaa", "a", "www", "www_aaaa", "www_a", "alias", "ptr", "ttl", "records"}
NETWORK_WORDS: Final = {"provider", "provider_v4", "route"}
HOST_WORDS: Final = SITE_WORDS | RECORD_WORDS | NETWORK_WORDS | {"name", "what", "ports", "tls"}
TARGET_WORDS: Final = {"domain", "kind", "services", "valid_to", "successor"}
AGENCY_WORDS: Final = HOST_WORDS | TARGET_WORDS | {"server_of", "zone", "level", "flags", "expect"}
SHEET_WORDS: Final = {"body": agencies.COLUMNS, "exception": remarks.OF_EXCEPTIONS, "dispute": remarks.OF_DISPUTES}
WORLD_WORDS: Final = {"canaries", "healthy", "provider", "zone", "host", "agency", *SHEET_WORDS}
PROVIDER_WORDS: Final = {"name", "asn", "country"}
ZONE_WORDS: Final = {"name", "servers"}

CHOICES: Final = {
    "www": ("same", "alias", "none"),
    "certificate": CERTIFICATES,
    "key": ("ec", "rsa"),
    "http": ("redirects", "serves"),
    "route": get_args(Route),
}

FIRST_NAME_SERVER: Final = 53
"""The host number of ns1; web servers are 1, 2 ..."""

ELSEWHERE: Final = 100
"""What is added to the host number where the parent has an address that is not the server's."""

SOMEBODY: Final = Provider("Lab", 64496)
"""Whose network it is where a world names nobody."""

SOA: Final = f"{{server}}. hostmaster.{{zone}} {SERIAL} 7200 900 1209600 300"

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
    for entry in document.get("provider", ()):
        _check(entry, PROVIDER_WORDS, f"provider {entry.get('name')}")
    providers = tuple(Provider(**entry) for entry in document.get("provider", ())) or (SOMEBODY,)
    reading = _Reading(document.get("healthy", {}), providers)
    for entry in document.get("zone", ()):
        _check(entry, ZONE_WORDS, f"zone {entry.get('name')}")
        reading.zone(entry["name"], entry["servers"], entry)
    for name in document.get("canaries", ()):
        reading.host({"name": name})
    for entry in document.get("host", ()):
        _check(entry, HOST_WORDS, f"host {entry.get('name')}")
        reading.host(entry)
    for entry in document.get("agency", ()):
        _check(entry, AGENCY_WORDS, f"agency {entry.get('domain')}")
        reading.agency(entry)
    sheets = {word: tuple(document.get(word, ())) for word in SHEET_WORDS}
    for word, rows in sheets.items():
        for row in rows:
            _check(row, set(SHEET_WORDS[word]), f"{word} {next(iter(row.values()), '')}")
    return replace(reading.world(text, tuple(document.get("canaries", ()))), sheets=sheets)


def _check(entry: Table, words: set[str], where: str) -> None:
    unknown = sorted(entry.keys() - words)
    if unknown:
        raise ValueError(f"{where}: unknown word {unknown[0]!r}")
    for word, choices in CHOICES.items():
        if word in entry and entry[word] not in choices:
            raise ValueError(f"{where}: {word} is {entry[word]!r}, not one of {', '.join(choices)}")


class _Reading:
    """What has been read so far."""

    def __init__(self, healthy: Mapping[str, str], providers: tuple[Provider, ...]) -> None:
        self._healthy = healthy
        self._providers = providers
        self._blocks = map(Block, count(1))
        self._holdings: list[Holding] = []
        self._block_of: dict[str, Block] = {}
        self._zones: dict[str, tuple[str, ...]] = {}
        self._delegations: dict[str, dict[str, tuple[Address, ...]]] = {}
        self._servers: dict[Address, Server] = {}
        self._records: Records = {}
        self._ttls: dict[str, int] = {}
        self._sites: list[Site] = []
        self._agencies: list[Agency] = []

    def zone(self, name: str, texts: Iterable[str], entry: Table) -> None:
        """Add a zone and its name servers, each in a block of its own unless it is `beside` the one before."""
        block, names, delegation = None, [], {}
        for number, text in enumerate(texts, 1):
            try:
                server = described(text)
            except ValueError as error:
                raise ValueError(f"zone {name}: {error}") from None
            if block is None or "beside" not in server.words[6]:
                block = self._block({**entry, "route": "good"})
            host = f"ns{number}.{server.under or name}"
            glue = tuple(self._name_server(host, name, server, block, FIRST_NAME_SERVER + number - 1))
            if "only-at-parent" not in server.words[6]:
                names.append(host)
            if "only-in-zone" not in server.words[6]:
                delegation[host] = glue
        self._zones[name], self._delegations[name] = tuple(names), delegation

    def _name_server(self, host: str, zone: str, server: Described, block: Block, place: int) -> Iterator[Address]:
        """Add a name server's addresses; yields what the parent has of them."""
        for family in FAMILIES:
            words = server.words[family]
            if "absent" in words:
                continue
            address = block.address(family, place)
            self._servers[address] = Server(host, address, () if "lame" in words else (zone,), server.door(family), words)
            self._add(host, "AAAA" if family == 6 else "A", str(address))
            if "unglued" not in words:
                yield block.address(family, place + ELSEWHERE) if "misglued" in words else address

    def _block(self, entry: Table) -> Block:
        """Take the next block, of the provider that is named or else of each domestic one in turn."""
        block = next(self._blocks)
        domestic = [provider for provider in self._providers if provider.country == self._providers[0].country]
        named = {provider.name: provider for provider in self._providers}
        by_6 = entry.get("provider", domestic[block.number % len(domestic)].name)
        by_4 = entry.get("provider_v4", by_6)
        if unknown := {by_6, by_4} - named.keys():
            raise ValueError(f"{entry.get('domain', entry['name'])}: unknown provider {min(unknown)!r}")
        self._holdings.append(Holding(block, {6: named[by_6], 4: named[by_4]}, entry.get("route", "good")))
        return block

    def host(self, entry: Table) -> None:
        """Add a host that is no agency's."""
        self._site(entry["name"], {"www": "none", **entry}, self._block(entry))

    def agency(self, entry: Table) -> None:
        """Add an agency with its site and, where it has one, its zone."""
        domain = entry["domain"]
        block = self._block_of[entry["server_of"]] if "server_of" in entry else self._block(entry)
        self._block_of[domain] = block
        if "zone" in entry:
            self.zone(domain, entry["zone"], entry)
        self._site(domain, entry, block)
        self._agencies.append(
            Agency(
                target=_target(entry),
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
            providers=self._providers,
            holdings=tuple(self._holdings),
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
                    address, number = address_of(text, rdtype, block)
                    self._add(owner, rdtype.upper(), str(address))
                    if number is not None:
                        servers[address] = number
            if "ttl" in entry:
                self._ttls[owner] = entry["ttl"]
        for address in servers:
            if (reverse := entry.get("ptr", name)) and (address.reverse_pointer, "PTR") not in self._records:
                self._add(address.reverse_pointer, "PTR", reverse + ".")
        for line in entry.get("records", ()):
            self._add(*record_of(line, name, block))
        names = (name,) if entry.get("www") == "none" else (name, www)
        settings = {word: entry[word] for word in SITE_WORDS & entry.keys()}
        lowest, highest = entry.get("tls", ("1.2", "1.3"))
        doors = doors_of(servers, entry.get("ports", {}), name)
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
        return {
            name: Zone(
                name=name,
                servers=servers,
                delegation=self._delegations[name],
                records=records[name],
                names=frozenset(names[name]),
                ttls=self._ttls,
            )
            for name, servers in self._zones.items()
        }

    def _closest(self, names: Iterable[str]) -> str:
        """The first of these names that is a zone."""
        for name in names:
            if name in self._zones:
                return name
        raise ValueError("the world: there is no root zone")


def _target(entry: Table) -> Target:
    """The row of the target list."""
    return Target(
        domain=entry["domain"],
        agency=entry["name"],
        kind=entry["kind"],
        services=tuple(entry.get("services", ("portal",))),
        valid_to=entry.get("valid_to"),
        successor=entry.get("successor", ""),
    )
