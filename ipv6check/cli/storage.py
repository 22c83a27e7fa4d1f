"""Commands of the database: `db init`, `db upgrade`."""

import click

from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.store import Database


@cli.group()
def db() -> None:
    """Set up and upgrade the database."""


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
