"""Commands that hand results on: `export`, `bundle`."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import click

from ipv6check.cli.lists import told_register
from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.cli.progress import counted
from ipv6check.cli.reading import agency_option, chosen_agencies, opened, pdf_option, printing_or_none, run_option
from ipv6check.nightly import cards_of, of_agencies, past_of
from ipv6check.reports.past import day_of
from ipv6check.targets.agencies import stood_for
from ipv6check.wiring import goals

FORMATS: Final = ("csv", "jsonl", "json", "xlsx", "parquet")


@cli.command()
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@run_option
@click.option(
    "--profile",
    type=click.Choice(["vnnic", "full", "internetnl", "sidn"]),
    default="vnnic",
    show_default=True,
    help="Columns of the CSV; Parquet has those of `full`.",
)
@click.option("--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), help="File (default: stdout).")
@click.option("--delimiter", type=click.Choice([",", ";"]), default=",", show_default=True)
@click.option("--no-bom", is_flag=True, help="Without the mark by which Excel knows UTF-8.")
@click.option("--dictionary", is_flag=True, help="The data dictionary of the profile (vnnic, full), in place of data.")
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
    from ipv6check.reports.export import PROFILES, write_csv, write_dictionary, write_json, write_jsonl

    if dictionary:
        profile = "full" if form == "parquet" else profile
        if PROFILES[profile].dictionary is None:
            raise click.UsageError(f"the profile {profile} is a form of others, and has no dictionary of ours")
        with _out(output) as out:
            write_dictionary(out, profile=profile, delimiter=delimiter, bom=not no_bom)
        return
    archive = opened(options)
    run = archive.judged_run(run_id)
    cards = list(cards_of(archive, run, told_register(options.settings())))
    if form == "xlsx":
        from ipv6check.reports.workbook import write_workbook

        _write_binary(output, lambda out: write_workbook(run, cards, out, options.language))
        return
    if form == "parquet":
        from ipv6check.reports.parquet import write_parquet

        _write_binary(output, lambda out: write_parquet(run, cards, out))
        return
    with _out(output) as out:
        if form == "csv":
            write_csv(run, cards, out, profile=profile, delimiter=delimiter, bom=not no_bom)
        elif form == "jsonl":
            write_jsonl(run, cards, out)
        else:
            write_json(run, cards, out)


def _write_binary(output: Path | None, write: Callable[[BinaryIO], None]) -> None:
    """Write what is no text: to a file, or to a stdout that is none of a terminal."""
    if output is None and sys.stdout.isatty():
        raise click.UsageError("this format is binary: name a file with --output")
    made = io.BytesIO()
    write(made)
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
@run_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("results/bundles"), show_default=True)
@agency_option
@pdf_option
@pass_options
def bundle(options: Options, run_id: str | None, out: Path, agencies: tuple[str, ...], pdf: bool) -> None:
    """Write a zip for each agency: its scorecards, its CSV, its letters, a read-me; nothing of other agencies.

    The domains of bodies that it took over from are in it too.
    """
    from ipv6check.reports.bundle import write_bundle
    from ipv6check.reports.standing import by_agency

    settings, archive, printing = options.settings(), opened(options), printing_or_none(pdf)
    run, register, aims = archive.judged_run(run_id), told_register(settings), goals(settings)
    cards = list(cards_of(archive, run, register))
    own, past = by_agency(cards), past_of(archive, run, aims)
    chosen = chosen_agencies(run, [card.target for card in cards], agencies, register.bodies)
    for agency, counted_for in counted(chosen.items(), len(chosen), "bundle"):
        path = write_bundle(
            run,
            agency,
            [card for name in counted_for for card in own.get(name, ())],
            out,
            evidence_of=lambda domain: archive.evidence(run.id, domain),
            past=of_agencies(past, archive, run, aims, counted_for),
            contact=settings.report.contact,
            printing=printing,
            structure=stood_for(agency, register.bodies, day_of(run.started_at)),
        )
        click.echo(path)
