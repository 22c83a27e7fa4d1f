"""Our own lateness, measured on purpose."""

import asyncio
import time

import pytest

from ipv6check.net.lag import LATE, LagMonitor
from tests.net.clock import run


async def blocked(seconds: float) -> tuple[LagMonitor, float, float]:
    """A monitor that saw the loop blocked so long, and moments before and after."""
    loop, monitor = asyncio.get_running_loop(), LagMonitor()
    monitor.start()
    await asyncio.sleep(0.12)
    before = loop.time()
    time.sleep(seconds)  # noqa: ASYNC251 - the fault itself
    await asyncio.sleep(0.12)
    after = loop.time()
    await monitor.stop()
    return monitor, before, after


async def test_a_blocked_loop_is_noticed() -> None:
    monitor, before, after = await blocked(LATE + 0.15)
    assert monitor.was_late_since(before)
    assert not monitor.was_late_since(after)
    assert monitor.percentile(1.0) > LATE


async def test_lateness_is_known_before_the_tick_that_is_overdue() -> None:
    monitor = LagMonitor()
    monitor.start()
    await asyncio.sleep(0.12)
    before = asyncio.get_running_loop().time()
    time.sleep(LATE + 0.15)  # noqa: ASYNC251 - the fault itself
    assert monitor.was_late_since(before)
    await monitor.stop()


async def test_the_lag_of_another_process_counts_like_our_own() -> None:
    monitor, now = LagMonitor(), asyncio.get_running_loop().time()
    monitor.start()
    monitor.hear(LATE + 0.1, now)
    monitor.hear(0.0, now - 1)
    await asyncio.sleep(0.07)
    assert monitor.latest == LATE + 0.1
    assert monitor.was_late_since(now)
    assert not monitor.was_late_since(now + 0.01)
    await asyncio.sleep(0.06)
    assert monitor.latest < LATE
    await monitor.stop()


async def test_a_short_stop_is_not_late() -> None:
    monitor, before, _ = await blocked(0.05)
    assert not monitor.was_late_since(before)


def test_without_trouble_there_is_no_lag() -> None:
    async def main() -> tuple[float, float, int]:
        monitor = LagMonitor()
        monitor.start()
        await asyncio.sleep(10)
        await monitor.stop()
        return monitor.percentile(0.99), monitor.percentile(1.0), len(monitor._lags)

    median, worst, count = run(main())
    assert median == pytest.approx(0, abs=1e-6)
    assert worst == pytest.approx(0, abs=1e-6)
    assert 190 <= count <= 200


def test_the_percentile_of_nothing_is_nought() -> None:
    assert LagMonitor().percentile(0.99) == 0.0


@pytest.mark.parametrize(("share", "lag"), [(0.0, 0.0), (0.5, 0.5), (0.99, 0.99), (1.0, 0.99)])
def test_percentiles(share: float, lag: float) -> None:
    monitor = LagMonitor()
    monitor._lags.extend(number / 100 for number in reversed(range(100)))
    assert monitor.percentile(share) == lag


def test_what_is_kept_is_bounded() -> None:
    monitor = LagMonitor()
    monitor._lags.extend([9.0] * 10 + [0.0] * 30_000)
    assert len(monitor._lags) == 20_000
    assert monitor.percentile(1.0) == 0.0


def test_it_can_be_started_twice_and_stopped_twice() -> None:
    async def main() -> int:
        monitor = LagMonitor()
        await monitor.stop()
        monitor.start()
        monitor.start()
        tasks = len(asyncio.all_tasks())
        await monitor.stop()
        await monitor.stop()
        return tasks

    assert run(main()) == 2
