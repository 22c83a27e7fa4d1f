"""Bodies that are known and whose domain is not: they stand beside the list, so that nobody is forgotten."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ipv6check.model import Target
from ipv6check.targets.lines import Mistake
from ipv6check.targets.rows import text_of
from ipv6check.targets.sheets import read_sheet

COLUMNS: Final = ("agency",)


def read_bodies(path: Path) -> tuple[tuple[str, ...], tuple[Mistake, ...]]:
    """The agencies that a CSV names in its column `agency`, each once, in its order; and what is wrong in it.

    Other columns are not read: a target list will do, such as one of names that are not confirmed.
    """
    sheet = read_sheet(path, COLUMNS, COLUMNS, lambda values: text_of(values["agency"]))
    names = dict.fromkeys(name for _, name in sheet.rows if name)
    return tuple(names), tuple(mistake for mistake in sheet.mistakes if mistake.is_error)


def without_domain(bodies: Iterable[str], targets: Iterable[Target]) -> tuple[str, ...]:
    """The bodies that no target belongs to."""
    known = {target.agency.casefold() for target in targets}
    return tuple(body for body in bodies if body.casefold() not in known)
