"""One world: its zones and name servers, its hosts and agencies, and what the catalogue says of each agency.

Everything here is frozen and plain; `reading` makes it from a world file, whose words are explained at the head of `city.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, Literal

from ipv6check.addressing import Address, Network
from ipv6check.facts import Family
from ipv6check.model import Target

PREFIXES: Final[tuple[Network, ...]] = (IPv6Network("2400:c1::/32"), IPv4Network("11.0.0.0/8"))
"""What the world's addresses lie in: public to look at, so that nothing in `net` needs a test mode."""

TTL: Final = 3600
SERIAL: Final = "2026010101"
OLD_SERIAL: Final = "2025120101"

Route = Literal["good", "not-found", "invalid", "moas", "unrouted"]
"""Of a block: `not-found` has no VRP, `invalid` one for another AS, `moas` is announced by two."""

Door = Literal["open", "refused", "silent", "mute"]
"""Of a TCP port: `silent` swallows every packet, `mute` accepts a connection and says nothing."""

PORTS: Final = (443, 80)


def upwards(name: str, top: str = ".") -> list[str]:
    """A name and every name above it, up to `top`."""
    labels = [] if name == "." else name.split(".")
    up = [".".join(labels[i:]) for i in range(len(labels))] + ["."]
    return up[: up.index(top) + 1]


@dataclass(frozen=True, slots=True)
class Block:
    """One owner's /48 and /24: owners share no network, so that the pace in one holds up nobody else. Number 0 is ours."""

    number: int

    def v6(self, host: int) -> IPv6Address:
        """The address of one host."""
        return IPv6Address(int(PREFIXES[0].network_address) + (self.number << 80) + host)

    def v4(self, host: int) -> IPv4Address:
        """The address of one host, 1 to 254."""
        return IPv4Address(int(PREFIXES[1].network_address) + (self.number << 8) + host)

    def address(self, family: Family, host: int) -> Address:
        """The address of one host by one family."""
        return self.v6(host) if family == 6 else self.v4(host)

    def prefix(self, family: Family) -> Network:
        """The block itself."""
        return IPv6Network((self.v6(0), 48)) if family == 6 else IPv4Network((self.v4(0), 24))


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose network owners stand in: an AS, registered in a country."""

    name: str
    asn: int
    country: str = "VN"


@dataclass(frozen=True, slots=True)
class Holding:
    """One block in the tables of Internet resources: who holds and announces it by each family, and what is wrong with that."""

    block: Block
    providers: Mapping[Family, Provider]
    route: Route = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone: the names of its servers, its records as (owner, type) to rdata, and every name that exists in it.

    `delegation` is what its parent says: the names of its servers, with the addresses known there. `ttls` are by owner.
    """

    name: str
    servers: tuple[str, ...]
    delegation: Mapping[str, tuple[Address, ...]]
    records: Mapping[tuple[str, str], tuple[str, ...]]
    names: frozenset[str]
    ttls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a name server: what it is authoritative for (nothing, when it is lame), its TCP port, how it behaves.

    `words` are those of the world file (see `serverwords`).
    """

    name: str
    address: Address
    zones: tuple[str, ...]
    door: Door = "open"
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A web site of one or two names and what serves it. `doors` holds every port of its own addresses.

    `certificate` names what is wrong with it ("good" is nothing), `tls` the versions accepted, `location` where HTTPS leads.
    """

    names: tuple[str, ...]
    doors: Mapping[tuple[Address, int], Door]
    certificate: str = "good"
    key: str = "ec"
    tls: tuple[str, str] = ("1.2", "1.3")
    http: str = "redirects"
    hsts: str = "max-age=31536000"
    location: str = ""
    status: int = 200
    status_v6: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One agency: its row of the target list, what is wrong with it, and what the catalogue says of it, check by check."""

    target: Target
    what: str
    level: str
    flags: tuple[str, ...] = ()
    expect: Mapping[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The listed name."""
        return self.target.domain


@dataclass(frozen=True, eq=False, kw_only=True)
class World:
    """All there is. `text` is the file it was read from; `sheets` are the rows of the lists beside the target list."""

    text: str
    zones: Mapping[str, Zone]
    servers: Mapping[Address, Server]
    sites: tuple[Site, ...]
    agencies: tuple[Agency, ...]
    canaries: tuple[str, ...]
    providers: tuple[Provider, ...]
    holdings: tuple[Holding, ...]
    sheets: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    prefixes: tuple[Network, ...] = PREFIXES
    vantage: Block = Block(0)

    @cached_property
    def root_servers(self) -> tuple[Address, ...]:
        """The addresses of the root's servers."""
        return tuple(address for name in self.zones["."].servers for address in self.addresses[name])

    @cached_property
    def addresses(self) -> Mapping[str, tuple[Address, ...]]:
        """The addresses of every name server, by its name."""
        found: dict[str, tuple[Address, ...]] = {}
        for server in self.servers.values():
            found[server.name] = (*found.get(server.name, ()), server.address)
        return found

    @cached_property
    def doors(self) -> Mapping[tuple[Address, int], Door]:
        """Every TCP port of web servers; sites that share an address have the ports of the first."""
        return {place: door for site in reversed(self.sites) for place, door in site.doors.items()}

    @cached_property
    def sites_at(self) -> Mapping[Address, tuple[Site, ...]]:
        """The sites that share each address."""
        found: dict[Address, tuple[Site, ...]] = {}
        for site in self.sites:
            for address in dict.fromkeys(address for address, _ in site.doors):
                found[address] = (*found.get(address, ()), site)
        return found

    def agency(self, domain: str) -> Agency:
        """The agency of a domain. Raises KeyError."""
        return next(agency for agency in self.agencies if agency.domain == domain)
