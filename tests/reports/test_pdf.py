"""A scorecard as PDF: A4, Vietnamese, letters of its own, one page where all is well; nothing is fetched for it."""

import logging
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

from ipv6check.reports.extras import ExtraError
from ipv6check.reports.pdf import printing
from ipv6check.reports.site import write_site
from tests.reports.html_page import Page
from tests.reports.sample_past import LOST, Months

pypdf = pytest.importorskip("pypdf")

A4 = (595, 842)
GOOD = "cong.hanoi.gov.vn"
VOWELS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


@pytest.fixture(scope="module")
def printed(past_nights: Months, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with PDFs, of a good domain and a bad one."""
    try:
        made = printing()
    except ExtraError as error:
        pytest.skip(str(error))
    city = past_nights.city
    cards = [card for card in city.cards if card.target.domain in {GOOD, LOST}]
    return write_site(
        city.run, cards, tmp_path_factory.mktemp("paper") / "site", evidence_of=city.evidence_of, past=past_nights.past,
        contact="Trung tâm Giả định, 024 0000 0000", printing=made,
    ).parent  # fmt: skip


def read(path: Path) -> tuple[list[tuple[int, int]], str]:
    """The sizes of the pages in points, and all text."""
    pages = pypdf.PdfReader(path).pages
    sizes = [(round(page.mediabox.width), round(page.mediabox.height)) for page in pages]
    return sizes, " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_a_good_scorecard_is_one_page_of_a4(printed: Path) -> None:
    sizes, text = read(printed / "domain" / f"{GOOD}.pdf")
    assert sizes == [A4]
    for said in (
        "Phiếu đánh giá IPv6",
        "ít nhất",
        "Trang web hoạt động qua IPv6",
        "Địa chỉ IP và định tuyến",
        "Trung tâm Giả định, 024 0000 0000",
        f"ipv6check look {GOOD}",
        "night-23",
    ):
        assert said in text, said


def test_a_bad_one_is_a_few_pages_that_say_what_to_do(printed: Path) -> None:
    sizes, text = read(printed / "domain" / f"{LOST}.pdf")
    assert set(sizes) == {A4}
    assert 1 < len(sizes) <= 4
    for said in ("Không đạt", "Cách khắc phục", "Cách tự kiểm chứng", "REACH-10"):
        assert said in text, said
    assert "NS-02" not in text, "what passed is not on paper"


def test_it_has_its_letters_with_it(printed: Path) -> None:
    fonts = set()
    for page in pypdf.PdfReader(printed / "domain" / f"{LOST}.pdf").pages:
        for font in page["/Resources"]["/Font"].values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            assert (
                "/FontFile2" in descendant.get_object()["/FontDescriptor"]
                or "/FontFile3" in descendant.get_object()["/FontDescriptor"]
            )
            fonts.add(font.get_object()["/BaseFont"].partition("+")[2])
    assert {"Noto-Sans", "Noto-Sans-Bold"} <= fonts


def test_the_letters_are_those_of_vietnamese() -> None:
    fonts = pytest.importorskip("fontTools.ttLib")
    folder = files("ipv6check.reports").joinpath("fonts")
    for weight in ("Regular", "Bold"):
        with folder.joinpath(f"NotoSans-{weight}.woff2").open("rb") as file:
            known = fonts.TTFont(file).getBestCmap()
        assert [letter for letter in VOWELS + VOWELS.upper() + "“”–…₫" if ord(letter) not in known] == []


def test_pages_lead_to_it_in_both_languages(printed: Path) -> None:
    for page in (printed / "domain" / f"{GOOD}.html", printed / "en" / "domain" / f"{GOOD}.html"):
        (link,) = (element["href"] for element in Page(page).all("a") if element["href"].endswith(".pdf"))
        assert (page.parent / link).resolve() == (printed / "domain" / f"{GOOD}.pdf").resolve()


def test_without_it_no_page_leads_there(site: Path) -> None:
    assert ".pdf" not in (site / "domain" / f"{GOOD}.html").read_text(encoding="utf-8")


def test_it_names_no_folder_of_the_machine_that_made_it(printed: Path) -> None:
    for path in printed.rglob("*.pdf"):
        read_again = pypdf.PdfReader(path)
        assert not [page for page in read_again.pages if "/Annots" in page]
        streams = b"".join(page.get_contents().get_data() for page in read_again.pages)
        assert str(printed.parent).encode() not in path.read_bytes() + streams


def test_the_same_page_gives_the_same_bytes(printed: Path, tmp_path: Path) -> None:
    printing()(printed / "domain" / f"{GOOD}.html", tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == (printed / "domain" / f"{GOOD}.pdf").read_bytes()


@pytest.mark.usefixtures("printed")
def test_nothing_is_fetched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>x<img src='https://evil.example/x.png'><img src='ftp://evil.example/x.png'>")
    make = printing()
    with caplog.at_level(logging.ERROR, "weasyprint"):
        make(page, tmp_path / "page.pdf")
    assert len([record for record in caplog.records if "disallowed protocol" in record.getMessage()]) == 2


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ExtraError, match=r"pip install 'ipv6check\[pdf\]'"):
        printing()


def test_without_pango_it_names_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """WeasyPrint is there, and fails while it is imported."""

    class Broken(ModuleType):
        def __getattr__(self, name: str) -> NoReturn:
            raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setitem(sys.modules, "weasyprint", Broken("weasyprint"))
    with pytest.raises(ExtraError, match="apt install libpango"):
        printing()
