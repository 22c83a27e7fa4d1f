"""What a hostile web server may say, and what must be made of it."""

import asyncio
import gzip
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.net.stubs import Tcp, reset

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERED = OK + b"Content-Length: 2\r\n\r\nok"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"\r\n\r\n"
BODY_CAP = 262_144

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """What is done after the request (or `at_once`), and what must come out: a status and `cut`, or a failure.

    `seconds` is what it takes when a deadline ends it, give or take one.
    """

    talk: Talk
    status: int | None = None
    cut: str = ""
    failure: str = ""
    seconds: float = 0.0
    body: int | None = None
    at_once: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be this server."""
        if not self.at_once:
            await reader.readuntil(END)
        await self.talk(writer)


def says(octets: bytes, *, hold: bool = False, broken_off: bool = False) -> Talk:
    """Say this and close, or stay (`hold`), or break off with a reset."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()
        if hold:
            await asyncio.sleep(60)
        if broken_off:
            await asyncio.sleep(0.1)
            reset(writer)
        else:
            writer.close()
            await asyncio.sleep(0.3)

    return talk


def drips(first: bytes, again: bytes, every: float = 0.2) -> Talk:
    """Say something, and then one thing for ever, slowly."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(every)

    return talk


def floods(first: bytes, again: bytes) -> Talk:
    """Say something, and then one thing for ever, as fast as it is taken."""
    many = again * max(1, 65_536 // len(again))

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(many)
            await writer.drain()

    return talk


def answered(octets: bytes, status: int = 200, cut: str = "", **more) -> Case:
    return Case(says(octets, hold=more.pop("hold", False), broken_off=more.pop("broken_off", False)), status, cut, **more)


def protocol(octets: bytes, **more) -> Case:
    return Case(says(octets, **more), failure="protocol")


def head(*lines: bytes) -> bytes:
    return OK + b"".join(line + b"\r\n" for line in lines) + b"Content-Length: 2\r\n\r\nok"


BOMB = gzip.compress(bytes(64 << 20), 9, mtime=0)
BOMB_TWICE = gzip.compress(gzip.compress(bytes(16 << 20), 9, mtime=0), 9, mtime=0)
SETTINGS = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d" + b"\0\0\x04\x08\0\0\0\0\0\0\x0f\0\x01"

HEADS = {
    "a closed door": protocol(b""),
    "a reset before the request": Case(says(b"", broken_off=True), failure="reset", at_once=True),
    "a reset after the request": Case(says(b"", broken_off=True), failure="reset"),
    "silence": Case(says(b"", hold=True), failure="timeout", seconds=10),
    "a header, octet by octet": Case(drips(OK + b"X-Slow: ", b"a"), failure="timeout", seconds=10),
    "headers, one by one": Case(drips(OK, b"X-Slow: a\r\n"), failure="timeout", seconds=10),
    "interim responses, one by one": Case(drips(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), failure="timeout", seconds=10),
    "empty lines, one by one": Case(drips(b"", b"\r\n"), failure="protocol"),
    "half a status line, closed": protocol(b"HTTP/1."),
    "a status line, closed": protocol(OK),
    "a status line, silence": Case(says(OK, hold=True), failure="timeout", seconds=10),
    "half a head, closed": protocol(OK + b"Server: x\r\n"),
    "half a head, reset": Case(says(OK + b"Server: x\r\n", broken_off=True), failure="reset"),
    "one header of 70 KiB": Case(says(head(b"X: " + b"a" * 70_000)), failure="limit"),
    "one header of 60 KiB": answered(head(b"X: " + b"a" * 60_000)),
    "one header without end": Case(floods(OK + b"X: ", b"a"), failure="limit"),
    "16,000 headers": Case(says(head(*[b"A: b"] * 16_000)), failure="limit"),
    "202 headers": Case(says(head(*[b"A: b"] * 201)), failure="limit"),
    "200 headers": answered(head(*[b"A: b"] * 199)),
    "headers without end": Case(floods(OK, b"A: b\r\n"), failure="limit"),
    "2,000 cookies": Case(says(head(*[b"Set-Cookie: a=b"] * 2_000)), failure="limit"),
    "2,000 codings": answered(head(b"Content-Encoding: " + b", ".join([b"gzip"] * 2_000))),
    "interim responses without end": Case(floods(b"", b"HTTP/1.1 103 E\r\n\r\n"), failure="limit"),
    "interim responses 102 without end": Case(floods(b"", b"HTTP/1.1 102 \r\nA: b\r\n\r\n"), failure="limit"),
    "eight interim responses": answered(b"HTTP/1.1 103 E\r\nLink: x\r\n\r\n" * 8 + ANSWERED),
    "100 and 200": answered(b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWERED),
    "100 only": protocol(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "101": protocol(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + SETTINGS),
    "101 without upgrade": protocol(b"HTTP/1.1 101 Switching\r\n\r\n", hold=True),
    "two lengths": protocol(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    "two lengths in one": protocol(OK + b"Content-Length: 2, 3\r\n\r\nok"),
    "the same length twice": answered(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", body=2),
    "length and chunks": answered(OK + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", body=2),
    "a negative length": protocol(OK + b"Content-Length: -1\r\n\r\n"),
    "a length in words": protocol(OK + b"Content-Length: two\r\n\r\nok"),
    "a length in hex": protocol(OK + b"Content-Length: 0x2\r\n\r\nok"),
    "a length of 5,000 digits": protocol(OK + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\nok"),
    "an unknown coding": protocol(OK + b"Transfer-Encoding: gzip\r\n\r\nok"),
    "two codings": protocol(OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a coding twice": protocol(OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "NUL in a value": protocol(head(b"A: b\0c")),
    "NUL in a name": protocol(head(b"A\0: b")),
    "a carriage return in a value": protocol(head(b"A: b\rc")),
    "white space before the colon": protocol(head(b"A : b")),
    "a line without colon": protocol(head(b"nonsense")),
    "an empty name": protocol(head(b": b")),
    "a folded header": answered(head(b"A: b", b"  c")),
    "a folded first header": protocol(head(b"  c")),
    "line feeds only": answered(head(b"A: b").replace(b"\r\n", b"\n")),
    "UTF-8 in a value": answered(head("A: Hà Nội".encode())),
    "ESC in a value": answered(head(b"A: \x1b[31m")),
    "ESC in the reason": answered(b"HTTP/1.1 200 \x1b[31mred\r\nContent-Length: 0\r\n\r\n"),
    "UTF-8 in the reason": answered("HTTP/1.1 200 Được\r\nContent-Length: 0\r\n\r\n".encode()),
    "HTTP/0.9": protocol(b"<html>hello</html>"),
    "HTTP/0.9 and silence": Case(says(b"<html>hello</html>\r\n", hold=True), failure="timeout", seconds=10),
    "HTTP/1.0": answered(b"HTTP/1.0 200 OK\r\n\r\nok", body=2),
    "HTTP/2 frames": protocol(SETTINGS),
    "HTTP/2.0": answered(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "HTTP/11.1": protocol(b"HTTP/11.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "ICY": protocol(b"ICY 200 OK\r\n\r\n"),
    "no reason": answered(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
    "status 99": protocol(b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n"),
    "status 099": protocol(b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"),
    "status 999": answered(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", 999),
    "status 1000": protocol(b"HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n"),
    "status 2OO": protocol(b"HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n"),
    "status -200": protocol(b"HTTP/1.1 -200 OK\r\nContent-Length: 0\r\n\r\n"),
    "a banner of SSH": Case(says(b"SSH-2.0-OpenSSH_9.2\r\n", hold=True), failure="timeout", seconds=10),
    "a banner of SMTP": protocol(b"220 mx.example ESMTP\r\n"),
    "a greeting of MySQL": Case(says(struct.pack("<I", 74) + b"\x0a8.0.36\0" + bytes(66)), failure="protocol"),
    "a TLS alert": protocol(b"\x15\x03\x01\x00\x02\x02\x46"),
    "64 KiB of noise": Case(says(bytes(range(256)) * 256), failure="protocol"),
    "noise without line ends": Case(floods(b"", b"\xff"), failure="limit"),
    "zeros without end": Case(floods(b"", b"\0"), failure="protocol"),
}

BODIES = {
    "a proper answer": answered(ANSWERED, body=2),
    "a body, octet by octet": Case(drips(OK + b"Content-Length: 1000\r\n\r\n", b"a"), 200, "time", seconds=10),
    "a body that stops": answered(OK + b"Content-Length: 9\r\n\r\nok", cut="time", hold=True, seconds=10),
    "a body without end": Case(floods(OK + b"\r\n", b"a"), 200, "body", body=BODY_CAP),
    "a body of 10 GiB": Case(floods(OK + b"Content-Length: 10737418240\r\n\r\n", b"a"), 200, "body", body=BODY_CAP),
    "256 KiB": answered(OK + b"Content-Length: 262144\r\n\r\n" + bytes(BODY_CAP), body=BODY_CAP),
    "1 octet more": answered(OK + b"Content-Length: 300000\r\n\r\n" + bytes(300_000), cut="body", body=BODY_CAP),
    "less than said": answered(OK + b"Content-Length: 9\r\n\r\nok", cut="broken", body=2),
    "more than said": answered(OK + b"Content-Length: 2\r\n\r\n" + b"ok" * 1000, body=2),
    "a reset in the body": answered(OK + b"Content-Length: 9\r\n\r\nok", cut="broken", broken_off=True),
    "a body till the end": answered(OK + b"\r\n" + b"ok" * 1000, body=2000),
    "an empty body": answered(OK + b"Content-Length: 0\r\n\r\n", body=0),
    "204 with a body": answered(b"HTTP/1.1 204 No\r\n\r\nbody", 204, body=0),
    "304 with a length": answered(b"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", 304, body=0),
    "chunks": answered(CHUNKED + b"2\r\nok\r\n0\r\n\r\n", body=2),
    "a chunk size in words": answered(CHUNKED + b"zz\r\nok\r\n0\r\n\r\n", cut="broken"),
    "a negative chunk size": answered(CHUNKED + b"-2\r\nok\r\n0\r\n\r\n", cut="broken"),
    "a chunk size of 21 digits": answered(CHUNKED + b"f" * 21 + b"\r\nok", cut="broken"),
    "a chunk size of 20 digits": Case(floods(CHUNKED + b"f" * 20 + b"\r\n", b"a"), 200, "body"),
    "a chunk size of zeros": Case(floods(CHUNKED, b"0"), 200, "broken"),
    "no line end after a chunk": answered(CHUNKED + b"2\r\nokok\r\n0\r\n\r\n", cut="broken"),
    "chunks, closed": answered(CHUNKED + b"2\r\nok\r\n", cut="broken", body=2),
    "chunks, reset": answered(CHUNKED + b"2\r\nok\r\n", cut="broken", broken_off=True),
    "chunks, silence": answered(CHUNKED + b"2\r\nok\r\n", cut="time", hold=True, seconds=10, body=2),
    "tiny chunks without end": Case(floods(CHUNKED, b"1\r\na\r\n"), 200, "body"),
    "tiny chunks, one by one": Case(drips(CHUNKED, b"1\r\na\r\n"), 200, "time", seconds=10),
    "chunk extensions without end": Case(floods(CHUNKED + b"1;", b"a=b;"), 200, "broken"),
    "chunk extensions of 60 KiB": answered(CHUNKED + b"2;" + b"a" * 60_000 + b"\r\nok\r\n0\r\n\r\n", body=2),
    "chunk extensions, one by one": Case(drips(CHUNKED + b"1;", b"a"), 200, "time", seconds=10),
    "a chunk extension each": Case(floods(CHUNKED, b"1;a=b\r\na\r\n"), 200, "body"),
    "trailers": answered(CHUNKED + b"2\r\nok\r\n0\r\nA: b\r\nC: d\r\n\r\n", body=2),
    "trailers without end": Case(floods(CHUNKED + b"0\r\n", b"A: b\r\n"), 200, "broken"),
    "bad trailers": answered(CHUNKED + b"0\r\nnonsense\r\n\r\n", cut="broken"),
    "a gzip bomb": answered(
        head(b"Content-Encoding: gzip").replace(b": 2\r\n\r\nok", b": %d\r\n\r\n" % len(BOMB)) + BOMB, body=len(BOMB)
    ),
    "a gzip bomb in a gzip bomb": answered(OK + b"Content-Encoding: gzip, gzip\r\n\r\n" + BOMB_TWICE, body=len(BOMB_TWICE)),
    "gzip bombs without end": Case(floods(OK + b"Content-Encoding: gzip\r\n\r\n", BOMB), 200, "body", body=BODY_CAP),
    "a deflate bomb": answered(
        OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(bytes(8 << 20)), body=len(zlib.compress(bytes(8 << 20)))
    ),
    "broken gzip": answered(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8bnonsense", body=10),
    "a coding called br": answered(OK + b"Content-Encoding: br\r\n\r\nxxx", body=3),
    "a charset that is none": answered(OK + b"Content-Type: text/html; charset=zlib_codec\r\n\r\nx\x9c", body=2),
    "nested tags": answered(OK + b"\r\n" + b"<div>" * 50_000, body=250_000),
}

CASES = {**HEADS, **BODIES}
PORT = 80


def address_of(number: int) -> str:
    """Each case has an address and a network of its own."""
    return f"2400:{number + 0x100:x}::1"


def servers() -> list[tuple[str, Tcp]]:
    return [(address_of(number), case.serve) for number, case in enumerate(CASES.values())]
