"""Parquet holds the rows and columns of the CSV profile `full`, with types; the dictionary explains every column."""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipv6check.model import Reason, Run
from ipv6check.reports import full
from ipv6check.reports.export import write_csv, write_dictionary
from ipv6check.reports.extras import ExtraError
from ipv6check.reports.parquet import write_parquet
from ipv6check.rules import RULES
from ipv6check.score import Card
from tests.reports.sample_city import City
from tests.reports.samples import MEASURED, good, unseen_card

duckdb = pytest.importorskip("duckdb", reason="the extra `lake` is not installed")
RUN, CARD, _ = good()


def table(run: Run, cards: Sequence[Card], folder: Path) -> Any:
    """What DuckDB reads of it."""
    path = folder / "results.parquet"
    with path.open("wb") as out:
        write_parquet(run, cards, out)
    return duckdb.connect().read_parquet(str(path))


def test_columns_have_types(tmp_path: Path) -> None:
    read = table(RUN, [CARD], tmp_path)
    assert tuple(read.columns) == full.NAMES
    types = dict(zip(read.columns, map(str, read.types), strict=True))
    assert types["measured_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["percent"], types["coverage"], types["level_is_minimum"]) == ("DOUBLE", "DOUBLE", "BOOLEAN")
    assert (types["services"], types["flags"]) == ("VARCHAR[]", "VARCHAR[]")
    assert {types[rule.id] for rule in RULES} == {"VARCHAR"}


def test_moments_are_moments_and_numbers_are_exact(tmp_path: Path) -> None:
    close = replace(CARD, score=replace(CARD.score, coverage=0.952, flags=("partial",)))
    read = table(RUN, [close], tmp_path)
    assert read.project("epoch(measured_at), percent, coverage, flags, services").fetchall() == [
        (MEASURED.timestamp(), 100.0, 0.952, ["partial"], ["portal"])
    ]


def test_what_was_not_measured_is_null(tmp_path: Path) -> None:
    read = table(RUN, [unseen_card(CARD, Reason.OPT_OUT)], tmp_path)
    assert read.project('measured_at, percent, level, level_is_minimum, "DNS-02"').fetchall() == [
        (None, None, "L0", True, "nm:opt-out")
    ]


def test_rows_are_those_of_the_csv(city: City, tmp_path: Path) -> None:
    out = io.StringIO()
    write_csv(city.run, city.cards, out, profile="full", bom=False)
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    read = table(city.run, city.cards, tmp_path)
    names = [column.name for column in full.COLUMNS if column.type is full.Type.TEXT]
    chosen = ", ".join(f'"{name}"' for name in names)
    assert read.project(chosen).fetchall() == [tuple(row[name] for name in names) for row in rows]


def test_a_run_without_domains_is_a_table_without_rows(tmp_path: Path) -> None:
    read = table(RUN, [], tmp_path)
    assert tuple(read.columns) == full.NAMES
    assert read.fetchall() == []


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    outs = [io.BytesIO(), io.BytesIO()]
    for out in outs:
        write_parquet(RUN, [CARD], out)
    assert outs[0].getvalue() == outs[1].getvalue()


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ExtraError, match=r"pip install 'ipv6check\[lake\]'"):
        write_parquet(RUN, [CARD], io.BytesIO())


def test_the_dictionary_explains_every_column_in_both_languages() -> None:
    out = io.StringIO()
    write_dictionary(out, profile="full", bom=False)
    head, *rows = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert head == ["cot", "nhan", "y_nghia", "meaning", "gia_tri", "nguon"]
    assert [row[0] for row in rows] == list(full.NAMES)
    assert all(all(row[:5]) for row in rows)
    assert not [cell for row in rows for cell in row if "{" in cell]
    assert [row[5] for row in rows if row[5]] == [rule.id for rule in RULES]


def test_forms_of_others_have_no_dictionary_of_ours() -> None:
    with pytest.raises(ValueError, match="sidn"):
        write_dictionary(io.StringIO(), profile="sidn")
