"""SEC: DNSSEC (words of RFC 4033: secure, insecure, bogus, indeterminate)."""

from datetime import timedelta
from typing import Final

from ipv6check.addressing import text_of
from ipv6check.facts import AuthorityTries, Evidence, Lookup
from ipv6check.facts.dns import SIGNATURE_ERRORS
from ipv6check.model import Outcome, Reason, Severity
from ipv6check.rules.dns import tries_needed
from ipv6check.rules.rule import Args, Finding, failed, not_applicable, not_measured, passed, rule, warned
from ipv6check.rules.signatures import Zone, fault_of, is_not_yet_valid, of_zone, time_left, weakest
from ipv6check.rules.vantage import clock_is_off, validates

LASTS_PASS: Final = timedelta(days=3)
LASTS_WARN: Final = timedelta(hours=12)
"""Time left to signatures (our own choice): a weekend without anybody, and a night."""


@rule("SEC-01", refs=("RFC 4035", "RFC 8914"), version=3)
def zone_and_names_validate(evidence: Evidence) -> Finding:
    """What is the DNSSEC status of the zone and of the names in it, as a validating resolver sees it?"""
    facts = evidence.dns
    if facts is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not validates(evidence.vantage):
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
        return not_measured(Reason.RESOLVER_ERROR, refused=any(_may_be_bogus(lookup, evidence) for lookup in lookups))
    unsigned = [lookup.name for lookup in lookups if lookup.answer is not None and not lookup.answer.authenticated]
    if not unsigned:
        return passed(zone=facts.zone)
    return warned("alias" if _leads_away(lookups, facts.zone) else "", zone=facts.zone, name=unsigned[0])


def _is_bogus(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether it was refused for its signatures as often as it takes to believe it."""
    refused = sum(t.answer is not None and t.answer.rcode == "SERVFAIL" for t in lookup.tries)
    return refused >= tries_needed(evidence) and _may_be_bogus(lookup, evidence)


def _may_be_bogus(lookup: Lookup, evidence: Evidence) -> bool:
    """Whether it was refused for its signatures alone: where it is proven that the zone needs none, the resolver had another
    reason, unless it says so or the name leads into another zone."""
    refusal = lookup.reply if lookup.is_bogus else None
    if refusal is None:
        return False
    facts = evidence.dnssec
    ds = facts.ds.answer if facts is not None and facts.ds is not None else None
    is_unsigned = ds is not None and ds.speaks and ds.authenticated and not ds.records
    leads_away = any(t.answer is not None and t.answer.aliases for t in lookup.unchecked)
    return not is_unsigned or leads_away or refusal.explains(SIGNATURE_ERRORS)


def _leads_away(lookups: list[Lookup], zone: str) -> bool:
    """Whether the zone itself is secure and an alias leads to where it is not."""
    answers = {lookup.name: lookup.answer for lookup in lookups if lookup.answer is not None}
    insecure = [answer for answer in answers.values() if not answer.authenticated]
    return zone in answers and answers[zone].authenticated and all(answer.aliases for answer in insecure)


@rule("SEC-02", refs=("internetstandards/Internet.nl#988",), version=2)
def every_server_gives_valid_signatures(evidence: Evidence) -> Finding:
    """Does every name server give valid signatures over what the zone and the names in it have?"""
    return of_zone(evidence, _signatures)


def _signatures(zone: Zone) -> Finding:
    if zone.is_vouched_for is None:
        return not_measured(Reason.RESOLVER_ERROR)
    if not zone.is_vouched_for:
        return not_applicable(zone=zone.facts.zone)
    faults: list[tuple[AuthorityTries, str]] = []
    unsteady: list[tuple[AuthorityTries, str]] = []
    unseen, hosts = [], set()
    for question in zone.questions:
        asked = question.asked[0]
        hosts.add(asked.host)
        found = [fault_of(asked, answer, zone) for _, answer in question.tries]
        bad = [fault for fault in found if fault]
        (unsteady if "" in found else faults).extend((asked, fault) for fault in bad)
        if not bad and "" not in found:
            unseen.append(question)
    for asked, fault in faults if len(faults) >= zone.enough else []:
        args: Args = {"zone": zone.facts.zone, "server": asked.host, "address": text_of(asked.server)}
        args |= {"name": asked.name, "type": asked.type}
        return failed("missing" if fault == "missing" else "", **args)
    if faults:
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    if unseen or not hosts:
        reasons = (zone.scales.reply(asked).reason for question in unseen for asked in question.asked)
        return not_measured(next((reason for reason in reasons if reason), None))
    for asked, _ in unsteady:
        return warned(zone=zone.facts.zone, server=asked.host, address=text_of(asked.server), name=asked.name, type=asked.type)
    return passed(zone=zone.facts.zone, servers=len(hosts))


@rule("SEC-06", refs=("RFC 6781", "Zonemaster DNSSEC04"), version=2)
def signatures_last_long_enough(evidence: Evidence) -> Finding:
    """Are the signatures valid now and for long enough, at the worst of the servers?"""
    found = of_zone(evidence, _dates_of_signatures)
    if found.outcome in {Outcome.NOT_APPLICABLE, Outcome.NOT_MEASURED}:
        return found
    return not_measured(Reason.CLOCK) if clock_is_off(evidence) else found


def _dates_of_signatures(zone: Zone) -> Finding:
    if not zone.is_signed:
        return not_measured(zone.why_unseen) if zone.is_signed is None else not_applicable(zone=zone.facts.zone)
    questions = zone.questions
    ends = [
        (time_left(weak, tried.end), weak, tried, question.asked[0])
        for question in questions
        for tried, answer in question.tries
        if (weak := weakest(answer, zone.facts.zone, tried.end)) is not None
    ]
    late = [entry for entry in ends if entry[0] < LASTS_WARN]
    if late and len(late) < zone.enough:
        return not_measured(Reason.OWN_TIMEOUT_BUDGET)
    unheard = {q.asked[0].server for q in questions} - {q.asked[0].server for q in questions if q.tries}
    if not ends or (unheard and not late):
        return not_measured(Reason.DEPENDENCY_FAILED)
    left, weak, tried, asked = min(ends, key=lambda entry: entry[0])
    args: Args = {"zone": zone.facts.zone, "server": asked.host, "address": text_of(asked.server), "name": weak.owner}
    args |= {"type": weak.covered, "days": round(left / timedelta(days=1), 1)}
    args |= {"until": weak.expiration.date().isoformat(), "since": weak.inception.date().isoformat()}
    if is_not_yet_valid(weak, tried.end):
        return failed("not-yet-valid", **args)
    if left < timedelta(0):
        return failed("expired", **args)
    if left < LASTS_WARN:
        return failed(**args)
    return warned(**args) if left <= LASTS_PASS else passed(**args)


@rule("SEC-07", severity=Severity.RECOMMENDED, refs=("RFC 9276",), version=2)
def nsec3_parameters_are_those_recommended(evidence: Evidence) -> Finding:
    """If names are denied by NSEC3, is that without extra iterations and without a salt?"""
    return of_zone(evidence, _nsec3)


def _nsec3(zone: Zone) -> Finding:
    if not zone.is_signed:
        return not_measured(zone.why_unseen) if zone.is_signed is None else not_applicable(zone=zone.facts.zone)
    asked = [asked for asked in zone.facts.asked if asked.type == "NSEC3PARAM"]
    answers = [t.answer for a in asked for t in a.tries if t.answer is not None and t.answer.speaks]
    if not answers:
        return not_measured(next((reason for a in asked if (reason := zone.scales.reply(a).reason)), None))
    parameters = [record.split() for answer in answers for record in answer.records]
    if not parameters:
        return not_applicable(zone=zone.facts.zone)
    _, _, iterations, salt = max(parameters, key=lambda words: (int(words[2]), words[3] != "-"))
    args: Args = {"zone": zone.facts.zone, "iterations": int(iterations), "salt": salt}
    return passed(**args) if int(iterations) == 0 and salt == "-" else warned(**args)


@rule("SEC-08", refs=("Zonemaster DNSSEC11",), version=2)
def ds_and_signatures_stand_together(evidence: Evidence) -> Finding:
    """Does the zone have both a DS record at its parent and signatures, or neither?"""
    return of_zone(evidence, _consistent)


def _consistent(zone: Zone) -> Finding:
    if zone.is_vouched_for is None or zone.is_signed is None:
        return not_measured(Reason.RESOLVER_ERROR if zone.is_vouched_for is None else zone.why_unseen)
    args: Args = {"zone": zone.facts.zone}
    if not zone.is_vouched_for:
        return warned(**args) if zone.is_signed else not_applicable(**args)
    if zone.is_signed:
        return passed(**args)
    return failed(**args) if len(zone.key_answers) >= zone.enough else not_measured(Reason.OWN_TIMEOUT_BUDGET)


RULES = (
    zone_and_names_validate,
    every_server_gives_valid_signatures,
    signatures_last_long_enough,
    nsec3_parameters_are_those_recommended,
    ds_and_signatures_stand_together,
)
