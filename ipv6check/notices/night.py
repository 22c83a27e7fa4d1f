"""What there is to tell after a night: changes that are confirmed and still so, and what ends soon; and whether to tell it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ipv6check.changes import LEVEL, Change, Standing, goodness
from ipv6check.model import Outcome, Run, Verdict
from ipv6check.score import Card
from ipv6check.store import Archive

LOOKBACK: Final = timedelta(days=7)
"""Changes of so many days are told where their own nights could not be: the mail server or we ourselves were not well."""

CONTROLS: Final = ("OPS-01", "OPS-02")
"""The canaries of both families."""

GOOD: Final = frozenset({Outcome.PASS, Outcome.WARN})
RESOLVER: Final = "OPS-08"

ENDING: Final = ("WEB-04", "SEC-06")
"""Checks of what has an end: certificates, and the signatures of a zone."""

ENDED: Final = "expired"
SOON: Final = frozenset({"warn", "fail", "last-days", ENDED})
"""Cases of those checks that tell of an end, and not of a beginning or of a server that shows now this, now that."""

OVER: Final = -1
STEPS: Final = (OVER, 1, 3, 7, 14)
"""An end is told when it is first seen near, again when no more than so many days are left, and when it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A certificate's or a signature's end. `days` are left, `OVER` once it is over.

    `since` is the run that saw it first, "" where that is not known: it is so of the newest runs only.
    """

    domain: str
    check: str
    until: date
    days: float
    since: str

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self.days <= OVER

    @property
    def key(self) -> str:
        """What is told once: this end, at this distance."""
        step = next((step for step in STEPS if self.days <= step), "")
        return f"{self.domain} {self.check} {self.since} {step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A run, its cards, all runs up to it (newest first), and what there is to tell of it, an end not as a change too."""

    run: Run
    cards: tuple[Card, ...]
    runs: tuple[Run, ...]
    changes: tuple[Change, ...]
    endings: tuple[Ending, ...]


def read(archive: Archive, run_id: str | None = None, cards: Iterable[Card] | None = None) -> Night:
    """Read a night, the newest by default; `cards` are its own, with what people say of them: what is accepted is not told.

    Raises StorageError when there is none.
    """
    run = archive.run(run_id)
    cards = tuple(archive.each_card(run.id) if cards is None else cards)
    runs = tuple(one for one in archive.runs() if one.rules_version and one.started_at <= run.started_at)
    recent = [one.id for one in runs if run.started_at - one.started_at < LOOKBACK]
    standings = archive.history.standings(run.id)
    endings = [end for card in cards for end in _endings(card, standings.get(card.target.domain, {}))]
    changes = _still_so(archive.history.changes(recent) if recent else (), {card.target.domain: card for card in cards})
    told_by_end = {(ending.domain, ending.check) for ending in endings}
    return Night(
        run=run,
        cards=cards,
        runs=runs,
        changes=tuple(change for change in changes if (change.domain, change.check) not in told_by_end),
        endings=tuple(ending for ending in endings if ending.since),
    )


def why_silent(night: Night) -> str:
    """Why nothing is to be told after this night, in words for the operator; "" when it may be."""
    run = night.run
    if not (run.rules_version and night.cards):
        return f"run {run.id} was not judged"
    if run.is_partial:
        return f"run {run.id} looked at a part of the lists or of the checks only, or at other lists"
    if not run.is_complete:
        return f"run {run.id} is not complete ({run.finished} of {run.planned} domains)"
    own = night.cards[0].verdicts
    ill = [id_ for id_ in CONTROLS if own[id_].outcome not in GOOD]
    ill += [RESOLVER] if own[RESOLVER].outcome is Outcome.FAIL else []
    return f"in run {run.id} the measuring point itself was not well ({', '.join(ill)})" if ill else ""


def _still_so(changes: Iterable[Change], cards: Mapping[str, Card]) -> Iterator[Change]:
    """The newest change of each check of each domain, where this night saw it so too and nobody accepts it.

    `changes` are the newest first.
    """
    newest: dict[tuple[str, str], Change] = {}
    for change in changes:
        newest.setdefault((change.domain, change.check), change)
    return (change for change in newest.values() if (card := cards.get(change.domain)) and _is_news(change, card))


def _is_news(change: Change, card: Card) -> bool:
    if change.check in card.exemptions:
        return False
    if change.check == LEVEL:
        return change.after == card.score.level.mark
    now = goodness(change.check, card.verdicts[change.check].outcome.value)
    return now is not None and now == goodness(change.check, change.after)


def _endings(card: Card, standings: Mapping[str, Standing]) -> Iterator[Ending]:
    for check in ENDING:
        verdict = card.verdicts[check]
        if check not in card.exemptions and _ends_soon(verdict):
            since = standings[check].since if check in standings else ""
            yield _ending(card.target.domain, verdict, since)


def _ends_soon(verdict: Verdict) -> bool:
    return verdict.case in SOON and "until" in verdict.args


def _ending(domain: str, verdict: Verdict, since: str) -> Ending:
    until, days = verdict.args["until"], verdict.args["days"]
    assert isinstance(until, str)
    assert isinstance(days, (int, float))
    left = OVER if verdict.case == ENDED else max(float(days), 0)
    return Ending(domain=domain, check=verdict.id, until=date.fromisoformat(until), days=left, since=since)
