"""Commands that contact the network: `doctor`, `look`, `scan`, `nightly`, `demo`."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from ipv6check.changes import LEVEL
from ipv6check.cli.lists import bodies_option, named_bodies, planned, targets_argument, told_register
from ipv6check.cli.main import Exit, Options, cli, ends_with, pass_options
from ipv6check.cli.notices import must_tell, send_notices, write_metrics
from ipv6check.cli.progress import counted, shown
from ipv6check.config import Settings
from ipv6check.facts import Evidence
from ipv6check.judge import judge
from ipv6check.model import Outcome, Run, Target
from ipv6check.net.api import RunNetwork
from ipv6check.nightly import card_of, cards_of, in_order, judge_run, look_at, look_at_ourselves, observe, past_of
from ipv6check.plan import Plan
from ipv6check.reports.folder import require_place
from ipv6check.rules import RULES
from ipv6check.rules.words import Language
from ipv6check.score import Card
from ipv6check.store import Archive, Database, facts_as_json
from ipv6check.store.codec import Counts
from ipv6check.store.tally import Tally
from ipv6check.targets.bodies import without_domain
from ipv6check.wiring import FEWEST_CANARIES, PROBES_OF, goals, make_network, probes_for

FAIL_ON: Final = {"never": (), "fail": (Outcome.FAIL,), "warn": (Outcome.FAIL, Outcome.WARN)}

OBJECTS_IN_FLIGHT: Final = 500_000
"""New objects after which a scan looks for garbage. What is in flight is none, and looking through it takes up to 0.2 s, while
nothing else goes on."""

SITE: Final = "site"
"""The folder of the site, beside the exports."""

fail_on_option = click.option(
    "--fail-on", type=click.Choice(list(FAIL_ON)), default="never", show_default=True, help="Exit 1 on findings this bad."
)


@cli.command()
@pass_options
@ends_with
def doctor(options: Options) -> int:
    """Measure this measuring point: IPv6, IPv4, resolver, clock, limits; say what will not be measured, and why."""
    from ipv6check.reports.terminal import print_doctor

    settings = options.settings()
    warn_of_few_canaries(settings)
    sample = asyncio.run(look_at_ourselves(settings, make_network(settings)))
    verdicts = judge(Evidence(vantage=(sample,)))
    print_doctor(sample, verdicts, Console(), options.language)
    return Exit.PARTIAL if any(verdicts[id_].outcome is not Outcome.PASS for id_ in ("OPS-01", "OPS-02")) else Exit.DONE


@cli.command()
@click.argument("domains", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Facts and verdicts as JSON, a line a domain.")
@click.option("--address", metavar="ADDR", help="Judge the server at this address, though it is not published yet.")
@pass_options
@ends_with
def look(options: Options, domains: tuple[str, ...], as_json: bool, address: str | None) -> int:
    """Look at domains now and print their scorecards."""
    from ipv6check.reports.hostile import for_json
    from ipv6check.reports.terminal import print_scorecard
    from ipv6check.targets import read_names

    settings = options.settings()
    found = read_names(domains)
    for mistake in found.mistakes:
        click.echo(str(mistake), err=True)
    if not found.targets:
        raise click.UsageError("no domain to look at")
    targets = [_at(target, address) for target in found.targets]
    run, seen = asyncio.run(look_at(settings, make_network(settings), targets, shown))
    console, tally = Console(), Tally()
    for evidence in seen:
        card = card_of(evidence)
        tally.add([card])
        if as_json:
            click.echo(for_json(json.dumps(_as_json(evidence), ensure_ascii=False)))
        else:
            print_scorecard(card, run, console, options.language)
    return Exit.PARTIAL if _is_partial(run, tally.counts) else Exit.DONE


def _at(target: Target, address: str | None) -> Target:
    try:
        return replace(target, address=str(ip_address(address))) if address else target
    except ValueError:
        raise click.BadParameter(f"{address} is no IP address", param_hint="--address") from None


def _as_json(evidence: Evidence) -> dict[str, Any]:
    verdicts = {
        id_: {"outcome": v.outcome, "reason": v.reason, "case": v.case, "args": dict(v.args)}
        for id_, v in judge(evidence).items()
    }
    return {"domain": evidence.target.domain if evidence.target else "", "verdicts": verdicts, "facts": facts_as_json(evidence)}


@cli.command()
@targets_argument
@click.option("--resume", metavar="RUN", help="Go on with a run that was broken off.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many targets.")
@click.option("--only", metavar="FAMILY,...", help="Only these families of checks, for instance DNS,NS.")
@click.option("--strict", is_flag=True, help="A mistake in a list is an error.")
@fail_on_option
@pass_options
@ends_with
def scan(
    options: Options,
    lists: tuple[Path, ...],
    resume: str | None,
    limit: int | None,
    only: str | None,
    strict: bool,
    fail_on: str,
) -> int:
    """Observe all targets, then judge the run. Prints the run's id.

    Lists that leave out most of what the city's newest run had are taken for others: the run can be reported and exported, and
    does not count for the programme.
    """
    if resume and lists:
        raise click.UsageError("--resume goes on with the run's own targets: name no list beside it")
    families = only.upper().split(",") if only else []
    if unknown := [family for family in families if family not in PROBES_OF]:
        raise click.BadParameter(f"{unknown[0]} is no family: choose from {', '.join(PROBES_OF)}", param_hint="--only")
    plan = None if resume else planned(options, lists, limit, is_strict=strict)
    settings = options.settings()
    run_id, code = run_scan(settings, plan, resume, families, is_citys=False)
    click.echo(run_id)
    return with_findings(code, settings, run_id, fail_on)


def run_scan(
    settings: Settings,
    plan: Plan | None,
    resume: str | None = None,
    only: Sequence[str] = (),
    network: RunNetwork | None = None,
    *,
    is_citys: bool = True,
) -> tuple[str, Exit]:
    """Scan and judge; return the run's id and how it ended.

    Unless the lists are known to be the city's, the run is one of a part where they leave out most of what the newest had.
    """
    database = Database(settings.store.url)
    network = network or make_network(settings, talks_apart=True)
    warn_of_few_canaries(settings)
    with database.writing(), seldom_collected():
        database.ready()
        archive = Archive(database)
        probes = probes_for(settings, only)
        if plan and not plan.is_partial and (only or not (is_citys or _are_citys(archive, plan))):
            plan = replace(plan, is_partial=True)
        observed = observe(settings, database, network, plan, resume=resume, probes=probes, show=shown)
        if observed.was_stopped:
            click.echo(f"stopped; go on with: ipv6check scan --resume {observed.run_id}", err=True)
            return observed.run_id, Exit.INTERRUPTED
        total = archive.run(observed.run_id).planned
        judge_run(archive, observed.run_id, lambda seen: counted(seen, total, "judge"))
    run = archive.run(observed.run_id)
    write_metrics(settings, archive, run)
    return run.id, Exit.PARTIAL if _is_partial(run, archive.history.counts(run.id)) else Exit.DONE


def warn_of_few_canaries(settings: Settings) -> None:
    """Tell the operator when the watch on ourselves has too little to look at."""
    if (count := len(set(settings.vantage.canaries))) < FEWEST_CANARIES:
        click.echo(
            f"vantage.canaries: {count}, which is few: name at least {FEWEST_CANARIES} of different operators, that one "
            "of them alone never makes this measuring point look ill",
            err=True,
        )


def _are_citys(archive: Archive, plan: Plan) -> bool:
    """Whether lists have at least half of what the city's newest run had, where there is one; where not, that is told."""
    city = archive.whole_run()
    if city is None:
        return True
    domains = archive.domains(city.id)
    left_out = domains.difference(target.domain for target in plan.targets)
    if len(left_out) <= len(domains) / 2:
        return True
    click.echo(
        f"these lists leave out {len(left_out)} of the {len(domains)} domains of run {city.id}, the city's newest: "
        "programme, notices, metrics and the front of `serve` stay with that; `ipv6check nightly` makes lists the city's",
        err=True,
    )
    return False


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage seldom, and only in what is made meanwhile: the program itself is none, and large."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_IN_FLIGHT, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _is_partial(run: Run, counts: Counts) -> bool:
    """Whether targets were not finished or not measured, or this vantage lacks a family."""
    lacks_family = any(Outcome.FAIL in counts.get(id_, ()) for id_ in ("OPS-01", "OPS-02"))
    return not run.is_complete or lacks_family or Outcome.NOT_MEASURED in counts.get(LEVEL, ())


def with_findings(code: Exit, settings: Settings, run_id: str, fail_on: str) -> Exit:
    """How a run ended, or that there are findings, where it is done and any check of a domain came out as bad as that."""
    if code is not Exit.DONE or not FAIL_ON[fail_on]:
        return code
    counts = Archive(Database(settings.store.url)).history.counts(run_id)
    of_domains = (counts.get(rule.id, {}) for rule in RULES if rule.family != "OPS")
    return Exit.FINDINGS if any(outcome in of_check for of_check in of_domains for outcome in FAIL_ON[fail_on]) else code


@cli.command()
@targets_argument
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("results"), show_default=True)
@bodies_option
@fail_on_option
@pass_options
@ends_with
def nightly(options: Options, lists: tuple[Path, ...], output: Path, bodies: Path | None, fail_on: str) -> int:
    """Scan, judge, write the site and the exports; tell what is new where the configuration says to whom.

    Its lists are the city's from then on, whatever was scanned before.
    """
    settings = options.settings()
    is_to_be_told = must_tell(settings)
    known = named_bodies(bodies)
    require_place(output / SITE)
    run_id, code = run_scan(settings, planned(options, lists, None))
    if code is Exit.INTERRUPTED:
        return code
    cards = publish(settings, run_id, output, options.language, known)
    if is_to_be_told and not send_notices(settings, Archive(Database(settings.store.url)), run_id, cards):
        return Exit.PARTIAL
    return with_findings(code, settings, run_id, fail_on)


def publish(settings: Settings, run_id: str, output: Path, language: Language, bodies: Sequence[str] = ()) -> list[Card]:
    """Write the site, the registry's CSV with its dictionary and the JSON lines; print where they are, and a summary.

    `bodies` are known ones, of which the overview names those without a domain.
    """
    from ipv6check.reports.export import write_csv, write_dictionary, write_jsonl
    from ipv6check.reports.site import write_site
    from ipv6check.reports.terminal import print_summary

    archive, register = Archive(Database(settings.store.url)), told_register(settings)
    run = archive.run(run_id)
    cards = list(cards_of(archive, run, register))
    output.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []

    def write(name: str, writer: Callable[[Any], None]) -> None:
        path = output / name
        with path.open("w", encoding="utf-8", newline="") as out:
            writer(out)
        written.append(path)

    front = write_site(
        run,
        cards,
        output / SITE,
        evidence_of=in_order(archive.evidences(run.id)),
        past=past_of(archive, run, goals(settings)),
        contact=settings.report.contact,
        structure=register.bodies,
        bodies=without_domain(bodies, [card.target for card in cards]),
    )
    write("vnnic.csv", lambda out: write_csv(run, cards, out, profile="vnnic"))
    write("vnnic-dictionary.csv", write_dictionary)
    write("results.jsonl", lambda out: write_jsonl(run, cards, out))
    print_summary(run, cards, Console(stderr=not sys.stdout.isatty()), language)
    for path in (front, *written):
        click.echo(path)
    return cards
