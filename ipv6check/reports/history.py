"""Changes and series, as rows: for the terminal, as CSV and as JSON."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ipv6check.changes import LEVEL, Change
from ipv6check.model import Outcome, Run
from ipv6check.reports.drawing import line, say
from ipv6check.reports.hostile import for_csv, for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.rules import words
from ipv6check.rules.words import Language

Form = Literal["table", "csv", "json"]

CHANGE_COLUMNS: Final = ("run", "at", "domain", "check", "title", "kind", "before", "after", "since_run", "since")
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
        judged = sum(self.counts.get(outcome.value, 0) for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL))
        return self.counts.get(Outcome.PASS.value, 0) / judged if judged else None


def title_of(check: str, language: Language) -> str:
    """A check's title, or what the level is called."""
    return say(speech(language), "Mức sẵn sàng", "Level") if check == LEVEL else words.title(check, language)


def state_of(check: str, outcome: str, language: Language) -> str:
    """An outcome in a word, or a level's number."""
    return f"L{outcome}" if check == LEVEL else words.term("outcome", outcome, language)


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


def write_changes(
    changes: Sequence[Change], runs: Sequence[Run], out: TextIO, form: Form, language: Language, console: Console
) -> None:
    """Write confirmed changes."""
    rows = change_rows(changes, runs, language)
    if form == "json":
        out.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    elif form == "csv":
        _write_csv(CHANGE_COLUMNS, rows, out)
    else:
        _print_changes(rows, console, speech(language))


def _print_changes(rows: Sequence[Mapping[str, str]], console: Console, said: Speech) -> None:
    if not rows:
        line(console, say(said, "Không có thay đổi nào đã được xác nhận.", "No confirmed change."))
        return
    table = Table(box=None, pad_edge=False)
    for name in (say(said, "Lượt đo", "Run"), say(said, "Tên miền", "Domain"), say(said, "Thay đổi", "Change")):
        table.add_column(name, no_wrap=True)
    table.add_column(say(said, "Mục", "Check"), overflow="fold")
    for row in rows:
        before, after = (state_of(row["check"], row[side], said.code) for side in ("before", "after"))
        kind = words.term("change", row["kind"], said.code)
        what = (
            f"{row['check']} {row['title']}: {before} → {after}"
            if row["check"] != LEVEL
            else f"{row['title']}: {before} → {after}"
        )
        if row["since_run"] != row["run"]:
            what += say(said, f" (thấy lần đầu {row['since']})", f" (first seen {row['since']})")
        cells = (Text(row["at"]), Text(for_terminal(row["domain"])), Text(kind, KIND_STYLES.get(row["kind"], "")), Text(what))
        table.add_row(*cells)
    console.print(table)


def write_series(points: Sequence[Point], title: str, out: TextIO, form: Form, language: Language, console: Console) -> None:
    """Write a series over runs: counts by outcome (or level), and the share that passes."""
    keys = [key for key in _order() if any(point.counts.get(key) for point in points)]
    keys += sorted({key for point in points for key in point.counts} - set(keys))
    rows = [
        {
            "run": p.run,
            "at": p.at.isoformat(),
            **{key: str(p.counts.get(key, 0)) for key in keys},
            "share_pass": _share(p.share),
        }
        for p in points
    ]
    if form == "json":
        out.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    elif form == "csv":
        _write_csv(("run", "at", *keys, "share_pass"), rows, out)
    else:
        _print_series(points, keys, title, console, speech(language))


def _order() -> tuple[str, ...]:
    return tuple(outcome.value for outcome in Outcome)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"


def _print_series(points: Sequence[Point], keys: Sequence[str], title: str, console: Console, said: Speech) -> None:
    line(console, title, "bold")
    table = Table(box=None, pad_edge=False)
    table.add_column(say(said, "Lượt đo", "Run"), no_wrap=True)
    for key in keys:
        name = words.term("outcome", key, said.code) if key in _order() else key
        table.add_column(name, justify="right")
    has_share = any(point.share is not None for point in points)
    if has_share:
        table.add_column(say(said, "Tỷ lệ đạt", "Pass"), justify="right")
    for point in points:
        cells = [said.moment(point.at), *(said.number(point.counts.get(key, 0)) for key in keys)]
        table.add_row(*cells, *([said.share(point.share, 1)] if has_share else []))
    console.print(table)


def _write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]], out: TextIO) -> None:
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([for_csv(row[column]) for column in columns])
