"""Tables of Internet resources for the lab's addresses, as files that `ipv6check data update` reads.

Every host, row and canary announces its own /24 and /48 or /32 from the AS of its group, or of its row; hosts inside a row's zone
are in the row's. A row's `route` says what
is otherwise: invalid-as, invalid-length, not-found, moas, other-as for its IPv6, none for both families; a host's `wide` that it
has no route of its own and stands in the country's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from tests.interop.lab_country import World
from tests.interop.rows import Row

COUNTRY: Final = 45_800
"""The AS number of the space of all hosts; those of groups and rows follow it."""

STRANGER: Final = COUNTRY - 1
WIDE: Final = (("11.1.0.0/16", 16), ("2400:1000::/24", 24))
FIRST_OF_GROUPS: Final = COUNTRY + 1
FIRST_OF_ROWS: Final = COUNTRY + 50


@dataclass(frozen=True)
class Route:
    """One announcement, and the ROA for it as (AS, longest), if there is one."""

    prefix: str
    asn: int
    roa: tuple[int, int] | None


def write_tables(rows: tuple[Row, ...], world: World, directory: Path) -> Mapping[str, Path]:
    """Write the files; each by the option of the command that takes it."""
    directory.mkdir(parents=True, exist_ok=True)
    routes = list(dict.fromkeys(_routes(rows, world)))
    roas = [(roa[0], route.prefix, roa[1]) for route in routes if (roa := route.roa)]
    files = {
        "routes": "".join(f"{route.asn}\t{route.prefix}\t100\n" for route in routes),
        "vrps": "ASN,IP Prefix,Max Length,Trust Anchor\n" + "".join(f"AS{a},{p},{m},apnic\n" for a, p, m in roas),
        "registry": "apnic|VN|ipv4|11.0.0.0|16777216|20100101|allocated|A91\n"
        "apnic|VN|ipv6|2400::|12|20100101|allocated|A91\n"
        f"apnic|VN|asn|{STRANGER}|1000|20100101|allocated|A91\n",
    }
    for name, text in files.items():
        (directory / f"{name}.txt").write_text(text)
    return {name: directory / f"{name}.txt" for name in files}


def _routes(rows: tuple[Row, ...], world: World) -> Iterator[Route]:
    for prefix, length in WIDE:
        yield Route(prefix, COUNTRY, (COUNTRY, length))
    groups = sorted(world.groups)
    for host in [*world.hosts.values(), *world.canaries]:
        if host.route == "own" and not any(host.name.endswith(f".{row.domain}") for row in rows):
            for family, address in host.at.items():
                group = host.group_of(family)
                yield _good(address, 48 if family == 6 else 24, FIRST_OF_GROUPS + (groups.index(group) + 1 if group else 0))
    for row in rows:
        yield from _routes_of(row)


def _routes_of(row: Row) -> Iterator[Route]:
    asn = FIRST_OF_ROWS + row.number
    route, good = row.get("route", "valid"), _good(row.address("6"), 32, asn)
    if route != "none":
        yield _good(row.address("4"), 24, asn)
    match route:
        case "valid":
            yield good
        case "invalid-as":
            yield Route(good.prefix, asn, (STRANGER, 32))
        case "invalid-length":
            yield Route(good.prefix.replace("/32", "/33"), asn, None)
            yield good
        case "not-found":
            yield Route(good.prefix, asn, None)
        case "moas":
            yield good
            yield Route(good.prefix, STRANGER, (STRANGER, 32))
        case "other-as":
            yield _good(row.address("6"), 32, STRANGER)


def _good(address: str, length: int, asn: int) -> Route:
    return Route(str(ip_network(f"{address}/{length}", strict=False)), asn, (asn, length))
