"""Evidence made by hand: a healthy dual-stack site, and ways to spoil it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from ipv6check.facts import (
    AddressWeb,
    Answer,
    AuthorityFacts,
    AuthorityTries,
    Canary,
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
    VantageFacts,
    WebFacts,
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
    resolver: bool = True,
    offset: float = 0.2,
) -> VantageFacts:
    """A look at ourselves at a time: so many of five canaries by each family, these roots, this resolver, this clock."""

    def tcp(works: bool, address: str) -> TcpTry:
        return TcpTry(start=at, end=at + SECOND, address=ip_address(address), port=443, failure=None if works else fail())

    canaries = tuple(
        Canary(host=f"canary{i}", v6=tcp(i < v6, f"2400:c::{i + 1}"), v4=tcp(i < v4, f"11.7.0.{i + 1}"), clock_offset=offset)
        for i in range(5)
    )
    root = {"6": "2400:f::1", "4": "11.8.0.1"}
    tries = tuple(
        dns_try(
            answered("soa") if way in roots else None,
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
    return VantageFacts(
        start=at, end=at + SECOND, when="before", canaries=canaries, roots=tries, signed=signed, random=dns_try(made_up, at=at)
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


def soa(server: str, *tries: DnsTry | str, zone: str = ZONE) -> ServerTries:
    """One server address's SOA tries: a DnsTry, or `ok`, `timeout`, or an rcode."""
    made = {"ok": answered("soa", soa=zone, authoritative=True), "lame": answered("soa", soa=zone)}
    done = []
    for given in tries or ("ok",):
        if isinstance(given, DnsTry):
            done.append(given)
        elif given == "timeout":
            done.append(dns_try(failure=fail("timeout", Stage.DNS), server=server))
        else:
            done.append(dns_try(made.get(given) or answered(rcode=given), server=server, seconds_to_answer=0.01))
    return ServerTries(server=ip_address(server), transport="udp", tries=tuple(done))


def nameserver(name: str, v6: Sequence[str] = (), v4: Sequence[str] = (), **tries: Sequence[str]) -> NameserverHost:
    """A name server with its SOA tries: `v6_tries`, `v4_tries` for all addresses of a family."""
    asked = [soa(a, *tries.get("v6_tries", ("ok",))) for a in v6] + [soa(a, *tries.get("v4_tries", ("ok",))) for a in v4]
    return NameserverHost(name=name, lookups=names(name, v6, v4), soa=tuple(asked))


TWO_SERVERS = (
    nameserver("ns1.hanoi.gov.vn", ["2400:5::1"], ["11.5.0.1"]),
    nameserver("ns2.hanoi.gov.vn", ["2400:5::2"], ["11.5.0.2"]),
)


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
        return dns_try(answered(*records, authoritative=True, soa=ZONE), server=server, seconds_to_answer=0.01)
    return dns_try(answered(rcode=word, authoritative=True), server=server)


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
    certificates = {f.tls.chain[0]: s.leaf for s in sites for a in s.web().addresses for f in a.https if f.tls and f.tls.chain}
    fields = {
        "target": Target(domain=DOMAIN, agency="Sở Hoa Sen", kind="so"),
        "run": run(),
        "vantage": tuple(vantage),
        "dns": DnsFacts(listed=listed, www=www, zone=ZONE, zone_lookups=(lookup(ZONE, "SOA", "soa", soa=ZONE),)),
        "nameservers": NameserverFacts(
            zone=ZONE, parent="gov.vn", from_child=tuple(s.name for s in TWO_SERVERS), hosts=TWO_SERVERS
        ),
        "authority": authority(("ns1.hanoi.gov.vn", "2400:5::1", [said]), ("ns2.hanoi.gov.vn", "11.5.0.2", [said])),
        "reachability": ReachabilityFacts(hosts=tuple(site.reach() for site in sites if site.addresses)),
        "web": WebFacts(names=tuple(site.web() for site in sites if site.addresses), certificates=tuple(certificates.values())),
    }
    return change(Evidence(**(fields | more)))
