"""The truth table as Python sees it: rows.toml read, and what the catalogue says of each row, in full."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import idna

from tests.interop.lab_addresses import of_row

HERE: Final = Path(__file__).parent
SHAPE: Final = frozenset(
    {"domain", "about", "healthy", "sample", "kind", "a", "aaaa", "www", "cname", "chain", "records", "elsewhere", "zone"}
    | {
        "algorithm",
        "sign",
        "ns",
        "parent_ns",
        "at",
        "ttl",
        "raw",
        "route",
        "ptr",
        "broken",
        "differs",
        "wire",
        "closed",
        "certificate",
        "certificate6",
        "https",
        "https6",
        "http",
        "http6",
        "hsts",
    }
    | {"protocols", "plain", "shares", "opted_out", "needs_v6", "shows", "like", "expect", "level", "flags"}
)
"""Every key a row may have: a slip of the pen is an error, not a row that tests nothing."""

NOT_CHECKS: Final = frozenset({"level", "flags", "*"})
PAGE: Final = 'return 200 "<!doctype html><title>Trang</title><p>$host</p>";'


@dataclass(frozen=True)
class Expected:
    """What the catalogue says of a row: the outcomes it allows by check, the level ("L3+" is "at least"), the flags."""

    checks: Mapping[str, str]
    level: str
    flags: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Row:
    """One domain of the truth table; see rows.toml for the words."""

    number: int
    listed: str
    domain: str
    about: str
    expected: Expected
    shows: tuple[tuple[str, str], ...]
    data: Mapping[str, Any] = field(repr=False)

    def get(self, key: str, default: Any = None) -> Any:
        """A value of the row as written."""
        return self.data.get(key, default)

    @property
    def is_healthy(self) -> bool:
        """Whether no check may fail here."""
        return bool(self.get("healthy"))

    def address(self, token: str) -> str:
        """One of the row's own addresses, or the address written out."""
        return of_row(self.number, token)

    def addresses(self, key: str) -> list[str]:
        """The addresses of the listed name's `a` or `aaaa`."""
        return [self.address(token) for token in self.get(key, ["4" if key == "a" else "6"])]

    def filled(self, text: str) -> str:
        """A text with the row's addresses and domain in the places of <4>, <6b> and <name>."""
        for token in ("4", "4b", "4c", "6", "6b", "6c", "n4a", "n4b", "n6a", "n6b"):
            text = text.replace(f"<{token}>", self.address(token))
        return text.replace("<name>", self.domain)


@cache
def load_rows(file: str = "rows.toml") -> tuple[Row, ...]:
    """Every row of a table, in its order."""
    document = tomllib.loads((HERE / file).read_text(encoding="utf-8"))
    rows = tuple(_row(number, data, document) for number, data in enumerate(document["row"]))
    assert len({row.domain for row in rows}) == len(rows), "a domain stands in the table twice"
    return rows


def _row(number: int, data: dict[str, Any], document: Mapping[str, Any]) -> Row:
    unknown = set(data) - SHAPE
    assert not unknown, f"{data['domain']}: unknown {sorted(unknown)}"
    domain = idna.encode(data["domain"], uts46=True).decode()
    shows = tuple((command, pattern) for command, pattern in data["shows"])
    return Row(number, data["domain"], domain, data["about"], _expected(data, document), shows, data)


def _expected(data: Mapping[str, Any], document: Mapping[str, Any]) -> Expected:
    """What is healthy, changed by what the row is like, changed by what it says itself."""
    healthy = document["healthy"]
    words: dict[str, Any] = dict(healthy)
    own_zone = ["own-zone"] if data.get("zone") and "own-zone" in document["like"] else []
    for layer in [*(document["like"][name] for name in [*own_zone, *data.get("like", [])]), data.get("expect", {})]:
        if "*" in layer:
            words = {id_: value if id_.startswith("OPS") or id_ == "level" else layer["*"] for id_, value in words.items()}
        words.update(layer)
    level, flags = data.get("level", words["level"]), data.get("flags", words.get("flags", []))
    checks = {id_: value for id_, value in words.items() if id_ not in NOT_CHECKS}
    strange = set(checks) - set(healthy)
    assert not strange, f"{data['domain']}: no such check {sorted(strange)}"
    return Expected(checks, level, tuple(sorted(flags)))
