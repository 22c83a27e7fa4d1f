"""OPS: what of ourselves worked. Never scored; every other verdict rests on it."""

from dataclasses import replace
from statistics import median
from typing import Final

from ipv6check.facts import Evidence, Family
from ipv6check.model import Reason, Severity
from ipv6check.rules.interception import was_intercepted
from ipv6check.rules.rule import Args, Finding, failed, not_built, not_measured, passed, rule, warned
from ipv6check.tries import (
    CANARIES_PASS,
    CANARIES_WARN,
    answers_as_root,
    falsifies_answers,
    resolver_answers,
    roots_by,
    share_of_canaries,
    share_that_talks,
    strips_aaaa,
)

CLOCK_PASS: Final = 5.0
CLOCK_WARN: Final = 60.0
"""Seconds (our own choice): certificates and signatures are dated to the second, mistakes of a minute do no harm."""

COMPLETE_PASS: Final = 0.99
COMPLETE_WARN: Final = 0.95


def canaries_answer_by(evidence: Evidence, family: Family) -> Finding:
    """Judge the worst sample of the run, and whether somebody on that way answered in the place of this target."""
    shares = [share_of_canaries(sample.canaries, family) for sample in evidence.vantage]
    known = [share for share in shares if share is not None]
    if not known:
        return not_measured(Reason.DEPENDENCY_FAILED)
    lowest = min(known)
    args: Args = {"percent": round(lowest * 100), "samples": len(known), "canaries": len(evidence.vantage[0].canaries)}
    if lowest < CANARIES_WARN:
        return failed(**args)
    if was_intercepted(evidence, family):
        return failed("intercepted", **args)
    talking = [share for s in evidence.vantage if (share := share_that_talks(s.canaries, family)) is not None]
    if talking and min(talking) < CANARIES_WARN:
        return warned("stalls", **{**args, "percent": round(min(talking) * 100)})
    return passed(**args) if lowest >= CANARIES_PASS else warned(**args)


@rule("OPS-01", severity=Severity.INFORMATION, refs=("ooni/probe#2192", "internetstandards/Internet.nl#1597"), version=3)
def this_vantage_has_ipv6(evidence: Evidence) -> Finding:
    """Does IPv6 work at this measuring point, by what canary hosts of several operators answer?"""
    return canaries_answer_by(evidence, 6)


@rule("OPS-02", severity=Severity.INFORMATION, version=3)
def this_vantage_has_ipv4(evidence: Evidence) -> Finding:
    """Does IPv4 work at this measuring point, by what canary hosts of several operators answer?"""
    return canaries_answer_by(evidence, 4)


@rule("OPS-03", severity=Severity.INFORMATION, refs=("draft-ietf-dnsop-3901bis",), version=2)
def this_vantage_speaks_dns_over_ipv6(evidence: Evidence) -> Finding:
    """Do root servers answer this measuring point over IPv6, by UDP and by TCP?"""
    if not evidence.vantage:
        return not_measured(Reason.DEPENDENCY_FAILED)
    works = {
        transport: all(any(map(answers_as_root, roots_by(s, 6, transport))) for s in evidence.vantage)
        for transport in ("udp", "tcp")
    }
    transports = [transport for transport, worked in works.items() if worked]
    if len(transports) == len(works):
        return passed()
    return warned(transport=transports[0]) if transports else failed()


@rule("OPS-06", severity=Severity.INFORMATION)
def this_clock_is_right(evidence: Evidence) -> Finding:
    """How far is our clock from the canaries' HTTP dates (median)?"""
    offsets = [c.clock_offset for sample in evidence.vantage for c in sample.canaries if c.clock_offset is not None]
    if not offsets:
        return not_measured(Reason.DEPENDENCY_FAILED)
    seconds = round(abs(median(offsets)), 1)
    if seconds <= CLOCK_PASS:
        return passed(seconds=seconds)
    return warned(seconds=seconds) if seconds <= CLOCK_WARN else failed(seconds=seconds)


@rule("OPS-07", severity=Severity.INFORMATION)
def this_run_is_complete(evidence: Evidence) -> Finding:
    """Were all domains of the run finished?"""
    run = evidence.run
    if run is None or run.finished is None or not run.planned:
        return not_measured(Reason.DEPENDENCY_FAILED)
    share = run.finished / run.planned
    args: Args = {"finished": run.finished, "planned": run.planned}
    if share >= COMPLETE_PASS:
        return passed(**args)
    return warned(**args) if share >= COMPLETE_WARN else failed(**args)


@rule("OPS-08", severity=Severity.INFORMATION, version=3)
def this_resolver_is_honest(evidence: Evidence) -> Finding:
    """Does our resolver validate, say NXDOMAIN for what does not exist, and rewrite nothing?"""
    false = [sample for sample in evidence.vantage if falsifies_answers(sample)]
    if any(map(strips_aaaa, false)):
        return failed("without-aaaa")
    if false:
        return failed("rewrites" if any(falsifies_answers(replace(s, synthetic=None)) for s in false) else "dns64")
    answered = [sample for sample in evidence.vantage if resolver_answers(sample)]
    if not answered:
        return not_measured(Reason.RESOLVER_ERROR if evidence.vantage else Reason.DEPENDENCY_FAILED)
    return passed() if validates(evidence) else warned("no-validation")


def validates(evidence: Evidence) -> bool:
    """Whether the resolver set AD on the signed name and refused the bogus one, whenever it answered."""
    for sample in evidence.vantage:
        signed, bogus = (t.answer if t else None for t in (sample.signed, sample.bogus))
        if signed is not None and signed.speaks and not signed.authenticated:
            return False
        if bogus is not None and bogus.speaks:
            return False
    return any(sample.signed and sample.signed.answer and sample.signed.answer.speaks for sample in evidence.vantage)


def clock_is_off(evidence: Evidence) -> bool:
    """Whether verdicts on dates must not be given (OPS-06)."""
    return this_clock_is_right.judge(evidence).outcome.value == "fail"


RULES = (
    this_vantage_has_ipv6,
    this_vantage_has_ipv4,
    this_vantage_speaks_dns_over_ipv6,
    not_built("OPS-04", "May this measuring point open connections to TCP port 25?", Severity.INFORMATION),
    not_built("OPS-05", "Does our path drop routes that are invalid by RPKI?", Severity.INFORMATION, "RFC 6811"),
    this_clock_is_right,
    this_run_is_complete,
    this_resolver_is_honest,
)
