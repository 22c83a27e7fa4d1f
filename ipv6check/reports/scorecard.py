"""What a domain's scorecard shows: the level for whoever glances, every check for whoever acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from ipv6check.facts import Evidence
from ipv6check.model import SERVICES, Outcome, Reason
from ipv6check.reports import charts
from ipv6check.reports.findings import Finding, Sign, counts, finding, is_built, is_ours, sign, steps, undecided
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import KEPT, Speech
from ipv6check.reports.levels import OPEN, UNMEASURED, Badge, Flag, badge, badge_of, flags, key_of
from ipv6check.reports.paths import agency_page, domain_page, is_linkable
from ipv6check.reports.remarks import Remark, remarks
from ipv6check.reports.seen import Seen, seen
from ipv6check.rules import words
from ipv6check.score import HIGHEST_LEVEL, Card

TALLIED: Final = (Outcome.FAIL, Outcome.WARN, Outcome.NOT_MEASURED, Outcome.PASS, Outcome.INFO, Outcome.NOT_APPLICABLE)
"""The order in which a family's outcomes are counted out: what asks for attention first."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder of levels: `state` is `reached`, `current`, `next` or `ahead`."""

    badge: Badge
    state: str


@dataclass(frozen=True, slots=True)
class Family:
    """One family of checks. `share` is of its points, None where nothing of it is scored."""

    key: str
    name: str
    findings: tuple[Finding, ...]
    tally: tuple[tuple[Sign, int], ...]
    share: float | None
    bar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Everything on the page of one domain, in one language."""

    page: str
    domain: str
    is_linkable: bool
    agency: str
    agency_page: str
    services: tuple[str, ...]
    note: str
    contact: str
    is_demo: bool
    opted_out: bool
    badge: Badge
    ladder: tuple[Rung, ...]
    flags: tuple[Flag, ...]
    percent: float | None
    coverage: float
    steps: tuple[Finding, ...]
    remarks: tuple[Remark, ...]
    gaps: tuple[Finding, ...]
    unbuilt_gaps: tuple[str, ...]
    families: tuple[Family, ...]
    unbuilt: tuple[tuple[str, str], ...]
    seen: Seen | None
    measured_at: datetime | None


def scorecard(card: Card, evidence: Evidence | None, speech: Speech) -> Scorecard:
    """Put one card into words."""
    target, score = card.target, card.score
    shown = {id_: finding(v, speech, target.domain) for id_, v in card.verdicts.items() if is_built(v) and not is_ours(id_)}
    open_questions = undecided(card) if score.is_measured else ()
    return Scorecard(
        page=domain_page(target.domain),
        domain=for_terminal(target.domain),
        is_linkable=is_linkable(target.domain),
        agency=agency_name(target.agency, speech),
        agency_page=agency_page(target.agency),
        services=tuple(_service(service, speech) for service in target.services),
        note=for_terminal(target.note),
        contact=for_terminal(target.contact),
        is_demo=target.is_demo,
        opted_out=any(v.reason is Reason.OPT_OUT for v in card.verdicts.values()),
        badge=badge(score, speech),
        ladder=ladder(card, speech),
        flags=flags(score, speech),
        percent=score.percent if score.is_measured else None,
        coverage=score.coverage,
        steps=tuple(shown[v.id] for v in steps(card)),
        remarks=remarks(card, speech),
        gaps=tuple(shown[v.id] for v in open_questions if is_built(v)),
        unbuilt_gaps=tuple(v.id for v in open_questions if not is_built(v)),
        families=tuple(_family(key, card, shown, speech) for key in score.families),
        unbuilt=tuple((v.id, words.title(v.id, speech.code)) for v in card.verdicts.values() if not is_built(v)),
        seen=seen(evidence, speech) if evidence is not None else None,
        measured_at=card.measured_at,
    )


def _service(service: str, speech: Speech) -> str:
    return words.term("service", service, speech.code) if service in SERVICES else for_terminal(service)


@lru_cache(KEPT)
def agency_name(agency: str, speech: Speech) -> str:
    """An agency's name, or a word for having none."""
    return for_terminal(agency) or speech.gettext("No agency named")


def ladder(card: Card, speech: Speech) -> tuple[Rung, ...]:
    """The five levels, and where this domain stands among them."""
    at = card.score.level.number if key_of(card.score) not in {OPEN, UNMEASURED} else -1

    def state(number: int) -> str:
        if at < 0:
            return "ahead"
        return "reached" if number < at else "current" if number == at else "next" if number == at + 1 else "ahead"

    return tuple(Rung(badge_of(number, speech), state(number)) for number in range(HIGHEST_LEVEL + 1))


def _family(key: str, card: Card, shown: Mapping[str, Finding], speech: Speech) -> Family:
    findings = tuple(shown[id_] for id_ in shown if id_.partition("-")[0] == key)
    points = card.score.families[key]
    share = points.points / points.maximum if points.maximum else None
    tally = counts(card.verdicts[found.id] for found in findings)
    return Family(
        key=key.lower(),
        name=words.term("family", key, speech.code),
        findings=findings,
        tally=tuple((sign(outcome, speech.code), tally[outcome]) for outcome in TALLIED if tally[outcome]),
        share=share,
        bar=charts.bar(share),
    )
