"""WEB: HTTPS and HTTP by each family, at each address. Each name is judged with its own addresses; the worst counts.

A family that could not be measured is left out; where HTTPS was served, `v6` among the arguments says how it went over IPv6.
"""

import re
from typing import Final

from ipv6check.addressing import text_of
from ipv6check.facts import FAMILIES, Evidence, Family, Fetch
from ipv6check.facts.web import answered
from ipv6check.model import Severity
from ipv6check.rules.rule import Args, Finding, failed, not_built, passed, rule, warned, worst
from ipv6check.rules.sites import Site, each_site, nothing_served
from ipv6check.tries import State

A_YEAR: Final = 31_536_000
"""Seconds HSTS should last (RFC 6797; the preload list asks as much)."""

MAX_AGE: Final = re.compile(r'\s*max-age\s*=\s*"?(\d+)"?\s*', re.IGNORECASE)


@rule("WEB-01", refs=("rule pack", "Internet.nl"), version=3)
def https_is_served(evidence: Evidence) -> Finding:
    """Is HTTPS served on every family by which the site can be reached?"""
    return each_site(evidence, _https_served, milder=lambda found: found.args.get("v6") == "yes")


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


@rule("WEB-10", refs=("RFC 6797",), version=2)
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


M, R, INFORMATION = Severity.MANDATORY, Severity.RECOMMENDED, Severity.INFORMATION

RULES = (
    https_is_served,
    hsts_lasts_a_year,
    not_built("WEB-14", "Is the page the same by IPv6 and by IPv4?", R, "Internet.nl"),
    not_built("WEB-15", "Is HTTP/2 spoken?", INFORMATION, "RFC 9113"),
    not_built("WEB-16", "Is a good OCSP answer stapled?", R, "RFC 6066", "internetstandards/Internet.nl#1641"),
    not_built("WEB-17", "Are the protective headers set?", R, "OWASP"),
    not_built("WEB-18", "Is there a valid security.txt?", R, "RFC 9116"),
    not_built("WEB-19", "Does a TLSA record match the certificate?", R, "RFC 6698", "RFC 7671"),
    not_built("WEB-20", "Is the page free of IPv4 literals?", R, "nat64check"),
)
