"""NS: what the name servers that answer for the zone say, by each family and to strangers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ipv6check.addressing import Address, text_of
from ipv6check.facts import (
    FAMILIES,
    Answer,
    AuthorityTries,
    DnsTry,
    Evidence,
    Family,
    NameserverHost,
    ServerTries,
    family_of,
)
from ipv6check.model import Reason, Severity
from ipv6check.rules.dns import tries_needed
from ipv6check.rules.nameservers import hosts_known, lookup_of, why_unknown
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_measured, passed, remembered, rule, warned, worst
from ipv6check.scales import Scales
from ipv6check.tries import State

LARGEST: Final = 1232
"""Octets of a UDP reply that crosses every IPv6 path in one piece (DNS flag day 2020)."""

R = Severity.RECOMMENDED


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a name server that answers for the zone over UDP, and what else was asked of it."""

    host: str
    soa: ServerTries
    evidence: Evidence
    scales: Scales

    @property
    def address(self) -> Address:
        """The address."""
        return self.soa.server

    def asked(self, purpose: str, transport: str = "udp") -> AuthorityTries | None:
        """A further question to it, None when it was not asked."""
        nameservers, dnssec = self.evidence.nameservers, self.evidence.dnssec
        asked = (*(nameservers.asked if nameservers else ()), *(dnssec.asked if dnssec else ()))
        wanted = (self.address, purpose, transport)
        return next((a for a in asked if (a.server, a.purpose, a.transport) == wanted), None)

    @property
    def names(self) -> tuple[AuthorityTries, ...]:
        """The questions about the target's names."""
        authority = self.evidence.authority
        return tuple(asked for asked in (authority.answers if authority else ()) if asked.server == self.address)

    @property
    def replies(self) -> list[tuple[DnsTry, Answer]]:
        """The replies over UDP to questions whose answers are small."""
        ns = self.asked("ns")
        tries = (*self.soa.tries, *(ns.tries if ns else ()), *(tried for asked in self.names for tried in asked.tries))
        return [(tried, tried.answer) for tried in tries if tried.answer is not None]


@dataclass(frozen=True, slots=True)
class Host:
    """One name server: its addresses that answer, and the families of which that was not seen, with the reason."""

    servers: tuple[Server, ...]
    unseen: tuple[tuple[Family, Reason], ...]

    def of(self, family: Family) -> tuple[Server, ...]:
        """Its answering addresses of one family."""
        return tuple(server for server in self.servers if family_of(server.address) == family)

    def reason(self, family: Family) -> Reason | None:
        """Why it was not seen whether an address of a family answers; None when it was."""
        return next((reason for other, reason in self.unseen if other == family), None)


def each_host(evidence: Evidence, judge: Callable[[Host], Finding]) -> Finding:
    """Judge every name server and give the worst."""
    hosts = _hosts(evidence)
    return worst(judge(host) for host in hosts) if hosts else why_unknown(evidence)


@remembered
def _hosts(evidence: Evidence) -> list[Host]:
    scales = Scales(evidence)
    return [_host(host, evidence, scales) for host in hosts_known(evidence.nameservers) or ()]


def _host(host: NameserverHost, evidence: Evidence, scales: Scales) -> Host:
    weighed = [(asked, scales.soa(asked)) for asked in host.soa if asked.transport == "udp"]
    servers = [Server(host.name, asked, evidence, scales) for asked, weighing in weighed if weighing.is_up]
    unseen = [(family_of(asked.server), weighing.reason) for asked, weighing in weighed if weighing.state is State.UNSEEN]
    unseen += [(family, Reason.RESOLVER_ERROR) for family in FAMILIES if lookup_of(host, family) is None]
    return Host(tuple(servers), tuple((family, reason or Reason.DEPENDENCY_FAILED) for family, reason in unseen))


def each_server(evidence: Evidence, judge: Callable[[Server], Finding]) -> Finding:
    """Judge every address that answers and give the worst; a name server is unseen when none of its addresses was seen."""

    def judge_host(host: Host) -> Finding:
        reason = next((reason for _, reason in host.unseen), None)
        if not host.servers and reason is not None:
            return not_measured(reason)
        return worst(judge(server) for server in host.servers)

    return each_host(evidence, judge_host)


@rule("NS-14", refs=("draft-ietf-dnsop-3901bis",), version=2)
def servers_say_the_same_by_both_families(evidence: Evidence) -> Finding:
    """Do the servers say the same by IPv4 and by IPv6?"""
    return each_host(evidence, _same_by_both)


def _same_by_both(host: Host) -> Finding:
    lacking = [family for family in FAMILIES if not host.of(family)]
    reason = next((reason for family in lacking if (reason := host.reason(family)) is not None), None)
    if lacking:
        return not_measured(reason) if reason is not None else not_applicable()
    return worst(_same(by_6, by_4) for by_6 in host.of(6) for by_4 in host.of(4))


def _same(by_6: Server, by_4: Server) -> Finding:
    """Compare what one server says by an address of each family."""
    args: Args = {"zone": _zone(by_6), "server": by_6.host, "address": text_of(by_6.address), "other": text_of(by_4.address)}
    v6, v4 = _serial(by_6), _serial(by_4)
    if v6 != v4:
        return warned(v6=v6, v4=v4, **args)
    ns_6, ns_4 = by_6.asked("ns"), by_4.asked("ns")
    pairs = [(a, b) for a in by_6.names for b in by_4.names if (a.name, a.type) == (b.name, b.type)]
    if ns_6 is None or ns_4 is None or not pairs:
        return not_measured(Reason.DEPENDENCY_FAILED)
    return worst(_same_records(a, b, by_6) for a, b in [(ns_6, ns_4), *pairs])


def _same_records(asked_6: AuthorityTries, asked_4: AuthorityTries, by_6: Server) -> Finding:
    """Compare two answers to the same question. Where only one came, that is for the check of that question."""
    weighings = [by_6.scales.authority(asked) for asked in (asked_6, asked_4)]
    for weighing in weighings:
        if weighing.state is State.UNSEEN:
            return not_measured(weighing.reason)
    args: Args = {"zone": _zone(by_6), "server": by_6.host}
    args |= {"address": text_of(asked_6.server), "other": text_of(asked_4.server)}
    v6, v4 = _data(asked_6.tries), _data(asked_4.tries)
    if not all(weighing.is_up for weighing in weighings) or any(data in v4 for data in v6):
        return passed(zone=_zone(by_6))
    if min(len(v6), len(v4)) < by_6.scales.definitive:
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    return failed(name=asked_6.name, type=asked_6.type, v6=v6[-1], v4=v4[-1], **args)


def _zone(server: Server) -> str:
    return server.evidence.nameservers.zone if server.evidence.nameservers else ""


def _serial(server: Server) -> str:
    """The third field of the SOA record as it was said last, though the server may have refused it since."""
    records = [tried.answer.records[0] for tried in server.soa.tries if tried.answer is not None and tried.answer.records]
    return " ".join(records[-1].split()[2:3])


def _last(tries: Iterable[DnsTry]) -> Answer:
    """The last answer of tries that were answered."""
    return [tried.answer for tried in tries if tried.answer is not None][-1]


def _data(tries: tuple[DnsTry, ...]) -> list[list[str]]:
    """What each answer says: its records, or how it denies them, and the names it leads on to."""
    answers = [tried.answer for tried in tries if tried.answer is not None]
    return [sorted(text.lower() for text in ({*a.records, *a.aliases} or {a.rcode})) for a in answers]


@rule("NS-15", severity=R, refs=("RFC 6891",))
def servers_handle_edns(evidence: Evidence) -> Finding:
    """Do the servers handle EDNS?"""
    return each_server(evidence, _edns)


def _edns(server: Server) -> Finding:
    args: Args = {"zone": _zone(server), "server": server.host, "address": text_of(server.address)}
    replies = server.replies
    if not hears_edns(server):
        is_sure = len(replies) >= tries_needed(server.evidence)
        return failed("dropped", **args) if is_sure else not_measured(Reason.OWN_TIMEOUT_BUDGET)
    refused = [tried.edns_refused for tried, _ in replies if tried.edns_refused]
    if refused:
        return warned("refused", problem=refused[0], **args)
    if any(tried.edns and not answer.edns for tried, answer in replies):
        return warned("ignored", **args)
    asked = server.asked("edns")
    weighing = server.scales.reply(asked) if asked is not None else None
    if asked is None or weighing is None or weighing.state is State.UNSEEN:
        return not_measured(weighing.reason if weighing else Reason.DEPENDENCY_FAILED)
    if weighing.state is State.FAILED:
        return failed("version-dropped", **args)
    rcode = _last(asked.tries).rcode
    return passed(zone=_zone(server)) if rcode == "BADVERS" else failed("version", problem=rcode, **args)


def hears_edns(server: Server) -> bool:
    """Whether any question with EDNS was answered; a single one may have been lost on the way."""
    return any(tried.hears_edns for tried, _ in server.replies)


@rule("NS-16", severity=R, refs=("RFC 9715", "DNS flag day 2020"), version=2)
def large_replies_arrive_over_ipv6(evidence: Evidence) -> Finding:
    """Do large replies arrive over IPv6?"""
    if evidence.nameservers is not None and evidence.dnssec is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    is_signed = _is_signed(evidence)

    def judge_host(host: Host) -> Finding:
        reason = host.reason(6)
        if not host.of(6) and reason is not None and is_signed:
            return not_measured(reason)
        return worst(_large_reply(server, is_signed) for server in host.of(6))

    return each_host(evidence, judge_host)


def _is_signed(evidence: Evidence) -> bool:
    """Whether the zone has keys, or signs its SOA record, else by its parent's word: without keys there is no large reply."""
    hosts, dnssec = evidence.nameservers.hosts if evidence.nameservers else (), evidence.dnssec
    if dnssec is None:
        return False
    soa = [tried.answer for host in hosts for asked in host.soa for tried in asked.tries if tried.answer is not None]
    if dnssec.is_signed or any(answer.signed for answer in soa):
        return True
    is_heard = any(tried.answer is not None for asked in dnssec.asked if asked.type == "DNSKEY" for tried in asked.tries)
    return dnssec.has_ds and not is_heard


def _large_reply(server: Server, is_signed: bool) -> Finding:
    """Judge the largest reply that one address can be asked for, its DNSKEY set, and others that turned out large."""
    asked = server.asked("dnskey")
    if asked is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    args: Args = {"zone": _zone(server), "server": server.host, "address": text_of(server.address)}
    own = [(tried, tried.answer) for tried in asked.tries if tried.answer is not None]
    replies = [*server.replies, *own]
    size = max((answer.size for tried, answer in replies if not tried.truncated), default=0)
    if size > LARGEST:
        return warned("oversized", size=size, **args)
    if not is_signed:
        return passed(zone=_zone(server)) if any(tried.truncated for tried, _ in replies) else not_applicable()
    weighing = server.scales.reply(asked)
    if weighing.is_up:
        came_plain = not any(tried.hears_edns for tried, _ in own)
        return warned("lost", **args) if came_plain and hears_edns(server) else passed(zone=_zone(server))
    over_tcp = server.asked("dnskey", "tcp")
    if weighing.state is State.FAILED and any(tried.truncated for tried in asked.tries):
        return failed("truncated", **args)
    if weighing.state is State.FAILED and over_tcp is not None:
        weighing = server.scales.reply(over_tcp)
        if weighing.is_up:
            return warned("lost", **args)
    return not_measured(weighing.reason) if weighing.state is State.UNSEEN else failed("silent", **args)


@rule("NS-19", severity=R, refs=("RFC 5358",))
def servers_refuse_to_resolve_for_strangers(evidence: Evidence) -> Finding:
    """Do the servers refuse to resolve for strangers?"""
    return each_server(evidence, _recursion)


def _recursion(server: Server) -> Finding:
    asked = server.asked("recursion")
    weighing = server.scales.reply(asked) if asked is not None else None
    if asked is None or weighing is None or weighing.state is State.UNSEEN:
        return not_measured(weighing.reason if weighing else Reason.DEPENDENCY_FAILED)
    args: Args = {"zone": _zone(server), "server": server.host, "address": text_of(server.address)}
    if weighing.state is State.FAILED:  # it serves its zone, so it was silent on purpose
        return passed(zone=_zone(server))
    answer = _last(asked.tries)
    if answer.authoritative:
        return passed(zone=_zone(server))
    if answer.records or answer.aliases or (answer.rcode == "NXDOMAIN" and answer.recursion_available):
        return failed(**args)
    return warned(**args) if answer.recursion_available else passed(zone=_zone(server))


RULES = (
    servers_say_the_same_by_both_families,
    servers_handle_edns,
    large_replies_arrive_over_ipv6,
    servers_refuse_to_resolve_for_strangers,
)
