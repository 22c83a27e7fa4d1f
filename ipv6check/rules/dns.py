"""DNS: the records of the listed name and www."""

from typing import Final

from ipv6check.addressing import is_usable, text_of
from ipv6check.facts import DnsTry, Evidence, Lookup, NameLookups
from ipv6check.model import Reason, Severity
from ipv6check.rules.rule import (
    Args,
    Finding,
    failed,
    informed,
    not_applicable,
    not_measured,
    passed,
    rule,
    warned,
    worst,
)
from ipv6check.scales import SLOW, Scales
from ipv6check.tries import DEFINITIVE_TRIES, State

CHAIN_PASS: Final = 4
CHAIN_WARN: Final = 8


def tries_needed(evidence: Evidence) -> int:
    """So many agreeing observations make a definitive fact."""
    return min(DEFINITIVE_TRIES, evidence.run.tries if evidence.run else DEFINITIVE_TRIES)


def absence_is_confirmed(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether "there is none" was heard twice: from the resolver twice, or from it and the zone's own servers."""
    heard = sum(t.answer is not None and t.answer.speaks for t in lookup.tries)
    if lookup.is_bogus:
        heard = sum(t.answer is not None and t.answer.speaks for t in lookup.unchecked)
        heard += sum(t.answer is not None for t in lookup.tries) - 1
    return heard + _is_denied_by_servers(lookup, evidence) >= tries_needed(evidence)


def _is_denied_by_servers(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether the zone's own servers say that there is none; an alias alone leaves that to the zone it leads to."""
    answers = [tried.answer for tried in said_by_servers(lookup, evidence) if tried.answer is not None]
    return any(not answer.aliases for answer in answers) and not any(answer.records for answer in answers)


def said_by_servers(lookup: Lookup, evidence: Evidence) -> list[DnsTry]:
    """The zone's own servers' answers to the same question."""
    return [
        tried
        for asked in (evidence.authority.answers if evidence.authority else ())
        if (asked.name, asked.type) == (lookup.name, lookup.type)
        for tried in asked.tries
        if tried.answer is not None and tried.answer.speaks and tried.answer.authoritative
    ]


def _has_usable_aaaa(name: NameLookups, evidence: Evidence) -> Finding:
    """Judge one name that has an address, or might have."""
    usable = name.of_family(6)
    if usable:
        every = sum(is_usable(address) for address in name.aaaa.addresses)
        args: Args = {"name": name.name, "usable": every, "addresses": [str(a) for a in name.aaaa.addresses]}
        return passed("sampled", **args, looked=len(usable)) if every > len(usable) else passed(**args)
    if name.aaaa.answer is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if name.aaaa.addresses:
        return failed("unusable", name=name.name, addresses=[str(a) for a in name.aaaa.addresses])
    if name.a.answer is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if not name.a.addresses:
        return not_applicable(name=name.name)
    if any(tried.answer and tried.answer.records for tried in said_by_servers(name.aaaa, evidence)):
        return warned("unstable", name=name.name)
    return failed(name=name.name) if absence_is_confirmed(name.aaaa, evidence) else not_measured(Reason.RESOLVER_ERROR)


@rule("DNS-01", severity=Severity.INFORMATION, refs=("RFC 1035",), version=2)
def listed_name_has_a(evidence: Evidence) -> Finding:
    """Does the listed name have an IPv4 address?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    listed = evidence.dns.listed
    if listed.a.addresses:
        return passed(name=listed.name, addresses=[str(a) for a in listed.a.addresses])
    if not listed.is_seen:
        return not_measured(Reason.RESOLVER_ERROR)
    return informed(name=listed.name) if listed.aaaa.addresses else not_applicable(name=listed.name)


@rule("DNS-02", refs=("RFC 3596",), version=2)
def listed_name_has_usable_aaaa(evidence: Evidence) -> Finding:
    """Does the listed name have a usable IPv6 address?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    return _has_usable_aaaa(evidence.dns.listed, evidence)


@rule("DNS-03", refs=("RFC 3596",), version=2)
def www_has_usable_aaaa(evidence: Evidence) -> Finding:
    """Does www have a usable IPv6 address, where it exists?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    return _has_usable_aaaa(evidence.dns.www, evidence)


@rule("DNS-04", severity=Severity.RECOMMENDED)
def listed_name_and_www_agree(evidence: Evidence) -> Finding:
    """Do the listed name and www agree on IPv6?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    listed, www = evidence.dns.listed, evidence.dns.www
    if not (listed.is_seen and www.is_seen):
        return not_measured(Reason.RESOLVER_ERROR)
    if not (listed.exists and www.exists):
        return not_applicable()
    ready = [name.name for name in (listed, www) if name.of_family(6)]
    if len(ready) == 1:
        return warned(ready=ready[0], lacking=www.name if ready[0] == listed.name else listed.name)
    return passed() if ready else passed("neither")


@rule("DNS-05", severity=Severity.RECOMMENDED, refs=("RFC 1034", "RFC 2181"))
def alias_chain_is_sound(evidence: Evidence) -> Finding:
    """Is the chain of CNAME records short, without a loop, and does it end at an address?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    return worst(_chain(name, evidence) for name in (evidence.dns.listed, evidence.dns.www))


def _chain(name: NameLookups, evidence: Evidence) -> Finding:
    answers = [answer for answer in (name.aaaa.answer, name.a.answer) if answer is not None]
    if not answers:
        return _unfollowed_chain(name, evidence)
    aliases = max((answer.aliases for answer in answers), key=len)
    if not aliases:
        return not_applicable()
    args: Args = {"name": name.name, "links": len(aliases), "last": aliases[-1]}
    if len(set(aliases) | {name.name}) <= len(aliases):
        return failed("loop", **args)
    if len(aliases) > CHAIN_WARN:
        return failed("too-long", **args)
    if not name.is_seen:
        return not_measured(Reason.RESOLVER_ERROR)
    if not name.exists:
        return failed("dangling", **args)
    return passed(**args) if len(aliases) <= CHAIN_PASS else warned(**args)


def _unfollowed_chain(name: NameLookups, evidence: Evidence) -> Finding:
    """Judge the CNAME records themselves, when the resolver would not follow them to an address."""
    links: dict[str, str] = {}
    for link in evidence.dns.chain if evidence.dns else ():
        if link.answer is not None and link.answer.records:
            links[link.name] = link.answer.names[0]
    seen, at = [name.name], name.name
    while at in links:
        at = links[at]
        if at in seen:
            return failed("loop", name=name.name, links=len(seen), last=at)
        seen.append(at)
    if len(seen) - 1 > CHAIN_WARN:
        return failed("too-long", name=name.name, links=len(seen) - 1, last=at)
    return not_measured(Reason.RESOLVER_ERROR)


@rule("DNS-06", refs=("RFC 4074", "Zonemaster NAMESERVER05"), version=2)
def every_server_answers_aaaa_questions(evidence: Evidence) -> Finding:
    """Does each name server that answers for the zone give a proper answer to an AAAA question?"""
    answers = [asked for asked in (evidence.authority.answers if evidence.authority else ()) if asked.type == "AAAA"]
    if not answers:
        return not_measured(Reason.DEPENDENCY_FAILED)
    scales = Scales(evidence)
    weighed = [(asked, scales.authority(asked)) for asked in answers]
    for asked, weighing in weighed:
        if weighing.state is State.FAILED and weighing.failure is not None:
            return failed(
                server=asked.host,
                address=text_of(asked.server),
                name=asked.name,
                problem=weighing.failure.detail or weighing.failure.kind.value,
            )
    seen = {asked.host for asked, weighing in weighed if weighing.is_up}
    unseen = [weighing for asked, weighing in weighed if weighing.state is State.UNSEEN and asked.host not in seen]
    if unseen:
        return not_measured(unseen[0].reason)
    for asked, weighing in weighed:
        if weighing.state is State.UNSTABLE:
            return warned("unstable", server=asked.host, address=text_of(asked.server))
        if weighing.is_up and (took := quickest(asked.tries)) is not None and took > SLOW:
            return warned("slow", server=asked.host, address=text_of(asked.server), seconds=round(took, 1))
    return passed(servers=len(seen))


def quickest(tries: tuple[DnsTry, ...]) -> float | None:
    """The quickest answer of several tries, seconds."""
    return min((t.seconds_to_answer for t in tries if t.seconds_to_answer is not None), default=None)


RULES = (
    listed_name_has_a,
    listed_name_has_usable_aaaa,
    www_has_usable_aaaa,
    listed_name_and_www_agree,
    alias_chain_is_sound,
    every_server_answers_aaaa_questions,
)
