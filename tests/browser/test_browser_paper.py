"""Scorecards on paper, as a browser prints them: one page where all is well, a few where much is to be done."""

import io
from pathlib import Path

import pytest

from tests.browser.conftest import Looking

pypdf = pytest.importorskip("pypdf")

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GOOD = ("cong.hanoi.gov.vn", "hoadao.hanoi.gov.vn", "chotet.hanoi.gov.vn")
"""All is well; all is well and there is no www; nothing was measured."""

MUCH = (
    "lua.com.vn",
    "khituong-mau.hanoi.gov.vn",
    "langnghe-mau.hanoi.gov.vn",
    "vetau.hanoi.gov.vn",
    "thuvien-mau.hanoi.gov.vn",
)
"""Those with the most faults."""

MOST = 4


async def printed(looking: Looking, path: str) -> tuple[int, str]:
    """So many pages, and all that is on them."""
    await looking.at(path, media="print")
    pages = pypdf.PdfReader(io.BytesIO(await looking.page.pdf(prefer_css_page_size=True))).pages
    return len(pages), " ".join(" ".join(page.extract_text().split()) for page in pages)


@pytest.mark.parametrize("prefix", ["", "en/"], ids=["vi", "en"])
@pytest.mark.parametrize("domain", GOOD)
async def test_a_good_one_is_one_page(looking: Looking, sites: dict[str, Path], domain: str, prefix: str) -> None:
    looking.site = sites["grown"]
    count, text = await printed(looking, f"{prefix}domain/{domain}.html")
    assert count == 1
    assert f"ipv6check look {domain}" in text
    assert "night-23" in text, "the run"


@pytest.mark.parametrize("domain", MUCH)
async def test_no_one_is_more_than_a_few(looking: Looking, sites: dict[str, Path], domain: str) -> None:
    looking.site = sites["grown"]
    count, _ = await printed(looking, f"domain/{domain}.html")
    assert 1 < count <= MOST


async def test_what_asks_for_action_is_on_paper_and_what_passed_is_counted(looking: Looking, sites: dict[str, Path]) -> None:
    looking.site = sites["grown"]
    _, text = await printed(looking, "domain/vuonuom.hanoi.gov.vn.html")
    for said in ("REACH-01", "Cách khắc phục", "Cách tự kiểm chứng", "18 Đạt", "Bản in chỉ gồm những mục cần xử lý"):
        assert said in text, said
    for hidden in ("NS-02", "Thư gửi", "SHA-256"):
        assert hidden not in text, hidden
