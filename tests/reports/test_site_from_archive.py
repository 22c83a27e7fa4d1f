"""`report` hands the site what the archive holds of the nights up to a run, and the bodies of a list."""

from pathlib import Path

from click.testing import CliRunner

from ipv6check.cli import cli
from ipv6check.nightly import past_of
from ipv6check.programme import load
from ipv6check.store import Archive, Database
from tests.reports.sample_city import TREES
from tests.reports.sample_past import SILENT, months


def test_report_tells_the_past_of_its_run(tmp_path: Path) -> None:
    months(tmp_path, 4)
    (tmp_path / "bodies.csv").write_text(f"agency\n{TREES}\nUBND xã Chưa Có Tên\n", encoding="utf-8")
    ends = {}
    for run_id in ("night-00", "night-03"):
        site = tmp_path / run_id
        result = CliRunner().invoke(
            cli,
            [
                *("--db", f"sqlite:///{tmp_path / 'nights.db'}", "report", "--run", run_id),
                *("--output", str(site), "--bodies", str(tmp_path / "bodies.csv")),
            ],
        )
        assert result.exit_code == 0, result.output
        ends[run_id] = (site / "changes.html").read_text(encoding="utf-8")
        overview = (site / "index.html").read_text(encoding="utf-8")
        assert "<li>UBND xã Chưa Có Tên</li>" in overview
        assert f"<li>{TREES}</li>" not in overview, "it has domains"
        assert (site / "programme.html").is_file()
    assert SILENT in ends["night-03"]
    assert SILENT not in ends["night-00"], "what came later is not known to an earlier night"
    assert "lượt đo đầu tiên" in ends["night-00"]


def test_the_past_of_an_agency_counts_its_own_domains(tmp_path: Path) -> None:
    months(tmp_path, 2)
    database = Database(f"sqlite:///{tmp_path / 'nights.db'}")
    archive = Archive(database)
    city, own = (past_of(archive, archive.run("night-01"), load(), agencies) for agencies in ((), (TREES,)))
    assert [len(past.courses[0].curve) for past in (city, own)] == [2, 2]
    assert city.courses[0].share != own.courses[0].share
    assert len(city.runs) == 2
    assert set(city.levels) == set(own.levels)
    database.close()
