"""SEC: DNSSEC (words of RFC 4033: secure, insecure, bogus, indeterminate)."""

from ipv6check.facts import Evidence, Lookup
from ipv6check.model import Reason, Severity
from ipv6check.rules.rule import Finding, failed, not_built, not_measured, passed, rule, warned
from ipv6check.rules.vantage import validates
from ipv6check.tries import DEFINITIVE_TRIES


@rule("SEC-01", refs=("RFC 4035", "RFC 8914"))
def zone_and_names_validate(evidence: Evidence) -> Finding:
    """What is the DNSSEC status of the zone and of the names in it, as a validating resolver sees it?"""
    facts = evidence.dns
    if facts is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not validates(evidence):
        return not_measured(Reason.RESOLVER_ERROR)
    lookups = [lookup for lookup in facts.zone_lookups if lookup.name == facts.zone]
    lookups += [facts.listed.aaaa, facts.listed.a]
    lookups += [facts.www.aaaa, facts.www.a] if facts.www.exists or _is_bogus(facts.www.a, evidence) else []
    bogus = [lookup for lookup in lookups if _is_bogus(lookup, evidence)]
    if bogus:
        answer = bogus[0].tries[-1].answer
        errors = list(answer.extended_errors) if answer else []
        return failed(zone=facts.zone, name=bogus[0].name, type=bogus[0].type, errors=errors)
    if any(lookup.answer is None or lookup.is_bogus for lookup in lookups):
        return not_measured(Reason.RESOLVER_ERROR, refused=any(lookup.is_bogus for lookup in lookups))
    unsigned = [lookup.name for lookup in lookups if lookup.answer is not None and not lookup.answer.authenticated]
    if not unsigned:
        return passed(zone=facts.zone)
    return warned("alias" if _leads_away(lookups, facts.zone) else "", zone=facts.zone, name=unsigned[0])


def _is_bogus(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether it was refused for its signatures as often as it takes to believe it."""
    enough = min(DEFINITIVE_TRIES, evidence.run.tries if evidence.run else DEFINITIVE_TRIES)
    refused = sum(t.answer is not None and t.answer.rcode == "SERVFAIL" for t in lookup.tries)
    return lookup.is_bogus and refused >= enough


def _leads_away(lookups: list[Lookup], zone: str) -> bool:
    """Whether the zone itself is secure and an alias leads to where it is not."""
    answers = {lookup.name: lookup.answer for lookup in lookups if lookup.answer is not None}
    insecure = [answer for answer in answers.values() if not answer.authenticated]
    return zone in answers and answers[zone].authenticated and all(answer.aliases for answer in insecure)


M, R = Severity.MANDATORY, Severity.RECOMMENDED

RULES = (
    zone_and_names_validate,
    not_built("SEC-02", "Does every name server give valid signatures?", M, "internetstandards/Internet.nl#988"),
    not_built("SEC-03", "Does the DS record match a key of the zone?", M, "RFC 4509", "RFC 9904"),
    not_built("SEC-04", "Is the signing algorithm up to date?", M, "RFC 9904", "RFC 9905"),
    not_built("SEC-05", "Are RSA keys long enough?", R, "Zonemaster DNSSEC14"),
    not_built("SEC-06", "How long are the signatures still valid?", M, "RFC 6781", "Zonemaster DNSSEC04"),
    not_built("SEC-07", "Are the NSEC3 parameters those recommended?", R, "RFC 9276"),
    not_built("SEC-08", "Do DS and signatures stand or fall together?", M, "Zonemaster DNSSEC11"),
    not_built("SEC-09", "Are CDS and CDNSKEY records sane?", R, "RFC 7344", "RFC 8078"),
)
