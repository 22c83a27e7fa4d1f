"""ADDR: each address, as an address."""

from collections.abc import Callable

from ipv6check.addressing import Address, is_special, is_transition, is_usable, kind_of
from ipv6check.facts import Evidence, Family
from ipv6check.model import Reason, Severity
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_built, not_measured, passed, rule, warned


def _addresses_are_free_of(evidence: Evidence, family: Family, is_bad: Callable[[Address], bool]) -> Finding:
    """Judge all addresses of one family of the listed name and www: some bad beside a good one, or no good one."""
    if evidence.dns is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    lookups = [name.aaaa if family == 6 else name.a for name in (evidence.dns.listed, evidence.dns.www)]
    addresses = list(dict.fromkeys(address for lookup in lookups for address in lookup.addresses))
    bad = [address for address in addresses if is_bad(address)]
    if bad:
        args: Args = {"address": str(bad[0]), "kind": kind_of(bad[0]), "bad": len(bad), "total": len(addresses)}
        return (warned if any(is_usable(address) for address in addresses) else failed)(**args)
    if any(lookup.answer is None for lookup in lookups):
        return not_measured(Reason.RESOLVER_ERROR)
    return passed(total=len(addresses)) if addresses else not_applicable()


@rule("ADDR-01", refs=("IANA IPv6 special-purpose registry", "RFC 6890", "RFC 9637"))
def every_aaaa_is_global_unicast(evidence: Evidence) -> Finding:
    """Is every IPv6 address global unicast, and none of a special purpose?"""
    return _addresses_are_free_of(evidence, 6, is_special)


@rule("ADDR-02", refs=("RFC 7526", "RFC 4380", "RFC 3701"))
def no_aaaa_is_a_transition_address(evidence: Evidence) -> Finding:
    """Is no IPv6 address one of a retired transition mechanism (6to4, Teredo, 6bone)?"""
    return _addresses_are_free_of(evidence, 6, is_transition)


@rule("ADDR-03", severity=Severity.RECOMMENDED, refs=("RFC 6890",))
def every_a_is_global(evidence: Evidence) -> Finding:
    """Is every IPv4 address a public one?"""
    return _addresses_are_free_of(evidence, 4, is_special)


M, R, INFORMATION = Severity.MANDATORY, Severity.RECOMMENDED, Severity.INFORMATION

RULES = (
    every_aaaa_is_global_unicast,
    no_aaaa_is_a_transition_address,
    every_a_is_global,
    not_built("ADDR-04", "Which prefix, origin AS, holder and country has every address?", INFORMATION),
    not_built("ADDR-05", "Are the routes to every address valid by RPKI?", M, "RFC 6811"),
    not_built("ADDR-06", "Are IPv4 and IPv6 in the same network?", INFORMATION),
    not_built("ADDR-07", "Do the addresses have reverse names that lead back?", R, "Mythic Beasts rule"),
)
