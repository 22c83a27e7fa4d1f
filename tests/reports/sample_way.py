"""Evidence of invented sites around their names: the way from the root, the delegation, DNSSEC, addresses as resources."""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any

from ipv6check.addressing import Address
from ipv6check.facts import (
    AddressFacts,
    AuthorityTries,
    DelegationSigner,
    DnssecFacts,
    DnsTry,
    Iteration,
    Key,
    Lookup,
    NameLookups,
    NameserverFacts,
    ResolutionFacts,
    ResourceFacts,
    RouteFact,
    Signature,
    ZoneStep,
)
from ipv6check.model import Failure
from tests.reports.sample_site import NOON, SILENT, SOA, Site, Transport, dns_try
from tests.reports.sample_vantage import START

ABOVE = {
    ".": ("root servers", "2001:500:2::c"),
    "vn": ("a.dns-servers.vn", "2001:dc8::1"),
    "gov.vn": ("b.dns-servers.vn", "2001:dc8:1::1"),
}
NETWORKS = {"2402:800::/32": 7552, "2405:4800::/32": 18403, "103.124.60.0/22": 7552, "103.28.36.0/22": 56150}
NAMES = {7552: "VIETTEL-AS-AP", 18403: "FPT-AS-AP", 56150: "MAYCHU-AS-VN"}
TABLE = START - timedelta(hours=30)


def zones_above(zone: str) -> list[str]:
    """The zones on the way to one: every name above it that this small world knows as a zone."""
    labels = zone.split(".")
    names = (".".join(labels[number:]) for number in range(len(labels) - 1, 0, -1))
    return [".", *(name for name in names if name in ABOVE)]


def way_of(name: str, zone: str, site: Site, records: tuple[str, ...], cut: Failure | None = None) -> Iteration:
    """The AAAA of a name from the root by IPv6 alone. `cut`: what befalls every question, as where IPv6 is ours to lack."""
    steps, down = [], [*zones_above(zone), zone]
    for above, below in pairwise(down):
        host, address = ABOVE[above]
        steps.append(
            ZoneStep(zone=above, asked=(_asked(host, address, above, name, cut, referral=below),), is_answered=not cut)
        )
        if cut:
            return Iteration(name=name, type="AAAA", steps=tuple(steps), broken=above)
    own = _own_step(name, zone, site, records)
    if not own.is_answered:
        return Iteration(name=name, type="AAAA", steps=(*steps, own), broken=zone)
    return Iteration(name=name, type="AAAA", steps=(*steps, own), rcode="NOERROR", records=records)


def _own_step(name: str, zone: str, site: Site, records: tuple[str, ...]) -> ZoneStep:
    asked, unusable = [], []
    for host, v6, _ in site.nameservers:
        in_zone = host.endswith(f".{zone}")
        if not v6 or (in_zone and not site.glue):
            unusable.append((host, "no-glue" if in_zone else "no-address"))
            continue
        failure = SILENT if site.ns_silent else None
        asked.append(_asked(host, v6, zone, name, failure, records=records, authoritative=True))
        if failure is None:
            break
    is_answered = bool(asked) and not site.ns_silent
    return ZoneStep(zone=zone, asked=tuple(asked), unusable=tuple(unusable), is_answered=is_answered)


def _asked(host: str, address: str, zone: str, name: str, failure: Failure | None, **more: Any) -> AuthorityTries:
    server = ip_address(address)
    tries = (dns_try(more.pop("records", ()), server=server, failure=failure, **more),)
    return AuthorityTries(host=host, server=server, zone=zone, name=name, type="AAAA", tries=tries, purpose="iteration")


def delegation_of(zone: str, site: Site, transport: Transport = "udp") -> DnsTry:
    """The parent's referral, with glue for the servers inside the zone."""
    glue = [
        (host, text)
        for host, v6, v4 in site.nameservers
        for text in ((v6,) if site.glue else ()) + (v4,)
        if text and host.endswith(f".{zone}")
    ]
    hosts = tuple(host for host, *_ in site.nameservers)
    return dns_try(
        server=ip_address("2001:dc8:1::1"), transport=transport, referral=zone, referral_servers=hosts, glue=tuple(glue)
    )


def resolution_of(name: str, zone: str, site: Site, cut: Failure | None) -> ResolutionFacts:
    """The listed name resolved by IPv6 alone."""
    return ResolutionFacts(iterations=(way_of(name, zone, site, site.aaaa, cut),))


def outside_of(zone: str, site: Site, cut: Failure | None) -> tuple[Iteration, ...]:
    """The servers outside the zone, each found in a zone of its own."""
    hosts = [(host, v6) for host, v6, _ in site.nameservers if not host.endswith(f".{zone}")]
    return tuple(way_of(host, host.partition(".")[2], Site(), (v6,) if v6 else (), cut) for host, v6 in hosts)


def serving(facts: NameserverFacts) -> list[tuple[str, Address]]:
    """The addresses of the name servers that answer."""
    return [(h.name, s.server) for h in facts.hosts for s in h.soa if s.transport == "udp" and s.tries[0].failure is None]


def asked_of(
    host: str, server: Address, name: str, kind: str, records: Iterable[object], zone: str, site: Site, purpose: str = ""
) -> AuthorityTries:
    """One question to one server, answered with records or with their proper denial, signed where the zone is."""
    texts = tuple(map(str, records))
    covered = {kind: name} if texts else {"SOA": zone, "NSEC": name}
    signatures = tuple(_signature(kind, owner, zone, site) for kind, owner in covered.items() if site.signed)
    signed = {"signatures": signatures, "signed": site.signed, "denial": "" if texts else "NSEC"}
    tried = dns_try(texts, server=server, authoritative=True, soa="" if texts and kind != "SOA" else zone, **signed)
    return AuthorityTries(host=host, server=server, name=name, type=kind, tries=(tried,), purpose=purpose)


def _signature(covered: str, owner: str, zone: str, site: Site) -> Signature:
    ends = NOON + timedelta(days=-1 if site.bogus else 12)
    return Signature(
        covered=covered, owner=owner, signer=zone, key_tag=4711, algorithm=13,
        inception=NOON - timedelta(days=3), expiration=ends, verifies=True,
    )  # fmt: skip


def further(facts: NameserverFacts, site: Site) -> tuple[AuthorityTries, ...]:
    """The NS set, EDNS version 1, and a stranger's question, at every server that answers."""
    zone, asked = facts.zone, []
    for host, server in serving(facts):
        asked.append(asked_of(host, server, zone, "NS", [f"{h.name}." for h in facts.hosts], zone, site, purpose="ns"))
        for name, kind, rcode, purpose in ((zone, "SOA", "BADVERS", "edns"), ("www.example.com", "A", "REFUSED", "recursion")):
            tries = (dns_try(server=server, rcode=rcode),)
            asked.append(AuthorityTries(host=host, server=server, name=name, type=kind, tries=tries, purpose=purpose))
    return tuple(asked)


def dnssec_of(facts: NameserverFacts, site: Site) -> DnssecFacts:
    """A zone's DS and key, or none of them, and what its servers sign."""
    zone, digest, key = facts.zone, "2c" * 32, "257 3 13 AAAA"
    asked = tuple(
        asked_of(host, server, zone, kind, records if site.signed or kind == "SOA" else (), zone, site, purpose=kind.lower())
        for host, server in serving(facts)
        for kind, records in (("SOA", (SOA,)), ("DNSKEY", (key,)), ("NSEC3PARAM", ()))
    )
    lookups = {kind.lower(): Lookup(name=zone, type=kind, tries=(dns_try(authenticated=True),)) for kind in ("CDS", "CDNSKEY")}
    records = (f"4711 13 2 {digest}",) if site.signed else ()
    ds = Lookup(name=zone, type="DS", tries=(dns_try(records, authenticated=True),))
    if not site.signed:
        return DnssecFacts(zone=zone, ds=ds, asked=asked, **lookups)
    signer = DelegationSigner(tag=4711, algorithm=13, digest_type=2, digest=digest, matches=True)
    keys = (Key(tag=4711, flags=257, algorithm=13, rdata=key),)
    return DnssecFacts(zone=zone, ds=ds, signers=(signer,), keys=keys, asked=asked, **lookups)


def resources_of(names: Iterable[NameLookups], role: str) -> ResourceFacts:
    """The usable addresses of names, each with its route and holder."""
    addresses = {address: name.name for name in names for address in name.usable}
    return ResourceFacts(addresses=tuple(_address(address, host, role) for address, host in addresses.items()))


def _address(address: Address, host: str, role: str) -> AddressFacts:
    found = [(prefix, origin) for prefix, origin in NETWORKS.items() if address in ip_network(prefix)]
    routes = tuple(
        RouteFact(
            prefix=prefix,
            origin=origin,
            as_name=NAMES[origin],
            origin_country="VN",
            validity="NotFound" if origin == 56150 else "Valid",
        )
        for prefix, origin in found
    )
    return AddressFacts(
        address=address,
        roles=(role,),
        hosts=(host,),
        routes=routes,
        country="VN",
        holder="Công ty Giả định Sông Hồng",
        dates=(("routes", TABLE), ("vrps", TABLE)),
    )
