"""What was seen of ourselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ipv6check.facts.attempt import Family
from ipv6check.facts.dns import DnsTry
from ipv6check.facts.web import FalseCertificate, TcpTry

When = Literal["before", "during", "after"]
"""Before a run, during it, or after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One canary host in one sample: a handshake with TCP 443 by each family (None: the name gave no address).

    `v6_talks`, `v4_talks`: whether HTTPS went on from there, or nothing more came; None when that was not tried or otherwise
    failed. `v6_false`, `v4_false`: the certificate shown, when it is no good for the name.
    """

    host: str
    v6: TcpTry | None = None
    v4: TcpTry | None = None
    v6_talks: bool | None = None
    v4_talks: bool | None = None
    v6_false: FalseCertificate | None = None
    v4_false: FalseCertificate | None = None
    clock_offset: float | None = None
    """Seconds by which its HTTP Date is ahead of our clock."""
    is_without_aaaa: bool = False
    """The resolver answered that its name has no AAAA record, though canaries are dual-stack hosts."""

    def by(self, family: Family) -> TcpTry | None:
        """The handshake of one family."""
        return self.v6 if family == 6 else self.v4

    def talks_by(self, family: Family) -> bool | None:
        """Whether HTTPS went on by one family."""
        return self.v6_talks if family == 6 else self.v4_talks

    def false_by(self, family: Family) -> FalseCertificate | None:
        """The certificate shown by one family, when it is no good."""
        return self.v6_false if family == 6 else self.v4_false


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageFacts:
    """One look at ourselves: canaries, root servers straight, the resolver. A run has one before, some during, one after.

    The resolver is asked for a name that is signed, one that is bogus, a random one, and for an AAAA record that no name server
    gives: `synthetic`, of ipv4only.arpa (RFC 7050).
    """

    start: datetime
    end: datetime
    when: When
    canaries: tuple[Canary, ...] = ()
    roots: tuple[DnsTry, ...] = ()
    signed: DnsTry | None = None
    bogus: DnsTry | None = None
    random: DnsTry | None = None
    synthetic: DnsTry | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortFacts:
    """What a scan took, noted at its end; a run that was broken off and resumed has several.

    Lags are seconds by which our own event loop was late, over the last quarter of an hour.
    """

    start: datetime
    end: datetime
    questions: int
    connections: int
    timeouts: int
    lag_median: float
    lag_p99: float
