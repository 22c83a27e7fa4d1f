"""Looks at ourselves: what a good measuring point sees before and after a run, and what an ill one does."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from ipv6check.facts import Answer, Canary, DnsTry, TcpTry, VantageFacts
from ipv6check.model import Failure, FailureKind, Stage

START = datetime(2026, 11, 20, 18, 30, 5, tzinfo=UTC)
END = START + timedelta(hours=1, minutes=12)
TICK = timedelta(milliseconds=38)
RESOLVER = ip_address("127.0.0.1")
NO_V6 = Failure(kind=FailureKind.LOCAL, stage=Stage.TCP, detail="no IPv6 route")


@dataclass(frozen=True, kw_only=True)
class Vantage:
    """What the measuring point itself is like."""

    v6: bool = True
    lost_v6: bool = False
    validates: bool = True
    clock: float = 0.4
    finished: int | None = None


def vantage_of(here: Vantage) -> tuple[VantageFacts, ...]:
    """A look at ourselves before the run and one after."""
    return tuple(
        _look("before" if number == 0 else "after", moment, here.v6 and not (here.lost_v6 and number), here)
        for number, moment in enumerate((START, END))
    )


def _look(when: Any, moment: datetime, v6: bool, here: Vantage) -> VantageFacts:
    times = {"start": moment, "end": moment + TICK}
    address, four = ip_address("2606:4700::1"), ip_address("1.1.1.1")
    canaries = tuple(
        Canary(
            host=f"canary{n}.example",
            v6=TcpTry(**times, address=address, port=443, failure=None if v6 else NO_V6),
            v4=TcpTry(**times, address=four, port=443),
            clock_offset=here.clock,
        )
        for n in range(6)
    )
    root = ip_address("2001:500:2::c")
    said = {"answer": Answer(rcode="NOERROR", authoritative=True, records=("soa",))} if v6 else {"failure": NO_V6}
    roots = tuple(DnsTry(**times, server=root, transport=t, **said) for t in ("udp", "tcp"))  # type: ignore[arg-type]
    signed = DnsTry(**times, server=RESOLVER, answer=Answer(rcode="NOERROR", authenticated=here.validates, records=("x",)))
    random = DnsTry(**times, server=RESOLVER, answer=Answer(rcode="NXDOMAIN"))
    return VantageFacts(when=when, canaries=canaries, roots=roots, signed=signed, random=random, **times)
