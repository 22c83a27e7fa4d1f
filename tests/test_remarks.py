"""Exceptions and disputes as lists: every mistake by file and line, the good rows stay."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ipv6check.model import Dispute, Exemption
from ipv6check.targets import sheets
from ipv6check.targets.register import Register, read_register
from ipv6check.targets.remarks import read_disputes, read_exceptions
from ipv6check.targets.sheets import Sheet

EXCEPTIONS = "domain,check,until,by,why\n"
DISPUTES = "domain,check,since,by,says,answered,answer\n"


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_exception_names_domain_check_day_person_and_reason(tmp_path: Path) -> None:
    text = 'Cong.HaNoi.gov.vn.,web-07,31/12/2026,Sở Mẫu,"thay máy chủ, quý IV"\n'
    sheet = read_exceptions(written(tmp_path, EXCEPTIONS + text))
    assert sheet.mistakes == []
    why = "thay máy chủ, quý IV"
    assert [row for _, row in sheet.rows] == [
        Exemption(domain="cong.hanoi.gov.vn", check="WEB-07", until=date(2026, 12, 31), by="Sở Mẫu", why=why)
    ]


def test_a_dispute_is_open_until_it_is_answered(tmp_path: Path) -> None:
    """Answered ones and a new one about the same check may stand together."""
    text = "a.vn,NS-05,2026-01-02,Sở A,máy chủ vẫn chạy,2026-01-09,đã đo lại\na.vn,NS-05,2026-03-01,Sở A,lại sai,,\n"
    sheet = read_disputes(written(tmp_path, DISPUTES + text))
    assert sheet.mistakes == []
    answered, asked = (row for _, row in sheet.rows)
    assert (answered.answered, answered.answer) == (date(2026, 1, 9), "đã đo lại")
    assert asked == Dispute(domain="a.vn", check="NS-05", since=date(2026, 3, 1), by="Sở A", says="lại sai")


def test_the_columns_of_the_answer_may_be_left_out(tmp_path: Path) -> None:
    sheet = read_disputes(written(tmp_path, "domain;check;since;by;says\na.vn;NS-05;2026-03-01;Sở A;sai\n"))
    assert len(sheet.rows) == 1
    assert sheet.mistakes == []


def assert_one_mistake(sheet: Sheet[Any], place: str, message: str) -> None:
    """One row is refused and named; what stands after it is read."""
    (mistake,) = sheet.mistakes
    assert str(mistake).startswith(place)
    assert message in mistake.message
    assert sheet.rows[-1][1].domain == "tot.vn"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("không hợp lệ,WEB-07,2026-12-31,A,vì\n", 2, "space"),
        ("a.vn,WEB-99,2026-12-31,A,vì\n", 2, "unknown check"),
        ("a.vn,OPS-01,2026-12-31,A,vì\n", 2, "unknown check"),
        ("a.vn,RES-02,2026-12-31,A,vì\n", 2, "unknown check"),
        ("a.vn,WEB-07,,A,vì\n", 2, "until is empty"),
        ("a.vn,WEB-07,mai,A,vì\n", 2, "is no date"),
        ("a.vn,WEB-07,2026-12-31,,vì\n", 2, "by is empty"),
        ("a.vn,WEB-07,2026-12-31,A,\u200b\n", 2, "why is empty"),
        ("a.vn,WEB-07,2026-12-31,A,vì\na.vn,WEB-07,2027-12-31,A,vì\n", 3, "line 2 already"),
    ],
)
def test_a_bad_exception_is_named(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = written(tmp_path, EXCEPTIONS + text + "tot.vn,WEB-07,2026-12-31,A,vì\n")
    assert_one_mistake(read_exceptions(path), f"{path}:{line}: ", message)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a.vn,NS-05,2026-01-02,A,sai,2026-01-09,\n", 2, "belong together"),
        ("a.vn,NS-05,2026-01-02,A,sai,,đúng\n", 2, "belong together"),
        ("a.vn,NS-05,2026-01-02,A,sai,2026-01-01,đúng\n", 2, "before since"),
        ("a.vn,NS-05,,A,sai,,\n", 2, "since is empty"),
        ("a.vn,NS-05,2026-01-02,A,,,\n", 2, "says is empty"),
        ("a.vn,NS-05,2026-01-02,A,sai,,\na.vn,NS-05,2026-01-03,B,sai,,\n", 3, "line 2 already"),
    ],
)
def test_a_bad_dispute_is_named(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = written(tmp_path, DISPUTES + text + "tot.vn,NS-05,2026-01-02,A,sai,,\n")
    assert_one_mistake(read_disputes(path), f"{path}:{line}: ", message)


def test_rows_about_domains_of_no_list_are_named_when_the_lists_are_at_hand(tmp_path: Path) -> None:
    exceptions = written(tmp_path, EXCEPTIONS + "a.vn,WEB-07,2026-12-31,A,vì\nla.vn,WEB-07,2026-12-31,A,vì\n", "e.csv")
    disputes = written(tmp_path, DISPUTES + "la.vn,WEB-07,2026-12-31,A,sai,,\n", "d.csv")
    register, mistakes = read_register(None, exceptions, disputes, frozenset({"a.vn"}))
    assert [one.domain for one in register.exemptions] == ["a.vn", "la.vn"]
    assert [one.domain for one in register.disputes] == ["la.vn"]
    assert [(one.file, one.line, one.is_error) for one in mistakes] == [(str(exceptions), 3, False), (str(disputes), 2, False)]
    register, mistakes = read_register(None, exceptions, disputes)
    assert (len(register.exemptions), len(register.disputes), mistakes) == (2, 1, ())


def test_a_list_is_read_up_to_the_most_rows_good_or_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    bad, good = "a.vn,WEB-99,2026-12-31,A,vì\n", "{}.vn,WEB-07,2026-12-31,A,vì\n"
    path = written(tmp_path, EXCEPTIONS + bad * 2 + good.format("tot") + good.format("muon"))
    sheet = read_exceptions(path)
    assert [row.domain for _, row in sheet.rows] == ["tot.vn"]
    assert str(sheet.mistakes[-1]) == f"{path}:5: is read up to here only: more than 3 rows are no list of ours"
    whole = read_exceptions(written(tmp_path, EXCEPTIONS + bad * 2 + good.format("tot")))
    assert [mistake.line for mistake in whole.mistakes] == [2, 3]


@pytest.mark.parametrize(
    ("content", "why"), [(b"PK\x03\x04", "workbook"), (b"\xff\xfed", "UTF-16"), (None, "cannot be read: No such")]
)
def test_a_file_that_is_no_list_is_named_once(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    (mistake,) = read_exceptions(path).mistakes
    assert why in mistake.message
    assert mistake.message.startswith("cannot be read") is (content is None)


def test_nothing_beside_the_lists_says_nothing() -> None:
    assert read_register(None, None, None) == (Register(), ())
