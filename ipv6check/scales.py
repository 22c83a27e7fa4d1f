"""What counts as an answer for each thing that was tried, and so what its tries amount to.

Probes weigh while the scan runs, to see what wants another try; rules weigh when it is over, to judge.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from ipv6check.addressing import Address
from ipv6check.facts import (
    Answer,
    Attempt,
    AuthorityTries,
    DnsTry,
    Evidence,
    Fetch,
    PortTries,
    ServerTries,
    TcpTry,
    TlsTry,
    family_of,
    is_within,
)
from ipv6check.model import Failure, FailureKind, Reason, Stage
from ipv6check.tries import DEFINITIVE_TRIES, State, Timeline, Weighing, Witness, dns_witness, tcp_witness, weigh

A = TypeVar("A", bound=Attempt)
C = TypeVar("C", TcpTry, Fetch, TlsTry)

SLOW: Final = 1.0
"""Seconds a DNS answer may take, timed from the packet that was answered (our own choice)."""


class Scales:
    """Weighs the tries of one target's evidence. `open_ended`: the scan still runs. `zone` is the target's unless given."""

    def __init__(self, seen: Evidence, *, open_ended: bool = False, zone: str | None = None) -> None:
        self._timeline = Timeline(seen.vantage, open_ended=open_ended)
        self.wanted = seen.run.tries if seen.run else 1
        """So many failed tries make a failure."""
        self._zone = zone if zone is not None else seen.dns.zone if seen.dns else ""
        self._listed_has_a = {n.name for n in (seen.dns.listed, seen.dns.www) if n.a.addresses} if seen.dns else set()
        self._reachability = seen.reachability

    @property
    def definitive(self) -> int:
        """So many agreeing answers settle what is definitive, such as a wrong record."""
        return min(DEFINITIVE_TRIES, self.wanted)

    def soa(self, asked: ServerTries) -> Weighing:
        """One server address: NOERROR, authoritative, and the SOA of the zone (else it is lame)."""
        return self._dns(asked.tries, asked.server.version, asked.transport, lambda t: _soa_failure(t, self._zone))

    def authority(self, asked: AuthorityTries) -> Weighing:
        """One server's answer about a name: data, a proper denial, or a referral to a zone below that has the name.

        NXDOMAIN while the name has an A record is wrong.
        """
        has_a = asked.name in self._listed_has_a
        return self._dns(asked.tries, asked.server.version, "udp", lambda t: _name_failure(t, asked.name, self._zone, has_a))

    def referral(self, asked: AuthorityTries) -> Weighing:
        """One server on the way down from the root: an authoritative answer, or a referral to a zone below."""
        return self._dns(
            asked.tries, asked.server.version, asked.transport, lambda t: _referral_failure(t, asked.name, asked.zone)
        )

    def reply(self, asked: AuthorityTries) -> Weighing:
        """One question of which any reply is an answer; what it says is for the rule."""
        return self._dns(asked.tries, asked.server.version, asked.transport, lambda tried: tried.failure)

    def is_doubtful_once(self, tries: Sequence[DnsTry]) -> bool:
        """Whether the only answer so far was slow, or came to a question without EDNS, which asks for no signatures.

        The best of the tries counts, and one may be our own slowness, or a loss on the way.
        """
        answered = [t for t in tries if t.answer is not None]
        if len(answered) != 1 or self.wanted == 1:
            return False
        return not answered[0].hears_edns or (answered[0].seconds_to_answer or 0) > SLOW

    def port(self, port: PortTries) -> Weighing:
        """One port: the handshake completes."""
        return self._connections(port.tries, lambda attempt: attempt.failure)

    def fetches(self, fetches: Sequence[Fetch]) -> Weighing:
        """One URL at one address: a response head comes back. A cap of ours after that does not undo it."""
        return self._connections(fetches, _fetch_failure)

    def handshakes(self, tries: Sequence[TlsTry]) -> Weighing:
        """One kind of TLS handshake at one address: it completes."""
        return self._connections(tries, lambda attempt: attempt.failure)

    def _connections(self, tries: Sequence[C], failed: Callable[[C], Failure | None]) -> Weighing:
        """Connections to one port of one address. One that let us in before and is silent now has had enough of us."""
        weighing = self._weigh(tries, tcp_witness(family_of(tries[0].address)) if tries else "v4", failed)
        if weighing.state is not State.FAILED:
            return weighing
        heard = [failure for tried in tries if (failure := failed(tried)) is not None and not failure.is_ours]
        if self._was_let_in(tries[0].address, tries[0].port, tries[0].start) and all(map(_is_silence, heard)):
            return replace(weighing, state=State.UNSEEN, reason=Reason.RATE_LIMITED)
        return weighing

    def _was_let_in(self, address: Address, port: int, before: datetime) -> bool:
        hosts = self._reachability.hosts if self._reachability else ()
        known = (tried for host in hosts for at in host.ports if (at.address, at.port) == (address, port) for tried in at.tries)
        return any(tried.failure is None and tried.end <= before for tried in known)

    def _dns(
        self, tries: Sequence[DnsTry], version: int, transport: str, failed: Callable[[DnsTry], Failure | None]
    ) -> Weighing:
        witness = dns_witness(6 if version == 6 else 4, "tcp" if transport == "tcp" else "udp")
        return self._weigh(tries, witness, failed)

    def _weigh(self, tries: Sequence[A], witness: Witness, failed: Callable[[A], Failure | None]) -> Weighing:
        return weigh(tries, wanted=self.wanted, timeline=self._timeline, witness=witness, failed=failed)


def _is_silence(failure: Failure) -> bool:
    """Whether nothing at all came back when we knocked."""
    return (failure.stage, failure.kind) == (Stage.TCP, FailureKind.TIMEOUT)


def _soa_failure(tried: DnsTry, zone: str) -> Failure | None:
    answer = tried.answer
    if tried.failure is not None or answer is None:
        return tried.failure
    if answer.rcode != "NOERROR":
        return _wrong(answer.rcode)
    if not answer.authoritative:
        return _wrong("not authoritative")
    return None if answer.soa == zone and answer.records else _wrong("wrong owner")


def _name_failure(tried: DnsTry, name: str, zone: str, has_a: bool) -> Failure | None:
    answer = tried.answer
    if (failure := _referral_failure(tried, name, zone)) is not None or answer is None:
        return failure
    return _wrong("NXDOMAIN while A exists") if answer.rcode == "NXDOMAIN" and has_a and not answer.aliases else None


def _referral_failure(tried: DnsTry, name: str, zone: str) -> Failure | None:
    """What is wrong with an answer of a zone's server that should say something of a name, or lead down to who does."""
    answer = tried.answer
    if tried.failure is not None or answer is None:
        return tried.failure
    if not answer.speaks:
        return _wrong(answer.rcode)
    return None if answer.authoritative or leads_down(answer, name, zone) else _wrong("not authoritative")


def leads_down(answer: Answer, name: str, zone: str) -> bool:
    """Whether an answer of a zone's server refers to a zone between that and the name."""
    below = answer.referral
    return bool(below) and below != zone and is_within(below, zone) and is_within(name, below)


def _fetch_failure(fetch: Fetch) -> Failure | None:
    failure = fetch.failure
    return None if failure is not None and failure.kind is FailureKind.LIMIT and failure.stage is Stage.HTTP else failure


def _wrong(detail: str) -> Failure:
    return Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail=detail)
