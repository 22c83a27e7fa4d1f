"""Bodies that are known and whose domain is not: they stand beside the list, so that nobody is forgotten."""

import csv
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ipv6check.model import Target

COLUMN: Final = "agency"
LONGEST: Final = 4_096


class BodiesError(ValueError):
    """A list of bodies that cannot be read, in words for the operator."""


def read_bodies(path: Path) -> tuple[str, ...]:
    """The agencies that a CSV names in its column `agency`, each once, in its order; other columns are not read.

    A target list will do, such as one of names that are not confirmed. Raises BodiesError.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = (line for line in file if line.strip() and not line.startswith("#"))
            header = next(lines, "")[:LONGEST]
            delimiter = ";" if header.count(";") > header.count(",") else ","
            columns = next(csv.reader([header], delimiter=delimiter), [])
            if COLUMN not in columns:
                raise BodiesError(f"{path}: no column `{COLUMN}` in the first line")
            rows = csv.DictReader(lines, columns, delimiter=delimiter)
            names = [unicodedata.normalize("NFC", (row.get(COLUMN) or "").strip()) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BodiesError(f"{path}: {error}") from None
    return tuple(dict.fromkeys(name for name in names if name))


def without_domain(bodies: Iterable[str], targets: Iterable[Target]) -> tuple[str, ...]:
    """The bodies that no target belongs to."""
    known = {target.agency.casefold() for target in targets}
    return tuple(body for body in bodies if body.casefold() not in known)
