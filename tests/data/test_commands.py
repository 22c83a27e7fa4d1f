"""The commands `data update` and `data status`."""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ipv6check.cli import tables
from ipv6check.cli.main import cli

ROUTES = "1\t2001:db8::/32\t300\nrubbish\n"
REGISTRY = "apnic|VN|ipv6|2001:dc8::|32|20040722|allocated|A1\n"
ROAS = '{"metadata": {"buildtime": "%s"}, "roas": [{"asn": 1, "prefix": "2001:db8::/32", "maxLength": 32, "ta": "x"}]}'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with sources."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Path("ipv6check.toml").write_text('[data]\ndirectory = "kept"\n')
    Path("dump.gz").write_bytes(gzip.compress(ROUTES.encode()))
    Path("delegated").write_text(REGISTRY)
    Path("vrps.json").write_text(ROAS % datetime.now(UTC).isoformat())
    Path("names.csv").write_text("1,One,VN\n")
    Path("holders.csv").write_text("apnic,A1,Who\n")
    return tmp_path


def update_all() -> Result:
    return run("data", "update", "--force", "--routes", "dump.gz", "--registry", "delegated", "--vrps", "vrps.json")


def status() -> dict[str, dict[str, object]]:
    result = run("data", "status", "--format", "json")
    return {row["name"]: row for row in json.loads(result.stdout)}


def test_without_tables_the_status_says_what_is_missing(place: Path) -> None:
    result = run("--lang", "en", "data", "status")
    assert result.exit_code == 3
    assert [line.split("│")[1:3] for line in result.stdout.splitlines() if "│" in line] == [
        [f" {name:<8} ", f" {state:<8} "]
        for name, state in (
            ("routes", "missing"),
            ("registry", "missing"),
            ("vrps", "missing"),
            ("names", "not used"),
            ("holders", "not used"),
        )
    ]
    assert not (place / "kept").exists()


def test_an_update_tells_what_it_made_and_the_status_is_good(place: Path) -> None:
    made = update_all()
    assert made.exit_code == 0
    assert made.stdout == ""
    assert "routes: 1 entries (ipv4 0, ipv6 1), of " in made.stderr
    assert "; 1 bogus, 0 left out" in made.stderr
    assert "cannot be read: dump.gz:2: rubbish" in made.stderr
    assert "by the time of modification of a file that names no date" in made.stderr
    result = run("--lang", "en", "data", "status")
    assert result.exit_code == 0
    assert result.stdout.count("good") == 3
    assert "dump.gz" in result.stdout
    assert "0.0 days" in result.stdout
    vietnamese = run("data", "status")
    assert vietnamese.stdout.count("tốt") == 3
    assert "tình trạng" in vietnamese.stdout
    rows = status()
    assert (rows["routes"]["state"], rows["routes"]["entries"], rows["routes"]["sources"]) == ("good", 1, ["dump.gz"])
    assert rows["names"] == {"name": "names", "state": "not used", "detail": ""}


def test_optional_tables_count_once_they_are_there(place: Path) -> None:
    update_all()
    assert run("data", "update", "--names", "names.csv", "--holders", "holders.csv").exit_code == 0
    assert {row["state"] for row in status().values()} == {"good"}
    (broken,) = (place / "kept").glob("names-*.table")
    broken.write_bytes(b"")
    result = run("--lang", "en", "data", "status")
    assert result.exit_code == 3
    assert "broken" in result.stdout
    assert "names: broken: its file has the wrong size" in result.stderr


def test_an_old_table_is_told(place: Path) -> None:
    Path("vrps.json").write_text(ROAS % (datetime.now(UTC) - timedelta(days=2)).isoformat())
    long_ago = datetime.now(UTC).timestamp() - 8 * 86400
    os.utime("dump.gz", (long_ago, long_ago))
    update_all()
    result = run("--lang", "en", "data", "status")
    assert result.exit_code == 3
    assert result.stdout.count("too old") == 2
    assert "8.0 days" in result.stdout
    assert "older than 7 days" in result.stderr


def test_a_refused_table_does_not_stop_the_others(place: Path) -> None:
    result = run("data", "update", "--routes", "dump.gz", "--registry", "delegated", "--vrps", "delegated")
    assert result.exit_code == 3
    assert "ipv6check: routes not updated: dump.gz: 1 of 2 cannot be read, for example dump.gz:2: rubbish" in result.stderr
    assert "ipv6check: vrps not updated: delegated: nothing in it can be used" in result.stderr
    assert {name: row["state"] for name, row in status().items() if row["state"] == "good"} == {"registry": "good"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a file"),
        (["--routes", "nosuch"], "no such file: nosuch"),
        (["--routes", "."], "no such file: ."),
        (["--routes", "ftp://ftp.example.net/x"], "neither a file nor an http or https URL"),
        (["--routes", "file:///etc/passwd"], "neither a file nor an http or https URL"),
    ],
)
def test_mistakes_of_use_end_with_2_before_anything_is_done(place: Path, arguments: list[str], said: str) -> None:
    result = run("data", "update", "--registry", "delegated", *arguments) if arguments else run("data", "update")
    assert (result.exit_code, said in result.stderr) == (2, True)
    assert not (place / "kept").exists()


def test_a_folder_that_cannot_be_made_ends_with_4(place: Path) -> None:
    Path("kept").write_text("")
    result = run("data", "update", "--force", "--routes", "dump.gz")
    assert result.exit_code == 4
    assert "data.directory: kept: " in result.stderr


class Body:
    """What a server would send."""

    def __init__(self, content: bytes, modified: datetime | None) -> None:
        self.modified = modified
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


def test_a_url_is_fetched_by_whoever_can(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def fetch(url: str, limit: int, told: Callable[[int, int | None], None]) -> Body:
        asked.append((url, limit))
        told(5, 10)
        if "down" in url:
            raise OSError("answered 503")
        return Body(REGISTRY.encode(), datetime.now(UTC) - timedelta(days=1))

    monkeypatch.setattr(tables, "fetcher", lambda settings: fetch)
    url = "https://me:secret@ftp.example.net/stats/delegated?key=secret"
    result = run("data", "update", "--registry", url, "--routes", "HTTP://down.example.net/x")
    assert result.exit_code == 3
    assert "routes not updated: HTTP://down.example.net/x: answered 503" in result.stderr
    assert asked == [("HTTP://down.example.net/x", 512 << 20), (url, 512 << 20)]
    row = status()["registry"]
    assert row["sources"] == ["https://ftp.example.net/stats/delegated"]
    assert 0.9 < float(str(row["age_days"])) < 1.1
    assert "secret" not in result.output + (place / "kept" / "registry.json").read_text()


def test_names_of_sources_are_text_and_no_markup(place: Path) -> None:
    Path("[red]x[").write_text(REGISTRY)
    run("data", "update", "--registry", "[red]x[")
    assert "[red]x[" in run("data", "status").stdout
