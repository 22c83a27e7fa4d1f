"""OPS: what of ourselves worked. Never scored; every other verdict rests on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from ipv6check.facts import FAMILIES, Evidence, Family, VantageFacts
from ipv6check.model import Reason, Severity
from ipv6check.rules.interception import was_intercepted
from ipv6check.rules.rule import Args, Finding, failed, not_built, not_measured, passed, remembered, rule, warned
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

TRANSPORTS: Final = ("udp", "tcp")

COMPLETE_PASS: Final = 0.99
COMPLETE_WARN: Final = 0.95


Looks = Sequence[VantageFacts]
"""All looks at ourselves of a run: every target of it has the same."""


@dataclass(frozen=True, slots=True)
class Canaries:
    """The canaries by one family in the worst looks of a run: the share that answered, and that by which HTTPS does not stall.

    `looks` at which there were canaries to ask. None: there were none, or none that talked.
    """

    looks: int
    answering: float | None
    talking: float | None


@remembered
def _canaries(looks: Looks) -> dict[Family, Canaries]:
    found = {}
    for family in FAMILIES:
        shares = [share for s in looks if (share := share_of_canaries(s.canaries, family)) is not None]
        talking = [share for s in looks if (share := share_that_talks(s.canaries, family)) is not None]
        found[family] = Canaries(len(shares), min(shares, default=None), min(talking, default=None))
    return found


def canaries_answer_by(evidence: Evidence, family: Family) -> Finding:
    """Judge the worst look of the run, and whether somebody on that way answered in the place of this target."""
    canaries = _canaries(evidence.vantage)[family]
    if canaries.answering is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    args: Args = {
        "percent": round(canaries.answering * 100),
        "samples": canaries.looks,
        "canaries": len(evidence.vantage[0].canaries),
    }
    if canaries.answering < CANARIES_WARN:
        return failed(**args)
    if was_intercepted(evidence, family):
        return failed("intercepted", **args)
    if canaries.talking is not None and canaries.talking < CANARIES_WARN:
        return warned("stalls", **{**args, "percent": round(canaries.talking * 100)})
    return passed(**args) if canaries.answering >= CANARIES_PASS else warned(**args)


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
    transports = _transports_of_roots(evidence.vantage)
    if len(transports) == len(TRANSPORTS):
        return passed()
    return warned(transport=transports[0]) if transports else failed()


@remembered
def _transports_of_roots(looks: Looks) -> list[str]:
    """The transports by which a root server answered over IPv6 at every look."""
    return [way for way in TRANSPORTS if all(any(map(answers_as_root, roots_by(s, 6, way))) for s in looks)]


@rule("OPS-06", severity=Severity.INFORMATION)
def this_clock_is_right(evidence: Evidence) -> Finding:
    """How far is our clock from the canaries' HTTP dates (median)?"""
    offset = _clock_offset(evidence.vantage)
    if offset is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    seconds = round(abs(offset), 1)
    if seconds <= CLOCK_PASS:
        return passed(seconds=seconds)
    return warned(seconds=seconds) if seconds <= CLOCK_WARN else failed(seconds=seconds)


@remembered
def _clock_offset(looks: Looks) -> float | None:
    offsets = [c.clock_offset for sample in looks for c in sample.canaries if c.clock_offset is not None]
    return median(offsets) if offsets else None


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
    false = falsifications(evidence.vantage)
    if any(map(strips_aaaa, false)):
        return failed("without-aaaa")
    if false:
        return failed("rewrites" if any(falsifies_answers(replace(s, synthetic=None)) for s in false) else "dns64")
    if not _has_answered(evidence.vantage):
        return not_measured(Reason.RESOLVER_ERROR if evidence.vantage else Reason.DEPENDENCY_FAILED)
    return passed() if validates(evidence.vantage) else warned("no-validation")


@remembered
def falsifications(looks: Looks) -> list[VantageFacts]:
    """The looks at which our resolver falsified answers."""
    return [sample for sample in looks if falsifies_answers(sample)]


@remembered
def _has_answered(looks: Looks) -> bool:
    return any(map(resolver_answers, looks))


@remembered
def validates(looks: Looks) -> bool:
    """Whether the resolver set AD on the signed name and refused the bogus one, whenever it answered."""
    for sample in looks:
        signed, bogus = (t.answer if t else None for t in (sample.signed, sample.bogus))
        if signed is not None and signed.speaks and not signed.authenticated:
            return False
        if bogus is not None and bogus.speaks:
            return False
    return any(sample.signed and sample.signed.answer and sample.signed.answer.speaks for sample in looks)


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
