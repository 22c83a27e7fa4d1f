"""The bodies of the city: every mistake by file and line, no circle, totals that follow the successor."""

from datetime import date
from pathlib import Path

import pytest

from ipv6check.model import Body, Target
from ipv6check.targets import read
from ipv6check.targets.agencies import heir, joined, read_agencies
from ipv6check.targets.register import read_register

HEAD = "agency,kind,parent,valid_from,valid_to,successor,note\n"
CITY = "UBND thành phố (giả định),ubnd,,,,,\n"


def written(folder: Path, text: str, head: str = HEAD) -> Path:
    path = folder / "agencies.csv"
    path.write_text(head + text, encoding="utf-8")
    return path


def test_bodies_are_read_with_parents_dates_and_successors(tmp_path: Path) -> None:
    """In any order: what a row names may stand below it."""
    text = f"Sở Cũ,so,UBND thành phố (giả định),,28/02/2025,Sở Mới,cần xác nhận\n{CITY}Sở Mới,so,UBND thành phố (giả định),2025-03-01,,,\n"
    sheet = read_agencies(written(tmp_path, text))
    assert sheet.mistakes == []
    old, city, new = (body for _, body in sheet.rows)
    assert old == Body(
        name="Sở Cũ",
        kind="so",
        parent="UBND thành phố (giả định)",
        valid_to=date(2025, 2, 28),
        successor="Sở Mới",
        note="cần xác nhận",
    )
    assert (city.parent, new.valid_from) == ("", date(2025, 3, 1))


def test_one_column_is_enough(tmp_path: Path) -> None:
    sheet = read_agencies(written(tmp_path, "Sở Mẫu\n", "\ufeffagency\n"))
    assert [body.name for _, body in sheet.rows] == ["Sở Mẫu"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Sở A,so,Sở Không Có,,,,\n", 2, "unknown parent"),
        ("Sở A,so,,,2025-01-01,Sở Không Có,\n", 2, "unknown successor"),
        (CITY + "Sở A,so,Sở A,,,,\n", 3, "circle"),
        ("A,,B,,,,\nB,,C,,,,\nC,,A,,,,\n", 4, "circle"),
        ("A,,,,2025-01-01,B,\nB,,,,2025-02-01,A,\n", 3, "circle"),
        ("A,,,,2025-01-01,B,\nB,,A,,,,\n", 3, "circle"),
        ("B,,,,,,\nC,,,,,,\nA,,,,2025-01-01,B,\nA,,,,2025-01-01,C,\n", 5, "two successors, 'C' here and 'B' in line 4"),
        ("B,,,,,,\nC,,,,,,\nA,,,,2025-01-01,B; C,\n", 4, "several bodies"),
        ("B,,,,,,\nA,,,,,B,\n", 3, "takes over without a day"),
        ("A,,,2025-03-01,2025-02-01,,\n", 2, "before valid_from"),
        ("A,xyz,,,,,\n", 2, "unknown kind"),
        ("A,,,31/13/2025,,,\n", 2, "is no date"),
        (",so,,,,,\n", 2, "no agency"),
        ("A,,,,,,\nA,,,,,,\n", 3, "line 2 already"),
        ('A,,,,,,"offen\n', 2, "quotes"),
        ("A,,,,,,,,zuviel\n", 2, "9 cells"),
        ("A\x07,,,,,,\n", 2, "control character"),
    ],
)
def test_a_mistake_is_named_by_file_and_line_and_only_its_row_is_lost(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = written(tmp_path, text + "Sở Tốt,so,,,,,\n")
    sheet = read_agencies(path)
    (mistake,) = [one for one in sheet.mistakes if one.is_error]
    assert str(mistake).startswith(f"{path}:{line}: ")
    assert message in mistake.message
    assert "Sở Tốt" in {body.name for _, body in sheet.rows}
    assert line not in {number for number, _ in sheet.rows}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no header"),
        (b"name;colour\nA;red\n", "no header"),
        (b"PK\x03\x04xyz", "workbook"),
        (b"\xff\xfea\x00g\x00", "UTF-16"),
        (b"kind,parent\nso,\n", "no column agency"),
    ],
)
def test_what_is_no_list_of_bodies_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "agencies.csv"
    path.write_bytes(content)
    sheet = read_agencies(path)
    assert sheet.rows == []
    assert message in str(sheet.mistakes[0])
    assert str(path) in str(sheet.mistakes[0])


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in str(read_agencies(tmp_path / "none.csv").mistakes[0])


OLD = Body(name="A", valid_to=date(2025, 2, 28), successor="B")
BETWEEN = Body(name="B", valid_to=date(2026, 6, 30), successor="C")
BODIES = {body.name: body for body in (OLD, BETWEEN, Body(name="C"), Body(name="D", valid_to=date(2020, 1, 1)))}


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("A", date(2025, 2, 28), "A"),
        ("A", date(2025, 3, 1), "B"),
        ("A", date(2026, 6, 30), "B"),
        ("A", date(2026, 7, 1), "C"),
        ("C", date(2030, 1, 1), "C"),
        ("D", date(2030, 1, 1), "D"),
        ("unknown", date(2030, 1, 1), "unknown"),
    ],
)
def test_totals_follow_the_successor_from_the_day_after_the_last(name: str, day: date, expected: str) -> None:
    """Who ended without a successor keeps its own; a successor of a successor takes over in turn."""
    assert heir(name, BODIES, day) == expected


def test_the_lists_add_their_parents_where_the_file_says_nothing() -> None:
    targets = [
        Target(domain="a.vn", agency="A", parent="X"),
        Target(domain="n.vn", agency="N", kind="so"),
        Target(domain="n2.vn", agency="N", parent="P"),
        Target(domain="p.vn", agency="P", parent="N"),
    ]
    found = joined(BODIES, targets)
    assert found["A"] == OLD, "the file counts"
    assert (found["N"].parent, found["N"].kind) == ("P", "so")
    assert found["P"].parent == "", "a circle is not closed"
    assert "X" not in found


def test_what_is_shipped_is_whole_and_tells_only_what_is_confirmed() -> None:
    """Every body of the list has its row; no date and no successor is given while none is confirmed."""
    folder = Path(__file__).parents[1] / "targets"
    register, mistakes = read_register(*(folder / f"{name}.csv" for name in ("agencies", "exceptions", "disputes")))
    assert mistakes == ()
    assert {target.agency for target in read(folder / "hanoi.csv").targets} == set(register.bodies)
    assert not [body for body in register.bodies.values() if body.valid_from or body.valid_to or body.successor]
    assert {body.kind for body in register.bodies.values() if body.parent} == {"so"}
