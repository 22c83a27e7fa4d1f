"""Evidence to verdicts: every rule answers, whatever was seen."""

import logging
from typing import Final

from ipv6check.facts import Evidence
from ipv6check.model import Outcome, Reason, Verdict
from ipv6check.rules import RULES
from ipv6check.rules.interception import without_interception
from ipv6check.rules.rule import Rule
from ipv6check.rules.vantage import falsifications

log = logging.getLogger(__name__)

UNTOUCHED_BY_RESOLVER: Final = frozenset({"NAME-01", "NAME-02", "NAME-03"})
"""Checks of the name as it stands in the list: no answer of a resolver matters to them."""

Verdicts = dict[str, Verdict]


def judge(evidence: Evidence) -> Verdicts:
    """Judge one target: a verdict for every id, in the order of the catalogue. Pure: the same evidence, the same verdicts.

    Where the owner asked to be left alone nothing was looked at; where our resolver falsifies answers nothing rests on it; nor
    does anything on what somebody on our own path said in the place of web sites.
    """
    reason = None
    if evidence.opted_out:
        reason = Reason.OPT_OUT
    elif falsifications(evidence.vantage):
        reason = Reason.RESOLVER_ERROR
    evidence = without_interception(evidence)
    verdicts = {rule.id: _judged(rule, evidence) for rule in RULES}
    if reason is None:
        return verdicts
    return {id_: _withheld(verdict, reason) for id_, verdict in verdicts.items()}


def _judged(rule: Rule, evidence: Evidence) -> Verdict:
    """The one place that catches a bug in a rule: it is logged, and costs that check of that domain alone."""
    try:
        return rule.judge(evidence)
    except Exception:
        log.exception("bug in rule %s at %s", rule.id, evidence.target.domain if evidence.target else "the measuring point")
        return _unmeasured(rule.id, Reason.DEPENDENCY_FAILED)


def _unmeasured(id_: str, reason: Reason) -> Verdict:
    return Verdict(id=id_, outcome=Outcome.NOT_MEASURED, reason=reason, case=Outcome.NOT_MEASURED.value)


def _withheld(verdict: Verdict, reason: Reason) -> Verdict:
    family = verdict.id.partition("-")[0]
    is_ours = family == "OPS" or verdict.reason is Reason.NOT_BUILT or verdict.id in UNTOUCHED_BY_RESOLVER
    return verdict if is_ours else _unmeasured(verdict.id, reason)
