"""DNS over a few long-lived UDP sockets, many questions in flight on each.

Replies are matched on source address, port, id and question; what does not match, or is no message, is ignored until the
deadline, so that a forged packet that comes first does not win (CVE-2023-29483). A deadline starts when the packet is sent.
"""

import asyncio
import random
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ipv6check.addressing import text_of
from ipv6check.facts import Answer, DnsTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.failure import from_error, printable
from ipv6check.net.guard import DNS_PORT, Guard
from ipv6check.net.pace import Pace
from ipv6check.net.question import PARSED_INLINE, Question, Reader, dns_try

SOCKETS_PER_FAMILY: Final = 8
IN_FLIGHT_PER_SOCKET: Final = 128
SENDS_PER_SOCKET: Final = 4096
"""After so many questions a socket is replaced, and with it the port a forger would have to guess."""

PARSED_ASIDE: Final = 4
"""So many large replies to one question are read at the same time; forgers may send more."""

READING_TURN: Final = 0.002
"""Seconds after which a socket with many replies lets others have their turn."""

LARGEST: Final = 65_535

Schedule = Sequence[tuple[float, bool]]
"""When a question is sent (seconds), and whether with EDNS."""

Key = tuple[str, int, int]
"""Host, port and message id: what a reply must come from and carry."""


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


@dataclass(slots=True)
class _Pending:
    """One try waiting for its reply."""

    question: Question
    reader: Reader
    reply: _Reply | None = None
    sent: dict[Key, _Sent] = field(default_factory=dict)
    malformed: str = ""
    reading: "set[asyncio.Task[None]]" = field(default_factory=set)
    waiter: "asyncio.Future[None] | None" = None

    async def wait(self, seconds: float | None = None) -> None:
        """Wait for the reply or to be woken, so long at most; `asyncio.wait` takes several times our time for it."""
        if self.reply is not None:
            return
        loop = asyncio.get_running_loop()
        self.waiter = loop.create_future()
        timer = loop.call_later(seconds, self.wake) if seconds is not None else None
        try:
            await self.waiter
        finally:
            if timer is not None:
                timer.cancel()

    def wake(self, *_: object) -> None:
        """Let who waits go on."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def take(self, message: bytes, key: Key, received: float) -> None:
        """Take a message that came to this key, if it is the reply."""
        sent = self.sent[key]
        if self.reply is not None or not wire.answers(message, key[2], sent.section):
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
        if self.reply is None:
            self.reply = reply
            self.wake()

    def _note(self, error: Exception) -> None:
        self.malformed = printable(str(error)) or "no DNS message"


class UdpSocket:
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
                message, source = self.sock.recvfrom(LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            key = (source[0], source[1], int.from_bytes(message[:2], "big"))
            if (pending := self.waiting.get(key)) is not None:
                pending.take(message, key, self._loop.time())


class UdpPool:
    """The sockets of one family: the least busy is taken, old ones are replaced."""

    def __init__(self, guard: Guard, version: int) -> None:
        self._guard = guard
        self._version = version
        self._sockets: list[UdpSocket] = []
        self._retired: list[UdpSocket] = []
        self.places = asyncio.Semaphore(SOCKETS_PER_FAMILY * IN_FLIGHT_PER_SOCKET)

    def pick(self, other_than: Sequence[UdpSocket]) -> UdpSocket:
        """Take a socket, not one that this try used before. Raises OSError when there is none and none can be opened."""
        try:
            while len(self._sockets) < SOCKETS_PER_FAMILY:
                self._sockets.append(UdpSocket(self._guard.udp_socket(self._version), asyncio.get_running_loop()))
        except OSError:
            if not self._sockets:
                raise
        fresh = [s for s in self._sockets if s not in other_than] or self._sockets
        sock = min(fresh, key=lambda s: (len(s.waiting), random.random()))
        if sock.sends < SENDS_PER_SOCKET:
            return sock
        self._retire(sock)
        return self.pick(other_than)

    def _retire(self, old: UdpSocket) -> None:
        """Take an old socket out of use; one that still waits for replies stays open until it has them."""
        self._sockets.remove(old)
        waiting = []
        for sock in (*self._retired, old):
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


class Exchange:
    """One try over UDP: the sends of its schedule, each from another socket, until the first true reply."""

    def __init__(self, question: Question, host: str, pool: UdpPool, guard: Guard, pace: Pace, reader: Reader) -> None:
        self._question = question
        self._host = host
        self._pool = pool
        self._guard = guard
        self._pace = None if question.recursion else pace
        self._mixed = wire.question(
            question.name, question.type, 0 if question.recursion else random.getrandbits(wire.CASE_BITS)
        )
        self._pending = _Pending(question, reader)
        self._used: list[tuple[UdpSocket, Key]] = []

    async def run(self, schedule: Schedule, deadline: float) -> DnsTry:
        """Send at the schedule's times (seconds, with EDNS or not) and give up at the deadline. Take a `turn` before."""
        start, failure, edns, pending = datetime.now(UTC), None, True, self._pending
        ends = [*(at for at, _ in schedule[1:]), deadline]
        try:
            for (at, edns), until in zip(schedule, ends, strict=True):
                if self._used:
                    await self.turn()
                if pending.reply is not None or (failure := self._send(edns)) is not None:
                    break
                await pending.wait(until - at)
            if pending.reading and pending.reply is None:
                await asyncio.wait(pending.reading)
        finally:
            for sock, key in self._used:
                sock.waiting.pop(key, None)
            for reading in pending.reading:
                reading.cancel()
        sends, reply = len(self._used), pending.reply
        if reply is None:
            return dns_try(self._question, start, failure=failure or self._silence(), edns=edns, sends=sends)
        took = reply.received - reply.to.at
        return dns_try(self._question, start, answer=reply.answer, edns=reply.to.edns, took=took, sends=sends)

    async def turn(self) -> None:
        """Wait for the pace, or for the reply if that comes first."""
        if self._pace is None:
            return
        if not self._used:  # nobody can reply yet
            await self._pace.question(self._question.server)
            return
        turn = asyncio.create_task(self._pace.question(self._question.server))
        turn.add_done_callback(self._pending.wake)
        try:
            await self._pending.wait()
        finally:
            turn.remove_done_callback(self._pending.wake)
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
        key, section = sock.free_key(host, DNS_PORT), self._mixed if edns else wire.question(question.name, question.type)
        message = question.message(section, key[2], edns=edns)
        if failure := self._guard.send(sock.sock, message, question.server, DNS_PORT, self._host):
            return failure
        self._pending.sent[key] = _Sent(asyncio.get_running_loop().time(), edns, section)
        sock.waiting[key] = self._pending
        sock.sends += 1
        self._used.append((sock, key))
        return None
