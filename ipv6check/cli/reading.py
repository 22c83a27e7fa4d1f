"""Commands that work on what is stored, without the network: `judge`, `report`, `explain`."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

import click

from ipv6check.cli.lists import bodies_option, named_bodies, told_register
from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.cli.progress import advancing, counted
from ipv6check.facts import Evidence
from ipv6check.model import Run, Target
from ipv6check.nightly import cards_of, in_order, past_of, save_verdicts
from ipv6check.reports.past import day_of
from ipv6check.reports.site import Printing
from ipv6check.reports.standing import Audience
from ipv6check.store import Archive, Database
from ipv6check.targets.agencies import Bodies, heir, known_as
from ipv6check.targets.bodies import without_domain
from ipv6check.targets.names import UnfitError, domain_in, shown
from ipv6check.wiring import goals

run_option = click.option("--run", "run_id", metavar="RUN", help="Which run (default: the newest that was judged).")
agency_option = click.option("--agency", "agencies", metavar="NAME|CODE", multiple=True, help="Only these agencies.")
pdf_option = click.option("--pdf", is_flag=True, help="A PDF beside each Vietnamese scorecard (extra `pdf`).")
audience_option = click.option("--audience", type=click.Choice(["internal", "public"]), default="internal", show_default=True)


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
@audience_option
@agency_option
@bodies_option
@pdf_option
@pass_options
def report(
    options: Options,
    run_id: str | None,
    output: Path,
    audience: Audience,
    agencies: tuple[str, ...],
    bodies: Path | None,
    pdf: bool,
) -> None:
    """Write the static site: overview, agencies, a scorecard for each domain, changes, programme; Vietnamese and English."""
    from ipv6check.reports.site import write_site

    if pdf and audience == "public":
        raise click.UsageError("--pdf is of scorecards, which --audience public has none of")
    settings, archive, printing = options.settings(), opened(options), printing_or_none(pdf)
    run = archive.judged_run(run_id)
    register = told_register(settings)
    cards = list(cards_of(archive, run, register))
    chosen = chosen_agencies(run, [card.target for card in cards], agencies, register.bodies).values() if agencies else ()
    agencies = tuple(dict.fromkeys(chain.from_iterable(chosen)))
    own = {card.target.domain for card in cards if card.target.agency in agencies} if agencies else None
    with advancing("report") as progress:
        front = write_site(
            run,
            cards,
            output,
            evidence_of=in_order(archive.evidences(run.id, own)),
            audience=audience,
            agencies=agencies,
            past=past_of(archive, run, goals(settings), agencies),
            bodies=without_domain(named_bodies(bodies), [card.target for card in cards]),
            progress=progress,
            contact=settings.report.contact,
            structure=register.bodies,
            printing=printing,
        )
    click.echo(front)


def chosen_agencies(run: Run, targets: Iterable[Target], asked: Sequence[str], bodies: Bodies) -> dict[str, tuple[str, ...]]:
    """The agencies that were asked for by name or code, or all that count domains, each with those whose domains it counts.

    In the order of the list, itself first. Raises BadParameter.
    """
    called, day = known_as(targets), day_of(run.started_at)
    counted: dict[str, list[str]] = {}
    for name in called:
        counted.setdefault(heir(name, bodies, day), []).append(name)
    called = {name: {name} for name in counted} | called
    if unknown := set(asked).difference(*called.values()):
        names = ", ".join(map(shown, sorted(unknown)))
        raise click.BadParameter(f"no such agency in run {run.id}: {names}", param_hint="--agency")
    chosen = [name for name, own in called.items() if own & set(asked)] if asked else counted
    return {name: tuple(dict.fromkeys((name, *counted.get(name, ())))) for name in chosen}


def printing_or_none(is_wanted: bool) -> Printing | None:
    """What makes PDFs, where they are wanted; raises ExtraError, before anything is written, where they cannot be made."""
    if not is_wanted:
        return None
    from ipv6check.reports.pdf import printing

    return printing()


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
    try:
        domain = domain_in(what)
    except UnfitError as error:
        raise click.UsageError(f"no check (those are in docs/checks.md), and {error}") from None
    archive = opened(options)
    chosen = archive.judged_run(run_id).id if run_id else archive.latest_run_of(domain)
    if chosen is None:
        raise click.UsageError(f"{domain} is no check and no domain that was measured; checks are those of docs/checks.md")
    evidence = archive.evidence(chosen, domain)
    click.echo(explain_domain(card_of(evidence), evidence, options.language))
