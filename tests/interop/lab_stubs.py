"""Servers that do what no real one does. Run inside the lab's namespace with the description of the stubs as JSON.

    python -m tests.interop.lab_stubs stubs.json

Web: `tls-silent` accepts and says nothing, `http-silent` shakes hands and then says nothing. DNS: a proxy in front of a real
server that is `slow`, takes the AA flag away (`no-aa`), sets RA (`ra`), drops questions for AAAA (`drops-aaaa`) or over UDP for
DNSKEY (`drops-dnskey`), answers those for AAAA with an error (`servfail-aaaa`, `nxdomain-aaaa`), denies names that only have
names below them (`nxdomain-between`), or sets TC over UDP (`truncates`). EDNS: it does not know it (`no-edns`), takes it for an
error (`formerr-edns`), drops it over UDP (`drops-edns`), answers to version 1 as to 0 (`any-edns`). `sends-all` sends replies of any
size over UDP; `sleeper` answers a question over UDP only when it was first asked some seconds ago. What is not spoilt is
passed on as the server said it.
"""

import asyncio
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any, Final

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

SLOW: Final = 1.4
SLEEPS: Final = 11.0
PATIENCE: Final = 3.0
DNS_PORT: Final = 53

waiting: set[asyncio.Task[None]] = set()
first_asked: dict[tuple[str, dns.name.Name, int], float] = {}


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
        reply = await spoilt(self._kind, message, self._upstream, source[0])
        if reply is not None:
            self._transport.sendto(reply, source)


async def spoilt(kind: str, message: bytes, upstream: str, source: str = "") -> bytes | None:
    """The reply that this stub gives to a question over UDP from `source`, else over TCP; None when it gives none."""
    query = dns.message.from_wire(message)
    if _is_dropped(kind, query, source):
        return None
    reply = _own_reply(kind, query, is_udp=bool(source))
    if reply is not None:
        return reply.to_wire()
    if kind == "slow":
        await asyncio.sleep(SLOW)
    if kind == "any-edns" and query.edns > 0:
        query.use_edns(0, payload=query.payload)
    reply = dns.message.from_wire(await _asked(query.to_wire(), upstream))
    _spoil(kind, query, reply)
    return reply.to_wire()


def _is_dropped(kind: str, query: dns.message.Message, source: str) -> bool:
    rdtype = query.question[0].rdtype
    match kind:
        case "drops-aaaa":
            return rdtype == dns.rdatatype.AAAA
        case "drops-dnskey":
            return bool(source) and rdtype == dns.rdatatype.DNSKEY
        case "drops-edns":
            return bool(source) and query.edns >= 0
        case "sleeper" if source:
            question = (source, query.question[0].name, rdtype)
            return time.monotonic() < first_asked.setdefault(question, time.monotonic()) + SLEEPS
    return False


def _own_reply(kind: str, query: dns.message.Message, *, is_udp: bool) -> dns.message.Message | None:
    """What a stub says without asking the real server."""
    is_aaaa = query.question[0].rdtype == dns.rdatatype.AAAA
    rcode = {
        "servfail-aaaa": dns.rcode.SERVFAIL if is_aaaa else None,
        "nxdomain-aaaa": dns.rcode.NXDOMAIN if is_aaaa else None,
        "formerr-edns": dns.rcode.FORMERR if query.edns >= 0 else None,
        "truncates": dns.rcode.NOERROR if is_udp else None,
    }.get(kind)
    if rcode is None:
        return None
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    if kind == "formerr-edns":
        reply.use_edns(False)
    else:
        reply.flags |= dns.flags.AA
    if kind == "truncates":
        reply.flags |= dns.flags.TC
    return reply


def _spoil(kind: str, query: dns.message.Message, reply: dns.message.Message) -> None:
    if kind == "no-aa":
        reply.flags &= ~dns.flags.AA
    elif kind == "ra":
        reply.flags |= dns.flags.RA
    elif kind == "no-edns":
        reply.use_edns(False)
    elif kind == "nxdomain-between" and query.question[0].rdtype == dns.rdatatype.NS and not reply.answer:
        reply.set_rcode(dns.rcode.NXDOMAIN)


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
                reply = await spoilt(kind, message, upstream)
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
