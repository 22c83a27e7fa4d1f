"""Sessions and the network they share: budgets, families that are down, lateness, trouble, memory, resolvers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from ipv6check.addressing import Address
from ipv6check.facts import Answer, DnsTry, Fetch, TcpTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import network as network_module
from ipv6check.net.guard import OptOut
from ipv6check.net.lag import LATE
from ipv6check.net.network import IN_A_ROW, Network, NetworkSettings, Session
from ipv6check.net.pace import PaceLimits
from ipv6check.net.question import Question
from ipv6check.net.talk import no_fetch, no_handshake
from ipv6check.net.tcp import Connection
from ipv6check.net.url import Url
from tests.net.inside import Namespace
from tests.net.stubs import NameServer, answer, tcp_server

V6, V4, RESOLVER, SECOND_RESOLVER = map(ip_address, ("2400:1::1", "11.0.0.1", "127.0.0.1", "::1"))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOST = "www.example.vn"
URL = Url("https", HOST)


def failure(kind: str, stage: Stage = Stage.TCP, detail: str = "") -> Failure:
    return Failure(kind=FailureKind(kind), stage=stage, detail=detail)


class Wire:
    """Stands where sockets are: answers everything as told, and keeps what was asked."""

    def __init__(self, network: Network) -> None:
        self.asked: list[tuple[str, object]] = []
        self.failure: Failure | None = None
        self.silent: set[Address] = set()
        self.seconds = 0.0
        self.sends = 1
        self._network = network
        self._at = NOON
        network.dns.udp = self._udp  # type: ignore[method-assign]
        network.dns.tcp = self._tcp  # type: ignore[method-assign]
        network.connections.open = self._open  # type: ignore[method-assign]
        network.web.fetch = self._fetch  # type: ignore[method-assign]
        network.web.legacy_handshake = self._legacy  # type: ignore[method-assign]

    def _times(self) -> dict[str, datetime]:
        start, self._at = self._at, self._at + timedelta(seconds=self.seconds)
        return {"start": start, "end": self._at}

    async def _udp(self, question: Question, host: str = "") -> DnsTry:
        self.asked.append(("udp", question))
        failed = failure("timeout", Stage.DNS) if question.server in self.silent else self.failure
        said = None if failed else Answer(rcode="NOERROR")
        return DnsTry(**self._times(), server=question.server, sends=self.sends, failure=failed, answer=said)

    async def _tcp(self, question: Question, host: str = "") -> DnsTry:
        self.asked.append(("tcp", question))
        return DnsTry(**self._times(), server=question.server, transport="tcp", failure=self.failure)

    async def _open(self, address: Address, port: int, *, timeout: float, name: str = "") -> tuple[TcpTry, Connection | None]:
        self.asked.append(("open", (str(address), port, timeout)))
        return TcpTry(**self._times(), address=address, port=port, failure=self.failure), None

    async def _fetch(self, url: Url, address: Address, parked: object, open_connection: Any, seen: object) -> Fetch:
        tcp, _ = await open_connection(address, url.port, url.host)
        fetch = no_fetch(url, address, tcp.failure)
        return Fetch(start=tcp.start, end=tcp.end, url=fetch.url, address=address, port=fetch.port, failure=tcp.failure)

    async def _legacy(self, address: Address, name: str, open_connection: Any) -> Any:
        tcp, _ = await open_connection(address, 443, name)
        return replace(no_handshake(address, name, tcp.failure), start=tcp.start, end=tcp.end)


def new_network(**settings: Any) -> Network:
    return Network(NetworkSettings(**({"resolvers": (RESOLVER,)} | settings)))


@pytest.fixture(scope="module")
def contexts() -> Any:
    """Built once: it takes a while."""
    return network_module.build_contexts(None)


@pytest.fixture
def network(contexts: Any, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setattr(network_module, "build_contexts", lambda path: contexts)
    return new_network()


@pytest.fixture
def wire(network: Network) -> Wire:
    return Wire(network)


Look = Callable[[Session, int], Awaitable[Any]]

LOOKS: dict[str, Look] = {
    "ask": lambda s, again: s.ask(V6, "a.vn", "SOA", again=again),
    "ask by tcp": lambda s, again: s.ask(V6, "a.vn", "SOA", transport="tcp", again=again),
    "connect": lambda s, again: s.connect(V6, 443, name=HOST, again=again),
    "fetch": lambda s, again: s.fetch(URL, V6, again=again),
    "legacy": lambda s, again: s.legacy_handshake(V6, HOST, again=again),
}
LOOKUP: Look = lambda s, again: s.lookup("a.vn", "AAAA", again=again)  # noqa: E731


def failure_of(seen: Any) -> Failure | None:
    return (seen[0] if isinstance(seen, tuple) else seen).failure


# Budgets


async def test_the_budget_of_connections_ends(network: Network, wire: Wire) -> None:
    session = network.session()
    for number in range(network_module.CONNECTIONS_PER_TARGET):
        look = LOOKS[("connect", "fetch", "legacy")[number % 3]]
        assert failure_of(await look(session, number)) is None
    for look in (LOOKS["connect"], LOOKS["fetch"], LOOKS["legacy"]):
        refused = failure_of(await look(session, 1000))
        assert refused is not None
        assert (refused.kind, refused.stage, refused.detail, refused.is_ours) == ("budget", "tcp", "connections", True)
    assert len(wire.asked) == network_module.CONNECTIONS_PER_TARGET
    assert network.counts["connections"] == network_module.CONNECTIONS_PER_TARGET
    assert failure_of(await LOOKS["ask"](session, 0)) is None
    assert failure_of(await LOOKS["connect"](network.session(), 1000)) is None


async def test_the_budget_of_questions_counts_what_was_sent(network: Network, wire: Wire) -> None:
    session, wire.sends = network.session(), 3
    for number in range(network_module.QUESTIONS_PER_TARGET // 3):
        assert failure_of(await LOOKS["ask"](session, number)) is None
    refused = failure_of(await LOOKS["ask"](session, 1000))
    assert refused is not None
    assert (refused.kind, refused.stage, refused.detail) == ("budget", "dns", "questions")
    assert network.counts["questions"] == network_module.QUESTIONS_PER_TARGET
    assert failure_of(await LOOKS["connect"](session, 0)) is None


@pytest.mark.parametrize("name", LOOKS)
async def test_the_budget_of_time_ends_the_first_pass_only(network: Network, wire: Wire, name: str) -> None:
    session, wire.seconds = network.session(), 15.0
    for number in range(4):
        assert failure_of(await LOOKS[name](session, number)) is None
    refused = failure_of(await LOOKS[name](session, 10))
    assert refused is not None
    assert (refused.kind, refused.detail, refused.is_ours) == ("budget", "time", True)
    session.is_first_pass = False
    assert failure_of(await LOOKS[name](session, 10)) is None


async def test_confirming_tries_cost_no_time_of_the_first_pass(network: Network, wire: Wire) -> None:
    session, wire.seconds = network.session(), 50.0
    session.is_first_pass = False
    for number in range(5):
        await LOOKS["connect"](session, number)
    session.is_first_pass = True
    assert failure_of(await LOOKS["connect"](session, 10)) is None
    assert failure_of(await LOOKS["connect"](session, 11)) is None
    assert failure_of(await LOOKS["connect"](session, 12)) is not None


async def test_time_spent_side_by_side_counts_once(network: Network, wire: Wire) -> None:
    session = network.session()

    def spend(start: float, end: float) -> float:
        at = {"start": NOON + timedelta(seconds=start), "end": NOON + timedelta(seconds=end)}
        session._spend(TcpTry(**at, address=V6, port=443))
        return session._seconds

    for end in (15, 30, 31, 30):
        spend(0, end)
    assert session._seconds == 31
    assert spend(40, 41) == 32
    assert spend(43, 44) == 33
    assert spend(42, 45) == 35, "a short try within a long one that ended later"
    assert spend(30.5, 46) == 46


async def test_the_vantage_has_no_budget(network: Network, wire: Wire) -> None:
    session, wire.seconds, wire.sends = network.session(for_vantage=True), 10.0, 10
    for number in range(130):
        for look in LOOKS.values():
            assert failure_of(await look(session, number)) is None


@pytest.mark.parametrize(("first", "deadline"), [(True, 5.0), (False, 8.5)])
async def test_deadlines_are_short_in_the_first_pass(network: Network, wire: Wire, first: bool, deadline: float) -> None:
    session = network.session()
    session.is_first_pass = first
    await LOOKS["connect"](session, 0)
    assert wire.asked == [("open", (str(V6), 443, deadline))]


# Families that are down


@pytest.mark.parametrize("name", LOOKS)
async def test_a_family_that_is_down_is_not_tried(network: Network, wire: Wire, name: str) -> None:
    network.down = {6}
    refused = failure_of(await LOOKS[name](network.session(), 0))
    assert refused is not None
    assert (refused.kind, refused.detail, refused.is_ours) == ("local", "no IPv6 here", True)
    assert wire.asked == []
    assert failure_of(await LOOKUP(network.session(), 0)) is None
    assert failure_of(await network.session().connect(V4, 443)) is None
    assert failure_of(await LOOKS[name](network.session(for_vantage=True), 0)) is None
    network.down = set()
    assert failure_of(await LOOKS[name](network.session(), 0)) is None


# Trouble in a row


def troubled(network: Network) -> list[object]:
    calls: list[object] = []
    network.on_trouble = calls.append
    return calls


@pytest.mark.parametrize("kind", ["timeout", "unreachable", "prohibited"])
@pytest.mark.parametrize("name", ["ask", "connect", "fetch"])
async def test_five_failures_in_a_row_are_trouble(network: Network, wire: Wire, name: str, kind: str) -> None:
    calls, wire.failure = troubled(network), failure(kind)
    for number in range(IN_A_ROW - 1):
        await LOOKS[name](network.session(), number)
    assert calls == []
    await LOOKS[name](network.session(), 100)
    assert calls == [6]
    for number in range(IN_A_ROW):
        await LOOKS[name](network.session(), 200 + number)
    assert calls == [6, 6]
    assert network.counts["timeouts"] == (2 * IN_A_ROW if kind == "timeout" else 0)


async def test_families_and_the_resolver_are_counted_apart(network: Network, wire: Wire) -> None:
    calls, wire.failure = troubled(network), failure("timeout")
    for number in range(IN_A_ROW - 1):
        await LOOKS["connect"](network.session(), number)
        await network.session().connect(V4, 443, again=number)
        await LOOKUP(network.session(), number)
    assert calls == []
    await network.session().connect(V4, 80)
    await LOOKUP(network.session(), 100)
    await LOOKS["connect"](network.session(), 100)
    assert calls == [4, "resolver", 6]


@pytest.mark.parametrize(
    ("between", "trouble"),
    [(None, False), ("refused", False), ("reset", False), ("tls", False), ("local", True), ("budget", True), ("opt-out", True)],
)
async def test_what_proves_the_path_begins_the_count_anew(
    network: Network, wire: Wire, between: str | None, trouble: bool
) -> None:
    calls, wire.failure = troubled(network), failure("timeout")
    for number in range(IN_A_ROW - 1):
        await LOOKS["connect"](network.session(), number)
    wire.failure = failure(between) if between else None
    await LOOKS["connect"](network.session(), 50)
    wire.failure = failure("timeout")
    await LOOKS["connect"](network.session(), 100)
    assert calls == ([6] if trouble else [])


async def test_what_the_guard_refuses_proves_nothing(network: Network, wire: Wire) -> None:
    calls, wire.failure = troubled(network), failure("timeout")
    for number in range(IN_A_ROW - 1):
        await LOOKS["connect"](network.session(), number)
    for look in (network.session().connect(ip_address("::1"), 443), network.session().ask(ip_address("fc00::1"), "a.vn", "A")):
        refused = failure_of(await look)
        assert refused is not None
        assert refused.kind == "unsafe-target"
    await LOOKS["connect"](network.session(), 100)
    assert calls == [6]


# Memory


@pytest.mark.parametrize("name", [*LOOKS, "lookup"])
async def test_sessions_share_what_is_known(network: Network, wire: Wire, name: str) -> None:
    look = LOOKS.get(name, LOOKUP)
    first = await look(network.session(), 0)
    others = await asyncio.gather(*(look(network.session(), 0) for _ in range(10)))
    assert all(other == first for other in others)
    assert len(wire.asked) == 1
    await look(network.session(), 1)
    assert len(wire.asked) == 2


async def test_who_shares_pays_nothing(network: Network, wire: Wire) -> None:
    payer, other = network.session(), network.session()
    for session in (payer, other):
        await LOOKS["connect"](session, 0)
        await LOOKS["ask"](session, 0)
    assert (payer._connections, payer._questions) == (119, 299)
    assert (other._connections, other._questions) == (120, 300)


async def test_what_differs_is_asked_apart(network: Network, wire: Wire) -> None:
    session = network.session()
    for name, rdtype, disabled in (("a.vn", "A", False), ("a.vn", "AAAA", False), ("b.vn", "A", False), ("a.vn", "A", True)):
        await session.lookup(name, rdtype, checking_disabled=disabled)
    for server, transport in ((V6, "udp"), (V6, "tcp"), (V4, "udp")):
        await session.ask(server, "a.vn", "A", transport=transport)  # type: ignore[arg-type]
    for address, port in ((V6, 443), (V6, 80), (V4, 443)):
        await session.connect(address, port)
    for url, address in ((URL, V6), (URL, V4), (Url("http", HOST), V6), (Url("https", HOST, "/x"), V6)):
        await session.fetch(url, address)
    for name in (HOST, "b.vn"):
        await session.legacy_handshake(V6, name)
    assert len(wire.asked) == 4 + 3 + 3 + 4 + 2


async def test_no_session_is_told_of_anothers_budget(network: Network, wire: Wire) -> None:
    poor = network.session()
    poor._connections = poor._questions = 0
    for look in LOOKS.values():
        refused = failure_of(await look(poor, 0))
        assert refused is not None
        assert failure_of(await look(network.session(), 0)) is None


async def test_when_the_asker_is_cancelled_another_session_asks(network: Network, wire: Wire) -> None:
    gate, calls = asyncio.Event(), []
    real = wire._udp

    async def held(question: Question, host: str = "") -> DnsTry:
        calls.append(question)
        await gate.wait()
        return await real(question, host)

    network.dns.udp = held  # type: ignore[method-assign]
    tasks = [asyncio.create_task(network.session().lookup("a.vn", "A")) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    gate.set()
    tries = await asyncio.gather(*tasks[1:])
    assert all(tried.answer is not None for tried in tries)
    assert len(calls) == 2


# The opt-out list and what is shared


@pytest.fixture
def left_alone(contexts: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Network, Wire]:
    monkeypatch.setattr(network_module, "build_contexts", lambda path: contexts)
    network = new_network(opt_out=OptOut(frozenset({"example.vn"})))
    return network, Wire(network)


OTHERS: dict[str, Callable[[Session, str], Awaitable[Any]]] = {
    "connect": lambda s, host: s.connect(V6, 443, name=host),
    "ask": lambda s, host: s.ask(V6, "a.vn", "SOA", host=host),
    "fetch": lambda s, host: s.fetch(Url("https", host), V6),
    "legacy": lambda s, host: s.legacy_handshake(V6, host),
}


@pytest.mark.parametrize("opted_out_first", [True, False])
@pytest.mark.parametrize("name", OTHERS)
async def test_who_asked_to_be_left_alone_is_and_others_at_the_same_address_are_not(
    left_alone: tuple[Network, Wire], name: str, opted_out_first: bool
) -> None:
    network, wire = left_alone
    found: dict[str, Failure | None] = {}
    for host in (HOST, "www.other.vn") if opted_out_first else ("www.other.vn", HOST):
        found[host] = failure_of(await OTHERS[name](network.session(), host))
    refused = found[HOST]
    assert refused is not None
    assert (refused.kind, refused.is_ours) == ("opt-out", True)
    assert found["www.other.vn"] is None
    assert len(wire.asked) == 1
    assert failure_of(await OTHERS[name](network.session(for_vantage=True), HOST)) is not None


# Resolvers


async def test_a_further_try_asks_the_next_resolver(contexts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "build_contexts", lambda path: contexts)
    network = new_network(resolvers=(RESOLVER, SECOND_RESOLVER))
    wire, session = Wire(network), network.session()
    for again in range(5):
        await session.lookup("a.vn", "A", again=again, checking_disabled=again == 4)
    questions = [question for _, question in wire.asked]
    assert [q.server for q in questions] == [RESOLVER, SECOND_RESOLVER, RESOLVER, SECOND_RESOLVER, RESOLVER]  # type: ignore[attr-defined]
    assert all(q.recursion for q in questions)  # type: ignore[attr-defined]
    assert [q.checking_disabled for q in questions] == [False] * 4 + [True]  # type: ignore[attr-defined]


async def test_a_silent_resolver_is_passed_over_and_then_asked_last(contexts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "build_contexts", lambda path: contexts)
    network = new_network(resolvers=(RESOLVER, SECOND_RESOLVER))
    wire, told = Wire(network), []
    monkeypatch.setattr(network, "on_trouble", told.append)
    wire.silent = {RESOLVER}
    for number in range(6):
        assert (await network.session().lookup(f"{number}.vn", "A")).server == SECOND_RESOLVER
    wire.silent = {SECOND_RESOLVER}
    assert (await network.session().lookup("b.vn", "A")).server == RESOLVER
    questions = [question.server for _, question in wire.asked]  # type: ignore[attr-defined]
    assert questions == [RESOLVER, *[SECOND_RESOLVER] * 6, SECOND_RESOLVER, RESOLVER]
    assert told == []


async def test_servers_are_asked_without_recursion(network: Network, wire: Wire) -> None:
    await network.session().ask(V6, "a.vn", "SOA")
    assert not wire.asked[0][1].recursion  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["a..b", "x" * 70 + ".vn", "a." * 200, "\ud800"])
async def test_what_is_no_name_is_malformed_and_not_asked(network: Network, name: str) -> None:
    session = network.session()
    for tried in (
        await session.lookup(name, "A"),
        await session.ask(V6, name, "A"),
        await session.ask(V6, name, "A", transport="tcp"),
    ):
        assert tried.failure is not None
        assert (tried.failure.kind, tried.failure.stage) == ("malformed", "dns")
        assert tried.failure.detail.isprintable()
    assert network.counts["questions"] == 0


# Lateness


def late(network: Network, times: int) -> None:
    """Let the loop be late so many times from now on."""
    left = iter([True] * times + [False] * 100)
    network.lag.was_late_since = lambda moment: next(left)  # type: ignore[method-assign]


@pytest.mark.parametrize("name", [*LOOKS, "lookup"])
@pytest.mark.parametrize(("times", "kind", "asked"), [(0, "timeout", 1), (1, "timeout", 2), (2, "timeout", 3), (3, "local", 3)])
async def test_a_timeout_while_we_were_late_is_asked_again(
    network: Network, wire: Wire, name: str, times: int, kind: str, asked: int
) -> None:
    late(network, times)
    wire.failure = failure("timeout")
    seen = failure_of(await LOOKS.get(name, LOOKUP)(network.session(), 0))
    assert seen is not None
    assert (seen.kind, seen.stage) == (kind, "tcp")
    assert seen.detail == ("limit" if kind == "local" else "")
    assert len(wire.asked) == asked


@pytest.mark.parametrize("kind", ["refused", "reset", "local", None])
async def test_only_timeouts_are_asked_again(network: Network, wire: Wire, kind: str | None) -> None:
    late(network, 3)
    wire.failure = failure(kind) if kind else None
    await LOOKS["connect"](network.session(), 0)
    assert len(wire.asked) == 1


async def test_an_answer_at_the_second_time_stands(network: Network, wire: Wire) -> None:
    late(network, 1)
    wire.failure = failure("timeout")
    real = network.connections.open

    async def then_well(*args: Any, **more: Any) -> Any:
        seen = await real(*args, **more)
        wire.failure = None
        return seen

    network.connections.open = then_well  # type: ignore[method-assign]
    assert failure_of(await LOOKS["connect"](network.session(), 0)) is None


# With sockets


async def blocked() -> dict[str, Any]:
    """The loop is stopped on purpose while a reply is on its way: the reply comes too late for us, not from the peer."""
    queries: list[float] = []

    def answer_late(query: bytes, reply: Callable[[bytes], None]) -> None:
        queries.append(asyncio.get_running_loop().time())
        if len(queries) <= 3:
            return
        reply(answer(query, "11.0.0.1"))

    settings = NetworkSettings(resolvers=(ip_address("11.9.9.9"),), pace=PaceLimits(queries_per_second=1000))
    async with NameServer("2400:1::1", answer_late), Network(settings) as network:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.2)
        loop.call_later(2.0, time.sleep, LATE + 0.2)
        tried = await network.session().ask(ip_address("2400:1::1"), "a.vn", "A")
    return {"queries": len(queries), "answered": tried.answer is not None}


async def unblocked() -> dict[str, Any]:
    settings = NetworkSettings(resolvers=(ip_address("11.9.9.9"),))
    async with NameServer("2400:2::1", lambda query, reply: None) as server, Network(settings) as network:
        tried = await network.session().ask(ip_address("2400:2::1"), "a.vn", "A")
    return {"queries": len(server.queries), "failure": str(tried.failure.kind) if tried.failure else ""}


@pytest.mark.lab
def test_a_loop_that_was_blocked_on_purpose(inside: Namespace) -> None:
    assert inside("blocked") == {"queries": 4, "answered": True}


@pytest.mark.lab
def test_a_loop_that_was_not(inside: Namespace) -> None:
    assert inside("unblocked") == {"queries": 3, "failure": "timeout"}


def packets() -> int:
    line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("lo:"))
    return int(line.partition(":")[2].split()[9])


async def down() -> dict[str, Any]:
    """No packet goes to a family that is down."""
    network = new_network(resolvers=(ip_address("11.9.9.9"),))
    network.down = {6, 4}
    async with network:
        before, session = packets(), network.session()
        for address in (ip_address("2400:1::1"), ip_address("11.0.0.1")):
            await session.connect(address, 443)
            await session.fetch(URL, address)
            await session.ask(address, "a.vn", "A")
            await session.ask(address, "a.vn", "A", transport="tcp")
            await session.legacy_handshake(address, HOST)
    return {"packets": packets() - before}


@pytest.mark.lab
def test_no_packet_goes_to_a_family_that_is_down(inside: Namespace) -> None:
    assert inside("down") == {"packets": 0}


async def together() -> dict[str, Any]:
    """Fifty targets that share one server: one connection, one exchange."""
    opened, requests = [], []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(1)
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        requests.append(next(line for line in request.splitlines() if line.startswith("User-Agent")))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    settings = NetworkSettings(resolvers=(ip_address("11.9.9.9"),), user_agent_url="https://ipv6.example/scan")
    async with tcp_server("2400:1::1", 80, serve), Network(settings) as network:

        async def target() -> int | None:
            session = network.session()
            await session.connect(ip_address("2400:1::1"), 80, name=HOST)
            fetch, _ = await session.fetch(Url("http", HOST), ip_address("2400:1::1"))
            return fetch.status

        statuses = await asyncio.gather(*(target() for _ in range(50)))
    return {"statuses": list(set(statuses)), "opened": len(opened), "agents": requests}


@pytest.mark.lab
def test_fifty_targets_at_one_server_cost_one_connection(inside: Namespace) -> None:
    said = inside("together")
    assert (said["statuses"], said["opened"]) == ([200], 1)
    assert said["agents"][0].startswith("User-Agent: ipv6check/")
    assert said["agents"][0].endswith(" (+https://ipv6.example/scan)")
