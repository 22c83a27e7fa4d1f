"""The watch on ourselves: looks before, during and after a run, on a clock and whenever failures come in a row."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from time import monotonic
from typing import Final

from ipv6check.facts import FAMILIES, VantageFacts, When
from ipv6check.net.api import RunNetwork
from ipv6check.probes.vantage import Controls, look
from ipv6check.tries import WITNESSES, Witness, is_good, share_of_canaries

log = logging.getLogger(__name__)

SHORTEST_GAP: Final = 5.0
"""Seconds between two looks however many failures come: the canaries belong to others. An outage that begins right after a good
look and lasts longer than this and the failures that tell of it is seen."""

FRESH: Final = 10.0
"""Seconds that a look may be old before a further try: else all tries could fall into one outage of ours."""

GAP_IN_TROUBLE: Final = 15.0
"""Seconds between looks while something of ours is lost."""


class Watch:
    """Keeps the timeline of a run. `lost` is what worked when the run began and does not now."""

    def __init__(
        self,
        network: RunNetwork,
        controls: Controls,
        interval: float,
        keep: Callable[[VantageFacts, int], Awaitable[None]],
        earlier: Sequence[VantageFacts] = (),
    ) -> None:
        self._network = network
        self._controls = controls
        self._interval = interval
        self._keep = keep
        self._session = network.session(for_vantage=True)
        self._trouble = asyncio.Event()
        self._taking = asyncio.Lock()
        self._begun = -inf
        self.samples: tuple[VantageFacts, ...] = tuple(earlier)
        self._had: set[Witness] = _working(self.samples[0]) if self.samples else set()
        self.lost: set[Witness] = set()
        self.on_sample: Callable[[VantageFacts], Awaitable[None]] = _nothing

    async def take(self, when: When) -> VantageFacts:
        """Look at ourselves now."""
        async with self._taking:
            return await self._take(when)

    async def renew(self, waited: float) -> None:
        """Look at ourselves before a further try, unless a fresh look was begun in the seconds waited since the one before."""
        since = monotonic() - min(waited, FRESH)
        async with self._taking:
            if self._begun < since:
                await self._take("during")

    async def run(self) -> None:
        """Take looks on the clock, and after trouble, until cancelled."""
        self._network.on_trouble = lambda way: self._trouble.set()
        while True:
            try:
                async with asyncio.timeout(GAP_IN_TROUBLE if self.lost else self._interval):
                    await self._trouble.wait()
            except TimeoutError:
                pass
            self._trouble.clear()
            await self.take("during")
            await asyncio.sleep(min(SHORTEST_GAP, self._interval))

    async def _take(self, when: When) -> VantageFacts:
        self._begun, number = monotonic(), len(self.samples)
        sample = await look(self._controls, self._session, when, number)
        self.samples = (*self.samples, sample)
        await self._keep(sample, number + 1)
        self._conclude(sample)
        await self.on_sample(sample)
        return sample

    def _conclude(self, sample: VantageFacts) -> None:
        """Say which families are down, and what was lost since the run began."""
        working = _working(sample)
        if len(self.samples) == 1:
            self._had = working
        self._network.down.clear()
        self._network.down.update(family for family in FAMILIES if not share_of_canaries(sample.canaries, family))
        lost = self._had - working
        if lost != self.lost:
            log.warning("this vantage: %s", f"lost {', '.join(sorted(lost))}" if lost else "all is well again")
        self.lost = lost


async def _nothing(sample: VantageFacts) -> None:
    """What is done with a look when nobody asked for more."""


def _working(sample: VantageFacts) -> set[Witness]:
    """What of ourselves works by one look."""
    return {witness for witness in WITNESSES if is_good(sample, witness)}
