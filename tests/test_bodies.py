"""Bodies without a domain are found whatever the list of them looks like."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ipv6check.cli import cli
from ipv6check.cli.lists import named_bodies
from ipv6check.model import Target
from ipv6check.targets.bodies import read_bodies, without_domain

LISTED = (Target(domain="a.hanoi.gov.vn", agency="Sở Tài chính"), Target(domain="b.hanoi.gov.vn", agency="Phường Cửa Nam"))


@pytest.mark.parametrize(
    "text",
    [
        "agency\nSở Tài chính\nSở Y tế\n",
        "\ufeffagency,kind\r\nSở Tài chính,so\r\nSở Y tế,so\r\nSở Y tế,so\r\n",
        "# bodies\n\nkind;agency\nso;Sở Tài chính\nso; Sở Y tế \nso;\nso\n",
        'agency,note\n"Sở Tài chính","a, b"\nSở Y tế\n',
        "agency\nSo\u031b\u0309 Tài chính\nSở Y tế\n",
        "Agency\nSở  Tài chính\nSở\u00a0Y tế\u200b\nSở Y tế\n",
    ],
)
def test_bodies_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bodies.csv"
    path.write_text(text, encoding="utf-8")
    bodies = ("Sở Tài chính", "Sở Y tế")
    assert read_bodies(path) == (bodies, ())
    assert without_domain(bodies, LISTED) == ("Sở Y tế",)


@pytest.mark.parametrize("content", [b"", b"domain,kind\n", b"agency\n\xff\xfe\n"])
def test_what_is_no_list_of_bodies_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bodies.csv"
    path.write_bytes(content)
    bodies, (mistake,) = read_bodies(path)
    assert bodies == ()
    assert str(mistake).startswith(str(path))
    (tmp_path / "targets.csv").write_text("domain,agency\na.hanoi.gov.vn,Sở Tài chính\n", encoding="utf-8")
    checked = CliRunner().invoke(cli, ["targets", "check", str(tmp_path / "targets.csv"), "--bodies", str(path)])
    assert (checked.exit_code, "1 errors" in checked.stdout, str(mistake) in checked.stderr) == (2, True, True)
    with pytest.raises(click.BadParameter, match="names no body"):
        named_bodies(path)


def test_a_bad_row_is_named_and_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bodies.csv"
    path.write_text("agency\nSở \x1b[31mY tế\nSở Tài chính\n", encoding="utf-8")
    assert named_bodies(path) == ("Sở Tài chính",)
    assert "bodies.csv:2: " in (said := capsys.readouterr().err)
    assert "\x1b" not in said


def test_the_command_prints_them(tmp_path: Path) -> None:
    bodies, targets = tmp_path / "bodies.csv", tmp_path / "targets.csv"
    bodies.write_text("agency\nSở Tài chính\nSở \u202eY tế\n", encoding="utf-8")
    targets.write_text("domain,agency\na.hanoi.gov.vn,Sở Tài chính\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["targets", "check", str(targets), "--bodies", str(bodies)])
    assert result.exit_code == 0, result.output
    assert "1 of 2 bodies have no domain" in result.output
    assert "\u202e" not in result.output


def test_the_shipped_lists_know_bodies_without_a_confirmed_domain() -> None:
    result = CliRunner().invoke(cli, ["targets", "check", "targets/hanoi.csv", "--bodies", "targets/hanoi-unverified.csv"])
    assert result.exit_code == 0, result.output
    assert "Công an thành phố Hà Nội" in result.output
