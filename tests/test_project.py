"""What holds for the project as a whole: clean requirements, documents that name what is there."""

import re
import tomllib
from pathlib import Path

import click
import pytest

import ipv6check
from ipv6check.cli import cli

ROOT = Path(__file__).parents[1]
REQUIREMENTS = sorted(ROOT.glob("requirements*"))
PINNED = re.compile(r"^[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+( ; .+)? \\$")


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_have_hashes_and_neither_addresses_nor_other_options(path: Path) -> None:
    """Where packages come from is for whoever installs them to say."""
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    options = [word for line in text.splitlines() for word in line.partition("#")[0].split() if word.startswith("-")]
    assert [option for option in options if not option.startswith("--hash=sha256:")] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and line[0] not in " #"]
    assert lines
    assert [line for line in lines if not PINNED.match(line)] == []


def test_what_the_program_needs_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core, dev = ((ROOT / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-dev.txt"))
    wanted = {re.split(r"[\[<>=]", line)[0].lower() for line in project["dependencies"]}
    extra = {re.split(r"[\[<>=]", line)[0].lower() for lines in project["optional-dependencies"].values() for line in lines}
    assert [name for name in wanted if f"\n{name}==" not in core and f"\n{name}[" not in core] == []
    assert [name for name in wanted | extra if not re.search(rf"^{re.escape(name)}(\[[^\]]*\])?==", dev, re.MULTILINE)] == []


def commands(group: click.Group, above: str = "") -> set[str]:
    found, context = set(), click.Context(group)
    for name in group.list_commands(context):
        _, command, _ = group.resolve_command(context, [name])
        found |= commands(command, f"{above}{name} ") if isinstance(command, click.Group) else {f"{above}{name}"}
    return found


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z][a-z ]*?)(?: [A-Z-].*?)?`", readme))
    assert commands(cli) - words == set()


def test_the_library_has_its_face() -> None:
    assert {"Target", "Evidence", "Verdict", "judge", "look"} <= set(ipv6check.__all__)


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"], ids=lambda path: path.name)
def test_links_of_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []
