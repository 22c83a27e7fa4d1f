"""Bodies, exceptions and disputes from the command line: where they stand, what is told of mistakes, what they change."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli
from ipv6check.cli.measuring import run_scan
from ipv6check.lab.fake import fake_network
from ipv6check.nightly import judge_run, observe
from ipv6check.plan import make_plan
from ipv6check.reports.past import one_a_day
from ipv6check.store import Archive, Database
from tests.scan.world import targets, world
from tests.store.test_archive import settings_of

LIST = "domain,agency,kind\nso-hoa-sen.hanoi.gov.vn,Sở Hoa Sen,so\n"
AGENCIES = "agency,kind,parent\nỦy ban Mẫu,ubnd,\nSở Hoa Sen,so,Ủy ban Mẫu\n"
EXCEPTIONS = "domain,check,until,by,why\n"
DISPUTES = "domain,check,since,by,says\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a list and what stands beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "targets"
    folder.mkdir()
    for name, text in (("city", LIST), ("agencies", AGENCIES), ("exceptions", EXCEPTIONS), ("disputes", DISPUTES)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_all_lists_of_a_folder_are_checked_together(place: Path) -> None:
    """`targets/*.csv` names the lists beside, too: they are read as what they are."""
    result = run("targets", "check", *sorted(place.glob("*.csv")))
    assert result.exit_code == 0, result.output
    assert "1 domains of 1 agencies, 0 errors, 0 warnings" in result.stdout
    assert "beside them 2 bodies, 0 exceptions, 0 disputes" in result.stdout


def test_mistakes_beside_the_lists_are_named_by_file_and_line(place: Path) -> None:
    (place / "agencies.csv").write_text(AGENCIES + "Sở Lạ,so,Không Có\n", encoding="utf-8")
    (place / "exceptions.csv").write_text(EXCEPTIONS + "khac.hanoi.gov.vn,WEB-07,2030-01-01,A,vì\n", encoding="utf-8")
    (place / "disputes.csv").write_text(DISPUTES + "so-hoa-sen.hanoi.gov.vn,WEB-999,2030-01-01,A,sai\n", encoding="utf-8")
    result = run("targets", "check", place / "city.csv")
    assert result.exit_code == 2
    for where in ("agencies.csv:4: unknown parent", "exceptions.csv:2: warning: 'khac", "disputes.csv:2: unknown check"):
        assert where in result.stderr
    assert "2 errors, 1 warnings" in result.stdout


def test_exceptions_about_other_lists_than_those_that_are_checked_are_good(place: Path) -> None:
    """A city may have several lists; with none at hand nothing is strange."""
    (place / "exceptions.csv").write_text(EXCEPTIONS + "khac.hanoi.gov.vn,WEB-07,2030-01-01,A,vì\n", encoding="utf-8")
    for names, warnings in ((("city",), 1), (("agencies", "exceptions"), 0)):
        result = run("targets", "check", *(place / f"{name}.csv" for name in names))
        assert (result.exit_code, f"0 errors, {warnings} warnings" in result.stdout) == (0, True), result.output
        assert "1 exceptions" in result.stdout
        assert result.stderr.count("khac.hanoi.gov.vn") == warnings


def test_other_places_are_named_in_the_configuration(place: Path) -> None:
    """Beside the configuration file; one that was asked for and is not there is a mistake."""
    own = place.parent / "rieng"
    own.mkdir()
    (own / "ngoai-le.csv").write_text(EXCEPTIONS + "so-hoa-sen.hanoi.gov.vn,WEB-07,2030-01-01,A,vì\n", encoding="utf-8")
    (own / "c.toml").write_text('[targets]\nexceptions = "ngoai-le.csv"\ndisputes = "khong-co.csv"\n', encoding="utf-8")
    result = run("--config", own / "c.toml", "targets", "check", place / "city.csv")
    assert "1 exceptions, 0 disputes" in result.stdout
    assert "khong-co.csv: cannot be read" in result.stderr
    assert result.exit_code == 2


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with a judged run."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('register') / 'test.db'}")
    with database.writing():
        database.ready()
        observed = observe(settings_of(database), database, fake_network(world()), make_plan(targets(), lambda d: False))
        judge_run(Archive(database), observed.run_id)
    database.close()
    return database.url.render_as_string()


def scores(url: str) -> dict[str, str]:
    """The points that the registry's CSV has."""
    result = run("--db", url, "export")
    rows = csv.DictReader(io.StringIO(result.stdout.removeprefix("\ufeff")))
    return {row["ten_mien"]: row["diem"] for row in rows}


def test_site_and_exports_leave_the_same_out_of_the_points(place: Path, kept: str) -> None:
    """One number everywhere; the level and the registry's three states stay."""
    cards = Archive(Database(kept)).cards(Archive(Database(kept)).run().id)
    faulty = next(card for card in cards if card.verdicts["DNS-02"].outcome == "fail")
    domain, before = faulty.target.domain, scores(kept)
    row = f"{domain},DNS-02,2099-12-31,Sở Mẫu,đang chuyển\n"
    (place / "exceptions.csv").write_text(EXCEPTIONS + row, encoding="utf-8")
    after = scores(kept)
    assert float(after[domain]) > float(before[domain])
    assert {name for name in after if after[name] != before[name]} == {domain}
    result = run("--db", kept, "report", "--output", place.parent / "site")
    assert result.exit_code == 0, result.output
    page = (place.parent / "site" / "domain" / f"{domain}.html").read_text(encoding="utf-8")
    assert "Ngoại lệ DNS-02 đến hết ngày 31/12/2099 (Sở Mẫu chấp nhận)" in page
    assert f"{float(after[domain]):.1f}%".replace(".", ",") in page


def test_the_report_of_an_agency_has_what_it_took_over(place: Path, kept: str) -> None:
    names = list(dict.fromkeys(target.agency for target in targets()))
    old, new = names[:2]
    (place / "agencies.csv").write_text(f"agency,valid_to,successor\n{old},2020-01-01,{new}\n{new},,\n", encoding="utf-8")
    run("--db", kept, "report", "--output", place.parent / "site", "--agency", new)
    text = (place.parent / "site" / "agencies.html").read_text(encoding="utf-8")
    assert f"tính cho {new}" in text
    assert not any(name in text for name in names[2:])


@pytest.mark.parametrize(
    ("limit", "only", "is_partial"), [(None, (), False), (2, (), True), (None, ("DNS",), True), (100, (), False)]
)
def test_a_run_of_a_part_is_known_as_one(tmp_path: Path, limit: int | None, only: tuple[str, ...], is_partial: bool) -> None:
    """A limit that cuts nothing is none. What is only a part is on no goal's curve."""
    database = Database(f"sqlite:///{tmp_path / 'part.db'}")
    plan = make_plan(targets()[:4], lambda domain: False, limit)
    run_id, _ = run_scan(settings_of(database), plan, only=only, network=fake_network(world()))
    archive = Archive(database)
    assert archive.conditions(run_id).is_partial is is_partial
    assert bool(one_a_day(archive.runs())) is not is_partial
    database.close()
