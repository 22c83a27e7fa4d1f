"""How gently others are treated: evenly spaced questions and connections, few at once, per address and per network.

asyncio-throttle admits work in the feeding loop; it lets a whole second's worth go at once, so this pace is ours.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ipv6check.addressing import Address, prefix_of

REMEMBERED: Final = 65_536
"""Keys kept at most: the least recently used idle ones are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceLimits:
    """The defaults are those of the catalogue (Conduct 2); rates are per second."""

    connections_per_address: int = 2
    new_per_second: float = 1.0
    connections_per_prefix: int = 4
    queries_per_second: float = 10.0


class Spacing:
    """Lets one thing per interval go for each key, with a burst of `burst` that has been saved up."""

    def __init__(self, per_second: float, burst: int = 1) -> None:
        self._interval = 1 / per_second
        self._saved = (burst - 1) * self._interval
        self._next: OrderedDict[Hashable, float] = OrderedDict()
        self._last: dict[Hashable, float] = {}

    async def turn(self, key: Hashable) -> None:
        """Wait until it is this key's turn. Turns that we were late for do not bunch together."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = max(self._next.pop(key, 0.0), self._after_last(key), now - self._saved)
        self._next[key] = due + self._interval
        self._forget(now)
        while due > now:
            await asyncio.sleep(due - now)
            now = loop.time()
            due = self._after_last(key)
        self._last[key] = now

    def _after_last(self, key: Hashable) -> float:
        return self._last.get(key, 0.0) + self._interval - self._saved

    def _forget(self, now: float) -> None:
        """Forget idle keys above the cap, the least recently used first; a busy one is looked at again later."""
        while len(self._next) > REMEMBERED:
            key, due = next(iter(self._next.items()))
            if due > now:
                self._next.move_to_end(key)
                return
            del self._next[key]
            self._last.pop(key, None)


class Places:
    """At most so many holders at once for each key; a key nobody holds or wants takes no memory."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._places: dict[Hashable, tuple[asyncio.Semaphore, list[int]]] = {}

    @asynccontextmanager
    async def hold(self, key: Hashable) -> AsyncIterator[None]:
        """Hold one place of this key."""
        semaphore, users = self._places.setdefault(key, (asyncio.Semaphore(self._count), [0]))
        users[0] += 1
        try:
            async with semaphore:
                yield
        finally:
            users[0] -= 1
            if not users[0]:
                del self._places[key]


class Pace:
    """The pace of everything sent straight to somebody: connections and questions to name servers."""

    def __init__(self, limits: PaceLimits) -> None:
        self._at_once = Places(limits.connections_per_address)
        self._at_once_in_prefix = Places(limits.connections_per_prefix)
        self._new = Spacing(limits.new_per_second)
        self._questions = Spacing(limits.queries_per_second)
        self._questions_in_prefix = Spacing(limits.queries_per_second, burst=round(max(1, limits.queries_per_second)))

    @asynccontextmanager
    async def connection(self, address: Address) -> AsyncIterator[None]:
        """Hold a connection's place at an address and in its network, and wait for its turn to be opened."""
        async with self._at_once.hold(address), self._at_once_in_prefix.hold(prefix_of(address)):
            await self._new.turn(address)
            yield

    async def question(self, server: Address) -> None:
        """Wait for the turn of one question to a name server."""
        await self._questions_in_prefix.turn(prefix_of(server))
        await self._questions.turn(server)
