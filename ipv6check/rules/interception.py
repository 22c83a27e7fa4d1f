"""Web sites in whose place somebody on our own path answers: a captive portal, or a proxy that opens TLS.

Who shows for a site a certificate that is no good, and the same one, or one of the same unknown issuer, for several canaries,
is nobody's web server. What was heard that way is taken for a failure of ours, before any rule sees it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from ipv6check.facts import (
    FAMILIES,
    AddressWeb,
    Evidence,
    FalseCertificate,
    Family,
    Fetch,
    HostReach,
    NameWeb,
    PortTries,
    TcpTry,
    TlsTry,
    VantageFacts,
    false_certificate,
    family_of,
)
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.rules.rule import remembered

CANARIES: Final = 2
"""Canaries of so many names must show the same (our own choice): they are hosts of different operators."""

INTERCEPTED: Final = Failure(kind=FailureKind.LOCAL, stage=Stage.TCP, detail="intercepted")

A = TypeVar("A", TcpTry, TlsTry)


def without_interception(evidence: Evidence) -> Evidence:
    """The evidence with all that came from an interceptor turned into failures of ours."""
    marks = _marks_of_canaries(evidence.vantage)
    families = [family for family, known in marks.items() if _bears(known, evidence, family)]
    reach, web = evidence.reachability, evidence.web
    if not families or reach is None or web is None:
        return evidence
    hosts = tuple(_unseen_host(host, families) for host in reach.hosts)
    names = tuple(_unseen_name(name, families) for name in web.names)
    return replace(evidence, reachability=replace(reach, hosts=hosts), web=replace(web, names=names))


def was_intercepted(evidence: Evidence, family: Family) -> bool:
    """Whether anything by a family was turned into a failure of ours."""
    hosts = evidence.reachability.hosts if evidence.reachability else ()
    return any(tried.failure == INTERCEPTED for host in hosts for port in host.of(family) for tried in port.tries)


def _bears(known: frozenset[str], evidence: Evidence, family: Family) -> bool:
    return bool(known) and any(not known.isdisjoint(_marks(false)) for false in _shown(evidence, family))


@remembered
def _marks_of_canaries(samples: Sequence[VantageFacts]) -> dict[Family, frozenset[str]]:
    """What several canaries have in common of certificates that are no good, by each family."""
    hosts: dict[tuple[Family, str], set[str]] = defaultdict(set)
    for canary in (canary for sample in samples for canary in sample.canaries):
        for family in FAMILIES:
            for mark in _marks(canary.false_by(family)):
                hosts[family, mark].add(canary.host)
    shared = [key for key, named in hosts.items() if len(named) >= CANARIES]
    return {family: frozenset(mark for by, mark in shared if by == family) for family in FAMILIES}


def _marks(false: FalseCertificate | None) -> Iterable[str]:
    """By what a certificate that is no good is known again: itself, and its issuer where nobody trusts that."""
    if false is not None:
        yield false.sha256
        if false.issuer and not false.is_trusted:
            yield false.issuer


def _shown(evidence: Evidence, family: Family) -> Iterable[FalseCertificate]:
    web = evidence.web
    for at in (at for name in (web.names if web else ()) for at in name.of(family)):
        for fetch in at.https:
            false = false_certificate(fetch.tls, web.certificates if web else ())
            if false is not None:
                yield false


def _unseen_host(host: HostReach, families: Sequence[Family]) -> HostReach:
    return replace(
        host, ports=tuple(_unseen_port(port) if family_of(port.address) in families else port for port in host.ports)
    )


def _unseen_port(port: PortTries) -> PortTries:
    return replace(port, tries=tuple(map(_unseen_try, port.tries)))


def _unseen_name(name: NameWeb, families: Sequence[Family]) -> NameWeb:
    at = tuple(_unseen_address(at) if family_of(at.address) in families else at for at in name.addresses)
    return replace(name, addresses=at, chains=tuple(chain for chain in name.chains if chain.family not in families))


def _unseen_address(at: AddressWeb) -> AddressWeb:
    return replace(
        at,
        https=tuple(map(_unseen_fetch, at.https)),
        http=tuple(map(_unseen_fetch, at.http)),
        legacy=tuple(map(_unseen_try, at.legacy)),
    )


def _unseen_try(tried: A) -> A:
    return replace(tried, failure=INTERCEPTED)


def _unseen_fetch(fetch: Fetch) -> Fetch:
    return Fetch(start=fetch.start, end=fetch.end, url=fetch.url, address=fetch.address, port=fetch.port, failure=INTERCEPTED)
