"""TCP connections at a gentle pace. One opened to see whether a port answers is handed on."""

import asyncio
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import TcpTry
from ipv6check.model import Failure
from ipv6check.net.guard import Guard
from ipv6check.net.pace import Pace

AT_ONCE: Final = 512
"""Handshakes under way at once."""

PARKED: Final = 6.0
"""Seconds an open connection waits to be taken; servers close idle ones soon after."""

FIRST_DEADLINE: Final = 5.0
LATER_DEADLINE: Final = 8.5
"""Seconds for a handshake in the first pass, which no slower one may take (REACH-01), and in the later ones; the kernel sends
SYN at 0, 1, 3 and 7 s."""


@dataclass(slots=True)
class Connection:
    """An open connection and the place it holds in the pace. Close it."""

    sock: socket.socket
    address: Address
    port: int
    _held: ExitStack
    was_parked: bool = False

    def close(self) -> None:
        """Close the socket and give the place back."""
        self.sock.close()
        self._held.close()


class Connections:
    """Opens connections, and keeps those that were opened only to look until they are taken or too old."""

    def __init__(self, guard: Guard, pace: Pace) -> None:
        self._guard = guard
        self._pace = pace
        self._places = asyncio.Semaphore(AT_ONCE)
        self._parked: dict[tuple[Address, int], tuple[Connection, asyncio.TimerHandle]] = {}

    async def open(self, address: Address, port: int, *, timeout: float, name: str = "") -> tuple[TcpTry, Connection | None]:
        """Open a connection within `timeout` seconds of its SYN; the pace is waited for outside that."""
        with await self._pace.connection(address) as held:
            async with self._places:
                start = datetime.now(UTC)
                sock = await self._guard.connect(address, port, timeout=timeout, name=name)
                end = datetime.now(UTC)
            if isinstance(sock, Failure):
                return TcpTry(start=start, end=end, failure=sock, address=address, port=port), None
            seen = TcpTry(start=start, end=end, address=address, port=port, source_port=sock.getsockname()[1])
            return seen, Connection(sock, address, port, held.pop_all())

    def park(self, connection: Connection) -> None:
        """Keep a connection for whoever wants to talk on it next."""
        connection.was_parked = True
        key = (connection.address, connection.port)
        if key in self._parked:
            connection.close()
            return
        expiry = asyncio.get_running_loop().call_later(PARKED, self._expire, key)
        self._parked[key] = (connection, expiry)

    def take(self, address: Address, port: int) -> Connection | None:
        """Take a parked connection that is still open, if there is one."""
        connection, expiry = self._parked.pop((address, port), (None, None))
        if connection is None or expiry is None:
            return None
        expiry.cancel()
        if _is_idle(connection.sock):
            return connection
        connection.close()
        return None

    def close(self) -> None:
        """Close everything parked."""
        for key in list(self._parked):
            self._parked[key][1].cancel()
            self._expire(key)

    def _expire(self, key: tuple[Address, int]) -> None:
        self._parked.pop(key)[0].close()


def _is_idle(sock: socket.socket) -> bool:
    """Whether the peer neither closed nor spoke."""
    try:
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
