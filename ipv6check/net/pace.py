"""How gently others are treated: evenly spaced questions and connections, few at once, per address and per network.

asyncio-throttle admits work in the feeding loop; it lets a whole second's worth go at once, so this pace is ours.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import ExitStack
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


@dataclass(slots=True)
class _Times:
    """Of one key: when the next turn may be, and when the last one was (loop time)."""

    next: float = 0.0
    last: float = 0.0


class Spacing:
    """Lets one thing per interval go for each key, with a burst of `burst` that has been saved up."""

    def __init__(self, per_second: float, burst: int = 1) -> None:
        self._interval = 1 / per_second
        self._saved = (burst - 1) * self._interval
        self._times: OrderedDict[Hashable, _Times] = OrderedDict()

    def reserve(self, key: Hashable, now: float) -> tuple[_Times, float]:
        """Reserve the key's next turn; return its times and when that turn is."""
        times = self._times.pop(key, None) or _Times()
        self._times[key] = times
        due = max(times.next, self.after(times.last), now - self._saved)
        times.next = due + self._interval
        self._forget(now)
        return times, due

    def after(self, last: float) -> float:
        """When the next turn may be after the last one."""
        return last + self._interval - self._saved

    def _forget(self, now: float) -> None:
        """Forget idle keys above the cap, the least recently used first; a busy one is looked at again later."""
        while len(self._times) > REMEMBERED:
            key, times = next(iter(self._times.items()))
            if times.next > now:
                self._times.move_to_end(key)
                return
            del self._times[key]


async def turn(*wanted: tuple[Spacing, Hashable]) -> None:
    """Wait until it is the turn of these keys, of each by its own spacing, at the same moment.

    Turns that we were late for do not bunch together.
    """
    loop = asyncio.get_running_loop()
    due = now = loop.time()
    reserved = []
    for spacing, key in wanted:
        times, own = spacing.reserve(key, now)
        reserved.append((spacing, times))
        due = max(due, own)
    while due > now:
        await asyncio.sleep(due - now)
        now = loop.time()
        due = max(spacing.after(times.last) for spacing, times in reserved)
    for _, times in reserved:
        times.last = now


class Places:
    """At most so many holders at once for each key; a key nobody holds or wants takes no memory."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._places: dict[Hashable, tuple[asyncio.Semaphore, list[int]]] = {}

    async def take(self, key: Hashable) -> None:
        """Take one place of this key, to be given back."""
        semaphore, users = self._places.setdefault(key, (asyncio.Semaphore(self._count), [0]))
        users[0] += 1
        try:
            await semaphore.acquire()
        except BaseException:
            self._forget(key)
            raise

    def give_back(self, key: Hashable) -> None:
        """Give back a place that was taken."""
        self._places[key][0].release()
        self._forget(key)

    def _forget(self, key: Hashable) -> None:
        """Forget one who held or wanted a place, and the key with the last."""
        users = self._places[key][1]
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

    async def connection(self, address: Address, *, asks: bool = False) -> ExitStack:
        """Hold a connection's place at an address and in its network until what is returned is closed; wait for its turn.

        `asks`: it is a question to a name server too.
        """
        with ExitStack() as held:
            for places, key in ((self._at_once, address), (self._at_once_in_prefix, prefix_of(address))):
                await places.take(key)
                held.callback(places.give_back, key)
            await turn((self._new, address), *(self._question(address) if asks else ()))
            return held.pop_all()

    async def question(self, server: Address) -> None:
        """Wait for the turn of one question to a name server."""
        await turn(*self._question(server))

    def _question(self, server: Address) -> tuple[tuple[Spacing, Hashable], ...]:
        return (self._questions_in_prefix, prefix_of(server)), (self._questions, server)
