"""The night's steps, one after another: observe, judge, publish. Joins what the layers below do not know of each other."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from ipv6check.changes import LEVEL
from ipv6check.config import Settings
from ipv6check.facts import EffortFacts, Evidence, RunFacts, VantageFacts
from ipv6check.judge import judge
from ipv6check.model import Observation, Run, Target
from ipv6check.net.api import RunNetwork
from ipv6check.net.loop import run_loop
from ipv6check.plan import Plan, make_plan, shuffled
from ipv6check.probes import Probe
from ipv6check.probes.vantage import look
from ipv6check.programme import Course, Goal, course
from ipv6check.reports.language import HANOI
from ipv6check.reports.past import RECENT, Past, day_of, one_a_day, shown_runs
from ipv6check.reports.remarks import remarked
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.scan import Progress, Scanner
from ipv6check.score import Card, score
from ipv6check.store import Archive, Completion, Database, StorageError, Writer
from ipv6check.targets.register import Register
from ipv6check.wiring import controls, new_run, probes_for, read_opt_out, rhythm

log = logging.getLogger(__name__)

FULL_QUEUE_WAIT: Final = 0.02
"""Seconds to wait when the writer has its hands full."""

Passing = Callable[[Iterable[Evidence]], Iterable[Evidence]]
ShowProgress = Callable[[Progress], AbstractContextManager[Any]]
"""Shows a scan's progress while its context is open."""


class _StoreKeeper:
    """Keeps what a scan sees in the database, by way of its one writer."""

    def __init__(self, archive: Archive, writer: Writer, run_id: str) -> None:
        self._archive = archive
        self._writer = writer
        self._run_id = run_id

    async def keep(self, observation: Observation) -> None:
        await self._put(observation)

    async def complete(self, domain: str) -> None:
        await self._put(Completion(domain))

    async def recall(self, subject: str) -> dict[str, tuple[Any, int]]:
        return await asyncio.to_thread(self._archive.recall, self._run_id, subject)

    async def _put(self, item: Observation | Completion) -> None:
        while not self._writer.put(item):  # noqa: ASYNC110 - a thread's queue has no event
            await asyncio.sleep(FULL_QUEUE_WAIT)


class _Remembering:
    """Keeps what a scan sees in memory: for a look at a few targets."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, tuple[Any, int]]] = {}

    async def keep(self, observation: Observation) -> None:
        self._seen.setdefault(observation.subject, {})[observation.probe] = (observation.facts, observation.sequence)

    async def complete(self, domain: str) -> None:
        """Nothing to note."""

    async def recall(self, subject: str) -> dict[str, tuple[Any, int]]:
        return dict(self._seen.get(subject, {}))

    def evidence(self, evidence: Evidence) -> Evidence:
        """Join what was seen of the evidence's target."""
        assert evidence.target is not None
        for subject in (evidence.target.domain, "zone"):
            where = f"zone:{evidence.dns.zone}" if subject == "zone" and evidence.dns else subject
            for probe, (facts, _) in self._seen.get(where, {}).items():
                evidence = evidence.with_facts(probe, facts)
        return evidence


@dataclass(frozen=True, slots=True)
class Observed:
    """How a scan ended: its run, whether it was told to stop, bugs of ours that were caught."""

    run_id: str
    was_stopped: bool
    bugs: int


def observe(
    settings: Settings,
    database: Database,
    network: RunNetwork,
    plan: Plan | None,
    *,
    resume: str | None = None,
    probes: Sequence[Probe] | None = None,
    show: ShowProgress = lambda progress: nullcontext(),
) -> Observed:
    """Scan a plan as a new run, or what is left of an old one. The database must be held for writing."""
    archive, probes = Archive(database), probes or probes_for(settings)
    earlier: tuple[VantageFacts, ...] = ()
    if resume is not None:
        run, earlier = archive.conditions(resume), archive.timeline(resume)
        targets = archive.pending(resume)
    else:
        assert plan is not None
        run = new_run(settings, len(plan.targets), plan.is_partial)
        archive.start_run(run, plan)
        targets = list(plan.to_contact)
    return run_loop(_observe(settings, database, network, run, shuffled(targets, run.id), earlier, probes, show))


async def _observe(
    settings: Settings,
    database: Database,
    network: RunNetwork,
    run: RunFacts,
    targets: Sequence[Target],
    earlier: Sequence[VantageFacts],
    probes: Sequence[Probe],
    show: ShowProgress,
) -> Observed:
    archive, loop = Archive(database), asyncio.get_running_loop()

    def on_completed(domains: list[str]) -> None:
        loop.call_soon_threadsafe(note_done, domains)

    writer = Writer(database, run.id, on_completed)
    keeper = _StoreKeeper(archive, writer, run.id)
    scanner = Scanner(run, network, controls(settings), keeper, rhythm(settings), probes=probes, earlier=earlier)
    scanner.progress.done = run.planned - len(targets)

    def note_done(domains: list[str]) -> None:
        scanner.progress.done += len(domains)

    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(130)
        stopped.set()
        scanner.stop()

    writer.start()
    began = datetime.now(UTC)
    try:
        with _signals(loop, stop), show(scanner.progress):
            async with network:
                await scanner.scan(targets)
        await keeper.keep(_effort(network, began, len(run.efforts) + 1))
    finally:
        await asyncio.to_thread(writer.close)
    if not stopped.is_set():
        archive.finish_run(run.id)
    log.info("run %s: %s, loop lag p99 %.3f s, %s", run.id, scanner.progress, network.lag.percentile(0.99), network.counts)
    return Observed(run.id, stopped.is_set(), scanner.progress.bugs)


def _effort(network: RunNetwork, began: datetime, sequence: int) -> Observation:
    """What the scan that now ends took."""
    ended, lag = datetime.now(UTC), network.lag
    facts = EffortFacts(start=began, end=ended, **network.counts, lag_median=lag.percentile(0.5), lag_p99=lag.percentile(0.99))
    return Observation(subject="vantage", probe="effort", sequence=sequence, made_at=ended, facts=facts)


@contextmanager
def _signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    """Let the signals that end a program end the scan instead."""
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for kind in kinds:
        loop.add_signal_handler(kind, stop)
    try:
        yield
    finally:
        for kind in kinds:
            loop.remove_signal_handler(kind)


def card_of(evidence: Evidence) -> Card:
    """Judge and score one target."""
    assert evidence.target is not None
    verdicts = judge(evidence)
    return Card(target=evidence.target, verdicts=verdicts, score=score(verdicts), measured_at=_end_of(evidence))


def _end_of(evidence: Evidence) -> datetime | None:
    """When the look at the listed name itself ended."""
    tries = evidence.dns.listed.aaaa.tries if evidence.dns else ()
    return tries[-1].end if tries else None


def judge_run(archive: Archive, run_id: str, each: Passing = iter) -> None:
    """Judge a run from what is stored, without the network. `each` may count what passes through."""
    save_verdicts(archive, run_id, each)
    archive.history.follow(run_id)


def save_verdicts(archive: Archive, run_id: str, each: Passing = iter) -> None:
    """Judge a run without looking at what changed since others; for several runs that is done once, from the oldest on."""
    if not archive.can_be_judged(run_id):
        raise StorageError(f"the evidence of run {run_id} was let go: its verdicts stay as they are")
    versions = {rule.id: str(rule.version) for rule in RULES} | {LEVEL: RULES_VERSION}
    cards = (card_of(evidence) for evidence in each(archive.evidences(run_id)))
    archive.save_verdicts(run_id, RULES_VERSION, cards, versions)


def cards_of(archive: Archive, run: Run, register: Register) -> Iterator[Card]:
    """The result of every target of a run, with what people say of it on the run's day, in the order of the list."""
    return remarked(archive.each_card(run.id), register, day_of(run.started_at))


def in_order(evidences: Iterator[Evidence]) -> Callable[[str], Evidence | None]:
    """Find a domain's evidence among those of a run, when they are asked for in the order of the list."""

    def find(domain: str) -> Evidence | None:
        return next((one for one in evidences if one.target is not None and one.target.domain == domain), None)

    return find


def past_of(archive: Archive, run: Run, goals: Sequence[Goal], agencies: Sequence[str] = ()) -> Past:
    """What the archive holds of the nights up to a run, the programme's courses with it: of the city, or of some agencies."""
    history = archive.history
    runs = [one for one in archive.runs() if one.rules_version and one.started_at <= run.started_at]
    recent = [one.id for one in runs if run.started_at - one.started_at <= RECENT]
    past = Past(
        runs=tuple(runs),
        changes=tuple(history.changes(recent)) if recent else (),
        moved={(change.domain, change.run_id): change for change in history.moved_by_rules(*recent)},
        standings=history.standings(run.id),
        levels=history.levels_of_all(shown_runs(runs, run)),
    )
    return of_agencies(past, archive, run, goals, agencies)


def of_agencies(past: Past, archive: Archive, run: Run, goals: Sequence[Goal], agencies: Sequence[str]) -> Past:
    """The same nights with the tallies and courses of some agencies; of the city when none is named."""
    tallies = archive.history.tallies(shown_runs(past.runs, run), agencies)
    return replace(past, tallies=tallies, courses=courses_of(archive, past.runs, goals, agencies))


def courses_of(
    archive: Archive, runs: Iterable[Run], goals: Sequence[Goal], agencies: Sequence[str] = ()
) -> tuple[Course, ...]:
    """Where each goal stands by some runs, the newest first: of the city, or of some agencies."""
    history, days = archive.history, one_a_day(runs)[::-1]
    every = history.tally_of(LEVEL, agencies) if agencies else history.tally(LEVEL)
    levels = {run_id: counts for _, run_id, counts in every}
    series = [(run.started_at.astimezone(HANOI), levels[run.id]) for run in days if run.id in levels]
    blind = {run.started_at for run in days if run.is_blind}
    return tuple(course(goal, series, blind) for goal in goals)


async def look_at(
    settings: Settings,
    network: RunNetwork,
    targets: Sequence[Target],
    show: ShowProgress = lambda progress: nullcontext(),
) -> tuple[Run, list[Evidence]]:
    """Look at a few targets now, without a database; not at those that asked to be left alone."""
    plan = make_plan(targets, read_opt_out(settings).covers_name)
    run = new_run(settings, len(targets))
    keeper = _Remembering()
    scanner = Scanner(run, network, controls(settings), keeper, rhythm(settings), probes=probes_for(settings))
    with show(scanner.progress):
        async with network:
            await scanner.scan(plan.to_contact)
    run = replace(run, finished=len(targets))
    common = Evidence(run=run, vantage=scanner.watch.samples)
    seen = [keeper.evidence(replace(common, target=t, opted_out=t.domain in plan.opted_out)) for t in targets]
    ended = datetime.now(UTC)
    return Run(
        id=run.id,
        vantage=run.vantage,
        country=run.country,
        started_at=run.started,
        finished_at=ended,
        planned=len(targets),
        finished=len(targets),
        version=run.version,
        rules_version=RULES_VERSION,
    ), seen


async def look_at_ourselves(settings: Settings, network: RunNetwork) -> VantageFacts:
    """Measure the vantage alone."""
    async with network:
        return await look(controls(settings), network.session(for_vantage=True), "before", 0)
