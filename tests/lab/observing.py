"""Looks at every agency of a world by the probes in their order, and judges: without `scan`, the fewer parts the better."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ipv6check.facts import Evidence, RunFacts
from ipv6check.judge import judge
from ipv6check.lab import World
from ipv6check.model import Target
from ipv6check.probes import PROBES
from ipv6check.probes import vantage as vantage_probe
from ipv6check.score import score

TRIES = 3
PASSES = 4
NUMBER_OF_CLOSING = 1


@dataclass(frozen=True)
class Result:
    """What came out for one agency, in plain values: outcomes, reasons and cases by check, and the score."""

    outcomes: dict[str, str]
    reasons: dict[str, str]
    cases: dict[str, str]
    arguments: dict[str, dict[str, Any]]
    level: int
    is_minimum: bool
    missing: list[str]
    flags: list[str]

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


async def observe(world: World, network: Any, spacing: float, domains: Iterable[str] = ()) -> dict[str, Result]:
    """Look at all agencies at once (or the named ones), `spacing` seconds between passes, and judge each by the end."""
    wanted = set(domains) or {agency.domain for agency in world.agencies}
    controls = vantage_probe.Controls(canaries=world.canaries)
    async with network as net:
        assert isinstance(net, AbstractAsyncContextManager)
        ours = net.session(for_vantage=True)
        before = await vantage_probe.look(controls, ours, "before", 0)
        chosen = [agency.target for agency in world.agencies if agency.domain in wanted]
        seen = await asyncio.gather(*(_look(target, (before,), net, spacing) for target in chosen))
        after = await vantage_probe.look(controls, ours, "after", NUMBER_OF_CLOSING)
    return {target.domain: result(evidence.with_facts("vantage", after)) for target, evidence in zip(chosen, seen, strict=True)}


async def _look(target: Target, vantage: tuple[Any, ...], net: Any, spacing: float) -> Evidence:
    run = RunFacts(
        id="lab",
        started=datetime.now(UTC),
        vantage="lab",
        country="VN",
        tries=TRIES,
        version="0",
        planned=1,
        finished=1,
    )
    seen, session = Evidence(target=target, run=run, vantage=vantage), net.session()
    for probe in PROBES:
        session.is_first_pass = True
        for _ in range(PASSES):
            if not probe.subject(target, seen):
                break
            seen = seen.with_facts(probe.name, await probe.look(target, seen, session))
            if not probe.is_unsettled(seen):
                break
            session.is_first_pass = False
            await asyncio.sleep(spacing)
    return seen


def result(evidence: Evidence) -> Result:
    """Judge and score one agency's evidence."""
    verdicts = judge(evidence)
    scored = score(verdicts)
    return Result(
        outcomes={id_: verdict.outcome.value for id_, verdict in verdicts.items()},
        reasons={id_: verdict.reason.value for id_, verdict in verdicts.items() if verdict.reason},
        cases={id_: verdict.case for id_, verdict in verdicts.items()},
        arguments={id_: dict(verdict.args) for id_, verdict in verdicts.items()},
        level=scored.level.number,
        is_minimum=scored.level.is_minimum,
        missing=list(scored.level.missing),
        flags=list(scored.flags),
    )
