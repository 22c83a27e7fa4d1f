"""A name as a web service: what its addresses served, ready to be judged by the WEB rules."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ipv6check.facts import FAMILIES, AddressWeb, Evidence, Family, Fetch, NameWeb
from ipv6check.facts.web import answered
from ipv6check.model import FailureKind, Reason
from ipv6check.rules.reachability import HTTP, HTTPS, Name, each_name
from ipv6check.rules.rule import Finding, Milder, no_milder, not_applicable, not_measured
from ipv6check.scales import Scales
from ipv6check.tries import Weighing

BLOCKED_STATUSES: Final = frozenset({403, 429, 503})


@dataclass(frozen=True, slots=True)
class Site:
    """One name: its ports, what was served there, and the scales to weigh tries with."""

    ports: Name
    web: NameWeb
    evidence: Evidence
    scales: Scales

    @property
    def name(self) -> str:
        """The domain name."""
        return self.web.name

    def is_reachable(self, family: Family) -> bool:
        """Whether a handshake completes on 443 or 80."""
        return bool(self.ports.of(family).up)

    def unseen(self, family: Family) -> Reason | None:
        """Why it is not known whether a family is reachable; None when it is known."""
        if not self.ports.is_resolved(family):
            return Reason.RESOLVER_ERROR
        ports = self.ports.of(family)
        return None if ports.up else ports.reason

    def fetches(self, family: Family, scheme: str) -> list[tuple[AddressWeb, tuple[Fetch, ...]]]:
        """The exchanges by one scheme at each address of a family."""
        return [(at, at.https if scheme == "https" else at.http) for at in self.web.of(family)]

    def weigh(self, family: Family, scheme: str) -> list[Weighing]:
        """What those exchanges amount to, where any was tried."""
        return [self.scales.fetches(tries) for _, tries in self.fetches(family, scheme) if tries]

    def why_unserved(self, family: Family, scheme: str) -> Reason | None:
        """Why it is not known whether a scheme is served by a family; None when it is known."""
        port = self.ports.of(family).only(HTTPS if scheme == "https" else HTTP)
        weighings = self.weigh(family, scheme)
        if any(weighing.is_up for weighing in weighings):
            return Reason.LIMIT if self.is_over_cap(family, scheme) else None
        return next((w.reason for w in (*weighings, *port.unseen) if w.reason is not None), None)

    def is_over_cap(self, family: Family, scheme: str) -> bool:
        """Whether all that came back by a scheme was more than we read."""
        tries = [fetch for _, fetches in self.fetches(family, scheme) for fetch in fetches]
        return not answered(tries) and any(t.failure is not None and t.failure.kind is FailureKind.LIMIT for t in tries)


def each_site(evidence: Evidence, judge: Callable[[Site], Finding], milder: Milder = no_milder) -> Finding:
    """Judge every name that is a web service and give the worst; `n/a` when there is none."""
    sites = {name.name: name for name in evidence.web.names} if evidence.web else {}
    scales = Scales(evidence)

    def judge_name(ports: Name) -> Finding:
        web = sites.get(ports.lookups.name)
        if web is not None:
            return judge(Site(ports, web, evidence, scales))
        return not_measured(Reason.DEPENDENCY_FAILED) if ports.v6.weighed or ports.v4.weighed else not_applicable()

    return each_name(evidence, judge_name, milder=milder)


def nothing_served(site: Site, scheme: str = "https", families: Iterable[Family] = FAMILIES) -> Finding:
    """What to say where no family served a scheme: unseen if any was not seen, else not applicable."""
    reasons = [site.unseen(family) or site.why_unserved(family, scheme) for family in families]
    reason = next((reason for reason in reasons if reason is not None), None)
    return not_measured(reason) if reason is not None else not_applicable(name=site.name)


def is_blocked(fetch: Fetch) -> bool:
    """Whether we were turned away as a robot: then we do not see what a citizen sees."""
    return fetch.status in BLOCKED_STATUSES or bool(fetch.challenge)
