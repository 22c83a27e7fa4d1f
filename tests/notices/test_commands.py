"""The commands `notify` and `metrics`, and what `nightly` does of it."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import cli, measuring
from ipv6check.cli import notices as commands
from ipv6check.cli.main import Exit
from ipv6check.config import Settings
from ipv6check.store import Archive
from tests.notices.nights import BLIND, DEAD, FALLING, Seen
from tests.notices.receivers import HookReceiver

Nights = Callable[..., str]
FALLEN = Seen({FALLING: DEAD})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the program with a configuration file in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    runner = CliRunner()

    def ran(*arguments: str, config: str = "") -> Result:
        (tmp_path / "ipv6check.toml").write_text(f'[store]\nurl = "sqlite:///nights.db"\n{config}', encoding="utf-8")
        return runner.invoke(cli, arguments, catch_exceptions=False)

    return ran


def test_a_dry_run_prints_the_text_and_writes_the_page(run: Callable[..., Result], nights: Nights, tmp_path: Path) -> None:
    nights(Seen(), FALLEN, FALLEN)
    named = '[notices.agencies]\n"Sở Hoa Sen" = ["cntt@sen.example"]\n'
    result = run("notify", "--dry-run", config=named)
    assert result.exit_code == 0
    assert "To: cntt@sen.example\nSubject: IPv6, Sở Hoa Sen" in result.stdout
    assert FALLING.domain in result.stdout
    (page,) = (tmp_path / "results" / "notices").iterdir()
    assert page.name.startswith("so-hoa-sen-")
    assert str(page.name) in result.stderr
    assert "<!doctype html>" in page.read_text(encoding="utf-8")


def test_what_is_accepted_is_no_news(run: Callable[..., Result], nights: Nights, tmp_path: Path) -> None:
    nights(Seen(), FALLEN, FALLEN)
    (tmp_path / "targets").mkdir()
    row = f"domain,check,until,by,why\n{FALLING.domain},REACH-04,2099-12-31,Sở Hoa Sen,chờ máy chủ mới\n"
    assert "(REACH-04)" in run("notify", "--dry-run").stdout
    (tmp_path / "targets" / "exceptions.csv").write_text(row, encoding="utf-8")
    assert "(REACH-04)" not in run("notify", "--dry-run").stdout


def test_a_dry_run_needs_no_configuration(run: Callable[..., Result], nights: Nights, tmp_path: Path) -> None:
    nights(Seen(), FALLEN, FALLEN)
    result = run("notify", "--dry-run", "--output", "here")
    assert result.exit_code == 0
    assert "toàn thành phố" in result.stdout
    assert (tmp_path / "here" / "city.html").exists()


def test_a_night_that_is_named_is_told(run: Callable[..., Result], nights: Nights) -> None:
    nights(Seen(), FALLEN, FALLEN)
    result = run("notify", "--dry-run", "--run", "night-01")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to tell" in result.stderr


def test_bad_canaries_are_told_and_end_with_3(run: Callable[..., Result], nights: Nights) -> None:
    nights(Seen(), BLIND)
    for more in (["--dry-run"], []):
        result = run("notify", *more, config='[webhook]\nurl = "https://hook.example/"\nsecret = "x"\n')
        assert result.exit_code == 3
        assert "OPS-01" in result.stderr


def test_without_anybody_to_tell_it_is_a_mistake_of_the_configuration(run: Callable[..., Result], nights: Nights) -> None:
    nights(Seen())
    result = run("notify")
    assert result.exit_code == 4
    assert "notices.city" in result.stderr


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ("[notices]\ncty = []\n", "notices.cty (did you mean notices.city?)"),
        ('[notices]\ncity = ["no address"]\n', "notices.city.0"),
        ('[notices]\ncity = ["a@b.vn\\r\\nBcc: c@d.vn"]\n', "notices.city.0"),
        ('[notices.agencies]\n"" = ["a@b.vn"]\n', "notices.agencies"),
        ('[notices]\nsite = "javascript:alert(1)"\n', "notices.site"),
        ('[smtp]\nunsubscribe = "mailto:a@b.vn>\\r\\nBcc: c@d.vn"\n', "smtp.unsubscribe"),
        ('[smtp]\nsecurity = "ssl"\n', "smtp.security"),
        ('[webhook]\nurl = "http://hook.example/"\n', "webhook.url"),
    ],
)
def test_mistakes_of_the_configuration_are_named(run: Callable[..., Result], config: str, key: str) -> None:
    result = run("notify", config=config)
    assert result.exit_code == 4
    assert key in result.stderr


def test_secrets_are_masked_and_names_are_shown(run: Callable[..., Result]) -> None:
    secrets = '[smtp]\npassword = "rat-bi-mat"\n[webhook]\nsecret = "cung-bi-mat"\n'
    result = run("config", "show", config=secrets + '[notices.agencies]\n"Sở Hoa Sen" = ["a@b.vn"]\n')
    assert "bi-mat" not in result.stdout
    assert tomllib.loads(result.stdout)["notices"]["agencies"] == {"Sở Hoa Sen": ["a@b.vn"]}


def test_a_mistake_about_secrets_does_not_print_them(run: Callable[..., Result]) -> None:
    result = run("config", "show", config='[smtp]\npassword = ["rat-bi-mat"]\n')
    assert result.exit_code == 4
    assert "bi-mat" not in result.output


def test_figures_go_to_a_file_or_to_stdout(run: Callable[..., Result], nights: Nights, tmp_path: Path) -> None:
    nights(Seen())
    shown = run("metrics")
    assert shown.exit_code == 0
    assert 'ipv6check_domains{state="planned"} 3.0' in shown.stdout
    assert run("metrics", "--out", "x.prom").exit_code == 0
    assert (tmp_path / "x.prom").read_text() == shown.stdout
    refused = run("metrics", "--out", "not-there/x.prom")
    assert refused.exit_code == 4
    assert "not-there/x.prom" in refused.stderr


def test_a_file_of_figures_that_cannot_be_written_does_not_spoil_the_run(
    archive: Archive, nights: Nights, settings: Callable[..., Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = nights(Seen())
    path = tmp_path / "not-there" / "x.prom"
    commands.write_metrics(settings(metrics={"textfile": str(path)}), archive, archive.run(run_id))
    assert str(path) in capsys.readouterr().err


def test_a_run_of_a_part_leaves_the_figures_of_the_whole(
    archive: Archive, nights: Nights, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    nights(Seen(), Seen(is_partial=True))
    path = tmp_path / "x.prom"
    configured = settings(metrics={"textfile": str(path)})
    commands.write_metrics(configured, archive, archive.run("night-01"))
    assert not path.exists()
    commands.write_metrics(configured, archive, archive.run("night-00"))
    assert path.exists()


PART = Seen(is_partial=True)


@pytest.mark.parametrize(("seen", "begun"), [((Seen(), PART), 0), ((PART,), 0), ((Seen(), Seen()), 1)])
def test_notices_and_figures_are_of_the_citys_newest_run(
    run: Callable[..., Result], archive: Archive, nights: Nights, seen: tuple[Seen, ...], begun: int
) -> None:
    """A run of a part, or of other lists, does not take its place; unless there is no other."""
    nights(*seen)
    figures = dict(line.rsplit(" ", 1) for line in run("metrics").stdout.splitlines())
    started = archive.run(f"night-0{begun}").started_at
    assert float(figures["ipv6check_run_started_timestamp_seconds"]) == started.timestamp()
    silent = run("notify", "--dry-run").stderr
    assert ("a part of the lists" in silent) is all(one.is_partial for one in seen)


def test_a_mistake_about_notices_is_told_before_the_night(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("domain,agency\nvung.hanoi.gov.vn,Sở Hoa Sen\n", encoding="utf-8")
    result = run("nightly", "list.csv", config='[webhook]\nurl = "https://hook.example/"\n')
    assert result.exit_code == 4
    assert "webhook.secret_file" in result.stderr
    assert not (tmp_path / "nights.db").exists()


@pytest.mark.loopback
@pytest.mark.parametrize(("answer", "code"), [(204, 0), (400, 3)])
def test_a_night_ends_with_telling_it(
    run: Callable[..., Result],
    nights: Nights,
    hook: HookReceiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: int,
    code: int,
) -> None:
    run_id = nights(Seen(), FALLEN, FALLEN)
    monkeypatch.setattr(measuring, "run_scan", lambda settings, plan: (run_id, Exit.DONE))
    read, each_card = [], Archive.each_card
    monkeypatch.setattr(Archive, "each_card", lambda self, run_id: read.append(run_id) or each_card(self, run_id))
    (tmp_path / "list.csv").write_text("domain,agency\nvung.hanoi.gov.vn,Sở Hoa Sen\n", encoding="utf-8")
    hook.answers = [(answer, "")]
    result = run("nightly", "list.csv", config=f'[webhook]\nurl = "{hook.url}"\nsecret = "x"\n')
    assert result.exit_code == code
    assert len(hook.got) == 1
    assert read == [run_id], "the cards that were published are told of"
    assert (tmp_path / "results" / "site" / "index.html").exists()
