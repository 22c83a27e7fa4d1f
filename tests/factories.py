"""Evidence made by hand: a healthy dual-stack site, and ways to spoil it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Literal

from ipv6check.facts import (
    AddressFacts,
    AddressWeb,
    Answer,
    AuthorityFacts,
    AuthorityTries,
    Canary,
    Certificate,
    Chain,
    DnsFacts,
    DnssecFacts,
    DnsTry,
    Evidence,
    FalseCertificate,
    Fetch,
    Hop,
    HostReach,
    Iteration,
    Lookup,
    MailZoneFacts,
    NameLookups,
    NameserverFacts,
    NameserverHost,
    NameWeb,
    PortTries,
    ReachabilityFacts,
    RegistrationFacts,
    ResolutionFacts,
    ResourceFacts,
    RouteFact,
    RunFacts,
    ServerTries,
    TcpTry,
    TlsTry,
    VantageFacts,
    WebFacts,
    ZoneStep,
)
from ipv6check.model import Failure, FailureKind, Stage, Target

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
DURING = START + timedelta(minutes=1)
END = START + timedelta(minutes=10)
SECOND = timedelta(seconds=1)
RESOLVER = ip_address("11.9.9.9")
DOMAIN, ZONE = "so-hoa-sen.hanoi.gov.vn", "hanoi.gov.vn"
V6, V4 = "2400:1::1", "11.0.0.1"


def fail(kind: FailureKind | str = "timeout", stage: Stage = Stage.TCP, detail: str = "") -> Failure:
    return Failure(kind=FailureKind(kind), stage=stage, detail=detail)


def dns_try(
    answer: Answer | None = None, failure: Failure | None = None, server: str = str(RESOLVER), at: datetime = DURING, **more
) -> DnsTry:
    return DnsTry(start=at, end=at + SECOND, server=ip_address(server), answer=answer, failure=failure, **more)


def answered(*records: str, rcode: str = "NOERROR", secure: bool = True, **more) -> Answer:
    return Answer(rcode=rcode, records=records, authenticated=secure, **more)


def lookup(name: str, rdtype: str, *records: str, tries: int = 2, rcode: str = "NOERROR", **more) -> Lookup:
    return Lookup(name=name, type=rdtype, tries=(dns_try(answered(*records, rcode=rcode, **more)),) * tries)


def names(name: str, v6: Sequence[str] = (), v4: Sequence[str] = (), **more) -> NameLookups:
    return NameLookups(name=name, aaaa=lookup(name, "AAAA", *v6, **more), a=lookup(name, "A", *v4, **more))


def unseen(name: str, rdtype: str) -> Lookup:
    return Lookup(name=name, type=rdtype, tries=(dns_try(failure=fail("timeout", Stage.DNS)),) * 3)


def sample(
    at: datetime = START,
    *,
    v6: int = 5,
    v4: int = 5,
    roots: Sequence[str] = ("6udp", "6tcp", "4udp", "4tcp"),
    validates: bool = True,
    invents: bool = False,
    synthesizes: bool = False,
    resolver: bool = True,
    offset: float = 0.2,
    seconds: float = 1.0,
    strips: bool = False,
    talks: tuple[bool | None, bool | None] = (True, True),
    false: Mapping[int, FalseCertificate] | None = None,
    when: Literal["before", "during", "after"] = "before",
) -> VantageFacts:
    """A look at ourselves at a time: so many of five canaries by each family, in so many seconds, these roots, this resolver,
    this clock; `talks` is whether HTTPS went on by IPv6 and by IPv4, `false` what is shown by which family."""

    def tcp(works: bool, address: str) -> TcpTry:
        end, failure = at + seconds * SECOND, None if works else fail()
        return TcpTry(start=at, end=end, address=ip_address(address), port=443, failure=failure)

    canaries = tuple(
        Canary(
            host=f"canary{i}",
            v6=None if strips else tcp(i < v6, f"2400:c::{i + 1}"),
            v4=tcp(i < v4, f"11.7.0.{i + 1}"),
            v6_talks=talks[0],
            v4_talks=talks[1],
            v6_false=(false or {}).get(6),
            v4_false=(false or {}).get(4),
            clock_offset=offset,
            is_without_aaaa=strips,
        )
        for i in range(5)
    )
    root = {"6": "2400:f::1", "4": "11.8.0.1"}
    tries = tuple(
        dns_try(
            answered("soa", authoritative=True) if way in roots else None,
            None if way in roots else fail("timeout", Stage.DNS),
            server=root[way[0]],
            at=at,
            transport=way[1:],
        )
        for way in ("6udp", "6tcp", "4udp", "4tcp")
    )
    signed = (
        dns_try(answered("soa", secure=validates), at=at) if resolver else dns_try(failure=fail("timeout", Stage.DNS), at=at)
    )
    made_up = answered("11.6.6.6") if invents else answered(rcode="NXDOMAIN")
    of_ipv4_only = answered("2400:64::c000:aa") if synthesizes else answered()
    return VantageFacts(
        start=at,
        end=at + max(seconds, 1) * SECOND,
        when=when,
        canaries=canaries,
        roots=tries,
        signed=signed,
        random=dns_try(made_up, at=at),
        synthetic=dns_try(of_ipv4_only, at=at),
    )


GOOD = (sample(START), sample(END))
NO_V6 = (sample(START, v6=0, roots=("4udp", "4tcp")), sample(END, v6=0, roots=("4udp", "4tcp")))
V6_LOST = (sample(START), sample(END, v6=0, roots=("4udp", "4tcp")))


def port(address: str, number: int, *outcomes: FailureKind | str | None) -> PortTries:
    """One port's tries; None is a handshake that completed."""
    tries = tuple(
        TcpTry(
            start=DURING + i * 10 * SECOND,
            end=DURING + (i * 10 + 1) * SECOND,
            address=ip_address(address),
            port=number,
            failure=None if outcome is None else fail(outcome),
        )
        for i, outcome in enumerate(outcomes)
    )
    return PortTries(address=ip_address(address), port=number, tries=tries)


def certificate(
    *covered: str,
    days: float = 60,
    life: float = 90,
    key: str = "k1",
    issuer: str = "CN=Lab CA",
    now: datetime = DURING,
    **more,
) -> Certificate:
    begin = now + timedelta(days=days - life)
    return Certificate(
        sha256=f"{covered}{days}{key}{issuer}{more}",
        names=covered or (DOMAIN, f"www.{DOMAIN}"),
        issuer=issuer,
        not_before=begin,
        not_after=now + timedelta(days=days),
        key_sha256=key,
        **more,
    )


def fetch(
    name: str,
    address: str,
    scheme: str = "https",
    status: int | None = 200,
    *,
    headers: Mapping[str, str] | None = None,
    failure: Failure | None = None,
    leaf: Certificate | None = None,
    path_error: str = "",
    version: str = "TLSv1.3",
    path: str = "/",
    **more,
) -> Fetch:
    tls = None
    if scheme == "https" and (failure is None or failure.stage is Stage.HTTP):
        chain = (leaf.sha256,) if leaf else ()
        tls = TlsTry(
            start=DURING,
            end=DURING,
            address=ip_address(address),
            port=443,
            server_name=name,
            version=version,
            chain=chain,
            path_error=path_error,
        )
    given = {"strict-transport-security": "max-age=31536000"} if headers is None and scheme == "https" else headers or {}
    return Fetch(
        start=DURING,
        end=DURING + SECOND,
        url=f"{scheme}://{name}{path}",
        address=ip_address(address),
        port=443 if scheme == "https" else 80,
        tls=tls,
        status=None if failure else status,
        headers=tuple(given.items()),
        failure=failure,
        **more,
    )


def redirect(name: str, address: str, to: str, scheme: str = "https", status: int = 301, **more) -> Fetch:
    return fetch(name, address, scheme, status, headers={"location": to}, **more)


def refused_legacy(address: str, name: str = DOMAIN) -> TlsTry:
    failure = fail("tls", Stage.TLS, "tlsv1_alert_protocol_version")
    return TlsTry(start=DURING, end=DURING, address=ip_address(address), port=443, server_name=name, failure=failure)


@dataclass
class Site:
    """One name's addresses and what they served; all healthy unless changed."""

    name: str = DOMAIN
    v6: Sequence[str] = (V6,)
    v4: Sequence[str] = (V4,)
    ports: Mapping[tuple[str, int], Sequence[FailureKind | str | None]] = field(default_factory=dict)
    https: Mapping[str, Sequence[Fetch]] = field(default_factory=dict)
    http: Mapping[str, Sequence[Fetch]] = field(default_factory=dict)
    legacy: Mapping[str, Sequence[TlsTry]] = field(default_factory=dict)
    chains: Sequence[Chain] | None = None
    leaf: Certificate = field(default_factory=certificate)
    others: Sequence[Certificate] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        return (*self.v6, *self.v4)

    def tries(self, address: str, number: int) -> PortTries:
        return port(address, number, *self.ports.get((address, number), (None,)))

    def is_open(self, address: str, number: int) -> bool:
        return self.tries(address, number).is_open

    def reach(self) -> HostReach:
        return HostReach(name=self.name, ports=tuple(self.tries(a, p) for a in self.addresses for p in (443, 80)))

    def at(self, address: str) -> AddressWeb:
        https = self.https.get(address, (fetch(self.name, address, leaf=self.leaf),)) if self.is_open(address, 443) else ()
        secure = (redirect(self.name, address, f"https://{self.name}/", "http"),)
        http = self.http.get(address, secure) if self.is_open(address, 80) else ()
        legacy = self.legacy.get(address, (refused_legacy(address, self.name),)) if any(f.tls for f in https) else ()
        return AddressWeb(address=ip_address(address), https=tuple(https), http=tuple(http), legacy=tuple(legacy))

    def web(self) -> NameWeb:
        at = tuple(self.at(address) for address in self.addresses)
        chains = self.chains if self.chains is not None else [c for c in map(self._chain, ("6", "4"), (at, at)) if c]
        return NameWeb(name=self.name, addresses=at, chains=tuple(chains))

    def _chain(self, family: str, at: Sequence[AddressWeb]) -> Chain | None:
        first = next((a for a in at if f"{a.address.version}" == family and any(f.answered for f in a.https)), None)
        return Chain(family=6 if family == "6" else 4, scheme="https", start=first.address) if first else None


def chain(
    family: int, start: str, *hops: Fetch | Sequence[Fetch], scheme: str = "https", stopped: Failure | None = None
) -> Chain:
    made = []
    for tries in hops:
        tries = (tries,) if isinstance(tries, Fetch) else tuple(tries)
        host = tries[0].url.split("/")[2]
        made.append(Hop(url=tries[0].url, host=host, tries=tries))
    return Chain(family=family, scheme=scheme, start=ip_address(start), hops=tuple(made), stopped=stopped)


SERIAL = "2026112101"


def soa_record(serial: str = SERIAL) -> str:
    return f"ns1.hanoi.gov.vn. quantri.hanoi.gov.vn. {serial} 7200 3600 1209600 3600"


def soa(server: str, *tries: DnsTry | str, zone: str = ZONE, transport: str = "udp", serial: str = SERIAL) -> ServerTries:
    """One server address's SOA tries: a DnsTry, or `ok`, `lame`, `timeout`, or an rcode."""
    good = answered(soa_record(serial), soa=zone, authoritative=True, edns=True)
    made = {"ok": good, "lame": replace(good, authoritative=False)}
    done = []
    for given in tries or ("ok",):
        if isinstance(given, DnsTry):
            done.append(given)
        elif given == "timeout":
            done.append(dns_try(failure=fail("timeout", Stage.DNS), server=server, transport=transport))
        else:
            answer = made.get(given) or answered(rcode=given)
            done.append(dns_try(answer, server=server, transport=transport, seconds_to_answer=0.01))
    return ServerTries(server=ip_address(server), transport=transport, tries=tuple(done))


def nameserver(
    name: str, v6: Sequence[str] = (), v4: Sequence[str] = (), zone: str = ZONE, serial: str = SERIAL, **tries: Sequence[str]
) -> NameserverHost:
    """A name server with its SOA tries: `v6_tries`, `v4_tries` for all addresses of a family, `v6_tcp`, `v4_tcp` where TCP is
    not like UDP."""
    asked = []
    for family, addresses in (("v6", v6), ("v4", v4)):
        over_udp = tries.get(f"{family}_tries", ("ok",))
        over = {"udp": over_udp, "tcp": tries.get(f"{family}_tcp", over_udp)}
        asked += [soa(a, *over[t], zone=zone, transport=t, serial=serial) for a in addresses for t in ("udp", "tcp")]
    return NameserverHost(name=name, lookups=names(name, v6, v4), soa=tuple(asked))


TWO_SERVERS = (
    nameserver("ns1.hanoi.gov.vn", ["2400:5::1"], ["11.5.0.1"]),
    nameserver("ns2.hanoi.gov.vn", ["2400:5::2"], ["11.5.0.2"]),
)
PARENT_SERVER = "2400:4::1"


def question(
    host: str, server: str, name: str, rdtype: str, *tries: DnsTry | Answer | str, transport: str = "udp", **more
) -> AuthorityTries:
    """A question to one server address: each try a DnsTry, an Answer, `timeout`, or an rcode."""
    done = []
    for given in tries:
        if given == "timeout":
            given = dns_try(failure=fail("timeout", Stage.DNS), server=server, transport=transport)
        elif isinstance(given, str):
            given = answered(rcode=given, edns=True)
        if isinstance(given, Answer):
            given = dns_try(given, server=server, transport=transport, seconds_to_answer=0.01)
        done.append(given)
    asked = {"host": host, "server": ip_address(server), "name": name, "type": rdtype, "transport": transport}
    return AuthorityTries(**asked, tries=tuple(done), **more)


def servers_of(hosts: Sequence[NameserverHost]) -> list[tuple[str, str]]:
    """Every address of some name servers, as (host, address)."""
    return [(host.name, str(asked.server)) for host in hosts for asked in host.soa if asked.transport == "udp"]


def further(hosts: Sequence[NameserverHost] = TWO_SERVERS, zone: str = ZONE, **said) -> tuple[AuthorityTries, ...]:
    """The further questions to every address: the NS set, EDNS version 1, recursion; `said` are other tries for a purpose."""
    ns = answered(*(f"{host.name}." for host in hosts), authoritative=True, edns=True)
    tries = {"ns": [ns], "edns": ["BADVERS"], "recursion": ["REFUSED"]} | said
    wanted = {"ns": (zone, "NS"), "edns": (zone, "SOA"), "recursion": ("www.example.com", "A")}
    return tuple(
        question(host, server, *wanted[purpose], *given, purpose=purpose)
        for purpose, given in tries.items()
        for host, server in servers_of(hosts)
    )


def referral(
    zone: str = ZONE,
    hosts: Sequence[NameserverHost] = TWO_SERVERS,
    glue: Sequence[tuple[str, str]] | None = None,
    server: str = PARENT_SERVER,
    **more,
) -> DnsTry:
    """What the parent's server says of a zone: with the glue of all its servers, or with this."""
    given = servers_of(hosts) if glue is None else glue
    answer = answered(referral=zone, referral_servers=tuple(host.name for host in hosts), glue=tuple(given), edns=True)
    return dns_try(answer, server=server, **more)


def name_servers(*hosts: NameserverHost, zone: str = ZONE, **more) -> NameserverFacts:
    """A zone's name servers, all well unless changed."""
    hosts = hosts or TWO_SERVERS
    known = tuple(sorted(host.name for host in hosts))
    given = {
        "zone": zone,
        "parent": zone.partition(".")[2],
        "from_parent": known,
        "from_child": known,
        "delegation": referral(zone, hosts),
        "child": lookup(zone, "NS", *known),
        "hosts": hosts,
        "asked": further(hosts, zone),
    }
    return NameserverFacts(**(given | more))


def step(zone: str, *asked: AuthorityTries, **more) -> ZoneStep:
    """One zone on the way from the root, that answered unless `is_answered` says otherwise."""
    return ZoneStep(**({"zone": zone, "asked": asked, "is_answered": True} | more))


def way_down(zone: str, name: str = DOMAIN, rdtype: str = "AAAA") -> tuple[ZoneStep, ...]:
    """The steps from the root to above a zone, each answered by a referral."""
    labels = zone.split(".")
    above = [".", *(".".join(labels[i:]) for i in range(len(labels) - 1, 0, -1))]
    below = [*above[1:], zone]
    return tuple(
        step(at, question(f"a.{at}", "2400:f::1", name, rdtype, answered(referral=to), purpose="iteration", zone=at))
        for at, to in zip(above, below, strict=True)
    )


def iteration(name: str = DOMAIN, rdtype: str = "AAAA", *records: str, zone: str = ZONE, **more) -> Iteration:
    """A name resolved from the root by IPv6 alone; `last` is the step at its zone, else that answers well."""
    answer = answered(*records, authoritative=True)
    last = more.pop("last", None) or step(
        zone, question("ns1.hanoi.gov.vn", "2400:5::1", name, rdtype, answer, purpose="iteration", zone=zone)
    )
    given = {"rcode": "NOERROR", "records": records} if last.is_answered else {"broken": zone}
    steps = (*way_down(zone, name, rdtype), last)
    return Iteration(**({"name": name, "type": rdtype, "steps": steps} | given | more))


def keyless(hosts: Sequence[NameserverHost] = TWO_SERVERS, **more) -> DnssecFacts:
    """An unsigned zone."""
    nothing = answered(authoritative=True, soa=ZONE, edns=True)
    asked = [question(h.name, str(s.server), ZONE, "SOA", *s.tries, purpose="soa") for h in hosts for s in h.soa]
    asked += [question(host, server, ZONE, "DNSKEY", nothing, purpose="dnskey") for host, server in servers_of(hosts)]
    lookups = {rdtype.lower(): lookup(ZONE, rdtype) for rdtype in ("DS", "CDS", "CDNSKEY")}
    return DnssecFacts(**({"zone": ZONE, "asked": tuple(asked)} | lookups | more))


def routed(
    address: str, *hosts: str, origin: int | None = 1, prefix: str = "", validity: str = "Valid", **more
) -> AddressFacts:
    """An address with the one route that traffic follows: a route of its own unless a prefix is given."""
    prefix = prefix or str(ip_network(address))
    route = RouteFact(prefix=prefix, origin=origin, as_name=f"NET{origin}", validity=validity)
    return AddressFacts(**({"address": ip_address(address), "hosts": hosts, "routes": (route,)} | more))


def authority(*entries: tuple[str, str, Sequence[DnsTry | str]]) -> AuthorityFacts:
    """What servers say of the listed name's AAAA: (host, address, tries), a try being `ok`, `timeout`, an rcode or a DnsTry."""
    made = []
    for host, server, tries in entries:
        done = [t if isinstance(t, DnsTry) else _authority_try(t, server) for t in tries]
        made.append(AuthorityTries(host=host, server=ip_address(server), name=DOMAIN, type="AAAA", tries=tuple(done)))
    return AuthorityFacts(zone=ZONE, answers=tuple(made))


def _authority_try(word: str, server: str) -> DnsTry:
    if word == "timeout":
        return dns_try(failure=fail("timeout", Stage.DNS), server=server)
    if word in {"ok", "none"}:
        records = (V6,) if word == "ok" else ()
        return dns_try(answered(*records, authoritative=True, soa=ZONE, edns=True), server=server, seconds_to_answer=0.01)
    return dns_try(answered(rcode=word, authoritative=True, edns=True), server=server)


def run(**more) -> RunFacts:
    given = {
        "id": "r1",
        "started": START,
        "vantage": "lab",
        "country": "VN",
        "tries": 3,
        "version": "0",
        "planned": 1,
        "finished": 1,
    }
    return RunFacts(**(given | more))


def evidence(
    *sites: Site,
    www: NameLookups | None = None,
    vantage: Sequence[VantageFacts] = GOOD,
    change: Callable[[Evidence], Evidence] = lambda e: e,
    **more,
) -> Evidence:
    """Evidence of a site whose www does not exist, unless a second site is given; `more` are fields of Evidence."""
    sites = sites or (Site(),)
    listed = names(sites[0].name, sites[0].v6, sites[0].v4)
    said = "ok" if sites[0].v6 else "none"
    if www is None:
        www = (
            names(sites[1].name, sites[1].v6, sites[1].v4)
            if len(sites) > 1
            else names(f"www.{sites[0].name}", rcode="NXDOMAIN")
        )
    certificates = {leaf.sha256: leaf for site in sites for leaf in (site.leaf, *site.others)}
    fields = {
        "target": Target(domain=DOMAIN, agency="Sở Hoa Sen", kind="so"),
        "run": run(),
        "vantage": tuple(vantage),
        "dns": DnsFacts(
            listed=listed,
            www=www,
            zone=ZONE,
            zone_lookups=(lookup(ZONE, "SOA", "soa", soa=ZONE),),
            mx=lookup(listed.name, "MX"),
        ),
        "nameservers": name_servers(),
        "dnssec": keyless(),
        "authority": authority(*((host, server, [said]) for host, server in servers_of(TWO_SERVERS))),
        "resolution": ResolutionFacts(iterations=(iteration(listed.name, "AAAA", *sites[0].v6), iteration(listed.name, "MX"))),
        "mail_zones": MailZoneFacts(),
        "resources": ResourceFacts(addresses=tuple(routed(a, s.name, roles=("web",)) for s in sites for a in s.addresses)),
        "registration": RegistrationFacts(name=ZONE, expires=START + timedelta(days=365)),
        "server_resources": ResourceFacts(
            addresses=tuple(
                routed(server, host, origin=number, roles=("ns",))
                for number, (host, server) in enumerate(servers_of(TWO_SERVERS), 1)
            )
        ),
        "reachability": ReachabilityFacts(hosts=tuple(site.reach() for site in sites if site.addresses)),
        "web": WebFacts(names=tuple(site.web() for site in sites if site.addresses), certificates=tuple(certificates.values())),
    }
    return change(Evidence(**(fields | more)))
