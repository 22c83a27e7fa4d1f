"""`export`, `bundle` and `report --pdf` on the command line: where files go, and how mistakes are told."""

import csv
import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli
from ipv6check.model import Target
from ipv6check.reports import full
from ipv6check.reports.paths import agency_page
from ipv6check.store import Database
from ipv6check.store.history import History
from tests.notices.nights import FALLING, JASMINE, LOTUS, OTHER, STEADY, Seen, keep

CONFIGURATION = '[store]\nurl = "sqlite:///nights.db"\n[report]\ncontact = "Trung tâm Giả định"\n'


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a judged night and its configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "ipv6check.toml").write_text(CONFIGURATION, encoding="utf-8")
    database = Database("sqlite:///nights.db")
    database.ready()
    keep(database, 0, Seen())
    database.close()
    return tmp_path


def keep_another(*targets: Target) -> None:
    """A night of other targets, which is the newest."""
    database = Database("sqlite:///nights.db")
    keep(database, 1, Seen(), targets)
    database.close()


def test_parquet_is_written_to_a_file(place: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    assert run("export", "--format", "parquet", "--output", "out.parquet").exit_code == 0
    read = duckdb.connect().read_parquet(str(place / "out.parquet"))
    assert tuple(read.columns) == full.NAMES
    assert read.count("*").fetchall() == [(3,)]


@pytest.mark.parametrize(("form", "module", "extra"), [("parquet", "duckdb", "lake"), ("xlsx", "xlsxwriter", "xlsx")])
def test_what_is_not_installed_is_named_and_nothing_written(
    place: Path, monkeypatch: pytest.MonkeyPatch, form: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = run("export", "--format", form, "--output", "out")
    assert result.exit_code == 4
    assert f"pip install 'ipv6check[{extra}]'" in result.stderr
    assert not (place / "out").exists()


def test_pdf_that_cannot_be_made_is_told_before_anything_is_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    for command in (("report", "--output", "site"), ("bundle", "--out", "bundles")):
        result = run(*command, "--pdf")
        assert (result.exit_code, "ipv6check[pdf]" in result.stderr) == (4, True)
        assert not (place / command[2]).exists()


def test_the_public_gets_no_pdf(place: Path) -> None:
    result = run("report", "--pdf", "--audience", "public", "--output", "site")
    assert (result.exit_code, "--audience public" in result.stderr) == (2, True)
    assert not (place / "site").exists()


def test_dictionaries_are_those_of_the_profile() -> None:
    def first(*arguments: str) -> list[str]:
        text = run("export", "--dictionary", *arguments).stdout
        return [row[0] for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";")]

    assert first("--delimiter", ";")[2] == "ngay_do"
    assert first("--delimiter", ";", "--profile", "full")[1:] == list(full.NAMES)
    assert first("--delimiter", ";", "--format", "parquet")[1:] == list(full.NAMES)
    assert not run("export", "--dictionary", "--no-bom").stdout.startswith("\ufeff")
    assert run("export", "--dictionary", "--profile", "sidn").exit_code == 2


def test_there_is_a_bundle_for_each_agency(place: Path) -> None:
    result = run("bundle", "--out", "bundles")
    assert result.exit_code == 0
    paths = [place / line for line in result.stdout.split()]
    assert sorted(paths) == sorted((place / "bundles").iterdir())
    assert [path.stem.rsplit("-", 2)[::2] for path in paths] == [["so-hoa-sen", "20261102"], ["so-hoa-nhai", "20261102"]]


@pytest.mark.parametrize("name", [JASMINE, "H26.2"])
def test_a_bundle_is_asked_for_by_name_or_code(place: Path, name: str) -> None:
    path = run("bundle", "--agency", name, "--out", "bundles").stdout.strip()
    with ZipFile(place / path) as read:
        names = read.namelist()
        page = read.read(next(one for one in names if one.endswith(f"/domain/{OTHER.domain}.html"))).decode("utf-8")
    assert not [one for one in names if STEADY.domain in one]
    assert "Trung tâm Giả định" in page


def domains_of(place: Path, command: str, asked: str) -> list[str]:
    """The domains that have a page in an agency's site or bundle."""
    if command == "report":
        assert run("report", "--agency", asked, "--output", "site").exit_code == 0
        return sorted(path.stem for path in (place / "site" / "domain").iterdir())
    result = run("bundle", "--agency", asked, "--out", "bundles")
    assert result.exit_code == 0
    with ZipFile(place / result.stdout.strip()) as read:
        return sorted(Path(name).stem for name in read.namelist() if Path(name).parts[1:2] == ("domain",))


@pytest.mark.parametrize("command", ["bundle", "report"])
@pytest.mark.parametrize("asked", ["H26.1", "H26.9"])
def test_an_agency_is_whole_whichever_of_its_rows_has_the_code(place: Path, command: str, asked: str) -> None:
    """A code that some rows leave out, or have otherwise, names the agency all the same."""
    rows = (replace(STEADY, agency_code="H26.9"), FALLING, replace(OTHER, agency=LOTUS, agency_code=""))
    keep_another(*rows)
    assert domains_of(place, command, asked) == sorted(row.domain for row in rows)


@pytest.mark.parametrize("command", ["bundle", "report"])
def test_nothing_is_no_name_of_an_agency(place: Path, command: str) -> None:
    keep_another(STEADY, replace(OTHER, agency_code=""))
    result = run(command, "--agency", "")
    assert (result.exit_code, "no such agency" in result.stderr) == (2, True)
    assert not (place / "results").exists()


@pytest.mark.parametrize("command", ["bundle", "report"])
@pytest.mark.parametrize("has_own", [True, False])
def test_who_took_over_gets_the_domains_of_those_before(place: Path, command: str, has_own: bool) -> None:
    """Also where the last in a line, or one between, has no domain of its own."""
    old = "agency,valid_to,successor\nSở Hoa Sen,2020-01-01,Sở Giữa\nSở Giữa,2021-01-01,Sở Hoa Đào\nSở Hoa Đào,,\n"
    (place / "targets").mkdir()
    (place / "targets" / "agencies.csv").write_text(old, encoding="utf-8")
    own = replace(OTHER, domain="dao.hanoi.gov.vn", agency="Sở Hoa Đào", agency_code="")
    rows = (own, STEADY, FALLING) if has_own else (STEADY, FALLING)
    keep_another(*rows, OTHER)
    assert domains_of(place, command, "Sở Hoa Đào") == sorted(row.domain for row in rows)
    assert domains_of(place, command, LOTUS) == sorted(row.domain for row in (STEADY, FALLING))


def test_every_domain_is_in_the_bundle_of_who_counts_it(place: Path) -> None:
    """A body that ended gets none of its own: there is nobody to hand it to."""
    (place / "targets").mkdir()
    old = f"agency,valid_to,successor\n{LOTUS},2020-01-01,{JASMINE}\n{JASMINE},,\n"
    (place / "targets" / "agencies.csv").write_text(old, encoding="utf-8")
    (line,) = run("bundle", "--out", "bundles").stdout.split()
    with ZipFile(place / line) as read:
        names = read.namelist()
        page = read.read(f"{Path(line).stem}/{agency_page(JASMINE)}").decode("utf-8")
        readme = read.read(f"{Path(line).stem}/DOC-TRUOC.txt").decode("utf-8")
    assert Path(line).name.startswith("so-hoa-nhai-")
    assert all(f"{Path(line).stem}/domain/{row.domain}.html" in names for row in (STEADY, FALLING, OTHER))
    assert all(row.domain in page for row in (STEADY, FALLING, OTHER))
    assert "Số tên miền: 3" in readme


def test_what_is_the_same_for_all_bundles_is_read_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    for name in ("changes", "standings", "levels_of_all", "moved_by_rules"):
        usual = getattr(History, name)

        def noting(self: History, *a: Any, name: str = name, usual: Callable[..., Any] = usual, **more: Any) -> Any:
            read.append(name)
            return usual(self, *a, **more)

        monkeypatch.setattr(History, name, noting)
    assert len(run("bundle", "--out", "bundles").stdout.split()) == 2
    assert sorted(read) == ["changes", "levels_of_all", "moved_by_rules", "standings"]


@pytest.mark.parametrize("command", ["bundle", "report"])
def test_an_agency_that_is_not_in_the_run_is_named(place: Path, command: str) -> None:
    result = run(command, "--agency", LOTUS, "--agency", "Sở Không Có")
    assert (result.exit_code, "Sở Không Có" in result.stderr, LOTUS in result.stderr) == (2, True, False)
    assert not (place / "results").exists()


def test_the_site_names_who_answers_questions(place: Path) -> None:
    assert run("report", "--agency", "H26.2", "--output", "site").exit_code == 0
    (page,) = (place / "site" / "domain").iterdir()
    assert "Trung tâm Giả định" in page.read_text(encoding="utf-8")
