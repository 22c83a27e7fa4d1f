"""The pace, on a clock of its own: exact."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from itertools import pairwise

import pytest

from ipv6check.net import pace as pace_module
from ipv6check.net.pace import Pace, PaceLimits, Places, Spacing, turn
from tests.net.clock import now, run

A, B, C = (ip_address(f"2400:1:1::{i}") for i in (1, 2, 3))
ELSEWHERE = ip_address("2400:2::1")
DEFAULT = PaceLimits()
V4, V4_NEAR, V4_FAR = ip_address("11.0.0.1"), ip_address("11.0.0.200"), ip_address("11.0.1.1")


async def times(take_turn: Callable[[], object], count: int) -> list[float]:
    """When each of so many gets its turn, all asking at once."""

    async def take() -> float:
        await take_turn()  # type: ignore[misc]
        return now()

    return sorted(await asyncio.gather(*(take() for _ in range(count))))


# Spacing


def test_turns_are_evenly_spaced() -> None:
    spacing = Spacing(10.0)
    assert run(times(lambda: turn((spacing, "a")), 25)) == [round(i * 0.1, 6) for i in range(25)]


def test_turns_are_given_in_the_order_of_asking() -> None:
    async def order() -> list[int]:
        spacing, got = Spacing(10.0), []

        async def take(number: int) -> None:
            await turn((spacing, "a"))
            got.append(number)

        await asyncio.gather(*(take(i) for i in range(30)))
        return got

    assert run(order()) == list(range(30))


def test_turns_that_we_were_late_for_do_not_bunch() -> None:
    async def late() -> list[float]:
        async def block() -> None:
            await asyncio.sleep(0.15)
            asyncio.get_running_loop()._waiting.now += 0.62  # type: ignore[attr-defined]

        spacing = Spacing(10.0)
        blocked = asyncio.create_task(block())
        first = await times(lambda: turn((spacing, "a")), 8)
        await blocked
        return first + await times(lambda: turn((spacing, "a")), 3)

    at = run(late())
    assert all(after - before > 0.0999 for before, after in pairwise(at)), at


def test_a_key_does_not_wait_for_another() -> None:
    async def both() -> tuple[list[float], float]:
        spacing = Spacing(1.0)
        many = asyncio.create_task(times(lambda: turn((spacing, "a")), 5))
        await asyncio.sleep(0)
        await turn((spacing, "b"))
        at = now()
        return await many, at

    assert run(both()) == ([0, 1, 2, 3, 4], 0)


def test_an_idle_time_saves_nothing_up_without_a_burst() -> None:
    async def later() -> list[float]:
        spacing = Spacing(10.0)
        await turn((spacing, "a"))
        await asyncio.sleep(100)
        return [round(t - 100, 6) for t in await times(lambda: turn((spacing, "a")), 4)]

    assert run(later()) == [0, 0.1, 0.2, 0.3]


@pytest.mark.parametrize("idle", [0, 0.5, 1, 100])
def test_a_burst_is_what_was_saved_up_and_no_more(idle: float) -> None:
    async def later() -> list[float]:
        spacing = Spacing(10.0, burst=10)
        await times(lambda: turn((spacing, "a")), 10)
        await asyncio.sleep(idle)
        return [round(t - idle, 6) for t in await times(lambda: turn((spacing, "a")), 30)]

    saved = min(10, round(idle * 10))
    assert run(later()) == [0] * saved + [round(0.1 * i, 6) for i in range(1, 31 - saved)]


def test_one_who_gives_up_costs_others_nothing_more_than_his_turn() -> None:
    async def give_up() -> list[float]:
        spacing = Spacing(1.0)
        tasks = [asyncio.create_task(turn((spacing, "a"))) for _ in range(3)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        got = await times(lambda: turn((spacing, "a")), 2)
        await asyncio.gather(*tasks, return_exceptions=True)
        return got

    assert run(give_up()) == [3, 4]


def test_idle_keys_are_forgotten_and_busy_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "REMEMBERED", 100)

    async def many() -> tuple[int, list[float]]:
        spacing = Spacing(1.0)
        busy = asyncio.create_task(times(lambda: turn((spacing, "busy")), 60))
        await asyncio.sleep(2)
        for number in range(5000):
            await turn((spacing, number))
            await asyncio.sleep(0.01)
        return len(spacing._times), await busy

    kept, busy = run(many())
    assert kept <= 202
    assert busy == list(range(60))


# Places


@asynccontextmanager
async def holding(places: Places, key: str) -> AsyncIterator[None]:
    await places.take(key)
    try:
        yield
    finally:
        places.give_back(key)


def test_no_more_than_the_count_at_once_for_each_key() -> None:
    async def crowd() -> tuple[dict[str, int], int]:
        places, held, most = Places(2), Counter[str](), Counter[str]()

        async def hold(key: str) -> None:
            async with holding(places, key):
                held[key] += 1
                most[key] = max(most[key], held[key])
                await asyncio.sleep(1)
                held[key] -= 1

        await asyncio.gather(*(hold(key) for key in "aaaaaaab"))
        assert now() == 4
        return dict(most), len(places._places)

    assert run(crowd()) == ({"a": 2, "b": 1}, 0)


def test_a_waiter_that_is_cancelled_leaves_its_place_to_the_next() -> None:
    async def give_up() -> tuple[float, int]:
        places = Places(1)

        async def hold(seconds: float) -> float:
            async with holding(places, "a"):
                at = now()
                await asyncio.sleep(seconds)
            return at

        tasks = [asyncio.create_task(hold(1)) for _ in range(4)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await asyncio.sleep(1)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return tasks[3].result(), len(places._places)

    assert run(give_up()) == (1.5, 0)


def test_a_place_comes_back_when_its_holder_fails() -> None:
    async def fail() -> int:
        places = Places(1)
        for _ in range(3):
            with pytest.raises(LookupError):
                async with holding(places, "a"):
                    raise LookupError
        return len(places._places)

    assert run(fail()) == 0


# The whole


@asynccontextmanager
async def noted(pace: Pace, address, log: list[tuple[float, int]]) -> AsyncIterator[None]:
    with await pace.connection(address):
        log.append((now(), 1))
        yield
        log.append((now(), -1))


def connections(*addresses, seconds: float, limits: PaceLimits = DEFAULT) -> dict[object, list[tuple[float, int]]]:
    """When connections to these addresses open (1) and close (-1), all wanted at once and held so long."""
    logs: dict[object, list[tuple[float, int]]] = {address: [] for address in addresses}

    async def crowd() -> None:
        pace = Pace(limits)

        async def use(address) -> None:
            async with noted(pace, address, logs[address]):
                await asyncio.sleep(seconds)

        await asyncio.gather(*map(use, addresses))

    run(crowd())
    return logs


def most_at_once(log: list[tuple[float, int]]) -> int:
    held, most = 0, 0
    for _, change in sorted(log):
        held += change
        most = max(most, held)
    return most


def test_questions_over_tcp_are_questions_and_connections() -> None:
    """A server is asked ten times a second at most by both together, and a connection is opened each second at most."""

    async def ask() -> tuple[list[float], list[float]]:
        pace, over_tcp = Pace(DEFAULT), list[float]()

        async def by_tcp() -> None:
            with await pace.connection(A, asks=True):
                over_tcp.append(now())

        udp, *_ = await asyncio.gather(times(lambda: pace.question(A), 60), *(by_tcp() for _ in range(8)))
        return udp, over_tcp

    udp, tcp = run(ask())
    both = sorted((*udp, *tcp))
    assert len(tcp) == 8
    assert min(b - a for a, b in pairwise(both)) >= 0.1 - 1e-9
    assert min(b - a for a, b in pairwise(tcp)) >= 1 - 1e-9


@pytest.mark.parametrize("seconds", [0, 0.1, 2.5, 30])
@pytest.mark.parametrize("address", [A, V4])
def test_two_connections_at_once_and_one_a_second(address, seconds: float) -> None:
    log = connections(*[address] * 9, seconds=seconds)[address]
    opened = [at for at, change in log if change == 1]
    assert len(opened) == 9
    assert min(b - a for a, b in pairwise(opened)) >= 1 - 1e-9
    assert most_at_once(log) <= 2
    assert seconds < 2 or most_at_once(log) == 2


@pytest.mark.parametrize(("near", "far"), [((A, B, C), ELSEWHERE), ((V4, V4_NEAR), V4_FAR)])
def test_four_at_once_in_one_network(near, far) -> None:
    logs = connections(*near * 6, far, seconds=5)
    assert most_at_once([entry for address in near for entry in logs[address]]) == 4
    assert logs[far][0][0] == 0


def test_limits_can_be_set() -> None:
    limits = PaceLimits(connections_per_address=5, new_per_second=100, connections_per_prefix=7)
    logs = connections(*[A, B] * 20, seconds=5, limits=limits)
    assert max(most_at_once(logs[A]), most_at_once(logs[B])) <= 5
    assert most_at_once(logs[A] + logs[B]) == 7


@pytest.mark.parametrize("rate", [10.0, 0.5, 2.5, 1000.0])
def test_questions_to_one_server_are_evenly_spaced(rate: float) -> None:
    async def ask() -> list[float]:
        pace = Pace(PaceLimits(queries_per_second=rate))
        return await times(lambda: pace.question(A), 30)

    got = run(ask())
    assert got == pytest.approx([i / rate for i in range(30)], abs=1e-5)


def test_questions_to_one_network_keep_its_bucket() -> None:
    async def ask() -> list[float]:
        pace = Pace(PaceLimits())
        servers = [ip_address(f"2400:1:1::{i:x}") for i in range(1, 41)]
        got = await asyncio.gather(*(times(lambda server=server: pace.question(server), 2) for server in servers))
        return sorted(at for pair in got for at in pair)

    got = run(ask())
    assert all(number <= 10 + 10 * at + 1e-6 for number, at in enumerate(got, 1))
    assert got[-1] == pytest.approx(7.0, abs=0.3)


def test_servers_of_different_networks_do_not_wait_for_each_other() -> None:
    async def ask() -> float:
        pace = Pace(PaceLimits())
        await asyncio.gather(*(pace.question(ip_address(f"2400:{i:x}::1")) for i in range(1, 500)))
        return now()

    assert run(ask()) == 0
