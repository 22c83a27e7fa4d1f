"""The command line, without a network: what it prints, what it ends with, how it tells mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli
from ipv6check.lab.fake import fake_network
from ipv6check.nightly import judge_run, observe
from ipv6check.plan import make_plan
from ipv6check.store import Archive, Database
from tests.scan.world import targets, world
from tests.store.test_archive import settings_of

LIST = "domain,agency,kind\nso-hoa-sen.hanoi.gov.vn,Sở Hoa Sen,so\nhttps://so-hoa-nhai.hanoi.gov.vn/,Sở Hoa Nhài,so\nkhông hợp lệ,X,so\n"


def run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], input=text, catch_exceptions=False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The URL of a database with a judged run of the city, and the run's id."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('cli') / 'test.db'}")
    with database.writing():
        database.ready()
        observed = observe(settings_of(database), database, fake_network(world()), make_plan(targets(), lambda d: False))
        judge_run(Archive(database), observed.run_id)
    database.close()
    return database.url.render_as_string(), observed.run_id


def test_every_command_explains_itself() -> None:
    assert run("--help").exit_code == 0
    for name, command in cli.commands.items():
        assert command.help, name
        assert run(name, "--help").exit_code == 0


def test_a_list_is_checked_with_file_and_line(place: Path) -> None:
    (place / "list.csv").write_text(LIST, encoding="utf-8")
    result = run("targets", "check", "list.csv")
    assert result.exit_code == 2
    assert "list.csv:4" in result.stderr
    assert "list.csv:3" in result.stderr
    assert result.stdout.startswith("2 domains of 2 agencies, 1 errors, 1 warnings")


def test_the_plan_contacts_nobody_and_names_who_opted_out(place: Path) -> None:
    (place / "list.csv").write_text(LIST, encoding="utf-8")
    (place / "targets").mkdir()
    (place / "targets" / "opt-out.txt").write_text("so-hoa-sen.hanoi.gov.vn # asked 2026-11-01\n")
    result = run("plan", "list.csv")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        "opted out\tso-hoa-sen.hanoi.gov.vn\tSở Hoa Sen",
        "contact\tso-hoa-nhai.hanoi.gov.vn\tSở Hoa Nhài",
    ]


def test_names_come_from_stdin(place: Path) -> None:
    result = run("plan", "-", text="so-hoa-sen.hanoi.gov.vn\n")
    assert result.stdout == "contact\tso-hoa-sen.hanoi.gov.vn\t\n"


def test_a_missing_list_is_a_usage_error(place: Path) -> None:
    result = run("plan", "nosuch.csv")
    assert (result.exit_code, "nosuch.csv" in result.stderr) == (2, True)


MISTAKES = [
    ('[network]\nresolvr = ["127.0.0.1"]\n', "unknown key network.resolvr (did you mean network.resolver?)"),
    ("[network]\nconcurrency = 0\n", "network.concurrency"),
    ("[netwrk]\nx = 1\n", "unknown key netwrk (did you mean network?)"),
    ("[network\n", "not a TOML file"),
    ("[tries]\nspacing = [-1]\n", "tries.spacing.0"),
    ('[vantage]\ncountry = "Vietnam"\n', "vantage.country"),
    ('[network]\nopt_out = "nowhere.txt"\n', "network.opt_out"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_in_the_configuration_ends_with_4_and_names_the_key(place: Path, text: str, said: str) -> None:
    (place / "c.toml").write_text(text)
    (place / "list.csv").write_text(LIST, encoding="utf-8")
    result = run("--config", "c.toml", "plan", "list.csv")
    assert result.exit_code == 4
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_settings_are_merged_in_order_and_secrets_masked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "ipv6check.toml").write_text("[network]\nconcurrency = 5\n[tries]\ncount = 2\n")
    (place / "config" / "ipv6check").mkdir(parents=True)
    (place / "config" / "ipv6check" / "ipv6check.toml").write_text('[network]\nconcurrency = 3\n[vantage]\nname = "user"\n')
    monkeypatch.setenv("IPV6CHECK_TRIES__COUNT", "4")
    shown = run("--db", "postgresql+psycopg://me:mat-khau@db/x", "config", "show").stdout
    assert "concurrency = 5" in shown
    assert "count = 4" in shown
    assert 'name = "user"' in shown
    assert "mat-khau" not in shown
    assert "postgresql+psycopg://me:***@db/x" in shown


def test_the_database_is_set_up_once_and_again(place: Path) -> None:
    assert run("--db", "sqlite:///a/b/x.db", "db", "init").exit_code == 0
    assert run("--db", "sqlite:///a/b/x.db", "db", "upgrade").exit_code == 0
    assert (place / "a" / "b" / "x.db").exists()


@pytest.mark.parametrize("command", [["judge"], ["report"], ["export"], ["explain", "so-hoa-sen.hanoi.gov.vn"]])
def test_without_a_database_reading_ends_with_4(place: Path, command: list[str]) -> None:
    result = run("--db", "sqlite:///none.db", *command)
    assert (result.exit_code, "no database" in result.stderr) == (4, True)


def test_json_lines_are_the_pinned_shape(kept: tuple[str, str]) -> None:
    url, run_id = kept
    result = run("--db", url, "export", "--format", "jsonl")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["domain"] for line in lines] == [t.domain for t in targets()]
    pinned = {
        "domain",
        "agency",
        "run",
        "vantage",
        "measured_at",
        "rules_version",
        "level",
        "level_is_minimum",
        "percent",
        "coverage",
        "flags",
        "checks",
    }
    assert pinned <= set(lines[0])
    assert lines[0]["run"] == run_id
    for check in lines[0]["checks"].values():
        assert (check["reason"] is None) == (check["outcome"] != "nm")


def test_the_registrys_csv_begins_with_a_mark_and_ends_lines_as_excel_does(kept: tuple[str, str], place: Path) -> None:
    result = run("--db", kept[0], "export", "--output", "v.csv")
    assert result.exit_code == 0
    data = (place / "v.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfngay_do,")
    assert data.count(b"\r\n") == len(targets()) + 1


def test_judging_again_needs_no_network_and_changes_nothing(kept: tuple[str, str]) -> None:
    before = run("--db", kept[0], "export", "--format", "json").stdout
    assert run("--db", kept[0], "judge", "--all").stdout.strip() == kept[1]
    assert run("--db", kept[0], "export", "--format", "json").stdout == before


def test_the_site_is_written(kept: tuple[str, str], place: Path) -> None:
    result = run("--db", kept[0], "report", "--output", "site")
    front = Path(result.stdout.strip())
    assert front.is_file()
    assert "Sở Hoa Sen" in front.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_check_and_a_domain_are_explained(kept: tuple[str, str], language: str) -> None:
    assert "NS-03" in run("--lang", language, "explain", "ns-03").stdout
    explained = run("--db", kept[0], "--lang", language, "explain", "so-hoa-sen.hanoi.gov.vn").stdout
    assert "dig " in explained
    assert "curl " in explained


def test_what_is_neither_check_nor_domain_is_told_so(kept: tuple[str, str]) -> None:
    result = run("--db", kept[0], "explain", "nosuch.example")
    assert result.exit_code == 2


def test_a_run_that_is_not_there_is_told_so(kept: tuple[str, str]) -> None:
    result = run("--db", kept[0], "export", "--run", "nosuch")
    assert (result.exit_code, kept[1] in result.stderr) == (4, True)


def test_resume_takes_no_lists(place: Path) -> None:
    (place / "list.csv").write_text(LIST, encoding="utf-8")
    assert run("scan", "list.csv", "--resume", "x").exit_code == 2


def test_the_faces_of_the_library() -> None:
    import ipv6check

    assert ipv6check.judge(ipv6check.Evidence())["DNS-02"].outcome == "nm"
    assert callable(ipv6check.look)
    assert ipv6check.Target(domain="x.vn").domain == "x.vn"


def test_judge_is_the_function_whatever_was_imported_before() -> None:
    script = "import ipv6check.judge, ipv6check.nightly; from ipv6check import judge; assert callable(judge), judge"
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONWARNINGS": "error"})
