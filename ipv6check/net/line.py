"""The bytes of one connection, in the clear or through TLS.

On the bare socket: asyncio's streams take twice as long for a handshake, and a quarter of a megabyte for each.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, TypeVar

import httpcore

from ipv6check.net.failure import Cut

T = TypeVar("T")

TLS_DEADLINE: Final = 8.0
HEAD_CAP: Final = 65_536
BODY_CAP: Final = 262_144
READ_SIZE: Final = 4_096
"""Octets read before others have their turn: a thousand tiny chunks or interim responses in them take a while to read."""

CLOSED_SILENTLY: Final = "closed without a word"
"""What is said of an empty reply; on a connection that was parked it means that the server had given it up."""


class Line:
    """Reads from an open connection, counted against a cap, and writes to it; closing it is its owner's."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._cap, self._cap_name = HEAD_CAP, "headers"
        self.read_bytes = 0
        self._tls: ssl.SSLObject | None = None

    async def shake_hands(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLObject:
        """Talk TLS from here on; return its side of it. Raises ssl.SSLError, OSError or TimeoutError after 8 s."""
        tls = self._tls = context.wrap_bio(self._came, self._goes, server_hostname=server_name)
        async with asyncio.timeout(TLS_DEADLINE):
            await self._through_tls(tls.do_handshake)
        return tls

    def cap_body(self) -> None:
        """From here on the body's cap counts."""
        self._cap, self._cap_name = self.read_bytes + BODY_CAP, "body"

    async def read(self) -> bytes:
        """Read what is there; raises `Cut` above the cap, RemoteProtocolError when nothing comes at all."""
        await asyncio.sleep(0)
        tls = self._tls
        data = await (self._receive() if tls is None else self._through_tls(lambda: _read(tls)))
        self.read_bytes += len(data)
        if not self.read_bytes:
            raise httpcore.RemoteProtocolError(CLOSED_SILENTLY)
        if self.read_bytes > self._cap:
            raise Cut(self._cap_name)
        return data

    async def write(self, data: bytes) -> None:
        """Send everything. Raises OSError, ssl.SSLError."""
        tls = self._tls
        if tls is None:
            await self._loop.sock_sendall(self._sock, data)
        else:
            await self._through_tls(lambda: tls.write(data))

    async def _through_tls(self, step: Callable[[], T]) -> T:
        """Take a step of TLS, and bring what it needs from the peer and what it has to say to it."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                await self._flush()
                await asyncio.sleep(0)
                if data := await self._receive():
                    self._came.write(data)
                else:
                    self._came.write_eof()
            else:
                await self._flush()
                return done

    async def _flush(self) -> None:
        if self._goes.pending:
            await self._loop.sock_sendall(self._sock, self._goes.read())

    async def _receive(self) -> bytes:
        return await self._loop.sock_recv(self._sock, READ_SIZE)


def _read(tls: ssl.SSLObject) -> bytes:
    """Read what was deciphered; a peer that leaves without taking leave has closed too."""
    try:
        return tls.read(READ_SIZE)
    except ssl.SSLEOFError:
        return b""
