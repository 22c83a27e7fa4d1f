"""Servers that do what no real one does. Run inside the lab's namespace with the description of the stubs as JSON.

    python -m tests.interop.lab_stubs stubs.json

Web: `tls-silent` accepts and says nothing, `http-silent` shakes hands and then says nothing. DNS: a proxy in front of a real
server that is `slow`, takes the AA flag away (`no-aa`), drops questions for AAAA (`drops-aaaa`), answers them with an error
(`servfail-aaaa`, `nxdomain-aaaa`), or sets TC over UDP (`truncates`).
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any, Final

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

SLOW: Final = 1.4
PATIENCE: Final = 3.0
DNS_PORT: Final = 53

waiting: set[asyncio.Task[None]] = set()


class Front(asyncio.DatagramProtocol):
    """The UDP side of a spoiling proxy."""

    def __init__(self, kind: str, upstream: str) -> None:
        self._kind = kind
        self._upstream = upstream

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, message: bytes, source: Any) -> None:
        task = asyncio.create_task(self._answer(message, source))
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    async def _answer(self, message: bytes, source: Any) -> None:
        reply = await spoilt(self._kind, message, self._upstream, is_udp=True)
        if reply is not None:
            self._transport.sendto(reply, source)


async def spoilt(kind: str, message: bytes, upstream: str, *, is_udp: bool) -> bytes | None:
    """The reply that this stub gives to a question; None when it gives none."""
    query = dns.message.from_wire(message)
    is_aaaa = query.question[0].rdtype == dns.rdatatype.AAAA
    if is_aaaa and kind == "drops-aaaa":
        return None
    if is_aaaa and kind in {"servfail-aaaa", "nxdomain-aaaa"}:
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.SERVFAIL if kind == "servfail-aaaa" else dns.rcode.NXDOMAIN)
        reply.flags |= dns.flags.AA
        return reply.to_wire()
    if kind == "truncates" and is_udp:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.TC
        return reply.to_wire()
    reply = dns.message.from_wire(await _asked(message, upstream))
    if kind == "slow":
        await asyncio.sleep(SLOW)
    if kind == "no-aa":
        reply.flags &= ~dns.flags.AA
    return reply.to_wire()


async def _asked(message: bytes, upstream: str) -> bytes:
    reader, writer = await asyncio.open_connection(upstream, DNS_PORT)
    try:
        writer.write(len(message).to_bytes(2, "big") + message)
        async with asyncio.timeout(PATIENCE):
            return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()


async def _serve_dns(stub: dict[str, Any]) -> None:
    kind, upstream = stub["kind"], stub["upstream"]

    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                message = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                reply = await spoilt(kind, message, upstream, is_udp=False)
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Front(kind, upstream), local_addr=(stub["address"], DNS_PORT)
    )
    await asyncio.start_server(over_tcp, stub["address"], DNS_PORT)


async def _serve_silence(stub: dict[str, Any]) -> None:
    context = None
    if stub["kind"] == "http-silent":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stub["chain"], stub["key"])

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(4096):
                pass
        except (ConnectionError, ssl.SSLError):
            pass
        writer.close()

    await asyncio.start_server(
        listen, stub["address"], stub["port"], ssl=context, ssl_handshake_timeout=60 if context else None
    )


async def _serve(stubs: list[dict[str, Any]]) -> None:
    for stub in stubs:
        await (_serve_dns(stub) if "upstream" in stub else _serve_silence(stub))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(Path(sys.argv[1]).read_text())))
