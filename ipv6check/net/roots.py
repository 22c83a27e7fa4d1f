"""Whom to ask: the root servers, built in or read from a hints file (a zone file), and the resolvers of this host."""

from ipaddress import ip_address
from pathlib import Path
from typing import Final

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.rrset
import dns.zonefile

from ipv6check.addressing import Address, parse_addresses

BUILT_IN: Final = {
    "a.root-servers.net": ("198.41.0.4", "2001:503:ba3e::2:30"),
    "b.root-servers.net": ("170.247.170.2", "2801:1b8:10::b"),
    "c.root-servers.net": ("192.33.4.12", "2001:500:2::c"),
    "d.root-servers.net": ("199.7.91.13", "2001:500:2d::d"),
    "e.root-servers.net": ("192.203.230.10", "2001:500:a8::e"),
    "f.root-servers.net": ("192.5.5.241", "2001:500:2f::f"),
    "g.root-servers.net": ("192.112.36.4", "2001:500:12::d0d"),
    "h.root-servers.net": ("198.97.190.53", "2001:500:1::53"),
    "i.root-servers.net": ("192.36.148.17", "2001:7fe::53"),
    "j.root-servers.net": ("192.58.128.30", "2001:503:c27::2:30"),
    "k.root-servers.net": ("193.0.14.129", "2001:7fd::1"),
    "l.root-servers.net": ("199.7.83.42", "2001:500:9f::42"),
    "m.root-servers.net": ("202.12.27.33", "2001:dc3::35"),
}
"""IANA's root hints (2024: b.root-servers.net renumbered)."""


def built_in_roots() -> tuple[Address, ...]:
    """The addresses of the root servers as they are known here."""
    return tuple(ip_address(text) for texts in BUILT_IN.values() for text in texts)


def read_roots(path: Path) -> tuple[Address, ...]:
    """Read the addresses in a hints file. Raises ValueError when it has no address, OSError when unreadable."""
    wanted = (dns.rdatatype.A, dns.rdatatype.AAAA)
    found = [ip_address(rdata.to_text()) for rrset in _records(path) if rrset.rdtype in wanted for rdata in rrset]
    if not found:
        raise ValueError(f"{path}: no address of a root server in it")
    return tuple(found)


def require_trust_anchor(path: Path) -> None:
    """Raise ValueError unless a file holds a DS or DNSKEY record of the root, OSError when unreadable."""
    wanted = (dns.rdatatype.DS, dns.rdatatype.DNSKEY)
    if not any(rrset.rdtype in wanted and rrset.name == dns.name.root for rrset in _records(path)):
        raise ValueError(f"{path}: no DS or DNSKEY record of the root in it")


def _records(path: Path) -> list[dns.rrset.RRset]:
    """Read the records of a zone file."""
    try:
        return dns.zonefile.read_rrsets(path.read_text(encoding="utf-8"), origin=".", rdclass=None, default_ttl=3600)
    except (dns.exception.DNSException, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a zone file: {error}") from error


def system_resolvers() -> tuple[Address, ...]:
    """The resolvers this host is set up with, in their order; none when it has none."""
    try:
        names = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, ValueError):
        return ()
    return parse_addresses(str(name) for name in names)
