"""Commands that read lists only: `targets check`, `plan`, `config show`."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click

from ipv6check.cli.main import Exit, Options, cli, ends_with, pass_options
from ipv6check.config import Settings
from ipv6check.model import Target
from ipv6check.plan import Plan, make_plan
from ipv6check.targets import Mistake, read_all, read_names
from ipv6check.targets.bodies import read_bodies, without_domain
from ipv6check.targets.register import Register

DEFAULT_LISTS: Final = (Path("targets/hanoi.csv"),)

targets_argument = click.argument("lists", metavar="[TARGETS]...", nargs=-1, type=click.Path(allow_dash=True, path_type=Path))


bodies_option = click.option(
    "--bodies",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Name on the overview the bodies of this CSV (column `agency`) that have no domain in the lists.",
)


def read_lists(lists: Sequence[Path], *, is_strict: bool = False) -> list[Target]:
    """Read target lists (`-` for names on stdin), telling every mistake; raises UsageError when nothing good is left."""
    files = [path for path in lists or DEFAULT_LISTS if str(path) != "-"]
    missing = [str(path) for path in files if not path.exists()]
    if missing:
        raise click.UsageError(f"no such target list: {', '.join(missing)}")
    found = read_all(files)
    targets, mistakes = list(found.targets), list(found.mistakes)
    if any(str(path) == "-" for path in lists):
        named = read_names(sys.stdin)
        targets += [t for t in named.targets if t.domain not in {known.domain for known in targets}]
        mistakes += named.mistakes
    tell(mistakes)
    if not targets or (is_strict and any(mistake.is_error for mistake in mistakes)):
        raise click.UsageError("the target lists hold nothing to measure" if not targets else "the target lists have mistakes")
    return targets


def tell(mistakes: Iterable[Mistake]) -> None:
    """Print mistakes of lists to stderr."""
    for mistake in mistakes:
        click.echo(str(mistake), err=True)


def told_register(settings: Settings) -> Register:
    """What stands beside the target lists; what is wrong in it is printed and left out."""
    from ipv6check.wiring import register

    found, mistakes = register(settings)
    tell(mistakes)
    return found


def planned(options: Options, lists: Sequence[Path], limit: int | None, *, is_strict: bool = False) -> Plan:
    """Make the plan of some lists."""
    from ipv6check.wiring import read_opt_out

    return make_plan(read_lists(lists, is_strict=is_strict), read_opt_out(options.settings()).covers_name, limit)


def named_bodies(path: Path | None) -> tuple[str, ...]:
    """Read a list of bodies, where there is one, telling every mistake; raises BadParameter when nothing good is left."""
    bodies, mistakes = read_bodies(path) if path is not None else ((), ())
    tell(mistakes)
    if mistakes and not bodies:
        raise click.BadParameter(f"{path} names no body", param_hint="--bodies")
    return bodies


@cli.group()
def targets() -> None:
    """Work with target lists."""


@targets.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--bodies", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Print its bodies without a domain."
)
@pass_options
@ends_with
def targets_check(options: Options, files: tuple[Path, ...], bodies: Path | None) -> int:
    """Read the lists and report every mistake with file and line; so with the bodies, exceptions and disputes beside them.

    `--bodies` names a CSV with a column `agency`: those of its bodies that have no domain in the lists are printed.
    """
    from ipv6check.wiring import register

    settings = options.settings()
    beside_them = {Path(path).resolve() for path in settings.targets.model_dump().values()}
    lists = [path for path in files if path.resolve() not in beside_them]
    found = read_all(lists)
    beside, more = register(settings, frozenset(target.domain for target in found.targets) if lists else None)
    known, wrong = read_bodies(bodies) if bodies is not None else ((), ())
    mistakes = (*found.mistakes, *more, *wrong)
    tell(mistakes)
    errors = sum(mistake.is_error for mistake in mistakes)
    agencies = len({target.agency for target in found.targets})
    click.echo(f"{len(found.targets)} domains of {agencies} agencies, {errors} errors, {len(mistakes) - errors} warnings")
    if beside != Register():
        said = (len(beside.bodies), len(beside.exemptions), len(beside.disputes))
        click.echo("beside them {} bodies, {} exceptions, {} disputes".format(*said))
    if bodies is not None:
        from ipv6check.reports.hostile import for_terminal

        missing = without_domain(known, found.targets)
        click.echo(f"{len(missing)} of {len(known)} bodies have no domain in the lists:")
        for body in missing:
            click.echo(f"  {for_terminal(body)}")
    return Exit.USAGE if errors else Exit.DONE


@cli.command()
@targets_argument
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many.")
@pass_options
def plan(options: Options, lists: tuple[Path, ...], limit: int | None) -> None:
    """Print who would be contacted, how often, and who asked to be left alone. Contacts nobody."""
    from ipv6check.net.network import CONNECTIONS_PER_TARGET, QUESTIONS_PER_TARGET

    settings, chosen = options.settings(), planned(options, lists, limit)
    for target in chosen.targets:
        state = "opted out" if target.domain in chosen.opted_out else "contact"
        click.echo(f"{state}\t{target.domain}\t{target.agency}")
    pace = settings.pace
    click.echo(
        f"{len(chosen.to_contact)} to contact, {len(chosen.opted_out)} opted out; for each at most {CONNECTIONS_PER_TARGET} "
        f"connections and {QUESTIONS_PER_TARGET} DNS questions, {pace.connections_per_address} connections at once and "
        f"{pace.new_per_second:g} new per second to an address, {pace.queries_per_second:g} questions per second to a name "
        f"server, up to {settings.tries.count} tries",
        err=True,
    )


@cli.group()
def config() -> None:
    """Look at the configuration."""


@config.command("show")
@pass_options
def config_show(options: Options) -> None:
    """Print the settings in force as TOML, secrets masked."""
    from ipv6check.config import shown

    for table, section in shown(options.settings()).items():
        click.echo(f"[{table}]")
        for key, value in section.items():
            if value is not None:
                click.echo(f"{key} = {_toml(value)}")
        click.echo()


def _toml(value: object) -> str:
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
