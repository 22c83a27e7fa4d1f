"""What was told is known the next time, and only one program adds to it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from ipv6check.notices.memory import KEPT, Memory
from ipv6check.store import StorageError

TODAY = date(2026, 11, 21)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "notices.json"


def test_what_was_noted_is_known_to_the_next_program(path: Path) -> None:
    with Memory.held(path) as memory:
        memory.note("mail:Sở Hoa Sen", ["r1 a.vn NS-03"], TODAY)
    again = Memory(path)
    assert again.has("mail:Sở Hoa Sen", "r1 a.vn NS-03")
    assert not again.has("mail:Sở Hoa Sen", "r1 a.vn NS-04")
    assert not again.has("webhook:", "r1 a.vn NS-03")


def test_it_is_noted_at_once_and_not_at_the_end(path: Path) -> None:
    with Memory.held(path) as memory:
        memory.note("mail:", ["r1 a.vn NS-03"], TODAY)
        assert Memory(path).has("mail:", "r1 a.vn NS-03")


def test_a_second_program_is_refused(path: Path) -> None:
    with Memory.held(path), pytest.raises(StorageError, match="another ipv6check"), Memory.held(path):
        pass


def test_what_is_long_ago_is_let_go(path: Path) -> None:
    with Memory.held(path) as memory:
        memory.note("mail:", ["old"], TODAY - KEPT - timedelta(days=1))
        memory.note("mail:", ["kept"], TODAY - KEPT)
        memory.note("mail:", ["new"], TODAY)
    assert [key for key in ("old", "kept", "new") if Memory(path).has("mail:", key)] == ["kept", "new"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"told": 1}', '{"told": {"a": 1}}', "\ufeff{", '{"told"'])
def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notices.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StorageError, match="damaged"), Memory.held(path):
        pass
    assert path.read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError), Memory.held(tmp_path / "file" / "notices.json"):
        pass
