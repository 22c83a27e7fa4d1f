"""Write docs/checks.md and docs/cli.md from the rules and the commands. With `--check` only name those that are stale."""

import argparse
import sys
from pathlib import Path

from ipv6check.cli import cli
from ipv6check.reports.documents import checks_page, commands_page, stale, write

HERE = Path(__file__).parent


def main() -> int:
    """Return 0, or 1 when `--check` finds a stale document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a document is stale")
    check = parser.parse_args().check
    pages = {HERE / "checks.md": checks_page(), HERE / "cli.md": commands_page(cli)}
    named = stale(pages) if check else write(pages)
    for path in named:
        sys.stderr.write(f"{path}: {'stale, run `make docs`' if check else 'written'}\n")
    return 1 if check and named else 0


if __name__ == "__main__":
    sys.exit(main())
