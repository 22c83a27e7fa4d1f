"""SEC-03 to SEC-05 and SEC-09: a zone's keys, and the records by which its parent knows them."""

from collections.abc import Callable
from typing import Final

from ipv6check.facts import DelegationSigner, Evidence, Key, Lookup
from ipv6check.model import Outcome, Reason, Severity
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_measured, passed, rule, warned, worst
from ipv6check.rules.signatures import Zone, of_zone

ALGORITHMS: Final = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    8: "RSASHA256",
    10: "RSASHA512",
    12: "ECC-GOST",
    13: "ECDSAP256SHA256",
    14: "ECDSAP384SHA384",
    15: "ED25519",
    16: "ED448",
    17: "SM2SM3",
    23: "ECC-GOST12",
}
"""IANA's DNS security algorithm numbers; what is not here is unassigned or private."""

ALGORITHMS_PASS: Final = frozenset({8, 13, 14, 15, 16})
ALGORITHMS_WARN: Final = frozenset({10, 17, 23})
"""Signed with by nobody who wants to be validated everywhere: to be replaced (RFC 9904; 17 and 23 are national)."""

RSA: Final = frozenset({5, 7, 8, 10})
RSA_BITS_PASS: Final = 2048
RSA_BITS_WARN: Final = 1024

DIGESTS_KNOWN: Final = frozenset({1, 2, 4})
DIGESTS_PASS: Final = frozenset({2, 4})
"""SHA-256 and SHA-384 (RFC 9904); a digest we cannot compute tells nothing of a match."""

DELETE: Final = (0, 0)
"""The tag and algorithm of a CDS or CDNSKEY record that asks for the DS to be removed (RFC 8078)."""

UNKNOWN: Final = -1
"""The tag of a key that the zone does not have."""


@rule("SEC-03", refs=("RFC 4509", "RFC 9904"), version=2)
def ds_matches_a_key(evidence: Evidence) -> Finding:
    """Does the DS record match a key of the zone, by a digest that is still accepted?"""
    return of_zone(evidence, _ds_matches)


def _ds_matches(zone: Zone) -> Finding:
    facts = zone.facts
    if zone.is_vouched_for is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if not zone.is_vouched_for:
        return not_applicable(zone=facts.zone)
    if not facts.keys and zone.is_signed is None:
        return not_measured(zone.why_unseen)
    stale = [str(ds.tag) for ds in facts.signers if not ds.matches and not _may_match(ds, facts.keys)]
    if any(ds.matches and ds.digest_type in DIGESTS_PASS for ds in facts.signers):
        args: Args = {"zone": facts.zone, "total": len(facts.signers)}
        return warned(tags=stale, **args) if stale else passed(**args)
    if len(zone.key_answers) < zone.enough:
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    tags = [str(ds.tag) for ds in facts.signers]
    return failed("digest" if len(stale) < len(tags) else "", zone=facts.zone, tags=tags)


def _may_match(signer: DelegationSigner, keys: tuple[Key, ...]) -> bool:
    """Whether it names a key by a digest that we cannot compute."""
    return signer.digest_type not in DIGESTS_KNOWN and (signer.tag, signer.algorithm) in {(k.tag, k.algorithm) for k in keys}


def _of_keys(zone: Zone, keys: list[Key], judge: Callable[[Key], Finding]) -> Finding:
    """Judge each key and give the worst; a fault counts when servers gave the key as often as it takes to believe it."""
    if not zone.facts.keys and zone.is_signed is None:
        return not_measured(zone.why_unseen)
    if not keys:
        return not_applicable(zone=zone.facts.zone)
    answers = zone.key_answers
    seen_enough = [sum(key.rdata in answer.records for answer in answers) >= zone.enough for key in keys]
    found = [judge(key) for key in keys]
    doubt = not_measured(Reason.OWN_TIMEOUT_BUDGET)
    return worst(doubt if f.outcome is Outcome.FAIL and not sure else f for f, sure in zip(found, seen_enough, strict=True))


@rule("SEC-04", refs=("RFC 9904", "RFC 9905"), version=2)
def signing_algorithm_is_current(evidence: Evidence) -> Finding:
    """Is the algorithm of every key up to date?"""
    return of_zone(evidence, lambda zone: _of_keys(zone, list(zone.facts.keys), _algorithm))


def _algorithm(key: Key) -> Finding:
    args: Args = {"tag": key.tag, "algorithm": f"{key.algorithm} ({ALGORITHMS.get(key.algorithm, '?')})"}
    if key.algorithm in ALGORITHMS_PASS:
        return passed(**args)
    return warned(**args) if key.algorithm in ALGORITHMS_WARN else failed(**args)


@rule("SEC-05", severity=Severity.RECOMMENDED, refs=("Zonemaster DNSSEC14",), version=2)
def rsa_keys_are_long_enough(evidence: Evidence) -> Finding:
    """Are RSA keys at least 2048 bits long?"""
    return of_zone(evidence, lambda zone: _of_keys(zone, [k for k in zone.facts.keys if k.algorithm in RSA], _size))


def _size(key: Key) -> Finding:
    if key.bits is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    args: Args = {"tag": key.tag, "bits": key.bits}
    if key.bits >= RSA_BITS_PASS:
        return passed(**args)
    return warned(**args) if key.bits >= RSA_BITS_WARN else failed(**args)


@rule("SEC-09", severity=Severity.RECOMMENDED, refs=("RFC 7344", "RFC 8078"), version=2)
def cds_and_cdnskey_are_sane(evidence: Evidence) -> Finding:
    """Do CDS and CDNSKEY records, where there are any, name keys of the zone and say the same?"""
    return of_zone(evidence, _cds)


def _cds(zone: Zone) -> Finding:
    facts = zone.facts
    if not zone.is_signed:
        return not_measured(zone.why_unseen) if zone.is_signed is None else not_applicable(zone=facts.zone)
    if facts.cds is None or facts.cdnskey is None or facts.cds.answer is None or facts.cdnskey.answer is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if facts.cds.is_empty and facts.cdnskey.is_empty:
        return passed("absent", zone=facts.zone)
    published = [lookup for lookup in (facts.cds, facts.cdnskey) if not lookup.is_empty]
    bare = sum(_times_unsigned(lookup) for lookup in published)
    if bare:
        return failed("unsigned", zone=facts.zone) if bare >= zone.enough else not_measured(Reason.OWN_TIMEOUT_BUDGET)
    sets = [_keys_named(lookup, facts.keys) for lookup in published]
    if any(named != sets[0] or (DELETE in named and len(named) > 1) for named in sets):
        return failed("conflicting", zone=facts.zone)
    if DELETE in sets[0]:
        return warned("delete", zone=facts.zone) if zone.is_vouched_for else passed("deleted", zone=facts.zone)
    is_foreign = any(tag == UNKNOWN for tag, _ in sets[0])
    return warned(zone=facts.zone) if is_foreign else passed(zone=facts.zone)


def _times_unsigned(lookup: Lookup) -> int:
    """How often it was seen without a signature: in answers, and by the resolver's refusal of it."""
    bare = [t for t in (*lookup.tries, *lookup.unchecked) if t.answer and t.answer.records and not t.answer.signed]
    return len(bare) + sum(bool(bare) and t.answer is not None and t.answer.rcode == "SERVFAIL" for t in lookup.tries)


def _keys_named(lookup: Lookup, keys: tuple[Key, ...]) -> set[tuple[int, int]]:
    """The keys that CDS or CDNSKEY records name, as (tag, algorithm)."""
    tags = {"".join(key.rdata.split()): key.tag for key in keys}
    named = set()
    for record in lookup.answer.records if lookup.answer else ():
        first, second, third, *_ = record.split()
        is_cds = lookup.type == "CDS"
        algorithm = int(second if is_cds else third)
        tag = int(first) if is_cds else tags.get("".join(record.split()), UNKNOWN)
        is_known = (tag, algorithm) in {(key.tag, key.algorithm) for key in keys}
        named.add(DELETE if algorithm == 0 else (tag if is_known else UNKNOWN, algorithm))
    return named


RULES = (
    ds_matches_a_key,
    signing_algorithm_is_current,
    rsa_keys_are_long_enough,
    cds_and_cdnskey_are_sane,
)
