"""The page of a run: how the measuring point itself was before, during and after, what the run took, what it could not see."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.facts import Canary, EffortFacts, Evidence, Family, RunFacts, VantageFacts
from ipv6check.model import Reason, Run
from ipv6check.reports.failures import State
from ipv6check.reports.findings import is_built, is_ours
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import N_, Speech
from ipv6check.reports.standing import counted
from ipv6check.rules.words import term
from ipv6check.score import Card
from ipv6check.tries import PROMPT, Witness, answers_as_root, is_good, resolver_answers, roots_by, share_of_canaries

MOST_LOOKS: Final = 60
"""Looks at ourselves that are shown one by one: the first, the last, and before others those that were not good."""

WHEN: Final = {"before": N_("before"), "during": N_("during the run"), "after": N_("after")}
WAYS: Final[tuple[tuple[Family, str, Witness], ...]] = (
    *((6, "udp", "dns6-udp"), (6, "tcp", "dns6-tcp")),
    *((4, "udp", "dns4-udp"), (4, "tcp", "dns4-tcp")),
)
FAMILIES: Final[tuple[tuple[Family, Witness], ...]] = ((6, "v6"), (4, "v4"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at ourselves: each control is a state. `silent` are the control hosts that did not answer, and by what."""

    at: str
    when: str
    seconds: str
    canaries: tuple[State, ...]
    roots: tuple[State, ...]
    resolver: State
    silent: tuple[str, ...]
    is_good: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """One reason for which something was not measured: on how many domains, and how many verdicts in all."""

    reason: str
    domains: int
    verdicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Everything on the page, in one language. What is "" or empty was not kept."""

    looks: tuple[Look, ...]
    more_looks: int
    bad_looks: int
    span: str
    per_domain: str
    questions: int
    connections: int
    timeouts: int
    lag_median: str
    lag_p99: str
    efforts: int
    missing: tuple[Missing, ...]
    unmeasured: int
    domains: int
    recent: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is known of the measuring point in a run; nothing where the evidence was let go."""

    looks: tuple[VantageFacts, ...] = ()
    efforts: tuple[EffortFacts, ...] = ()

    @classmethod
    def of(cls, evidence: Evidence | None) -> "Conditions":
        """By the evidence of any of the run's targets: all share it."""
        run: RunFacts | None = evidence.run if evidence else None
        return cls(evidence.vantage if evidence else (), run.efforts if run else ())


def run_page(run: Run, cards: Sequence[Card], known: Conditions, recent: Iterable[Run], speech: Speech) -> RunPage:
    """Put a run's own conditions into words; `recent` are the runs up to it, the newest first."""
    looks = [_look(sample, speech) for sample in known.looks]
    shown, efforts, own = _worst(looks), known.efforts, counted(cards)
    return RunPage(
        looks=shown,
        more_looks=len(looks) - len(shown),
        bad_looks=sum(not one.is_good for one in looks),
        span=_duration((run.finished_at - run.started_at).total_seconds(), speech) if run.finished_at else "",
        per_domain=_per_domain(run, speech),
        questions=sum(one.questions for one in efforts),
        connections=sum(one.connections for one in efforts),
        timeouts=sum(one.timeouts for one in efforts),
        lag_median=_milliseconds(max((one.lag_median for one in efforts), default=0.0), speech),
        lag_p99=_milliseconds(max((one.lag_p99 for one in efforts), default=0.0), speech),
        efforts=len(efforts),
        missing=_missing(own, speech),
        unmeasured=sum(not card.score.is_measured for card in own),
        domains=len(own),
        recent=tuple(recent),
    )


def _worst(looks: Sequence[Look]) -> tuple[Look, ...]:
    """As many as are shown, in the order of time."""
    ends = {0, len(looks) - 1}
    worst_first = sorted(range(len(looks)), key=lambda n: (n not in ends, looks[n].is_good))
    return tuple(looks[n] for n in sorted(worst_first[:MOST_LOOKS]))


def _per_domain(run: Run, speech: Speech) -> str:
    if run.finished_at is None or not run.finished:
        return ""
    return _duration((run.finished_at - run.started_at).total_seconds() / run.finished, speech)


def _duration(seconds: float, speech: Speech) -> str:
    """`7 h 12 min`, `3 min 5 s`, `0.4 s`."""
    hours, minutes, rest = int(seconds // 3600), int(seconds % 3600 // 60), seconds % 60
    if hours:
        return speech.gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    if minutes:
        return speech.gettext("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=int(rest))
    return speech.gettext("%(seconds)s s", seconds=speech.number(rest, 1))


def _milliseconds(seconds: float, speech: Speech) -> str:
    return speech.gettext("%(number)s ms", number=speech.number(seconds * 1000, 1))


def _look(sample: VantageFacts, speech: Speech) -> Look:
    canaries = tuple(_canaries(sample, family, witness, speech) for family, witness in FAMILIES)
    roots = tuple(_roots(sample, family, transport, speech) for family, transport, _ in WAYS)
    resolver = _resolver(sample, speech)
    return Look(
        at=speech.moment(sample.start),
        when=speech.gettext(WHEN[sample.when]),
        seconds=_duration((sample.end - sample.start).total_seconds(), speech),
        canaries=canaries,
        roots=roots,
        resolver=resolver,
        silent=tuple(_silent(c, family) for family, _ in FAMILIES for c in sample.canaries if _failed(c, family)),
        is_good=all(state.key == "good" for state in (*canaries, *roots[:2], resolver)),
    )


def _canaries(sample: VantageFacts, family: Family, witness: Witness, speech: Speech) -> State:
    if share_of_canaries(sample.canaries, family) is None:
        return State("unseen", speech.gettext("not asked"))
    answered = [tried for canary in sample.canaries if not _failed(canary, family) and (tried := canary.by(family))]
    text = f"{speech.number(len(answered))}/{speech.number(len(sample.canaries))}"
    if late := sum(tried.seconds > PROMPT for tried in answered):
        text = speech.gettext("%(answered)s, %(late)s of them late", answered=text, late=speech.number(late))
    return State("good" if is_good(sample, witness) else "bad", text)


def _failed(canary: Canary, family: Family) -> bool:
    tried = canary.by(family)
    return tried is None or tried.failure is not None


def _silent(canary: Canary, family: Family) -> str:
    return f"{for_terminal(canary.host)} (IPv{family})"


def _roots(sample: VantageFacts, family: Family, transport: str, speech: Speech) -> State:
    tried = roots_by(sample, family, transport)
    if not tried:
        return State("unseen", speech.gettext("not asked"))
    answered = sum(map(answers_as_root, tried))
    return State("good" if answered else "bad", f"{speech.number(answered)}/{speech.number(len(tried))}")


def _resolver(sample: VantageFacts, speech: Speech) -> State:
    if not resolver_answers(sample):
        return State("bad", speech.gettext("does not answer, or makes answers up"))
    validates = sample.signed is not None and sample.signed.answer is not None and sample.signed.answer.authenticated
    if not validates:
        return State("bad", speech.gettext("does not validate"))
    return State("good", speech.gettext("answers and validates"))


def _missing(cards: Iterable[Card], speech: Speech) -> tuple[Missing, ...]:
    """Why verdicts of domains are `nm`, the most frequent reason first."""
    domains: Counter[Reason] = Counter()
    verdicts: Counter[Reason] = Counter()
    for card in cards:
        reasons = [v.reason for v in card.verdicts.values() if v.reason is not None and is_built(v) and not is_ours(v.id)]
        verdicts.update(reasons)
        domains.update(set(reasons))
    return tuple(Missing(term("reason", one, speech.code), domains[one], n) for one, n in verdicts.most_common())
