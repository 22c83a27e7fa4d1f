"""The commands that look at several runs: what changed, and how a check went from run to run."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli
from ipv6check.rules.words import title
from ipv6check.store import Database
from tests.notices import nights
from tests.store.nights import BACK, FALLEN, NIGHTS, night

RUNS = [f"night-{number:02}" for number in range(len(NIGHTS))]
COLUMNS = ["run", "at", "domain", "check", "title", "kind", "before", "after", "since_run", "since"]
LOST = (FALLEN.domain, "REACH-01", "lost", "pass", "fail", RUNS[1])
GAINED = (BACK.domain, "REACH-01", "gained", "fail", "pass", RUNS[2])
"""Port 443 of the one is dead from the second night on, which the third confirms; that of the other answers on the third."""

COUNTS = [{"pass": "2", "fail": "1"}, {"pass": "1", "fail": "2"}, {"pass": "2", "fail": "1"}, {"pass": "2", "fail": "1"}]
SHARES = ["0.667", "0.333", "0.667", "0.667"]
"""REACH-01 over the four nights of three domains."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with the four nights."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('cli') / 'test.db'}")
    database.ready()
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    database.close()
    return database.url.render_as_string()


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--db", url, *arguments], catch_exceptions=False)


def changes(url: str, *arguments: str) -> list[dict[str, str]]:
    result = run(url, "diff", *arguments, "--format", "json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def of_port(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return [tuple(row[key] for key in ("domain", "check", "kind", "before", "after", "since_run")) for row in rows if row["check"] == "REACH-01"]  # fmt: skip


def test_a_run_tells_what_it_confirmed(url: str) -> None:
    assert sorted(of_port(changes(url, RUNS[2]))) == [GAINED, LOST]
    assert changes(url, RUNS[1]) == [], "seen once"
    assert of_port(changes(url, RUNS[0])) == [], "nothing stands before it"


def test_without_a_run_it_is_the_newest(url: str) -> None:
    newest = changes(url)
    assert newest == changes(url, RUNS[3])
    assert of_port(newest) == [], "the port did not change in the fourth night"


def test_between_two_runs_is_what_came_after_the_first_whichever_is_named_first(url: str) -> None:
    assert sorted(of_port(changes(url, RUNS[0], RUNS[3]))) == [GAINED, LOST]
    assert changes(url, RUNS[3], RUNS[0]) == changes(url, RUNS[0], RUNS[3])
    assert of_port(changes(url, RUNS[2], RUNS[3])) == []


def test_one_domain(url: str) -> None:
    assert of_port(changes(url, RUNS[2], "--domain", BACK.domain)) == [GAINED]
    assert changes(url, RUNS[2], "--domain", "vung.hanoi.gov.vn") == []


WRITTEN = [f"{BACK.domain}.", BACK.domain.upper(), f"https://{BACK.domain}/tin?x=1", f" {BACK.domain}"]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_domain_is_named_as_in_a_list(url: str, written: str) -> None:
    assert of_port(changes(url, RUNS[2], "--domain", written)) == [GAINED]
    assert run(url, "explain", written).stdout == run(url, "explain", BACK.domain).stdout != ""


def test_csv_has_the_rows_of_json(url: str) -> None:
    result = run(url, "diff", RUNS[2], "--format", "csv")
    rows = csv.DictReader(io.StringIO(result.stdout, newline=""))
    assert list(rows) == changes(url, RUNS[2])
    assert rows.fieldnames == COLUMNS


def test_a_table_says_it_in_words(url: str) -> None:
    said = " ".join(run(url, "--lang", "en", "diff", RUNS[2], "--domain", FALLEN.domain).stdout.split())
    for words in ("4 Nov 2026 01:00", FALLEN.domain, "Lost", "REACH-01", "Pass → Fail", "(first seen 3 Nov 2026 01:00)"):
        assert words in said
    assert run(url, "diff", RUNS[1]).stdout == "Không có thay đổi nào đã được xác nhận.\n"
    assert run(url, "--lang", "en", "diff", RUNS[1]).stdout == "No confirmed change.\n"


def series(url: str, *arguments: str) -> list[dict[str, str]]:
    result = run(url, "trend", *arguments, "--format", "json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


@pytest.mark.parametrize("more", [(), ("--agency", "Sở Thử")], ids=["all", "agency"])
def test_a_check_run_by_run(url: str, more: tuple[str, ...]) -> None:
    rows = series(url, "--check", "reach-01", *more)
    assert [row.pop("run") for row in rows] == RUNS
    assert [row.pop("at")[:10] for row in rows] == ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]
    assert [row.pop("share_pass") for row in rows] == SHARES
    assert rows == COUNTS


def test_levels_run_by_run_have_no_share_that_passes(url: str) -> None:
    """A dead port 443 leaves L1. What is well is at least L3: there is more that these nights did not look at."""
    rows = series(url)
    assert [(row["run"], row["L1"], row["L3+"], row["share_pass"]) for row in rows] == [
        (RUNS[0], "1", "2", ""),
        (RUNS[1], "2", "1", ""),
        (RUNS[2], "1", "2", ""),
        (RUNS[3], "1", "2", ""),
    ]
    assert series(url, "--check", "LEVEL") == rows


def test_a_series_as_csv(url: str) -> None:
    result = run(url, "trend", "--check", "REACH-01", "--format", "csv")
    rows = csv.DictReader(io.StringIO(result.stdout, newline=""))
    assert list(rows) == series(url, "--check", "REACH-01")
    assert rows.fieldnames == ["run", "at", "pass", "fail", "share_pass"]


def test_a_series_as_a_table(url: str) -> None:
    shown = run(url, "trend", "--check", "REACH-01", "--agency", "Sở Thử").stdout.splitlines()
    assert shown[0] == f"Sở Thử · REACH-01 {title('REACH-01', 'vi')}"
    assert shown[1].split("  ")[0] == "Lượt đo"
    assert shown[3].split() == ["03/11/2026", "01:00", "1", "2", "33,3%"]
    levels = run(url, "--lang", "en", "trend").stdout.splitlines()
    assert levels[0] == "level Level"
    assert levels[1].split() == ["Run", "L1", "L3+"]


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["diff", "night-77"], 4, ["no run night-77", *RUNS]),
        (["diff", RUNS[0], "night-77"], 4, ["no run night-77"]),
        (["trend", "--check", "REACH-99"], 2, ["--check", "no check REACH-99"]),
        (["trend", "--check", "REACH-01", "--agency", "Sở Không Có"], 2, ["no such agency", "Sở Không Có"]),
        (["diff", "--domain", "khong-co.hanoi.gov.vn"], 2, ["--domain", "khong-co.hanoi.gov.vn was not measured"]),
        (["diff", "--domain", "hai ten.hanoi.gov.vn"], 2, ["--domain", "holds a space"]),
        (["explain", "khong-co.hanoi.gov.vn"], 2, ["no domain that was measured"]),
        (["explain", "DNS-99"], 2, ["no check"]),
        (["diff", "--format", "xml"], 2, ["--format"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told(url: str, command: list[str], code: int, said: list[str]) -> None:
    result = run(url, *command)
    assert result.exit_code == code
    assert result.stdout == ""
    for words in said:
        assert words in result.stderr


@pytest.mark.parametrize("command", ["diff", "trend"])
def test_without_a_database(tmp_path: Path, command: str) -> None:
    result = run(f"sqlite:///{tmp_path / 'none.db'}", command)
    assert (result.exit_code, "no database" in result.stderr) == (4, True)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("command", ["diff", "trend"])
def test_without_a_run(tmp_path: Path, command: str) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    database.ready()
    database.close()
    result = run(database.url.render_as_string(), command)
    assert (result.exit_code, "no run" in result.stderr) == (4, True)


def keep_agencies(place: Path) -> Database:
    """Two nights of the same agencies, then one without the second of them."""
    database = Database(f"sqlite:///{place / 'agencies.db'}")
    database.ready()
    for number, listed in enumerate((nights.LIST, nights.LIST, (nights.STEADY,))):
        nights.keep(database, number, nights.Seen(), listed)
    database.close()
    return database


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ([nights.LOTUS], [2, 2, 1]),
        (["H26.1"], [2, 2, 1]),
        ([nights.LOTUS, nights.JASMINE], [3, 3, 1]),
        ([nights.JASMINE, nights.JASMINE], [1, 1]),
    ],
    ids=["name", "code", "two", "of earlier runs"],
)
def test_agencies_are_named_as_for_a_report_and_counted_together(tmp_path: Path, asked: list[str], counts: list[int]) -> None:
    url = keep_agencies(tmp_path).url.render_as_string()
    rows = series(url, "--check", "NAME-02", *(word for name in asked for word in ("--agency", name)))
    assert [int(row["pass"]) for row in rows] == counts


def test_a_series_is_titled_by_the_agencies_names(tmp_path: Path) -> None:
    url = keep_agencies(tmp_path).url.render_as_string()
    shown = run(url, "trend", "--check", "NAME-02", "--agency", "H26.1").stdout
    assert shown.startswith(f"{nights.LOTUS} · NAME-02 ")
