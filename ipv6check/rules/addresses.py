"""ADDR: each address, as an address."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ipv6check.addressing import Address, is_special, is_transition, is_usable, kind_of, text_of
from ipv6check.facts import FAMILIES, AddressFacts, Evidence, Family, NameLookups, ResourceFacts, RouteFact, family_of
from ipv6check.model import Reason, Severity
from ipv6check.rules.rule import (
    Args,
    Finding,
    failed,
    informed,
    not_applicable,
    not_measured,
    passed,
    rule,
    warned,
    worst,
)

ROUTES: Final = "routes"
REGISTRY: Final = "registry"
VRPS: Final = "vrps"
"""Tables that addresses are looked up in."""


def _addresses_are_free_of(evidence: Evidence, family: Family, is_bad: Callable[[Address], bool]) -> Finding:
    """Judge all addresses of one family of the listed name and www: some bad beside a good one, or no good one."""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    lookups = [name.aaaa if family == 6 else name.a for name in (evidence.dns.listed, evidence.dns.www)]
    addresses = list(dict.fromkeys(address for lookup in lookups for address in lookup.addresses))
    bad = [address for address in addresses if is_bad(address)]
    if bad:
        args: Args = {"address": str(bad[0]), "kind": kind_of(bad[0]), "bad": len(bad), "total": len(addresses)}
        of_names = [lookup.addresses for lookup in lookups if any(map(is_bad, lookup.addresses))]
        return (warned if all(any(map(is_usable, of_name)) for of_name in of_names) else failed)(**args)
    if any(lookup.answer is None for lookup in lookups):
        return not_measured(Reason.RESOLVER_ERROR)
    return passed(total=len(addresses)) if addresses else not_applicable()


@rule("ADDR-01", refs=("IANA IPv6 special-purpose registry", "RFC 6890", "RFC 9637"), version=2)
def every_aaaa_is_global_unicast(evidence: Evidence) -> Finding:
    """Is every IPv6 address global unicast, and none of a special purpose?"""
    return _addresses_are_free_of(evidence, 6, is_special)


@rule("ADDR-02", refs=("RFC 7526", "RFC 4380", "RFC 3701"), version=2)
def no_aaaa_is_a_transition_address(evidence: Evidence) -> Finding:
    """Is no IPv6 address one of a retired transition mechanism (6to4, Teredo, 6bone)?"""
    return _addresses_are_free_of(evidence, 6, is_transition)


@rule("ADDR-03", severity=Severity.RECOMMENDED, refs=("RFC 6890",), version=2)
def every_a_is_global(evidence: Evidence) -> Finding:
    """Is every IPv4 address a public one?"""
    return _addresses_are_free_of(evidence, 4, is_special)


def _each_address(evidence: Evidence, names: Iterable[NameLookups], judge: Callable[[AddressFacts], Finding]) -> Finding:
    """Judge each address of some names and give the worst; `nm` too where it is not known which addresses those are."""
    if evidence.resources is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    names = list(names)
    wanted = {address for name in names for address in name.usable}
    findings = [judge(facts) for facts in evidence.resources.addresses if facts.address in wanted]
    if len(findings) < len(wanted):
        findings.append(not_measured(Reason.DEPENDENCY_FAILED))
    if not all(name.is_seen for name in names):
        findings.append(not_measured(Reason.RESOLVER_ERROR))
    return worst(findings)


@rule("ADDR-04", severity=Severity.INFORMATION)
def every_address_is_known_to_the_registries(evidence: Evidence) -> Finding:
    """Which prefix, origin AS, holder and country has every address, and of which day is that known?"""
    resources = evidence.resources
    if evidence.dns is None or resources is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not resources.addresses:
        is_seen = evidence.dns.listed.is_seen and evidence.dns.www.is_seen
        return not_applicable() if is_seen else not_measured(Reason.RESOLVER_ERROR)
    dates = [date for facts in resources.addresses for table, date in facts.dates if table in {ROUTES, REGISTRY}]
    if not dates or not all(facts.has(ROUTES) and facts.has(REGISTRY) for facts in resources.addresses):
        return not_measured(Reason.DATA_SOURCE_DOWN)
    args: Args = {
        "networks": [_network(facts) for facts in resources.addresses],
        "origins": sorted({_origin(route) for facts in resources.addresses for route in facts.followed}),
        "date": min(dates).date().isoformat(),
    }
    for facts in resources.addresses:
        origins = {_origin(route) for route in facts.followed if not route.is_weakly_seen}
        if len(origins) > 1:
            args |= {"prefix": facts.followed[0].prefix, "origins": sorted(origins), "address": text_of(facts.address)}
            return warned(**args)
    return informed(**args)


def _network(facts: AddressFacts) -> str:
    """One address with its prefix, origin, holder and country, what is unknown left out."""
    route = facts.followed[0] if facts.followed else None
    where = [route.prefix, f"{_origin(route)} {route.as_name}".strip()] if route else []
    known = [part for part in (*where, facts.holder, facts.country) if part]
    return f"{facts.address} ({'; '.join(known)})" if known else text_of(facts.address)


def _origin(route: RouteFact) -> str:
    return "AS_SET" if route.origin is None else f"AS{route.origin}"


@rule("ADDR-05", refs=("RFC 6811",))
def routes_are_valid_by_rpki(evidence: Evidence) -> Finding:
    """Is every route to the addresses of the web service valid by RPKI?"""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    return _each_address(evidence, (evidence.dns.listed, evidence.dns.www), _routes_of)


def _routes_of(facts: AddressFacts) -> Finding:
    """Judge every covering route. One that hardly anybody has is a leak, unless there is no other."""
    if not (facts.has(ROUTES) and facts.has(VRPS)):
        return not_measured(Reason.DATA_SOURCE_DOWN)
    routes = [route for route in facts.routes if not route.is_weakly_seen] or facts.routes
    return worst(_validity(facts, route) for route in routes)


def _validity(facts: AddressFacts, route: RouteFact) -> Finding:
    args: Args = {"address": text_of(facts.address), "prefix": route.prefix, "origin": _origin(route)}
    match route.validity:
        case "Valid":
            return passed(**args)
        case "NotFound":
            return warned(**args)
        case "Invalid":
            return failed("as" if route.invalid_by == "as" else "length", vrps=list(route.vrps), **args)
    return not_measured(Reason.DATA_SOURCE_DOWN)


@rule("ADDR-06", severity=Severity.INFORMATION)
def both_families_are_in_one_network(evidence: Evidence) -> Finding:
    """Are a name's IPv4 and IPv6 addresses in the same network (origin AS)?"""
    if evidence.dns is None or evidence.resources is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not evidence.dns.names and not (evidence.dns.listed.is_seen and evidence.dns.www.is_seen):
        return not_measured(Reason.RESOLVER_ERROR)
    return worst(_networks(name, evidence.resources) for name in evidence.dns.names)


def _networks(name: NameLookups, resources: ResourceFacts) -> Finding:
    if not name.is_seen:
        return not_measured(Reason.RESOLVER_ERROR)
    if not (name.of_family(6) and name.of_family(4)):
        return not_applicable()
    known = [facts for facts in resources.addresses if facts.address in name.usable]
    if {facts.address for facts in known} != set(name.usable):
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not all(facts.has(ROUTES) for facts in known):
        return not_measured(Reason.DATA_SOURCE_DOWN)
    v6, v4 = ({_origin(r) for f in known if family_of(f.address) == family for r in f.followed} for family in FAMILIES)
    if not (v6 and v4):
        return not_applicable()
    args: Args = {"name": name.name, "v6": ", ".join(sorted(v6)), "v4": ", ".join(sorted(v4))}
    return passed(**args) if v6 & v4 else warned(**args)


@rule("ADDR-07", severity=Severity.RECOMMENDED, refs=("Mythic Beasts rule",))
def reverse_names_lead_back(evidence: Evidence) -> Finding:
    """Do the addresses have reverse names (PTR) that lead back to them?"""
    dns = evidence.dns
    if dns is None or dns.mx is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    said = frozenset(_said_by_servers(evidence))
    found = _each_address(evidence, (dns.listed, dns.www, *dns.mail_hosts), lambda facts: _reverse_name(facts, said))
    return worst([found, *([not_measured(Reason.RESOLVER_ERROR)] if dns.mx.answer is None else [])])


def _said_by_servers(evidence: Evidence) -> Iterator[tuple[str, Address]]:
    """The names of the target with their addresses as any of its zone's servers gives them.

    Where servers differ, which is a finding of its own, it is chance whose answer the resolver got.
    """
    for asked in evidence.authority.answers if evidence.authority else ():
        for tried in asked.tries:
            if tried.answer is not None and tried.answer.authoritative:
                yield from ((asked.name, address) for address in tried.answer.addresses)


def _reverse_name(facts: AddressFacts, said: frozenset[tuple[str, Address]]) -> Finding:
    """Judge one address; only of mail servers is a reverse name asked for. `said`: names with their addresses."""
    args: Args = {"address": text_of(facts.address)}
    if facts.leads_back or any((names.name, facts.address) in said for names in facts.forward):
        return passed(**args)
    is_unseen = facts.ptr is None or facts.ptr.answer is None
    if is_unseen or not all(names.is_seen for names in facts.forward):
        return not_measured(Reason.RESOLVER_ERROR)
    return warned(**args) if "mail" in facts.roles else informed(**args)


RULES = (
    every_aaaa_is_global_unicast,
    no_aaaa_is_a_transition_address,
    every_a_is_global,
    every_address_is_known_to_the_registries,
    routes_are_valid_by_rpki,
    both_families_are_in_one_network,
    reverse_names_lead_back,
)
