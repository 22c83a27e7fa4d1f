"""The page of changes: what is confirmed of the last weeks, day by day, bad news first; and the same as a feed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from itertools import groupby
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from ipv6check.changes import LEVEL, Change, Kind
from ipv6check.reports.export import utc
from ipv6check.reports.findings import Sign
from ipv6check.reports.history import DataForm, state_of, title_of, write_changes
from ipv6check.reports.hostile import BYTE_ORDER_MARK, for_terminal
from ipv6check.reports.language import N_, Speech
from ipv6check.reports.past import Past, day_of
from ipv6check.reports.paths import agency_page, domain_page
from ipv6check.reports.scorecard import agency_name
from ipv6check.rules import words
from ipv6check.score import Card

MOST_SHOWN: Final = 500
"""Changes on the page and in the feed; the files beside it have them all."""

WEEK: Final = timedelta(days=7)

FORMS: Final[tuple[DataForm, ...]] = ("csv", "json")

SIGNS: Final = {
    Kind.LOST: ("fail", "✕"),
    Kind.DEGRADED: ("warn", "!"),
    Kind.UNSTABLE: ("warn", "~"),
    Kind.RECOVERED: ("pass", "✓"),
    Kind.GAINED: ("pass", "✓"),
}
"""Each kind's style and symbol, bad news first."""

ORDER: Final = tuple(SIGNS)

PORT: Final = N_("Perhaps a firewall or the server has closed the port over IPv6 alone, while it stays open over IPv4.")
RECORD: Final = N_("Perhaps the AAAA record was removed, as happens when a site or its DNS moves; on IPv4 nobody notices.")
SILENT_LOSSES: Final = {
    "DNS-02": RECORD,
    "DNS-03": RECORD,
    "REACH-01": PORT,
    "REACH-04": PORT,
    "WEB-04": N_("Perhaps the certificate was not renewed, or renewed on the IPv4 server only and forgotten on the IPv6 one."),
    "WEB-05": N_("Perhaps the certificate was renewed on one server only; the one that serves IPv6 is often forgotten."),
}
"""What probably happened where something was lost that nobody on IPv4 notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change in words. `first_seen` is empty where it was confirmed on the day on which it showed first."""

    domain: str
    page: str
    agency: str
    agency_page: str
    check: str
    title: str
    kind: str
    sign: Sign
    before: str
    after: str
    first_seen: str
    why: str
    at: str
    uuid: str

    @property
    def is_level(self) -> bool:
        """Whether it is the level that changed."""
        return self.check == LEVEL


@dataclass(frozen=True, slots=True)
class Day:
    """The changes of one day."""

    name: str
    rows: tuple[ChangeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """All that the page of changes shows. `newest` are those of the run itself; `total` counts what the files have.

    `week` counts those of the last seven days by kind.
    """

    days: tuple[Day, ...]
    newest: tuple[ChangeRow, ...]
    week: tuple[tuple[Sign, int], ...]
    total: int
    shown: int
    begin: str
    can_compare: bool
    updated: str
    uuid: str
    feed_title: str


def changed(past: Past, run_id: str, cards: Sequence[Card], speech: Speech) -> Changed:
    """Put the changes of the last weeks into words; `past` has those of the cards only."""
    started, rows = past.started(), change_rows(past, cards, speech)
    told = list(rows)
    days = groupby(told[:MOST_SHOWN], key=lambda change: day_of(started[change.run_id]))
    return Changed(
        days=tuple(Day(speech.day(day), tuple(rows[change] for change in group)) for day, group in days),
        newest=tuple(row for change, row in rows.items() if change.run_id == run_id),
        week=_week(told, started, run_id, speech),
        total=len(told),
        shown=min(len(told), MOST_SHOWN),
        begin=speech.date(min(started.values(), default=None)),
        can_compare=len(past.runs) > 1,
        updated=utc(max(started.values(), default=None)) or "",
        uuid=_uuid("feed", speech.code),
        feed_title=speech.gettext("IPv6 readiness, City of Hanoi: confirmed changes"),
    )


def change_rows(past: Past, cards: Iterable[Card], speech: Speech) -> dict[Change, ChangeRow]:
    """Every change of the runs that are known, in words: the newest day first, bad news first."""
    agencies, started = {card.target.domain: card.target.agency for card in cards}, past.started()
    told = [change for change in past.changes if change.kind in SIGNS and change.run_id in started]
    told.sort(key=lambda one: (-day_of(started[one.run_id]).toordinal(), ORDER.index(one.kind), one.check != LEVEL, one.domain))
    return {change: _row(change, agencies.get(change.domain, ""), started, speech) for change in told}


def _week(told: Sequence[Change], started: Mapping[str, datetime], run_id: str, speech: Speech) -> tuple[tuple[Sign, int], ...]:
    """How many changes of each kind the seven days up to a run told, bad news first."""
    last = day_of(started[run_id]) if run_id in started else date.min
    kinds = Counter(change.kind for change in told if last - WEEK < day_of(started[change.run_id]) <= last)
    return tuple((_sign(kind, speech), kinds[kind]) for kind in ORDER if kinds[kind])


def _sign(kind: Kind, speech: Speech) -> Sign:
    key, symbol = SIGNS[kind]
    return Sign(key, symbol, words.term("change", kind.value, speech.code))


def changes_as(form: DataForm, past: Past, speech: Speech) -> str:
    """The same as a file, with the columns of `ipv6check diff`."""
    out = StringIO(newline="")
    write_changes(past.changes, past.runs, out, form, speech.code)
    return BYTE_ORDER_MARK + out.getvalue() if form == "csv" else out.getvalue()


def _row(change: Change, agency: str, started: Mapping[str, datetime], speech: Speech) -> ChangeRow:
    first, at = started.get(change.since), started[change.run_id]
    why = SILENT_LOSSES.get(change.check, "") if change.kind is Kind.LOST else ""
    return ChangeRow(
        domain=for_terminal(change.domain),
        page=domain_page(change.domain),
        agency=agency_name(agency, speech),
        agency_page=agency_page(agency),
        check=change.check,
        title=title_of(change.check, speech.code),
        kind=change.kind.value,
        sign=_sign(change.kind, speech),
        before=state_of(change.check, change.before, speech.code),
        after=state_of(change.check, change.after, speech.code),
        first_seen=speech.date(first) if first and day_of(first) != day_of(at) else "",
        why=speech.gettext(why) if why else "",
        at=utc(at) or "",
        uuid=_uuid(change.run_id, change.domain, change.check, speech.code),
    )


def _uuid(*parts: str) -> str:
    return str(uuid5(NAMESPACE_URL, "ipv6check:" + "\n".join(parts).encode("utf-8", "replace").decode()))
