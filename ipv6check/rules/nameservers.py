"""NS: the zone's name servers, their addresses, and whether they serve."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ipv6check.addressing import kind_of, text_of
from ipv6check.facts import Evidence, Family, NameserverFacts, NameserverHost, ServerTries, family_of
from ipv6check.model import Failure, FailureKind, Outcome, Reason
from ipv6check.rules.dns import quickest
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_measured, passed, rule, warned
from ipv6check.scales import SLOW, Scales
from ipv6check.tries import State

ENOUGH: Final = 2
TOO_MANY: Final = 8
EMBEDDED: Final = frozenset({"v4-mapped", "v4-compatible", "nat64", "nat64-local"})
"""Kinds of IPv6 address that wrap an IPv4 one; a network's own translation prefix (RFC 6052) cannot be told from others."""


@rule("NS-01", refs=("RFC 1034", "internetstandards/Internet.nl#526"))
def zone_is_found(evidence: Evidence) -> Finding:
    """Which zone is the name in, seen by climbing to the real apex?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if evidence.dns.zone:
        return passed(zone=evidence.dns.zone)
    unseen = not evidence.dns.zone_lookups or any(lookup.answer is None for lookup in evidence.dns.zone_lookups)
    return not_measured(Reason.RESOLVER_ERROR) if unseen else failed(name=evidence.dns.listed.name)


def hosts_known(facts: NameserverFacts | None) -> tuple[NameserverHost, ...] | None:
    """The zone's name servers, None when neither the zone nor its parent named them."""
    if facts is None or not facts.hosts:
        return None
    return facts.hosts


def why_unknown(evidence: Evidence) -> Finding:
    """Why the name servers are not known: their look-up failed, or what comes before it."""
    return not_measured(Reason.DEPENDENCY_FAILED if evidence.nameservers is None else Reason.RESOLVER_ERROR)


@rule("NS-02", refs=("RFC 1034 s4.1", "RFC 2182"), version=2)
def zone_has_several_name_servers(evidence: Evidence) -> Finding:
    """Does the zone have at least two name servers, and not too many?"""
    facts = evidence.nameservers
    hosts = hosts_known(facts)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    total = len(hosts) + facts.over_cap
    args: Args = {"zone": facts.zone, "total": total}
    if total < ENOUGH:
        return not_measured(Reason.RESOLVER_ERROR) if untold(facts) else failed(**args)
    return warned(**args) if total > TOO_MANY else passed(**args)


@rule("NS-03", refs=("draft-ietf-dnsop-3901bis s4.1", "Zonemaster DELEGATION01"), version=2)
def two_nameservers_have_usable_aaaa(evidence: Evidence) -> Finding:
    """Do at least two name servers have a usable IPv6 address?"""
    return _have_addresses(evidence, 6)


@rule("NS-04", refs=("draft-ietf-dnsop-3901bis s4.1",), version=2)
def two_nameservers_have_a(evidence: Evidence) -> Finding:
    """Do at least two name servers have an IPv4 address?"""
    return _have_addresses(evidence, 4)


def _have_addresses(evidence: Evidence, family: Family) -> Finding:
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    ready = sum(bool(host.lookups.of_family(family)) for host in hosts)
    unseen = sum(lookup_of(host, family) is None for host in hosts) + untold(facts)
    lacking = [h.name for h in hosts if lookup_of(h, family) is not None and not h.lookups.of_family(family)]
    args: Args = {"zone": facts.zone, "ready": ready, "total": len(hosts) + facts.over_cap}
    if ready >= ENOUGH:
        return passed(**args)
    if ready + unseen >= ENOUGH:
        return not_measured(Reason.RESOLVER_ERROR)
    return failed(lacking=lacking, **args)


def untold(facts: NameserverFacts) -> int:
    """How many name servers there may be beside those looked at: one that only the zone or only its parent told of may be one
    of several."""
    is_told = len(facts.hosts) >= ENOUGH or (facts.from_parent and facts.from_child)
    return facts.over_cap if is_told else ENOUGH


def lookup_of(host: NameserverHost, family: Family) -> object | None:
    """The answer to the question for a host's addresses of one family, None when it was not answered."""
    return (host.lookups.aaaa if family == 6 else host.lookups.a).answer


@rule("NS-05", refs=("Zonemaster CONNECTIVITY01", "internetstandards/Internet.nl#1892"), version=2)
def every_server_serves_over_ipv6(evidence: Evidence) -> Finding:
    """Does every IPv6 address of the name servers answer for the zone over UDP?"""
    found = _every_address_answers(evidence, 6, ("udp",))
    return (found.outcome is Outcome.PASS and _slow(evidence)) or found


@rule("NS-06", refs=("RFC 7766", "RFC 9210"), version=2)
def every_server_serves_over_ipv6_and_tcp(evidence: Evidence) -> Finding:
    """Does every IPv6 address of the name servers answer over TCP?"""
    return _every_address_answers(evidence, 6, ("tcp",))


@rule("NS-07", refs=("draft-ietf-dnsop-3901bis",), version=2)
def every_server_serves_over_ipv4(evidence: Evidence) -> Finding:
    """Does every IPv4 address of the name servers answer over UDP and TCP?"""
    return _every_address_answers(evidence, 4, ("udp", "tcp"))


def _every_address_answers(evidence: Evidence, family: Family, transports: tuple[str, ...]) -> Finding:
    """Judge every address of a family by those transports: as bad as the worst of them."""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    asked = soa_tries(hosts, family, transports)
    scales = Scales(evidence)
    weighed = [(host, server, scales.soa(server)) for host, server in asked]
    bad = [(host, server, weighing) for host, server, weighing in weighed if weighing.state is State.FAILED]
    total = len({server.server for _, server in asked})
    if bad:
        host, server, weighing = bad[0]
        assert weighing.failure is not None
        is_lame = weighing.failure.kind is FailureKind.PROTOCOL
        return failed(
            "lame" if is_lame else "silent",
            zone=facts.zone,
            server=host.name,
            address=text_of(server.server),
            transport=server.transport,
            problem=problem_of(weighing.failure),
            bad=len({server.server for _, server, _ in bad}),
            total=total,
        )
    for _, _, weighing in weighed:
        if weighing.state is State.UNSEEN:
            return not_measured(weighing.reason)
    if (reason := _why_not_asked(hosts, family, transports)) is not None:
        return not_measured(reason)
    for host, server, weighing in weighed:
        if weighing.state is State.UNSTABLE:
            args: Args = {"zone": facts.zone, "server": host.name, "address": text_of(server.server)}
            return warned("unstable", transport=server.transport, **args)
    return passed(zone=facts.zone, total=total) if asked else not_applicable(zone=facts.zone)


def problem_of(failure: Failure) -> str:
    """What a server did wrong, in words that can be translated: what it said, or how it was silent."""
    own_words = failure.kind in {FailureKind.PROTOCOL, FailureKind.TIMEOUT}
    return (failure.detail if own_words else "") or failure.kind.value


def _slow(evidence: Evidence) -> Finding | None:
    """The first IPv6 address whose quickest answer over UDP was slow."""
    facts = evidence.nameservers
    for host, server in soa_tries(facts.hosts, 6, ("udp",)) if facts else ():
        if facts is not None and (took := quickest(server.tries)) is not None and took > SLOW:
            return warned("slow", zone=facts.zone, server=host.name, address=text_of(server.server), seconds=round(took, 1))
    return None


def _why_not_asked(hosts: tuple[NameserverHost, ...], family: Family, transports: tuple[str, ...]) -> Reason | None:
    """Why a name server was not asked by each transport: its addresses are not known, or nobody asked. None: all were."""
    if any(lookup_of(host, family) is None for host in hosts):
        return Reason.RESOLVER_ERROR
    ready = [host for host in hosts if host.lookups.of_family(family)]
    is_unasked = any(not soa_tries((host,), family, (transport,)) for host in ready for transport in transports)
    return Reason.DEPENDENCY_FAILED if is_unasked else None


def soa_tries(
    hosts: Iterable[NameserverHost], family: Family, transports: tuple[str, ...]
) -> list[tuple[NameserverHost, ServerTries]]:
    """The SOA tries of some name servers by one family."""
    return [(h, s) for h in hosts for s in h.soa if family_of(s.server) == family and s.transport in transports]


@rule("NS-08", refs=("draft-ietf-dnsop-3901bis",), version=2)
def two_servers_serve_over_ipv6(evidence: Evidence) -> Finding:
    """Do at least two name servers really serve the zone over IPv6?"""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    serving = serving_over_ipv6(facts, Scales(evidence))
    args: Args = {"zone": facts.zone, "serving": len(serving.up), "total": len(hosts)}
    if serving.is_enough:
        return passed(**args)
    return not_measured(serving.reason) if serving.may_be_enough else failed(**args)


@dataclass(frozen=True, slots=True)
class Serving:
    """The names of a zone's servers that serve it over IPv6, and of those that might; `reason` says why that was not seen.

    `untold` counts those that may be beside them.
    """

    up: frozenset[str]
    unseen: frozenset[str]
    untold: int
    reason: Reason

    @property
    def is_enough(self) -> bool:
        """Whether two serve."""
        return len(self.up) >= ENOUGH

    @property
    def may_be_enough(self) -> bool:
        """Whether it could be two if what was not seen were good."""
        return len(self.up) + len(self.unseen) + self.untold >= ENOUGH

    def without(self, names: Iterable[str]) -> "Serving":
        """The same but for some servers."""
        return replace(self, up=self.up.difference(names), unseen=self.unseen.difference(names))


def serving_over_ipv6(facts: NameserverFacts, scales: Scales) -> Serving:
    """Which servers of a zone answer for it over IPv6 and UDP. `scales` are those of that zone."""
    up, unseen, reason = set(), set(), Reason.RESOLVER_ERROR
    for host in facts.hosts:
        weighed = [scales.soa(server) for _, server in soa_tries((host,), 6, ("udp",))]
        if any(weighing.is_up for weighing in weighed):
            up.add(host.name)
        elif waiting := [w for w in weighed if w.state is State.UNSEEN]:
            unseen.add(host.name)
            reason = waiting[0].reason or reason
        elif lookup_of(host, 6) is None or (host.lookups.of_family(6) and not weighed):
            unseen.add(host.name)
    return Serving(frozenset(up), frozenset(unseen), untold(facts), reason)


@rule("NS-13", refs=("draft-ietf-dnsop-3901bis", "RFC 6052"))
def no_server_address_embeds_ipv4(evidence: Evidence) -> Finding:
    """Are the servers' IPv6 addresses free of embedded IPv4?"""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    found = [(host.name, address) for host in hosts for address in host.lookups.aaaa.addresses]
    bad = [(name, address) for name, address in found if kind_of(address) in EMBEDDED]
    if bad:
        name, address = bad[0]
        args: Args = {"zone": facts.zone, "server": name, "address": text_of(address), "kind": kind_of(address)}
        return failed(bad=len(bad), total=len(found), **args)
    if any(lookup_of(host, 6) is None for host in hosts):
        return not_measured(Reason.RESOLVER_ERROR)
    return passed(zone=facts.zone, total=len(found)) if found else not_applicable(zone=facts.zone)


RULES = (
    zone_is_found,
    zone_has_several_name_servers,
    two_nameservers_have_usable_aaaa,
    two_nameservers_have_a,
    every_server_serves_over_ipv6,
    every_server_serves_over_ipv6_and_tcp,
    every_server_serves_over_ipv4,
    two_servers_serve_over_ipv6,
    no_server_address_embeds_ipv4,
)
