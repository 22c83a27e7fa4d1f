"""NS: the networks and prefixes that a zone's name servers stand in."""

from collections.abc import Callable

from ipv6check.facts import FAMILIES, AddressFacts, Evidence, Family, family_of
from ipv6check.model import Reason, Severity
from ipv6check.rules.nameservers import ENOUGH
from ipv6check.rules.rule import Args, Finding, not_applicable, not_measured, passed, rule, warned

R = Severity.RECOMMENDED


@rule("NS-17", severity=R, refs=("RFC 2182", "Zonemaster CONNECTIVITY03"))
def servers_are_in_several_networks(evidence: Evidence) -> Finding:
    """Are the servers in several networks (AS)?"""
    return _are_in_several(evidence, _origins)


@rule("NS-18", severity=R, refs=("Zonemaster CONNECTIVITY04",))
def servers_are_in_several_prefixes(evidence: Evidence) -> Finding:
    """Are the servers in several routed prefixes?"""
    return _are_in_several(evidence, _prefixes)


def _origins(address: AddressFacts) -> frozenset[str]:
    return frozenset(f"AS{route.origin} {route.as_name}".strip() for route in address.followed if route.origin is not None)


def _prefixes(address: AddressFacts) -> frozenset[str]:
    return frozenset(route.prefix for route in address.followed)


def _are_in_several(evidence: Evidence, places_of: Callable[[AddressFacts], frozenset[str]]) -> Finding:
    """Judge each family with at least two name servers whose routes are known: is there one place that holds them all?"""
    facts = evidence.server_resources
    if facts is None or evidence.nameservers is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    in_one, in_several, has_unseen = [], [], False
    shown: dict[Family, list[str]] = {6: [], 4: []}
    for family in FAMILIES:
        addresses = [address for address in facts.addresses if family_of(address.address) == family]
        if len({host for address in addresses for host in address.hosts}) < ENOUGH:
            continue
        places = [found for address in addresses if address.has("routes") and (found := places_of(address))]
        shown[family] = sorted(frozenset[str]().union(*places))
        if places and not frozenset.intersection(*places):
            in_several.append(family)
        elif not all(address.has("routes") for address in addresses):
            has_unseen = True
        elif places:
            in_one.append(f"IPv{family}")
    args: Args = {"zone": evidence.nameservers.zone, "v6": shown[6], "v4": shown[4]}
    if in_one:
        return warned(lacking=in_one, **args)
    if in_several:
        return passed(**args)
    return not_measured(Reason.DATA_SOURCE_DOWN) if has_unseen else not_applicable()


RULES = (
    servers_are_in_several_networks,
    servers_are_in_several_prefixes,
)
