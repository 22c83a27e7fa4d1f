"""The command line: parse, call one function, print. Data goes to stdout, progress and logs to stderr."""

from ipv6check.cli.main import cli


def main() -> None:
    """The program."""
    cli(prog_name="ipv6check")


__all__ = ["cli", "main"]
