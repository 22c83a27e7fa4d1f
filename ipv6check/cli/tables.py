"""Commands of the tables of Internet resources: `data update`, `data status`."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ipv6check.cli.main import Exit, Options, cli, ends_with, pass_options
from ipv6check.config import ConfigurationError
from ipv6check.data import KINDS, Kind, Manifest, Shelf, Source, TableError, TableProblem, Tables, Trouble, update
from ipv6check.data.reading import MOST_BYTES, PIECE
from ipv6check.data.shelf import Absent, Damaged
from ipv6check.rules.words import Language
from ipv6check.wiring import fetcher

URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
FETCHED_BY: Final = ("http://", "https://")

COLUMNS: Final = {
    "vi": ("bảng", "tình trạng", "ngày dữ liệu", "tuổi", "số mục", "nguồn"),
    "en": ("table", "state", "date", "age", "entries", "source"),
}
WORDS: Final = {
    "vi": {"good": "tốt", "missing": "chưa có", "broken": "hỏng", "too-old": "quá cũ", "not used": "không dùng"},
    "en": {"good": "good", "missing": "missing", "broken": "broken", "too-old": "too old", "not used": "not used"},
}
DAYS: Final = {"vi": "{:.1f} ngày", "en": "{:.1f} days"}


class Fetched(Protocol):
    """What was fetched: its bytes in pieces, and when they were last modified, if the server said so."""

    modified: datetime | None

    def __iter__(self) -> Iterator[bytes]:
        """The bytes."""


class Fetch(Protocol):
    """Fetches a URL, at most `limit` bytes; `told` hears how many have come and how many there will be. Raises OSError."""

    def __call__(self, url: str, limit: int, told: Callable[[int, int | None], None]) -> Fetched:
        """Fetch."""


Told = Callable[[str, int, int | None], None]
"""Hears of a source: its name, bytes done, bytes in all."""


@cli.group()
def data() -> None:
    """Work with the tables of Internet resources: routing, registry, RPKI."""


def _sources(name: str, words: str) -> Callable[..., Any]:
    return click.option(f"--{name}", multiple=True, metavar="FILE|URL", help=words)


@data.command("update")
@_sources("routes", "RISwhois dumps, or lines of prefix,asn; IPv4 and IPv6 together.")
@_sources("registry", "delegated-extended statistics of one regional registry or several.")
@_sources("vrps", "VRPs as JSON or CSV of Routinator or rpki-client.")
@_sources("names", "Names of AS numbers: asn,name,country, or the asn.txt of the RIPE NCC.")
@_sources("holders", "Names of holders: registry,opaque id,name.")
@click.option("--force", is_flag=True, help="Take a table that has shrunk, is older than the one in force, or has bogus lines.")
@pass_options
@ends_with
def data_update(options: Options, /, force: bool, **given: tuple[str, ...]) -> int:
    """Make tables anew. Each is made of all the files named for it and replaces the one in force, or is refused whole."""
    chosen = [(kind, given[kind.name]) for kind in KINDS if given[kind.name]]
    if not chosen:
        raise click.UsageError(f"name a file: {', '.join(f'--{kind.name}' for kind in KINDS)}")
    for _, places in chosen:
        _check(places)
    settings = options.settings()
    shelf, refused = Shelf(settings.data.directory), 0
    fetch = fetcher(settings)
    for kind, places in chosen:
        try:
            _update(kind, places, shelf, fetch, is_forced=force)
        except TableError as error:
            click.echo(f"ipv6check: {kind.name} not updated: {error}", err=True)
            refused += 1
        except OSError as error:
            raise ConfigurationError(f"data.directory: {shelf.directory}: {error.strerror or error}") from None
    return Exit.PARTIAL if refused else Exit.DONE


def _check(places: Sequence[str]) -> None:
    """Raise UsageError for what cannot be a source, before anything is done."""
    for place in places:
        if not URL.match(place):
            if not Path(place).is_file():
                raise click.UsageError(f"no such file: {place}")
        elif not place.lower().startswith(FETCHED_BY):
            raise click.UsageError(f"neither a file nor an http or https URL: {_shown(place)}")


def _update(kind: Kind, places: Sequence[str], shelf: Shelf, fetch: Fetch, *, is_forced: bool) -> None:
    with _progress() as told:
        sources = [_fetched(place, fetch, told) if URL.match(place) else _file(place, told) for place in places]
        updated = update(kind, sources, shelf, datetime.now(UTC), is_forced=is_forced)
    click.echo(_summary(updated.manifest), err=True)
    for example in updated.examples:
        click.echo(f"  cannot be read: {example}", err=True)


def _summary(manifest: Manifest) -> str:
    parts = ", ".join(f"{name} {count:,}" for name, count in manifest.counts.items())
    bogus, left_out = sum(part.bogus for part in manifest.sources), sum(part.left_out for part in manifest.sources)
    dated = {part.dated_by for part in manifest.sources} - {"itself"}
    how = f" (by the time of {' and '.join(sorted(dated))} of a file that names no date)" if dated else ""
    return (
        f"{manifest.name}: {manifest.entries:,} entries ({parts}), of {manifest.date:%Y-%m-%d %H:%M} UTC{how}; "
        f"{bogus:,} bogus, {left_out:,} left out"
    )


def _fetched(place: str, fetch: Fetch, told: Told) -> Source:
    name = _shown(place)
    try:
        fetched = fetch(place, MOST_BYTES, lambda done, total: told(name, done, total))
    except OSError as error:
        raise TableError(f"{name}: {error}") from None
    return Source(name=name, pieces=fetched, modified=fetched.modified)


def _file(place: str, told: Told) -> Source:
    path = Path(place)
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Source(name=place, pieces=_pieces(path, told), modified=modified)


def _pieces(path: Path, told: Told) -> Iterator[bytes]:
    done, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            done += len(piece)
            told(path.name, done, total)
            yield piece


def _shown(url: str) -> str:
    """A URL without what may be secret in it: user, password, query."""
    return re.sub(r"//[^/?#]*@", "//", url).partition("?")[0]


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar for each source on a terminal, nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def told(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name.replace("[", "("), total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield told


@data.command("status")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_options
@ends_with
def data_status(options: Options, form: str) -> int:
    """Print each table's date, age, size, sources and state; exit 3 when one that is needed cannot be asked."""
    directory, now = options.settings().data.directory, datetime.now(UTC)
    problems = {problem.table: problem for problem in Tables(directory, now).problems}
    rows = [(kind, _manifest(Shelf(directory), kind), problems.get(kind.name)) for kind in KINDS]
    if form == "json":
        click.echo(json.dumps([_as_json(*row, now) for row in rows], ensure_ascii=False, indent=1))
    else:
        _print(rows, now, options.language)
    for problem in problems.values():
        if problem.detail:
            click.echo(str(problem), err=True)
    return Exit.PARTIAL if any(_is_wrong(kind, problem) for kind, _, problem in rows) else Exit.DONE


def _manifest(shelf: Shelf, kind: Kind) -> Manifest | None:
    try:
        return shelf.manifest(kind.name)
    except (Absent, Damaged):
        return None


def _is_wrong(kind: Kind, problem: TableProblem | None) -> bool:
    """Whether something has to be done: a table that the checks can do without may be missing."""
    return problem is not None and (kind.is_needed or problem.trouble is not Trouble.MISSING)


def _state(kind: Kind, problem: TableProblem | None) -> str:
    if problem is None:
        return "good"
    return problem.trouble.value if _is_wrong(kind, problem) else "not used"


def _as_json(kind: Kind, manifest: Manifest | None, problem: TableProblem | None, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {"name": kind.name, "state": _state(kind, problem), "detail": problem.detail if problem else ""}
    if manifest:
        row |= {
            "date": manifest.date.isoformat(),
            "age_days": round((now - manifest.date).total_seconds() / 86400, 2),
            "entries": manifest.entries,
            "counts": manifest.counts,
            "sources": [part.source for part in manifest.sources],
            "imported_at": manifest.imported_at.isoformat(),
        }
    return row


def _print(rows: Sequence[tuple[Kind, Manifest | None, TableProblem | None]], now: datetime, language: Language) -> None:
    *columns, last = COLUMNS[language]
    table = Table()
    for column in columns:
        table.add_column(column, no_wrap=True)
    table.add_column(last, overflow="fold")
    for kind, manifest, problem in rows:
        cells = [kind.name, WORDS[language][_state(kind, problem)]]
        if manifest:
            age = DAYS[language].format((now - manifest.date).total_seconds() / 86400)
            sources = "\n".join(part.source for part in manifest.sources)
            cells += [f"{manifest.date:%Y-%m-%d %H:%M} UTC", age, f"{manifest.entries:,}", sources]
        table.add_row(*(Text(cell) for cell in cells))
    Console(file=sys.stdout).print(table)
