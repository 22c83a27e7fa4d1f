"""DNS servers on sockets: UDP and TCP port 53 of one address, answering by a function."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

import dns.exception
import dns.message

from ipv6check.addressing import Address
from ipv6check.lab.sockets import datagrams, listener, silent_listener
from ipv6check.lab.world import Door

PORT: Final = 53
WITHOUT_EDNS: Final = 512
"""Octets that a UDP reply may have when the question does not say more."""

Answer = Callable[[dns.message.Message], dns.message.Message | None]
"""Answers a question; None sends nothing."""


async def serve_dns(address: Address, answer: Answer, door: Door = "open") -> tuple[object, ...]:
    """Serve from now on, until the loop ends or what is returned is let go; `door` is what TCP does."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: _Datagrams(answer), sock=datagrams(address, PORT))

    if door == "refused":
        return ()
    if door == "silent":
        return silent_listener(address, PORT)

    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = reply_to(await reader.readexactly(size), answer, limit=0)
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    return (await asyncio.start_server(over_tcp, sock=listener(address, PORT)),)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = reply_to(data, self._answer, limit=WITHOUT_EDNS)
        if reply is not None:
            self._transport.sendto(reply, addr)


def reply_to(message: bytes, answer: Answer, limit: int) -> bytes | None:
    """The reply to a message, cut to what the question says it takes, at least `limit` octets (0: whole)."""
    try:
        query = dns.message.from_wire(message)
    except dns.exception.DNSException:
        return None
    reply = answer(query) if query.question else None
    if reply is None:
        return None
    taken = query.payload if reply.edns >= 0 else 0
    return reply.to_wire(max_size=max(limit, taken) if limit else 65_535, prefer_truncation=True)
