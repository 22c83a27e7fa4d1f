"""The measuring point's own health: said before anything else when it is not good, for all other verdicts rest on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.model import Outcome, Reason, Verdict
from ipv6check.reports.findings import Finding, finding, is_built, is_ours
from ipv6check.reports.language import N_, Speech
from ipv6check.score import Card

NO_IPV6: Final = N_("This measuring point has no IPv6: checks that need IPv6 are “not measured”, which is not “failed”.")
LOST_IPV6: Final = N_(
    "IPv6 at this measuring point broke down during the run: what failed over IPv6 meanwhile is “not measured”, not “failed”."
)
NO_IPV4: Final = N_("This measuring point has no IPv4: checks that need IPv4 are “not measured”, which is not “failed”.")
LOST_IPV4: Final = N_(
    "IPv4 at this measuring point broke down during the run: what failed over IPv4 meanwhile is “not measured”, not “failed”."
)
INTERCEPTED: Final = {
    "OPS-01": N_(
        "On this measuring point's IPv6 path somebody answers in the place of web sites: what came that way is “not measured”."
    ),
    "OPS-02": N_(
        "On this measuring point's IPv4 path somebody answers in the place of web sites: what came that way is “not measured”."
    ),
}

SAID: Final = {
    ("OPS-01", Outcome.WARN): N_("IPv6 at this measuring point was not steady: some test sites did not answer."),
    ("OPS-02", Outcome.WARN): N_("IPv4 at this measuring point was not steady: some test sites did not answer."),
    ("OPS-03", Outcome.FAIL): N_("DNS over IPv6 does not work at this measuring point: name servers' IPv6 is “not measured”."),
    ("OPS-03", Outcome.WARN): N_("DNS over IPv6 works at this measuring point by one transport only (UDP or TCP)."),
    ("OPS-06", Outcome.FAIL): N_("The clock of this measuring point is wrong: the dates of certificates are “not measured”."),
    ("OPS-06", Outcome.WARN): N_("The clock of this measuring point is a little off."),
    ("OPS-07", Outcome.FAIL): N_("The run is not complete: a good part of the domain names was not finished."),
    ("OPS-07", Outcome.WARN): N_("The run is not quite complete: some domain names were not finished."),
    ("OPS-08", Outcome.FAIL): N_("The resolver of this measuring point makes answers up: hardly anything could be measured."),
    ("OPS-08", Outcome.WARN): N_("The resolver of this measuring point does not validate: DNSSEC is “not measured”."),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with the measuring point, in a sentence, and what was found."""

    id: str
    said: str
    found: str


@dataclass(frozen=True, slots=True)
class Health:
    """`troubles`, gravest first; `checks` are all OPS checks that are built, for the record."""

    is_bad: bool
    troubles: tuple[Trouble, ...]
    checks: tuple[Finding, ...]


def health(cards: Sequence[Card], speech: Speech) -> Health:
    """Say how the measuring point was: the OPS verdicts, which every card of a run repeats."""
    verdicts = [v for id_, v in cards[0].verdicts.items() if is_ours(id_) and is_built(v)] if cards else []
    ill = [v for v in verdicts if v.outcome in {Outcome.FAIL, Outcome.WARN, Outcome.NOT_MEASURED}]
    ill.sort(key=lambda v: (Outcome.FAIL, Outcome.WARN, Outcome.NOT_MEASURED).index(v.outcome))
    reasons = {v.reason for card in cards for v in card.verdicts.values()}
    return Health(
        is_bad=any(v.outcome is Outcome.FAIL for v in ill),
        troubles=tuple(_trouble(v, reasons, speech) for v in ill),
        checks=tuple(finding(v, speech) for v in verdicts),
    )


def can_rank(cards: Sequence[Card]) -> bool:
    """Whether agencies may be compared by this run: not when the measuring point itself could not see IPv6."""
    return bool(cards) and cards[0].verdicts["OPS-01"].outcome in {Outcome.PASS, Outcome.WARN}


def _trouble(verdict: Verdict, reasons: set[Reason | None], speech: Speech) -> Trouble:
    shown = finding(verdict, speech)
    key = (verdict.id, verdict.outcome)
    if verdict.case == "intercepted":
        said = INTERCEPTED[verdict.id]
    elif key == ("OPS-01", Outcome.FAIL):
        said = NO_IPV6 if Reason.NO_V6_HERE in reasons else LOST_IPV6
    elif key == ("OPS-02", Outcome.FAIL):
        said = NO_IPV4 if Reason.NO_V4_HERE in reasons else LOST_IPV4
    else:
        said = SAID.get(key, "")
    return Trouble(verdict.id, speech.gettext(said) if said else shown.title, shown.found)
