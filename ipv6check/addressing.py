"""What kind of address this is: asked before dialling and when judging.

Source: the IANA special-purpose address registries (RFC 6890) and, for IPv6, an allow list: only 2000::/3 is global unicast,
and not all of that. `ipaddress.is_global` is no guard: it differs between Python versions and calls NAT64 of loopback global.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator

REMEMBERED: Final = 8192
"""Addresses whose text is remembered: a scan reads and writes the same ones again and again."""

_read = lru_cache(REMEMBERED)(ip_address)
text_of = lru_cache(REMEMBERED)(str)
"""An address as text."""

Address = Annotated[
    IPv4Address | IPv6Address, PlainValidator(lambda given: _read(str(given))), PlainSerializer(text_of, return_type=str)
]
Network = IPv4Network | IPv6Network

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")

TRANSITION: Final = {
    "6to4": IPv6Network("2002::/16"),
    "teredo": IPv6Network("2001::/32"),
    "6bone": IPv6Network("3ffe::/16"),
}
"""Retired transition prefixes (RFC 7526, RFC 4380, RFC 3701): ADDR-02 judges them, nothing dials them."""

SPECIAL_V6: Final = {
    "unspecified": IPv6Network("::/128"),
    "loopback": IPv6Network("::1/128"),
    "v4-mapped": IPv6Network("::ffff:0:0/96"),
    "v4-compatible": IPv6Network("::/96"),
    "nat64": IPv6Network("64:ff9b::/96"),
    "nat64-local": IPv6Network("64:ff9b:1::/48"),
    "discard": IPv6Network("100::/64"),
    "dummy": IPv6Network("100:0:0:1::/64"),
    "benchmarking": IPv6Network("2001:2::/48"),
    "orchid": IPv6Network("2001:10::/28"),
    "protocol-assignment": IPv6Network("2001::/23"),
    "documentation": IPv6Network("2001:db8::/32"),
    "documentation-3fff": IPv6Network("3fff::/20"),
    "segment-routing": IPv6Network("5f00::/16"),
    "unique-local": IPv6Network("fc00::/7"),
    "link-local": IPv6Network("fe80::/10"),
    "site-local": IPv6Network("fec0::/10"),
    "multicast": IPv6Network("ff00::/8"),
}
"""Most specific first where they overlap; what is outside 2000::/3 and not named here is `not-global`."""

SPECIAL_V4: Final = {
    "broadcast": IPv4Network("255.255.255.255/32"),
    "this-network": IPv4Network("0.0.0.0/8"),
    "private-10": IPv4Network("10.0.0.0/8"),
    "private-172": IPv4Network("172.16.0.0/12"),
    "private-192": IPv4Network("192.168.0.0/16"),
    "shared-cgn": IPv4Network("100.64.0.0/10"),
    "loopback": IPv4Network("127.0.0.0/8"),
    "link-local": IPv4Network("169.254.0.0/16"),
    "protocol-assignment": IPv4Network("192.0.0.0/24"),
    "documentation-1": IPv4Network("192.0.2.0/24"),
    "documentation-2": IPv4Network("198.51.100.0/24"),
    "documentation-3": IPv4Network("203.0.113.0/24"),
    "as112": IPv4Network("192.31.196.0/24"),
    "amt": IPv4Network("192.52.193.0/24"),
    "6to4-relay": IPv4Network("192.88.99.0/24"),
    "as112-direct": IPv4Network("192.175.48.0/24"),
    "benchmarking": IPv4Network("198.18.0.0/15"),
    "cloud-metadata": IPv4Network("168.63.129.16/32"),
    "multicast": IPv4Network("224.0.0.0/4"),
    "reserved": IPv4Network("240.0.0.0/4"),
}

GLOBAL: Final = "global"


@lru_cache(maxsize=4096)
def kind_of(address: Address) -> str:
    """Return `global`, or the name of the special range the address is in (a key of the tables above, or `not-global`)."""
    if isinstance(address, IPv4Address):
        return next((name for name, network in SPECIAL_V4.items() if address in network), GLOBAL)
    if address.scope_id is not None:
        return "link-local"
    for table in (TRANSITION, SPECIAL_V6):
        for name, network in table.items():
            if address in network:
                return name
    return GLOBAL if address in GLOBAL_UNICAST else "not-global"


def is_transition(address: Address) -> bool:
    """Whether it is an IPv6 address of a retired transition mechanism (ADDR-02)."""
    return isinstance(address, IPv6Address) and kind_of(address) in TRANSITION


def is_special(address: Address) -> bool:
    """Whether it is not global unicast (ADDR-01, ADDR-03). Transition addresses are apart: ADDR-02."""
    return kind_of(address) != GLOBAL and not is_transition(address)


def is_usable(address: Address) -> bool:
    """Whether a citizen anywhere could reach it, and so whether it may be dialled: native, global unicast."""
    return kind_of(address) == GLOBAL


def embedded_v4(address: Address) -> IPv4Address | None:
    """Return the IPv4 address inside a mapped, compatible, NAT64, 6to4 or Teredo address: for the report, never dialled."""
    if not isinstance(address, IPv6Address):
        return None
    match kind_of(address):
        case "v4-mapped" | "v4-compatible" | "nat64":
            return IPv4Address(int(address) & 0xFFFFFFFF)
        case "6to4":
            return address.sixtofour
        case "teredo":
            return address.teredo[1] if address.teredo else None
    return None


@lru_cache(REMEMBERED)
def prefix_of(address: Address) -> str:
    """Return the /24 or /48 the address lies in: the unit in which networks are treated gently."""
    if isinstance(address, IPv4Address):
        return str(IPv4Network((int(address) & 0xFFFFFF00, 24)))
    return str(IPv6Network((int(address) >> 80 << 80, 48)))


@lru_cache(1024)
def addresses_in(texts: tuple[str, ...]) -> tuple[Address, ...]:
    """The addresses among the records of an answer, each once, in a fixed order. Asked again and again of the same."""
    return tuple(sorted(set(parse_addresses(texts)), key=int))


def parse_addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """Read addresses of DNS records; what is no address is left out (the record's own text stays in the facts)."""
    return tuple(address for address in map(_parsed, texts) if address is not None)


def _parsed(text: str) -> Address | None:
    try:
        return _read(text)
    except ValueError:
        return None
