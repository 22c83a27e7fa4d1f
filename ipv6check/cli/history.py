"""Commands that look at several runs: `diff`, `trend`."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

import click
from rich.console import Console

from ipv6check.changes import LEVEL
from ipv6check.cli.lists import told_register
from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.cli.reading import agency_option, chosen_agencies, opened
from ipv6check.config import Settings
from ipv6check.model import Outcome, Target
from ipv6check.reports.history import Form, Point, print_changes, print_series, title_of, write_changes, write_series
from ipv6check.rules import BY_ID
from ipv6check.store import Archive, StorageError
from ipv6check.targets.names import UnfitError, domain_in

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
    domains = None if domain is None else {_measured(archive, domain)}
    runs = archive.runs()
    ends = sorted((archive.judged_run(first), archive.judged_run(second or first)), key=lambda run: run.started_at)
    begin, end = ends[0].started_at, ends[1].started_at
    chosen = [run.id for run in runs if (begin < run.started_at <= end) or (begin == end and run.started_at == end)]
    changes = archive.history.changes(chosen, domains=domains)
    if form == "table":
        print_changes(changes, runs, Console(file=sys.stdout), options.language)
    else:
        write_changes(changes, runs, sys.stdout, form, options.language)


@cli.command()
@click.option("--check", default=LEVEL, show_default=True, help="Which check, or `level`.")
@agency_option
@form_option
@pass_options
def trend(options: Options, check: str, agencies: tuple[str, ...], form: Form) -> None:
    """How many domains had which outcome, run by run."""
    check = LEVEL if check.lower() == LEVEL else check.upper()
    if check != LEVEL and check not in BY_ID:
        raise click.BadParameter(f"no check {check}: see docs/checks.md, or `level`", param_hint="--check")
    archive = opened(options)
    chosen = _chosen(archive, options.settings(), agencies) if agencies else {}
    history, counted = archive.history, dict.fromkeys(chain.from_iterable(chosen.values()))
    points = [_point(check, *entry) for entry in (history.tally_of(check, counted) if chosen else history.tally(check))]
    if not points:
        archive.judged_run()  # tells it where there is none
        raise StorageError(f"{', '.join(chosen) or check}: {NO_SERIES}")
    if form == "table":
        title = " · ".join((*chosen, f"{check} {title_of(check, options.language)}"))
        print_series(points, title, Console(file=sys.stdout), options.language)
    else:
        write_series(points, sys.stdout, form)


def _measured(archive: Archive, named: str) -> str:
    """A domain, written as in a target list, that some run has. Raises BadParameter."""
    try:
        domain = domain_in(named)
    except UnfitError as error:
        raise click.BadParameter(str(error), param_hint="--domain") from None
    if archive.latest_run_of(domain) is None:
        raise click.BadParameter(f"{domain} was not measured in any run", param_hint="--domain")
    return domain


def _chosen(archive: Archive, settings: Settings, asked: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The agencies that were asked for, as the city's newest run knows them, or an earlier one did by that name."""
    run = archive.whole_run() or archive.judged_run()
    earlier = [Target(domain="", agency=name) for name in asked if archive.history.tally(LEVEL, name)]
    return chosen_agencies(run, [*archive.targets(run.id), *earlier], asked, told_register(settings).bodies)


def _point(check: str, at: datetime, run_id: str, counts: Mapping[str, int]) -> Point:
    if check != LEVEL:
        return Point(at, run_id, counts)
    named = {key if key == Outcome.NOT_MEASURED.value else f"L{key}": n for key, n in counts.items()}
    return Point(at, run_id, named)
