"""What a probe can do on the network: five questions, each answered by a frozen fact that holds the answer or the Failure.

`Session` answers them on the wire, `FakeNetwork` from a description of a world.
"""

from collections.abc import Callable
from typing import Literal, Protocol, Self

from ipv6check.addressing import Address
from ipv6check.facts import Certificate, DnsTry, Family, Fetch, TcpTry, TlsTry
from ipv6check.net.url import Url

Variant = Literal["", "edns-1", "recursion"]
"""A question that is not like others: with EDNS version 1, which nobody has (RFC 6891 6.1.3), or with recursion desired."""


class Net(Protocol):
    """The network as probes see it.

    `again` counts earlier tries of the same thing: what others learned at the same try is shared, a further try is made anew.
    """

    @property
    def root_servers(self) -> tuple[Address, ...]:
        """Addresses of root servers."""
        ...

    @property
    def offers_legacy_tls(self) -> bool:
        """Whether our own TLS library can speak TLS 1.0 and 1.1."""
        ...

    async def lookup(self, name: str, rdtype: str, *, checking_disabled: bool = False, again: int = 0) -> DnsTry:
        """Ask the validating resolver."""
        ...

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
        """Ask a name server straight, without recursion unless the variant wants it. `host` is its name."""
        ...

    async def connect(self, address: Address, port: int, *, name: str = "", again: int = 0) -> TcpTry:
        """Complete a TCP handshake. The connection is kept a while for a `fetch` that follows."""
        ...

    async def fetch(self, url: Url, address: Address, *, again: int = 0) -> tuple[Fetch, tuple[Certificate, ...]]:
        """GET a URL from one address; the chain it was served with comes along."""
        ...

    async def legacy_handshake(self, address: Address, name: str, *, again: int = 0) -> TlsTry:
        """Try a TLS handshake that offers 1.0 and 1.1 only."""
        ...


class Lateness(Protocol):
    """How late our own event loops were."""

    @property
    def latest(self) -> float:
        """The lag at the last look, in seconds."""
        ...

    def percentile(self, share: float) -> float:
        """The lag in seconds that this share of looks did not exceed."""
        ...


class SessionNet(Net, Protocol):
    """One target's network: `is_first_pass` makes deadlines short and the time budget count."""

    is_first_pass: bool


Way = Family | Literal["resolver"]
"""What can be in trouble: IPv6, IPv4, the resolver."""


class RunNetwork(Protocol):
    """The network of a run: what a scan needs of `Network`, and what `FakeNetwork` offers too.

    `down` are the families this vantage lacks now; `on_trouble` is called after several failures in a row.
    """

    down: set[Family]
    on_trouble: Callable[[Way], None]
    counts: dict[str, int]

    @property
    def lag(self) -> Lateness:
        """Our own lateness."""
        ...

    def session(self, *, for_vantage: bool = False) -> SessionNet:
        """A target's view of the network."""
        ...

    async def __aenter__(self) -> Self:
        """Open it."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        ...
