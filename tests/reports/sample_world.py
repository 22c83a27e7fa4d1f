"""Evidence of invented sites, made from a short description of their name servers, ports and certificates."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from ipv6check.addressing import Address, is_usable
from ipv6check.facts import (
    AddressWeb,
    AuthorityFacts,
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
from tests.reports import sample_way
from tests.reports.sample_site import NOON, SILENT, SOA, Site, Transport, at, dns_try
from tests.reports.sample_vantage import NO_V6, START, Vantage, vantage_of

CERTIFICATE = "a1" * 32
TRANSPORTS: tuple[Transport, ...] = ("udp", "tcp")


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
    soa = lookup(zone, "SOA", (SOA,), site)
    return DnsFacts(
        listed=looked_up(domain, site.aaaa, site.a, site),
        www=www,
        zone=zone,
        zone_lookups=(soa,),
        mx=lookup(domain, "MX", (), site),
    )


def nameservers_of(zone: str, site: Site, cut: Failure | None = None) -> NameserverFacts:
    """The zone's name servers, each asked by each address."""
    hosts = []
    for host, v6, v4 in site.nameservers:
        servers = tuple(ip_address(a) for a in (v6, v4) if a)
        soa = tuple(
            ServerTries(server=s, transport=transport, tries=(_soa(s, zone, transport, site.ns_silent and s.version == 6),))
            for s in servers
            for transport in TRANSPORTS
        )
        lookups = looked_up(host, (v6,) if v6 else (), (v4,) if v4 else (), Site())
        hosts.append(NameserverHost(name=host, lookups=lookups, soa=soa))
    facts = NameserverFacts(
        zone=zone,
        parent=sample_way.zones_above(zone)[-1],
        from_parent=tuple(h for h, *_ in site.nameservers),
        from_child=tuple(h for h, *_ in site.nameservers),
        delegation=sample_way.delegation_of(zone, site),
        glue_over_tcp=None if site.glue else sample_way.delegation_of(zone, site, "tcp"),
        hosts=tuple(hosts),
        outside=sample_way.outside_of(zone, site, cut),
    )
    return replace(facts, asked=sample_way.further(facts, site))


def _soa(server: Address, zone: str, transport: Transport, silent: bool) -> DnsTry:
    if silent:
        return dns_try(server=server, transport=transport, failure=SILENT)
    return dns_try((SOA,), server=server, transport=transport, authoritative=True, soa=zone)


def authority_of(dns: DnsFacts, nameservers: NameserverFacts, site: Site) -> AuthorityFacts:
    """What the name servers that serve say of the names' addresses."""
    return AuthorityFacts(
        zone=dns.zone,
        answers=tuple(
            sample_way.asked_of(host, server, name.name, kind, given.addresses, dns.zone, site)
            for host, server in sample_way.serving(nameservers)
            for name in (dns.listed, dns.www)
            for kind, given in (("AAAA", name.aaaa), ("A", name.a))
        ),
    )


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
    cut = None if here.v6 else NO_V6
    if cut:
        site = replace(site, v6=NO_V6, ns_silent=False)
    dns = dns_of(target.domain, site)
    names, nameservers = dns.names, nameservers_of(dns.zone, site, cut)
    return Evidence(
        target=target,
        run=run,
        vantage=vantage,
        dns=dns,
        nameservers=nameservers,
        dnssec=sample_way.dnssec_of(nameservers, site),
        resolution=sample_way.resolution_of(target.domain, dns.zone, site, cut),
        resources=sample_way.resources_of(names, "web"),
        server_resources=sample_way.resources_of((host.lookups for host in nameservers.hosts), "ns"),
        authority=authority_of(dns, nameservers, site),
        reachability=ReachabilityFacts(hosts=tuple(reach_of(n, site) for n in names)) if names else None,
        web=WebFacts(
            names=tuple(web_of(n, site) for n in names if any(map(is_usable, n.usable))),
            certificates=(certificate_of(target.domain, site),),
        ),
    )
