"""Connections: parked and taken, never too many, measured where it counts: at the server."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import pytest

from ipv6check.facts import Fetch, TcpTry
from ipv6check.net import tcp
from ipv6check.net.guard import Guard
from ipv6check.net.network import Network, NetworkSettings
from ipv6check.net.pace import Pace, PaceLimits
from ipv6check.net.tcp import Connections
from ipv6check.net.url import Url
from tests.net.authority import issue, server_context
from tests.net.inside import Namespace
from tests.net.stubs import has_netfilter, netfilter, silent, tcp_server

pytestmark = pytest.mark.lab

END, OK = b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HOST = "www.example.vn"
FAST = PaceLimits(connections_per_address=50, new_per_second=1e6, connections_per_prefix=50)


def new_network(limits: PaceLimits = FAST) -> Network:
    return Network(NetworkSettings(resolvers=(ip_address("11.9.9.9"),), pace=limits))


@dataclass
class WebServer:
    """Answers requests, and notes when connections come and go and how many there are at once."""

    answer_after: float = 0.0
    hang_up_first: int = 0
    speaks_first: bytes = b""
    closes_idle_after: float | None = None
    opened: list[float] = field(default_factory=list)
    requests: int = 0
    now: int = 0
    most: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened.append(asyncio.get_running_loop().time())
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self._talk(reader, writer)
        finally:
            self.now -= 1

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.speaks_first:
            writer.write(self.speaks_first)
        try:
            async with asyncio.timeout(self.closes_idle_after):
                await reader.readuntil(END)
        except TimeoutError:
            return
        self.requests += 1
        if self.requests <= self.hang_up_first:
            return
        await asyncio.sleep(self.answer_after)
        writer.write(OK)
        await writer.drain()
        await reader.read()


def told(seen: TcpTry | Fetch) -> list[str]:
    failure = seen.failure
    return [str(failure.kind), str(failure.stage), failure.detail] if failure else []


async def connect_then_fetch(wait: float = 0.0, *, scheme: str = "http", secure: bool = False, **server: Any) -> dict[str, Any]:
    """Connect, wait, fetch: what came, and how many connections the server saw."""
    web, port = WebServer(**server), 443 if scheme == "https" else 80
    more = {"ssl": server_context(issue(HOST))} if secure else {}
    async with tcp_server("2400:1::1", port, web.serve, **more), new_network() as network:
        session, address = network.session(), ip_address("2400:1::1")
        connected = await session.connect(address, port, name=HOST)
        await asyncio.sleep(wait)
        fetched, _ = await session.fetch(Url("https" if scheme == "https" else "http", HOST), address)
        left = len(network.connections._parked)
    await asyncio.sleep(0.05)
    return {
        "connected": told(connected),
        "fetched": told(fetched),
        "status": fetched.status,
        "connections": len(web.opened),
        "requests": web.requests,
        "open": web.now,
        "left": left,
        "counted": network.counts["connections"],
        "path": fetched.tls.path_error if fetched.tls else None,
    }


def test_the_connection_that_was_opened_to_look_is_used(inside: Namespace) -> None:
    said = inside("connect_then_fetch")
    assert (said["status"], said["connections"], said["counted"], said["left"], said["open"]) == (200, 1, 1, 0, 0)


async def in_cases() -> dict[str, Any]:
    return {
        "closed by then": await connect_then_fetch(0.3, closes_idle_after=0.1),
        "closed as we speak": await connect_then_fetch(hang_up_first=1),
        "closed again": await connect_then_fetch(hang_up_first=2),
        "spoke meanwhile": await connect_then_fetch(0.2, speaks_first=b"HTTP/1.1 408 Too Slow\r\nContent-Length: 0\r\n\r\n"),
        "tls": await connect_then_fetch(scheme="https", secure=True),
    }


def test_what_the_server_closed_is_dialled_again(inside: Namespace) -> None:
    said = inside("in_cases")
    for case in ("closed by then", "closed as we speak"):
        assert (said[case]["status"], said[case]["connections"]) == (200, 2), case
    assert said["closed again"]["fetched"][:2] == ["protocol", "http"]
    assert (said["closed again"]["connections"], said["closed again"]["requests"]) == (2, 2)
    assert (said["spoke meanwhile"]["status"], said["spoke meanwhile"]["connections"]) == (408, 2)


def test_a_bad_path_takes_one_connection_more(inside: Namespace) -> None:
    said = inside("in_cases")["tls"]
    assert (said["status"], said["path"], said["counted"], said["requests"]) == (200, "self-signed certificate", 2, 1)


# What takes its time


async def patiently() -> dict[str, Any]:
    """The slow looks, at the same time."""
    looks = {"kept": kept, "dead": dead_hosts, "crowds": crowds}
    return dict(zip(looks, await asyncio.gather(*(look() for look in looks.values())), strict=True))


@pytest.fixture(scope="module")
def slow(inside: Namespace) -> dict[str, Any]:
    return inside("patiently")


# How long it is kept


async def kept() -> dict[str, Any]:
    """A parked connection that nobody takes, and a second to the same port."""
    web, connections = WebServer(), Connections(Guard(), Pace(FAST))
    found: dict[str, Any] = {}
    async with tcp_server("2400:31::1", 80, web.serve):
        address = ip_address("2400:31::1")
        for _ in range(2):
            _, connection = await connections.open(address, 80, timeout=1)
            assert connection is not None
            connections.park(connection)
        await asyncio.sleep(0.05)
        found["of two parked"] = web.now
        taken = connections.take(address, 80)
        found["taken"], found["taken twice"] = taken is not None, connections.take(address, 80) is not None
        found["other port"] = connections.take(address, 443) is not None
        assert taken is not None
        connections.park(taken)
        tcp_parked = tcp.PARKED
        await asyncio.sleep(tcp_parked - 0.5)
        found["before"] = web.now
        await asyncio.sleep(1)
        found["after"], found["gone"] = web.now, connections.take(address, 80) is None
        _, connection = await connections.open(address, 80, timeout=1)
        assert connection is not None
        connections.park(connection)
        connections.close()
        await asyncio.sleep(0.05)
        found["closed"] = web.now
    return found


def test_a_parked_connection_is_kept_for_a_while_and_only_one(slow: dict[str, Any]) -> None:
    assert slow["kept"] == {
        "of two parked": 1,
        "taken": True,
        "taken twice": False,
        "other port": False,
        "before": 1,
        "after": 0,
        "gone": True,
        "closed": 0,
    }


# Deadlines


async def dead_hosts() -> dict[str, Any]:
    """A silent host in the first pass and in a later one, a closed port."""
    found = {}
    with silent("2400:a::1", 443), silent("11.10.0.1", 443):
        async with new_network() as network:
            sessions = {"first": network.session(), "later": network.session()}
            sessions["later"].is_first_pass = False
            looks = {
                "first": sessions["first"].connect(ip_address("2400:a::1"), 443),
                "later": sessions["later"].connect(ip_address("2400:a::1"), 443, again=1),
                "v4": sessions["first"].connect(ip_address("11.10.0.1"), 443),
                "closed": sessions["first"].connect(ip_address("2400:b::1"), 443),
                "fetch": sessions["first"].fetch(Url("https", HOST), ip_address("2400:a::1"), again=2),
            }
            for name, seen in zip(looks, await asyncio.gather(*looks.values()), strict=True):
                seen = seen[0] if isinstance(seen, tuple) else seen
                found[name] = [*told(seen), seen.seconds]
    return found


def test_deadlines_of_connections(slow: dict[str, Any]) -> None:
    said = slow["dead"]
    for name, deadline in (("first", 5.0), ("v4", 5.0), ("fetch", 5.0), ("later", 8.5)):
        assert said[name][:2] == ["timeout", "tcp"]
        assert deadline <= said[name][3] < deadline + 1
    assert said["closed"][:3] == ["refused", "tcp", "ECONNREFUSED"]
    assert said["closed"][3] < 0.5


# The pace, at the server


async def crowds() -> dict[str, Any]:
    """Eight targets at one address, eight more in its network and elsewhere, with the default pace."""
    servers = {f"2400:41:1::{i}": WebServer(answer_after=1.5) for i in range(1, 5)}
    async with AsyncExitStack() as stack:
        at_once = Together(servers)
        for address, web in servers.items():
            await stack.enter_async_context(tcp_server(address, 80, at_once.noting(web)))
        network = await stack.enter_async_context(new_network(PaceLimits()))
        crowd = [("2400:41:1::1", i) for i in range(5)] + [(a, i) for a in list(servers)[1:] for i in range(2)]
        fetched = await asyncio.gather(
            *(network.session().fetch(Url("http", f"h{i}.example"), ip_address(address)) for address, i in crowd)
        )
    return {
        "statuses": [fetch.status for fetch, _ in fetched],
        "most": [web.most for web in servers.values()],
        "most_in_network": at_once.most,
        "spaces": [b - a for web in servers.values() for a, b in pairwise(web.opened)],
        "waited": max(fetch.seconds for fetch, _ in fetched),
    }


@dataclass
class Together:
    """Counts the connections of several servers at once."""

    servers: dict[str, WebServer]
    most: int = 0

    def noting(self, web: WebServer) -> Any:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.most = max(self.most, 1 + sum(other.now for other in self.servers.values()))
            await web.serve(reader, writer)

        return serve


def test_the_pace_holds_at_the_server(slow: dict[str, Any]) -> None:
    said = slow["crowds"]
    assert set(said["statuses"]) == {200}
    assert max(said["most"]) <= 2
    assert said["most_in_network"] <= 4
    assert min(said["spaces"]) > 0.95
    assert said["waited"] < 2.5, "the wait for the pace is not the peer's time"


# What is broken off


async def broken_off() -> dict[str, Any]:
    """Fetches cancelled at every moment: no place is lost, and others go on."""
    web = WebServer(answer_after=0.1)
    context = server_context(issue(HOST))
    async with (
        tcp_server("2400:1::1", 80, web.serve),
        tcp_server("2400:1::1", 443, web.serve, ssl=context),
        new_network(replace(FAST, connections_per_address=2)) as network,
    ):
        address = ip_address("2400:1::1")
        for number in range(60):
            scheme = "https" if number % 2 else "http"
            session = network.session()
            if number % 5 == 4:
                task: asyncio.Task[Any] = asyncio.create_task(session.legacy_handshake(address, HOST, again=number))
            else:
                task = asyncio.create_task(session.fetch(Url(scheme, HOST), address, again=number))
            await asyncio.sleep(number % 20 * 0.003)
            task.cancel()
            await asyncio.wait([task])
        async with asyncio.timeout(3):
            fetch, _ = await network.session().fetch(Url("http", HOST), address, again=1000)
        await asyncio.sleep(1.2)
        left, places = len(network.pace._at_once._places), network._apart._here._handshakes._places._value
    return {"status": fetch.status, "left": left, "places": places, "open": web.now}


def test_what_is_broken_off_gives_its_places_back(inside: Namespace) -> None:
    said = inside("broken_off")
    assert (said["status"], said["left"], said["open"]) == (200, 0, 0)
    assert said["places"] == 16


async def connects_cancelled() -> dict[str, Any]:
    with netfilter("ip6 daddr 2400:dead::/32 drop"):
        connections = Connections(Guard(), Pace(FAST))
        tasks = [asyncio.create_task(connections.open(ip_address("2400:dead::1"), 80, timeout=5)) for _ in range(10)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = len(connections._pace._at_once._places)
        connections.close()
    return {"left": left, "places": connections._places._value}


def netfilter_is_there() -> bool:
    return has_netfilter()


def test_a_cancelled_connect_gives_its_places_back(inside: Namespace) -> None:
    if not inside("netfilter_is_there"):
        pytest.skip("no nftables here")
    assert inside("connects_cancelled") == {"left": 0, "places": tcp.AT_ONCE}


async def source_ports() -> list[int]:
    """Each try leaves from another port."""
    web = WebServer()
    async with tcp_server("2400:1::1", 80, web.serve), new_network() as network:
        session = network.session()
        tries = [await session.connect(ip_address("2400:1::1"), 80, again=i) for i in range(5)]
    return [tried.source_port or 0 for tried in tries]


def test_each_try_leaves_from_another_port(inside: Namespace) -> None:
    ports = inside("source_ports")
    assert len(set(ports)) == 5
    assert min(ports) > 1024
