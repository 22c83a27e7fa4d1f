"""One HTTP exchange with one pinned address, by httpx over a connection of ours.

The only module that knows httpx. No keep-alive, no proxy, no cookies, no decoding, no redirects: a hop is one exchange.
Every phase has its deadline and every read its cap; httpx's own timeouts are per read and no deadline.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpcore
import httpx

from ipv6check.net.failure import Cut
from ipv6check.net.tcp import Connection

TLS_DEADLINE: Final = 8.0
HEAD_DEADLINE: Final = 10.0
BODY_DEADLINE: Final = 10.0
HEAD_CAP: Final = 65_536
BODY_CAP: Final = 262_144
HEADERS_CAP: Final = 200
HEAD_STORED: Final = 4_096
HANDSHAKES_AT_ONCE: Final = 16
SILENT_AFTER: Final = 1.0
"""Seconds after which a handshake that is not done gives its place back: a silent host must not hold up the others."""

READ_SIZE: Final = 4_096
"""Octets read before others have their turn: a thousand tiny chunks or interim responses in them take a while to read."""

ALWAYS_STORED: Final = frozenset({"location", "strict-transport-security", "date"})
"""Headers that checks look at: kept also when what came before them was long."""

CLOSED_SILENTLY: Final = "closed without a word"
"""What is said of an empty reply; on a connection that was parked it means that the server had given it up."""

HTTP_LIBRARY_ERRORS: Final = (httpcore.ProtocolError, httpcore.NetworkError, httpx.InvalidURL)
"""What the libraries raise on a peer's bytes, beside OSError and ssl.SSLError."""


class Handshakes:
    """Places for TLS handshakes under way: their work is ours, and too many at once make others look slow."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(HANDSHAKES_AT_ONCE)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place until done, or until the peer has been silent for a while."""
        await self._places.acquire()
        is_held = True

        def give_back() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._places.release()

        silence = asyncio.get_running_loop().call_later(SILENT_AFTER, give_back)
        try:
            yield
        finally:
            silence.cancel()
            give_back()


class Line(httpcore.AsyncNetworkStream):
    """The bytes of one connection, counted against a cap."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.read_bytes = 0
        self._cap, self._cap_name = HEAD_CAP, "headers"

    def cap_body(self) -> None:
        """From here on the body's cap counts."""
        self._cap, self._cap_name = self.read_bytes + BODY_CAP, "body"

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there; raises `Cut` above the cap, RemoteProtocolError when nothing comes at all."""
        await asyncio.sleep(0)
        data = await self._reader.read(min(max_bytes, READ_SIZE))
        self.read_bytes += len(data)
        if not self.read_bytes:
            raise httpcore.RemoteProtocolError(CLOSED_SILENTLY)
        if self.read_bytes > self._cap:
            raise Cut(self._cap_name)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send everything."""
        self._writer.write(buffer)
        await self._writer.drain()

    async def aclose(self) -> None:
        """Leave at once; the socket is closed when this returns."""
        self._writer.transport.abort()
        await asyncio.sleep(0)

    def get_extra_info(self, info: str) -> Any:
        """Nothing that httpcore would need."""
        return None

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS side of it, when there is one."""
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found


async def plain_line(connection: Connection) -> Line:
    """Talk in the clear on an open connection."""
    return Line(*await asyncio.open_connection(sock=connection.hand_over()))


async def tls_line(connection: Connection, context: ssl.SSLContext, server_name: str) -> Line:
    """Shake hands on an open connection. Raises ssl.SSLError, OSError or TimeoutError after 8 s."""
    async with asyncio.timeout(TLS_DEADLINE):
        streams = await asyncio.open_connection(
            sock=connection.hand_over(),
            ssl=context,
            server_hostname=server_name,
            ssl_handshake_timeout=TLS_DEADLINE + 1,
            ssl_shutdown_timeout=1,
        )
    return Line(*streams)


class _OneConnection(httpx.AsyncBaseTransport):
    """Carries one httpx request over one connection that is already open."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        connection = httpcore.AsyncHTTP11Connection(origin=target.origin, stream=self._line)
        response = await connection.handle_async_request(httpcore.Request(request.method, target, headers=request.headers.raw))
        return httpx.Response(response.status, headers=response.headers, stream=_Raw(response))


class _Raw(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


@dataclass(frozen=True, slots=True)
class Reply:
    """A response as it came: the head cut to what is stored, the body to its cap; `cut` names the cap that ended the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: str


async def get(line: Line, url: str, user_agent: str) -> Reply:
    """Send a GET for `url` on a line and read the reply. Raises httpcore errors, `Cut("headers")`, OSError, TimeoutError."""
    request = httpx.Request("GET", url, headers=_request_headers(user_agent))
    async with asyncio.timeout(HEAD_DEADLINE):
        response = await _OneConnection(line).handle_async_request(request)
    if len(response.headers.raw) > HEADERS_CAP:
        raise Cut("headers")
    line.cap_body()
    body = bytearray()
    cut = await _read_body(response, body)
    return Reply(response.status_code, _stored(response.headers.raw), bytes(body[:BODY_CAP]), cut)


async def _read_body(response: httpx.Response, body: bytearray) -> str:
    """Read what can be had of the body: it never undoes the answer."""
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for part in response.stream:  # type: ignore[union-attr]
                body += part
    except Cut as cut:
        return str(cut)
    except TimeoutError:
        return "time"
    except (httpcore.ProtocolError, httpcore.NetworkError, OSError):
        return "broken"
    return ""


def _request_headers(user_agent: str) -> dict[str, str]:
    return {
        "User-Agent": user_agent,
        "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
        "Accept-Language": "vi,en;q=0.5",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _stored(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """The head as it is stored: what is too much of it is left out, but never what checks look at."""
    kept: list[tuple[str, str]] = []
    size = 0
    for name, value in raw:
        lower = name.decode("latin-1").lower()
        size += len(name) + len(value)
        if size <= HEAD_STORED or lower in ALWAYS_STORED:
            kept.append((lower, _text(value[:HEAD_STORED])))
    return tuple(kept)


def _text(value: bytes) -> str:
    """A header's value: many servers write UTF-8, such as the path of a redirect, where the standard has Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
