"""Which run a command takes: the newest that was judged, and not one that is under way or was broken off."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli
from ipv6check.facts import RunFacts
from ipv6check.plan import make_plan
from ipv6check.store import Archive, Database
from tests.store.nights import GOOD, LIST, START, STEADY, night

BEGUN = RunFacts(
    id="night-09", started=START + timedelta(days=9), vantage="lab", country="VN", tries=3, version="0", planned=len(LIST)
)

READING = [
    ["export"],
    ["export", "--format", "jsonl"],
    ["report", "--output", "site"],
    ["bundle", "--out", "bundles"],
    ["diff"],
    ["trend"],
    ["metrics"],
    ["notify", "--dry-run"],
    ["explain", STEADY.domain],
]

Run = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    database = Database(f"sqlite:///{tmp_path / 'city.db'}")
    database.ready()
    return database


@pytest.fixture
def run(database: Database) -> Run:
    def invoke(*arguments: str) -> Result:
        url = database.url.render_as_string()
        return CliRunner().invoke(cli, ["--db", url, *arguments], catch_exceptions=False)

    return invoke


def begin(database: Database) -> None:
    """A run that is under way, the newest."""
    with database.writing():
        Archive(database).start_run(BEGUN, make_plan(LIST, lambda domain: False))


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_run_that_was_begun_takes_no_place(run: Run, database: Database, command: list[str]) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    before = run(*command)
    begin(database)
    after = run(*command)
    assert (after.stdout, after.exit_code) == (before.stdout, before.exit_code)
    assert before.stdout or before.exit_code


NAMED = [*([*command, "--run", BEGUN.id] for command in READING if command[0] not in {"diff", "trend"}), ["diff", BEGUN.id]]


@pytest.mark.parametrize("command", NAMED, ids=" ".join)
def test_what_to_do_with_a_run_that_was_not_judged_is_told(
    run: Run, database: Database, tmp_path: Path, command: list[str]
) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    begin(database)
    result = run(*command)
    assert (result.exit_code, result.stdout) == (4, "")
    for said in (f"run {BEGUN.id} was not judged yet", f"scan --resume {BEGUN.id}", f"judge {BEGUN.id}"):
        assert said in result.stderr
    assert not {"site", "bundles"} & {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("command", [one for one in READING if one[0] != "explain"], ids=" ".join)
def test_where_no_run_was_judged_the_newest_is_named(run: Run, database: Database, command: list[str]) -> None:
    begin(database)
    result = run(*command)
    assert (result.exit_code, f"run {BEGUN.id} was not judged yet" in result.stderr) == (4, True)


def test_judging_takes_the_newest_run_whatever_it_is(run: Run, database: Database) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    begin(database)
    assert run("judge").stdout.strip() == BEGUN.id
    assert f'"run": "{BEGUN.id}"' in run("export", "--format", "jsonl").stdout


def test_the_citys_newest_run_is_one_that_was_judged(database: Database) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    begin(database)
    archive = Archive(database)
    whole = archive.whole_run()
    assert (whole and whole.id, archive.run().id) == ("night-00", BEGUN.id)
