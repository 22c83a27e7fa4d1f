"""One HTTP exchange with one pinned address: httpx writes the URL, h11 speaks the protocol, over a line of ours.

The only module that knows h11. No keep-alive, no proxy, no cookies, no decoding, no redirects: a hop is one exchange.
Every phase has its deadline and every read its cap.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import h11
import httpcore
import httpx

from ipv6check.net.failure import Cut
from ipv6check.net.line import BODY_CAP, Line

HEAD_DEADLINE: Final = 10.0
BODY_DEADLINE: Final = 10.0
HEADERS_CAP: Final = 200
UNFINISHED_CAP: Final = 102_400
"""Octets of trailers that have no end; a head has the line's cap, which is lower."""

HEAD_STORED: Final = 4_096
HANDSHAKES_AT_ONCE: Final = 16
SILENT_AFTER: Final = 1.0
"""Seconds after which a handshake that is not done gives its place back: a silent host must not hold up the others."""

ALWAYS_STORED: Final = frozenset({"location", "strict-transport-security", "date"})
"""Headers that checks look at: kept also when what came before them was long."""

HTTP_LIBRARY_ERRORS: Final = (httpcore.ProtocolError, httpx.InvalidURL)
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


class _Exchange:
    """One request on a line and what comes back, by h11."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=UNFINISHED_CAP)
        self._unheard: OSError | None = None

    async def ask(self, request: h11.Request) -> h11.Response | h11.InformationalResponse:
        """Send the request and read the head. A server may have replied before it heard us, and no longer listen."""
        octets = (self._state.send(request) or b"") + (self._state.send(h11.EndOfMessage()) or b"")
        try:
            await self._line.write(octets)
        except OSError as error:
            self._unheard = error  # told once: reading afterwards only finds the end
        while True:
            event = await self._event()
            if isinstance(event, h11.Response) or (isinstance(event, h11.InformationalResponse) and event.status_code == 101):
                return event

    async def body(self) -> AsyncIterator[bytes]:
        """What follows the head, part by part."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def _event(self) -> Any:
        while True:
            try:
                event = self._state.next_event()
            except h11.RemoteProtocolError as error:
                raise httpcore.RemoteProtocolError(error) from error
            if event is not h11.NEED_DATA:
                return event
            data = await self._read()
            if not data and self._state.their_state is h11.SEND_RESPONSE:
                raise self._unheard or httpcore.RemoteProtocolError("Server disconnected without sending a response.")
            self._state.receive_data(data)

    async def _read(self) -> bytes:
        try:
            return await self._line.read()
        except httpcore.RemoteProtocolError as silence:
            raise self._unheard or silence from None


@dataclass(frozen=True, slots=True)
class Reply:
    """A response as it came: the head cut to what is stored, the body to its cap; `cut` names the cap that ended the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: str


async def get(line: Line, url: str, user_agent: str) -> Reply:
    """Send a GET for `url` on a line and read the reply. Raises httpcore errors, `Cut("headers")`, OSError, TimeoutError."""
    exchange = _Exchange(line)
    async with asyncio.timeout(HEAD_DEADLINE):
        response = await exchange.ask(_request(url, user_agent))
    headers = response.headers.raw_items()
    if len(headers) > HEADERS_CAP:
        raise Cut("headers")
    line.cap_body()
    body = bytearray()
    cut = await _read_body(exchange, body)
    return Reply(response.status_code, _stored(headers), bytes(body[:BODY_CAP]), cut)


async def _read_body(exchange: _Exchange, body: bytearray) -> str:
    """Read what can be had of the body: it never undoes the answer."""
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for part in exchange.body():
                body += part
    except Cut as cut:
        return str(cut)
    except TimeoutError:
        return "time"
    except (httpcore.ProtocolError, OSError):
        return "broken"
    return ""


@lru_cache(1024)
def _request(url: str, user_agent: str) -> h11.Request:
    """The GET request: every address of a name is sent the same. Raises httpcore.LocalProtocolError, httpx.InvalidURL."""
    written = httpx.URL(url)
    headers = [
        (b"Host", written.netloc),
        (b"User-Agent", user_agent.encode()),
        (b"Accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"),
        (b"Accept-Language", b"vi,en;q=0.5"),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]
    try:
        return h11.Request(method=b"GET", target=written.raw_path, headers=headers)
    except h11.LocalProtocolError as error:
        raise httpcore.LocalProtocolError(error) from error


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
