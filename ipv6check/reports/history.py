"""Changes and series, as rows: for the terminal, as CSV and as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ipv6check.changes import LEVEL, MINIMUM, Change
from ipv6check.model import Outcome, Run
from ipv6check.reports.drawing import line, say
from ipv6check.reports.hostile import for_json, for_terminal, write_rows
from ipv6check.reports.language import speech
from ipv6check.rules import words
from ipv6check.rules.words import Language

DataForm = Literal["csv", "json"]
Form = Literal["table", DataForm]

CHANGE_COLUMNS: Final = ("run", "at", "domain", "check", "title", "kind", "before", "after", "since_run", "since")
OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)
KIND_STYLES: Final = {"lost": "bold red", "degraded": "yellow", "unstable": "yellow", "gained": "green", "recovered": "green"}


@dataclass(frozen=True, slots=True)
class Point:
    """One run in a series: when, which, and how many domains had each outcome."""

    at: datetime
    run: str
    counts: Mapping[str, int]

    @property
    def share(self) -> float | None:
        """The share of `pass` among what could be judged, None when nothing could."""
        return share_of(self.counts)


def share_of(counts: Mapping[str, int]) -> float | None:
    """The share of `pass` among what could be judged, None when nothing could."""
    judged = sum(counts.get(outcome.value, 0) for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL))
    return counts.get(Outcome.PASS.value, 0) / judged if judged else None


def title_of(check: str, language: Language) -> str:
    """A check's title, or what the level is called."""
    return say(speech(language), "Mức sẵn sàng", "Level") if check == LEVEL else words.title(check, language)


def id_and_title(check: str, language: Language) -> str:
    """A check by its id and title, the level by its name alone."""
    title = title_of(check, language)
    return title if check == LEVEL else f"{check} {title}"


def state_of(check: str, outcome: str, language: Language) -> str:
    """An outcome in a word, or a level's number."""
    if check != LEVEL:
        return words.term("outcome", outcome, language)
    number = outcome.rstrip(MINIMUM)
    return f"L{number}" if number == outcome else say(speech(language), f"ít nhất L{number}", f"at least L{number}")


def change_rows(changes: Iterable[Change], runs: Sequence[Run], language: Language) -> list[dict[str, str]]:
    """One row a change, in the order given."""
    at = {run.id: run.started_at for run in runs}
    said = speech(language)

    def moment(run_id: str) -> str:
        return said.moment(at[run_id]) if run_id in at else ""

    return [
        {
            "run": change.run_id,
            "at": moment(change.run_id),
            "domain": change.domain,
            "check": change.check,
            "title": title_of(change.check, language),
            "kind": change.kind.value,
            "before": change.before,
            "after": change.after,
            "since_run": change.since,
            "since": moment(change.since),
        }
        for change in changes
    ]


def write_changes(changes: Iterable[Change], runs: Sequence[Run], out: TextIO, form: DataForm, language: Language) -> None:
    """Write confirmed changes as data. Open a file with `newline=""`."""
    _write(CHANGE_COLUMNS, change_rows(changes, runs, language), out, form)


def print_changes(changes: Iterable[Change], runs: Sequence[Run], console: Console, language: Language) -> None:
    """Print confirmed changes as a table."""
    rows, said = change_rows(changes, runs, language), speech(language)
    if not rows:
        line(console, say(said, "Không có thay đổi nào đã được xác nhận.", "No confirmed change."))
        return
    table = Table(box=None, pad_edge=False)
    for name in (say(said, "Lượt đo", "Run"), say(said, "Tên miền", "Domain"), say(said, "Thay đổi", "Change")):
        table.add_column(name, no_wrap=True)
    table.add_column(say(said, "Mục", "Check"), overflow="fold")
    for row in rows:
        before, after = (state_of(row["check"], row[side], language) for side in ("before", "after"))
        kind = words.term("change", row["kind"], language)
        what = f"{id_and_title(row['check'], language)}: {before} → {after}"
        if row["since_run"] != row["run"]:
            what += say(said, f" (thấy lần đầu {row['since']})", f" (first seen {row['since']})")
        cells = (Text(row["at"]), Text(for_terminal(row["domain"])), Text(kind, KIND_STYLES.get(row["kind"], "")), Text(what))
        table.add_row(*cells)
    console.print(table)


def write_series(points: Sequence[Point], out: TextIO, form: DataForm) -> None:
    """Write a series over runs as data: counts by outcome (or level), and the share that passes."""
    keys = _keys(points)
    rows = [
        {
            "run": p.run,
            "at": p.at.isoformat(),
            **{key: str(p.counts.get(key, 0)) for key in keys},
            "share_pass": _share(p.share),
        }
        for p in points
    ]
    _write(("run", "at", *keys, "share_pass"), rows, out, form)


def _keys(points: Sequence[Point]) -> list[str]:
    """The outcomes, or levels, that there are: outcomes in their order."""
    keys = [key for key in OUTCOMES if any(point.counts.get(key) for point in points)]
    return keys + sorted({key for point in points for key in point.counts} - set(keys))


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"


def print_series(points: Sequence[Point], title: str, console: Console, language: Language) -> None:
    """Print a series over runs as a table under a title."""
    keys, said = _keys(points), speech(language)
    line(console, title, "bold")
    table = Table(box=None, pad_edge=False)
    table.add_column(say(said, "Lượt đo", "Run"), no_wrap=True)
    for key in keys:
        name = words.term("outcome", key, language) if key in OUTCOMES else key
        table.add_column(name, justify="right")
    has_share = any(point.share is not None for point in points)
    if has_share:
        table.add_column(say(said, "Tỷ lệ đạt", "Pass"), justify="right")
    for point in points:
        cells = [said.moment(point.at), *(said.number(point.counts.get(key, 0)) for key in keys)]
        table.add_row(*cells, *([said.share(point.share, 1)] if has_share else []))
    console.print(table)


def _write(columns: Sequence[str], rows: Sequence[Mapping[str, str]], out: TextIO, form: DataForm) -> None:
    if form == "json":
        out.write(for_json(json.dumps(rows, ensure_ascii=False, indent=1)) + "\n")
    else:
        write_rows([columns, *([row[column] for column in columns] for row in rows)], out)
