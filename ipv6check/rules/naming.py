"""NAME: the name itself, by the city's rule pack: goals of the programme, not duties, until the registry confirms them."""

import tomllib
import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from typing import Final

import idna

from ipv6check.facts import Evidence, NameWeb
from ipv6check.model import Reason, Severity, Target
from ipv6check.rules.dns import absence_is_confirmed
from ipv6check.rules.rule import (
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

PACK: Final = tomllib.loads(files("ipv6check.rules").joinpath("rule_pack.toml").read_text(encoding="utf-8"))
"""Required suffixes and legal references, with the registry's confirmation or without."""

CIRCULAR: Final = "Circular 24/2015/TT-BTTTT art. 7(3) (rule pack)"
DECREE: Final = "Decree 43/2011 art. 6(1)(b) (rule pack)"

LATIN_LOOKALIKES: Final = frozenset("асеорхуіјѕһԁԛԝαβορνκτυχι")
"""Cyrillic and Greek letters that look like Latin ones (from UTS 39's confusables)."""


def required_suffix(target: Target) -> str:
    """The suffix that names of this kind of owner should be under."""
    suffix: str = PACK[PACK["required"].get(target.kind, "city")]
    return suffix


def is_under(name: str, suffix: str) -> bool:
    """Whether a name is a domain or below it."""
    return name == suffix or name.endswith("." + suffix)


@rule("NAME-01", severity=Severity.RECOMMENDED, refs=("RFC 5890", "UTS 46", "UTS 39"))
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
    """Whether a label that is not Latin consists of letters that look Latin."""
    letters = [c for c in label if c.isalpha()]
    return bool(letters) and all(c in LATIN_LOOKALIKES for c in letters)


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


@rule("NAME-06", refs=("RFC 8020",))
def name_exists(evidence: Evidence) -> Finding:
    """Does the name exist in the DNS?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    listed = evidence.dns.listed
    answers = [answer for answer in (listed.aaaa.answer, listed.a.answer) if answer is not None]
    if any(answer.rcode == "NOERROR" or answer.aliases for answer in answers):
        return passed(name=listed.name)
    if not answers or not absence_is_confirmed(listed.aaaa, evidence):
        return not_measured(Reason.RESOLVER_ERROR)
    return failed(name=listed.name)


RULES = (
    name_is_well_formed,
    name_is_under_vn,
    name_is_at_the_level_of_its_owner,
    redirects_stay_under_the_suffix,
    not_built("NAME-05", "When does the registration end?", Severity.RECOMMENDED, "RFC 9083"),
    name_exists,
    not_built("NAME-07", "Are the servers inside the country?", Severity.RECOMMENDED, CIRCULAR),
    not_built("NAME-08", "Does a name that was given up still lead somewhere?", Severity.RECOMMENDED),
)
