"""WEB: HTTPS and HTTP by each family, at each address. Each name is judged with its own addresses; the worst counts.

A family that could not be measured is left out; where HTTPS was served, `v6` among the arguments says how it went over IPv6.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from ipv6check.addressing import text_of
from ipv6check.facts import FAMILIES, Evidence, Family, Fetch, Hop
from ipv6check.model import FailureKind, Reason, Severity
from ipv6check.rules.reachability import HTTP
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
    worst,
)
from ipv6check.rules.sites import REDIRECTS, Site, answered, each_site, is_blocked, nothing_served
from ipv6check.tries import State

A_YEAR: Final = 31_536_000
"""Seconds HSTS should last (RFC 6797; the preload list asks as much)."""

MAX_AGE: Final = re.compile(r'\s*max-age\s*=\s*"?(\d+)"?\s*', re.IGNORECASE)
ERROR: Final = 400


@rule("WEB-01", refs=("rule pack", "Internet.nl"))
def https_is_served(evidence: Evidence) -> Finding:
    """Is HTTPS served on every family by which the site can be reached?"""
    return each_site(evidence, _https_served)


def _https_served(site: Site) -> Finding:
    served = {family: _served_by(site, family) for family in FAMILIES}
    args: Args = {"name": site.name, "v6": served[6], "v4": served[4]}
    measured = [state for state in served.values() if state in {"yes", "unstable", "no"}]
    if not measured:
        return nothing_served(site)
    if "no" not in measured:
        return warned("unstable", **args) if "unstable" in measured else passed(**args)
    if set(measured) == {"no"}:
        return failed(**args)
    return warned("ipv4-only" if served[6] == "no" else "ipv6-only", **args)


def _served_by(site: Site, family: Family) -> str:
    """`yes`, `unstable`, `no`; `unseen` when it was not measured; `none` when the family is not reachable at all."""
    if not site.is_reachable(family):
        return "unseen" if site.unseen(family) else "none"
    weighings = site.weigh(family, "https")
    if any(weighing.state is State.WORKED for weighing in weighings):
        return "yes"
    if any(weighing.is_up for weighing in weighings):
        return "unstable"
    return "unseen" if site.why_unserved(family, "https") else "no"


@rule("WEB-09", refs=("internetstandards/Internet.nl#1208", "cisagov/pshtt"))
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
                weighing, chain = site.scales.fetches(tries), site.web.chain(family, "http")
                if weighing.is_up:
                    findings.append(_first_hop(site, tries, chain.hops if chain else ()))
                elif weighing.state is State.FAILED:
                    findings.append(failed("silent", name=site.name, address=text_of(at.address)))
                else:
                    findings.append(not_measured(weighing.reason))
    return worst(findings)


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
    location = fetch.header("location") if fetch.status in REDIRECTS else None
    if location is None:
        return None
    try:
        parts = urlsplit(urljoin(fetch.url, location.strip()))
        return parts.scheme.lower(), (parts.hostname or "").removesuffix(".")
    except ValueError:
        return None


@rule("WEB-10", refs=("RFC 6797",))
def hsts_lasts_a_year(evidence: Evidence) -> Finding:
    """Does the first HTTPS answer ask browsers to stay with HTTPS for a year (HSTS)?"""
    return each_site(evidence, _hsts)


def _hsts(site: Site) -> Finding:
    fetches = [fetch for at in site.web.addresses if (fetch := answered(at.https)) is not None]
    return worst(_hsts_header(site, fetch) for fetch in fetches) if fetches else nothing_served(site)


def _hsts_header(site: Site, fetch: Fetch) -> Finding:
    header = fetch.header("strict-transport-security")
    args: Args = {"name": site.name, "address": text_of(fetch.address)}
    if header is None:
        return failed(**args)
    ages = [found.group(1) for directive in header.split(";") if (found := MAX_AGE.fullmatch(directive))]
    if len(ages) != 1:
        return failed("malformed", **args)
    seconds = int(ages[0][:12])
    if seconds == 0:
        return failed("zero", **args)
    return passed(seconds=seconds, **args) if seconds >= A_YEAR else warned(seconds=seconds, **args)


@rule("WEB-11", refs=("cisagov/pshtt",))
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
    """Where one family's chain ends: a status, or a word for why there is none (`loop`, `elsewhere`, `none`, `blocked`)."""

    status: int | None = None
    word: str = ""
    reason: Reason | None = None


def scheme_of(site: Site) -> str:
    """HTTPS where any family has it, else HTTP."""
    return "https" if any(answered(at.https) for at in site.web.addresses) else "http"


def end_of(site: Site, family: Family, scheme: str) -> End:
    """Follow one family's chain to its end."""
    chain = site.web.chain(family, "https" if scheme == "https" else "http")
    if chain is None:
        limited = any(t.failure and t.failure.kind is FailureKind.LIMIT for _, f in site.fetches(family, scheme) for t in f)
        return End(word="none", reason=Reason.LIMIT if limited else site.why_unserved(family, scheme))
    first = next(answered(tries) for at, tries in site.fetches(family, scheme) if at.address == chain.start)
    last = chain.hops[-1].fetch if chain.hops else first
    if chain.stopped is not None:
        match chain.stopped.kind:
            case FailureKind.REDIRECT_LOOP:
                return End(word="loop")
            case FailureKind.NO_ADDRESS | FailureKind.UNSAFE_TARGET:
                return End(word="elsewhere")
            case FailureKind.TIMEOUT:
                return End(word="elsewhere", reason=Reason.RESOLVER_ERROR)
    if last is None or not last.answered:
        tries = chain.hops[-1].tries
        weighing = site.scales.fetches(tries)
        return End(word="elsewhere", reason=weighing.reason if tries and weighing.state is State.UNSEEN else None)
    return End(word="blocked") if is_blocked(last) else End(status=last.status)


@rule("WEB-12", refs=("internetstandards/Internet.nl#1267",))
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
    v6, v4 = (end_of(site, family, scheme) for family in FAMILIES)
    if "blocked" in (v6.word, v4.word):
        return not_measured(Reason.BLOCKED)
    if (reason := v6.reason or v4.reason) is not None:
        return not_measured(reason)
    if "loop" in (v6.word, v4.word):
        return (warned if v6.word == v4.word else failed)(
            "loop", name=site.name, v6=v6.word or v6.status, v4=v4.word or v4.status
        )
    if v6.status is None or v4.status is None:
        return not_applicable(name=site.name)
    return _compare(site, scheme, v6.status, v4.status)


def _compare(site: Site, scheme: str, v6: int, v4: int) -> Finding:
    """Compare the two ends, and what further addresses answered where that was no redirect."""
    args: Args = {"name": site.name, "v6": v6, "v4": v4}
    for family, end in ((6, v6), (4, v4)):
        for at, tries in site.fetches(6 if family == 6 else 4, scheme):
            fetch = answered(tries)
            if fetch is not None and not is_blocked(fetch) and leads_to(fetch) is None and not _alike(fetch.status or 0, end):
                return failed("address", **args, address=text_of(at.address), status=fetch.status)
    if not _alike(v6, v4):
        return failed(**args)
    return warned(**args) if v6 >= ERROR else passed(**args)


def _alike(one: int, other: int) -> bool:
    """Whether two statuses say the same: the same number, or both that all is well."""
    return one == other or (one < ERROR and other < ERROR)


@rule("WEB-13", refs=("internetstandards/Internet.nl#143",))
def redirects_work_over_ipv6(evidence: Evidence) -> Finding:
    """Does every host that the page redirects to answer over IPv6?"""
    return each_site(evidence, _redirects_over_ipv6)


def _redirects_over_ipv6(site: Site) -> Finding:
    if site.ports.is_resolved(6) and not site.ports.v6.weighed:
        return not_applicable(name=site.name)
    if (reason := site.unseen(6)) is not None:
        return not_measured(reason)
    chain = site.web.chain(6, "https") or site.web.chain(6, "http")
    if chain is None:
        reason = site.why_unserved(6, "https") or site.why_unserved(6, "http")
        return not_measured(reason) if reason is not None else not_applicable(name=site.name)
    if chain.stopped is not None and chain.stopped.kind in {FailureKind.NO_ADDRESS, FailureKind.UNSAFE_TARGET}:
        return failed("ipv4-only", name=site.name, hop=chain.stopped.detail)
    if chain.stopped is not None and chain.stopped.kind is FailureKind.TIMEOUT:
        return not_measured(Reason.RESOLVER_ERROR)
    abroad = [hop for hop in chain.hops if hop.host != site.name]
    for hop in abroad:
        weighing = site.scales.fetches(hop.tries)
        if weighing.state is State.FAILED:
            return failed(name=site.name, hop=hop.host, problem=str(weighing.failure))
        if weighing.state is State.UNSEEN:
            return not_measured(weighing.reason)
        if weighing.state is State.UNSTABLE:
            return warned(name=site.name, hop=hop.host)
    if end_of(site, 6, chain.scheme).word == "blocked":
        return not_measured(Reason.BLOCKED)
    if not abroad:
        return not_applicable(name=site.name)
    return passed(name=site.name, hops=[hop.host for hop in abroad])


M, R, INFORMATION = Severity.MANDATORY, Severity.RECOMMENDED, Severity.INFORMATION

RULES = (
    https_is_served,
    http_leads_to_https,
    hsts_lasts_a_year,
    redirects_never_leave_https,
    both_families_give_the_same_status,
    redirects_work_over_ipv6,
    not_built("WEB-14", "Is the page the same by IPv6 and by IPv4?", R, "Internet.nl"),
    not_built("WEB-15", "Is HTTP/2 spoken?", INFORMATION, "RFC 9113"),
    not_built("WEB-16", "Is a good OCSP answer stapled?", R, "RFC 6066", "internetstandards/Internet.nl#1641"),
    not_built("WEB-17", "Are the protective headers set?", R, "OWASP"),
    not_built("WEB-18", "Is there a valid security.txt?", R, "RFC 9116"),
    not_built("WEB-19", "Does a TLSA record match the certificate?", R, "RFC 6698", "RFC 7671"),
    not_built("WEB-20", "Is the page free of IPv4 literals?", R, "nat64check"),
)
