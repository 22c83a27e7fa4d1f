"""What this run already knows: a question in flight is asked once, an answer is kept for a while, shared by all targets."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")

KEPT: Final = 8_192
"""Answers kept at most; the least recently used go first."""


class Memory:
    """Single flight, with a bounded memory of what came back."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def once(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what is known under this key, or ask; whoever comes meanwhile waits for the same answer.

        When the one who asks is cancelled, one of those who wait asks again.
        """
        while (known := self._known.get(key)) is not None:
            self._known.move_to_end(key)
            try:
                return await asyncio.shield(known)
            except asyncio.CancelledError:
                if not known.cancelled() or _is_cancelled():
                    raise
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._known[key] = future
        try:
            answer = await ask()
        except BaseException:
            del self._known[key]
            future.cancel()
            raise
        future.set_result(answer)
        self._trim()
        return answer

    def _trim(self) -> None:
        while len(self._known) > self._kept:
            key, future = next(iter(self._known.items()))
            if not future.done():
                self._known.move_to_end(key)
                return
            del self._known[key]


def _is_cancelled() -> bool:
    """Whether whoever asks here was told to stop, as well as the one it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
