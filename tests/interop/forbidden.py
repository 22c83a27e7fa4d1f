"""Two hundred addresses that must never see a packet, put before the scanner as A and AAAA, as name servers and as redirects.

The ranges are those of the IANA special-purpose registries and of the catalogue's ADDR-01 to ADDR-03, each by its first and
last address, and the well-known single ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from tests.interop.lab_addresses import of_row
from tests.interop.lab_country import Host, World, Zone

ZONE: Final = "cam.hanoi.gov.vn"
WEB: Final = 190
"""The row number whose addresses the redirecting web server has."""

RANGES4: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
SINGLE4: Final = (
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "192.0.0.170",
    "224.0.0.251",
    "239.255.255.250",
    "172.17.0.1",
)
SPECIAL6: Final = (
    "::ffff:0:0/96",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:2::/48",
    "2001:10::/28",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
TRANSITION6: Final = ("2001::/32", "2002::/16", "3ffe::/16")
SINGLE6: Final = (
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "e000::1",
    "2002:7f00:1::1",
    "2002:c0a8:101::1",
    "2001:0:1:1::1",
)


@dataclass(frozen=True)
class Case:
    """One domain of this scan, and the forbidden addresses that it leads to."""

    domain: str
    way: str
    addresses: tuple[str, ...]


def addresses4() -> list[str]:
    """The IPv4 ones."""
    return list(dict.fromkeys([*SINGLE4, *_edges(RANGES4)]))


def addresses6() -> list[str]:
    """The IPv6 ones."""
    return list(dict.fromkeys([*SINGLE6, *_edges(SPECIAL6 + TRANSITION6)]))


def is_transition(address: str) -> bool:
    """Whether an address is of a retired transition mechanism."""
    return any(ip_address(address) in ip_network(network) for network in TRANSITION6)


def cases() -> list[Case]:
    """Every domain of the scan."""
    all4, all6 = addresses4(), addresses6()
    both = list(zip(all4 + all4[: max(0, len(all6) - len(all4))], all6, strict=False))
    records = [Case(f"t{n}.{ZONE}", "record", pair) for n, pair in enumerate(both)]
    servers = [Case(f"z{n}.{ZONE}", "name server", pair) for n, pair in enumerate(both[:24])]
    literal = [Case(f"r{n}.{ZONE}", "redirect", (address,)) for n, address in enumerate(all4[:24] + all6[:24])]
    named = [Case(f"n{n}.{ZONE}", "redirect by name", pair) for n, pair in enumerate(both[:12])]
    return records + servers + literal + named


def lines() -> list[str]:
    """What stands in the zone."""
    found = []
    web = [f"A {of_row(WEB, '4')}", f"AAAA {of_row(WEB, '6')}"]
    for case in cases():
        if case.way == "record":
            found += [f"{case.domain}. {'AAAA' if ':' in address else 'A'} {address}" for address in case.addresses]
        elif case.way.startswith("redirect"):
            found += [f"{case.domain}. {record}" for record in web]
    return found


def add_zones(world: World) -> None:
    """Zones with one good name server and one at a forbidden address."""
    for number, case in enumerate(cases()):
        if case.way == "name server":
            host = Host(f"ns.{case.domain}", number, {6 if ":" in a else 4: a for a in case.addresses})
            world.hosts[host.name] = host  # type: ignore[index]
            zone = Zone(case.domain, ["ns1.mekong.net.vn", host.name], "unsigned", lines=world.records(host, None))
            world.zones[case.domain] = zone  # type: ignore[index]


def server_block(chain: str, key: str) -> str:
    """The web server that redirects each domain to its forbidden address."""
    targets = "\n".join(f"    {case.domain} {_target(case)};" for case in cases() if case.way.startswith("redirect"))
    return f"""
  map $host $forbidden {{
    default http://10.0.0.1/;
{targets}
  }}
  server {{
    listen {of_row(WEB, "4")}:80; listen [{of_row(WEB, "6")}]:80;
    listen {of_row(WEB, "4")}:443 ssl; listen [{of_row(WEB, "6")}]:443 ssl;
    server_name ~^[rn][0-9]+\\.cam\\.hanoi\\.gov\\.vn$;
    ssl_certificate {chain}; ssl_certificate_key {key};
    return 302 $forbidden;
  }}
"""


def _target(case: Case) -> str:
    if case.way == "redirect by name":
        return f"https://t{case.domain.partition('.')[0][1:]}.{ZONE}/"
    (address,) = case.addresses
    return f"http://[{address}]/" if ":" in address else f"https://{address}/"


def _edges(networks: tuple[str, ...]) -> Iterator[str]:
    for text in networks:
        network = ip_network(text)
        yield str(network[0])
        yield str(network[-1])
