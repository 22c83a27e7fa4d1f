"""The scanner: feeds targets in, takes them through their passes, and lets them go when they are done."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Protocol

from asyncio_throttle import Throttler  # type: ignore[attr-defined]

from ipv6check.facts import Evidence, RunFacts, VantageFacts
from ipv6check.model import Observation, Target
from ipv6check.net.api import RunNetwork, SessionNet
from ipv6check.probes import PROBES, Probe
from ipv6check.probes.vantage import Controls
from ipv6check.scan.progress import Progress, has_failures
from ipv6check.scan.shared import SharedSubjects
from ipv6check.scan.watch import Watch
from ipv6check.tries import resolver_answers

log = logging.getLogger(__name__)

MORE_PASSES: Final = 2
"""Passes beyond the wanted tries: what came up late, such as a port that opened in the second, still gets its tries."""

CONFIRMING_SHARE: Final = 4
"""One in so many places is for passes after the first."""

WAITING_PER_PLACE: Final = 20
"""Targets that may wait for another pass, for each place."""

ADMISSION: Final = 0.1
"""Seconds in which a share of a second's targets is admitted: a whole second's worth at once would make us late."""

CALM: Final = 0.025
"""Seconds of lag of our own event loops above which no more targets are admitted."""

JITTER: Final = 0.2

TIMES_AGAIN: Final = 3
"""So often is done again what an outage of ours spoilt: a way that comes and goes must not keep a scan for ever."""

PATIENCE: Final = 60.0
RESOLVER_PATIENCE: Final = 300.0
"""Seconds to wait for what we lost to come back: at the end of a run; and for the resolver, without which nothing goes on."""

IN_FLIGHT_GRACE: Final = 8.0
"""Seconds that targets under way are given when the scan is told to stop: it is to end within ten."""


class VantageError(Exception):
    """This measuring point cannot measure, in words for the operator."""


class Keeper(Protocol):
    """Who keeps what a scan sees. `complete` is called when everything of a target has been handed over."""

    async def keep(self, observation: Observation) -> None:
        """Keep an observation."""
        ...

    async def complete(self, domain: str) -> None:
        """Take note that a target is done."""
        ...

    async def recall(self, subject: str) -> dict[str, tuple[Any, int]]:
        """What was last seen of a subject in this run, by probe, with its sequence number."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How fast: targets in flight and admitted per second; seconds before the second, third ... pass, and between canaries."""

    concurrency: int = 200
    admitted_per_second: int = 100
    spacing: tuple[float, ...] = (5.0, 60.0)
    canary_interval: float = 300.0

    def before_pass(self, number: int) -> float:
        """Seconds to wait before pass `number` (2, 3 ...), with jitter."""
        wait = self.spacing[min(number - 2, len(self.spacing) - 1)] if self.spacing else 0.0
        return wait * random.uniform(1 - JITTER, 1 + JITTER)


@dataclass(slots=True)
class _Work:
    """One target on its way: what was seen, how often it was saved, how many passes it had."""

    target: Target
    seen: Evidence
    session: SessionNet
    sequences: dict[str, int] = field(default_factory=dict)
    passes: int = 0


class Scanner:
    """One scan of one run. `stop` ends it early; what is done stays done."""

    def __init__(
        self,
        run: RunFacts,
        network: RunNetwork,
        controls: Controls,
        keeper: Keeper,
        rhythm: Rhythm,
        *,
        probes: Sequence[Probe] = PROBES,
        earlier: Sequence[VantageFacts] = (),
    ) -> None:
        self._run = run
        self._network = network
        self._keeper = keeper
        self._rhythm = rhythm
        self._probes = probes
        self.watch = Watch(network, controls, rhythm.canary_interval, self._keep_sample, earlier)
        self.watch.on_sample = self._on_sample
        self._shared = SharedSubjects(network, keeper.recall, is_resumed=bool(earlier))
        self._places = asyncio.Semaphore(rhythm.concurrency)
        self._confirming = asyncio.Semaphore(max(16, rhythm.concurrency // CONFIRMING_SHARE))
        self._waiting = asyncio.Semaphore(rhythm.concurrency * WAITING_PER_PLACE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._awaiting: dict[str, tuple[Target, datetime]] = {}
        self._redo: dict[str, Target] = {}
        self._stopping = asyncio.Event()
        self._broken: BaseException | None = None
        self._is_resumed = bool(earlier)
        self.progress = Progress(run.planned)

    def stop(self) -> None:
        """Take no more targets and end soon."""
        self._stopping.set()

    async def scan(self, targets: Iterable[Target]) -> None:
        """Scan the targets. Raises VantageError when there is no working resolver here, and whatever the keeper raises."""
        before = await self.watch.take("before")
        if not resolver_answers(before):
            raise VantageError("the resolver does not answer, or falsifies answers: see `ipv6check doctor`")
        watching = asyncio.create_task(self.watch.run())
        working = asyncio.create_task(self._work_through(targets))
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            for task in (watching, working, stopped):
                task.cancel()
            await asyncio.gather(watching, working, stopped, return_exceptions=True)
            await self._stop_tasks()
        if self._broken is not None:
            raise self._broken

    async def _work_through(self, targets: Iterable[Target]) -> None:
        await self._feed(targets)
        await self._finish()

    # Feeding

    async def _feed(self, targets: Iterable[Target]) -> None:
        throttle = Throttler(rate_limit=max(1, round(self._rhythm.admitted_per_second * ADMISSION)), period=ADMISSION)
        for target in targets:
            await self._wait_for_resolver()
            await self._wait_for_calm()
            async with throttle:
                await self._start(target, recalls=self._is_resumed)

    async def _start(self, target: Target, *, recalls: bool) -> None:
        """Send a target on its way once there is room for it."""
        await self._waiting.acquire()
        await self._places.acquire()
        task = asyncio.create_task(self._target(target, recalls))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let a target's task go; when what it saw could not be kept, no more targets are taken."""
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = self._broken or task.exception()
            self.stop()

    async def _wait_for_resolver(self) -> None:
        until = monotonic() + RESOLVER_PATIENCE
        while "resolver" in self.watch.lost:
            if monotonic() > until:
                raise VantageError("the resolver stopped answering; what is done is kept: resume the run when it is back")
            await asyncio.sleep(1)

    async def _wait_for_calm(self) -> None:
        """Hold back while we are late with what is under way: more of it would make others look slow."""
        while self._tasks and self._network.lag.latest > CALM:
            await asyncio.wait(self._tasks, timeout=ADMISSION, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(ADMISSION / 2)

    async def _finish(self) -> None:
        """Wait for what is on its way; do again what an outage of ours spoilt; end on a look at ourselves."""
        until, again = monotonic() + PATIENCE, 0
        while True:
            wants_more = bool(self._redo) and again < TIMES_AGAIN
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=1)
            elif wants_more and not self.watch.lost:
                again += 1
                for target in list(self._redo.values()):
                    del self._redo[target.domain]
                    await self._start(target, recalls=True)
                until = monotonic() + PATIENCE
            elif wants_more and monotonic() < until:
                await asyncio.sleep(1)
            elif self._awaiting or self.watch.samples[-1].when != "after":
                await self.watch.take("after")
            else:
                break
        for domain in list(self._redo):
            await self._complete(domain)

    async def _stop_tasks(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=IN_FLIGHT_GRACE)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # One target

    async def _target(self, target: Target, recalls: bool) -> None:
        work = await self._work(target, recalls)
        self.progress.in_flight += 1
        try:
            try:
                await self._pass(work)
            finally:
                self._places.release()
                self.progress.in_flight -= 1
            work.session.is_first_pass = False
            if not await self._confirm(work):
                self._redo[target.domain] = target
                return
            self.progress.count(work.seen)
            if has_failures(work.seen):
                self._awaiting[target.domain] = (target, datetime.now(UTC))
            else:
                await self._complete(target.domain)
        finally:
            self._waiting.release()

    async def _work(self, target: Target, recalls: bool) -> _Work:
        seen = Evidence(target=target, run=self._run, vantage=self.watch.samples)
        known = await self._keeper.recall(target.domain) if recalls else {}
        for probe, (facts, _) in known.items():
            seen = seen.with_facts(probe, facts)
        sequences = {probe: sequence for probe, (_, sequence) in known.items()}
        return _Work(target, seen, self._network.session(), sequences)

    async def _confirm(self, work: _Work) -> bool:
        """Make further passes until nothing is unsettled; False when something of ours was lost meanwhile."""
        while self._is_unsettled(work) and work.passes < self._run.tries + MORE_PASSES:
            if self.watch.lost:
                return False
            self.progress.confirming += 1
            try:
                wait = self._rhythm.before_pass(work.passes + 1)
                await asyncio.sleep(wait)
                async with self._confirming:
                    await self.watch.renew(wait)
                    if not self.watch.lost:
                        await self._pass(work)
            finally:
                self.progress.confirming -= 1
        return True

    def _is_unsettled(self, work: _Work) -> bool:
        seen = replace(work.seen, vantage=self.watch.samples)
        return any(probe.is_unsettled(seen) for probe in self._probes)

    async def _pass(self, work: _Work) -> None:
        """Take every probe's look once, as soon as what it reads is there; each looks only at what is still open."""
        work.passes += 1
        work.seen = replace(work.seen, vantage=self.watch.samples)
        looks: dict[str, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for probe in self._probes:
                    before = [looks[name] for name in probe.after if name in looks]
                    looks[probe.name] = group.create_task(self._look_after(before, probe, work))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _look_after(self, before: Iterable[Awaitable[None]], probe: Probe, work: _Work) -> None:
        for look in before:
            await look
        subject = probe.subject(work.target, work.seen)
        if subject == work.target.domain:
            await self._own_look(probe, work)
        elif subject:
            await self._shared_look(probe, subject, work)

    async def _own_look(self, probe: Probe, work: _Work) -> None:
        facts = await self._look(probe, work.target, work.seen, work.session)
        if facts is not None and facts != getattr(work.seen, probe.name):
            sequence = work.sequences.get(probe.name, 0) + 1
            work.sequences[probe.name] = sequence
            work.seen = work.seen.with_facts(probe.name, facts)
            await self._keep(work.target.domain, probe.name, sequence, facts)

    async def _shared_look(self, probe: Probe, subject: str, work: _Work) -> None:
        """Look at a shared subject, unless another target's pass has just done so and nothing it rests on was seen since."""
        shared = await self._shared.get(subject)
        async with shared.lock:
            facts, sequence = shared.facts.get(probe.name, (None, 0))
            seen = work.seen.with_facts(probe.name, facts)
            basis = shared.sequences(probe.after)
            has_news = basis != shared.basis.get(probe.name, ())
            is_due = monotonic() >= shared.not_before.get(probe.name, 0.0)
            if facts is None or has_news or (is_due and probe.is_unsettled(seen)):
                shared.basis[probe.name] = basis
                shared.session.is_first_pass = facts is None
                if facts is not None:
                    await self.watch.renew(self._rhythm.before_pass(sequence + 1) / 2)
                looked = await self._look(probe, work.target, seen, shared.session)
                shared.not_before[probe.name] = monotonic() + self._rhythm.before_pass(sequence + 2) / 2
                if looked is not None and looked != facts:
                    facts = looked
                    shared.facts[probe.name] = (facts, sequence + 1)
                    await self._keep(subject, probe.name, sequence + 1, facts)
        work.seen = work.seen.with_facts(probe.name, facts)

    async def _look(self, probe: Probe, target: Target, seen: Evidence, session: SessionNet) -> Any:
        """The one place that catches a bug of ours: it is logged and counted, and its checks are not measured."""
        try:
            return await probe.look(target, seen, session)
        except Exception:
            self.progress.bugs += 1
            log.exception("bug in probe %s at %s", probe.name, target.domain)
            return None

    # Keeping

    async def _keep(self, subject: str, probe: str, sequence: int, facts: Any) -> None:
        made_at = datetime.now(UTC)
        await self._keeper.keep(Observation(subject=subject, probe=probe, sequence=sequence, made_at=made_at, facts=facts))

    async def _keep_sample(self, sample: VantageFacts, number: int) -> None:
        await self._keep("vantage", "vantage", number, sample)

    async def _complete(self, domain: str) -> None:
        self._redo.pop(domain, None)
        self._awaiting.pop(domain, None)
        await self._keeper.complete(domain)

    async def _on_sample(self, sample: VantageFacts) -> None:
        """Let go whose failures a good look vouches for; after a bad one they are done again."""
        for domain, (target, settled) in list(self._awaiting.items()):
            if self.watch.lost:
                del self._awaiting[domain]
                self._redo[domain] = target
            elif settled <= sample.start:
                await self._complete(domain)
