"""Generated documents: complete, the same every time, and stale ones are named."""

import importlib.util
from pathlib import Path
from types import ModuleType

import click
import pytest

from ipv6check.reports.documents import checks_page, commands_page, stale, write
from ipv6check.rules import RULES, words
from ipv6check.rules.web import A_YEAR
from ipv6check.scales import SLOW

GENERATE = Path(__file__).parents[2] / "docs" / "generate.py"


@click.group()
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language.")
def tool(lang: str) -> None:
    """A small tool."""


@tool.command()
@click.argument("names", nargs=-1)
@click.option("--limit", type=int, help="At most so many.")
def look(names: tuple[str, ...], limit: int) -> None:
    """Look at NAMES, one after the other, until all of them have been looked at and nothing is left that could be looked at."""


@tool.command(hidden=True)
def secret() -> None:
    """Not for the page."""


@tool.group()
def data() -> None:
    """Tables."""


@data.command()
def update() -> None:
    """Fetch them."""


def test_the_catalogue_has_every_check_in_both_languages() -> None:
    page = checks_page()
    for rule in RULES:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {rule.id} |")]
        assert row.count("|") == 8
        assert words.title(rule.id, "vi") in row
        assert words.title(rule.id, "en") in row
        assert f"| {rule.severity.value[0].upper()} |" in row
        assert ("not built" in row) is not rule.is_built
        assert all(ref in row for ref in rule.refs)


def test_thresholds_are_the_numbers_of_the_rules() -> None:
    page = checks_page()
    assert f"| scales | `SLOW` | {SLOW:g} |" in page
    assert f"| rules.web | `A_YEAR` | {A_YEAR} |" in page


def test_commands_have_the_help_they_print() -> None:
    page = commands_page(tool, "tool")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## tool",
        "## tool data",
        "## tool data update",
        "## tool look",
    ]
    assert "Usage: tool look [OPTIONS] [NAMES]..." in page
    assert "--limit INTEGER  At most so many." in page
    assert "[default: vi]" in page
    assert "Not for the page." not in page


def test_pages_are_the_same_every_time_and_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    before = checks_page(), commands_page(tool)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")
    assert (checks_page(), commands_page(tool)) == before
    assert max(map(len, commands_page(tool).splitlines())) <= 100


def test_stale_and_missing_files_are_named_and_written_once(tmp_path: Path) -> None:
    fresh, old, missing = (tmp_path / name for name in ("fresh.md", "old.md", "missing.md"))
    fresh.write_text("a\n", encoding="utf-8")
    old.write_text("b\n", encoding="utf-8")
    pages = {fresh: "a\n", old: "ă\n", missing: "c\n"}
    assert stale(pages) == [old, missing]
    assert write(pages) == [old, missing]
    assert old.read_bytes() == "ă\n".encode()
    assert stale(pages) == []
    assert write(pages) == []


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, told to write elsewhere."""
    spec = importlib.util.spec_from_file_location("generate_documents", GENERATE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    return module


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["generate.py", *arguments])
    code: int = script.main()
    return code


def test_the_script_writes_and_checks(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(generate, monkeypatch, "--check") == 1
    assert list(tmp_path.iterdir()) == []
    assert run(generate, monkeypatch) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checks.md", "cli.md"]
    assert run(generate, monkeypatch, "--check") == 0
    (tmp_path / "cli.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert run(generate, monkeypatch, "--check") == 1
    said = capsys.readouterr().err
    assert "cli.md" in said
    assert "checks.md" not in said


def test_the_command_line_is_documented(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(generate, monkeypatch)
    page = (tmp_path / "cli.md").read_text(encoding="utf-8")
    for command in ("look", "scan", "export", "explain", "doctor"):
        assert f"\n## ipv6check {command}\n" in page
