"""What an import is held against before it replaces the table in force."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from ipv6check.data import Shelf, TableError, TableProblem, Tables, Trouble, update
from ipv6check.data.kinds import KINDS, ROUTES
from tests.data.making import NOW, put, source

ANY_SIZE = replace(ROUTES, fewest={})


def dump(v4: int, v6: int, day: int = 20) -> str:
    head = f"% generated at Fri Nov {day:2} 08:00:00 UTC 2026.\n"
    return head + "".join(f"1\t10.{n}.0.0/16\t9\n" for n in range(v4)) + "".join(f"1\t2001:{n:x}::/32\t9\n" for n in range(v6))


def entries(directory: Path) -> dict[str, int]:
    return dict(Shelf(directory).manifest("routes").counts)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a table of 10 routes of each family."""
    put(tmp_path, "routes", dump(10, 10))
    return tmp_path


DOUBTS = [
    (dump(4, 10), "4 entries for ipv4 in place of 10"),
    (dump(10, 4), "4 entries for ipv6 in place of 10"),
    (dump(20, 0), "0 entries for ipv6 in place of 10"),
    (dump(10, 10, 19), "of 2026-11-19 08:00, older than the table in force (2026-11-20 08:00 UTC)"),
    (dump(10, 10, 23), "dated in the future"),
    (dump(10, 10) + "rubbish\n" * 2, "2 of 22 cannot be read, for example"),
]


@pytest.mark.parametrize(("content", "said"), DOUBTS)
def test_a_doubtful_import_is_refused_unless_it_is_forced(place: Path, content: str, said: str) -> None:
    before = entries(place)
    with pytest.raises(TableError) as caught:
        put(place, "routes", content, kind=ANY_SIZE, is_forced=False)
    assert said in str(caught.value)
    assert "force" in str(caught.value)
    assert entries(place) == before
    made = put(place, "routes", content, kind=ANY_SIZE, is_forced=True)
    assert entries(place) == made.manifest.counts


@pytest.mark.parametrize("content", [dump(5, 5), dump(30, 30, 21), dump(10, 10) + "rubbish\n", dump(10, 10, 22)])
def test_an_import_without_doubt_is_taken(place: Path, content: str) -> None:
    made = put(place, "routes", content, kind=ANY_SIZE, is_forced=False)
    assert entries(place) == made.manifest.counts


def test_a_first_table_that_is_much_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="only 10 entries for ipv4, at least 200,000 are expected"):
        put(tmp_path, "routes", dump(10, 10), is_forced=False)
    with pytest.raises(TableError, match="only 1 entries for ipv4"):
        put(tmp_path, "vrps", "AS1,192.0.2.0/24,24,x\n", is_forced=False)


def test_force_does_not_help_what_cannot_be_read(place: Path) -> None:
    with pytest.raises(TableError, match="nothing in it can be used"):
        put(place, "routes", dump(10, 10), "% only a comment\n")
    assert entries(place) == {"ipv4": 10, "ipv6": 10}


def test_a_registry_that_is_left_out_is_noticed(tmp_path: Path) -> None:
    apnic = "apnic|VN|ipv4|203.119.8.0|256|20040722|allocated|x\n" * 9
    put(tmp_path, "registry", apnic, "ripencc|NL|asn|1|1|20040722|allocated|x\n", is_forced=False)
    with pytest.raises(TableError, match="0 entries for ripencc asn in place of 1"):
        put(tmp_path, "registry", apnic, is_forced=False)


def test_statistics_that_are_cut_off_are_noticed(tmp_path: Path) -> None:
    text = "2|apnic|20261121|3|19830613|20261120|+1000\napnic|VN|ipv4|203.119.8.0|256|20040722|allocated|x\n"
    with pytest.raises(TableError, match="1 records, while its first line says 3"):
        put(tmp_path, "registry", text, is_forced=False)


def test_a_broken_table_in_force_may_be_replaced(place: Path) -> None:
    (place / "routes.json").write_text("{}")
    put(place, "routes", dump(1, 1), kind=ANY_SIZE, is_forced=False)
    assert entries(place) == {"ipv4": 1, "ipv6": 1}


def test_a_source_is_dated_by_itself_by_its_file_or_by_now(tmp_path: Path) -> None:
    shelf, earlier = Shelf(tmp_path), NOW - timedelta(days=3)
    sources = [source(dump(1, 1), "a"), source("1,192.0.2.0/24\n", "b", earlier), source("1,192.0.3.0/24\n", "c", None)]
    manifest = update(ROUTES, sources, shelf, NOW, is_forced=True).manifest
    assert [part.dated_by for part in manifest.sources] == ["itself", "modification", "import"]
    assert [part.date for part in manifest.sources][1:] == [earlier, NOW]
    assert manifest.date == earlier


def test_a_date_ahead_does_not_make_a_table_young_for_ever(tmp_path: Path) -> None:
    put(tmp_path, "routes", dump(1, 1, 30))
    found = Tables(tmp_path, NOW + timedelta(days=7, seconds=1)).origin_of(ip_address("10.0.0.1"))
    assert isinstance(found, TableProblem)
    assert found.trouble is Trouble.TOO_OLD


def test_every_question_to_a_missing_table_is_answered_by_its_problem(tmp_path: Path) -> None:
    found = Tables(tmp_path, NOW)
    address = ip_address("192.0.2.1")
    answers = [
        found.origin_of(address),
        found.covering_routes(address),
        found.registration_of(address),
        found.registration_of_as(1),
        found.as_name(1),
        found.validate(ip_network("192.0.2.0/24"), 1),
    ]
    assert [a.table for a in answers if isinstance(a, TableProblem)] == [
        "routes",
        "routes",
        "registry",
        "registry",
        "names",
        "vrps",
    ]
    assert str(answers[0]) == "routes: missing"


def test_every_kind_of_table_has_a_limit_of_age() -> None:
    assert {kind.name: kind.oldest.days for kind in KINDS} == {
        "routes": 7,
        "registry": 30,
        "vrps": 1,
        "names": 180,
        "holders": 730,
    }
