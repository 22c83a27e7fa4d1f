"""Results as Parquet: the rows and columns of the CSV profile `full`, with types. Needs the extra `lake`."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from ipv6check.model import Run
from ipv6check.reports.export import completed
from ipv6check.reports.extras import missing
from ipv6check.reports.full import COLUMNS, Value
from ipv6check.reports.hostile import LONGEST_CELL, for_terminal
from ipv6check.score import Card

ALONE: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "1",
}
"""DuckDB fetches nothing, and leaves the other processors to others."""


def write_parquet(run: Run, cards: Iterable[Card], out: BinaryIO) -> None:
    """Write one row a domain, compressed by Zstandard. Raises ExtraError without the library."""
    try:
        import duckdb
    except ImportError:
        raise missing("lake") from None
    with TemporaryDirectory(prefix="ipv6check-") as folder, duckdb.connect(config=ALONE) as connection:
        rows, made = Path(folder, "rows.jsonl"), Path(folder, "made.parquet")
        with rows.open("w", encoding="ascii") as lines:
            lines.writelines(_line(run, card) for card in map(completed, cards))
        types = {column.name: column.type.value for column in COLUMNS}
        table = connection.read_json(str(rows), format="newline_delimited", columns=types)
        table.write_parquet(str(made), compression="zstd")
        out.write(made.read_bytes())


def _line(run: Run, card: Card) -> str:
    return json.dumps({column.name: _plain(column.value(run, card)) for column in COLUMNS}) + "\n"


def _plain(value: Value) -> Any:
    match value:
        case str():
            return for_terminal(value, LONGEST_CELL)
        case tuple():
            return [for_terminal(one, LONGEST_CELL) for one in value]
        case datetime():
            return value.isoformat()
    return value
