"""NAME: the name itself, by the city's rule pack: goals of the programme, not duties, until the registry confirms them."""

import tomllib
import unicodedata
from collections.abc import Iterable
from datetime import timedelta, timezone
from importlib.resources import files
from typing import Final

import idna

from ipv6check.addressing import text_of
from ipv6check.facts import AddressFacts, Answer, Evidence, NameWeb
from ipv6check.model import Outcome, Reason, Severity, Target
from ipv6check.rules.dns import absence_is_confirmed, said_by_servers, tries_needed
from ipv6check.rules.rule import (
    Args,
    Finding,
    failed,
    not_applicable,
    not_measured,
    passed,
    rule,
    warned,
    worst,
)
from ipv6check.rules.sites import each_site, nothing_served

PACK: Final = tomllib.loads(files("ipv6check.rules").joinpath("rule_pack.toml").read_text(encoding="utf-8"))
"""Required suffixes and legal references, with the registry's confirmation or without."""

CIRCULAR: Final = "Circular 24/2015/TT-BTTTT art. 7(3) (rule pack)"
DECREE: Final = "Decree 43/2011 art. 6(1)(b) (rule pack)"

REGISTERED_PASS: Final = timedelta(days=60)
REGISTERED_WARN: Final = timedelta(days=15)
"""How long a registration should still last (our own choice)."""

HERE: Final = timezone(timedelta(hours=7))
"""The time of the dates in a target list (Asia/Ho_Chi_Minh, which has no summer time)."""

VIETNAMESE: Final = frozenset("àáâãèéêìíòóôõùúýăđĩũơư") | frozenset(map(chr, range(0x1EA1, 0x1EFA, 2)))
"""The letters of Vietnamese names beside ASCII. An allow list: whatever imitates them, Latin or not, is outside it."""


LIKE_LATIN: Final = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
"""The scripts with letters that look like Latin ones (UTS 39): a name wholly in another imitates nothing."""


def required_suffix(target: Target) -> str:
    """The suffix that names of this kind of owner should be under."""
    suffix: str = PACK[PACK["required"].get(target.kind, "city")]
    return suffix


def is_under(name: str, suffix: str) -> bool:
    """Whether a name is a domain or below it."""
    return name == suffix or name.endswith("." + suffix)


@rule("NAME-01", severity=Severity.RECOMMENDED, refs=("RFC 5890", "UTS 46", "UTS 39"), version=2)
def name_is_well_formed(evidence: Evidence) -> Finding:
    """Is it a valid name in both its forms, in one script, with nothing that imitates another?"""
    if evidence.target is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    name = evidence.target.domain
    try:
        labels = [idna.decode(label) if label.startswith("xn--") else label for label in name.split(".")]
        for label in labels:
            idna.alabel(label) if not label.isascii() else idna.check_label(label.replace("_", "a"))
    except idna.IDNAError as error:
        return failed(name=name, problem=str(error))
    shown = ".".join(labels)
    suspicious = [label for label in labels if is_mixed(label) or is_confusable(label)]
    return warned(name=shown, label=suspicious[0]) if suspicious else passed(name=shown)


def scripts_of(label: str) -> set[str]:
    """The scripts of a label's letters, by the first word of their Unicode names."""
    return {unicodedata.name(c, "UNKNOWN").split()[0] for c in label if c.isalpha()}


def is_mixed(label: str) -> bool:
    """Whether letters of more than one script stand in one label."""
    return len(scripts_of(label)) > 1


def is_confusable(label: str) -> bool:
    """Whether a label has a letter that may be taken for one of a Vietnamese name."""
    return any(is_strange(letter) and scripts_of(letter) & LIKE_LATIN for letter in label)


def is_strange(letter: str) -> bool:
    """Whether a letter is none that Vietnamese names are written with."""
    return not letter.isascii() and letter not in VIETNAMESE


@rule("NAME-02", refs=(CIRCULAR,))
def name_is_under_vn(evidence: Evidence) -> Finding:
    """Is the name under .vn?"""
    if evidence.target is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    name = evidence.target.domain
    return passed(name=name) if is_under(name, PACK["country"]) else failed(name=name)


@rule("NAME-03", refs=(DECREE,))
def name_is_at_the_level_of_its_owner(evidence: Evidence) -> Finding:
    """Is the name under the suffix that the programme asks of this kind of owner?"""
    if evidence.target is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    name, required = evidence.target.domain, required_suffix(evidence.target)
    if is_under(name, required):
        return passed(name=name, required=required)
    return (warned if is_under(name, PACK["country"]) else failed)(name=name, required=required)


@rule("NAME-04", refs=("rule pack",))
def redirects_stay_under_the_suffix(evidence: Evidence) -> Finding:
    """Where the page leads, is that still under the suffix asked of this kind of owner?"""
    if evidence.target is None or evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if evidence.web is None:
        unseen = not (evidence.dns.listed.is_seen and evidence.dns.www.is_seen) or evidence.dns.names
        return not_measured(Reason.DEPENDENCY_FAILED) if unseen else not_applicable()
    finals = dict.fromkeys(host for name in evidence.web.names for host in final_hosts(name))
    if not finals:
        answered = any(chain for name in evidence.web.names for chain in name.chains)
        return not_applicable() if answered else not_measured(Reason.DEPENDENCY_FAILED)
    required = required_suffix(evidence.target)
    return worst(_final_host(host, required) for host in finals)


def final_hosts(name: NameWeb) -> Iterable[str]:
    """The hosts at which a name's chains ended, or would have, other than the name itself."""
    for chain in name.chains:
        hosts = [hop.host for hop in chain.hops]
        if chain.stopped is not None and chain.stopped.stage.value == "dns":
            hosts.append(chain.stopped.detail)
        if hosts and hosts[-1] != name.name:
            yield hosts[-1]


def _final_host(host: str, required: str) -> Finding:
    if is_under(host, required):
        return passed(host=host, required=required)
    return (warned if is_under(host, PACK["country"]) else failed)(host=host, required=required)


@rule("NAME-05", severity=Severity.RECOMMENDED, refs=("RFC 9083",))
def registration_is_not_about_to_end(evidence: Evidence) -> Finding:
    """When does the registration end that the name rests on?"""
    facts = evidence.registration
    if facts is None or evidence.run is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if facts.problem or facts.expires is None:
        return not_measured(Reason.DATA_SOURCE_DOWN)
    left = facts.expires - evidence.run.started
    args: Args = {"name": facts.name, "until": facts.expires.astimezone(HERE).date().isoformat(), "days": left.days}
    if left < timedelta(0):
        return failed("expired", **args)
    if left < REGISTERED_WARN:
        return failed(**args)
    return warned(**args) if left <= REGISTERED_PASS else passed(**args)


@rule("NAME-06", refs=("RFC 8020",), version=2)
def name_exists(evidence: Evidence) -> Finding:
    """Does the name exist in the DNS?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    listed = evidence.dns.listed
    lookups = (listed.aaaa, listed.a)
    if any(_is_of_a_name(lookup.answer) for lookup in lookups):
        return passed(name=listed.name)
    by_resolver = [t.answer for lookup in lookups for t in (*lookup.tries, *lookup.unchecked)]
    by_servers = [t.answer for lookup in lookups for t in said_by_servers(lookup, evidence)]
    is_contradicted = any(_is_of_a_name(answer) for answer in (*by_resolver, *by_servers))
    denied = [t for t in (*listed.aaaa.tries, *listed.aaaa.unchecked) if t.answer is not None and t.answer.speaks]
    is_confirmed = len(denied) + bool(by_servers) >= tries_needed(evidence)
    if is_contradicted or not listed.is_seen or not is_confirmed:
        return not_measured(Reason.RESOLVER_ERROR)
    return failed(name=listed.name)


def _is_of_a_name(answer: Answer | None) -> bool:
    """Whether an answer is of a name that exists, be it an alias that leads to none."""
    return answer is not None and (answer.rcode == "NOERROR" or bool(answer.aliases))


@rule("NAME-07", severity=Severity.RECOMMENDED, refs=(CIRCULAR,))
def servers_are_inside_the_country(evidence: Evidence) -> Finding:
    """Are the addresses of the web service and of the name servers registered, and announced by networks, in the country?"""
    if evidence.dns is None or evidence.resources is None or evidence.server_resources is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    names = (evidence.dns.listed, evidence.dns.www)
    web = [facts for facts in evidence.resources.addresses if "web" in facts.roles]
    addresses = {facts.address: facts for facts in (*web, *evidence.server_resources.addresses)}
    if not addresses and all(name.is_seen for name in names):
        return not_applicable()
    if not all(facts.has(table) for facts in addresses.values() for table in ("routes", "registry")):
        return not_measured(Reason.DATA_SOURCE_DOWN)
    inside = {address: is_inside(facts) for address, facts in addresses.items()}
    abroad = [text_of(address) for address, here in inside.items() if here is False]
    args: Args = {"addresses": abroad, "bad": len(abroad), "total": len(addresses)}
    if abroad and len(abroad) == len(addresses):
        return failed(**args)
    if abroad and any(inside.values()):
        return warned(**args)
    if not addresses or not all(inside.values()):
        return not_measured(Reason.DATA_SOURCE_DOWN if addresses else Reason.RESOLVER_ERROR)
    return passed(total=len(addresses)) if all(name.is_seen for name in names) else not_measured(Reason.RESOLVER_ERROR)


def is_inside(facts: AddressFacts) -> bool | None:
    """Whether an address is allocated in the country and announced by networks registered there; None when not all is known."""
    country = str(PACK["country"]).upper()
    countries = [facts.country, *(route.origin_country for route in facts.followed)]
    if any(known not in {"", country} for known in countries):
        return False
    return True if all(countries) else None


@rule("NAME-08", severity=Severity.RECOMMENDED, version=2)
def old_name_does_not_dangle(evidence: Evidence) -> Finding:
    """Is a name that was given up gone, or does it lead to its successor?"""
    if evidence.target is None or evidence.run is None or evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    ended = evidence.target.valid_to
    if ended is None or ended >= evidence.run.started.astimezone(HERE).date():
        return not_applicable()
    names = (evidence.dns.listed, evidence.dns.www)
    dangling = [name for name in names if name.is_seen and not name.exists and name.aaaa.answer and name.aaaa.answer.aliases]
    for name in dangling:
        if not absence_is_confirmed(name.aaaa, evidence):
            return not_measured(Reason.OWN_TIMEOUT_BUDGET)
        return failed("dangling", name=name.name, host=name.aaaa.answer.aliases[-1] if name.aaaa.answer else "")
    if not all(name.is_seen for name in names):
        return not_measured(Reason.RESOLVER_ERROR)
    return _where_it_leads(evidence, evidence.target) if evidence.dns.names else passed(name=evidence.target.domain)


def _where_it_leads(evidence: Evidence, target: Target) -> Finding:
    """Judge an old name that still has an address: by the hosts at which its redirects end."""
    names = evidence.web.names if evidence.web else ()
    ends = [host for name in names for host in final_hosts(name)]
    chains = sum(len(name.chains) for name in names)
    own = required_suffix(target)
    foreign = [host for host in ends if not is_under(host, own) and not _is_successor(host, target)]
    if foreign and len(foreign) >= tries_needed(evidence):
        return failed("foreign", name=target.domain, host=foreign[0])
    if foreign:
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    if chains and len(ends) == chains and all(_is_successor(host, target) for host in ends):
        return passed("moved", name=target.domain, host=ends[0])
    unseen = each_site(evidence, nothing_served)
    if not chains and unseen.outcome is Outcome.NOT_MEASURED:
        return unseen
    return warned(name=target.domain)


def _is_successor(host: str, target: Target) -> bool:
    return bool(target.successor) and is_under(host, target.successor)


RULES = (
    name_is_well_formed,
    name_is_under_vn,
    name_is_at_the_level_of_its_owner,
    redirects_stay_under_the_suffix,
    registration_is_not_about_to_end,
    name_exists,
    servers_are_inside_the_country,
    old_name_does_not_dangle,
)
