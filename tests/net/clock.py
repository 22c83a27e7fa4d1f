"""A loop whose time goes by only when everybody waits: hours in milliseconds, and exact."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START = 10_000.0
"""The loop's time at the beginning; a real one is far from 0 too."""


class _Waiting(selectors.DefaultSelector):
    """Lets the clock jump in place of waiting."""

    now = START

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("everybody waits for ever")
        if not found and timeout:
            self.now += timeout
        return found


class Loop(asyncio.SelectorEventLoop):
    """A loop with a clock of its own."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run on such a loop. RuntimeError when nobody could ever go on."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main)


def now() -> float:
    """Seconds since the beginning."""
    return round(asyncio.get_running_loop().time() - START, 6)
