"""Our own lateness: a timeout seen while an event loop of ours was late is ours, not the peer's."""

import asyncio
from collections import deque
from typing import Final

TICK: Final = 0.05
LATE: Final = 0.25
"""Seconds of lag above which a timeout does not count against anybody."""

KEPT: Final = 20_000
"""Ticks kept for the percentile (a quarter of an hour)."""


class LagMonitor:
    """Measures how late the event loop wakes us; `start` and `stop` it with the network."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._asleep_since: float | None = None
        self._late_at = float("-inf")
        self._heard = 0.0
        self._lags: deque[float] = deque(maxlen=KEPT)

    def start(self) -> None:
        """Begin to measure."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the measuring."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = self._asleep_since = None

    @property
    def latest(self) -> float:
        """The lag at the last look, in seconds."""
        return self._lags[-1] if self._lags else 0.0

    @property
    def late_at(self) -> float:
        """When the loop was too late last: now, while a tick is overdue. In loop time, which is one clock in all processes."""
        self._overdue()
        return self._late_at

    def was_late_since(self, moment: float) -> bool:
        """Whether the loop was late at any time since then (loop time, seconds)."""
        return self.late_at >= moment

    def hear(self, latest: float, late_at: float) -> None:
        """Take note of the lag of an event loop in another process that works for us, as its monitor has it."""
        self._heard = max(self._heard, latest)
        self._late_at = max(self._late_at, late_at)

    def percentile(self, share: float) -> float:
        """The lag in seconds that this share of ticks did not exceed; 0 when nothing was measured."""
        lags = sorted(self._lags)
        return lags[min(len(lags) - 1, int(len(lags) * share))] if lags else 0.0

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._asleep_since = loop.time()
            await asyncio.sleep(TICK)
            self._lags.append(max(self._overdue(), self._heard))
            self._heard = 0.0

    def _overdue(self) -> float:
        """Seconds for which the next tick has been due; too many are noted."""
        now = asyncio.get_running_loop().time()
        lag = max(0.0, now - self._asleep_since - TICK) if self._asleep_since is not None else 0.0
        if lag > LATE:
            self._late_at = now
        return lag
