"""Commands that look at several runs: `diff`, `trend`."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import click
from rich.console import Console

from ipv6check.changes import LEVEL
from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.cli.reading import opened
from ipv6check.model import Outcome
from ipv6check.reports.history import Form, Point, print_changes, print_series, title_of, write_changes, write_series
from ipv6check.rules import BY_ID
from ipv6check.store import StorageError

form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How it is printed.",
)

NO_SERIES: Final = "nothing is stored of it yet"


@cli.command()
@click.argument("first", metavar="[RUN]", required=False)
@click.argument("second", metavar="[RUN]", required=False)
@click.option("--domain", help="Only this domain.")
@form_option
@pass_options
def diff(options: Options, first: str | None, second: str | None, domain: str | None, form: Form) -> None:
    """What changed with a run (default: the newest), or from one run to another; confirmed changes only.

    A failure that could be the path's is confirmed when it is seen in a second run at least six hours later; what is good
    again is told at once. A new version of the rules never makes a change.
    """
    archive = opened(options)
    runs = archive.runs()
    ends = sorted((archive.judged_run(first), archive.judged_run(second or first)), key=lambda run: run.started_at)
    begin, end = ends[0].started_at, ends[1].started_at
    chosen = [run.id for run in runs if (begin < run.started_at <= end) or (begin == end and run.started_at == end)]
    changes = archive.history.changes(chosen, domains=None if domain is None else {domain})
    if form == "table":
        print_changes(changes, runs, Console(file=sys.stdout), options.language)
    else:
        write_changes(changes, runs, sys.stdout, form, options.language)


@cli.command()
@click.option("--check", default=LEVEL, show_default=True, help="Which check, or `level`.")
@click.option("--agency", help="Only the domains of this agency.")
@form_option
@pass_options
def trend(options: Options, check: str, agency: str | None, form: Form) -> None:
    """How many domains had which outcome, run by run."""
    check = LEVEL if check.lower() == LEVEL else check.upper()
    if check != LEVEL and check not in BY_ID:
        raise click.BadParameter(f"no check {check}: see docs/checks.md, or `level`", param_hint="--check")
    points = [_point(check, *entry) for entry in opened(options).history.tally(check, agency)]
    if not points:
        raise StorageError(f"{agency or check}: {NO_SERIES}")
    if form == "table":
        title = " · ".join((*((agency,) if agency else ()), f"{check} {title_of(check, options.language)}"))
        print_series(points, title, Console(file=sys.stdout), options.language)
    else:
        write_series(points, sys.stdout, form)


def _point(check: str, at: datetime, run_id: str, counts: Mapping[str, int]) -> Point:
    if check != LEVEL:
        return Point(at, run_id, counts)
    named = {key if key == Outcome.NOT_MEASURED.value else f"L{key}": n for key, n in counts.items()}
    return Point(at, run_id, named)
