"""The second truth table: delegations, name servers, DNSSEC, records and Internet resources, on NSD, Knot and Unbound."""

import json
import re
from collections.abc import Mapping

import pytest

from tests.interop.comparing import differences, false_failures, table
from tests.interop.rows import Row, load_rows
from tests.interop.scans import Scan

pytestmark = pytest.mark.interop

ROWS_NEEDED = 120
BROKEN_TREES_NEEDED = 12
MEASURED = frozenset({"pass", "warn", "fail"})
JUDGED_HERE = ("NAME", "DNS", "NS", "SEC", "ADDR", "REACH")
COMPARABLE = 0.9
"""The share of rows whose DNSSEC others must be able to judge."""


def test_table_is_large_enough_and_every_row_shows_its_fault() -> None:
    rows = load_rows("zones.toml")
    assert len(rows) >= ROWS_NEEDED
    assert sum(bool(row.get("broken")) for row in rows) >= BROKEN_TREES_NEEDED
    assert [row.domain for row in rows if not row.shows] == []


def test_every_fault_is_there(country_shown: list[str]) -> None:
    assert not country_shown, "\n".join(country_shown)


def test_every_verdict_is_that_of_the_catalogue(country: Scan, country_rows: tuple[Row, ...]) -> None:
    lines = [line for row in country_rows for line in differences(row, country.results.get(row.domain))]
    assert not lines, table(lines)


def test_no_check_fails_that_may_not(country: Scan, country_rows: tuple[Row, ...]) -> None:
    lines = false_failures(country_rows, country.results, JUDGED_HERE)
    assert not lines, table(lines)


def test_no_probe_has_a_bug(country: Scan) -> None:
    assert country.internal_errors() == []


def test_every_broken_way_down_names_the_zone_that_is_broken(country: Scan, country_rows: tuple[Row, ...]) -> None:
    wrong = []
    for row in country_rows:
        if row.get("broken"):
            args = json.dumps(country.results[row.domain].checks["NS-12"]["args"], ensure_ascii=False)
            if not re.search(rf"(?<![\w.-]){re.escape(row.get('broken'))}(?![\w.-])", args):
                wrong.append(f"{row.domain}: {row.get('broken')} is not named: {args}")
    assert not wrong, "\n".join(wrong)


def test_dnssec_is_judged_as_the_resolver_does(
    country: Scan, country_unbound: Mapping[str, str], country_rows: tuple[Row, ...]
) -> None:
    assert _other_verdicts(country, country_unbound, country_rows) == []


def test_dnssec_is_judged_as_delv_does(country: Scan, country_delv: Mapping[str, str], country_rows: tuple[Row, ...]) -> None:
    assert _other_verdicts(country, country_delv, country_rows) == []


def _other_verdicts(country: Scan, others: Mapping[str, str], rows: tuple[Row, ...]) -> list[str]:
    """Rows whose SEC-01 is not what another judge says, those left aside that tell why (`differs`)."""
    assert len(others) > len(rows) * COMPARABLE
    return [
        f"{row.domain}: {outcome}, the other {others[row.domain]}"
        for row in rows
        if row.domain in others
        and not row.get("differs")
        and (outcome := country.results[row.domain].outcome("SEC-01")) in MEASURED
        and outcome != others[row.domain]
    ]
