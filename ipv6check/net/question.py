"""A DNS question, how its replies are read, and the try that comes of it: the same over UDP and TCP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import Answer, DnsTry
from ipv6check.model import Failure
from ipv6check.net import wire
from ipv6check.net.api import Variant
from ipv6check.net.turns import short_turns

PARSED_INLINE: Final = 2048
"""Octets of a message above which it is read in a thread: 64 KiB of records would stop everything for most of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask: of whom, and how. `recursion`: of the resolver, which is to find out; else of a name server."""

    server: Address
    name: str
    type: str
    recursion: bool = False
    checking_disabled: bool = False
    variant: Variant = ""

    def message(self, section: bytes, message_id: int, *, edns: bool = True) -> bytes:
        """The query around a question section."""
        return wire.query(
            section,
            message_id,
            recursion=self.recursion or self.variant == "recursion",
            checking_disabled=self.checking_disabled,
            edns=edns,
            edns_version=1 if self.variant == "edns-1" else 0,
        )


class Reader:
    """Reads messages: small ones at once, large ones one after another in a thread, since several would stop us all."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "dns-reader")

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def read(self, message: bytes, question: Question) -> Answer:
        """Read a message here and now. Raises `Malformed`."""
        return wire.read(message, question.name, question.type)

    async def read_aside(self, message: bytes, question: Question) -> Answer:
        """Read a message in the thread if it is large. Raises `Malformed`."""
        if len(message) <= PARSED_INLINE:
            return self.read(message, question)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read_aside, message, question)

    def _read_aside(self, message: bytes, question: Question) -> Answer:
        with short_turns():
            return self.read(message, question)


def dns_try(
    question: Question,
    start: datetime,
    *,
    answer: Answer | None = None,
    failure: Failure | None = None,
    edns: bool = True,
    took: float | None = None,
    sends: int = 1,
) -> DnsTry:
    """A try that ends now. `took` are the seconds from the packet that was answered."""
    return DnsTry(
        start=start,
        end=datetime.now(UTC),
        server=question.server,
        checking_disabled=question.checking_disabled,
        edns=edns,
        answer=answer,
        failure=failure,
        seconds_to_answer=took,
        sends=sends,
    )
