"""The network of one run: sockets, pace, memory and caps, shared by all; and one `Session` per target with its own budget."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, TypeVar

from ipv6check.addressing import Address
from ipv6check.facts import Attempt, Certificate, DnsTry, Family, Fetch, TcpTry, TlsTry, family_of
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.apart import Apart
from ipv6check.net.api import Variant, Way
from ipv6check.net.failure import printable
from ipv6check.net.guard import DNS_PORT, Guard, OptOut
from ipv6check.net.lag import LagMonitor
from ipv6check.net.memory import Memory
from ipv6check.net.pace import Pace, PaceLimits
from ipv6check.net.question import Question
from ipv6check.net.resolver import Dns
from ipv6check.net.roots import built_in_roots
from ipv6check.net.talk import HTTPS, Talker, no_fetch, no_handshake, now
from ipv6check.net.tcp import FIRST_DEADLINE, LATER_DEADLINE, Connection, Connections
from ipv6check.net.tls import build_contexts
from ipv6check.net.url import Url
from ipv6check.net.web import Web
from ipv6check.version import __version__

A = TypeVar("A", bound=Attempt)

CONNECTIONS_PER_TARGET: Final = 120
QUESTIONS_PER_TARGET: Final = 300
SECONDS_PER_TARGET: Final = 60.0
"""Of a target's own time on the network in the first pass; waiting for the pace lies outside."""

IN_A_ROW: Final = 5
"""Failures in a row after which we look at ourselves."""

PATH_TROUBLE: Final = frozenset({FailureKind.TIMEOUT, FailureKind.UNREACHABLE, FailureKind.PROHIBITED})
"""What a broken path of ours would look like; a refusal proves that the path works."""

ASK_AGAIN_WHEN_LATE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """What a network needs to know. `resolvers` validate; `root_servers` default to the built-in ones.

    `talks_apart`: TLS and HTTP are spoken in a process of their own.
    """

    resolvers: tuple[Address, ...]
    root_servers: tuple[Address, ...] = field(default_factory=built_in_roots)
    ca_file: str | None = None
    user_agent_url: str = ""
    opt_out: OptOut = field(default_factory=OptOut)
    pace: PaceLimits = field(default_factory=PaceLimits)
    talks_apart: bool = False

    @property
    def user_agent(self) -> str:
        """Who we say we are."""
        contact = f" (+{self.user_agent_url})" if self.user_agent_url else ""
        return f"ipv6check/{__version__}{contact}"


class Troubles:
    """What goes wrong on the way. `down` are the families this vantage does not have (now); `on_trouble` is called with
    `6`, `4` or `"resolver"` after several failures in a row."""

    def __init__(self, resolvers: tuple[Address, ...]) -> None:
        self.down: set[Family] = set()
        self.on_trouble: Callable[[Way], None] = lambda way: None
        self.counts = {"questions": 0, "connections": 0, "timeouts": 0}
        self._in_a_row: dict[Way, int] = {6: 0, 4: 0, "resolver": 0}
        self._resolvers = resolvers
        self._silent: set[Address] = set()

    def resolvers_in_turn(self, again: int) -> list[Address]:
        """Whom to ask one after another, each further try another first; who was silent last time comes last."""
        first = again % len(self._resolvers)
        return sorted(self._resolvers[first:] + self._resolvers[:first], key=self._silent.__contains__)

    def has_spoken(self, resolver: Address, failure: Failure | None) -> bool:
        """Whether a resolver gave any answer, so that no other need be asked; it is remembered."""
        is_silent = failure is not None and failure.kind in PATH_TROUBLE
        (self._silent.add if is_silent else self._silent.discard)(resolver)
        return not is_silent

    def note(self, way: Way, failure: Failure | None) -> None:
        """Count failures in a row that could be our own path's."""
        if failure is None or failure.kind not in PATH_TROUBLE:
            if failure is None or not failure.is_ours:
                self._in_a_row[way] = 0
            return
        self.counts["timeouts"] += failure.kind is FailureKind.TIMEOUT
        self._in_a_row[way] += 1
        if self._in_a_row[way] >= IN_A_ROW:
            self._in_a_row[way] = 0
            self.on_trouble(way)


class Network(Troubles):
    """The network of a run. Open it with `async with`."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings.resolvers)
        self.settings = settings
        self.lag = LagMonitor()
        self.memory = Memory()
        self.guard = Guard(settings.opt_out, settings.resolvers)
        self.pace = Pace(settings.pace)
        self.dns = Dns(self.guard, self.pace)
        self.connections = Connections(self.guard, self.pace)
        contexts = build_contexts(settings.ca_file)
        self.offers_legacy_tls = contexts.legacy is not None
        self._apart = Apart(Talker(contexts, settings.user_agent), self.lag)
        self.web = Web(self._apart.talk)

    async def __aenter__(self) -> "Network":
        self.lag.start()
        if self.settings.talks_apart:
            await self._apart.start(self.settings.ca_file, self.settings.user_agent)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.connections.close()
        self.dns.close()
        await self.lag.stop()
        await self._apart.stop()

    def session(self, *, for_vantage: bool = False) -> "Session":
        """A target's view of the network; the vantage's own has no budget and tries families that are down."""
        return Session(self, for_vantage=for_vantage)

    async def steady(self, ask: Callable[[], Awaitable[A]]) -> A:
        """Ask, and ask again when a timeout came while we ourselves were late; still late is our limit, not the peer's."""
        loop = asyncio.get_running_loop()
        for _ in range(ASK_AGAIN_WHEN_LATE + 1):
            began = loop.time()
            attempt = await ask()
            if attempt.failure is None or attempt.failure.kind is not FailureKind.TIMEOUT:
                return attempt
            if not self.lag.was_late_since(began):
                return attempt
        late = Failure(kind=FailureKind.LOCAL, stage=attempt.failure.stage, detail="limit") if attempt.failure else None
        return replace(attempt, failure=late)


class Session:
    """One target's conversation with the world (see `Net`): counts what it costs, ends when the budget does."""

    def __init__(self, network: Network, *, for_vantage: bool = False) -> None:
        self._network = network
        self._for_vantage = for_vantage
        self._connections = CONNECTIONS_PER_TARGET
        self._questions = QUESTIONS_PER_TARGET
        self._seconds = 0.0
        self._spent: list[tuple[datetime, datetime]] = []
        self.is_first_pass = True

    @property
    def root_servers(self) -> tuple[Address, ...]:
        """Addresses of root servers."""
        return self._network.settings.root_servers

    @property
    def offers_legacy_tls(self) -> bool:
        """Whether our own TLS library can speak TLS 1.0 and 1.1."""
        return self._network.offers_legacy_tls

    async def lookup(self, name: str, rdtype: str, *, checking_disabled: bool = False, again: int = 0) -> DnsTry:
        """Ask the validating resolver; of several the next when one is silent, and a further try begins with the next."""

        async def ask() -> DnsTry:
            for resolver in self._network.resolvers_in_turn(again):
                asked = Question(server=resolver, name=name, type=rdtype, recursion=True, checking_disabled=checking_disabled)
                tried = await self._dns(asked, "udp", "")
                if self._network.has_spoken(resolver, tried.failure):
                    break
            self._network.note("resolver", tried.failure)
            return tried

        return await self._network.memory.once(("lookup", name, rdtype, checking_disabled, again), ask)

    async def ask(
        self,
        server: Address,
        name: str,
        rdtype: str,
        *,
        transport: Literal["udp", "tcp"] = "udp",
        host: str = "",
        again: int = 0,
        variant: Variant = "",
    ) -> DnsTry:
        """Ask a name server straight, without recursion unless the variant wants it."""
        question = Question(server=server, name=name, type=rdtype, variant=variant)
        if not_tried := self._refusal(server, DNS_PORT, Stage.DNS, host):
            return DnsTry(start=now(), end=now(), server=server, transport=transport, sends=0, failure=not_tried)

        async def ask() -> DnsTry:
            tried = await self._dns(question, transport, host)
            self._network.note(family_of(server), tried.failure)
            return tried

        return await self._network.memory.once(("ask", server, name, rdtype, transport, variant, again), ask)

    async def connect(self, address: Address, port: int, *, name: str = "", again: int = 0) -> TcpTry:
        """Complete a TCP handshake and park the connection."""
        if not_tried := self._refusal(address, port, Stage.TCP, name):
            return TcpTry(start=now(), end=now(), address=address, port=port, failure=not_tried)

        async def open_and_park() -> TcpTry:
            seen, connection = await self._open(address, port, name)
            if connection is not None:
                self._network.connections.park(connection)
            return seen

        async def dial() -> TcpTry:
            seen = await self._network.steady(open_and_park)
            self._network.note(family_of(address), seen.failure)
            return seen

        return await self._network.memory.once(("tcp", address, port, again), dial)

    async def fetch(self, url: Url, address: Address, *, again: int = 0) -> tuple[Fetch, tuple[Certificate, ...]]:
        """GET a URL from one address; with a bad path the exchange goes on unverified, and says so."""
        if not_tried := self._refusal(address, url.port, Stage.TCP, url.host):
            return no_fetch(url, address, not_tried), ()

        async def steadily() -> tuple[Fetch, tuple[Certificate, ...]]:
            seen: dict[str, Certificate] = {}
            take, fetch = self._network.connections.take, self._network.web.fetch
            fetched = await self._network.steady(lambda: fetch(url, address, take(address, url.port), self._open, seen))
            self._spend(fetched)
            self._network.note(family_of(address), fetched.failure)
            return fetched, tuple(seen.values())

        return await self._network.memory.once(("fetch", str(url), address, again), steadily)

    async def legacy_handshake(self, address: Address, name: str, *, again: int = 0) -> TlsTry:
        """Try a TLS handshake that offers 1.0 and 1.1 only."""
        if not_tried := self._refusal(address, HTTPS, Stage.TCP, name):
            return no_handshake(address, name, not_tried)

        async def shake() -> TlsTry:
            tried = await self._network.steady(lambda: self._network.web.legacy_handshake(address, name, self._open))
            self._spend(tried)
            return tried

        return await self._network.memory.once(("legacy", address, name, again), shake)

    # What it costs

    def _refusal(self, address: Address, port: int, stage: Stage, name: str) -> Failure | None:
        """Why this session does not even try: the guard says no, a family we do not have, a budget that is used up.

        The guard is asked here too, since what one name may not others may, and they share what is remembered and parked.
        """
        if refused := self._network.guard.refusal(address, port, stage, name):
            return refused
        if self._for_vantage:
            return None
        if family_of(address) in self._network.down:
            return Failure(kind=FailureKind.LOCAL, stage=stage, detail=f"no IPv{address.version} here")
        if self.is_first_pass and self._seconds >= SECONDS_PER_TARGET:
            return Failure(kind=FailureKind.BUDGET, stage=stage, detail="time")
        if stage is Stage.DNS:
            return None if self._questions > 0 else Failure(kind=FailureKind.BUDGET, stage=stage, detail="questions")
        return None if self._connections > 0 else Failure(kind=FailureKind.BUDGET, stage=stage, detail="connections")

    def _spend(self, attempt: Attempt) -> None:
        """Count a try's time in the first pass, what it shares with others of this target only once."""
        if not self.is_first_pass:
            return
        start, end = attempt.start, attempt.end
        while self._spent and self._spent[-1][1] >= start:  # tries come in the order of their ends
            earlier = self._spent.pop()
            self._seconds -= (earlier[1] - earlier[0]).total_seconds()
            start, end = min(start, earlier[0]), max(end, earlier[1])
        self._spent.append((start, end))
        self._seconds += (end - start).total_seconds()

    # How it is done

    async def _dns(self, question: Question, transport: Literal["udp", "tcp"], host: str) -> DnsTry:
        dns = self._network.dns

        async def ask() -> DnsTry:
            return await (dns.udp if transport == "udp" else dns.tcp)(question, host)

        try:
            tried = await self._network.steady(ask)
        except wire.Malformed as error:
            failure = Failure(kind=FailureKind.MALFORMED, stage=Stage.DNS, detail=printable(f"bad name: {error}"))
            return DnsTry(start=now(), end=now(), server=question.server, failure=failure)
        self._questions -= tried.sends
        self._spend(tried)
        self._network.counts["questions"] += tried.sends
        return tried

    async def _open(self, address: Address, port: int, name: str) -> tuple[TcpTry, Connection | None]:
        self._connections -= 1
        self._network.counts["connections"] += 1
        timeout = FIRST_DEADLINE if self.is_first_pass else LATER_DEADLINE
        opened = await self._network.connections.open(address, port, timeout=timeout, name=name)
        self._spend(opened[0])
        return opened
