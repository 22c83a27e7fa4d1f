"""The command line: parse, call one function, print. Data goes to stdout, progress and logs to stderr."""

import gc
from typing import Final

from ipv6check.cli.main import cli

COLLECTED_AFTER: Final = (50_000, 50, 10)
"""New objects after which the garbage collector looks at them, looks after which it looks at those left over once more, and
looks at these after which it looks at all (Python's own: 700, 10, 10). Loading the program makes no garbage, a scan next to
none: what is in flight is left over."""


def main() -> None:
    """The program."""
    gc.set_threshold(*COLLECTED_AFTER)
    cli(prog_name="ipv6check")


__all__ = ["cli", "main"]
