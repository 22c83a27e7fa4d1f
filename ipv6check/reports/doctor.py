"""What this measuring point sees of itself, in the terminal, and which checks will not be measured for it."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from ipv6check.facts import FAMILIES, Attempt, Canary, DnsTry, Family, VantageFacts
from ipv6check.model import Outcome, Reason, Verdict
from ipv6check.reports.drawing import STYLES, findings, heading, line, outcome, row, say
from ipv6check.reports.failures import failed
from ipv6check.reports.findings import finding, is_built
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.rules import words
from ipv6check.rules.words import Language

COSTS: Final = {
    "OPS-01": (Reason.NO_V6_HERE, "mọi mục qua IPv6: NS, REACH, WEB", "whatever needs IPv6: NS, REACH, WEB"),
    "OPS-02": (Reason.NO_V4_HERE, "mọi mục qua IPv4: REACH-03, REACH-04, WEB", "whatever needs IPv4: REACH-03, REACH-04, WEB"),
    "OPS-03": (Reason.NO_V6_HERE, "máy chủ tên miền qua IPv6: NS-05, NS-08", "name servers over IPv6: NS-05, NS-08"),
    "OPS-06": (Reason.CLOCK, "ngày của chứng thư: WEB-04", "dates of certificates: WEB-04"),
    "OPS-08": (Reason.RESOLVER_ERROR, "DNSSEC; mọi mục, nếu nó làm sai câu trả lời", "DNSSEC; all, if it falsifies answers"),
}
"""What a failing check of ourselves costs: the reason its checks will have, and which they are."""

UNHARMED: Final = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
OF_A_RUN: Final = "OPS-07"
"""Completeness is a matter of runs."""


def print_doctor(sample: VantageFacts, verdicts: Mapping[str, Verdict], console: Console, language: Language) -> None:
    """Print every look at ourselves, what it amounts to, and what will be `nm` and why."""
    said = speech(language)
    ours = [v for id_, v in verdicts.items() if id_.startswith("OPS-") and id_ != OF_A_RUN and is_built(v)]
    line(console, say(said, "Điểm đo này", "This measuring point"), "bold")
    found = [finding(verdict, said, "") for verdict in ours]
    findings(console, found, max(len(outcome(one)) for one in found))
    heading(console, say(said, "Máy chủ đối chứng, TCP 443", "Canary hosts, TCP 443"))
    for canary in sample.canaries:
        ways = " · ".join(f"v{family} {_talked(canary, family, said)}" for family in FAMILIES)
        line(console, f"{for_terminal(canary.host)}  {ways}", indent=2)
    heading(console, "DNS")
    for asked in sample.roots:
        line(console, f"{asked.server} {asked.transport}  {_went(asked, said)}", indent=2)
    for label, answer in (("signed", sample.signed), ("bogus", sample.bogus), ("random", sample.random)):
        if answer is not None:
            line(console, f"{label}  {answer.server}  {_answered(answer, said)}", indent=2)
    _print_costs([verdict for verdict in ours if verdict.outcome not in UNHARMED], console, said)


def _talked(canary: Canary, family: Family, said: Speech) -> str:
    went = _went(canary.by(family), said)
    if canary.false_by(family) is None:
        return went
    return f"{went} ({say(said, 'chứng thư không hợp lệ', 'certificate no good')})"


def _went(tried: Attempt | None, said: Speech) -> str:
    if tried is None:
        return say(said, "không có địa chỉ", "no address")
    return failed(tried.failure, said).text if tried.failure else f"{tried.seconds * 1000:.0f} ms"


def _answered(tried: DnsTry, said: Speech) -> str:
    if tried.answer is None:
        return _went(tried, said)
    return for_terminal(tried.answer.rcode) + (" AD" if tried.answer.authenticated else "")


def _print_costs(ill: list[Verdict], console: Console, said: Speech) -> None:
    costs = [(verdict, COSTS[verdict.id]) for verdict in ill if verdict.id in COSTS]
    if not costs:
        return
    heading(console, say(said, "Sẽ chưa đo được", "Will not be measured"), STYLES["nm"])
    for verdict, (reason, vi, en) in costs:
        because = words.term("reason", reason.value, said.code)
        row(console, Text(f"  {verdict.id}  "), Text(f"{say(said, vi, en)}. {because}"))
