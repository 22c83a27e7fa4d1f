"""A database with four nights of three domains, and one with hostile texts; the application over it, asked without a socket."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from ipv6check.changes import LEVEL
from ipv6check.config import Settings, Store
from ipv6check.facts import DnsFacts, Evidence, NameLookups, RunFacts
from ipv6check.judge import judge
from ipv6check.model import Target
from ipv6check.plan import make_plan
from ipv6check.reports.standing import Audience
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.score import Card, score
from ipv6check.serve.app import app
from ipv6check.store import Archive, Database
from ipv6check.targets.register import Register
from tests.factories import DOMAIN, V6, ZONE, Site, evidence, names, unseen
from tests.store.nights import START

API = "/api/v1"
VERSIONS = {rule.id: str(rule.version) for rule in RULES} | {LEVEL: RULES_VERSION}

DEAD = ("timeout",) * 3
UNSEEN = DnsFacts(
    listed=NameLookups(name=DOMAIN, aaaa=unseen(DOMAIN, "AAAA"), a=unseen(DOMAIN, "A")), www=names(f"www.{DOMAIN}"), zone=ZONE
)


def target(name: str, **more: str) -> Target:
    return Target(domain=f"{name}.hanoi.gov.vn", **({"agency": "Sở Thử", "kind": "so"} | more))


MIXED = (
    (target("tot"), evidence()),
    (target("hong"), evidence(Site(ports={(V6, 443): DEAD, (V6, 80): DEAD}))),
    (target("mu"), evidence(dns=UNSEEN)),
)
"""One that is well, one whose published IPv6 does not answer, one of which nothing could be seen."""


def settings_of(database: Database) -> Settings:
    return Settings(store=Store(url=database.url.render_as_string(hide_password=False)))


@asynccontextmanager
async def serving(
    database: Database, audience: Audience = "internal", fresh: float = 30.0, register: Register | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application over a database, beside lists of bodies, exceptions and disputes."""
    with pytest.MonkeyPatch.context() as patch:
        if register is not None:
            patch.setattr("ipv6check.serve.app.register", lambda settings: (register, ()))
        served = app(settings_of(database), audience, fresh=fresh)
        transport = httpx.ASGITransport(served)
        async with (
            served.router.lifespan_context(served),
            httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client,
        ):
            yield client


def store(
    database: Database,
    run_id: str,
    day: int,
    seen: Sequence[tuple[Target, Evidence]],
    *,
    is_judged: bool = True,
    is_partial: bool = False,
) -> None:
    """Store one run of what was seen of some targets."""
    archive, at = Archive(database), START + timedelta(days=day)
    targets = [target for target, _ in seen]
    facts = RunFacts(id=run_id, started=at, vantage="lab", country="VN", tries=3, version="0", planned=len(seen))
    facts = replace(facts, is_partial=is_partial)
    verdicts = [dict(judge(one)) for _, one in seen]
    cards = [Card(target=t, verdicts=v, score=score(v), measured_at=at) for t, v in zip(targets, verdicts, strict=True)]
    with database.writing():
        archive.start_run(facts, make_plan(targets, lambda domain: False))
        if is_judged:
            archive.save_verdicts(run_id, RULES_VERSION, cards, VERSIONS)
            archive.history.follow(run_id)
