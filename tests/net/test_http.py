"""HTTP against a hundred hostile servers at once, with healthy ones beside them."""

import asyncio
import errno
import os
from contextlib import AsyncExitStack
from ipaddress import ip_address
from typing import Any, cast

import httpcore
import pytest

from ipv6check.facts import Fetch
from ipv6check.net import http
from ipv6check.net.line import CLOSED_SILENTLY, Line
from ipv6check.net.network import Network, NetworkSettings
from ipv6check.net.url import Url
from tests.net.hostile_http import ANSWERED, CASES, END, OK, address_of, servers
from tests.net.inside import Namespace
from tests.net.stubs import Watch, elsewhere, tcp_server

HEALTHY = 50
TALKS_APART = (False, False, True)
"""For each round, whether another process talks; twice the same, so that what leaks shows."""

AT_ONCE = 5
"""Seconds in which an answer comes that needs no waiting, with all the others beside it."""

GROWTH = 50 << 20
"""Octets of memory that a hundred hostile servers may cost."""


def settings(talks_apart: bool = False) -> NetworkSettings:
    return NetworkSettings(resolvers=(ip_address("11.9.9.9"),), talks_apart=talks_apart)


def told(fetch: Fetch) -> dict[str, Any]:
    """An exchange in plain values."""
    failure = fetch.failure
    return {
        "status": fetch.status,
        "cut": fetch.cut,
        "failure": str(failure.kind) if failure else "",
        "stage": str(failure.stage) if failure else "",
        "detail": failure.detail if failure else "",
        "body": fetch.body_bytes,
        "headers": dict(fetch.headers),
        "seconds": fetch.seconds,
    }


async def get(network: Network, address: str, url: Url, again: int = 0) -> dict[str, Any]:
    fetch, _ = await network.session().fetch(url, ip_address(address), again=again)
    return told(fetch)


# A hundred hostile servers


def healthy_address(number: int) -> str:
    return f"2400:{number + 0x1000:x}::1"


async def open_servers() -> None:
    """Serve every case and the healthy ones; they live as long as their process."""
    stack = AsyncExitStack()

    async def healthy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(ANSWERED)
        await writer.drain()

    for address, serve in [*servers(), *((healthy_address(n), healthy) for n in range(HEALTHY))]:
        await stack.enter_async_context(tcp_server(address, 80, serve))
    KEPT.append(stack)


KEPT: list[AsyncExitStack] = []


async def fetch_all(talks_apart: bool) -> dict[str, Any]:
    """Fetch from all of them at the same time."""
    async with Network(settings(talks_apart)) as network:
        await asyncio.sleep(0.1)
        async with Watch() as watch:
            hostile = [get(network, address_of(i), Url("http", f"h{i}.example")) for i in range(len(CASES))]
            healthy = [get(network, healthy_address(i), Url("http", f"g{i}.example")) for i in range(HEALTHY)]
            found = await asyncio.gather(*hostile, *healthy)
        left = len(network.pace._at_once._places)
    return {
        "cases": dict(zip(CASES, found, strict=False)),
        "healthy": found[len(CASES) :],
        "lag": watch.p99,
        "worst": watch.worst,
        "grown": watch.grown,
        "left": left,
    }


def hostile() -> list[dict[str, Any]]:
    with elsewhere(open_servers):
        return [asyncio.run(fetch_all(talks_apart)) for talks_apart in TALKS_APART]


@pytest.fixture(scope="module")
def rounds(inside: Namespace) -> list[dict[str, Any]]:
    return inside("hostile")


pytestmark = pytest.mark.lab


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_server(rounds: list[dict[str, Any]], name: str) -> None:
    case = CASES[name]
    for seen in (found["cases"][name] for found in rounds):
        assert (seen["status"], seen["cut"], seen["failure"]) == (case.status, case.cut, case.failure), seen
        assert seen["stage"] in (["http", *["tcp"] * case.at_once] if case.failure else [""])
        assert case.body is None or seen["body"] == case.body
        assert case.seconds - 0.1 <= seen["seconds"] <= (case.seconds + 1 if case.seconds else AT_ONCE)
        assert seen["detail"].isprintable()
        assert len(seen["detail"]) <= 200
        assert (seen["detail"] == "headers") is (case.failure == "limit")


def test_there_are_a_hundred() -> None:
    assert len(CASES) >= 100


def test_healthy_ones_beside_them_all_answer(rounds: list[dict[str, Any]]) -> None:
    for found in rounds:
        assert [seen["status"] for seen in found["healthy"]] == [200] * HEALTHY


def test_memory_and_the_loop_bear_it(rounds: list[dict[str, Any]]) -> None:
    assert max(found["grown"] for found in rounds) < GROWTH
    assert max(found["lag"] for found in rounds) < 0.1
    assert max(found["worst"] for found in rounds) < 0.25
    assert [found["left"] for found in rounds] == [0] * len(TALKS_APART)


# What is asked, and what is kept

HEAD_4K = b"".join(b"Set-Cookie: c%d=%s\r\n" % (i, b"x" * 400) for i in range(20))


async def kept() -> dict[str, Any]:
    """Requests as a server sees them, and heads that are long."""
    requests: list[str] = []
    heads = {
        "long": OK + HEAD_4K + b"Location: /vi/\r\nStrict-Transport-Security: max-age=31536000\r\nDate: x\r\nServer: y\r\n",
        "first": OK + b"X-Long: " + b"a" * 9_000 + b"\r\nServer: y\r\n",
        "utf8": "HTTP/1.1 302 Found\r\nLocation: /trang-chủ?q=đẹp\r\n".encode(),
        "latin": b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9\r\n",
        "odd": OK + b"X-Odd: a\x80b\xff\r\n",
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(END)).decode()
        requests.append(request)
        which = request.partition(" ")[2].partition(" ")[0].strip("/")
        writer.write(heads.get(which, OK) + b"Content-Length: 0\r\n\r\n")
        await writer.drain()

    paths = [*heads, "trang-chủ?tìm=gì", "a b".replace(" ", "%20"), "'\"<>\\^`{|}", "x" * 1_900]
    found = {}
    async with tcp_server("2400:1::1", 80, serve), tcp_server("2400:2::1", 80, serve), Network(settings()) as network:
        network.pace._new._interval = 0.0
        for number, path in enumerate(paths):
            found[path] = await get(network, "2400:1::1", Url("http", "www.example.vn", f"/{path}"), number)
        found["by-address"] = await get(network, "2400:2::1", Url("http", "2400:2::1"))
    return {"requests": requests, "found": found}


@pytest.fixture(scope="module")
def heads(inside: Namespace) -> dict[str, Any]:
    return inside("kept")


def test_the_request_says_who_we_are_and_asks_plainly(heads: dict[str, Any]) -> None:
    lines = heads["requests"][0].split("\r\n")
    assert lines[0] == "GET /long HTTP/1.1"
    sent = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    assert sent["host"] == "www.example.vn"
    assert sent["user-agent"].startswith("ipv6check/")
    assert (sent["accept-encoding"], sent["connection"]) == ("identity", "close")
    assert not {"cookie", "authorization", "referer", "proxy-authorization"} & set(sent)


def test_the_host_of_an_address_is_in_brackets(heads: dict[str, Any]) -> None:
    assert "\r\nHost: [2400:2::1]\r\n" in heads["requests"][-1]


def test_every_path_can_be_asked(heads: dict[str, Any]) -> None:
    assert {path: seen["failure"] for path, seen in heads["found"].items() if seen["failure"]} == {}
    targets = [request.split(" ")[1] for request in heads["requests"]]
    assert "/trang-ch%E1%BB%A7?t%C3%ACm=g%C3%AC" in targets
    assert "/a%20b" in targets
    assert all(target.isascii() and target.isprintable() for target in targets)


def test_what_checks_look_at_is_kept_of_a_long_head(heads: dict[str, Any]) -> None:
    headers = heads["found"]["long"]["headers"]
    assert headers["location"] == "/vi/"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["date"] == "x"
    assert sum(len(name) + len(value) for name, value in headers.items()) <= http.HEAD_STORED + 500


def test_a_long_header_is_left_out_or_cut(heads: dict[str, Any]) -> None:
    headers = heads["found"]["first"]["headers"]
    assert all(len(value) <= http.HEAD_STORED for value in headers.values())


def test_a_redirect_in_utf8_is_read_as_such(heads: dict[str, Any]) -> None:
    assert heads["found"]["utf8"]["headers"]["location"] == "/trang-chủ?q=đẹp"
    assert heads["found"]["latin"]["headers"]["location"] == "/café"
    assert heads["found"]["odd"]["headers"]["x-odd"] == "a\x80b\xff"


async def with_a_hostile_environment() -> dict[str, Any]:
    """Proxies and authorities of the environment are not ours."""
    trap = "http://[2400:66::66]:3128"
    names = (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    )
    os.environ.update(dict.fromkeys(names, trap))
    hits: list[int] = []

    async def trapped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(1)

    async def proper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(OK + b"Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with tcp_server("2400:66::66", 3128, trapped), tcp_server("2400:1::1", 80, proper), Network(settings()) as network:
        seen = await get(network, "2400:1::1", Url("http", "a.vn"))
    for name in names:
        del os.environ[name]
    return {"status": seen["status"], "hits": len(hits)}


def test_the_environment_changes_nothing(inside: Namespace) -> None:
    assert inside("with_a_hostile_environment") == {"status": 200, "hits": 0}


class Deaf:
    """A line to a server that did not hear the request; what it had said before can still be read."""

    def __init__(self, *said: bytes) -> None:
        self._said, self._left = said, list(said)

    async def write(self, data: bytes) -> None:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    async def read(self) -> bytes:
        if not self._said:
            raise httpcore.RemoteProtocolError(CLOSED_SILENTLY)
        return self._left.pop() if self._left else b""

    def cap_body(self) -> None:
        """Bodies here are short."""


async def test_a_request_that_was_cut_off_is_told_as_that() -> None:
    """The kernel says so once, to whoever writes: reading only finds the end."""
    with pytest.raises(ConnectionResetError):
        await http.get(cast(Line, Deaf()), "http://ten.vn/", "agent")


async def test_what_a_server_said_before_it_cut_the_request_off_counts() -> None:
    reply = await http.get(
        cast(Line, Deaf(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")), "http://ten.vn/", "agent"
    )
    assert reply.status == 400
