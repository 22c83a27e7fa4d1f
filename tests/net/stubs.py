"""Small servers that say what a test tells them, at addresses that the namespace makes local."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset

IPV6_FREEBIND = 78
"""Linux: bind to an address that no interface bears."""

Udp = Callable[[bytes, Callable[[bytes], None]], None]
"""Is given a query and how to reply to it."""

Tcp = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """Open a socket bound to an address of ours."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in address:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    if kind == socket.SOCK_DGRAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((address, port))
    sock.setblocking(False)
    return sock


def listening(address: str, port: int, backlog: int = 512) -> socket.socket:
    """Open a listening TCP socket."""
    sock = bound(address, port, socket.SOCK_STREAM)
    sock.listen(backlog)
    return sock


@contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """Drop every SYN: a listener whose accept queue is full."""
    with listening(address, port, backlog=0), socket.create_connection((address, port)):
        yield


@asynccontextmanager
async def tcp_server(address: str, port: int, handle: Tcp, **more: Any) -> AsyncIterator[None]:
    """Serve one TCP port; conversations still under way at the end are broken off."""
    talks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(_talk(handle, reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)

    server = await asyncio.start_server(connected, sock=listening(address, port), **more)
    try:
        yield
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _talk(handle: Tcp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hold one conversation; the peer may go away at any time."""
    try:
        await handle(reader, writer)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.transport.abort()


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off with a TCP reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass
class Query:
    """A question as a server received it."""

    at: float
    message: bytes
    source: tuple[str, int]
    transport: str = "udp"

    @property
    def id(self) -> int:
        return int.from_bytes(self.message[:2], "big")


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """A name server at one address, port 53: `udp` is called with each query and how to reply, `tcp` serves connections."""

    address: str
    udp: Udp
    tcp: Tcp | None = None
    queries: list[Query] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        self.queries.append(Query(asyncio.get_running_loop().time(), data, source[:2]))
        self.udp(data, lambda reply: self._say(reply, source))

    def _say(self, reply: bytes, source: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(reply, source)

    async def __aenter__(self) -> "NameServer":
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, sock=bound(self.address, 53, socket.SOCK_DGRAM))
        if self.tcp is not None:
            await self._stack.enter_async_context(tcp_server(self.address, 53, self.tcp))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.transport.close()
        await self._stack.aclose()


def answer(
    query: bytes, *records: str, rdtype: str = "A", rcode: str = "NOERROR", tc: bool = False, edns: bool = True
) -> bytes:
    """Build a proper reply to a query."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked, our_payload=4096)
    if not edns:
        reply.use_edns(False)
    reply.set_rcode(dns.rcode.from_text(rcode))
    reply.flags |= (0x0400 if not asked.flags & 0x0100 else 0) | (0x0200 if tc else 0)
    if records:
        reply.answer.append(dns.rrset.from_text(asked.question[0].name, 300, "IN", rdtype, *records))
    return reply.to_wire(max_size=65535)


async def read_query(reader: asyncio.StreamReader) -> bytes:
    """Read one query that came over TCP."""
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


def framed(message: bytes) -> bytes:
    """A message as TCP carries it."""
    return len(message).to_bytes(2, "big") + message


@contextmanager
def in_thread(server: AbstractAsyncContextManager[Any]) -> Iterator[None]:
    """Run a server on a loop of its own beside ours."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def run() -> None:
        async with server:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait(5)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@contextmanager
def elsewhere(serve: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Run servers in a process of their own, so that their work is not ours. `serve` opens them and returns."""
    ready, tell = os.pipe()
    if (child := os.fork()) == 0:
        _serve_until_killed(serve, tell)
    os.close(tell)
    told = os.read(ready, 1)
    os.close(ready)
    try:
        assert told, "the servers did not start"
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve_until_killed(serve: Callable[[], Awaitable[None]], tell: int) -> None:
    async def run() -> None:
        await serve()
        os.write(tell, b"1")
        await asyncio.Event().wait()

    try:
        asyncio.run(run())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


@contextmanager
def netfilter(*rules: str) -> Iterator[None]:
    """Put rules into the chain that packets come in by; see `has_netfilter`."""
    lines = "".join(f"add rule inet test in {rule}\n" for rule in rules)
    chain = "add chain inet test in { type filter hook input priority 0; }\n"
    nft("add table inet test\n" + chain + lines)
    try:
        yield
    finally:
        nft("delete table inet test\n")


def has_netfilter() -> bool:
    """Whether packets can be rejected and counted here."""
    try:
        with netfilter("ip6 daddr 2400:dead::/32 counter reject with icmpv6 type no-route"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def nft(commands: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=True, capture_output=True)


def memory() -> int:
    """Octets of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Watch:
    """Looks how long we keep the loop from ticking, and how the memory grows, while something goes on.

    It counts our own work between two ticks (CPU seconds): that others want the processor too is not our doing.
    """

    lags: list[float] = field(default_factory=list)
    grown: int = 0

    async def __aenter__(self) -> "Watch":
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def worst(self) -> float:
        return max(self.lags)

    @property
    def p99(self) -> float:
        return sorted(self.lags)[int(len(self.lags) * 0.99)]

    async def _look(self) -> None:
        before, start = time.process_time(), memory()
        while True:
            await asyncio.sleep(0.01)
            now = time.process_time()
            self.lags.append(now - before)
            before = now
            self.grown = max(self.grown, memory() - start)
