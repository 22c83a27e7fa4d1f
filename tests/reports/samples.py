"""A card to be spoiled, hostile texts, and a terminal that writes down what it is given."""

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


FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://evil.example","x")',
    "=IMPORTXML(CONCAT(A1))",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "﹦1",
    "﹢1",
    "﹣1",
    "−1",
    '"=1+1"',
    "x;=1+1",
    'x,"=1+1"',
    "x\t=1+1",
    "x|@SUM(1)",
)
LEADS = ("", " ", "\t", "\r", "\n", "\u00a0", "\u200b", "\ufeff", "\x00", "\u202e", "  \t ")
CONTROLS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m",
    "\x90q\x9c",
    "\x07bell",
    "back\x08\x08\x08\x08",
    "over\rwritten",
    "two\nlines",
    "two\r\nlines",
    "nul\x00nul",
    "del\x7f",
    "nel\x85nel",
    "ls\u2028ps\u2029",
    "rlo\u202egnp.exe",
    "lri\u2066x\u2069",
    "lrm\u200e\u200f",
    "zw\u200bsp\u200cnj\u200dj",
    "bom\ufeff",
    "shy\u00ad",
    "tag\U000e0041\U000e0042",
    "vs\ufe0f\U000e0100",
    "hangul\u3164\u115f\uffa0",
    "braille\u2800",
    "z" + "\u0301\u0302\u0303\u0304\u0305" * 40,
    "lone\ud800surrogate",
    "private\ue000",
    "[bold red]markup[/]",
    "[link=http://evil.example]x[/link]",
    ":skull:",
    "<script>alert(1)</script>",
    "$(reboot)",
    "`reboot`",
    "; reboot #",
    "a' -oProxyCommand=reboot '",
    "-oProxyCommand=reboot",
    "--config=/etc/passwd",
    "~root",
    "*",
    "A" * 100_000,
    "",
)
PAYLOADS = tuple(dict.fromkeys((*(lead + formula for formula in FORMULAS for lead in LEADS), *CONTROLS)))

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def live_characters(text: str, allowed: str = "") -> list[str]:
    """The characters of a text that a terminal may obey or a reader does not see."""
    return [hex(ord(c)) for c in text if c not in allowed and unicodedata.category(c) in INVISIBLE]
