"""Commands by name: the program knows each by its first sentence, and imports it when it is run."""

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import click
import pytest

import ipv6check.cli
from ipv6check.cli.main import COMMANDS, cli

HEAVY = {"sqlalchemy", "dns", "httpx", "jinja2", "cryptography"}
"""What no help needs, and each takes its time."""

IMPORTED = """
import sys
from ipv6check.cli import cli
cli(sys.argv[1:], standalone_mode=False)
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_help_imports_nothing_heavy(option: str) -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORTED, option], capture_output=True, text=True, check=True)
    assert set(ran.stderr.split()) & {*HEAVY, "click"} == {"click"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_what_stands_in_for_it(name: str) -> None:
    module, text = COMMANDS[name]
    _, command, _ = cli.resolve_command(click.Context(cli), [name])
    assert command is cli.commands[name]
    assert command.get_short_help_str(1_000) == click.Command(name, help=text).get_short_help_str(1_000)
    own = [command] if command.callback is not None else []
    own += command.commands.values() if isinstance(command, click.Group) else []
    assert {one.callback.__module__ for one in own if one.callback} == {f"ipv6check.cli.{module}"}


def test_every_command_is_known() -> None:
    for module in iter_modules(ipv6check.cli.__path__, "ipv6check.cli."):
        import_module(module.name)
    assert set(cli.commands) == set(COMMANDS)


def test_what_is_no_command_is_told_so() -> None:
    with pytest.raises(click.UsageError, match="nosuch"):
        cli(["nosuch"], standalone_mode=False)
