"""Single flight and what is remembered."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from ipv6check.net.memory import Memory
from tests.net.clock import now, run


class Asked:
    """Answers after a second, and counts how often it was asked for what."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.counts = Counter[object]()
        self._seconds = seconds

    def __call__(self, key: object, error: Exception | None = None) -> Callable[[], Awaitable[str]]:
        async def ask() -> str:
            self.counts[key] += 1
            await asyncio.sleep(self._seconds)
            if error is not None:
                raise error
            return f"{key} {self.counts[key]}"

        return ask


def test_what_is_asked_meanwhile_and_after_is_asked_once() -> None:
    async def main() -> tuple[set[str], str, float]:
        memory, asked = Memory(), Asked()
        together = await asyncio.gather(*(memory.once("a", asked("a")) for _ in range(50)))
        return set(together), await memory.once("a", asked("a")), now()

    assert run(main()) == ({"a 1"}, "a 1", 1.0)


def test_keys_are_apart() -> None:
    async def main() -> list[str]:
        memory, asked = Memory(), Asked()
        return await asyncio.gather(*(memory.once(("k", i % 3), asked(("k", i % 3))) for i in range(9)))

    assert run(main()) == [f"('k', {i % 3}) 1" for i in range(9)]


def test_when_the_asker_is_cancelled_one_of_the_others_asks() -> None:
    async def main() -> tuple[list[object], int, float]:
        memory, asked = Memory(), Asked()
        tasks = [asyncio.create_task(memory.once("a", asked("a"))) for _ in range(5)]
        await asyncio.sleep(0.5)
        tasks[0].cancel()
        got = await asyncio.gather(*tasks, return_exceptions=True)
        return [type(g) if isinstance(g, BaseException) else g for g in got], asked.counts["a"], now()

    assert run(main()) == ([asyncio.CancelledError, *["a 2"] * 4], 2, 1.5)


def test_a_waiter_that_is_cancelled_harms_nobody() -> None:
    async def main() -> tuple[list[object], int]:
        memory, asked = Memory(), Asked()
        tasks = [asyncio.create_task(memory.once("a", asked("a"))) for _ in range(3)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        got = await asyncio.gather(*tasks, return_exceptions=True)
        return [type(g) if isinstance(g, BaseException) else g for g in got], asked.counts["a"]

    assert run(main()) == (["a 1", asyncio.CancelledError, "a 1"], 1)


@pytest.mark.parametrize("first", [0, 1, 4])
def test_when_all_are_cancelled_nobody_asks_again(first: int) -> None:
    async def main() -> tuple[set[type], int]:
        memory, asked = Memory(), Asked()
        tasks = [asyncio.create_task(memory.once("a", asked("a"))) for _ in range(5)]
        await asyncio.sleep(0.5)
        for task in (*tasks[first:], *tasks[:first]):
            task.cancel()
        got = await asyncio.gather(*tasks, return_exceptions=True)
        return {type(g) for g in got}, asked.counts["a"]

    assert run(main()) == ({asyncio.CancelledError}, 1)


def test_a_waiters_deadline_holds_when_the_asker_is_cancelled_at_the_same_moment() -> None:
    async def main() -> tuple[str, int, float]:
        memory, asked = Memory(), Asked(10)

        async def wait() -> str:
            try:
                async with asyncio.timeout(0.5):
                    return await memory.once("a", asked("a"))
            except TimeoutError:
                return "timeout"

        asker = asyncio.create_task(memory.once("a", asked("a")))
        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(asyncio.get_running_loop().time() + 0.5, asker.cancel)
        await asyncio.wait([asker, waiter])
        return waiter.result(), asked.counts["a"], now()

    said, _, when = run(main())
    assert (said, when) == ("timeout", 0.5)


def test_an_error_is_not_remembered() -> None:
    async def main() -> tuple[list[object], str]:
        memory, asked = Memory(), Asked()
        tasks = [asyncio.create_task(memory.once("a", asked("a", LookupError("bug")))) for _ in range(3)]
        got = await asyncio.gather(*tasks, return_exceptions=True)
        return [repr(g) for g in got], await memory.once("a", asked("a"))

    assert run(main()) == (["LookupError('bug')"] * 3, "a 4")


def test_the_least_recently_used_go_first() -> None:
    async def main() -> tuple[str, str, int]:
        memory, asked = Memory(kept=3), Asked()
        for key in "abc":
            await memory.once(key, asked(key))
        await memory.once("a", asked("a"))
        await memory.once("d", asked("d"))
        return await memory.once("a", asked("a")), await memory.once("b", asked("b")), len(memory._known)

    assert run(main()) == ("a 1", "b 2", 3)


def test_memory_is_bounded_and_what_is_in_flight_is_kept() -> None:
    async def main() -> tuple[int, str, int, int]:
        memory, quick, slow = Memory(kept=100), Asked(0.001), Asked(1000)
        in_flight = [asyncio.create_task(memory.once(("slow", i), slow(("slow", i)))) for i in range(50)]
        await asyncio.sleep(0)
        most = 0
        for number in range(5000):
            await memory.once(number, quick(number))
            most = max(most, len(memory._known))
        again = memory.once(("slow", 0), slow(("slow", 0)))
        return most, await again, slow.counts["slow", 0], len([await task for task in in_flight])

    most, said, count, done = run(main())
    assert most <= 160
    assert (said, count, done) == ("('slow', 0) 1", 1, 50)
