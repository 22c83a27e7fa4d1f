"""Commands of the database: `db init`, `db upgrade`, `db backup`, `db prune`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.store import Database


@cli.group()
def db() -> None:
    """Set up, upgrade and copy the database."""


@db.command("init")
@pass_options
def db_init(options: Options) -> None:
    """Set up the tables; a database that has them already is left as it is."""
    _upgrade(options)


@db.command("upgrade")
@pass_options
def db_upgrade(options: Options) -> None:
    """Bring the tables to the shape of this program."""
    _upgrade(options)


def _upgrade(options: Options) -> None:
    database = Database(options.settings().store.url)
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    with database.writing():
        database.upgrade()
    click.echo(f"{database.shown}: shape {database.revision()}", err=True)


@db.command("backup")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@pass_options
def db_backup(options: Options, path: Path) -> None:
    """Copy the database to a new file, also while a scan writes. To restore, put the file back in its place."""
    from ipv6check.store.upkeep import back_up

    octets = back_up(Database(options.settings().store.url), path)
    click.echo(f"{path}: {octets:,} octets, checked", err=True)
    click.echo(path)


@db.command("prune")
@click.option("--keep", type=click.IntRange(min=1), default=90, show_default=True, help="Days of which evidence is kept.")
@pass_options
def db_prune(options: Options, keep: int) -> None:
    """Delete the evidence of old runs. Their verdicts and all that changed stay; they cannot be judged again."""
    from ipv6check.store.upkeep import let_go

    database = Database(options.settings().store.url)
    database.check()
    with database.writing():
        runs, rows = let_go(database, datetime.now(UTC) - timedelta(days=keep))
    click.echo(f"{database.shown}: evidence of {runs} runs deleted, {rows:,} observations", err=True)
