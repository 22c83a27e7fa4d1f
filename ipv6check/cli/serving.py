"""The command that serves the site live: `serve`."""

import importlib.util

import click

from ipv6check.cli.main import Options, cli, pass_options
from ipv6check.cli.reading import audience_option
from ipv6check.reports.extras import missing
from ipv6check.reports.standing import Audience
from ipv6check.store import Database

NEEDED = ("starlette", "uvicorn")


@cli.command()
@click.option("--host", default="::1", show_default=True, help="Address of this machine to serve at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port (0: any free one).")
@audience_option
@pass_options
def serve(options: Options, host: str, port: int, audience: Audience) -> None:
    """Serve the site live, read-only, with filters and a JSON API (/api/v1/openapi.json). Contacts nobody."""
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        raise missing("web")
    from ipv6check.serve.running import run

    settings = options.settings()
    database = Database(settings.store.url)
    database.check()
    database.close()
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{port}/ (Ctrl-C ends it)", err=True)
    run(settings, host, port, audience)
