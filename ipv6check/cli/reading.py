"""Commands that work on what is stored, without the network: `judge`, `report`, `export`, `explain`."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import click

from ipv6check.cli.lists import bodies_option, named_bodies
from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.cli.progress import counted
from ipv6check.facts import Evidence
from ipv6check.model import Run
from ipv6check.nightly import past_of, save_verdicts
from ipv6check.rules.words import Language
from ipv6check.score import Card
from ipv6check.store import Archive, Database
from ipv6check.targets.bodies import without_domain
from ipv6check.wiring import goals

run_option = click.option("--run", "run_id", metavar="RUN", help="Which run (default: the newest).")


def opened(options: Options) -> Archive:
    """The archive of the database in force, which must be there."""
    database = Database(options.settings().store.url)
    database.check()
    return Archive(database)


@cli.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--all", "every", is_flag=True, help="Every run there is.")
@pass_options
def judge(options: Options, run_id: str | None, every: bool) -> None:
    """Make verdicts again from stored observations. Contacts nobody."""
    if run_id and every:
        raise click.UsageError("name a run or say --all, not both")
    archive = opened(options)
    runs = [run for run in archive.runs() if archive.can_be_judged(run.id)] if every else [archive.run(run_id)]
    with Database(options.settings().store.url).writing():
        for run in runs:
            save_verdicts(archive, run.id, _counter(run))
            click.echo(run.id)
        if runs:
            archive.history.follow(runs[-1].id)


def _counter(run: Run) -> Callable[[Iterable[Evidence]], Iterable[Evidence]]:
    return lambda seen: counted(seen, run.planned, f"judge {run.id}")


@cli.command()
@run_option
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("results/site"), show_default=True)
@click.option("--audience", type=click.Choice(["internal", "public"]), default="internal", show_default=True)
@click.option("--agency", "agencies", multiple=True, help="Only these agencies.")
@bodies_option
@pass_options
def report(
    options: Options, run_id: str | None, output: Path, audience: str, agencies: tuple[str, ...], bodies: Path | None
) -> None:
    """Write the static site: overview, agencies, a scorecard for each domain, changes, programme; Vietnamese and English."""
    from ipv6check.reports.site import write_site

    archive = opened(options)
    run = archive.run(run_id)
    cards = archive.cards(run.id)
    unknown = set(agencies) - {card.target.agency for card in cards}
    if unknown:
        raise click.BadParameter(f"no such agency in run {run.id}: {', '.join(sorted(unknown))}", param_hint="--agency")
    front = write_site(
        run,
        cards,
        output,
        evidence_of=lambda domain: archive.evidence(run.id, domain),
        audience="public" if audience == "public" else "internal",
        agencies=agencies,
        past=past_of(archive, run, goals(options.settings()), agencies),
        bodies=without_domain(named_bodies(bodies), [card.target for card in cards]),
    )
    click.echo(front)


@cli.command()
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "json", "xlsx"]), default="csv", show_default=True)
@run_option
@click.option(
    "--profile",
    type=click.Choice(["vnnic", "full", "internetnl", "sidn"]),
    default="vnnic",
    show_default=True,
    help="Columns of the CSV.",
)
@click.option("--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), help="File (default: stdout).")
@click.option("--delimiter", type=click.Choice([",", ";"]), default=",", show_default=True)
@click.option("--no-bom", is_flag=True, help="Without the mark by which Excel knows UTF-8.")
@click.option("--dictionary", is_flag=True, help="The data dictionary of the CSV, in place of data.")
@pass_options
def export(
    options: Options,
    form: str,
    run_id: str | None,
    profile: str,
    output: Path | None,
    delimiter: str,
    no_bom: bool,
    dictionary: bool,
) -> None:
    """Write a run's results as data."""
    from ipv6check.reports.export import write_csv, write_dictionary, write_json, write_jsonl

    if dictionary:
        with _out(output) as out:
            write_dictionary(out)
        return
    archive = opened(options)
    run = archive.run(run_id)
    cards = archive.cards(run.id)
    if form == "xlsx":
        _write_workbook(run, cards, output, options.language)
        return
    with _out(output) as out:
        if form == "csv":
            write_csv(run, cards, out, profile=profile, delimiter=delimiter, bom=not no_bom)
        elif form == "jsonl":
            write_jsonl(run, cards, out)
        else:
            write_json(run, cards, out)


def _write_workbook(run: Run, cards: Sequence[Card], output: Path | None, language: Language) -> None:
    """Write a workbook, which is binary: to a file, or to a stdout that is none of a terminal."""
    from ipv6check.reports.workbook import WorkbookError, write_workbook

    made = io.BytesIO()
    try:
        write_workbook(run, cards, made, language)
    except WorkbookError as error:
        raise click.ClickException(str(error)) from None
    if output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook is binary: name a file with --output")
    with click.open_file(str(output or "-"), "wb") as out:
        out.write(made.getvalue())


@contextmanager
def _out(path: Path | None) -> Iterator[TextIO]:
    """The file to write to, or stdout, as UTF-8."""
    if path is None or str(path) == "-":
        assert isinstance(sys.stdout, TextIOWrapper)
        sys.stdout.reconfigure(encoding="utf-8", newline="")
        yield sys.stdout
    else:
        with path.open("w", encoding="utf-8", newline="") as out:
            yield out


@cli.command()
@click.argument("what", metavar="ID|DOMAIN")
@run_option
@pass_options
def explain(options: Options, what: str, run_id: str | None) -> None:
    """A check's page; or every verdict of a domain with its evidence and the equal commands by hand."""
    from ipv6check.nightly import card_of
    from ipv6check.reports.explanation import explain_check, explain_domain
    from ipv6check.rules import BY_ID

    if what.upper() in BY_ID:
        click.echo(explain_check(what.upper(), options.language))
        return
    archive = opened(options)
    chosen = run_id or archive.latest_run_of(what.lower())
    if chosen is None:
        raise click.UsageError(f"{what} is no check and no domain that was measured; checks are those of docs/checks.md")
    evidence = archive.evidence(chosen, what.lower())
    click.echo(explain_domain(card_of(evidence), evidence, options.language))
