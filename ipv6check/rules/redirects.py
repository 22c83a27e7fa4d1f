"""WEB-09, 11, 12, 13: where a page leads, from each address that answers, and how it ends by each family."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urljoin, urlsplit

import idna

from ipv6check.addressing import Address, text_of
from ipv6check.facts import FAMILIES, Chain, Evidence, Family, Fetch, Hop
from ipv6check.facts.web import answered
from ipv6check.model import FailureKind, Outcome, Reason
from ipv6check.rules.reachability import HTTP
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_measured, passed, rule, warned, worst
from ipv6check.rules.sites import Site, each_site, is_blocked, nothing_served
from ipv6check.tries import State

ERROR: Final = 400


@rule("WEB-09", refs=("internetstandards/Internet.nl#1208", "cisagov/pshtt"), version=2)
def http_leads_to_https(evidence: Evidence) -> Finding:
    """Does port 80 lead to HTTPS on the same host first, or is it closed?"""
    return each_site(evidence, _http_leads_to_https)


def _http_leads_to_https(site: Site) -> Finding:
    reachable = [family for family in FAMILIES if site.is_reachable(family)]
    if not reachable:
        return nothing_served(site, "http")
    findings = []
    for family in reachable:
        port = site.ports.of(family).only(HTTP)
        if not port.up:
            findings.append(not_measured(port.reason) if port.unseen else passed("closed", name=site.name))
        for at, tries in site.fetches(family, "http"):
            if tries:
                weighing = site.scales.fetches(tries)
                if weighing.is_up:
                    findings.append(_first_hop(site, tries, _hops_after(site, family, answered(tries))))
                elif weighing.state is State.FAILED:
                    findings.append(failed("silent", name=site.name, address=text_of(at.address)))
                else:
                    findings.append(not_measured(weighing.reason))
    return worst(findings)


def _hops_after(site: Site, family: Family, fetch: Fetch | None) -> tuple[Hop, ...]:
    """Where an answer of port 80 leads: as that of the address whose chain begins with the same status and place."""
    begins = {at.address: answered(tries) for at, tries in site.fetches(family, "http")}
    for chain in site.web.chains_of(family, "http"):
        first = begins.get(chain.start)
        if fetch is not None and first is not None and (first.status, leads_to(first)) == (fetch.status, leads_to(fetch)):
            return chain.hops
    return ()


def _first_hop(site: Site, tries: tuple[Fetch, ...], hops: tuple[Hop, ...]) -> Finding:
    """Follow what port 80 answers while it stays on this host and in the clear."""
    for number in range(len(hops) + 1):
        fetch = answered(tries)
        if fetch is None:
            weighing = site.scales.fetches(tries)
            silent = failed("silent", name=site.name, address=str(tries[-1].address))
            return silent if weighing.state is State.FAILED else not_measured(weighing.reason)
        args: Args = {"name": site.name, "address": text_of(fetch.address), "status": fetch.status}
        if is_blocked(fetch):
            return not_measured(Reason.BLOCKED, **args)
        to = leads_to(fetch)
        if to is None:
            return failed(**args)
        scheme, host = to
        if host != site.name:
            return warned(host=host, **args)
        if scheme == "https":
            return passed(**args)
        tries = hops[number].tries if number < len(hops) else ()
    return failed(**args)


def leads_to(fetch: Fetch) -> tuple[str, str] | None:
    """The scheme and host that a redirect names, None when it is none."""
    if fetch.location is None:
        return None
    try:
        parts = urlsplit(urljoin(fetch.url, fetch.location.strip()))
        host = (parts.hostname or "").removesuffix(".")
        return parts.scheme.lower(), host if host.isascii() else idna.encode(host, uts46=True).decode()
    except ValueError:
        return None


@rule("WEB-11", refs=("cisagov/pshtt",), version=2)
def redirects_never_leave_https(evidence: Evidence) -> Finding:
    """Does no redirect lead from HTTPS back to HTTP?"""
    return each_site(evidence, _never_leave_https)


def _never_leave_https(site: Site) -> Finding:
    if not any(answered(at.https) for at in site.web.addresses):
        return nothing_served(site)
    firsts = [fetch for at in site.web.addresses for fetch in at.https if fetch.answered]
    hops = [hop.fetch for chain in site.web.chains for hop in chain.hops if hop.fetch is not None]
    for fetch in (*firsts, *hops):
        to = leads_to(fetch)
        if to is not None and to[0] == "http" and fetch.url.startswith("https:"):
            return failed(name=site.name, url=fetch.url, host=to[1])
    return passed(name=site.name)


@dataclass(frozen=True, slots=True)
class End:
    """Where the chain from an address ends: a status, or a word for why there is none (`loop`, `elsewhere`, `none`,
    `blocked`)."""

    start: Address | None = None
    status: int | None = None
    word: str = ""
    reason: Reason | None = None

    @property
    def said(self) -> int | str | None:
        """The status, or the word."""
        return self.word or self.status


def scheme_of(site: Site) -> str:
    """HTTPS where any family has it, else HTTP."""
    return "https" if any(weighing.is_up for family in FAMILIES for weighing in site.weigh(family, "https")) else "http"


def ends_of(site: Site, family: Family, scheme: str) -> list[End]:
    """Follow the chains of one family to their ends, that of the first address first."""
    chains = site.web.chains_of(family, "https" if scheme == "https" else "http")
    return [end_of(site, chain) for chain in chains] or [End(word="none", reason=site.why_unserved(family, scheme))]


def end_of(site: Site, chain: Chain) -> End:
    """Follow a chain to its end."""
    return replace(_end_of(site, chain), start=chain.start)


def _end_of(site: Site, chain: Chain) -> End:
    first = next(answered(tries) for at, tries in site.fetches(chain.family, chain.scheme) if at.address == chain.start)
    last = chain.hops[-1].fetch if chain.hops else first
    if chain.stopped is not None:
        match chain.stopped.kind:
            case FailureKind.REDIRECT_LOOP:
                return End(word="loop")
            case FailureKind.NO_ADDRESS | FailureKind.UNSAFE_TARGET:
                return End(word="elsewhere")
            case FailureKind.TIMEOUT:
                return End(word="elsewhere", reason=Reason.RESOLVER_ERROR)
            case FailureKind.LIMIT:
                return End(word="elsewhere", reason=Reason.LIMIT)
    if last is None or not last.answered:
        return End(word="elsewhere", reason=_why_unseen(site, chain.hops[-1]))
    return End(word="blocked") if is_blocked(last) else End(status=last.status)


def _why_unseen(site: Site, hop: Hop) -> Reason | None:
    """Why it is not known what a hop answers; None when it is known."""
    weighing = site.scales.fetches(hop.tries)
    if weighing.is_up and answered(hop.tries) is None:
        return Reason.LIMIT
    return weighing.reason if hop.tries and weighing.state is State.UNSEEN else None


@rule("WEB-12", refs=("internetstandards/Internet.nl#1267",), version=2)
def both_families_give_the_same_status(evidence: Evidence) -> Finding:
    """Does the page end with the same status by IPv6 and by IPv4?"""
    return each_site(evidence, _same_status)


def _same_status(site: Site) -> Finding:
    for family in FAMILIES:
        if site.ports.is_resolved(family) and not site.ports.of(family).weighed:
            return not_applicable(name=site.name)
    for family in FAMILIES:
        if (reason := site.unseen(family)) is not None:
            return not_measured(reason)
    if not all(site.is_reachable(family) for family in FAMILIES):
        return not_applicable(name=site.name)
    scheme = scheme_of(site)
    (first_6, *more_6), (first_4, *more_4) = (ends_of(site, family, scheme) for family in FAMILIES)
    findings = [_same_end(site, first_6, first_4)]
    for odd, v6, v4 in [*((end, end, first_4) for end in more_6), *((end, first_6, end) for end in more_4)]:
        found = _same_end(site, v6, v4)
        if found.outcome is Outcome.FAIL and not found.case and odd.start is not None:
            args: Args = {"name": site.name, "v6": first_6.said, "v4": first_4.said}
            found = failed("address", **args, address=text_of(odd.start), status=odd.status)
        findings.append(found)
    return worst(findings)


def _same_end(site: Site, v6: End, v4: End) -> Finding:
    """Compare how the page ends by a way of each family."""
    args: Args = {"name": site.name, "v6": v6.said, "v4": v4.said}
    if "blocked" in (v6.word, v4.word):
        return not_measured(Reason.BLOCKED)
    if (reason := v6.reason or v4.reason) is not None:
        return not_measured(reason)
    if "loop" in (v6.word, v4.word):
        return (warned if v6.word == v4.word else failed)("loop", **args)
    if v6.status is None or v4.status is None:
        return not_applicable(name=site.name)
    if not _alike(v6.status, v4.status):
        return failed(**args)
    return warned(**args) if v6.status >= ERROR else passed(**args)


def _alike(one: int, other: int) -> bool:
    """Whether two statuses say the same: the same number, or both that all is well, or both that the page is elsewhere."""
    return one == other or (one < ERROR and one // 100 == other // 100)


@rule("WEB-13", refs=("internetstandards/Internet.nl#143",), version=2)
def redirects_work_over_ipv6(evidence: Evidence) -> Finding:
    """Does every host that the page redirects to answer over IPv6?"""
    return each_site(evidence, _redirects_over_ipv6)


def _redirects_over_ipv6(site: Site) -> Finding:
    if site.ports.is_resolved(6) and not site.ports.v6.weighed:
        return not_applicable(name=site.name)
    if (reason := site.unseen(6)) is not None:
        return not_measured(reason)
    chains = site.web.chains_of(6, "https") or site.web.chains_of(6, "http")
    if not chains or site.is_over_cap(6, "https"):
        reason = site.why_unserved(6, "https") or site.why_unserved(6, "http")
        return not_measured(reason) if reason is not None else not_applicable(name=site.name)
    return worst(_every_hop(site, chain) for chain in chains)


def _every_hop(site: Site, chain: Chain) -> Finding:
    """Follow one chain over IPv6."""
    if chain.stopped is not None and chain.stopped.kind in {FailureKind.NO_ADDRESS, FailureKind.UNSAFE_TARGET}:
        return failed("ipv4-only", name=site.name, hop=chain.stopped.detail)
    unstable = []
    for hop in chain.hops:
        weighing = site.scales.fetches(hop.tries)
        if weighing.state is State.FAILED and not _is_front_page(site, hop):
            return failed(name=site.name, hop=hop.host, problem=str(weighing.failure))
        if (reason := _why_unseen(site, hop)) is not None:
            return not_measured(reason)
        unstable += [hop.host] if weighing.state is State.UNSTABLE else []
    end = end_of(site, chain)
    if (reason := Reason.BLOCKED if end.word == "blocked" else end.reason) is not None:
        return not_measured(reason)
    if unstable:
        return warned(name=site.name, hop=unstable[0])
    abroad = [hop.host for hop in chain.hops if hop.host != site.name]
    return passed(name=site.name, hops=abroad) if abroad else not_applicable(name=site.name)


def _is_front_page(site: Site, hop: Hop) -> bool:
    """Whether a hop is what WEB-01 and WEB-09 judge already."""
    return hop.url in {f"https://{site.name}/", f"http://{site.name}/"}


RULES = (
    http_leads_to_https,
    redirects_never_leave_https,
    both_families_give_the_same_status,
    redirects_work_over_ipv6,
)
