"""WEB-02 to WEB-07: what TLS shows, at each address. Path, name and dates are judged apart: one fault never hides another."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from ipv6check.addressing import text_of
from ipv6check.facts import FAMILIES, Certificate, Evidence, Family, Fetch, TlsTry
from ipv6check.facts.web import LAST_DAYS
from ipv6check.model import FailureKind, Outcome, Reason, Severity, Stage
from ipv6check.rules.dns import tries_needed
from ipv6check.rules.rule import (
    Args,
    Finding,
    Milder,
    failed,
    no_milder,
    not_applicable,
    not_built,
    not_measured,
    passed,
    rule,
    warned,
    worst,
)
from ipv6check.rules.sites import Site, each_site, nothing_served
from ipv6check.rules.vantage import clock_is_off
from ipv6check.tries import State

RENEW_SHARE: Final = 0.33
RENEW_DAYS: Final = 30
"""When a certificate should have been renewed: less than a third of its life and 30 days left (our own choice)."""

SECONDS_PER_DAY: Final = 86_400
OUT_OF_DATE: Final = frozenset({"expired", "not-yet-valid", "unreadable"})
"""The cases of dates that do not hold now."""

ISSUER_NOT_FOUND: Final = frozenset(
    {
        "unable to get issuer certificate",
        "unable to get local issuer certificate",
        "unable to verify the first certificate",
    }
)
"""What OpenSSL says of a path that ends too early."""

LEGACY: Final = frozenset({"TLSv1", "TLSv1.1", "SSLv3"})
BEST: Final = "TLSv1.3"

Leaf = tuple[Fetch, TlsTry, Certificate]


def leaves_of(site: Site, tries: Iterable[Fetch]) -> list[Leaf]:
    """The exchanges that showed a certificate, with the leaf."""
    web = site.evidence.web
    found = []
    for fetch in tries:
        leaf = web.certificate(fetch.tls.chain[0]) if web and fetch.tls and fetch.tls.chain else None
        if leaf is not None and fetch.tls is not None:
            found.append((fetch, fetch.tls, leaf))
    return found


def each_certificate(evidence: Evidence, judge: Callable[[Site, Leaf], Finding], milder: Milder = no_milder) -> Finding:
    """Judge the certificate at every address; a fault counts when seen twice, and is unstable when seen once of several.

    Where there is a fault, `v6` among the arguments is the case of what IPv6 alone shows, if that is another.
    """
    found = each_site(evidence, partial(_at_each_address, judge, milder, FAMILIES), milder)
    if found.outcome not in {Outcome.FAIL, Outcome.WARN}:
        return found
    over_v6 = each_site(evidence, partial(_at_each_address, judge, milder, (6,)), milder)
    case = over_v6.case or over_v6.outcome.value
    return found if case == (found.case or found.outcome.value) else replace(found, args={**found.args, "v6": case})


def _at_each_address(judge: Callable[[Site, Leaf], Finding], milder: Milder, families: Sequence[Family], site: Site) -> Finding:
    looks = [leaves_of(site, at.https) for family in families for at in site.web.of(family)]
    wanted = tries_needed(site.evidence)
    findings = [_agreed([judge(site, leaf) for leaf in leaves], wanted) for leaves in looks if leaves]
    return worst(findings, milder) if findings else nothing_served(site, families=families)


def _agreed(findings: list[Finding], wanted: int) -> Finding:
    bad = [found for found in findings if found.outcome is Outcome.FAIL]
    if not bad:
        return findings[-1]
    if len(bad) < len(findings):
        return warned("unstable", **dict(bad[-1].args))  # type: ignore[arg-type]
    return bad[-1] if len(bad) >= wanted else not_measured(Reason.OWN_TIMEOUT_BUDGET)


@rule("WEB-02", refs=("RFC 5280",), version=2)
def certificate_leads_to_a_trusted_root(evidence: Evidence) -> Finding:
    """Does the certificate chain lead to a public root, and is it complete? Dates and names are asked elsewhere."""
    return each_certificate(evidence, _path)


def _path(site: Site, leaf: Leaf) -> Finding:
    fetch, tls, certificate = leaf
    args: Args = {"name": site.name, "address": text_of(fetch.address), "issuer": certificate.issuer}
    if not tls.path_error:
        return passed(**args)
    web = site.evidence.web
    chain = [c for sha256 in tls.chain if web and (c := web.certificate(sha256)) is not None]
    args["problem"] = tls.path_error
    is_cut_short = tls.path_error in ISSUER_NOT_FOUND and not any(c.is_self_signed for c in chain)
    if is_cut_short and chain and chain[-1].issuer_urls:
        return warned("incomplete", **args)
    return failed("self-signed" if certificate.is_self_signed else "untrusted", **args)


@rule("WEB-03", refs=("RFC 9525",), version=2)
def certificate_bears_the_name(evidence: Evidence) -> Finding:
    """Is the name among the certificate's names (SAN)?"""
    return each_certificate(evidence, _bears_name)


def _bears_name(site: Site, leaf: Leaf) -> Finding:
    fetch, _, certificate = leaf
    args: Args = {"name": site.name, "address": text_of(fetch.address), "names": list(certificate.names[:5]) or ["-"]}
    if certificate.covers(site.name):
        return passed(**args)
    return failed(**args) if certificate.lacks(site.name) else not_measured(Reason.LIMIT)


@rule("WEB-04", refs=("CA/B SC-081v3",), version=2)
def certificate_is_in_its_dates(evidence: Evidence) -> Finding:
    """Is the certificate valid today, and for long enough?"""
    found = each_certificate(evidence, _dates, milder=lambda found: found.case not in OUT_OF_DATE)
    if found.outcome in {Outcome.NOT_APPLICABLE, Outcome.NOT_MEASURED}:
        return found
    return not_measured(Reason.CLOCK) if clock_is_off(evidence) else found


def _dates(site: Site, leaf: Leaf) -> Finding:
    fetch, _, certificate = leaf
    begin, end, now = certificate.not_before, certificate.not_after, fetch.end
    args: Args = {"name": site.name, "address": text_of(fetch.address)}
    if begin is None or end is None:
        return failed("unreadable", **args)
    left = (end - now).total_seconds() / SECONDS_PER_DAY
    args |= {"days": int(left), "until": end.date().isoformat(), "since": begin.date().isoformat()}
    if now > end:
        return failed("expired", **args)
    if now < begin:
        return failed("not-yet-valid", **args)
    if end - now < LAST_DAYS:
        return failed("last-days", **args)
    life = (end - begin).total_seconds() / SECONDS_PER_DAY
    return warned(**args) if left <= RENEW_DAYS and left <= life * RENEW_SHARE else passed(**args)


@rule("WEB-05", refs=("python/pythondotorg#957",), version=2)
def certificates_agree_everywhere(evidence: Evidence) -> Finding:
    """Do all addresses of a name show the same certificate, or one of the same names and issuer?"""
    return each_site(evidence, _agree_everywhere)


def _agree_everywhere(site: Site) -> Finding:
    looks = [leaves for at in site.web.addresses if (leaves := leaves_of(site, at.https))]
    last = [leaves[-1] for leaves in looks]
    if len(last) < 2:
        unseen = nothing_served(site)
        return unseen if unseen.outcome is Outcome.NOT_MEASURED else not_applicable(name=site.name)
    valid = [any(_is_valid(site, leaf) for leaf in leaves) for leaves in looks]
    if any(valid) and not all(valid):
        wanted = tries_needed(site.evidence)
        bad = [leaves for leaves, is_valid in zip(looks, valid, strict=True) if not is_valid and len(leaves) >= wanted]
        if not bad:
            return not_measured(Reason.OWN_TIMEOUT_BUDGET)
        good = last[valid.index(True)][0]
        return failed(name=site.name, good=text_of(good.address), bad=text_of(bad[0][-1][0].address))
    first = last[0][2]
    for fetch, _, other in last[1:]:
        same_policy = (set(other.names), other.issuer) == (set(first.names), first.issuer)
        if other.key_sha256 != first.key_sha256 and not same_policy:
            return warned(name=site.name, good=text_of(last[0][0].address), bad=text_of(fetch.address))
    return passed(name=site.name, addresses=len(last))


def _is_valid(site: Site, leaf: Leaf) -> bool:
    """Whether a certificate would be accepted, its dates left aside where our clock is off."""
    fetch, tls, certificate = leaf
    is_in_date = clock_is_off(site.evidence) or certificate.is_valid_at(fetch.end)
    return not tls.path_error and not certificate.lacks(site.name) and is_in_date


@rule("WEB-07", refs=("RFC 9325", "RFC 8996"), version=3)
def tls_versions_are_current(evidence: Evidence) -> Finding:
    """Is TLS 1.3 spoken, and are 1.1 and 1.0 refused?"""
    return each_site(evidence, _versions)


def _versions(site: Site) -> Finding:
    shaken = [fetch.tls for at in site.web.addresses for fetch in at.https if fetch.tls and fetch.tls.version]
    if not shaken:
        return nothing_served(site)
    tries = _legacy_tries(site)
    accepted = [t for t in (*shaken, *tries) if t.failure is None and t.version in LEGACY]
    if accepted:
        return failed(name=site.name, address=str(accepted[0].address), version=accepted[0].version)
    web = site.evidence.web
    if web is None or not web.can_offer_legacy_tls:
        return not_measured(Reason.NOT_PERMITTED)
    spoken = [at.address for at in site.web.addresses if any(fetch.tls and fetch.tls.version for fetch in at.https)]
    for address in spoken:
        asked = [tried for tried in tries if tried.address == address]
        if not _refuses(asked, site):
            return not_measured(site.scales.handshakes(asked).reason or Reason.DEPENDENCY_FAILED)
    old = [t for t in shaken if t.version != BEST]
    if old:
        return warned(name=site.name, address=str(old[0].address), version=old[0].version)
    return passed(name=site.name)


def _legacy_tries(site: Site) -> list[TlsTry]:
    """The handshakes that offered old versions at this site's addresses, under whichever of the names they were made."""
    addresses = {at.address for at in site.web.addresses}
    names = site.evidence.web.names if site.evidence.web else ()
    return [tried for name in names for at in name.addresses if at.address in addresses for tried in at.legacy]


def _refuses(tries: Sequence[TlsTry], site: Site) -> bool:
    """Whether old versions are turned down: said so once, or silent as often as it takes. Who lets nobody in said nothing."""
    heard = [t for t in tries if t.failure is None or t.failure.stage is Stage.TLS]
    said = any(t.failure is not None and not t.failure.is_ours and t.failure.kind is not FailureKind.TIMEOUT for t in heard)
    return said or site.scales.handshakes(heard).state is State.FAILED


R = Severity.RECOMMENDED

RULES = (
    certificate_leads_to_a_trusted_root,
    certificate_bears_the_name,
    certificate_is_in_its_dates,
    certificates_agree_everywhere,
    not_built("WEB-06", "Are key and signature of the certificate strong enough?", R, "NCSC-NL 2025-05", "CA/B BR"),
    tls_versions_are_current,
    not_built("WEB-08", "Are only strong cipher suites accepted?", R, "RFC 9325", "NCSC-NL"),
)
