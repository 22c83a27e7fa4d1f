"""Where the tries that verdicts rest on are found in the evidence, as commands that repeat them and lines on how they went."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, Literal

from ipv6check.facts import (
    AddressFacts,
    Certificate,
    Evidence,
    Family,
    Iteration,
    Lookup,
    NameLookups,
    NameserverFacts,
    NameWeb,
    ResourceFacts,
    TlsTry,
    family_of,
)
from ipv6check.reports.commands import Trace, connected, curl, fetched, gathered, lookups_of, openssl, questions, shaken
from ipv6check.reports.hostile import for_terminal

PORTS: Final = {443: "https", 80: "http"}

Source = Callable[[Evidence], Iterable[Trace]]
Pick = Callable[[NameLookups], Iterable[Lookup]]


def a(name: NameLookups) -> Iterable[Lookup]:
    return (name.a,)


def aaaa(name: NameLookups) -> Iterable[Lookup]:
    return (name.aaaa,)


def both(name: NameLookups) -> Iterable[Lookup]:
    return (name.aaaa, name.a)


def names(pick: Pick, *which: Literal["listed", "www"], signatures: bool = False) -> Source:
    """Look-ups of the listed name, of www, or of both."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        names: Iterable[NameLookups] = [getattr(evidence.dns, name) for name in which] if evidence.dns else ()
        return chain.from_iterable(lookups_of(lookup, signatures) for name in names for lookup in pick(name))

    return source


def links(evidence: Evidence) -> Iterable[Trace]:
    return chain.from_iterable(lookups_of(lookup) for lookup in (evidence.dns.chain if evidence.dns else ()))


def zone(*, signatures: bool) -> Source:
    """The climb to the zone's apex."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        lookups = evidence.dns.zone_lookups if evidence.dns else ()
        return chain.from_iterable(lookups_of(lookup, signatures) for lookup in lookups)

    return source


def authority(type: str, *, listed_only: bool = False) -> Source:
    """What the zone's servers said of the names themselves."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        for asked in evidence.authority.answers if evidence.authority else ():
            is_listed = evidence.dns is not None and asked.name == evidence.dns.listed.name
            if asked.type == type and (is_listed or not listed_only):
                yield from questions(asked.tries, asked.name, asked.type, recursive=False)

    return source


def delegation(evidence: Evidence) -> Iterable[Trace]:
    facts = evidence.nameservers
    if facts is not None:
        yield from questions((facts.delegation,) if facts.delegation else (), facts.zone, "NS", recursive=False)
        yield from lookups_of(facts.child)


def glue(evidence: Evidence) -> Iterable[Trace]:
    """The parent's answer with its glue, over UDP and TCP."""
    facts = evidence.nameservers
    tries = [tried for tried in (facts.delegation, facts.glue_over_tcp) if tried is not None] if facts else []
    yield from questions(tries, facts.zone if facts else "", "NS", recursive=False)
    said = [f"{host} {text}" for tried in tries if tried.answer for host, text in tried.answer.glue]
    yield from [Trace("", tuple(map(for_terminal, said)))] if said else []


def ways(pick: Callable[[Evidence], Iterable[Iteration]]) -> Source:
    """What was asked on the way from the root, zone by zone, and which servers could not be asked."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        steps = [step for way in pick(evidence) for step in way.steps]
        for asked in (asked for step in steps for asked in step.asked):
            yield from questions(asked.tries, asked.name, asked.type, recursive=False)
        lost = [f"{step.zone} {host}: {why}" for step in steps for host, why in step.unusable]
        yield from [Trace("", tuple(map(for_terminal, dict.fromkeys(lost))))] if lost else []

    return source


def resolution(evidence: Evidence) -> Iterable[Iteration]:
    return evidence.resolution.iterations if evidence.resolution else ()


def outside(evidence: Evidence) -> Iterable[Iteration]:
    return evidence.nameservers.outside if evidence.nameservers else ()


def mail_hosts(evidence: Evidence) -> Iterable[Iteration]:
    return evidence.mail_zones.hosts if evidence.mail_zones else ()


def mail_servers(evidence: Evidence) -> Iterable[Trace]:
    """What the name servers of the mail hosts' zones answer over IPv6."""
    for facts in evidence.mail_zones.zones if evidence.mail_zones else ():
        yield from _soa(facts, (6,), ("udp",))


def further(purpose: str) -> Source:
    """A further question to each name server."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        facts, dnssec = evidence.nameservers, evidence.dnssec
        for asked in (*(facts.asked if facts else ()), *(dnssec.asked if dnssec else ())):
            if asked.purpose == purpose:
                signatures = dnssec is not None and asked in dnssec.asked
                yield from questions(asked.tries, asked.name, asked.type, recursive=False, signatures=signatures)

    return source


def at_parent(*which: Literal["ds", "cds", "cdnskey"]) -> Source:
    """The records that join a zone to its parent's signatures."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        facts = evidence.dnssec
        return chain.from_iterable(lookups_of(getattr(facts, name), signatures=True) for name in which) if facts else ()

    return source


def tables(*which: Literal["resources", "server_resources"]) -> Source:
    """What the tables say of each address; no command repeats that."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        known: Iterable[ResourceFacts | None] = [getattr(evidence, name) for name in which]
        said = [_in_tables(address) for facts in known if facts for address in facts.addresses]
        return [Trace("", tuple(said))] if said else []

    return source


def _in_tables(facts: AddressFacts) -> str:
    routes = [
        " ".join(filter(None, (route.prefix, f"AS{route.origin}" if route.origin is not None else "AS_SET", route.validity)))
        for route in facts.routes
    ]
    dates = [f"{table} of {date:%Y-%m-%d}" for table, date in facts.dates]
    problems = [f"{table}: {why}" for table, why in facts.problems]
    said = (", ".join(routes) or "not routed", facts.holder, facts.country, *dates, *problems)
    return for_terminal(f"{facts.address}: {'; '.join(filter(None, said))}")


def reverse(evidence: Evidence) -> Iterable[Trace]:
    """The reverse names of the addresses, and where they lead."""
    for address in evidence.resources.addresses if evidence.resources else ():
        yield from lookups_of(address.ptr)
        for names in address.forward:
            yield from chain.from_iterable(lookups_of(lookup) for lookup in both(names))


def records(*which: Literal["https", "caa"]) -> Source:
    """Look-ups of other records of the names."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        lookups = [lookup for name in which for lookup in getattr(evidence.dns, name)] if evidence.dns else []
        return chain.from_iterable(lookups_of(lookup) for lookup in lookups)

    return source


def wildcard(evidence: Evidence) -> Iterable[Trace]:
    wildcard = evidence.dns.wildcard if evidence.dns else None
    return chain.from_iterable(lookups_of(lookup) for lookup in (both(wildcard) if wildcard else ()))


def registration(evidence: Evidence) -> Iterable[Trace]:
    facts = evidence.registration
    if facts is not None:
        until = f"until {facts.expires:%Y-%m-%d}" if facts.expires else facts.problem
        yield Trace("", (for_terminal(f"{facts.name}: {until} ({facts.source})"),))


def hosts(pick: Pick) -> Source:
    """The addresses of the name servers."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        hosts = evidence.nameservers.hosts if evidence.nameservers else ()
        return chain.from_iterable(lookups_of(lookup) for host in hosts for lookup in pick(host.lookups))

    return source


def _soa(facts: NameserverFacts, families: Iterable[Family], transports: Iterable[str]) -> Iterable[Trace]:
    for server in (server for host in facts.hosts for server in host.soa):
        if family_of(server.server) in families and server.transport in transports:
            yield from questions(server.tries, facts.zone, "SOA", recursive=False)


def serving(families: Iterable[Family], *transports: Literal["udp", "tcp"]) -> Source:
    """What each address of the name servers answers for the zone."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        return _soa(evidence.nameservers, families, transports) if evidence.nameservers else ()

    return source


def ports(families: Iterable[Family], ports: Iterable[int]) -> Source:
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


def fetches(*schemes: Literal["https", "http"]) -> Source:
    """The front page at every address."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        addresses = [at for name in _sites(evidence) for at in name.addresses]
        return gathered(fetched(f) for at in addresses for s in schemes for f in (at.https if s == "https" else at.http))

    return source


def hops(families: Iterable[Family], *schemes: Literal["https", "http"]) -> Source:
    """Where redirects lead."""

    def source(evidence: Evidence) -> Iterable[Trace]:
        chains = [c for name in _sites(evidence) for c in name.chains if c.family in families and c.scheme in schemes]
        yield from gathered(fetched(fetch) for c in chains for hop in c.hops for fetch in hop.tries)
        stops = [f"IPv{c.family} {c.scheme}: {c.stopped}" for c in chains if c.stopped]
        yield from [Trace("", tuple(map(for_terminal, stops)))] if stops else []

    return source


def handshakes(evidence: Evidence) -> Iterable[Trace]:
    """The certificate at every address."""
    fetches = (fetch for name in _sites(evidence) for at in name.addresses for fetch in at.https)
    return gathered((openssl(f.tls), shaken(f.tls, _leaf(f.tls, evidence))) for f in fetches if f.tls is not None)


def old_handshakes(evidence: Evidence) -> Iterable[Trace]:
    tries = (t for name in _sites(evidence) for at in name.addresses for t in at.legacy)
    return gathered((openssl(t, old_versions=True), shaken(t, _leaf(t, evidence))) for t in tries)


def _leaf(tried: TlsTry, evidence: Evidence) -> Certificate | None:
    return evidence.web.certificate(tried.chain[0]) if evidence.web and tried.chain else None


def canaries(family: Family) -> Source:
    def source(evidence: Evidence) -> Iterable[Trace]:
        looks = ((c.host, c.by(family)) for sample in evidence.vantage for c in sample.canaries)
        return gathered((curl(f"https://{host}/", t.address, t.port), connected(t)) for host, t in looks if t is not None)

    return source


def roots(evidence: Evidence) -> Iterable[Trace]:
    asked = [t for sample in evidence.vantage for t in sample.roots if family_of(t.server) == 6]
    return questions(asked, ".", "SOA", recursive=False)
