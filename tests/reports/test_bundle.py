"""An agency's bundle: whole, readable from the folder it is unpacked to, the same for the same run, and of nobody else."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest

from ipv6check.model import Body
from ipv6check.reports.bundle import write_bundle
from ipv6check.reports.standing import by_agency
from ipv6check.score import Card
from tests.reports import test_site_pages as every_page
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import TREES, City
from tests.reports.sample_past import Months

CONTACT = "Trung tâm Giả định, ipv6@hanoi.example"


@pytest.fixture(scope="module")
def bundle(past_nights: Months, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of one agency, with its nights."""
    return made(past_nights, TREES, tmp_path_factory.mktemp("bundles"))


def made(nights: Months, agency: str, folder: Path) -> Path:
    city = nights.city
    own = by_agency(city.cards)[agency]
    return write_bundle(
        city.run,
        agency,
        own,
        folder,
        evidence_of=city.evidence_of,
        past=nights.past.of({c.target.domain for c in own}),
        contact=CONTACT,
    )


@pytest.fixture(scope="module")
def unpacked(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that comes out of it."""
    place = tmp_path_factory.mktemp("unpacked")
    with ZipFile(bundle) as read:
        read.extractall(place)
    (folder,) = place.iterdir()
    return folder


@pytest.fixture(scope="module")
def its_pages(unpacked: Path) -> list[Page]:
    return pages_of(unpacked)


def domains(cards: Iterable[Card]) -> set[str]:
    return {card.target.domain for card in cards}


def test_it_holds_scorecards_table_letters_and_a_read_me(unpacked: Path, past_nights: Months) -> None:
    own = domains(by_agency(past_nights.city.cards)[TREES])
    for root in (unpacked, unpacked / "en"):
        assert {path.stem for path in (root / "domain").iterdir()} == own
        assert (root / "index.html").is_file()
        assert list((root / "letters").glob("*.txt"))
    rows = list(csv.DictReader((unpacked / "ket-qua.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["ten_mien"] for row in rows} == own
    assert {row["co_quan"] for row in rows} == {TREES}
    assert (unpacked / "tu-dien-du-lieu.csv").read_bytes().startswith("\ufeffcot,nhan,".encode())


def test_the_read_me_is_vietnamese_first(unpacked: Path, past_nights: Months) -> None:
    raw = (unpacked / "DOC-TRUOC.txt").read_bytes().decode("utf-8")
    assert raw.startswith("\ufeffKẾT QUẢ ĐO")
    assert raw.count("\n") == raw.count("\r\n")
    vietnamese, english = raw.split("----")
    for text in (vietnamese, english):
        assert TREES in text
        assert CONTACT in text
        assert "{" not in text
    assert f"Số tên miền: {len(by_agency(past_nights.city.cards)[TREES])}\r\n" in vietnamese
    assert "bản in" not in vietnamese, "there is none without --pdf"


def test_its_pages_are_whole_and_lead_nowhere_else(its_pages: list[Page], unpacked: Path) -> None:
    every_page.test_pages_are_whole(its_pages)
    every_page.test_nothing_is_fetched_from_elsewhere(its_pages)
    every_page.test_internal_links_resolve(its_pages, unpacked)


def test_who_answers_questions_stands_at_the_foot(its_pages: list[Page]) -> None:
    for page in its_pages:
        if page.path.parent.name == "domain":
            assert CONTACT in page.text
            assert f"ipv6check look {page.path.stem}" in page.text


@pytest.mark.parametrize("agency", [TREES, "Sở Lớp học và Sân chơi", "Trung tâm Gốm và Lụa"])
def test_nothing_of_other_agencies_is_in_it(past_nights: Months, agency: str, tmp_path: Path) -> None:
    """Neither a name nor a domain, in no file and no file's name."""
    own = by_agency(past_nights.city.cards)
    others = {name for name in own if name != agency}
    foreign = others | {domain for name in others for domain in domains(own[name])}
    with ZipFile(made(past_nights, agency, tmp_path)) as read:
        for name in read.namelist():
            text = name + read.read(name).decode("utf-8", "replace")
            assert [one for one in foreign if one in text] == [], name


def test_who_stands_above_and_what_is_noted_of_bodies_is_not_in_it(city: City, tmp_path: Path) -> None:
    """A note may name others; of the bodies that it took over from, what it must know is whose their domains were."""
    old = "Sở Giả định"
    cards = [replace(card, target=replace(card.target, agency=old)) for card in by_agency(city.cards)[TREES]]
    bodies = (
        Body(name=old, parent="Ủy ban Mẫu", valid_to=date(2026, 1, 1), successor=TREES, note="một phần về Sở Khác"),
        Body(name=TREES, parent="Ủy ban Mẫu", note="cần hỏi Sở Khác"),
    )
    path = write_bundle(city.run, TREES, cards, tmp_path, structure={body.name: body for body in bodies})
    with ZipFile(path) as read:
        texts = [read.read(name).decode("utf-8", "replace") for name in read.namelist()]
    assert not [text for text in texts if "Sở Khác" in text or "Ủy ban Mẫu" in text]
    assert any(f"tính cho {TREES}" in text for text in texts)


def test_the_same_run_gives_the_same_bytes(past_nights: Months, bundle: Path, tmp_path: Path) -> None:
    again = made(past_nights, TREES, tmp_path)
    assert again.name == bundle.name
    assert again.read_bytes() == bundle.read_bytes()
    with ZipFile(again) as read:
        assert {entry.date_time for entry in read.infolist()} == {(2026, 11, 21, 1, 30, 4)}, "seconds are even in a zip"
        assert read.namelist() == sorted(read.namelist())
        assert {name.partition("/")[0] for name in read.namelist()} == {again.stem}
        assert all(name.isascii() for name in read.namelist())


def test_who_has_no_agency_gets_nothing_of_those_without_a_code(city: City, tmp_path: Path) -> None:
    first, second = city.cards[:2]
    nobody = replace(first, target=replace(first.target, agency="", agency_code=""))
    path = write_bundle(city.run, "", [nobody], tmp_path, evidence_of=city.evidence_of)
    with ZipFile(path) as read:
        table = io.StringIO(read.read(f"{path.stem}/ket-qua.csv").decode("utf-8-sig"))
        assert [row["ten_mien"] for row in csv.DictReader(table)] == [first.target.domain]
        assert not [name for name in read.namelist() if second.target.domain in name]
        assert "Chưa ghi tên cơ quan" in read.read(f"{path.stem}/DOC-TRUOC.txt").decode("utf-8")


def test_a_bundle_that_cannot_be_made_leaves_the_old_one(city: City, tmp_path: Path) -> None:
    own = by_agency(city.cards)[TREES]
    path = write_bundle(city.run, TREES, own, tmp_path)
    before = path.read_bytes()

    def breaks(domain: str) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_bundle(city.run, TREES, own, tmp_path, evidence_of=breaks)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
