"""What the commands that contact the network do around a scan: whose lists they are, what they read again, the collector."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import COLLECTED_AFTER, cli, main, measuring
from ipv6check.cli.main import Exit
from ipv6check.cli.measuring import seldom_collected, with_findings
from ipv6check.lab.fake import fake_network
from ipv6check.model import Target
from ipv6check.reports.past import one_a_day
from ipv6check.store import Archive, Database
from tests.scan.world import targets, world
from tests.store.nights import DEAD, GOOD, night
from tests.store.test_archive import settings_of

CITY = targets()[:8]
OTHERS = targets()[8:12]

SWIFT = "[tries]\nspacing = [0.0, 0.0]\n\n[pace]\nnew_per_second = 1000\nqueries_per_second = 1000\n\n"
LOSSY = ("timeout", "timeout", None)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the lab's city, without sockets; lists are given as targets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(measuring, "make_network", lambda settings, **_: fake_network(world()))

    def invoke(command: str, listed: list[Target], *options: str, config: str = "") -> Result:
        rows = [f"{target.domain},{target.agency}" for target in listed]
        (tmp_path / "list.csv").write_text("\n".join(["domain,agency", *rows]) + "\n", encoding="utf-8")
        (tmp_path / "ipv6check.toml").write_text(SWIFT + config, encoding="utf-8")
        arguments = ["--db", f"sqlite:///{tmp_path / 'city.db'}", command, "list.csv", *options]
        return CliRunner().invoke(cli, arguments, catch_exceptions=False)

    return invoke


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(Database(f"sqlite:///{tmp_path / 'city.db'}"))


@pytest.mark.parametrize(
    ("listed", "is_partial"),
    [
        (CITY, False),
        ([*CITY, *OTHERS], False),
        (CITY[:4], False),
        (CITY[:3], True),
        ([*CITY[:3], *OTHERS], True),
        (OTHERS, True),
    ],
    ids=["the city's", "longer", "half of it", "less than half", "less than half with others", "others"],
)
def test_a_scan_of_other_lists_does_not_count_for_the_city(run: Run, archive: Archive, listed, is_partial: bool) -> None:
    """It leaves out most of the city's domains, as a part of its lists does; and it is told so."""
    assert "leave out" not in run("scan", CITY).stderr
    result = run("scan", listed)
    scanned = archive.run(result.stdout.strip())
    assert scanned.is_partial is is_partial
    assert (scanned in one_a_day(archive.runs())) is not is_partial
    assert ("these lists leave out" in result.stderr) is is_partial
    assert result.exit_code in {0, 3}


def test_what_a_nightly_is_of_are_the_citys_lists(run: Run, archive: Archive) -> None:
    """Whatever was scanned before, in trying or when the city's lists were others."""
    run("scan", OTHERS)
    assert "leave out" not in run("nightly", CITY).stderr
    assert [one.is_partial for one in archive.runs()] == [False, False]
    run("scan", CITY)
    run("scan", OTHERS)
    assert [one.is_partial for one in archive.runs()] == [True, False, False, False]


def test_a_limit_is_told_of_as_a_limit(run: Run, archive: Archive) -> None:
    run("scan", CITY)
    assert "leave out" not in run("scan", CITY, "--limit", "2").stderr
    assert archive.run().is_partial


def test_an_unknown_family_is_a_usage_error_that_names_the_known(run: Run) -> None:
    result = run("scan", CITY, "--only", "DNS,FOO")
    assert result.exit_code == 2
    assert "FOO is no family" in result.stderr
    assert "REACH" in result.stderr


def test_a_scan_reads_no_card_again(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What it ends with, and the figures, are counts, which are there already; a large city's cards are large."""
    monkeypatch.setattr(Archive, "each_card", lambda *_: pytest.fail("cards were read"))
    run("scan", CITY, "--fail-on", "warn", config=f'[metrics]\ntextfile = "{tmp_path / "x.prom"}"\n')
    assert 'ipv6check_domains{state="planned"} 8.0' in (tmp_path / "x.prom").read_text()


@pytest.mark.parametrize(
    ("port", "is_seen", "fail_on", "code"),
    [
        (DEAD, True, "never", Exit.DONE),
        (DEAD, True, "fail", Exit.FINDINGS),
        (LOSSY, True, "fail", Exit.DONE),
        (LOSSY, True, "warn", Exit.FINDINGS),
        (DEAD, False, "fail", Exit.PARTIAL),
    ],
)
def test_a_run_ends_with_what_was_found(tmp_path: Path, port: tuple, is_seen: bool, fail_on: str, code: Exit) -> None:
    """Findings are of domains: that our own IPv6 was down is no finding, and is told before any."""
    database = Database(f"sqlite:///{tmp_path / 'city.db'}")
    database.ready()
    run_id = night(database, 0, (GOOD, port, GOOD), canaries="pass" if is_seen else "fail")
    ended = Exit.DONE if is_seen else Exit.PARTIAL
    assert with_findings(ended, settings_of(database), run_id, fail_on) is code
    database.close()


def test_garbage_is_looked_for_seldom_by_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = gc.get_threshold()
    monkeypatch.setattr(sys, "argv", ["ipv6check", "--version"])
    try:
        with pytest.raises(SystemExit):
            main()
        assert gc.get_threshold() == COLLECTED_AFTER
    finally:
        gc.set_threshold(*usual)


def test_a_scan_looks_for_garbage_more_seldom_and_not_in_the_program_itself() -> None:
    program, usual = len(gc.get_objects()), gc.get_threshold()
    with seldom_collected():
        assert len(gc.get_objects()) < program / 10
        assert gc.get_threshold() == (measuring.OBJECTS_IN_FLIGHT, *usual[1:])


def test_after_a_scan_garbage_is_looked_for_as_before_whatever_happens() -> None:
    usual = gc.get_threshold()
    with pytest.raises(RuntimeError), seldom_collected():
        raise RuntimeError
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, usual)


@pytest.mark.parametrize(("count", "is_told"), [(4, True), (5, False)])
def test_few_canaries_are_told_of(run: Run, count: int, is_told: bool) -> None:
    named = ", ".join(f'"{name}"' for name in world().canaries[:count])
    for command in ("scan", "nightly"):
        result = run(command, CITY[:1], config=f"[vantage]\ncanaries = [{named}]\n")
        assert ("vantage.canaries: 4, which is few" in result.stderr) is is_told
        assert result.exit_code in {0, 3}
