"""DNS-07 to DNS-10: the records beside the addresses, and how long answers may be kept."""

import re
import tomllib
from collections.abc import Callable
from importlib.resources import files
from typing import Final

from ipv6check.addressing import parse_addresses
from ipv6check.facts import Certificate, Evidence, Family, Lookup, NameLookups, plain_name
from ipv6check.model import FailureKind, Outcome, Reason, Severity
from ipv6check.rules.dns import absence_is_confirmed, said_by_servers, tries_needed
from ipv6check.rules.rule import (
    Args,
    Finding,
    failed,
    informed,
    not_measured,
    passed,
    rule,
    warned,
    worst,
)
from ipv6check.rules.sites import each_site, nothing_served

ALIAS_MODE: Final = "0"
HINT: Final = re.compile(r'(?<=\s)(ipv[46]hint)="?([^"\s]*)"?')

TTL_LEAST: Final = 60
TTL_MOST: Final = 86_400
"""Seconds (our own choice)."""

ISSUERS: Final = tomllib.loads(files("ipv6check.rules").joinpath("issuers.toml").read_text(encoding="utf-8"))["issuers"]
"""Organisations that issue certificates and their names in CAA records."""

CAA_TAGS: Final = frozenset({"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"})
"""Tags an issuer knows (RFC 8659, RFC 9495, CA/B BR); any other with the critical flag forbids all issuing."""

CRITICAL: Final = 128
CAA: Final = re.compile(r'(\d+)\s+(\w+)\s+"?(.*?)"?\s*$')
ATTRIBUTE: Final = re.compile(r"(?:^|,)(O|CN)=((?:[^,\\]|\\.)*)")


def is_seen_enough(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether records may be held against somebody: they were validated, or came as often as it takes to believe them."""
    answer = lookup.answer
    if answer is None:
        return False
    alike = [t for t in lookup.tries if t.answer is not None and set(t.answer.records) == set(answer.records)]
    return answer.authenticated or len(alike) >= tries_needed(evidence)


def is_absent(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether "there is none" may be held against somebody: it was proven, or heard twice."""
    answer = lookup.answer
    return (answer is not None and answer.authenticated) or absence_is_confirmed(lookup, evidence)


def _each_web_name(evidence: Evidence, judge: Callable[[NameLookups, Evidence], Finding]) -> Finding:
    """Judge the listed name and www where they have an address, and give the worst."""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    findings = [judge(name, evidence) for name in evidence.dns.names]
    if not findings and not (evidence.dns.listed.is_seen and evidence.dns.www.is_seen):
        return not_measured(Reason.RESOLVER_ERROR)
    return worst(findings)


@rule("DNS-07", severity=Severity.RECOMMENDED, refs=("RFC 9460",))
def https_record_agrees_with_the_addresses(evidence: Evidence) -> Finding:
    """Does the HTTPS record, where there is one, agree with the addresses of the name?"""
    return _each_web_name(evidence, _https_record)


def _https_record(name: NameLookups, evidence: Evidence) -> Finding:
    lookup = _of_name(evidence.dns.https if evidence.dns else (), name.name)
    if lookup is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if lookup.answer is None:
        unreadable = sum(t.failure is not None and t.failure.kind is FailureKind.MALFORMED for t in lookup.tries)
        if unreadable >= tries_needed(evidence):
            return failed("malformed", name=name.name)
        return not_measured(Reason.RESOLVER_ERROR)
    records = lookup.answer.records
    if not records:
        return informed(name=name.name)
    aliases = [record for record in records if record.split()[0] == ALIAS_MODE]
    if aliases:
        found = worst(_alias_mode(name, record, evidence) for record in aliases)
    else:
        found = worst(_service_mode(name, record, evidence) for record in records)
    is_doubtful = found.outcome is Outcome.FAIL and not is_seen_enough(lookup, evidence)
    return not_measured(Reason.OWN_TIMEOUT_BUDGET) if is_doubtful else found


def _of_name(lookups: tuple[Lookup, ...], name: str) -> Lookup | None:
    return next((lookup for lookup in lookups if lookup.name == name), None)


def _target(name: NameLookups, record: str, evidence: Evidence) -> NameLookups | None:
    """The host an HTTPS record speaks of, None when its addresses were not looked up; "." is the name itself."""
    host = plain_name(record.split()[1])
    dns = evidence.dns
    known = (dns.listed, dns.www, *dns.https_targets) if dns else ()
    return next((lookups for lookups in known if lookups.name == host), None) if host else name


def _alias_mode(name: NameLookups, record: str, evidence: Evidence) -> Finding:
    """Judge a record that hands the name on to another host: that must have IPv6 if the name has."""
    target = _target(name, record, evidence)
    args: Args = {"name": name.name, "host": record.split()[1].rstrip(".")}
    if not name.of_family(6) or (target is not None and target.of_family(6)):
        return passed(name=name.name)
    if target is None or target.aaaa.answer is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if target.aaaa.addresses or is_absent(target.aaaa, evidence):
        return failed("alias", **args)
    return not_measured(Reason.OWN_TIMEOUT_BUDGET)


def _service_mode(name: NameLookups, record: str, evidence: Evidence) -> Finding:
    """Judge the address hints of a record: they must be addresses of the host it speaks of, and not leave IPv6 out."""
    hints = dict(HINT.findall(record))
    target = _target(name, record, evidence)
    if not hints:
        return passed(name=name.name)
    if target is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    found = [_hints(name.name, target.aaaa, hints.get("ipv6hint"), 6, evidence)]
    found.append(_hints(name.name, target.a, hints.get("ipv4hint"), 4, evidence))
    if "ipv6hint" not in hints and target.of_family(6):
        found.append(warned(name=name.name))
    return worst(found)


def _hints(name: str, lookup: Lookup, hint: str | None, family: Family, evidence: Evidence) -> Finding:
    """Judge the hints of one family against every address that was ever given for the host."""
    if hint is None:
        return passed(name=name)
    answers = [t.answer for t in (*lookup.tries, *lookup.unchecked, *said_by_servers(lookup, evidence)) if t.answer]
    given = [set(answer.addresses) for answer in answers if answer.addresses]
    foreign = [address for address in parse_addresses(hint.split(",")) if not any(address in some for some in given)]
    if not foreign:
        return passed(name=name)
    if lookup.answer is None:
        return not_measured(Reason.RESOLVER_ERROR)
    is_sure = len(given) >= tries_needed(evidence) if given else is_absent(lookup, evidence)
    if not is_sure:
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    return failed("hints", name=name, type="AAAA" if family == 6 else "A", addresses=[str(a) for a in foreign])


@rule("DNS-08", severity=Severity.RECOMMENDED, refs=("RFC 8659",))
def caa_allows_the_issuer_in_use(evidence: Evidence) -> Finding:
    """Does a CAA record at the name or above it say who may issue certificates, and is the issuer in use among them?"""
    return _each_web_name(evidence, _issuing)


def _issuing(name: NameLookups, evidence: Evidence) -> Finding:
    found = _relevant(name.name, evidence)
    if isinstance(found, Finding):
        return found
    leaves = _leaves(name.name, evidence)
    if leaves:
        return worst(_issued(name.name, leaf, evidence) for leaf in leaves)
    unseen = each_site(evidence, nothing_served)
    fallback = unseen if unseen.outcome is Outcome.NOT_MEASURED else passed("unused", name=name.name, owner=found.name)
    return _whatever_the_issuer(name.name, found, evidence) or fallback


def _relevant(name: str, evidence: Evidence) -> Lookup | Finding:
    """The first set of CAA records on the way up from a name (RFC 8659 3)."""
    labels = name.split(".")
    for first in range(len(labels)):
        lookup = _of_name(evidence.dns.caa if evidence.dns else (), ".".join(labels[first:]))
        if lookup is None:
            return not_measured(Reason.DEPENDENCY_FAILED)
        if lookup.answer is None:
            return not_measured(Reason.RESOLVER_ERROR)
        if lookup.answer.records:
            return lookup
    return warned(name=name)


def _leaves(name: str, evidence: Evidence) -> list[Certificate]:
    """The certificates that the name's addresses showed and that are for this name."""
    web = evidence.web
    fetches = [f for n in (web.names if web else ()) if n.name == name for at in n.addresses for f in at.https]
    shown = dict.fromkeys(f.tls.chain[0] for f in fetches if f.tls and f.tls.chain)
    leaves = [leaf for sha256 in shown if web and (leaf := web.certificate(sha256)) is not None]
    return [leaf for leaf in leaves if leaf.covers(name)]


def _issued(name: str, leaf: Certificate, evidence: Evidence) -> Finding:
    """Judge one certificate: one with the name itself by the name's set, one with a wildcard by that of the name above."""
    is_wildcard = name not in leaf.names
    found = _relevant(name.partition(".")[2] if is_wildcard else name, evidence)
    if isinstance(found, Finding):
        return found
    if general := _whatever_the_issuer(name, found, evidence):
        return general
    args: Args = {"name": name, "owner": found.name, "issuer": _organization(leaf.issuer)}
    allowed = (_domains(found, "issuewild") if is_wildcard else []) or _domains(found, "issue")
    if not allowed:
        return passed(**args)
    own = _identifiers(leaf.issuer)
    if not own and any(allowed):
        return informed(**args)
    if own & set(allowed):
        return passed(**args)
    if not is_seen_enough(found, evidence):
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    return failed(allowed=[domain for domain in allowed if domain], **args)


def _properties(lookup: Lookup) -> list[tuple[int, str, str]]:
    """Flags, tag and value of each CAA record."""
    matches = [CAA.match(record) for record in (lookup.answer.records if lookup.answer else ())]
    return [(int(m[1]), m[2].lower(), m[3]) for m in matches if m]


def _whatever_the_issuer(name: str, lookup: Lookup, evidence: Evidence) -> Finding | None:
    """What a set says without regard to an issuer: it forbids all by a tag nobody knows, or it restricts nobody."""
    tags = [tag for flags, tag, _ in _properties(lookup) if flags & CRITICAL and tag not in CAA_TAGS]
    if tags and not is_seen_enough(lookup, evidence):
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    if tags:
        return failed("critical", name=name, owner=lookup.name, tags=tags)
    is_open = not _domains(lookup, "issue") and not _domains(lookup, "issuewild")
    return warned("no-issuer", name=name, owner=lookup.name) if is_open else None


def _domains(lookup: Lookup, wanted: str) -> list[str]:
    """The issuers that records of a tag name; "" is one that forbids all."""
    return [value.partition(";")[0].strip().lower() for _, tag, value in _properties(lookup) if tag == wanted]


def _organization(issuer: str) -> str:
    """The organisation of an issuer's name (RFC 4514), else its common name, else the name as it is."""
    parts = {key: re.sub(r"\\(.)", r"\1", value) for key, value in ATTRIBUTE.findall(issuer)}
    return parts.get("O") or parts.get("CN") or issuer


def _identifiers(issuer: str) -> set[str]:
    """The names by which CAA records allow an issuer; none for one that we do not know (clarification 13)."""
    organization = _organization(issuer).casefold()
    entries = [e for e in ISSUERS if any(organization.startswith(o.casefold()) for o in e["organizations"])]
    return {identifier for entry in entries for identifier in entry["identifiers"]}


@rule("DNS-09", severity=Severity.RECOMMENDED)
def ttls_are_sensible(evidence: Evidence) -> Finding:
    """Are the TTLs of A and AAAA between a minute and a day, as the zone's own servers give them?"""
    return _each_web_name(evidence, _ttls)


def _ttls(name: NameLookups, evidence: Evidence) -> Finding:
    if not name.is_seen:
        return not_measured(Reason.RESOLVER_ERROR)
    return worst(_ttl(lookup, evidence) for lookup in (name.aaaa, name.a) if lookup.addresses)


def _ttl(lookup: Lookup, evidence: Evidence) -> Finding:
    """Judge one set of addresses; what a resolver gives is what is left of a TTL, so that too little of it tells nothing."""
    own = [t.answer.ttl for t in said_by_servers(lookup, evidence) if t.answer and t.answer.authoritative and t.answer.records]
    left = lookup.answer.ttl if lookup.answer else None
    ttls = [ttl for ttl in own if ttl is not None] or [ttl for ttl in (left,) if ttl is not None and ttl >= TTL_LEAST]
    if not ttls:
        return not_measured(Reason.DEPENDENCY_FAILED)
    outside = [ttl for ttl in ttls if not TTL_LEAST <= ttl <= TTL_MOST]
    args: Args = {"name": lookup.name, "type": lookup.type, "seconds": outside[0] if outside else ttls[0]}
    return warned("short" if outside[0] < TTL_LEAST else "long", **args) if outside else passed(**args)


@rule("DNS-10", severity=Severity.RECOMMENDED)
def no_wildcard_answers_any_name(evidence: Evidence) -> Finding:
    """Is a random name below the listed one answered as if it existed?"""
    wildcard = evidence.dns.wildcard if evidence.dns else None
    if evidence.dns is None or wildcard is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    answers = [answer for answer in (wildcard.aaaa.answer, wildcard.a.answer) if answer is not None]
    if any(answer.addresses or answer.aliases for answer in answers):
        found = [str(a) for a in (*wildcard.aaaa.addresses, *wildcard.a.addresses)]
        aliases = [alias for answer in answers for alias in answer.aliases]
        return warned(name=evidence.dns.listed.name, addresses=found or aliases[-1:])
    return passed(name=evidence.dns.listed.name) if wildcard.is_seen else not_measured(Reason.RESOLVER_ERROR)


RULES = (
    https_record_agrees_with_the_addresses,
    caa_allows_the_issuer_in_use,
    ttls_are_sensible,
    no_wildcard_answers_any_name,
)
