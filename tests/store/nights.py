"""Nights of three targets, made by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ipv6check.changes import LEVEL
from ipv6check.facts import RunFacts
from ipv6check.judge import judge
from ipv6check.model import Outcome, Reason, Target
from ipv6check.plan import make_plan
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.score import Card, score
from ipv6check.store import Archive, Database
from tests.factories import V6, Site, evidence

START = datetime(2026, 11, 1, 18, tzinfo=UTC)
STEADY, FALLEN, BACK = (Target(domain=f"{name}.hanoi.gov.vn", agency="Sở Thử") for name in ("vung", "sap", "lai"))
LIST = (STEADY, FALLEN, BACK)
GOOD, DEAD = (None,), ("timeout",) * 3
VERSIONS = {rule.id: str(rule.version) for rule in RULES} | {LEVEL: RULES_VERSION}


def night(
    database: Database,
    number: int,
    tries: Sequence[tuple],
    *,
    follows: bool = True,
    versions=VERSIONS,
    is_partial: bool = False,
    canaries: str = "pass",
    hours: int = 0,
) -> str:
    """Store one run in which port 443 over IPv6 of each target of the list answered so; return its id.

    `canaries` is how OPS-01 came out. With `hours` it is another run, so much after the night's own (which began at 01:00 in
    Hanoi).
    """
    archive, run_id = Archive(database), f"night-{number:02}" + (f"-{hours}h" if hours else "")
    at = START + timedelta(days=number, hours=hours)
    facts = RunFacts(id=run_id, started=at, vantage="lab", country="VN", tries=3, version="0", planned=len(LIST))
    facts = replace(facts, is_partial=is_partial)
    verdicts = [dict(judge(evidence(Site(ports={(V6, 443): outcome})))) for outcome in tries]
    reason = Reason.DEPENDENCY_FAILED if canaries == "nm" else None
    for own in verdicts:
        own["OPS-01"] = replace(own["OPS-01"], outcome=Outcome(canaries), reason=reason, case=canaries)
    cards = [Card(target=t, verdicts=v, score=score(v), measured_at=at) for t, v in zip(LIST, verdicts, strict=True)]
    with database.writing():
        archive.start_run(facts, make_plan(LIST, lambda domain: False))
        archive.save_verdicts(run_id, RULES_VERSION, cards, versions)
        if follows:
            archive.history.follow(run_id)
    return run_id


NIGHTS = ((GOOD, GOOD, DEAD), (GOOD, DEAD, DEAD), (GOOD, DEAD, GOOD), (GOOD, DEAD, GOOD))
