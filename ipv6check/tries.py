"""What several tries of the same thing amount to, given what the canaries said of this vantage meanwhile.

One try is not evidence, and a failure counts only between two good looks at ourselves. Success needs no witness.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from operator import attrgetter
from typing import Final, Literal, TypeVar, get_args

from ipv6check.facts import Attempt, Canary, DnsTry, Family, VantageFacts, family_of
from ipv6check.model import Failure, FailureKind, Reason, Stage

A = TypeVar("A", bound=Attempt)

CANARIES_WARN: Final = 0.60
"""Below this share of answering canaries a family does not work here (OPS-01, OPS-02)."""

CANARIES_PASS: Final = 0.80

PROMPT: Final = 2.0
"""Seconds beyond which an answered handshake vouches for nothing: the kernel had to send its SYN again (at 1 s, RFC 6298, and
at 3 s), so that our own path may just have come back."""

DEFINITIVE_TRIES: Final = 2
"""So many agreeing tries settle what is definitive, such as a refused connection."""

DEFINITIVE: Final = frozenset({FailureKind.REFUSED, FailureKind.PROTOCOL})
"""A refused connection; an answer that is there and wrong."""

NO_FAMILY: Final[dict[Family, Reason]] = {6: Reason.NO_V6_HERE, 4: Reason.NO_V4_HERE}

Witness = Literal["v6", "v4", "dns6-udp", "dns6-tcp", "dns4-udp", "dns4-tcp", "dns-unforged", "resolver", "https6", "https4"]
"""What of ourselves must have worked for a failure to count against the other side."""

AT_BOTH_ENDS: Final[tuple[Witness, ...]] = ("https6", "https4")
"""What is looked at before and after a run only."""

WITNESSES: Final[tuple[Witness, ...]] = tuple(witness for witness in get_args(Witness) if witness not in AT_BOTH_ENDS)
"""What every look looks at."""


class State(StrEnum):
    """What the tries amount to."""

    WORKED = "worked"
    UNSTABLE = "unstable"
    FAILED = "failed"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """The state, the failure that stands for it, and for `UNSEEN` the reason.

    `is_hopeless`: what it needs of ourselves did not work when the run began, so that trying again tells nothing. `told` counts
    the tries that tell something: those that worked, and failures that count.
    """

    state: State
    failure: Failure | None = None
    reason: Reason | None = None
    is_hopeless: bool = False
    told: int = 0

    @property
    def is_up(self) -> bool:
        """Whether it worked at least once."""
        return self.state in {State.WORKED, State.UNSTABLE}


def share_of_canaries(canaries: Sequence[Canary], family: Family, *, within: float = inf) -> float | None:
    """The share of canaries that answered by a family, within so many seconds; None when there are none to ask."""
    looked = [canary.by(family) for canary in canaries]
    return sum(t is not None and t.failure is None and t.seconds <= within for t in looked) / len(looked) if looked else None


def share_that_talks(canaries: Sequence[Canary], family: Family) -> float | None:
    """The share of canaries by which HTTPS does not stall by a family, of those by which it goes on by the other one."""
    talking = [canary for canary in canaries if canary.talks_by(4 if family == 6 else 6)]
    return sum(canary.talks_by(family) is not False for canary in talking) / len(talking) if talking else None


def roots_by(sample: VantageFacts, family: Family, transport: str) -> list[DnsTry]:
    """The questions of a sample to root servers by one family and transport."""
    return [t for t in sample.roots if family_of(t.server) == family and t.transport == transport]


def answers_as_root(tried: DnsTry) -> bool:
    """Whether a root server itself answered: who intercepts DNS on our path is no authority."""
    return tried.answer is not None and tried.answer.authoritative


def resolver_answers(sample: VantageFacts) -> bool:
    """Whether the resolver answered at all and did not invent names."""
    answered = sample.signed is not None and sample.signed.answer is not None and sample.signed.answer.speaks
    return answered and not falsifies_answers(sample)


def falsifies_answers(sample: VantageFacts) -> bool:
    """Whether a random name that cannot exist, or a name without AAAA records, was answered with data, or every canary without
    the AAAA records it has (OPS-08)."""
    answers = [tried.answer for tried in (sample.random, sample.synthetic) if tried is not None]
    invented = any(a is not None and a.rcode == "NOERROR" and (a.records or a.aliases) for a in answers)
    return invented or strips_aaaa(sample)


def strips_aaaa(sample: VantageFacts) -> bool:
    """Whether the resolver has A records for every canary, and says of all that they have no AAAA record."""
    return bool(sample.canaries) and all(canary.is_without_aaaa and canary.v4 is not None for canary in sample.canaries)


def is_good(sample: VantageFacts, witness: Witness) -> bool:
    """Whether one look at ourselves vouches for a failure seen beside it."""
    if witness == "resolver":
        return resolver_answers(sample)
    if witness == "dns-unforged":
        return not any(t.answer is not None and t.answer.speaks and not answers_as_root(t) for t in sample.roots)
    family: Family = 6 if "6" in witness else 4
    if witness in AT_BOTH_ENDS:
        talking = share_that_talks(sample.canaries, family)
        return talking is None or talking >= CANARIES_WARN
    share = share_of_canaries(sample.canaries, family, within=PROMPT)
    canaries_good = share is not None and share >= CANARIES_WARN
    if not witness.startswith("dns"):
        return canaries_good
    roots = roots_by(sample, family, witness.partition("-")[2])
    return any(map(answers_as_root, roots)) and (canaries_good or share is None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The looks at ourselves in the order of time. `open_ended`: the scan still runs, the next look is yet to come."""

    samples: tuple[VantageFacts, ...]
    open_ended: bool = False

    def vouches(self, witness: Witness, start: datetime, end: datetime) -> bool:
        """Whether the looks before and after that time were both good."""
        looks = self.samples
        if witness in AT_BOTH_ENDS:
            looks = tuple(sample for sample in looks if sample.when != "during")
        during = bisect_right(looks, start, key=attrgetter("end"))
        after = bisect_left(looks, end, key=attrgetter("start"))
        if during == 0 or not all(is_good(sample, witness) for sample in looks[during - 1 : after + 1]):
            return False
        return self.open_ended or after < len(looks) or looks[-1].end >= end

    def never_had(self, witness: Witness) -> bool:
        """Whether it did not work when the run began."""
        return bool(self.samples) and not is_good(self.samples[0], witness)

    def reason(self, witness: Witness) -> Reason:
        """Why a failure by that witness does not count."""
        if witness == "resolver":
            return Reason.RESOLVER_ERROR
        family: Family = 6 if "6" in witness else 4
        first = self.samples[0] if self.samples else None
        if first is not None and not share_of_canaries(first.canaries, family):
            return NO_FAMILY[family]
        return Reason.CANARY_FAILED


def weigh(
    tries: Iterable[A],
    *,
    wanted: int,
    timeline: Timeline,
    witness: Witness,
    failed: Callable[[A], Failure | None],
) -> Weighing:
    """Say what tries of one thing amount to: worked, unstable (some failed), failed (enough counted failures), or unseen.

    `witness` is what a failure needs to count (see `_needed`). `failed` picks the failure that matters to the question: one at
    or before the stage it asks about.
    """
    worked = 0
    counted: list[Failure] = []
    ours: list[tuple[Failure, Witness]] = []
    for attempt in tries:
        failure = failed(attempt)
        if failure is None:
            worked += 1
            continue
        needed = _needed(attempt, failure, witness)
        lacking = next((one for one in needed if not timeline.vouches(one, attempt.start, attempt.end)), None)
        if lacking or failure.is_ours:
            ours.append((failure, lacking or witness))
        else:
            counted.append(failure)
    told = worked + len(counted)
    if worked:
        return Weighing(state=State.UNSTABLE if counted else State.WORKED, failure=counted[0] if counted else None, told=told)
    definitive = [f for f in counted if f.kind in DEFINITIVE]
    if len(counted) >= wanted or len(definitive) >= min(DEFINITIVE_TRIES, wanted):
        return Weighing(state=State.FAILED, failure=(definitive or counted)[-1], told=told)
    if not counted and not ours:
        return Weighing(state=State.UNSEEN, reason=Reason.DEPENDENCY_FAILED)
    failure, lacking = ours[-1] if ours else (counted[-1], witness)
    reason = _why_unseen(failure, bool(ours), timeline, lacking)
    is_hopeless = bool(ours) and timeline.never_had(lacking)
    return Weighing(state=State.UNSEEN, failure=failure, reason=reason, is_hopeless=is_hopeless, told=told)


def _needed(attempt: Attempt, failure: Failure, witness: Witness) -> tuple[Witness, ...]:
    """What of ourselves a try that failed needed.

    A truncated reply over UDP came all the way, and what came after it went over TCP. Large packets of TLS and HTTP can be lost
    where a handshake was not. A wrong answer came all the way, unless somebody on our own path gave it for a name server.
    """
    if attempt.failure is None:
        return ("dns-unforged",) if isinstance(attempt, DnsTry) else ()
    if isinstance(attempt, DnsTry):
        return (dns_witness(family_of(attempt.server), "tcp"),) if attempt.truncated else (witness,)
    if failure.stage is Stage.TCP:
        return (witness,)
    return (witness, "https6" if witness == "v6" else "https4")


def wants_try(weighing: Weighing) -> bool:
    """Whether another try could still tell something: nothing is decided and nobody asked us to stay away."""
    failure = weighing.failure
    return weighing.state is State.UNSEEN and not (failure is not None and _is_final(failure))


def is_unsettled(weighing: Weighing) -> bool:
    """Whether another try is worth waiting for: it is, unless we lacked the very thing it needs when the run began."""
    return wants_try(weighing) and weighing.failure is not None and not weighing.is_hopeless


def _is_final(failure: Failure) -> bool:
    """Asked to stay away, not to be dialled, or a budget of the whole run used up."""
    if failure.kind is FailureKind.BUDGET:
        return failure.detail != "time"
    return failure.kind in {FailureKind.OPT_OUT, FailureKind.UNSAFE_TARGET}


def _why_unseen(failure: Failure, ours: bool, timeline: Timeline, witness: Witness) -> Reason:
    match failure.kind:
        case FailureKind.OPT_OUT:
            return Reason.OPT_OUT
        case FailureKind.BUDGET:
            return Reason.OWN_TIMEOUT_BUDGET if failure.detail == "time" else Reason.LIMIT
        case FailureKind.LOCAL if failure.detail == "limit":
            return Reason.LIMIT
    return timeline.reason(witness) if ours else Reason.OWN_TIMEOUT_BUDGET


def dns_witness(server_family: Family, transport: Literal["udp", "tcp"]) -> Witness:
    """What must have worked here for a name server's silence to count."""
    witnesses: dict[tuple[int, str], Witness] = {
        (6, "udp"): "dns6-udp",
        (6, "tcp"): "dns6-tcp",
        (4, "udp"): "dns4-udp",
        (4, "tcp"): "dns4-tcp",
    }
    return witnesses[server_family, transport]


def tcp_witness(family: Family) -> Witness:
    """What must have worked here for a failed connection to count."""
    return "v6" if family == 6 else "v4"
