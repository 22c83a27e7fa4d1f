"""Bodies without a domain are found whatever the list of them looks like."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ipv6check.cli import cli
from ipv6check.model import Target
from ipv6check.targets.bodies import BodiesError, read_bodies, without_domain

LISTED = (Target(domain="a.hanoi.gov.vn", agency="Sở Tài chính"), Target(domain="b.hanoi.gov.vn", agency="Phường Cửa Nam"))


@pytest.mark.parametrize(
    "text",
    [
        "agency\nSở Tài chính\nSở Y tế\n",
        "\ufeffagency,kind\r\nSở Tài chính,so\r\nSở Y tế,so\r\nSở Y tế,so\r\n",
        "# bodies\n\nkind;agency\nso;Sở Tài chính\nso; Sở Y tế \nso;\nso\n",
        'agency,note\n"Sở Tài chính","a, b"\nSở Y tế\n',
        "agency\nSo\u031b\u0309 Tài chính\nSở Y tế\n",
    ],
)
def test_bodies_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bodies.csv"
    path.write_text(text, encoding="utf-8")
    assert read_bodies(path) == ("Sở Tài chính", "Sở Y tế")
    assert without_domain(read_bodies(path), LISTED) == ("Sở Y tế",)


@pytest.mark.parametrize("content", [b"", b"domain,kind\n", b"agency\n\xff\xfe\n"])
def test_what_is_no_list_of_bodies_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bodies.csv"
    path.write_bytes(content)
    with pytest.raises(BodiesError, match=r"bodies\.csv"):
        read_bodies(path)


def test_the_command_prints_them(tmp_path: Path) -> None:
    bodies, targets = tmp_path / "bodies.csv", tmp_path / "targets.csv"
    bodies.write_text("agency\nSở Tài chính\nSở \x1b[31mY tế\n", encoding="utf-8")
    targets.write_text("domain,agency\na.hanoi.gov.vn,Sở Tài chính\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["targets", "check", str(targets), "--bodies", str(bodies)])
    assert result.exit_code == 0, result.output
    assert "1 of 2 bodies have no domain" in result.output
    assert "\x1b" not in result.output


def test_the_shipped_lists_know_bodies_without_a_confirmed_domain() -> None:
    result = CliRunner().invoke(cli, ["targets", "check", "targets/hanoi.csv", "--bodies", "targets/hanoi-unverified.csv"])
    assert result.exit_code == 0, result.output
    assert "Công an thành phố Hà Nội" in result.output
