"""What one change would lift: the evidence of every domain that shares a cause, judged again with that one fact changed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ipv6check.addressing import parse_addresses
from ipv6check.facts import DnsTry, Evidence, NameserverFacts, NameserverHost, family_of, is_within
from ipv6check.model import Outcome
from ipv6check.reports.mending import (
    Change,
    all_of,
    answers,
    donor_for,
    gets_aaaa,
    gets_glue,
    lacking_glue,
)
from ipv6check.reports.operators import operator_of
from ipv6check.reports.otherwise import route_is_valid, web_answers, zone_is_secure
from ipv6check.rules import RULES
from ipv6check.scales import Scales
from ipv6check.score import Level, Verdicts, score
from ipv6check.tries import State, falsifies_answers

OPERATOR, AAAA, ANSWER, GLUE = "operator", "aaaa", "answer", "glue"
ROUTE, WEB, SECURE = "route", "web", "secure"

OF_SERVERS: Final = frozenset({"NAME", "DNS", "NS", "SEC", "ADDR", "MAIL"})
JUDGED_AGAIN: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys((OPERATOR, AAAA, ANSWER, GLUE, SECURE), OF_SERVERS),
    ROUTE: frozenset({"NAME", "NS", "ADDR", "MAIL"}),
    WEB: frozenset({"NAME", "REACH", "WEB", "PAGE", "ADDR", "DNS"}),
}
"""The families of checks that look at what each kind of change touches; the others would say what they said."""

SHARED_FROM: Final = 2
"""So many domains make a web address a shared one."""

TO_REPAIR: Final = frozenset({"Invalid", "NotFound"})
WORSE: Final = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)


@dataclass(frozen=True, slots=True)
class Cause:
    """One fact that stands in the way: its kind, what it is about (a server, address, prefix, zone), and whose it is."""

    kind: str
    subject: str
    operator: str = ""


@dataclass(slots=True)
class Lift:
    """What ending a cause does: which domains share it, which of them gain, and from which level to which they rise.

    `opened` counts those that stay at their level with nothing known in the way of the next: what is left was not measured.
    """

    cause: Cause
    domains: int = 0
    improved: list[str] = field(default_factory=list)
    opened: int = 0
    levels: Counter[tuple[Level, Level]] = field(default_factory=Counter)

    @property
    def risen(self) -> int:
        """How many rise by a level or more."""
        return self.levels.total()


class Trials:
    """One domain judged again with some of its causes ended, each set of them once; `verdicts` are those of this evidence."""

    def __init__(self, evidence: Evidence, verdicts: Verdicts) -> None:
        self.verdicts = verdicts
        self._evidence = evidence
        self._changes = causes(evidence, verdicts)
        self._known: dict[frozenset[Cause], Verdicts] = {frozenset(): verdicts}

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What stands in the domain's way and might be shared."""
        return tuple(self._changes)

    @property
    def domain(self) -> str:
        """The domain."""
        return self._evidence.target.domain if self._evidence.target else ""

    def without(self, ended: Iterable[Cause]) -> Verdicts:
        """The verdicts with these causes ended and everything else as it was seen."""
        key = frozenset(ended)
        if key not in self._known:
            change = all_of(self._changes[cause] for cause in self._changes if cause in key)
            self._known[key] = judge_again(change(self._evidence), self.verdicts, *(cause.kind for cause in key))
        return self._known[key]


class WhatIf:
    """Tallies one run's domains; holds names and counts, never evidence."""

    def __init__(self) -> None:
        self._lifts: dict[Cause, Lift] = {}

    def add(self, trials: Trials) -> None:
        """Judge one domain again for each cause that it has."""
        before = score(trials.verdicts)
        for cause in trials.causes:
            lift = self._lifts.setdefault(cause, Lift(cause))
            lift.domains += 1
            changed = trials.without([cause])
            after = score(changed)
            rises = after.level.number > before.level.number
            if rises or _gains(trials.verdicts, changed):
                lift.improved.append(trials.domain)
            if rises:
                lift.levels[_plain(before.level), _plain(after.level)] += 1
            elif after.level.is_minimum and not before.level.is_minimum and after.level.number == before.level.number:
                lift.opened += 1

    def lifts(self) -> list[Lift]:
        """Those that help anybody: what raises most levels first, then what helps most domains."""
        useful = [lift for lift in self._lifts.values() if lift.improved and _is_shared(lift)]
        return sorted(useful, key=_usefulness)


def _usefulness(lift: Lift) -> tuple[int, int, int, str, str]:
    return -lift.risen, -lift.opened, -len(lift.improved), lift.cause.kind, lift.cause.subject


def _is_shared(lift: Lift) -> bool:
    return is_shared(lift.cause, lift.domains)


def is_shared(cause: Cause, domains: int) -> bool:
    """Whether a cause is one of the city's and no domain's own: a web address that nobody else has is its own."""
    return cause.kind != WEB or domains >= SHARED_FROM


def _plain(level: Level) -> Level:
    return Level(level.number, level.is_minimum)


def judge_again(changed: Evidence, verdicts: Verdicts, *kinds: str) -> Verdicts:
    """The verdicts on evidence with changes of such kinds, as `judge` gives them; those that they cannot touch are kept."""
    families = frozenset().union(*(JUDGED_AGAIN[kind] for kind in kinds))
    return {**verdicts, **{rule.id: rule.judge(changed) for rule in RULES if rule.family in families}}


def _gains(before: Verdicts, after: Verdicts) -> bool:
    """Whether a fault is gone or lesser. One that can no longer be judged is no gain, though the percentage may rise by it."""
    pairs = [(verdict.outcome, after[id_].outcome) for id_, verdict in before.items()]
    return any(a in WORSE and b in WORSE and WORSE.index(b) < WORSE.index(a) for a, b in pairs)


def causes(evidence: Evidence, verdicts: Verdicts) -> dict[Cause, Change]:
    """What stands in a domain's way and might be shared, with the change that ends it."""
    if evidence.opted_out or any(falsifies_answers(sample) for sample in evidence.vantage):
        return {}
    found = dict(_of_servers(evidence))
    found |= {Cause(ROUTE, prefix): route_is_valid(prefix) for prefix in _prefixes(evidence)}
    found |= _of_web(evidence)
    secure = verdicts["SEC-01"]
    if evidence.dns is not None and evidence.dns.zone and secure.outcome in WORSE[1:] and secure.case != "alias":
        found[Cause(SECURE, evidence.dns.zone)] = zone_is_secure(evidence.dns.zone)
    return found


def _of_servers(evidence: Evidence) -> Iterable[tuple[Cause, Change]]:
    """Each fault of each name server, and all faults of one operator together where there are several."""
    facts = evidence.nameservers
    if facts is None:
        return
    by_operator: dict[str, list[Change]] = {}
    scales = Scales(evidence, zone=facts.zone)
    for host in facts.hosts:
        operator = operator_of(host.name, facts)
        for cause, change in _of_host(host, operator, facts, evidence, scales):
            by_operator.setdefault(operator, []).append(change)
            yield cause, change
    for operator, changes in by_operator.items():
        if len(changes) > 1:
            yield Cause(OPERATOR, operator, operator), all_of(changes)


def _of_host(
    host: NameserverHost, operator: str, facts: NameserverFacts, evidence: Evidence, scales: Scales
) -> Iterable[tuple[Cause, Change]]:
    if host.lookups.aaaa.answer is not None and not host.lookups.of_family(6):
        if donor_for(evidence, host.name, families=(4,), only_itself=True):
            yield Cause(AAAA, host.name, operator), gets_aaaa(host.name)
        return
    if lacks_glue(host, facts):
        yield Cause(GLUE, host.name, operator), gets_glue(host.name)
    silent = {
        asked.server: None for asked in host.soa if family_of(asked.server) == 6 and scales.soa(asked).state is State.FAILED
    }
    for address in silent if donor_for(evidence, host.name) else ():
        yield Cause(ANSWER, f"{host.name} ({address})", operator), answers(host.name, address)


def lacks_glue(host: NameserverHost, facts: NameserverFacts) -> bool:
    """Whether the parent's AAAA glue for a server is missing or another than the zone's, or its own zone's is."""
    addresses = set(host.lookups.aaaa.addresses)
    if not host.lookups.of_family(6):
        return False
    if not is_within(host.name, facts.zone):
        return any(way.name == host.name and lacking_glue(way) is not None for way in facts.outside)
    replies = [tried for tried in (facts.delegation, facts.glue_over_tcp) if tried and tried.answer and tried.answer.referral]
    return host.name in facts.from_parent and bool(replies) and _glue(replies[-1], host.name) != addresses


def _glue(tried: DnsTry, host: str) -> set[object]:
    texts = [text for name, text in tried.answer.glue if name == host] if tried.answer else []
    return {address for address in parse_addresses(texts) if family_of(address) == 6}


def _prefixes(evidence: Evidence) -> dict[str, None]:
    addresses = evidence.resources.addresses if evidence.resources else ()
    routes = (route for address in addresses for route in address.routes)
    return {route.prefix: None for route in routes if route.validity in TO_REPAIR}


def _of_web(evidence: Evidence) -> dict[Cause, Change]:
    """The IPv6 addresses of web servers where a port does not answer that is open over IPv4."""
    scales = Scales(evidence)
    found: dict[Cause, Change] = {}
    for host in evidence.reachability.hosts if evidence.reachability else ():
        open_ = {port.port for port in host.of(4) if port.is_open}
        for port in host.of(6):
            if port.port in open_ and scales.port(port).state is State.FAILED:
                found[Cause(WEB, str(port.address))] = web_answers(port.address)
    return found
