"""The program itself: its options, its exit codes, and how what goes wrong is told."""

import functools
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from ipv6check.rules.words import Language
from ipv6check.version import __version__

P = ParamSpec("P")
R = TypeVar("R")


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


class Program(click.Group):
    """A group that tells the operator's mistakes in a line and ends with the code for them."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        from ipv6check.config import ConfigurationError
        from ipv6check.scan import VantageError
        from ipv6check.store import StorageError

        try:
            return super().invoke(context)
        except (ConfigurationError, StorageError) as error:
            _tell(error)
            sys.exit(Exit.STORAGE)
        except VantageError as error:
            _tell(error)
            sys.exit(Exit.PARTIAL)
        except KeyboardInterrupt:
            sys.exit(Exit.INTERRUPTED)


def _tell(error: Exception) -> None:
    for line in str(error).splitlines():
        click.echo(f"ipv6check: {line}", err=True)


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
    levels: Final = (logging.WARNING, logging.INFO, logging.DEBUG)
    is_terminal = sys.stderr.isatty()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s") if is_terminal else JsonLines())
    logging.basicConfig(level=levels[min(verbose, 2)], handlers=[handler], force=True)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON, for the journal."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        entry = {"at": record.created, "level": record.levelname, "from": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def ends_with(function: Callable[P, int]) -> Callable[P, None]:
    """Make what a command returns the program's exit code."""

    @functools.wraps(function)
    def ending(*args: P.args, **kwargs: P.kwargs) -> None:
        sys.exit(function(*args, **kwargs))

    return ending
