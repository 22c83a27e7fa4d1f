"""DNS over UDP and over TCP: to the validating resolver, and straight to name servers."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from ipv6check.facts import DnsTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.failure import from_error, printable
from ipv6check.net.guard import DNS_PORT, Guard
from ipv6check.net.line import READ_SIZE
from ipv6check.net.pace import Pace
from ipv6check.net.question import Question, Reader, dns_try
from ipv6check.net.udp import Exchange, Schedule, UdpPool

OVER_TCP_AT_ONCE: Final = 64

TO_SERVERS: Final = ((0.0, True), (1.0, True), (3.0, False))
"""When a question to a name server is sent (seconds) and whether with EDNS (RFC 8906: without, before "no reply" is said).

What goes without EDNS is as plain as can be, and so in lower case: a few servers do not give mixed case back.
"""

WITH_EDNS: Final = ((0.0, True), (1.0, True), (3.0, True))
"""When EDNS itself is what is asked about."""

WITHOUT_EDNS: Final = ((0.0, False), (2.0, False))
SERVER_DEADLINE: Final = 5.0
TO_RESOLVER: Final = ((0.0, True), (5.0, True))
RESOLVER_DEADLINE: Final = 15.0
TCP_DEADLINE: Final = 8.5
REFUSES_EDNS: Final = frozenset({"FORMERR", "NOTIMP", "BADVERS"})


class Dns:
    """Asks DNS questions. One per network; `close` it."""

    def __init__(self, guard: Guard, pace: Pace) -> None:
        self._guard = guard
        self._pace = pace
        self._pools = {4: UdpPool(guard, 4), 6: UdpPool(guard, 6)}
        self._tcp_places = asyncio.Semaphore(OVER_TCP_AT_ONCE)
        self._reader = Reader()

    def close(self) -> None:
        """Close every socket."""
        self._reader.close()
        for pool in self._pools.values():
            pool.close()

    async def udp(self, question: Question, host: str = "") -> DnsTry:
        """Ask over UDP, and over TCP what comes back truncated. `host` is the server's name, for the opt-out list."""
        schedule, deadline = (TO_RESOLVER, RESOLVER_DEADLINE) if question.recursion else (TO_SERVERS, SERVER_DEADLINE)
        if question.variant == "edns-1":
            schedule = WITH_EDNS
        tried = await self._exchange(question, host, schedule, deadline)
        tried = await _or_plain(tried, question, lambda: self._exchange(question, host, WITHOUT_EDNS, deadline))
        if tried.answer is None or not tried.answer.truncated:
            return tried
        over_tcp = await self.tcp(question, host)
        return replace(
            over_tcp,
            start=tried.start,
            transport="udp",
            truncated=True,
            edns=tried.edns,
            edns_refused=tried.edns_refused,
            sends=tried.sends + over_tcp.sends,
        )

    async def _exchange(self, question: Question, host: str, schedule: Schedule, deadline: float) -> DnsTry:
        """Make one exchange; who waits for a server's pace does not hold a place meanwhile."""
        pool = self._pools[question.server.version]
        exchange = Exchange(question, host, pool, self._guard, self._pace, self._reader)
        await exchange.turn()
        async with pool.places:
            return await exchange.run(schedule, deadline)

    async def tcp(self, question: Question, host: str = "") -> DnsTry:
        """Ask over TCP on a fresh connection, and without EDNS where the server refuses that."""
        tried = await self._over_tcp(question, host, edns=True)
        return await _or_plain(tried, question, lambda: self._over_tcp(question, host, edns=False))

    async def _over_tcp(self, question: Question, host: str, *, edns: bool) -> DnsTry:
        with nullcontext() if question.recursion else await self._pace.connection(question.server, asks=True):
            async with self._tcp_places:
                return await self._tcp(question, host, edns)

    async def _tcp(self, question: Question, host: str, edns: bool) -> DnsTry:
        section, message_id = wire.question(question.name, question.type), random.getrandbits(16)
        message = question.message(section, message_id, edns=edns)
        loop, start, answer, took = asyncio.get_running_loop(), datetime.now(UTC), None, None
        began = loop.time()
        sock = await self._guard.connect(question.server, DNS_PORT, timeout=TCP_DEADLINE, name=host)
        if isinstance(sock, Failure):
            return replace(dns_try(question, start, failure=sock), transport="tcp")
        failure = None
        try:
            reply = await _converse(sock, message)
            if wire.answers(reply, message_id, section):
                took = loop.time() - began
                answer = await self._reader.read_aside(reply, question)
            else:
                failure = Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail="not the reply to this question")
        except wire.Malformed as error:
            failure = Failure(kind=FailureKind.MALFORMED, stage=Stage.DNS, detail=printable(str(error)))
        except (OSError, asyncio.IncompleteReadError) as error:
            failure = from_error(error, Stage.DNS)
        took = took if answer is not None else None
        return replace(dns_try(question, start, answer=answer, failure=failure, edns=edns, took=took), transport="tcp")


async def _or_plain(tried: DnsTry, question: Question, ask_plain: Callable[[], Awaitable[DnsTry]]) -> DnsTry:
    """The try, or one without EDNS where the server refuses that and the question is not about it."""
    refused = tried.answer.rcode if tried.answer is not None else ""
    if not tried.edns or refused not in REFUSES_EDNS or question.variant == "edns-1":
        return tried
    plain = await ask_plain()
    return replace(plain, start=tried.start, edns_refused=refused, sends=tried.sends + plain.sends)


async def _converse(sock: socket.socket, message: bytes) -> bytes:
    """Send a question over a connection, read the reply, close. Raises OSError, IncompleteReadError."""
    loop, came = asyncio.get_running_loop(), bytearray()
    with sock:
        async with asyncio.timeout(TCP_DEADLINE):
            await loop.sock_sendall(sock, len(message).to_bytes(2, "big") + message)
            while len(came) < (end := 2 + int.from_bytes(came[:2], "big")):
                part = await loop.sock_recv(sock, READ_SIZE)
                if not part:
                    raise asyncio.IncompleteReadError(bytes(came), end)
                came += part
    return bytes(came[2:end])
