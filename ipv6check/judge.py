"""Evidence to verdicts: every rule answers, whatever was seen."""

from typing import Final

from ipv6check.facts import Evidence
from ipv6check.model import Outcome, Reason, Verdict
from ipv6check.rules import RULES
from ipv6check.tries import invents_names

UNTOUCHED_BY_RESOLVER: Final = frozenset({"NAME-01", "NAME-02", "NAME-03"})
"""Checks of the name as it stands in the list: no answer of a resolver matters to them."""

Verdicts = dict[str, Verdict]


def judge(evidence: Evidence) -> Verdicts:
    """Judge one target: a verdict for every id, in the order of the catalogue. Pure: the same evidence, the same verdicts.

    Where the owner asked to be left alone nothing was looked at; where our resolver invents answers nothing rests on it.
    """
    reason = None
    if evidence.opted_out:
        reason = Reason.OPT_OUT
    elif any(invents_names(sample) for sample in evidence.vantage):
        reason = Reason.RESOLVER_ERROR
    verdicts = {rule.id: rule.judge(evidence) for rule in RULES}
    if reason is None:
        return verdicts
    return {id_: _withheld(verdict, reason) for id_, verdict in verdicts.items()}


def _withheld(verdict: Verdict, reason: Reason) -> Verdict:
    family = verdict.id.partition("-")[0]
    is_ours = family == "OPS" or verdict.reason is Reason.NOT_BUILT or verdict.id in UNTOUCHED_BY_RESOLVER
    if is_ours:
        return verdict
    return Verdict(id=verdict.id, outcome=Outcome.NOT_MEASURED, reason=reason, case=Outcome.NOT_MEASURED.value)
