"""A card to be changed, a terminal that writes down what it is given, and what of a text would be alive."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from rich.console import Console

from ipv6check.facts import Evidence
from ipv6check.model import Outcome, Reason, Run, Verdict
from ipv6check.rules import RULES
from ipv6check.score import Card, score
from tests.reports.sample_city import CITY, City, sample_city
from tests.reports.sample_world import Vantage

GOOD = "cong.hanoi.gov.vn"
MEASURED = datetime(2026, 11, 21, 18, 30, 5, tzinfo=UTC)


def city(*domains: str, here: Vantage | None = None) -> City:
    """The sample city, or the part of it that is asked for, in that order."""
    rows = {row[0]: row for row in CITY}
    return sample_city(here, [rows[domain] for domain in domains] or CITY)


def good() -> tuple[Run, Card, Evidence]:
    """A site as one could wish for."""
    one = city(GOOD)
    return one.run, replace(one.cards[0], measured_at=MEASURED), one.evidence[GOOD]


def with_verdicts(card: Card, *verdicts: Verdict) -> Card:
    """The card with some verdicts replaced, scored again."""
    changed = dict(card.verdicts) | {verdict.id: verdict for verdict in verdicts}
    return replace(card, verdicts=changed, score=score(changed))


def verdict(id_: str, outcome: str, case: str = "", /, **args: Any) -> Verdict:
    """A verdict in short; for `nm:reason` the reason is behind the colon."""
    name, _, reason = outcome.partition(":")
    return Verdict(id=id_, outcome=Outcome(name), reason=Reason(reason) if reason else None, case=case or name, args=args)


def unseen_card(card: Card, reason: Reason) -> Card:
    """The card of a target at which nothing was looked at."""
    return replace(with_verdicts(card, *(verdict(rule.id, f"nm:{reason}") for rule in RULES)), measured_at=None)


def console(width: int = 80, **more: Any) -> tuple[Console, StringIO]:
    """A terminal of that width, and what is written to it."""
    out = StringIO()
    return Console(file=out, width=width, **more), out


INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def live_characters(text: str, allowed: str = "") -> list[str]:
    """The characters of a text that a terminal may obey or a reader does not see."""
    return [hex(ord(c)) for c in text if c not in allowed and unicodedata.category(c) in INVISIBLE]


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take a cell, or what it finds behind another separator, for a formula."""
    pieces = [piece for comma in cell.split(",") for piece in comma.replace("\t", ";").replace("|", ";").split(";")]
    firsts = [unicodedata.normalize("NFKC", piece.strip(' "\u00a0'))[:1] for piece in pieces]
    return any(first in "=+-@\u2212" for first in firsts if first) or cell.startswith(("\t", "\r", "\n"))
