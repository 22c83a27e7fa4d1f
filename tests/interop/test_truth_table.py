"""The truth table: one scan of all rows, every verdict as the catalogue says, every fault really there."""

from pathlib import Path

import pytest

from tests.interop.comparing import changes, differences, false_failures, table
from tests.interop.experiments import judged_again, results_of
from tests.interop.rows import Row, load_rows
from tests.interop.scans import Scan

pytestmark = pytest.mark.interop

ROWS_NEEDED, HEALTHY_NEEDED = 45, 10


def test_table_is_large_enough_and_every_row_shows_its_fault() -> None:
    rows = load_rows()
    assert len(rows) >= ROWS_NEEDED
    assert sum(row.is_healthy for row in rows) >= HEALTHY_NEEDED
    assert [row.domain for row in rows if not row.shows] == []


def test_every_fault_is_there(shown: list[str]) -> None:
    assert not shown, "\n".join(shown)


def test_every_verdict_is_that_of_the_catalogue(main: Scan, rows: tuple[Row, ...]) -> None:
    lines = [line for row in rows for line in differences(row, main.results.get(row.domain))]
    assert not lines, table(lines)


def test_no_check_fails_at_a_healthy_site(main: Scan, rows: tuple[Row, ...]) -> None:
    healthy = [row for row in rows if row.is_healthy]
    failed = {row.domain: main.results[row.domain].failed for row in healthy if main.results[row.domain].failed}
    assert not failed


def test_no_check_fails_that_may_not(main: Scan, rows: tuple[Row, ...]) -> None:
    lines = false_failures(rows, main.results)
    assert not lines, table(lines)


def test_no_probe_has_a_bug(main: Scan, crowd: Scan) -> None:
    assert main.internal_errors() == []
    assert crowd.internal_errors() == []


def test_every_domain_of_the_list_comes_out_once_and_in_order(main: Scan, rows: tuple[Row, ...]) -> None:
    assert list(main.results) == [row.domain for row in rows]


def test_verdicts_are_the_same_in_a_crowd(main: Scan, crowd: Scan) -> None:
    lines = changes(main.results, crowd.results)
    assert not lines, table(lines)


def test_verdicts_are_the_same_one_by_one(main: Scan, alone: Scan, rows: tuple[Row, ...]) -> None:
    sample = [row for row in rows if row.get("sample")]
    lines = changes(results_of(main.results, sample), alone.results)
    assert not lines, table(lines)


def test_judging_again_without_any_network_gives_every_verdict_byte_for_byte(main: Scan, tmp_path: Path) -> None:
    before, after = judged_again(main, tmp_path)
    assert before[0]
    assert after == before


def test_nothing_was_fetched_from_the_issuer_that_certificates_name(main: Scan) -> None:
    assert "/issuer.crt" not in (main.lab.own / "access.log").read_text()


def test_the_scanner_says_who_it_is(main: Scan) -> None:
    requests = (main.lab.own / "access.log").read_text().splitlines()
    ours = [line for line in requests if '"ipv6check/' in line]
    assert len(ours) > len(main.results)
    assert [line for line in ours if "(+https://" not in line] == []
