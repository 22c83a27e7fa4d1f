"""`export`, `bundle` and `report --pdf` on the command line: where files go, and how mistakes are told."""

import csv
import io
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli
from ipv6check.reports import full
from ipv6check.store import Database
from tests.notices.nights import JASMINE, LOTUS, OTHER, STEADY, Seen, keep

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
    assert result.exit_code == 1
    assert f"pip install 'ipv6check[{extra}]'" in result.stderr
    assert not (place / "out").exists()


def test_pdf_that_cannot_be_made_is_told_before_anything_is_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    for command in (("report", "--output", "site"), ("bundle", "--out", "bundles")):
        result = run(*command, "--pdf")
        assert (result.exit_code, "ipv6check[pdf]" in result.stderr) == (1, True)
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


@pytest.mark.parametrize("command", ["bundle", "report"])
def test_an_agency_that_is_not_in_the_run_is_named(place: Path, command: str) -> None:
    result = run(command, "--agency", LOTUS, "--agency", "Sở Không Có")
    assert (result.exit_code, "Sở Không Có" in result.stderr, LOTUS in result.stderr) == (2, True, False)
    assert not (place / "results").exists()


def test_the_site_names_who_answers_questions(place: Path) -> None:
    assert run("report", "--agency", "H26.2", "--output", "site").exit_code == 0
    (page,) = (place / "site" / "domain").iterdir()
    assert "Trung tâm Giả định" in page.read_text(encoding="utf-8")
