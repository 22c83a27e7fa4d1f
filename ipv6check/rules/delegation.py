"""NS: the delegation: what the parent says of the zone, and whether IPv6 alone leads from the root to its names."""

from dataclasses import dataclass
from typing import Final

from ipv6check.addressing import Address, parse_addresses, text_of
from ipv6check.facts import (
    NO_GLUE,
    UNRESOLVED,
    AuthorityTries,
    DnsTry,
    Evidence,
    Iteration,
    NameserverFacts,
    NameserverHost,
    ZoneStep,
    is_within,
)
from ipv6check.model import Reason, Severity
from ipv6check.rules.nameservers import hosts_known, lookup_of, problem_of, serving_over_ipv6, why_unknown
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_measured, passed, rule, warned, worst
from ipv6check.scales import Scales
from ipv6check.tries import State

ROOT: Final = "."

R = Severity.RECOMMENDED


@rule("NS-09", severity=R, refs=("RFC 1034", "Zonemaster DELEGATION07"))
def parent_and_zone_name_the_same_servers(evidence: Evidence) -> Finding:
    """Does the parent name the same servers as the zone itself?"""
    facts = evidence.nameservers
    if facts is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    at_parent, in_zone, tried = set(facts.from_parent), _named_by_the_zone(facts), facts.delegation
    if tried is None or not at_parent:
        return not_measured(_why_silent(tried, facts.zone, Scales(evidence)))
    if not in_zone:
        return not_measured(Reason.RESOLVER_ERROR)
    args: Args = {"zone": facts.zone, "parent": facts.parent, "address": text_of(tried.server)}
    if at_parent == in_zone:
        return passed(total=len(in_zone), **args)
    args |= {"at_parent": sorted(at_parent - in_zone), "in_zone": sorted(in_zone - at_parent)}
    if not at_parent & in_zone:
        return failed(**args)
    if at_parent < in_zone:
        return warned("zone-has-more", **args)
    return warned("parent-has-more" if in_zone < at_parent else "overlap", **args)


def _named_by_the_zone(facts: NameserverFacts) -> set[str]:
    """What the zone's servers name, taken together: where they differ (NS-14) it matters not which of them our resolver asked.
    What our resolver heard, where none of them said it to us."""
    answers = [tried.answer for asked in facts.asked if asked.purpose == "ns" for tried in asked.tries if tried.answer]
    return {name for answer in answers if answer.authoritative for name in answer.names} or set(facts.from_child)


def _why_silent(tried: DnsTry | None, zone: str, scales: Scales) -> Reason | None:
    """Why it is not known what the parent's server says."""
    if tried is None:
        return Reason.RESOLVER_ERROR
    asked = AuthorityTries(host="", server=tried.server, name=zone, type="NS", tries=(tried,), transport=tried.transport)
    return scales.reply(asked).reason


@rule("NS-10", refs=("RFC 9471", "draft-ietf-dnsop-3901bis s3.1"))
def parent_holds_the_aaaa_glue(evidence: Evidence) -> Finding:
    """Does the parent hold the AAAA glue that the zone has?"""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    hosts = tuple(h for h in hosts if is_within(h.name, facts.zone) and (h.lookups.of_family(6) or lookup_of(h, 6) is None))
    if hosts and not facts.from_parent:
        return not_measured(_why_silent(facts.delegation, facts.zone, Scales(evidence)))
    hosts = tuple(host for host in hosts if host.name in facts.from_parent)
    return worst(_glue_of(host, facts, evidence) for host in hosts)


def _glue_of(host: NameserverHost, facts: NameserverFacts, evidence: Evidence) -> Finding:
    """Compare one server's glue with its AAAA records. A reply over UDP may leave some out; one over TCP has all."""
    if lookup_of(host, 6) is None:
        return not_measured(Reason.RESOLVER_ERROR)
    over_udp, over_tcp = _glue_in(facts.delegation, host.name, facts), _glue_in(facts.glue_over_tcp, host.name, facts)
    if over_udp is None or facts.delegation is None:  # the parent's server serves the zone too, and refers to nobody
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not over_udp and over_tcp is None:
        return not_measured(_why_silent(facts.glue_over_tcp, facts.zone, Scales(evidence)))
    glue, own = over_udp if over_tcp is None else over_tcp, set(host.lookups.aaaa.addresses)
    args: Args = {"zone": facts.zone, "parent": facts.parent, "server": host.name, "address": text_of(facts.delegation.server)}
    if glue == own:
        return passed(zone=facts.zone, parent=facts.parent)
    args |= {"addresses": _sorted(own), "glue": _sorted(glue)}
    if not glue:
        return failed("missing", **args)
    return warned(**args) if glue < own else failed("different", **args)


def _glue_in(tried: DnsTry | None, host: str, facts: NameserverFacts) -> set[Address] | None:
    """A server's IPv6 addresses in a referral to the zone; None when there was no referral."""
    answer = tried.answer if tried else None
    if answer is None or answer.referral != facts.zone:
        return None
    return {address for address in parse_addresses(text for name, text in answer.glue if name == host) if address.version == 6}


def _sorted(addresses: set[Address]) -> list[str]:
    return [text_of(address) for address in sorted(addresses, key=int)]


@dataclass(frozen=True, slots=True)
class Passage:
    """How far one question came by IPv6 alone: `WORKED`, `UNSTABLE` (only after retry), `FAILED` or `UNSEEN` (see `reason`).

    `broken` is the zone that it was stuck at, `parent` the zone before it, `failed` the servers, each with what was wrong.
    `behind` is the zone that the names of all its servers were lost in, "" where one of them has a fault of its own.
    """

    state: State
    reason: Reason | None = None
    broken: str = ""
    parent: str = ""
    failed: tuple[str, ...] = ()
    behind: str = ""


def passage(iteration: Iteration | None, scales: Scales) -> Passage:
    """Say how far an iteration came, and whether what stopped it was theirs."""
    if iteration is None or not iteration.steps or not (iteration.broken or iteration.rcode):
        return Passage(State.UNSEEN, Reason.DEPENDENCY_FAILED)
    if not iteration.broken:
        until = _until_retried(iteration.steps, scales)
        return _stuck(State.UNSTABLE, until, scales) if until else Passage(State.WORKED)
    last = iteration.steps[-1]
    weighed = [scales.referral(asked) for asked in last.asked]
    unseen = [weighing.reason for weighing in weighed if weighing.state is State.UNSEEN]
    if unseen:
        return Passage(State.UNSEEN, unseen[0])
    if last.zone == ROOT or any(asked.zone == ROOT for asked in last.asked):  # whoever cannot ask the root has a fault here
        return Passage(State.UNSEEN, Reason.DEPENDENCY_FAILED)
    if any(weighing.is_up for weighing in weighed):  # a way that never ends; or one referral without glue
        return Passage(State.UNSEEN, Reason.LIMIT if last.is_answered else Reason.OWN_TIMEOUT_BUDGET)
    return _stuck(State.FAILED, iteration.steps, scales)


def _until_retried(steps: tuple[ZoneStep, ...], scales: Scales) -> tuple[ZoneStep, ...]:
    """The steps up to the first where all servers were asked in vain before one answered, and not for a reason of ours."""
    for number, step in enumerate(steps, 1):
        if not step.is_answered or step.rounds == 1:
            continue
        answering = step.asked[-1]
        if scales.referral(answering).state is State.UNSTABLE:
            return steps[:number]
        answers = [tried.answer for tried in answering.tries if tried.answer is not None]
        if len(answers) > 1:  # it led on only when asked again: of what it referred to at first nobody could be asked
            unusable = tuple((host, NO_GLUE) for host in answers[0].referral_servers)
            return (*steps[:number], ZoneStep(zone=answers[0].referral, unusable=unusable))
    return ()


def _stuck(state: State, steps: tuple[ZoneStep, ...], scales: Scales) -> Passage:
    step = steps[-1]
    failures = [(asked, scales.referral(asked).failure) for asked in step.asked]
    said = [f"{asked.host} ({asked.server}): {problem_of(failure)}" for asked, failure in failures if failure is not None]
    said += [f"{host}: {why}" for host, why in step.unusable]
    lost = sorted({zone for _, zone in step.lost} - {"", step.zone})
    has_own = any(asked.zone == step.zone for asked in step.asked) or any(why != UNRESOLVED for _, why in step.unusable)
    behind = lost[0] if lost and not has_own else ""
    return Passage(state, None, step.zone, steps[-2].zone if len(steps) > 1 else "", tuple(sorted(set(said))), behind)


@rule("NS-11", severity=R, refs=("draft-ietf-dnsop-3901bis s3.1",), version=2)
def servers_outside_the_zone_resolve_by_ipv6(evidence: Evidence) -> Finding:
    """Do name servers outside the zone resolve by IPv6 alone?"""
    facts, hosts = evidence.nameservers, hosts_known(evidence.nameservers)
    if facts is None or hosts is None:
        return why_unknown(evidence)
    names, scales = [h.name for h in hosts if not is_within(h.name, facts.zone)], Scales(evidence)
    if not names:
        return not_applicable(zone=facts.zone)
    ways = {iteration.name: iteration for iteration in facts.outside}
    passages = {name: passage(ways.get(name), scales) for name in names}
    stuck = {name: way for name, way in passages.items() if way.state is State.FAILED}
    unseen = {name: way for name, way in passages.items() if way.state is State.UNSEEN}
    if not stuck:
        reason = next((way.reason for way in unseen.values()), None)
        return not_measured(reason) if unseen else passed(zone=facts.zone, total=len(names))
    serving, first = serving_over_ipv6(facts, scales).without(stuck), next(iter(stuck.values()))
    sure = serving.without(unseen)
    args: Args = {"zone": facts.zone, "lacking": list(stuck), "serving": len(sure.up)}
    args |= {"broken": first.broken, "parent": first.parent, "failed": list(first.failed)}
    if sure.is_enough:
        return warned(**args)
    if serving.may_be_enough:
        return not_measured(next((way.reason for way in unseen.values()), serving.reason))
    return failed(**args)


@rule("NS-12", refs=("draft-ietf-dnsop-3901bis", "Streibelt et al. 2023"), version=2)
def name_resolves_from_the_root_by_ipv6(evidence: Evidence) -> Finding:
    """Is the name resolved from the root by IPv6 alone?"""
    iterations = evidence.resolution.iterations if evidence.resolution else ()
    if not iterations:
        return not_measured(Reason.DEPENDENCY_FAILED)
    scales, zone = Scales(evidence), evidence.dns.zone if evidence.dns else ""
    return worst(_resolved(iteration, passage(iteration, scales), zone) for iteration in iterations)


def _resolved(iteration: Iteration, way: Passage, zone: str) -> Finding:
    args: Args = {"name": iteration.name, "type": iteration.type}
    match way.state:
        case State.WORKED:
            return passed(**args)
        case State.UNSEEN:
            return not_measured(way.reason)
    args |= {"broken": way.broken, "parent": way.parent, "failed": list(way.failed)}
    if way.state is State.UNSTABLE:
        return warned(**args)
    if way.behind:
        args |= {"stuck": way.broken, "broken": way.behind}
        return failed("servers", **args)
    if is_within(way.broken, zone):
        return failed("own", **args)
    return failed("above" if is_within(iteration.name, way.broken) else "elsewhere", **args)


@rule("NS-20", severity=R, refs=("internetstandards/Internet.nl#225",), version=2)
def mail_zones_are_served_over_ipv6(evidence: Evidence) -> Finding:
    """Are the zones of the mail servers served over IPv6 too?"""
    mx, facts = evidence.dns.mx if evidence.dns else None, evidence.mail_zones
    if mx is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if mx.answer is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if all(record.split()[-1] == ROOT for record in mx.answer.records):
        return not_applicable()
    if facts is None or not facts.zone_of:
        return not_measured(Reason.DEPENDENCY_FAILED)
    return worst(_mail_zone(host, zone, evidence) for host, zone in facts.zone_of)


def _mail_zone(host: str, zone: str, evidence: Evidence) -> Finding:
    """Judge the zone of one mail server's name as NS-08 and NS-12 judge the target's."""
    zones, hosts = (evidence.mail_zones.zones, evidence.mail_zones.hosts) if evidence.mail_zones else ((), ())
    facts = next((known for known in zones if known.zone == zone), None)
    iteration = next((known for known in hosts if known.name == host), None)
    if facts is None or not facts.hosts:
        return not_measured(Reason.DEPENDENCY_FAILED if zone else Reason.RESOLVER_ERROR)
    scales = Scales(evidence, zone=zone)
    serving, way = serving_over_ipv6(facts, scales), passage(iteration, scales)
    args: Args = {"host": host, "zone": zone}
    if not serving.may_be_enough:
        return failed("servers", serving=len(serving.up), total=len(facts.hosts), **args)
    stuck: Args = {"broken": way.broken, "parent": way.parent, "failed": list(way.failed)}
    if way.state is State.FAILED:
        return failed("unresolved", **stuck, **args)
    if way.state is State.UNSEEN or not serving.is_enough:
        return not_measured(way.reason or serving.reason)
    return warned(**stuck, **args) if way.state is State.UNSTABLE else passed(**args)


RULES = (
    parent_and_zone_name_the_same_servers,
    parent_holds_the_aaaa_glue,
    servers_outside_the_zone_resolve_by_ipv6,
    name_resolves_from_the_root_by_ipv6,
    mail_zones_are_served_over_ipv6,
)
