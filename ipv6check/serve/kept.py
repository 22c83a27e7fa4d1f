"""Things that take long to make: each made once, in a thread of their own, and the last few kept."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from ipv6check.serve.problems import not_yet

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

PATIENCE: Final = 20.0
"""Seconds that a request waits for what is being made."""

ASK_AGAIN: Final = 5
"""Seconds after which whoever was turned away may ask again."""


class StoppedError(Exception):
    """What is being made is not made to its end, for the program ends."""


async def patiently(task: asyncio.Future[V]) -> V:
    """Wait for what is being made. Raises Problem when that takes too long (it goes on being made) or has failed."""
    await asyncio.wait({task}, timeout=PATIENCE)
    if not task.done():
        raise not_yet("this is being made ready; ask again in a few seconds", ASK_AGAIN)
    if has_failed(task):
        raise not_yet("this could not be made; ask again later", ASK_AGAIN)
    return task.result()


def has_failed(task: asyncio.Future[V]) -> bool:
    """Whether nothing is to be had any more."""
    return task.done() and (task.cancelled() or task.exception() is not None)


def begun(thread: ThreadPoolExecutor, make: Callable[[K], V], key: K) -> asyncio.Future[V]:
    """Begin to make something in a thread; the log says why it failed."""
    task = asyncio.get_running_loop().run_in_executor(thread, make, key)
    task.add_done_callback(_tell_failure)
    return task


def _tell_failure(task: asyncio.Future[V]) -> None:
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, StoppedError):
        log.error("something to be served could not be made", exc_info=error)


class Kept(Generic[K, V]):
    """Values by key, at most `most` of them. `drop` is called, in the same thread, with what is no longer kept.

    Keys of the same `state` are the same.
    """

    def __init__(
        self,
        make: Callable[[K], V],
        most: int,
        drop: Callable[[V], None] = lambda value: None,
        state: Callable[[K], Hashable] = lambda key: key,
    ) -> None:
        self._make = make
        self._most = most
        self._drop = drop
        self._state = state
        self._tasks: OrderedDict[Hashable, asyncio.Future[V]] = OrderedDict()
        self._thread = ThreadPoolExecutor(1)

    async def get(self, key: K) -> V:
        """The value of a key. Raises Problem while there is none, or when too many are asked for at once."""
        return await patiently(self._begin(key))

    def _begin(self, key: K) -> asyncio.Future[V]:
        state = self._state(key)
        task = self._tasks.get(state)
        if task is None or has_failed(task):
            if sum(not other.done() for other in self._tasks.values()) >= self._most:
                raise not_yet("too much is being made ready at once; ask again in a few seconds", ASK_AGAIN)
            task = begun(self._thread, self._make, key)
            self._tasks[state] = task
        self._tasks.move_to_end(state)
        self._forget()
        return task

    def _forget(self) -> None:
        """Let go of what was used longest ago."""
        done = [state for state, task in self._tasks.items() if task.done()]
        for state in done[: max(0, len(self._tasks) - self._most)]:
            task = self._tasks.pop(state)
            if not has_failed(task):
                self._thread.submit(self._drop, task.result())

    def close(self) -> None:
        """Begin nothing more, and wait for what is being made."""
        self._thread.shutdown(cancel_futures=True)
