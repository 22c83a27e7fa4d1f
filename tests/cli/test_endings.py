"""How the program ends when it cannot do what it should: a line, and a code that is never that of findings."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli, demo, measuring
from ipv6check.store import Database
from tests.store.nights import GOOD, NIGHTS, night

Run = Callable[..., Result]

URL = "sqlite:///city.db"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command beside a judged night, a list, a file `taken` and a folder `full` of something else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    database = Database(URL)
    database.ready()
    night(database, 0, (GOOD, GOOD, GOOD))
    database.close()
    (tmp_path / "taken").touch()
    (tmp_path / "full" / "site").mkdir(parents=True)
    (tmp_path / "full" / "site" / "thesis.tex").touch()
    (tmp_path / "list.csv").write_text("domain,agency\nvung.hanoi.gov.vn,Sở Thử\n", encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(cli, ["--db", URL, *arguments], catch_exceptions=False)


@pytest.fixture
def no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (measuring, demo):
        monkeypatch.setattr(module, "run_scan", lambda *_, **__: pytest.fail("it scanned"))


@pytest.mark.usefixtures("no_scan")
@pytest.mark.parametrize(
    "command",
    [["report", "--output", "full/site"], ["nightly", "list.csv", "--output", "full"], ["demo", "--output", "full"]],
    ids=lambda command: command[0],
)
def test_a_folder_of_something_else_is_told_before_anything_is_done(run: Run, command: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, command, catch_exceptions=False) if command[0] == "demo" else run(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "ipv6check: full/site: holds something else than a site of ours: choose another folder\n"
    assert [path.name for path in (tmp_path / "full").rglob("*")] == ["site", "thesis.tex"]


@pytest.mark.usefixtures("no_scan")
@pytest.mark.parametrize(
    "command",
    [
        ["export", "--output", "taken/x.csv"],
        ["export", "--format", "json", "--output", "taken/x.json"],
        ["export", "--format", "xlsx", "--output", "taken/x.xlsx"],
        ["export", "--dictionary", "--output", "taken/x.csv"],
        ["report", "--output", "taken/site"],
        ["bundle", "--out", "taken/bundles"],
        ["nightly", "list.csv", "--output", "taken/night"],
        ["metrics", "--out", "taken/x.prom"],
        ["--db", "sqlite:///taken/x.db", "db", "init"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_written_is_told_in_a_line(run: Run, command: list[str]) -> None:
    result = run(*command)
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith("ipv6check: ")
    assert "taken" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_folder_that_may_not_be_written_is_told_before_a_scan(
    run: Run, no_scan: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipv6check.reports.folder.os.access", lambda path, mode: mode != os.W_OK)
    result = run("nightly", "list.csv", "--output", "night")
    assert (result.exit_code, result.stderr) == (4, "ipv6check: night: Permission denied\n")


@pytest.mark.parametrize(("options", "is_traced"), [((), False), (("-v",), True)])
def test_where_it_happened_is_told_who_asks_for_more(run: Run, options: tuple[str, ...], is_traced: bool) -> None:
    assert ("Traceback" in run(*options, "export", "--output", "taken/x.csv").stderr) is is_traced


@pytest.mark.parametrize("command", ["export", "trend", "explain NS-03"])
def test_who_reads_no_further_is_told_nothing(run: Run, command: str) -> None:
    database = Database(URL)
    for number, tries in enumerate(NIGHTS[1:], 1):
        night(database, number, tries)
    database.close()
    program = [sys.executable, "-m", "ipv6check", "--db", URL, *command.split()]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        assert ended.stderr is not None
        ended.stdout.close()
        assert (ended.stderr.read(), ended.wait()) == (b"", 4)


def test_an_interruption_in_the_first_moments_is_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __getattr__(self, name: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "ipv6check.scan", Interrupted())
    assert run("explain", "NS-03").exit_code == 130


def test_the_city_in_a_box_takes_no_other_configuration(no_scan: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["--config", "other.toml", "demo"])
    assert (result.exit_code, "leave out --config" in result.stderr) == (2, True)
    assert not list(tmp_path.glob("results"))
