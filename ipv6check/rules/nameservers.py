"""NS: the zone's name servers, their addresses, and whether they serve."""

from typing import Final

from ipv6check.facts import Evidence, Family, NameserverFacts, NameserverHost, ServerTries, family_of
from ipv6check.model import FailureKind, Reason, Severity
from ipv6check.rules.dns import quickest
from ipv6check.rules.rule import (
    Args,
    Finding,
    failed,
    not_applicable,
    not_built,
    not_measured,
    passed,
    rule,
    warned,
)
from ipv6check.scales import SLOW, Scales
from ipv6check.tries import State, Weighing

ENOUGH: Final = 2
TOO_MANY: Final = 8


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


@rule("NS-02", refs=("RFC 1034 s4.1", "RFC 2182"))
def zone_has_several_name_servers(evidence: Evidence) -> Finding:
    """Does the zone have at least two name servers, and not too many?"""
    facts = evidence.nameservers
    hosts = hosts_known(facts)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    total = len(hosts) + facts.over_cap
    args: Args = {"zone": facts.zone, "total": total}
    if total < ENOUGH:
        return failed(**args)
    return warned(**args) if total > TOO_MANY else passed(**args)


@rule("NS-03", refs=("draft-ietf-dnsop-3901bis s4.1", "Zonemaster DELEGATION01"))
def two_nameservers_have_usable_aaaa(evidence: Evidence) -> Finding:
    """Do at least two name servers have a usable IPv6 address?"""
    return _have_addresses(evidence, 6)


@rule("NS-04", refs=("draft-ietf-dnsop-3901bis s4.1",))
def two_nameservers_have_a(evidence: Evidence) -> Finding:
    """Do at least two name servers have an IPv4 address?"""
    return _have_addresses(evidence, 4)


def _have_addresses(evidence: Evidence, family: Family) -> Finding:
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    ready = sum(bool(host.lookups.of_family(family)) for host in hosts)
    unseen = sum(lookup_of(host, family) is None for host in hosts) + facts.over_cap
    lacking = [h.name for h in hosts if lookup_of(h, family) is not None and not h.lookups.of_family(family)]
    args: Args = {"zone": facts.zone, "ready": ready, "total": len(hosts) + facts.over_cap}
    if ready >= ENOUGH:
        return passed(**args)
    if ready + unseen >= ENOUGH:
        return not_measured(Reason.RESOLVER_ERROR)
    return failed(lacking=lacking, **args)


def lookup_of(host: NameserverHost, family: Family) -> object | None:
    """The answer to the question for a host's addresses of one family, None when it was not answered."""
    return (host.lookups.aaaa if family == 6 else host.lookups.a).answer


@rule("NS-05", refs=("Zonemaster CONNECTIVITY01", "internetstandards/Internet.nl#1892"))
def every_server_serves_over_ipv6(evidence: Evidence) -> Finding:
    """Does every IPv6 address of the name servers answer for the zone over UDP?"""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    asked = _over_ipv6(hosts)
    if not asked:
        if any(lookup_of(host, 6) is None for host in hosts):
            return not_measured(Reason.RESOLVER_ERROR)
        return not_applicable(zone=facts.zone)
    scales = Scales(evidence)
    weighed = [(host, server, scales.soa(server)) for host, server in asked]
    silent = [(host, server, weighing) for host, server, weighing in weighed if weighing.state is State.FAILED]
    if silent:
        host, server, weighing = silent[0]
        assert weighing.failure is not None
        is_lame = weighing.failure.kind is FailureKind.PROTOCOL
        return failed(
            "lame" if is_lame else "silent",
            zone=facts.zone,
            server=host.name,
            address=str(server.server),
            problem=weighing.failure.detail or weighing.failure.kind.value,
            bad=len(silent),
            total=len(asked),
        )
    for _, _, weighing in weighed:
        if weighing.state is State.UNSEEN:
            return not_measured(weighing.reason)
    return _unsteady(facts.zone, weighed) or passed(zone=facts.zone, total=len(asked))


def _unsteady(zone: str, weighed: list[tuple[NameserverHost, ServerTries, Weighing]]) -> Finding | None:
    for host, server, weighing in weighed:
        if weighing.state is State.UNSTABLE:
            return warned("unstable", zone=zone, server=host.name, address=str(server.server))
        if (took := quickest(server.tries)) is not None and took > SLOW:
            return warned("slow", zone=zone, server=host.name, address=str(server.server), seconds=round(took, 1))
    return None


def _over_ipv6(hosts: tuple[NameserverHost, ...]) -> list[tuple[NameserverHost, ServerTries]]:
    return [(h, s) for h in hosts for s in h.soa if family_of(s.server) == 6 and s.transport == "udp"]


@rule("NS-08", refs=("draft-ietf-dnsop-3901bis",))
def two_servers_serve_over_ipv6(evidence: Evidence) -> Finding:
    """Do at least two name servers really serve the zone over IPv6?"""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    scales = Scales(evidence)
    serving, unseen, reason = 0, facts.over_cap, Reason.RESOLVER_ERROR
    for host in hosts:
        weighed = [scales.soa(server) for _, server in _over_ipv6((host,))]
        if any(weighing.is_up for weighing in weighed):
            serving += 1
        elif waiting := [w for w in weighed if w.state is State.UNSEEN]:
            unseen, reason = unseen + 1, waiting[0].reason or reason
        elif lookup_of(host, 6) is None or (host.lookups.of_family(6) and not weighed):
            unseen += 1
    if serving >= ENOUGH:
        return passed(zone=facts.zone, serving=serving, total=len(hosts))
    if serving + unseen >= ENOUGH:
        return not_measured(reason)
    return failed(zone=facts.zone, serving=serving, total=len(hosts))


M, R = Severity.MANDATORY, Severity.RECOMMENDED

RULES = (
    zone_is_found,
    zone_has_several_name_servers,
    two_nameservers_have_usable_aaaa,
    two_nameservers_have_a,
    every_server_serves_over_ipv6,
    not_built("NS-06", "Does every IPv6 address of the name servers answer over TCP?", M, "RFC 7766", "RFC 9210"),
    not_built("NS-07", "Does every IPv4 address of the name servers answer over UDP and TCP?", M, "3901bis"),
    two_servers_serve_over_ipv6,
    not_built("NS-09", "Does the parent name the same servers as the zone itself?", R, "RFC 1034"),
    not_built("NS-10", "Does the parent hold the AAAA glue that the zone has?", M, "RFC 9471", "3901bis s3.1"),
    not_built("NS-11", "Do name servers outside the zone resolve by IPv6 alone?", R, "3901bis s3.1"),
    not_built("NS-12", "Is the name resolved from the root by IPv6 alone?", M, "3901bis"),
    not_built("NS-13", "Are the servers' IPv6 addresses free of embedded IPv4?", M, "3901bis"),
    not_built("NS-14", "Do the servers say the same by IPv4 and by IPv6?", M, "3901bis"),
    not_built("NS-15", "Do the servers handle EDNS?", R, "RFC 6891"),
    not_built("NS-16", "Do large replies arrive over IPv6?", R, "RFC 9715"),
    not_built("NS-17", "Are the servers in several networks (AS)?", R, "RFC 2182"),
    not_built("NS-18", "Are the servers in several routed prefixes?", R),
    not_built("NS-19", "Do the servers refuse to resolve for strangers?", R, "RFC 5358"),
    not_built("NS-20", "Are the zones of the mail servers served over IPv6 too?", R, "internetstandards/Internet.nl#225"),
)
