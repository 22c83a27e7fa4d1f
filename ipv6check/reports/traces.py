"""Which tries each verdict rests on: for every check the commands that repeat them by hand, and how each try went."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, Literal

from ipv6check.facts import FAMILIES, Certificate, Evidence, Family, Lookup, NameLookups, NameWeb, TlsTry, family_of
from ipv6check.reports.commands import Trace, connected, curl, fetched, gathered, lookups_of, openssl, questions, shaken
from ipv6check.reports.hostile import for_terminal

PORTS: Final = {443: "https", 80: "http"}

Source = Callable[[Evidence], Iterable[Trace]]
Pick = Callable[[NameLookups], Iterable[Lookup]]


def traces(id_: str, evidence: Evidence) -> tuple[Trace, ...]:
    """What a check's verdict rests on, each thing once; nothing for a check of the name itself."""
    found = chain.from_iterable(source(evidence) for source in SOURCES.get(id_, ()))
    return tuple(dict.fromkeys(found))


def _a(name: NameLookups) -> Iterable[Lookup]:
    return (name.a,)


def _aaaa(name: NameLookups) -> Iterable[Lookup]:
    return (name.aaaa,)


def _both(name: NameLookups) -> Iterable[Lookup]:
    return (name.aaaa, name.a)


def _names(pick: Pick, *which: Literal["listed", "www"], signatures: bool = False) -> Source:
    """Look-ups of the listed name, of www, or of both."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        names: Iterable[NameLookups] = [getattr(evidence.dns, name) for name in which] if evidence.dns else ()
        return chain.from_iterable(lookups_of(lookup, signatures) for name in names for lookup in pick(name))

    return source


def _links(evidence: Evidence) -> Iterable[Trace]:
    return chain.from_iterable(lookups_of(lookup) for lookup in (evidence.dns.chain if evidence.dns else ()))


def _zone(*, signatures: bool) -> Source:
    """The climb to the zone's apex."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        lookups = evidence.dns.zone_lookups if evidence.dns else ()
        return chain.from_iterable(lookups_of(lookup, signatures) for lookup in lookups)

    return source


def _authority(type: str, *, listed_only: bool = False) -> Source:
    """What the zone's servers said of the names themselves."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        for asked in evidence.authority.answers if evidence.authority else ():
            is_listed = evidence.dns is not None and asked.name == evidence.dns.listed.name
            if asked.type == type and (is_listed or not listed_only):
                yield from questions(asked.tries, asked.name, asked.type, recursive=False)

    return source


def _delegation(evidence: Evidence) -> Iterable[Trace]:
    facts = evidence.nameservers
    if facts is not None:
        yield from questions((facts.delegation,) if facts.delegation else (), facts.zone, "NS", recursive=False)
        yield from lookups_of(facts.child)


def _hosts(pick: Pick) -> Source:
    """The addresses of the name servers."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        hosts = evidence.nameservers.hosts if evidence.nameservers else ()
        return chain.from_iterable(lookups_of(lookup) for host in hosts for lookup in pick(host.lookups))

    return source


def _serving(evidence: Evidence) -> Iterable[Trace]:
    """What each IPv6 address of the name servers answers for the zone."""
    facts = evidence.nameservers
    for host in facts.hosts if facts else ():
        for server in host.soa:
            if facts is not None and family_of(server.server) == 6:
                yield from questions(server.tries, facts.zone, "SOA", recursive=False)


def _ports(families: Iterable[Family], ports: Iterable[int]) -> Source:
    """Handshakes with ports."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        for host in evidence.reachability.hosts if evidence.reachability else ():
            for at in host.ports:
                if family_of(at.address) in families and at.port in ports:
                    command = curl(f"{PORTS[at.port]}://{host.name}/", at.address, at.port)
                    yield from gathered((command, connected(t)) for t in at.tries)

    return source


def _sites(evidence: Evidence) -> Iterable[NameWeb]:
    return evidence.web.names if evidence.web else ()


def _fetches(*schemes: Literal["https", "http"]) -> Source:
    """The front page at every address."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        addresses = [at for name in _sites(evidence) for at in name.addresses]
        return gathered(fetched(f) for at in addresses for s in schemes for f in (at.https if s == "https" else at.http))

    return source


def _hops(families: Iterable[Family], *schemes: Literal["https", "http"]) -> Source:
    """Where redirects lead."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        chains = [c for name in _sites(evidence) for c in name.chains if c.family in families and c.scheme in schemes]
        yield from gathered(fetched(fetch) for c in chains for hop in c.hops for fetch in hop.tries)
        stops = [f"IPv{c.family} {c.scheme}: {c.stopped}" for c in chains if c.stopped]
        yield from [Trace("", tuple(map(for_terminal, stops)))] if stops else []

    return source


def _handshakes(evidence: Evidence) -> Iterable[Trace]:
    """The certificate at every address."""
    fetches = (fetch for name in _sites(evidence) for at in name.addresses for fetch in at.https)
    return gathered((openssl(f.tls), shaken(f.tls, _leaf(f.tls, evidence))) for f in fetches if f.tls is not None)


def _old_handshakes(evidence: Evidence) -> Iterable[Trace]:
    tries = (t for name in _sites(evidence) for at in name.addresses for t in at.legacy)
    return gathered((openssl(t, old_versions=True), shaken(t, _leaf(t, evidence))) for t in tries)


def _leaf(tried: TlsTry, evidence: Evidence) -> Certificate | None:
    return evidence.web.certificate(tried.chain[0]) if evidence.web and tried.chain else None


def _canaries(family: Family) -> Source:
    def source(evidence: Evidence) -> Iterable[Trace]:
        looks = ((c.host, c.by(family)) for sample in evidence.vantage for c in sample.canaries)
        return gathered((curl(f"https://{host}/", t.address, t.port), connected(t)) for host, t in looks if t is not None)

    return source


def _roots(evidence: Evidence) -> Iterable[Trace]:
    asked = [t for sample in evidence.vantage for t in sample.roots if family_of(t.server) == 6]
    return questions(asked, ".", "SOA", recursive=False)


_ADDRESSES: Final = (_names(_aaaa, "listed", "www"),)
_BOTH_PORTS: Final = (_ports(FAMILIES, PORTS),)
_REDIRECTS: Final = (_fetches("https", "http"), _hops(FAMILIES, "https", "http"))

SOURCES: Final[dict[str, tuple[Source, ...]]] = {
    "OPS-01": (_canaries(6),),
    "OPS-02": (_canaries(4),),
    "OPS-03": (_roots,),
    "NAME-04": _REDIRECTS,
    "NAME-06": (_names(_both, "listed"),),
    "DNS-01": (_names(_a, "listed"),),
    "DNS-02": (_names(_aaaa, "listed"), _authority("AAAA", listed_only=True)),
    "DNS-03": (_names(_aaaa, "www"), _authority("AAAA")),
    "DNS-04": _ADDRESSES,
    "DNS-05": (_links, _names(_both, "listed", "www")),
    "DNS-06": (_authority("AAAA"),),
    "NS-01": (_zone(signatures=False),),
    "NS-02": (_delegation,),
    "NS-03": (_hosts(_aaaa),),
    "NS-04": (_hosts(_a),),
    "NS-05": (_serving,),
    "NS-08": (_serving,),
    "SEC-01": (_zone(signatures=True), _names(_both, "listed", "www", signatures=True)),
    "ADDR-01": _ADDRESSES,
    "ADDR-02": _ADDRESSES,
    "ADDR-03": (_names(_a, "listed", "www"),),
    "REACH-01": (_ports((6,), (443,)),),
    "REACH-02": (_ports(FAMILIES, (80,)),),
    "REACH-03": (_ports((4,), PORTS),),
    "REACH-04": _BOTH_PORTS,
    "REACH-05": _BOTH_PORTS,
    "REACH-10": _BOTH_PORTS,
    "WEB-01": (_fetches("https"),),
    "WEB-02": (_handshakes,),
    "WEB-03": (_handshakes,),
    "WEB-04": (_handshakes,),
    "WEB-05": (_handshakes,),
    "WEB-07": (_handshakes, _old_handshakes),
    "WEB-09": (_fetches("http"), _hops(FAMILIES, "http")),
    "WEB-10": (_fetches("https"),),
    "WEB-11": _REDIRECTS,
    "WEB-12": _REDIRECTS,
    "WEB-13": (_hops((6,), "https", "http"),),
}
"""What each check looks at, in the order in which it does."""
