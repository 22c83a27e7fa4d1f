"""Subjects that several targets share, such as a zone: looked at once, by whoever comes first."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from ipv6check.net.api import RunNetwork, SessionNet

KEPT: Final = 512
"""Shared subjects kept in memory; older ones are read again from the store."""

Recall = Callable[[str], Awaitable[dict[str, tuple[Any, int]]]]
"""What was last seen of a subject, by probe, with its sequence number."""


@dataclass(slots=True)
class SharedSubject:
    """What is known of one subject: facts and sequence by probe, and when each probe's next look may be.

    `basis` is what each probe's last look rested on: the sequence numbers of the probes before it.
    """

    session: SessionNet
    facts: dict[str, tuple[Any, int]]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    not_before: dict[str, float] = field(default_factory=dict)
    basis: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def sequences(self, probes: Iterable[str]) -> tuple[int, ...]:
        """How often each of some probes has seen something new."""
        return tuple(self.facts[probe][1] for probe in probes if probe in self.facts)


class SharedSubjects:
    """The shared subjects of a run, the least recently used forgotten. `is_resumed`: any may have been looked at before."""

    def __init__(self, network: RunNetwork, recall: Recall, *, is_resumed: bool) -> None:
        self._network = network
        self._recall = recall
        self._is_resumed = is_resumed
        self._known: OrderedDict[str, SharedSubject] = OrderedDict()
        self._forgotten: set[str] = set()
        self._loading = asyncio.Lock()

    async def get(self, subject: str) -> SharedSubject:
        """The subject, as it was left."""
        async with self._loading:
            known = self._known.get(subject)
            if known is None:
                is_in_store = self._is_resumed or subject in self._forgotten
                facts = await self._recall(subject) if is_in_store else {}
                known = SharedSubject(self._network.session(), facts)
                self._known[subject] = known
                self._forget()
            self._known.move_to_end(subject)
            return known

    def _forget(self) -> None:
        for subject in list(islice(self._known, max(0, len(self._known) - KEPT))):
            if not self._known[subject].lock.locked():
                del self._known[subject]
                self._forgotten.add(subject)
