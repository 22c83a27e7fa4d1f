"""Evidence of invented sites, made from a short description of their name servers, ports and certificates."""

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from ipv6check.addressing import Address, is_usable
from ipv6check.facts import (
    AddressWeb,
    Answer,
    AuthorityFacts,
    AuthorityTries,
    Certificate,
    Chain,
    DnsFacts,
    DnsTry,
    Evidence,
    Fetch,
    Hop,
    HostReach,
    Lookup,
    NameLookups,
    NameserverFacts,
    NameserverHost,
    NameWeb,
    PortTries,
    ReachabilityFacts,
    RunFacts,
    ServerTries,
    TcpTry,
    TlsTry,
    WebFacts,
    family_of,
)
from ipv6check.model import Failure, FailureKind, Stage, Target
from tests.reports.sample_vantage import NO_V6, RESOLVER, START, TICK, Vantage, vantage_of

NOON = START + timedelta(minutes=20)
CERTIFICATE = "a1" * 32

TIMEOUT = Failure(kind=FailureKind.TIMEOUT, stage=Stage.TCP)
REFUSED = Failure(kind=FailureKind.REFUSED, stage=Stage.TCP)
SILENT = Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a site is like; the default is all that one could wish for."""

    aaaa: tuple[str, ...] = ("2402:800:6105:20::80",)
    a: tuple[str, ...] = ("103.124.60.80",)
    www: bool = True
    www_aaaa: bool = True
    v6: Failure | None = None
    v6_http: Failure | None = None
    nameservers: tuple[tuple[str, str, str], ...] = (
        ("ns1.hanoi.gov.vn", "2402:800:6105:1::53", "103.124.60.53"),
        ("ns2.hanoi.gov.vn", "2402:800:6105:2::53", "103.124.61.53"),
    )
    ns_silent: bool = False
    signed: bool = True
    bogus: bool = False
    issuer: str = "CN=Sectigo RSA Domain Validation Secure Server CA,O=Sectigo Limited,C=GB"
    names: tuple[str, ...] = ()
    days_left: int = 214
    path_error: str = ""
    legacy_tls: bool = False
    tls: str = "TLSv1.3"
    status6: int = 200
    status4: int = 200
    headers: tuple[tuple[str, str], ...] = (("server", "nginx"), ("strict-transport-security", "max-age=31536000"))
    http_redirects: bool = True
    leads_to: str = ""
    leads_to_v6: bool = True


def at(**more: Any) -> dict[str, Any]:
    """Start and end of a try."""
    return {"start": NOON, "end": NOON + TICK, **more}


def dns_try(
    records: tuple[str, ...] = (), *, server: Address = RESOLVER, failure: Failure | None = None, **more: Any
) -> DnsTry:
    """One question and its answer, or its failure."""
    transport = more.pop("transport", "udp")
    answer = None if failure else Answer(**{"rcode": "NOERROR", "records": records, "ttl": 300, "edns": True, **more})
    took = None if failure else TICK.total_seconds()
    return DnsTry(**at(server=server, transport=transport, failure=failure, answer=answer, seconds_to_answer=took))


def lookup(name: str, kind: str, records: tuple[str, ...], site: Site) -> Lookup:
    """One question to the resolver."""
    if site.bogus:
        refused = dns_try(rcode="SERVFAIL", extended_errors=("EDE 7 signature expired",))
        return Lookup(name=name, type=kind, tries=(refused,), unchecked=(dns_try(records),))
    return Lookup(name=name, type=kind, tries=(dns_try(records, authenticated=site.signed),))


def looked_up(name: str, aaaa: tuple[str, ...], a: tuple[str, ...], site: Site) -> NameLookups:
    """One name's addresses."""
    return NameLookups(name=name, aaaa=lookup(name, "AAAA", aaaa, site), a=lookup(name, "A", a, site))


def dns_of(domain: str, site: Site) -> DnsFacts:
    """The listed name, www and the zone."""
    zone = ".".join(domain.split(".")[-3:])
    www = looked_up(f"www.{domain}", site.aaaa if site.www and site.www_aaaa else (), site.a if site.www else (), site)
    soa = lookup(zone, "SOA", ("ns1 hostmaster 1 2 3 4 5",), site)
    return DnsFacts(listed=looked_up(domain, site.aaaa, site.a, site), www=www, zone=zone, zone_lookups=(soa,))


def nameservers_of(zone: str, site: Site) -> NameserverFacts:
    """The zone's name servers, each asked by each address."""
    hosts = []
    for host, v6, v4 in site.nameservers:
        servers = tuple(ip_address(a) for a in (v6, v4) if a)
        soa = tuple(
            ServerTries(server=s, transport="udp", tries=(_soa(s, zone, site.ns_silent and s.version == 6),)) for s in servers
        )
        lookups = looked_up(host, (v6,) if v6 else (), (v4,) if v4 else (), Site())
        hosts.append(NameserverHost(name=host, lookups=lookups, soa=soa))
    return NameserverFacts(zone=zone, from_parent=tuple(h for h, *_ in site.nameservers), hosts=tuple(hosts))


def _soa(server: Address, zone: str, silent: bool) -> DnsTry:
    if silent:
        return dns_try(server=server, failure=SILENT)
    return dns_try(("ns1 hostmaster 1 2 3 4 5",), server=server, authoritative=True, soa=zone)


def authority_of(dns: DnsFacts, site: Site) -> AuthorityFacts:
    """What the name servers say of the listed name's AAAA."""
    name = dns.listed.name
    answers = tuple(
        AuthorityTries(
            host=host,
            server=ip_address(v4),
            name=name,
            type="AAAA",
            tries=(dns_try(site.aaaa, server=ip_address(v4), authoritative=True),),
        )
        for host, _, v4 in site.nameservers
        if v4
    )
    return AuthorityFacts(zone=dns.zone, answers=answers)


def _failure(address: Address, port: int, site: Site) -> Failure | None:
    if address.version == 4:
        return None
    return site.v6 or (site.v6_http if port == 80 else None)


def reach_of(name: NameLookups, site: Site) -> HostReach:
    """Both ports of every usable address."""
    ports = []
    for address in name.usable:
        for port in (443, 80):
            attempt = TcpTry(**at(address=address, port=port, failure=_failure(address, port, site)))
            ports.append(PortTries(address=address, port=port, tries=(attempt,)))
    return HostReach(name=name.name, ports=tuple(ports))


def web_of(name: NameLookups, site: Site) -> NameWeb:
    """What every address that answers serves."""
    up = [address for address in name.usable if _failure(address, 443, site) is None]
    chains = [_chain(name.name, address, site) for family in (6, 4) for address in up if family_of(address) == family][:2]
    return NameWeb(name=name.name, addresses=tuple(_served(name.name, a, site) for a in up), chains=tuple(chains))


def _served(name: str, address: Address, site: Site) -> AddressWeb:
    status = site.status6 if address.version == 6 else site.status4
    headers = (*site.headers, ("location", f"https://{site.leads_to}/")) if site.leads_to else site.headers
    tls = TlsTry(
        **at(address=address, port=443, server_name=name, version=site.tls, cipher="TLS_AES_256_GCM_SHA384"),
        chain=(CERTIFICATE,),
        path_error=site.path_error,
    )
    https = Fetch(
        **at(url=f"https://{name}/", address=address, port=443, tls=tls),
        status=302 if site.leads_to else status,
        headers=headers,
        body_bytes=48_213,
    )
    to_https = (("location", f"https://{name}/"), ("server", "nginx"))
    http = Fetch(
        **at(url=f"http://{name}/", address=address, port=80),
        status=301 if site.http_redirects else 200,
        headers=to_https if site.http_redirects else (("server", "nginx"),),
    )
    refused = None if site.legacy_tls else Failure(kind=FailureKind.TLS, stage=Stage.TLS, detail="protocol version")
    old = "TLSv1" if site.legacy_tls else ""
    legacy = TlsTry(**at(address=address, port=443, server_name=name, failure=refused), version=old)
    return AddressWeb(address=address, https=(https,), http=(http,), legacy=(legacy,))


def _chain(name: str, address: Address, site: Site) -> Chain:
    if not site.leads_to:
        return Chain(family=family_of(address), scheme="https", start=address)
    if address.version == 6 and not site.leads_to_v6:
        stopped = Failure(kind=FailureKind.NO_ADDRESS, stage=Stage.DNS, detail=site.leads_to)
        return Chain(family=6, scheme="https", start=address, stopped=stopped)
    url = f"https://{site.leads_to}/"
    hop = Hop(url=url, host=site.leads_to, tries=(Fetch(**at(url=url, address=address, port=443), status=200),))
    return Chain(family=family_of(address), scheme="https", start=address, hops=(hop,))


def certificate_of(domain: str, site: Site) -> Certificate:
    """The one certificate of a site."""
    return Certificate(
        sha256=CERTIFICATE,
        subject=f"CN={domain}",
        issuer=site.issuer,
        names=site.names or (domain, f"www.{domain}"),
        not_before=NOON - timedelta(days=max(365 - site.days_left, 30)),
        not_after=NOON + timedelta(days=site.days_left),
        key_type="RSA",
        key_bits=2048,
        key_sha256="b2" * 32,
        is_self_signed=site.path_error == "self-signed certificate",
    )


def evidence_of(target: Target, site: Site | None, here: Vantage, planned: int) -> Evidence:
    """Everything seen of one target; None: nothing was looked at, for the owner asked to be left alone."""
    finished = planned if here.finished is None else here.finished
    run = RunFacts(
        id="2026-11-21-hanoi-1", started=START, vantage="hanoi-1", country="VN", tries=1, version="0.1.0",
        planned=planned, finished=finished,
    )  # fmt: skip
    vantage = vantage_of(here)
    if site is None:
        return Evidence(target=target, run=run, vantage=vantage, opted_out=True)
    if not here.v6:
        site = replace(site, v6=NO_V6, ns_silent=False)
    dns = dns_of(target.domain, site)
    names = dns.names
    return Evidence(
        target=target,
        run=run,
        vantage=vantage,
        dns=dns,
        nameservers=nameservers_of(dns.zone, site),
        authority=authority_of(dns, site),
        reachability=ReachabilityFacts(hosts=tuple(reach_of(n, site) for n in names)) if names else None,
        web=WebFacts(
            names=tuple(web_of(n, site) for n in names if any(map(is_usable, n.usable))),
            certificates=(certificate_of(target.domain, site),),
        ),
    )
