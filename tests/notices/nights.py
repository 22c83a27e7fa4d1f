"""Nights to tell of: two agencies, three domains, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ipv6check.changes import LEVEL
from ipv6check.facts import RunFacts, VantageFacts
from ipv6check.judge import judge
from ipv6check.model import Target
from ipv6check.plan import make_plan
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.score import Card, score
from ipv6check.store import Archive, Completion, Database, Writer
from tests.factories import GOOD, NO_V6, V6, Site, certificate, evidence

START = datetime(2026, 11, 1, 18, tzinfo=UTC)
LOTUS, JASMINE = "Sở Hoa Sen", "Sở Hoa Nhài"
STEADY, FALLING = (Target(domain=f"{name}.hanoi.gov.vn", agency=LOTUS, agency_code="H26.1") for name in ("vung", "sap"))
OTHER = Target(domain="khac.hanoi.gov.vn", agency=JASMINE, agency_code="H26.2")
LIST = (STEADY, FALLING, OTHER)
VERSIONS = {rule.id: str(rule.version) for rule in RULES} | {LEVEL: RULES_VERSION}

WELL = Site()
DEAD = Site(ports={(V6, 443): ("timeout",) * 3})
"""HTTPS over IPv6 does not answer: told as lost when it is seen in two nights."""


def ends_in(days: float) -> Site:
    """A site whose certificate ends so soon."""
    return Site(leaf=certificate(days=days))


@dataclass(frozen=True)
class Seen:
    """One night: what the sites were like that were not well, and the measuring point itself."""

    sites: Mapping[Target, Site] = field(default_factory=dict)
    vantage: Sequence[VantageFacts] = GOOD
    is_complete: bool = True
    is_partial: bool = False


BLIND = Seen(vantage=NO_V6)


def card(target: Target, site: Site, vantage: Sequence[VantageFacts], at: datetime) -> Card:
    verdicts = judge(evidence(site, target=target, vantage=vantage))
    return Card(target=target, verdicts=verdicts, score=score(verdicts), measured_at=at)


def keep(database: Database, number: int, seen: Seen, targets: Sequence[Target] = LIST) -> str:
    """Store, judge and follow one night; return its run's id."""
    archive, run_id, at = Archive(database), f"night-{number:02}", START + timedelta(days=number)
    made = {"id": run_id, "started": at, "vantage": "hanoi-1", "country": "VN", "tries": 3, "version": "0"}
    facts = RunFacts(**made, planned=len(targets), is_partial=seen.is_partial)
    cards = [card(target, seen.sites.get(target, WELL), seen.vantage, at) for target in targets]
    with database.writing():
        archive.start_run(facts, make_plan(targets, lambda domain: False))
        if seen.is_complete:
            complete(archive, database, run_id, targets)
        archive.save_verdicts(run_id, RULES_VERSION, cards, VERSIONS)
        archive.history.follow(run_id)
    return run_id


def complete(archive: Archive, database: Database, run_id: str, targets: Sequence[Target]) -> None:
    writer = Writer(database, run_id, lambda domains: None)
    writer.start()
    for target in targets:
        writer.put(Completion(target.domain))
    writer.close()
    archive.finish_run(run_id)


def renamed(target: Target, agency: str) -> Target:
    return replace(target, agency=agency)
