"""What a hostile TLS server may do, and what must be made of it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.net.authority import Authority, Issued, issue, server_context
from tests.net.stubs import Tcp, reset, tcp_server

HELLO_READ = 5
"""Octets of a record's head; what follows is as long as its last two say."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HOST = "www.example.vn"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A server, and what must come out: the kind and stage of the failure, or a status and what is wrong with the path."""

    talk: Talk
    context: "Callable[[Authority], ssl.SSLContext] | None" = None
    failure: str = ""
    stage: str = "tls"
    status: int | None = None
    path: str | None = None
    seconds: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)
    by_hand: bool = False


# Raw ones


def record(kind: int, payload: bytes, version: bytes = b"\x03\x03") -> bytes:
    return bytes([kind]) + version + len(payload).to_bytes(2, "big") + payload


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(
    version: bytes = b"\x03\x03", cipher: bytes = b"\x00\x2f", session: bytes = b"", extensions: bytes = b""
) -> bytes:
    body = version + b"R" * 32 + bytes([len(session)]) + session + cipher + b"\0"
    return message(2, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b""))


def certificates(*ders: bytes) -> bytes:
    listed = b"".join(len(der).to_bytes(3, "big") + der for der in ders)
    return message(11, len(listed).to_bytes(3, "big") + listed)


def in_records(payload: bytes) -> bytes:
    return b"".join(record(22, payload[i : i + 16_000]) for i in range(0, len(payload), 16_000))


def alert(level: int, what: int) -> bytes:
    return record(21, bytes([level, what]))


DONE = message(14, b"")


def raw(octets: bytes, *, hold: bool = False, broken_off: bool = False, wait: bool = True) -> Talk:
    """Read the ClientHello (or do not `wait`), say this, and close, stay or break off."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wait:
            head = await reader.readexactly(HELLO_READ)
            await reader.readexactly(int.from_bytes(head[3:], "big"))
        writer.write(octets)
        await writer.drain()
        if hold:
            await asyncio.sleep(60)
        if broken_off:
            await asyncio.sleep(0.5)  # until the other side has seen that it is connected, however busy it is
            reset(writer)
        else:
            writer.close()
            await asyncio.sleep(0.3)

    return talk


def again_and_again(octets: bytes, every: float = 0.0) -> Talk:
    """Read the ClientHello and say one thing for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(HELLO_READ)
        while True:
            writer.write(octets)
            await writer.drain()
            await asyncio.sleep(every)

    return talk


def octet_by_octet(octets: bytes, every: float) -> Talk:
    """Read the ClientHello and say something very slowly."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(HELLO_READ)
        for octet in octets:
            writer.write(bytes([octet]))
            await asyncio.sleep(every)
        await asyncio.sleep(60)

    return talk


def silence(talk: Talk) -> Case:
    return Case(talk, failure="timeout", seconds=8)


def fault(octets: bytes, **more: Any) -> Case:
    return Case(raw(octets, **more), failure="tls")


PROPER = issue("raw.example", names=("raw.example",), key=rsa.generate_private_key(65537, 1024))
ELLIPTIC = issue("raw.example", names=("raw.example",))
HELLO12 = server_hello()
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
RETRY_REQUEST = message(
    2, b"\x03\x03" + RETRY + b"\0\x13\x01\0" + b"\0\x0e" + b"\0\x2b\0\x02\x03\x04" + b"\0\x33\0\x02\0\x18\0\0"
)

RAW = {
    "accepts and is silent": silence(raw(b"", wait=False, hold=True)),
    "hears and is silent": silence(raw(b"", hold=True)),
    "a ServerHello, silence": silence(raw(record(22, HELLO12), hold=True)),
    "half a ServerHello, silence": silence(raw(record(22, HELLO12)[:20], hold=True)),
    "a ServerHello and certificate, silence": silence(raw(in_records(HELLO12 + certificates(PROPER.der)), hold=True)),
    "an octet a second": silence(octet_by_octet(in_records(HELLO12 + certificates(PROPER.der)), 1)),
    "a record's head, silence": silence(raw(b"\x16\x03\x03\x10\x00", hold=True)),
    "16 MB announced, octet by octet": silence(octet_by_octet(b"\x16\x03\x03\x10\x00\x02\xff\xff\xff", 0.5)),
    "a warning, silence": silence(raw(alert(1, 112), hold=True)),
    "handshake_failure": fault(alert(2, 40)),
    "unrecognized_name": fault(alert(2, 112)),
    "internal_error": fault(alert(2, 80)),
    "access_denied": fault(alert(2, 49)),
    "protocol_version": fault(alert(2, 70)),
    "an unknown alert": fault(alert(2, 255)),
    "an alert of no level": fault(alert(9, 40)),
    "close_notify": Case(raw(alert(1, 0)), failure="reset"),
    "warnings without end": Case(again_and_again(alert(1, 90) * 100), failure="tls"),
    "empty records without end": Case(again_and_again(record(22, b"") * 1000), failure="tls"),
    "HelloRequests without end": Case(again_and_again(record(22, message(0, b"")) * 1000, 0.01), failure="timeout", seconds=8),
    "noise": fault(bytes(range(256)) * 4),
    "zeros without end": Case(again_and_again(bytes(10_000)), failure="tls"),
    "plain HTTP": fault(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "plain HTTP before we speak": fault(b"HTTP/1.1 400 Bad Request\r\n\r\n", wait=False),
    "a banner of SSH": fault(b"SSH-2.0-OpenSSH_9.2\r\n", hold=True, wait=False),
    "a banner of SMTP": fault(b"220 mx.example ESMTP\r\n", hold=True, wait=False),
    "a closed door": Case(raw(b"", wait=False), failure="reset"),
    "a closed door after the hello": Case(raw(b""), failure="reset"),
    "a reset": Case(raw(b"", wait=False, broken_off=True), failure="reset"),
    "a reset after the hello": Case(raw(b"", broken_off=True), failure="reset"),
    "a reset after ServerHello": Case(raw(record(22, HELLO12), broken_off=True), failure="reset"),
    "closed after ServerHello": Case(raw(record(22, HELLO12)), failure="reset"),
    "a record too long": fault(b"\x16\x03\x03\xff\xff" + bytes(70_000)),
    "a record of no kind": fault(record(99, b"x" * 20)),
    "application data first": fault(record(23, b"x" * 20)),
    "a change of cipher first": fault(record(20, b"\x01")),
    "SSL 2": fault(b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(37)),
    "SSL 3": fault(record(22, server_hello(b"\x03\x00"), b"\x03\x00")),
    "TLS 9.9": fault(record(22, server_hello(b"\x09\x09"))),
    "a cipher not offered": fault(record(22, server_hello(cipher=b"\x00\x00"))),
    "a broken ServerHello": fault(record(22, message(2, b"\x03\x03xx"))),
    "two ServerHellos": fault(record(22, HELLO12 + HELLO12)),
    "Finished first": fault(record(22, message(20, b"x" * 12))),
    "the same retry twice": fault(record(22, RETRY_REQUEST) + record(22, RETRY_REQUEST)),
    "no certificate": fault(in_records(HELLO12 + certificates() + DONE)),
    "a broken certificate": fault(in_records(HELLO12 + certificates(b"\x30\x03\x02\x01\x01") + DONE)),
    "half a certificate": fault(in_records(HELLO12 + certificates(PROPER.der[:-20]) + DONE)),
    "a certificate of 1 MB": fault(in_records(HELLO12 + certificates(PROPER.der + bytes(1 << 20)) + DONE)),
    "1,000 certificates": fault(in_records(HELLO12 + certificates(*[PROPER.der] * 1_000) + DONE)),
    "a key that does not fit the cipher": fault(in_records(HELLO12 + certificates(ELLIPTIC.der) + DONE)),
}


# Real ones with what is wrong


async def proper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.3)


async def some(reader: asyncio.StreamReader) -> bytes:
    """Read what there is. Raises IncompleteReadError at the end."""
    if octets := await reader.read(65_536):
        return octets
    raise asyncio.IncompleteReadError(b"", 1)


def by_hand(context: ssl.SSLContext) -> Talk:
    """Serve TLS without asyncio's help, which swallows the alerts that a server sends."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.wrap_bio(incoming, outgoing, server_side=True)

        async def until_done(step: Callable[[], object]) -> None:
            while True:
                try:
                    step()
                    return
                except ssl.SSLWantReadError:
                    writer.write(outgoing.read())
                    incoming.write(await some(reader))

        with suppress(ssl.SSLError):
            await until_done(server.do_handshake)
            await until_done(lambda: server.read(65_536))
            server.write(OK)
        writer.write(outgoing.read())
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.3)

    return talk


def says(octets: bytes, *, hold: bool = False, broken_off: bool = False) -> Talk:
    """Read the request, say this (inside TLS), and close, stay or break off."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        await writer.drain()
        if hold:
            await asyncio.sleep(60)
        await asyncio.sleep(0.1)
        if broken_off:
            reset(writer)
        writer.transport.abort()

    return talk


async def raw_noise_within(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write past TLS into the connection."""
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket")._sock.send(b"noise" * 100)
    await asyncio.sleep(0.3)


def leaf(**more: Any) -> Callable[[Authority], ssl.SSLContext]:
    return lambda authority: server_context(authority.leaf(HOST, "*.example.vn", **more))


def shows(make: Callable[[Authority], Issued], **attributes: Any) -> Callable[[Authority], ssl.SSLContext]:
    return lambda authority: server_context(make(authority), **attributes)


def good(**attributes: Any) -> Callable[[Authority], ssl.SSLContext]:
    return shows(lambda a: a.leaf(HOST), **attributes)


def answered(context: Callable[[Authority], ssl.SSLContext], path: str = "", **more: Any) -> Case:
    return Case(proper, context, status=200, path=path, more=more)


def long_chain(authority: Authority) -> Issued:
    made = authority.leaf(HOST)
    fillers = [issue(f"Filler {i}", ca=True, key=authority.root.key).certificate for i in range(99)]
    return Issued(made.certificate, made.key, (*made.above, *fillers))


def deep(authority: Authority) -> Issued:
    above, made = (), authority.root
    for number in range(20):
        following = issue(f"Level {number}", made, ca=True, days=(-100, 1000))
        made, above = Issued(following.certificate, following.key), (following.certificate, *above)
    bottom = issue(HOST, made, names=(HOST,))
    return Issued(bottom.certificate, bottom.key, above)


def under_no_authority(authority: Authority) -> Issued:
    """Issued by a leaf."""
    middle = authority.leaf("middle.example.vn")
    bottom = issue(HOST, middle, names=(HOST,))
    return Issued(bottom.certificate, bottom.key, (middle.certificate, *middle.above))


def by_expired(authority: Authority) -> Issued:
    middle = issue("Old Intermediate", authority.root, ca=True, days=(-1000, -10))
    bottom = issue(HOST, middle, names=(HOST,))
    return Issued(bottom.certificate, bottom.key, (middle.certificate,))


def many_names(count: int) -> Callable[[Authority], Issued]:
    return lambda authority: authority.leaf(HOST, *(f"name-{i}.example.vn" for i in range(count)))


def forged(authority: Authority) -> Issued:
    """The intermediate's name over another's signature."""
    impostor = Issued(issue("Test Intermediate", ca=True, days=(-100, 1000)).certificate, authority.stranger.key)
    bottom = issue(HOST, impostor, names=(HOST,))
    return Issued(bottom.certificate, bottom.key, (authority.intermediate.certificate,))


def critical(authority: Authority) -> Issued:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    return authority.leaf(HOST, extensions=[(unknown, True)])


SELF_SIGNED = "self-signed certificate"
IN_CHAIN = "self-signed certificate in certificate chain"
NO_ISSUER = "unable to get local issuer certificate"

REAL = {
    "good": answered(good(), version="TLSv1.3", chain=2),
    "TLS 1.2": answered(good(maximum_version=ssl.TLSVersion.TLSv1_2), version="TLSv1.2", chain=2),
    "TLS 1.1": answered(good(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1), version="TLSv1.1"),
    "TLS 1.0": answered(good(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1), version="TLSv1"),
    "self-signed": answered(shows(lambda a: issue(HOST, names=(HOST,))), SELF_SIGNED, chain=1),
    "untrusted": answered(shows(lambda a: issue(HOST, a.stranger, names=(HOST,))), IN_CHAIN, chain=2),
    "untrusted, root not sent": answered(shows(lambda a: issue(HOST, a.stranger, names=(HOST,)).alone()), NO_ISSUER, chain=1),
    "intermediate missing": answered(shows(lambda a: a.leaf(HOST).alone()), NO_ISSUER, chain=1),
    "expired": answered(leaf(days=(-90, -1)), chain=2),
    "not yet valid": answered(leaf(days=(5, 90)), chain=2),
    "expired and self-signed": answered(shows(lambda a: issue(HOST, names=(HOST,), days=(-90, -1))), SELF_SIGNED),
    "expired intermediate": answered(shows(by_expired), chain=2),
    "wrong name": answered(shows(lambda a: a.leaf("other.example")), chain=2),
    "no name": answered(shows(lambda a: issue(HOST, a.intermediate)), chain=2),
    "for clients only": answered(leaf(usage=(ExtendedKeyUsageOID.CLIENT_AUTH,)), "unsuitable certificate purpose", chain=2),
    "issued by a leaf": answered(shows(under_no_authority), "invalid CA certificate"),
    "a forged signature": answered(shows(forged), "certificate signature failure"),
    "a critical unknown extension": answered(shows(critical), "unhandled critical extension"),
    "the root itself": answered(shows(lambda a: a.root), chain=1),
    "100 certificates": answered(shows(long_chain), chain=10),
    "20 levels": answered(shows(deep), chain=10),
    "1,000 names": answered(shows(many_names(1_000))),
    "10,000 names": Case(proper, shows(many_names(10_000)), failure="tls"),
    "a weak key": answered(shows(lambda a: a.leaf(HOST, key=rsa.generate_private_key(65537, 1024))), chain=2),
    "wants a certificate of ours": Case(proper, good(verify_mode=ssl.CERT_REQUIRED), failure="tls", stage="http", by_hand=True),
    "wants one in TLS 1.2": Case(
        proper, good(verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion.TLSv1_2), failure="tls", by_hand=True
    ),
    "would like one": answered(good(verify_mode=ssl.CERT_OPTIONAL)),
    "silence after the handshake": Case(says(b"", hold=True), good(), failure="timeout", stage="http", seconds=10),
    "closed after the handshake": Case(says(b""), good(), failure="protocol", stage="http"),
    "broken off after the handshake": Case(says(b"", broken_off=True), good(), failure="reset", stage="http"),
    "noise in TLS": Case(says(b"\xff" * 1000), good(), failure="protocol", stage="http"),
    "noise past TLS": Case(raw_noise_within, good(), failure="tls", stage="http"),
    "an answer without a proper end": Case(says(OK), good(), status=200, path=""),
    "a body cut off": Case(says(OK.replace(b"2\r", b"9\r")), good(), status=200, path="", more={"cut": "broken"}),
    "a body that stops": Case(
        says(OK.replace(b"2\r", b"9\r"), hold=True), good(), status=200, path="", seconds=10, more={"cut": "time"}
    ),
}

CASES = {**RAW, **REAL}


def address_of(number: int) -> str:
    """Each case has an address and a network of its own."""
    return f"2400:{number + 0x100:x}::1"


async def serve(authority: Authority) -> AsyncExitStack:
    """Open a server for each case."""
    stack = AsyncExitStack()
    for number, case in enumerate(CASES.values()):
        handle: Tcp = case.talk
        more: dict[str, Any] = {}
        if case.context is not None:
            context = trusting(case.context(authority), authority)
            handle, more = (by_hand(context), {}) if case.by_hand else (handle, {"ssl": context})
        await stack.enter_async_context(tcp_server(address_of(number), 443, handle, **more))
    return stack


def trusting(context: ssl.SSLContext, authority: Authority) -> ssl.SSLContext:
    """Let a server that wants certificates know whom it would believe."""
    if context.verify_mode is not ssl.CERT_NONE:
        context.load_verify_locations(cadata=authority.root_pem.decode())
    return context
