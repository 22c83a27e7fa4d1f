"""Everything of one domain as a row with types: the CSV profile `full` says it as text, Parquet as it is.

Codes are those of JSON. What the columns mean stands in `full.toml`, in Vietnamese and English.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from ipv6check.model import Run, Verdict
from ipv6check.reports.hostile import number_for_csv
from ipv6check.reports.vnnic import DICTIONARY
from ipv6check.rules import BY_ID, RULES, words
from ipv6check.score import Card

Value = str | tuple[str, ...] | float | bool | datetime | None


class Type(StrEnum):
    """What a column holds, by the name that SQL has for it; every one may be empty."""

    TEXT = "VARCHAR"
    TEXTS = "VARCHAR[]"
    NUMBER = "DOUBLE"
    TRUTH = "BOOLEAN"
    MOMENT = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type, and its value for one domain of a run."""

    name: str
    type: Type
    value: Callable[[Run, Card], Value]


def outcome_of(verdict: Verdict) -> str:
    """`pass`; where it is `nm`, the reason with it: `nm:no-v6-here`."""
    return f"{verdict.outcome}:{verdict.reason}" if verdict.reason else verdict.outcome.value


def _check(id_: str) -> Column:
    return Column(id_, Type.TEXT, lambda run, card: outcome_of(card.verdicts[id_]))


COLUMNS: Final = (
    Column("run", Type.TEXT, lambda run, card: run.id),
    Column("vantage", Type.TEXT, lambda run, card: run.vantage),
    Column("measured_at", Type.MOMENT, lambda run, card: card.measured_at),
    Column("rules_version", Type.TEXT, lambda run, card: run.rules_version),
    Column("agency_code", Type.TEXT, lambda run, card: card.target.agency_code),
    Column("agency", Type.TEXT, lambda run, card: card.target.agency),
    Column("kind", Type.TEXT, lambda run, card: card.target.kind),
    Column("domain", Type.TEXT, lambda run, card: card.target.domain),
    Column("services", Type.TEXTS, lambda run, card: card.target.services),
    Column("level", Type.TEXT, lambda run, card: str(card.score.level)),
    Column("level_is_minimum", Type.TRUTH, lambda run, card: card.score.level.is_minimum),
    Column("percent", Type.NUMBER, lambda run, card: card.score.percent),
    Column("coverage", Type.NUMBER, lambda run, card: card.score.coverage),
    Column("flags", Type.TEXTS, lambda run, card: card.score.flags),
    Column("exempt", Type.TEXTS, lambda run, card: card.exempt),
    Column("disputed", Type.TEXTS, lambda run, card: card.disputed),
    *(_check(rule.id) for rule in RULES),
)
NAMES: Final = tuple(column.name for column in COLUMNS)


def row(run: Run, card: Card) -> Iterable[str]:
    """One domain's cells as text."""
    return (_text(column.value(run, card)) for column in COLUMNS)


def _text(value: Value) -> str:
    """A value as a cell says it: lists by spaces, times in UTC, nothing as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return number_for_csv(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case tuple():
            return " ".join(value)
    return value


@cache
def _meanings() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(files("ipv6check.reports").joinpath("full.toml").read_text(encoding="utf-8"))


def dictionary() -> list[tuple[str, ...]]:
    """The data dictionary: its head, and one row a column."""
    return [DICTIONARY, *map(_explained, COLUMNS)]


def _explained(column: Column) -> tuple[str, ...]:
    rule = BY_ID.get(column.name)
    said = _meanings()["check" if rule else column.name]
    titles = {language: words.title(column.name, language) if rule else "" for language in words.LANGUAGES}
    label = titles["vi"] or said["label"]["vi"]
    meanings = (said["meaning"][language].format(title=titles[language]) for language in words.LANGUAGES)
    return (column.name, label, *meanings, said["values"]["code"], column.name if rule else "")
