"""DNS over a few long-lived UDP sockets and over TCP: to the validating resolver, and straight to name servers.

Answers are matched on source address, port, id and question; what does not match, or is no message, is ignored until the
deadline, so that a forged packet that comes first does not win (CVE-2023-29483). A deadline starts when the packet is sent.
"""

import asyncio
import random
import socket
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from ipv6check.addressing import Address, text_of
from ipv6check.facts import Answer, DnsTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.api import Variant
from ipv6check.net.failure import from_error, printable
from ipv6check.net.guard import DNS_PORT, Guard
from ipv6check.net.pace import Pace

SOCKETS_PER_FAMILY: Final = 8
IN_FLIGHT_PER_SOCKET: Final = 128
OVER_TCP_AT_ONCE: Final = 64
SENDS_PER_SOCKET: Final = 4096
"""After so many questions a socket is replaced, and with it the port a forger would have to guess."""

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
PARSED_INLINE: Final = 2048
"""Octets of a message above which it is read in a thread: 64 KiB of records would stop everything for most of a second."""

PARSED_ASIDE: Final = 4
"""So many large replies to one question are read at the same time; forgers may send more."""

THREAD_TURN: Final = 0.0005
"""Seconds that a thread keeps the interpreter: with Python's own 5 ms every packet would wait that long beside the reader."""

READING_TURN: Final = 0.002
"""Seconds after which a socket with many replies lets others have their turn."""

REFUSES_EDNS: Final = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
UDP_SIZE: Final = 65_535

Key = tuple[str, int, int]
"""Host, port and message id: what a reply must come from and carry."""


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


@dataclass(frozen=True, slots=True)
class _Sent:
    """A question as it went out: when (loop time), with EDNS or not, its question section to the letter."""

    at: float
    edns: bool
    section: bytes


@dataclass(frozen=True, slots=True)
class _Reply:
    """The true reply: what it says, when it came, what it replies to."""

    answer: Answer
    received: float
    to: _Sent


class _Reader:
    """Reads messages: small ones at once, large ones one after another in a thread, since several would stop us all."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "dns-reader")
        sys.setswitchinterval(min(sys.getswitchinterval(), THREAD_TURN))

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def read(self, message: bytes, question: Question) -> Answer:
        """Read a message here and now. Raises `Malformed`."""
        return wire.read(message, question.name, question.type)

    async def read_aside(self, message: bytes, question: Question) -> Answer:
        """Read a message in the thread if it is large. Raises `Malformed`."""
        if len(message) <= PARSED_INLINE:
            return self.read(message, question)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.read, message, question)


@dataclass(slots=True)
class _Pending:
    """One try waiting for its reply."""

    question: Question
    reader: _Reader
    reply: "asyncio.Future[_Reply]"
    sent: dict[Key, _Sent] = field(default_factory=dict)
    malformed: str = ""
    reading: "set[asyncio.Task[None]]" = field(default_factory=set)

    def take(self, message: bytes, key: Key, received: float) -> None:
        """Take a message that came to this key, if it is the reply."""
        sent = self.sent[key]
        if self.reply.done() or not wire.answers(message, key[2], sent.section):
            return
        if len(message) <= PARSED_INLINE:
            try:
                self._believe(_Reply(self.reader.read(message, self.question), received, sent))
            except wire.Malformed as error:
                self._note(error)
        elif len(self.reading) < PARSED_ASIDE:
            task = asyncio.create_task(self._take_aside(message, received, sent))
            self.reading.add(task)
            task.add_done_callback(self.reading.discard)

    async def _take_aside(self, message: bytes, received: float, sent: _Sent) -> None:
        """Take a large message: like a small one it may be a forger's, and broken."""
        try:
            self._believe(_Reply(await self.reader.read_aside(message, self.question), received, sent))
        except wire.Malformed as error:
            self._note(error)

    def _believe(self, reply: _Reply) -> None:
        if not self.reply.done():
            self.reply.set_result(reply)

    def _note(self, error: Exception) -> None:
        self.malformed = printable(str(error)) or "no DNS message"


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
        until = time.monotonic() + READING_TURN
        while time.monotonic() < until:
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
    """The sockets of one family: the least busy is taken, old ones are replaced."""

    def __init__(self, guard: Guard, version: int) -> None:
        self._guard = guard
        self._version = version
        self._sockets: list[_UdpSocket] = []
        self._retired: list[_UdpSocket] = []
        self.places = asyncio.Semaphore(SOCKETS_PER_FAMILY * IN_FLIGHT_PER_SOCKET)

    def pick(self, other_than: Sequence[_UdpSocket]) -> _UdpSocket:
        """Take a socket, not one that this try used before. Raises OSError when there is none and none can be opened."""
        self._retire()
        try:
            while len(self._sockets) < SOCKETS_PER_FAMILY:
                self._sockets.append(_UdpSocket(self._guard.udp_socket(self._version), asyncio.get_running_loop()))
        except OSError:
            if not self._sockets:
                raise
        fresh = [s for s in self._sockets if s not in other_than] or self._sockets
        return min(fresh, key=lambda s: (len(s.waiting), random.random()))

    def _retire(self) -> None:
        """Take old sockets out of use; one that still waits for replies stays open until it has them."""
        old = [s for s in self._sockets if s.sends >= SENDS_PER_SOCKET]
        self._sockets = [s for s in self._sockets if s not in old]
        waiting = []
        for sock in (*self._retired, *old):
            if sock.waiting:
                waiting.append(sock)
            else:
                sock.close()
        self._retired = waiting

    def close(self) -> None:
        for sock in (*self._sockets, *self._retired):
            sock.close()
        self._sockets.clear()
        self._retired.clear()


class _Exchange:
    """One try over UDP: the sends of its schedule, each from another socket, until the first true reply."""

    def __init__(self, question: Question, host: str, pool: _UdpPool, guard: Guard, pace: Pace, reader: _Reader) -> None:
        self._question = question
        self._host = host
        self._pool = pool
        self._guard = guard
        self._pace = None if question.recursion else pace
        case_bits = 0 if question.recursion else random.getrandbits(64)
        self._plain = wire.question(question.name, question.type)
        self._mixed = wire.question(question.name, question.type, case_bits)
        self._pending = _Pending(question, reader, asyncio.get_running_loop().create_future())
        self._used: list[tuple[_UdpSocket, Key]] = []

    async def run(self, schedule: Sequence[tuple[float, bool]], deadline: float) -> DnsTry:
        """Send at the schedule's times (seconds, with EDNS or not) and give up at the deadline. Take a `turn` before."""
        start, failure, edns, reply = datetime.now(UTC), None, True, self._pending.reply
        ends = [*(at for at, _ in schedule[1:]), deadline]
        try:
            for (at, edns), until in zip(schedule, ends, strict=True):
                if self._used:
                    await self.turn()
                if reply.done() or (failure := self._send(edns)) is not None:
                    break
                await asyncio.wait([reply], timeout=until - at)
            if self._pending.reading and not reply.done():
                await asyncio.wait(self._pending.reading)
        finally:
            for sock, key in self._used:
                sock.waiting.pop(key, None)
            for reading in self._pending.reading:
                reading.cancel()
        if reply.done():
            tried = _answered(self._question, reply.result(), start)
        else:
            tried = _try(self._question, start, failure=failure or self._silence(), edns=edns)
        return replace(tried, sends=len(self._used))

    async def turn(self) -> None:
        """Wait for the pace, or for the reply if that comes first."""
        if self._pace is None:
            return
        if not self._used:  # nobody can reply yet
            await self._pace.question(self._question.server)
            return
        turn = asyncio.create_task(self._pace.question(self._question.server))
        waiting: list[asyncio.Future[Any]] = [turn, self._pending.reply]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turn.cancel()

    def _silence(self) -> Failure:
        """What to say when no true reply came."""
        if self._pending.malformed:
            return Failure(kind=FailureKind.MALFORMED, stage=Stage.DNS, detail=self._pending.malformed)
        return Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS, detail="no reply")

    def _send(self, edns: bool) -> Failure | None:
        host, question = text_of(self._question.server), self._question
        try:
            sock = self._pool.pick([sock for sock, _ in self._used])
        except OSError as error:
            return from_error(error, Stage.DNS)
        key, section = sock.free_key(host, DNS_PORT), self._mixed if edns else self._plain
        message = question.message(section, key[2], edns=edns)
        if failure := self._guard.send(sock.sock, message, question.server, DNS_PORT, self._host):
            return failure
        self._pending.sent[key] = _Sent(asyncio.get_running_loop().time(), edns, section)
        sock.waiting[key] = self._pending
        sock.sends += 1
        self._used.append((sock, key))
        return None


class Dns:
    """Asks DNS questions. One per network; `close` it."""

    def __init__(self, guard: Guard, pace: Pace) -> None:
        self._guard = guard
        self._pace = pace
        self._pools = {4: _UdpPool(guard, 4), 6: _UdpPool(guard, 6)}
        self._tcp_places = asyncio.Semaphore(OVER_TCP_AT_ONCE)
        self._reader = _Reader()

    def close(self) -> None:
        """Close every socket."""
        self._reader.close()
        for pool in self._pools.values():
            pool.close()

    async def udp(self, question: Question, host: str = "") -> DnsTry:
        """Ask over UDP, and over TCP what comes back truncated. `host` is the server's name, for the opt-out list."""
        schedule, deadline = (TO_RESOLVER, RESOLVER_DEADLINE) if question.recursion else (TO_SERVERS, SERVER_DEADLINE)
        is_about_edns = question.variant == "edns-1"
        tried = await self._exchange(question, host, WITH_EDNS if is_about_edns else schedule, deadline)
        refused = tried.answer.rcode if tried.answer is not None else ""
        if tried.edns and refused in REFUSES_EDNS and not is_about_edns:
            plain = await self._exchange(question, host, WITHOUT_EDNS, deadline)
            tried = replace(plain, start=tried.start, edns_refused=refused, sends=tried.sends + plain.sends)
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

    async def _exchange(self, question: Question, host: str, schedule: Sequence[tuple[float, bool]], deadline: float) -> DnsTry:
        """Make one exchange; who waits for a server's pace does not hold a place meanwhile."""
        pool = self._pools[question.server.version]
        exchange = _Exchange(question, host, pool, self._guard, self._pace, self._reader)
        await exchange.turn()
        async with pool.places:
            return await exchange.run(schedule, deadline)

    async def tcp(self, question: Question, host: str = "") -> DnsTry:
        """Ask over TCP on a fresh connection, and without EDNS where the server refuses that."""
        tried = await self._over_tcp(question, host, edns=True)
        refused = tried.answer.rcode if tried.answer is not None else ""
        if refused not in REFUSES_EDNS or question.variant == "edns-1":
            return tried
        plain = await self._over_tcp(question, host, edns=False)
        return replace(plain, start=tried.start, edns_refused=refused, sends=tried.sends + plain.sends)

    async def _over_tcp(self, question: Question, host: str, *, edns: bool) -> DnsTry:
        holding = nullcontext() if question.recursion else self._pace.connection(question.server)
        async with holding, self._tcp_places:
            return await self._tcp(question, host, edns)

    async def _tcp(self, question: Question, host: str, edns: bool) -> DnsTry:
        section, message_id = wire.question(question.name, question.type), random.getrandbits(16)
        message = question.message(section, message_id, edns=edns)
        loop, start, answer, took = asyncio.get_running_loop(), datetime.now(UTC), None, None
        began = loop.time()
        sock = await self._guard.connect(question.server, DNS_PORT, timeout=TCP_DEADLINE, name=host)
        if isinstance(sock, Failure):
            return replace(_try(question, start, failure=sock), transport="tcp")
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
        return replace(_try(question, start, answer=answer, failure=failure, edns=edns, took=took), transport="tcp")


async def _converse(sock: socket.socket, message: bytes) -> bytes:
    """Send a question over a connection, read the reply, close. Raises OSError, IncompleteReadError."""
    with sock:
        async with asyncio.timeout(TCP_DEADLINE):
            await asyncio.get_running_loop().sock_sendall(sock, len(message).to_bytes(2, "big") + message)
            return await _read_exactly(sock, int.from_bytes(await _read_exactly(sock, 2), "big"))


def _answered(question: Question, reply: _Reply, start: datetime) -> DnsTry:
    return _try(question, start, answer=reply.answer, edns=reply.to.edns, took=reply.received - reply.to.at)


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
