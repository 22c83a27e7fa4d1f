"""Commands that tell a night to others: `notify`, `metrics`."""

from collections.abc import Iterable
from pathlib import Path

import click

from ipv6check.cli.lists import told_register
from ipv6check.cli.main import Exit, Options, cli, ends_with, pass_options
from ipv6check.cli.reading import opened, run_option
from ipv6check.config import ConfigurationError, Settings
from ipv6check.model import Run
from ipv6check.nightly import cards_of
from ipv6check.score import Card
from ipv6check.store import Archive


@cli.command()
@click.option("--dry-run", is_flag=True, help="Send nothing: print the mails' text, write their HTML into the folder.")
@run_option
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results/notices"),
    show_default=True,
    help="Folder for the HTML of --dry-run.",
)
@pass_options
@ends_with
def notify(options: Options, dry_run: bool, run_id: str | None, output: Path) -> int:
    """Tell agencies and the city what is new: confirmed changes, certificates and signatures that end soon.

    By e-mail and webhook, as the configuration says; each thing is told once. Nothing is told of a run in which the measuring
    point itself was not well. Without a run it is the newest of all the city's lists.
    """
    settings, archive = options.settings(), opened(options)
    if not dry_run and not must_tell(settings):
        raise ConfigurationError("nobody is to be told: name addresses in notices.city or notices.agencies, or webhook.url")
    run = _asked_for(archive, run_id)
    cards = cards_of(archive, run, told_register(settings))
    if dry_run:
        return show_notices(settings, archive, run.id, cards, output)
    return Exit.DONE if send_notices(settings, archive, run.id, cards) else Exit.PARTIAL


def must_tell(settings: Settings) -> bool:
    """Whether anybody is to be told; raises ConfigurationError where it says how in a way that cannot work."""
    from ipv6check.notices.sending import channels

    return bool(channels(settings))


def show_notices(settings: Settings, archive: Archive, run_id: str, cards: Iterable[Card], output: Path) -> Exit:
    """Print the mails that would be sent now, and write their HTML."""
    from ipv6check.notices.sending import preview
    from ipv6check.reports.folder import put
    from ipv6check.reports.paths import agency_page

    mails, silence = preview(settings, archive, run_id, cards)
    for audience, mail in mails:
        name = Path(agency_page(audience.name)).name if audience.name else "city.html"
        put(output / name, mail.html)
        click.echo(f"To: {', '.join(audience.recipients)}\nSubject: {mail.subject}\n\n{mail.text}")
        click.echo(output / name, err=True)
    if not mails:
        click.echo(f"nothing to tell{f': {silence}' if silence else ''}", err=True)
    return Exit.PARTIAL if silence else Exit.DONE


def send_notices(settings: Settings, archive: Archive, run_id: str, cards: Iterable[Card]) -> bool:
    """Send what is to be told of a run by the ways that are configured, and print how that went; whether all of it was told."""
    from ipv6check.notices.sending import channels, notify
    from ipv6check.reports.hostile import for_terminal

    done = notify(settings, archive, channels(settings), run_id, cards)
    for notice in done.notices:
        how = for_terminal(notice.error) or "sent"
        click.echo(f"{notice.way} to {for_terminal(notice.to) or 'the city'}: {how}", err=True)
    if not done.notices:
        click.echo(f"nothing to tell{f': {done.silence}' if done.silence else ''}", err=True)
    return done.is_done


def _asked_for(archive: Archive, run_id: str | None) -> Run:
    """The run that was asked for, or the newest judged one of all the city's lists; while there is none, the newest judged."""
    return archive.judged_run(run_id) if run_id else archive.whole_run() or archive.judged_run()


@cli.command()
@run_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File, replaced whole (default: stdout).")
@pass_options
def metrics(options: Options, run_id: str | None, out: Path | None) -> None:
    """A run's figures for Prometheus, as node_exporter's textfile collector reads them (*.prom). Contacts nobody.

    Without a run it is the newest of all the city's lists.
    """
    from ipv6check.notices.metrics import as_text, figures, write

    archive = opened(options)
    made = figures(archive, _asked_for(archive, run_id).id)
    if out is None:
        click.echo(as_text(made), nl=False)
    else:
        write(made, out)


def write_metrics(settings: Settings, archive: Archive, run: Run) -> None:
    """Write a run's figures where the configuration wants them, but not those of a part of the lists or of the checks.

    A file that cannot be written does not spoil the run.
    """
    path = settings.metrics.textfile
    if path is None or run.is_partial:
        return
    from ipv6check.notices.metrics import figures, write

    try:
        write(figures(archive, run.id), path)
    except OSError as error:
        click.echo(f"metrics.textfile: {path}: {error.strerror}", err=True)
