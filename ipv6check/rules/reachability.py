"""REACH: whether TCP gets through, by each family. Each name is judged with its own addresses; the worst of the two counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.addressing import text_of
from ipv6check.facts import FAMILIES, Evidence, Family, NameLookups, family_of
from ipv6check.model import FailureKind, Reason, Severity, Stage
from ipv6check.rules.rule import (
    Args,
    Finding,
    Milder,
    failed,
    informed,
    no_milder,
    not_applicable,
    not_built,
    not_measured,
    passed,
    remembered,
    rule,
    warned,
    worst,
)
from ipv6check.scales import Scales
from ipv6check.tries import State, Weighing

HTTPS: Final = 443
HTTP: Final = 80
HOME: Final = "VN"
"""Many of these sites answer this country only: silence on both families seen from elsewhere tells nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What one name's ports of one family amount to, as (address, port, weighing)."""

    name: str
    family: Family
    weighed: tuple[tuple[str, int, Weighing], ...]

    def only(self, port: int) -> "Ports":
        """The same, of one port."""
        return Ports(self.name, self.family, tuple(entry for entry in self.weighed if entry[1] == port))

    @property
    def up(self) -> list[Weighing]:
        """Those that answered at least once."""
        return [w for _, _, w in self.weighed if w.is_up]

    @property
    def unseen(self) -> list[Weighing]:
        """Those of which nothing can be said."""
        return [w for _, _, w in self.weighed if w.state is State.UNSEEN]

    @property
    def failed(self) -> list[str]:
        """The addresses that failed, with the port and how."""
        return [f"{a} {p}: {w.failure.kind}" for a, p, w in self.weighed if w.state is State.FAILED and w.failure]

    @property
    def is_silent(self) -> bool:
        """Whether nothing but silence came from all of them."""
        kinds = {w.failure.kind if w.state is State.FAILED and w.failure else None for _, _, w in self.weighed}
        return kinds == {FailureKind.TIMEOUT}

    @property
    def reason(self) -> Reason | None:
        """Why the unseen were not seen."""
        return self.unseen[0].reason if self.unseen else None


@dataclass(frozen=True, slots=True)
class Name:
    """One name that has an address: its ports by each family. `is_hidden`: nothing but silence, seen from another country."""

    lookups: NameLookups
    v6: Ports
    v4: Ports
    is_hidden: bool

    def of(self, family: Family) -> Ports:
        """The ports of one family."""
        return self.v6 if family == 6 else self.v4

    def is_resolved(self, family: Family) -> bool:
        """Whether the question for its addresses of one family was answered."""
        return (self.lookups.aaaa if family == 6 else self.lookups.a).answer is not None


@remembered
def names_of(evidence: Evidence) -> list[Name]:
    """The names with an address and what was seen of their ports."""
    if evidence.dns is None or evidence.reachability is None:
        return []
    scales = Scales(evidence)
    hosts = {host.name: host for host in evidence.reachability.hosts}
    abroad = evidence.run is not None and evidence.run.country != HOME
    names = []
    for lookups in evidence.dns.names:
        host = hosts.get(lookups.name)
        weighed = [(text_of(p.address), p.port, scales.port(p), family_of(p.address)) for p in (host.ports if host else ())]
        v6, v4 = (Ports(lookups.name, family, tuple((a, p, w) for a, p, w, f in weighed if f == family)) for family in FAMILIES)
        every = Ports(lookups.name, 6, (*v6.weighed, *v4.weighed))
        names.append(Name(lookups, v6, v4, is_hidden=abroad and every.is_silent))
    return names


def each_name(evidence: Evidence, judge: Callable[[Name], Finding], *needs: Family, milder: Milder = no_milder) -> Finding:
    """Judge every name that has an address and give the worst; `nm` where it is not known whether one has, or where its
    addresses of a family that the judge needs are not known."""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    names = names_of(evidence)
    if evidence.dns.names and not names:
        return not_measured(Reason.DEPENDENCY_FAILED)
    findings = [_judge_name(name, judge, needs) for name in names]
    if any(_may_exist(name, needs or FAMILIES) for name in (evidence.dns.listed, evidence.dns.www)):
        findings.append(not_measured(Reason.RESOLVER_ERROR))
    return worst(findings, milder)


def _may_exist(name: NameLookups, families: Sequence[Family]) -> bool:
    """Whether a name that showed no address might have one of these families: NXDOMAIN speaks for all types (RFC 8020)."""
    answers = {6: name.aaaa.answer, 4: name.a.answer}
    if name.exists or any(answer is not None and answer.rcode == "NXDOMAIN" for answer in answers.values()):
        return False
    return any(answers[family] is None for family in families)


def _judge_name(name: Name, judge: Callable[[Name], Finding], needs: Sequence[Family]) -> Finding:
    if not all(name.is_resolved(family) for family in needs):
        return not_measured(Reason.RESOLVER_ERROR)
    return not_measured(Reason.BLOCKED) if name.is_hidden else judge(name)


@rule("REACH-01", refs=("Internet.nl", "SIDN Labs"), version=3)
def https_port_answers_over_ipv6(evidence: Evidence) -> Finding:
    """Does TCP port 443 answer at every usable IPv6 address?"""
    return each_name(evidence, lambda name: _all_some_none(name, name.v6.only(HTTPS)), 6)


def _all_some_none(name: Name, ports: Ports) -> Finding:
    """All of the addresses answer, some, or none; what was not seen leaves it open unless some failed and some did not."""
    if not ports.weighed:
        return not_applicable(name=name.lookups.name)
    args: Args = {"name": name.lookups.name, "up": len(ports.up), "total": len(ports.weighed), "failed": ports.failed}
    unstable = any(weighing.state is State.UNSTABLE for weighing in ports.up)
    if ports.up and ports.failed:
        return warned(**args)
    if ports.unseen:
        return not_measured(ports.reason)
    if not ports.up:
        return failed(**args)
    return warned("unstable", **args) if unstable else passed(**args)


@rule("REACH-02", refs=("Internet.nl",), version=2)
def http_port_answers_alike_over_ipv6(evidence: Evidence) -> Finding:
    """Does TCP port 80 answer at every usable IPv6 address, or on neither family?"""
    return each_name(evidence, _http_port, 6)


def _http_port(name: Name) -> Finding:
    v6, v4 = name.v6.only(HTTP), name.v4.only(HTTP)
    if v6.up or not v6.weighed or v6.unseen:
        return _all_some_none(name, v6)
    if v4.up:
        return failed(name=name.lookups.name, up=0, total=len(v6.weighed), failed=v6.failed)
    return _unseen_by_ipv4(name, v4) or passed("closed", name=name.lookups.name)


def _unseen_by_ipv4(name: Name, ports: Ports) -> Finding | None:
    """What to say where it is not known whether any of these IPv4 ports is open; None where it is known that none is."""
    if not name.is_resolved(4):
        return not_measured(Reason.RESOLVER_ERROR)
    return not_measured(ports.reason) if ports.unseen else None


@rule("REACH-03", severity=Severity.RECOMMENDED, refs=("internetstandards/Internet.nl#1972",), version=2)
def every_ipv4_address_answers(evidence: Evidence) -> Finding:
    """Does every IPv4 address answer on port 443 or 80?"""
    return each_name(evidence, _ipv4_addresses, 4)


def _ipv4_addresses(name: Name) -> Finding:
    best: dict[str, tuple[str, int, Weighing]] = {}
    rank = {State.WORKED: 0, State.UNSTABLE: 1, State.UNSEEN: 2, State.FAILED: 3}
    for entry in name.v4.weighed:
        known = best.get(entry[0])
        if known is None or rank[entry[2].state] < rank[known[2].state]:
            best[entry[0]] = entry
    return _all_some_none(name, Ports(name.lookups.name, 4, tuple(best.values())))


@rule("REACH-04", refs=("internetstandards/Internet.nl#1705",), version=2)
def same_ports_are_open_on_both_families(evidence: Evidence) -> Finding:
    """Are the same of the ports 80 and 443 open by IPv6 and by IPv4?"""
    return each_name(evidence, _same_ports, 6, 4)


def _same_ports(name: Name) -> Finding:
    if not (name.v6.weighed and name.v4.weighed):
        return not_applicable(name=name.lookups.name)
    is_open: dict[Family, set[int]] = {6: set(), 4: set()}
    unseen: dict[int, Reason | None] = {}
    for family in FAMILIES:
        for port in (HTTPS, HTTP):
            ports = name.of(family).only(port)
            if ports.up:
                is_open[family].add(port)
            elif ports.unseen:
                unseen.setdefault(port, ports.reason)
    args: Args = {"name": name.lookups.name, "v6": _list(is_open[6]), "v4": _list(is_open[4])}
    if is_open[4] - is_open[6] - unseen.keys():
        return failed(**args)
    if unseen:
        return not_measured(next(iter(unseen.values())))
    return warned(**args) if is_open[6] - is_open[4] else passed(**args)


def _list(ports: set[int]) -> str:
    return ", ".join(str(port) for port in sorted(ports)) or "-"


@rule("REACH-05", severity=Severity.INFORMATION, refs=("RFC 4443",))
def failures_are_named(evidence: Evidence) -> Finding:
    """In what way did each port fail that failed?"""
    if evidence.reachability is None:
        return each_name(evidence, lambda name: not_applicable())
    names = [name for name in names_of(evidence) if not name.is_hidden]
    failures = [failure for name in names for ports in (name.v6, name.v4) for failure in ports.failed]
    failures += _failed_handshakes(evidence)
    if failures:
        return informed(failures=failures)
    return each_name(evidence, _all_seen)


def _failed_handshakes(evidence: Evidence) -> list[str]:
    """The addresses whose port 443 answers and whose TLS does not, and how."""
    scales, failed = Scales(evidence), []
    for at in (at for name in (evidence.web.names if evidence.web else ()) for at in name.addresses):
        weighing = scales.fetches(at.https)
        if weighing.state is State.FAILED and weighing.failure and weighing.failure.stage is Stage.TLS:
            failed.append(f"{at.address} {HTTPS}: {weighing.failure.kind}")
    return list(dict.fromkeys(failed))


def _all_seen(name: Name) -> Finding:
    reason = name.v6.reason or name.v4.reason
    return not_measured(reason) if reason is not None else not_applicable()


@rule("REACH-10", refs=("RFC 8305", "RFC 6724"), version=2)
def published_ipv6_is_not_broken(evidence: Evidence) -> Finding:
    """Is there an answer at the published IPv6 addresses, where there is one by IPv4?"""
    return each_name(evidence, _not_broken, 6)


def _not_broken(name: Name) -> Finding:
    if not name.v6.weighed:
        return not_applicable(name=name.lookups.name)
    if name.v6.up:
        return passed(name=name.lookups.name)
    if name.v6.unseen:
        return not_measured(name.v6.reason)
    if name.v4.up:
        return failed(name=name.lookups.name, failed=name.v6.failed)
    return _unseen_by_ipv4(name, name.v4) or passed("both-dead", name=name.lookups.name)


M, R, INFORMATION = Severity.MANDATORY, Severity.RECOMMENDED, Severity.INFORMATION

RULES = (
    https_port_answers_over_ipv6,
    http_port_answers_alike_over_ipv6,
    every_ipv4_address_answers,
    same_ports_are_open_on_both_families,
    failures_are_named,
    not_built("REACH-06", "Does the server answer ICMPv6 echo?", INFORMATION, "RFC 4890"),
    not_built("REACH-07", "Do large packets arrive over IPv6 (path MTU)?", M, "RFC 8201", "RFC 8899"),
    not_built("REACH-08", "Is connecting over IPv6 as quick as over IPv4?", R, "RFC 8305"),
    not_built("REACH-09", "Does the first byte come as quickly over IPv6?", R, "Bajpai & Schoenwaelder"),
    published_ipv6_is_not_broken,
    not_built("REACH-11", "Do several measuring points agree?", R, "letsencrypt/boulder"),
    not_built("REACH-12", "Does QUIC work over IPv6 where it is advertised?", R, "RFC 9114", "RFC 9460"),
)
