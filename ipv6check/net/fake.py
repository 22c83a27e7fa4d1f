"""The network of a described world: the same questions, the same facts, no socket and no waiting.

A `Source` says what each place would answer; everything a scan can notice of the real `Network` (refusals of the guard,
families that are down, counts, trouble in a row) is the same here.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, Self

from ipv6check.addressing import Address
from ipv6check.facts import Answer, Certificate, DnsTry, Fetch, TcpTry, TlsTry, family_of
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.api import Variant
from ipv6check.net.failure import printable
from ipv6check.net.guard import DNS_PORT, Guard
from ipv6check.net.network import NetworkSettings, Troubles
from ipv6check.net.question import Question
from ipv6check.net.talk import HTTPS, no_fetch, no_handshake, now
from ipv6check.net.url import Url

SECONDS: Final = 0.001
"""What every DNS answer is said to have taken."""

SOURCE_PORT: Final = 49_152

Transport = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a TLS handshake shows: version, cipher, the chain as sent, what is wrong with its path ("" nothing)."""

    version: str = "TLSv1.3"
    cipher: str = "TLS_AES_256_GCM_SHA384"
    certificates: tuple[Certificate, ...] = ()
    path_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What one address serves for a URL: over https what the handshake shows, then a response or the Failure in its place."""

    tls: Shown | Failure | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body_bytes: int = 0
    challenge: str = ""
    failure: Failure | None = None


class Source(Protocol):
    """What each place of a world answers, without regard to whether it may be asked."""

    def dns(self, question: Question, transport: Transport) -> Answer | Failure:
        """The answer of a name server, or of the resolver when recursion is asked for."""
        ...

    def tcp(self, address: Address, port: int) -> Failure | None:
        """Why a handshake does not complete; None when it does."""
        ...

    def http(self, url: Url, address: Address) -> Served:
        """What an open port serves for a URL."""
        ...

    def legacy_tls(self, address: Address, name: str) -> Shown | Failure:
        """What a handshake with an open port 443 that offers TLS 1.0 and 1.1 only comes to."""
        ...


def refused() -> Failure:
    """Nothing listens there."""
    return Failure(kind=FailureKind.REFUSED, stage=Stage.TCP, detail="ECONNREFUSED", code=111)


def silent(stage: Stage) -> Failure:
    """Nothing comes back."""
    detail = "no reply" if stage is Stage.DNS else "no answer in time"
    return Failure(kind=FailureKind.TIMEOUT, stage=stage, detail=detail)


class _NeverLate:
    """The lag of a network that waits for nothing."""

    latest = 0.0

    def percentile(self, share: float) -> float:
        """The lag in seconds that this share of ticks did not exceed."""
        return 0.0


class FakeNetwork(Troubles):
    """Stands in for `Network`: open it with `async with`, ask it for sessions."""

    def __init__(self, source: Source, settings: NetworkSettings, *, offers_legacy_tls: bool = True) -> None:
        super().__init__(settings.resolvers)
        self.source = source
        self.settings = settings
        self.offers_legacy_tls = offers_legacy_tls
        self.guard = Guard(settings.opt_out, settings.resolvers)
        self.lag = _NeverLate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def session(self, *, for_vantage: bool = False) -> "FakeSession":
        """A target's view of the network; the vantage's own tries families that are down."""
        return FakeSession(self, for_vantage=for_vantage)


class FakeSession:
    """One target's conversation with the described world (see `Net`). It has no budget."""

    def __init__(self, network: FakeNetwork, *, for_vantage: bool = False) -> None:
        self._network = network
        self._for_vantage = for_vantage
        self.is_first_pass = True

    @property
    def root_servers(self) -> tuple[Address, ...]:
        """Addresses of root servers."""
        return self._network.settings.root_servers

    @property
    def offers_legacy_tls(self) -> bool:
        """Whether our own TLS library is said to speak TLS 1.0 and 1.1."""
        return self._network.offers_legacy_tls

    async def lookup(self, name: str, rdtype: str, *, checking_disabled: bool = False, again: int = 0) -> DnsTry:
        """Ask the validating resolver; of several the next when one is silent, and a further try begins with the next."""
        for resolver in self._network.resolvers_in_turn(again):
            asked = Question(server=resolver, name=name, type=rdtype, recursion=True, checking_disabled=checking_disabled)
            tried = self._dns(asked, "udp", "")
            if self._network.has_spoken(resolver, tried.failure):
                break
        self._network.note("resolver", tried.failure)
        return tried

    async def ask(
        self,
        server: Address,
        name: str,
        rdtype: str,
        *,
        transport: Transport = "udp",
        host: str = "",
        again: int = 0,
        variant: Variant = "",
    ) -> DnsTry:
        """Ask a name server straight, without recursion unless the variant wants it."""
        if ours := self._ours(server, Stage.DNS):
            return DnsTry(start=now(), end=now(), server=server, transport=transport, failure=ours)
        tried = self._dns(Question(server=server, name=name, type=rdtype, variant=variant), transport, host)
        self._network.note(family_of(server), tried.failure)
        return tried

    async def connect(self, address: Address, port: int, *, name: str = "", again: int = 0) -> TcpTry:
        """Complete a TCP handshake."""
        failure = self._dial(address, port, name)
        self._network.note(family_of(address), failure)
        tried = TcpTry(start=now(), end=now(), address=address, port=port, failure=failure)
        return replace(tried, source_port=SOURCE_PORT) if failure is None else tried

    async def fetch(self, url: Url, address: Address, *, again: int = 0) -> tuple[Fetch, tuple[Certificate, ...]]:
        """GET a URL from one address; with a bad path the exchange goes on unverified, and says so."""
        fetch = no_fetch(url, address, None)
        if not_open := self._dial(address, url.port, url.host):
            self._network.note(family_of(address), not_open)
            return replace(fetch, failure=not_open), ()
        served = self._network.source.http(url, address)
        tls = _handshake(address, url.host, served.tls, verified=True) if served.tls is not None else None
        failure = tls.failure if tls is not None and tls.failure is not None else served.failure
        self._network.note(family_of(address), failure)
        fetch = replace(fetch, end=now(), tls=tls, failure=failure)
        certificates = served.tls.certificates if isinstance(served.tls, Shown) else ()
        if failure is not None and served.status is None:
            return fetch, certificates
        fetch = replace(fetch, status=served.status, headers=served.headers, body_bytes=served.body_bytes)
        return replace(fetch, challenge=served.challenge), certificates

    async def legacy_handshake(self, address: Address, name: str, *, again: int = 0) -> TlsTry:
        """Try a TLS handshake that offers 1.0 and 1.1 only."""
        if failure := self._dial(address, HTTPS, name):
            return no_handshake(address, name, failure)
        return _handshake(address, name, self._network.source.legacy_tls(address, name), verified=False)

    def _ours(self, address: Address, stage: Stage) -> Failure | None:
        """Why this session does not even try: a family we do not have."""
        if self._for_vantage or family_of(address) not in self._network.down:
            return None
        return Failure(kind=FailureKind.LOCAL, stage=stage, detail=f"no IPv{address.version} here")

    def _dial(self, address: Address, port: int, name: str) -> Failure | None:
        """Why no connection comes about."""
        if ours := self._ours(address, Stage.TCP):
            return ours
        self._network.counts["connections"] += 1
        return self._network.guard.refusal(address, port, Stage.TCP, name) or self._network.source.tcp(address, port)

    def _dns(self, question: Question, transport: Transport, host: str) -> DnsTry:
        tried = DnsTry(
            start=now(),
            end=now(),
            server=question.server,
            transport=transport,
            checking_disabled=question.checking_disabled,
        )
        try:
            wire.name_to_wire(question.name)
        except wire.Malformed as error:
            failure = Failure(kind=FailureKind.MALFORMED, stage=Stage.DNS, detail=printable(f"bad name: {error}"))
            return replace(tried, failure=failure)
        self._network.counts["questions"] += 1
        if unsafe := self._network.guard.refusal(question.server, DNS_PORT, Stage.DNS, host):
            return replace(tried, failure=unsafe)
        answer = self._network.source.dns(question, transport)
        if isinstance(answer, Answer) and answer.truncated and transport == "udp":
            tried = replace(tried, truncated=True)
            answer = self._network.source.dns(question, "tcp")
        if isinstance(answer, Failure):
            return replace(tried, end=now(), failure=answer)
        return replace(tried, end=now(), answer=answer, seconds_to_answer=SECONDS)


def _handshake(address: Address, name: str, shown: Shown | Failure, *, verified: bool) -> TlsTry:
    """A handshake as a fact; `verified` tells whether it looked at the path."""
    blank = no_handshake(address, name, None)
    if isinstance(shown, Failure):
        return replace(blank, failure=shown)
    return replace(
        blank,
        version=shown.version,
        cipher=shown.cipher,
        chain=tuple(certificate.sha256 for certificate in shown.certificates),
        path_error=shown.path_error if verified else None,
    )
