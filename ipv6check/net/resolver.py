"""DNS over a few long-lived UDP sockets and over TCP: to the validating resolver, and straight to name servers.

Answers are matched on source address, port, id and question; what does not match, or is no message, is ignored until the
deadline, so that a forged packet that comes first does not win (CVE-2023-29483). A deadline starts when the packet is sent.
"""

import asyncio
import random
import socket
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from ipv6check.addressing import Address
from ipv6check.facts import Answer, DnsTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.failure import from_error, printable
from ipv6check.net.guard import DNS_PORT, Guard
from ipv6check.net.pace import Pace

SOCKETS_PER_FAMILY: Final = 8
IN_FLIGHT_PER_SOCKET: Final = 128
OVER_TCP_AT_ONCE: Final = 64
SENDS_PER_SOCKET: Final = 4096
"""After so many questions a socket is replaced, and with it the port a forger would have to guess."""

TO_SERVERS: Final = ((0.0, True), (1.0, True), (3.0, False))
"""When a question to a name server is sent (seconds) and whether with EDNS (RFC 8906: without, before "no reply" is said)."""

WITHOUT_EDNS: Final = ((0.0, False), (2.0, False))
SERVER_DEADLINE: Final = 5.0
TO_RESOLVER: Final = ((0.0, True), (5.0, True))
RESOLVER_DEADLINE: Final = 15.0
TCP_DEADLINE: Final = 8.5
PARSED_INLINE: Final = 8192
"""Octets of a message above which it is read in a thread: 64 KiB of records would stop everything for most of a second."""

REFUSES_EDNS: Final = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
UDP_SIZE: Final = 65_535

Key = tuple[str, int, int]
"""Host, port and message id: what a reply must come from and carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask: of whom, and how."""

    server: Address
    name: str
    type: str
    recursion: bool = False
    checking_disabled: bool = False


@dataclass(slots=True)
class _Reply:
    """What came: the message (read, unless it is large), when its question was sent, when it came."""

    message: bytes
    answer: Answer | None
    sent: float
    received: float
    edns: bool


@dataclass(slots=True)
class _Pending:
    """One try waiting for its reply."""

    question: Question
    section: bytes
    reply: "asyncio.Future[_Reply]"
    sent: dict[Key, tuple[float, bool]] = field(default_factory=dict)
    malformed: str = ""

    def take(self, message: bytes, key: Key, received: float) -> None:
        """Take a message that came to this key, if it is the reply."""
        if self.reply.done() or not wire.answers(message, key[2], self.section):
            return
        answer = None
        if len(message) <= PARSED_INLINE:
            try:
                answer = wire.read(message, self.question.name, self.question.type)
            except wire.Malformed as error:
                self.malformed = printable(str(error)) or "no DNS message"
                return
        self.reply.set_result(_Reply(message, answer, *self._sent_at(key, received)))

    def _sent_at(self, key: Key, received: float) -> tuple[float, float, bool]:
        sent, edns = self.sent[key]
        return sent, received, edns


class _UdpSocket:
    """One unconnected UDP socket with many questions in flight."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self.sock = sock
        self.sends = 0
        self.waiting: dict[Key, _Pending] = {}
        self._loop = loop
        loop.add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        if self.sock.fileno() >= 0:
            self._loop.remove_reader(self.sock.fileno())
            self.sock.close()

    def free_key(self, host: str, port: int) -> Key:
        """A key with a random id that is not in flight to that address."""
        while (key := (host, port, random.getrandbits(16))) in self.waiting:
            pass
        return key

    def _readable(self) -> None:
        for _ in range(64):
            try:
                message, source = self.sock.recvfrom(UDP_SIZE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            key = (source[0], source[1], int.from_bytes(message[:2], "big"))
            if (pending := self.waiting.get(key)) is not None:
                pending.take(message, key, self._loop.time())


class _UdpPool:
    """The sockets of one family: the least busy is taken, old ones are replaced when they have nothing in flight."""

    def __init__(self, guard: Guard, version: int) -> None:
        self._guard = guard
        self._version = version
        self._sockets: list[_UdpSocket] = []
        self.places = asyncio.Semaphore(SOCKETS_PER_FAMILY * IN_FLIGHT_PER_SOCKET)

    def pick(self, other_than: Sequence[_UdpSocket]) -> _UdpSocket:
        """Take a socket, not one that this try used before. Raises OSError when none can be opened."""
        for old in [s for s in self._sockets if s.sends >= SENDS_PER_SOCKET and not s.waiting]:
            old.close()
            self._sockets.remove(old)
        while len(self._sockets) < SOCKETS_PER_FAMILY:
            self._sockets.append(_UdpSocket(self._guard.udp_socket(self._version), asyncio.get_running_loop()))
        fresh = [s for s in self._sockets if s not in other_than] or self._sockets
        return min(fresh, key=lambda s: (s.sends >= SENDS_PER_SOCKET, len(s.waiting), random.random()))

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()


class _Exchange:
    """One try over UDP: the sends of its schedule, each from another socket, until the first true reply."""

    def __init__(self, question: Question, host: str, pool: _UdpPool, guard: Guard, pace: Pace) -> None:
        self._question = question
        self._host = host
        self._pool = pool
        self._guard = guard
        self._pace = None if question.recursion else pace
        case_bits = 0 if question.recursion else random.getrandbits(64)
        section = wire.question(question.name, question.type, case_bits)
        self._pending = _Pending(question, section, asyncio.get_running_loop().create_future())
        self._used: list[tuple[_UdpSocket, Key]] = []

    async def run(self, schedule: Sequence[tuple[float, bool]], deadline: float) -> DnsTry:
        """Send at the schedule's times (seconds, with EDNS or not) and give up at the deadline."""
        await self._turn()
        start, failure, edns = datetime.now(UTC), None, True
        ends = [*(at for at, _ in schedule[1:]), deadline]
        try:
            for (at, edns), until in zip(schedule, ends, strict=True):
                if self._used:
                    await self._turn()
                if self._pending.reply.done() or (failure := self._send(edns)) is not None:
                    break
                await asyncio.wait([self._pending.reply], timeout=until - at)
        finally:
            for sock, key in self._used:
                sock.waiting.pop(key, None)
        sends = len(self._used)
        if self._pending.reply.done():
            return replace(await _received(self._question, self._pending.reply.result(), start), sends=sends)
        if failure is None and self._pending.malformed:
            failure = Failure(kind=FailureKind.MALFORMED, stage=Stage.DNS, detail=self._pending.malformed)
        failure = failure or Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS, detail="no reply")
        return replace(_try(self._question, start, failure=failure, edns=edns), sends=sends)

    async def _turn(self) -> None:
        """Wait for the pace, or for the reply if that comes first."""
        if self._pace is None:
            return
        turn = asyncio.create_task(self._pace.question(self._question.server))
        waiting: list[asyncio.Future[Any]] = [turn, self._pending.reply]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        turn.cancel()

    def _send(self, edns: bool) -> Failure | None:
        host, question = str(self._question.server), self._question
        try:
            sock = self._pool.pick([sock for sock, _ in self._used])
        except OSError as error:
            return from_error(error, Stage.DNS)
        key = sock.free_key(host, DNS_PORT)
        sock.waiting[key] = self._pending
        sock.sends += 1
        self._used.append((sock, key))
        self._pending.sent[key] = (asyncio.get_running_loop().time(), edns)
        message = wire.query(
            self._pending.section,
            key[2],
            recursion=question.recursion,
            checking_disabled=question.checking_disabled,
            edns=edns,
        )
        return self._guard.send(sock.sock, message, question.server, DNS_PORT, self._host)


class Dns:
    """Asks DNS questions. One per network; `close` it."""

    def __init__(self, guard: Guard, pace: Pace) -> None:
        self._guard = guard
        self._pace = pace
        self._pools = {4: _UdpPool(guard, 4), 6: _UdpPool(guard, 6)}
        self._tcp_places = asyncio.Semaphore(OVER_TCP_AT_ONCE)

    def close(self) -> None:
        """Close every socket."""
        for pool in self._pools.values():
            pool.close()

    async def udp(self, question: Question, host: str = "") -> DnsTry:
        """Ask over UDP, and over TCP what comes back truncated. `host` is the server's name, for the opt-out list."""
        schedule, deadline = (TO_RESOLVER, RESOLVER_DEADLINE) if question.recursion else (TO_SERVERS, SERVER_DEADLINE)
        async with self._pools[question.server.version].places:
            tried = await self._exchange(question, host).run(schedule, deadline)
            refused = tried.answer.rcode if tried.answer is not None else ""
            if tried.edns and refused in REFUSES_EDNS:
                plain = await self._exchange(question, host).run(WITHOUT_EDNS, deadline)
                tried = replace(plain, start=tried.start, edns_refused=refused)
        if tried.answer is None or not tried.answer.truncated:
            return tried
        over_tcp = await self.tcp(question, host)
        return replace(over_tcp, start=tried.start, transport="udp", truncated=True, edns=tried.edns)

    def _exchange(self, question: Question, host: str) -> _Exchange:
        return _Exchange(question, host, self._pools[question.server.version], self._guard, self._pace)

    async def tcp(self, question: Question, host: str = "") -> DnsTry:
        """Ask over TCP on a fresh connection."""
        holding = nullcontext() if question.recursion else self._pace.connection(question.server)
        async with self._tcp_places, holding:
            return await self._tcp(question, host)

    async def _tcp(self, question: Question, host: str) -> DnsTry:
        loop = asyncio.get_running_loop()
        start, began = datetime.now(UTC), loop.time()
        sock = await self._guard.connect(question.server, DNS_PORT, timeout=TCP_DEADLINE, name=host)
        if isinstance(sock, Failure):
            return replace(_try(question, start, failure=sock), transport="tcp")
        section = wire.question(question.name, question.type)
        message_id = random.getrandbits(16)
        message = wire.query(section, message_id, recursion=question.recursion, checking_disabled=question.checking_disabled)
        try:
            async with asyncio.timeout(TCP_DEADLINE):
                with sock:
                    await loop.sock_sendall(sock, len(message).to_bytes(2, "big") + message)
                    reply = await _read_exactly(sock, int.from_bytes(await _read_exactly(sock, 2), "big"))
            if not wire.answers(reply, message_id, section):
                failure = Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail="not the reply to this question")
                return replace(_try(question, start, failure=failure), transport="tcp")
            received = await _received(question, _Reply(reply, None, began, loop.time(), True), start)
        except (OSError, asyncio.IncompleteReadError) as error:
            received = _try(question, start, failure=from_error(error, Stage.DNS))
        return replace(received, transport="tcp")


async def _received(question: Question, reply: _Reply, start: datetime) -> DnsTry:
    answer = reply.answer
    if answer is None:
        try:
            answer = await asyncio.to_thread(wire.read, reply.message, question.name, question.type)
        except wire.Malformed as error:
            failure = Failure(kind=FailureKind.MALFORMED, stage=Stage.DNS, detail=printable(str(error)))
            return _try(question, start, failure=failure, edns=reply.edns)
    return _try(question, start, answer=answer, edns=reply.edns, took=reply.received - reply.sent)


async def _read_exactly(sock: socket.socket, count: int) -> bytes:
    loop, left = asyncio.get_running_loop(), count
    parts: list[bytes] = []
    while left:
        part = await loop.sock_recv(sock, left)
        if not part:
            raise asyncio.IncompleteReadError(b"".join(parts), count)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _try(
    question: Question,
    start: datetime,
    *,
    answer: Answer | None = None,
    failure: Failure | None = None,
    edns: bool = True,
    took: float | None = None,
) -> DnsTry:
    return DnsTry(
        start=start,
        end=datetime.now(UTC),
        server=question.server,
        checking_disabled=question.checking_disabled,
        edns=edns,
        answer=answer,
        failure=failure,
        seconds_to_answer=took,
    )
