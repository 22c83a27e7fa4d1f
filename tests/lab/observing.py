"""Looks at every agency of a world by the probes in their order, and judges: without `scan`, the fewer parts the better."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipv6check.data import Tables
from ipv6check.facts import Evidence, RunFacts
from ipv6check.judge import judge
from ipv6check.lab import World
from ipv6check.lab import tables as lab_tables
from ipv6check.model import Target
from ipv6check.net.download import Downloaded
from ipv6check.net.rdap import Rdap
from ipv6check.probes import PROBES, Probe, resource_probes
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


def probes_of(world: World, directory: Path) -> tuple[Probe, ...]:
    """All probes in their order; the world's tables are made in a folder, and there is no RDAP service."""
    lab_tables.write(world, directory)
    return (*PROBES, *resource_probes(Tables(directory, datetime.now(UTC)), Rdap("", no_download)))


def no_download(url: str, most: int, **_: Any) -> Downloaded:
    """Nothing is downloaded in a lab."""
    raise AssertionError(url)


async def observe(
    world: World, network: Any, spacing: float, directory: Path, domains: Iterable[str] = ()
) -> dict[str, Result]:
    """Look at all agencies at once (or the named ones), `spacing` seconds between passes, and judge each by the end.

    The world's tables are made in `directory`.
    """
    probes = probes_of(world, directory)
    wanted = set(domains) or {agency.domain for agency in world.agencies}
    controls = vantage_probe.Controls(canaries=world.canaries)
    async with network as net:
        assert isinstance(net, AbstractAsyncContextManager)
        ours = net.session(for_vantage=True)
        before = await vantage_probe.look(controls, ours, "before", 0)
        chosen = [agency.target for agency in world.agencies if agency.domain in wanted]
        seen = await asyncio.gather(*(_look(target, probes, (before,), net, spacing) for target in chosen))
        after = await vantage_probe.look(controls, ours, "after", NUMBER_OF_CLOSING)
    return {target.domain: result(evidence.with_facts("vantage", after)) for target, evidence in zip(chosen, seen, strict=True)}


async def _look(target: Target, probes: Iterable[Probe], vantage: tuple[Any, ...], net: Any, spacing: float) -> Evidence:
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
    for probe in probes:
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
