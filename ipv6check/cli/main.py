"""The program itself: its options, its exit codes, and how what goes wrong is told."""

import functools
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from ipv6check.cli import logs
from ipv6check.reports.hostile import for_json
from ipv6check.rules.words import Language
from ipv6check.version import __version__

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """What the program ends with."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    PARTIAL = 3
    STORAGE = 4
    INTERRUPTED = 130


@dataclass(slots=True)
class Options:
    """The options before the command; settings are read when a command asks for them."""

    config: Path | None
    url: str | None
    language: Language

    def settings(self, more: Mapping[str, Any] | None = None) -> Any:
        """Load the settings, with the options of the command on top."""
        from ipv6check.config import load

        options = dict(more or {})
        if self.url:
            options["store"] = {"url": self.url}
        return load(self.config, options)


pass_options = click.make_pass_decorator(Options)


COMMANDS: Final = {
    "bundle": (
        "exports",
        "Write a zip for each agency: its scorecards, its CSV, its letters, a read-me; nothing of other agencies.",
    ),
    "config": ("lists", "Look at the configuration."),
    "data": ("tables", "Work with the tables of Internet resources: routing, registry, RPKI."),
    "db": ("storage", "Set up, upgrade and copy the database."),
    "demo": (
        "demo",
        "Scan a small city in a box: invented agencies on servers of our own, in a network namespace that nothing leaves.",
    ),
    "diff": ("history", "What changed with a run (default: the newest), or from one run to another; confirmed changes only."),
    "doctor": (
        "measuring",
        "Measure this measuring point: IPv6, IPv4, resolver, clock, limits; say what will not be measured, and why.",
    ),
    "explain": ("reading", "A check's page; or every verdict of a domain with its evidence and the equal commands by hand."),
    "export": ("exports", "Write a run's results as data."),
    "judge": ("reading", "Make verdicts again from stored observations."),
    "look": ("measuring", "Look at domains now and print their scorecards."),
    "metrics": ("notices", "A run's figures for Prometheus, as node_exporter's textfile collector reads them (*.prom)."),
    "nightly": (
        "measuring",
        "Scan, judge, write the site and the exports; tell what is new where the configuration says to whom.",
    ),
    "notify": (
        "notices",
        "Tell agencies and the city what is new: confirmed changes, certificates and signatures that end soon.",
    ),
    "plan": ("lists", "Print who would be contacted, how often, and who asked to be left alone."),
    "report": (
        "reading",
        "Write the static site: overview, agencies, a scorecard for each domain, changes, programme; Vietnamese and English.",
    ),
    "scan": ("measuring", "Observe all targets, then judge the run."),
    "serve": ("serving", "Serve the site live, read-only, with filters and a JSON API (/api/v1/openapi.json)."),
    "targets": ("lists", "Work with target lists."),
    "trend": ("history", "How many domains had which outcome, run by run."),
}
"""Each command's module and first sentence: a module takes long to import, so that is done when one of its commands is run."""


class Program(click.Group):
    """A group that tells the operator's mistakes in a line and ends with the code for them.

    Until a command is asked for, one without options stands in its place.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(commands=[click.Command(name, help=text) for name, (_, text) in COMMANDS.items()], **settings)

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; importing its module puts it into its place."""
        if args[0] in COMMANDS:
            import_module(f"ipv6check.cli.{COMMANDS[args[0]][0]}")
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return self._invoke(context)
        except KeyboardInterrupt:
            sys.exit(Exit.INTERRUPTED)

    def _invoke(self, context: click.Context) -> Any:
        from ipv6check.config import ConfigurationError
        from ipv6check.reports.extras import ExtraError
        from ipv6check.reports.folder import OccupiedError
        from ipv6check.scan import VantageError
        from ipv6check.store import StorageError

        try:
            try:
                return super().invoke(context)
            finally:
                sys.stdout.flush()
        except (ConfigurationError, StorageError, ExtraError) as error:
            _tell(str(error))
            sys.exit(Exit.STORAGE)
        except VantageError as error:
            _tell(str(error))
            sys.exit(Exit.PARTIAL)
        except OccupiedError as error:
            _tell(_said(error))
            sys.exit(Exit.USAGE)
        except OSError as error:
            log.info("where it happened", exc_info=error)
            if not isinstance(error, BrokenPipeError):
                _tell(_said(error))
            _leave_stdout()
            sys.exit(Exit.STORAGE)
        except SystemExit as end:  # rich ends the program so when nobody reads what it prints
            sys.exit(Exit.STORAGE if isinstance(end.__context__, BrokenPipeError) else end.code)


def _tell(message: str) -> None:
    for line in for_json(message).splitlines():
        click.echo(f"ipv6check: {line}", err=True)


def _said(error: OSError) -> str:
    """What could not be done with which file, and why."""
    return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)


def _leave_stdout() -> None:
    """Let what nobody takes go nowhere, that the interpreter's own last flush is none that fails."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file (default: ./ipv6check.toml).")
@click.option("--db", "url", metavar="URL", help="Database, for instance sqlite:///results/ipv6check.db.")
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language of what is printed.")
@click.option("-v", "--verbose", count=True, help="More of what goes on, on stderr; twice for all of it.")
@click.version_option(__version__, prog_name="ipv6check")
@click.pass_context
def cli(context: click.Context, config: Path | None, url: str | None, lang: str, verbose: int) -> None:
    """Measure how ready a city's public services are for IPv6, and say what to do about it."""
    context.obj = Options(config, url, "en" if lang == "en" else "vi")
    logs.start(verbose)


def ends_with(function: Callable[P, int]) -> Callable[P, None]:
    """Make what a command returns the program's exit code."""

    @functools.wraps(function)
    def ending(*args: P.args, **kwargs: P.kwargs) -> None:
        sys.exit(function(*args, **kwargs))

    return ending
