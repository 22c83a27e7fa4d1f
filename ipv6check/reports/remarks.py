"""What people say of results, beside the results: accepted until a day, under review, answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from ipv6check.model import Dispute, Exemption, Outcome
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech
from ipv6check.score import Card, score
from ipv6check.targets.register import Register

ANSWER_SHOWN: Final = timedelta(days=90)
"""So long an answer stands beside the result that it is about."""

FAULTS: Final = frozenset({Outcome.FAIL, Outcome.WARN})
"""Outcomes that there is something to accept in."""

TEXT: Final = 400


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark in words: `key` is `exempt`, `disputed` or `answered`, `short` what stands on the domain's row.

    `text` goes on from a word for the key.
    """

    key: str
    check: str
    short: str
    text: str


def remarked(cards: Iterable[Card], register: Register, day: date) -> Iterator[Card]:
    """The cards with what people say of them on a day. An exemption that is over, or of what is no fault, says nothing."""
    exemptions: dict[str, list[Exemption]] = {}
    for one in register.exemptions:
        if day <= one.until:
            exemptions.setdefault(one.domain, []).append(one)
    disputes: dict[str, list[Dispute]] = {}
    for dispute in sorted(register.disputes, key=_weight):
        if dispute.answered is None or day <= dispute.answered + ANSWER_SHOWN:
            disputes.setdefault(dispute.domain, []).append(dispute)
    for card in cards:
        own = {one.check: one for one in exemptions.get(card.target.domain, ()) if _is_fault(card, one.check)}
        doubted = {one.check: one for one in disputes.get(card.target.domain, ())}
        scored = score(card.verdicts, own) if own else card.score
        yield replace(card, score=scored, exemptions=own, disputes=doubted) if own or doubted else card


def _weight(dispute: Dispute) -> tuple[bool, date]:
    """What counts comes last: the newest, and what is open before what is answered."""
    return dispute.answered is None, dispute.since


def _is_fault(card: Card, check: str) -> bool:
    return check in card.verdicts and card.verdicts[check].outcome in FAULTS


def remarks(card: Card, speech: Speech) -> tuple[Remark, ...]:
    """What people say of a card, in words: exemptions before disputes."""
    return (
        *(_exempt(one, speech) for one in card.exemptions.values()),
        *(_disputed(one, speech) if one.answered is None else _answered(one, speech) for one in card.disputes.values()),
    )


def _exempt(one: Exemption, speech: Speech) -> Remark:
    said = {"day": speech.day(one.until), "by": for_terminal(one.by, TEXT)}
    return Remark(
        "exempt",
        one.check,
        speech.gettext("%(check)s accepted until %(day)s by %(by)s", check=one.check, **said),
        speech.gettext(
            "accepted until %(day)s by %(by)s: “%(why)s”. The result stays as it was measured and is not scored.",
            **said,
            why=for_terminal(one.why, TEXT),
        ),
    )


def _disputed(one: Dispute, speech: Speech) -> Remark:
    said = {"by": for_terminal(one.by, TEXT), "says": for_terminal(one.says, TEXT)}
    return Remark(
        "disputed",
        one.check,
        speech.gettext("%(check)s under review", check=one.check),
        speech.gettext("since %(day)s; %(by)s says: “%(says)s”.", day=speech.day(one.since), **said),
    )


def _answered(one: Dispute, speech: Speech) -> Remark:
    said = {"by": for_terminal(one.by, TEXT), "says": for_terminal(one.says, TEXT), "day": speech.day(one.since)}
    return Remark(
        "answered",
        one.check,
        speech.gettext("%(check)s reviewed", check=one.check),
        speech.gettext(
            "on %(day)s %(by)s said “%(says)s”; answered on %(answered)s: “%(answer)s”.",
            **said,
            answered=speech.day(one.answered) if one.answered else "",
            answer=for_terminal(one.answer, TEXT),
        ),
    )
