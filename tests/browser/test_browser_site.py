"""The pages in Chromium: no complaint, no overflow on a small screen, readable for everybody in both themes, whole on paper."""

from pathlib import Path

import pytest

from ipv6check.reports.paths import agency_page
from tests.browser.conftest import Looking
from tests.reports.sample_city import TREES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OVERVIEW = "index.html"
AGENCY = agency_page(TREES)
BROKEN = "domain/vuonuom.hanoi.gov.vn.html"
GOOD = "domain/cong.hanoi.gov.vn.html"
CHECKS = "checks.html"
RESOURCES = "resources.html"
LOST = "domain/thuvien-mau.hanoi.gov.vn.html"
PAGES = {
    "overview": OVERVIEW,
    "agency": AGENCY,
    "scorecard": BROKEN,
    "good": GOOD,
    "lost": LOST,
    "checks": CHECKS,
    "resources": RESOURCES,
}
SMALL = 375
SMALLEST = 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prefix", ["", "en/"], ids=["vi", "en"])
@pytest.mark.parametrize("name", PAGES)
async def test_everybody_can_read_it(looking: Looking, pictures: Path, name: str, prefix: str, scheme: str) -> None:
    """No serious or critical fault by axe, in both languages and themes; Vietnamese on a small screen too."""
    for width in (1280, SMALL) if not prefix else (1280,):
        await looking.at(prefix + PAGES[name], width=width, scheme=scheme)
        assert await looking.violations() == []
        if not prefix:
            await looking.page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("which", ["blind", "public"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_other_sites_are_as_readable(looking: Looking, sites: dict[str, Path], which: str, scheme: str) -> None:
    """From a blind measuring point, and for the public."""
    looking.site = sites[which]
    for page in (OVERVIEW, AGENCY, *((GOOD,) if which == "blind" else ())):
        await looking.at(page, scheme=scheme)
        assert await looking.violations() == []


@pytest.mark.parametrize("width", [SMALL, SMALLEST])
@pytest.mark.parametrize("prefix", ["", "en/"], ids=["vi", "en"])
@pytest.mark.parametrize("name", PAGES)
async def test_nothing_runs_over_a_small_screen(looking: Looking, name: str, prefix: str, width: int) -> None:
    """The body never scrolls sideways; wide tables scroll within their frames."""
    await looking.at(prefix + PAGES[name], width=width)
    assert await looking.overflow() <= 0


async def test_style_and_icon_are_loaded(looking: Looking) -> None:
    """From the file system too, under our own policy."""
    await looking.at(BROKEN)
    assert await looking.page.evaluate("document.styleSheets.length") == 1
    assert await looking.page.evaluate("getComputedStyle(document.querySelector('.top')).borderBottomWidth") == "3px"
    assert await looking.page.evaluate("document.querySelector('.brand img').naturalWidth") > 0


async def test_the_policy_blocks_what_is_not_ours(looking: Looking) -> None:
    """A script or a style that slipped in would not act."""
    await looking.at(OVERVIEW)
    await looking.page.evaluate(
        """() => {
            const script = document.createElement('script'); script.textContent = 'window.acted = true'; document.body.append(script);
            document.querySelector('h1').setAttribute('style', 'display: none');
        }"""
    )
    assert await looking.page.evaluate("window.acted") is None
    assert await looking.page.evaluate("getComputedStyle(document.querySelector('h1')).display") != "none"
    blocked, looking.complaints = looking.complaints, []
    assert blocked
    assert all("Content Security Policy" in complaint for complaint in blocked)


async def test_the_keyboard_reaches_the_content_first(looking: Looking) -> None:
    """The first stop is the way past the menu, and it is seen when it is there."""
    await looking.at(OVERVIEW)
    await looking.page.keyboard.press("Tab")
    assert await looking.page.evaluate("document.activeElement.className") == "skip"
    assert await looking.page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")
    await looking.page.keyboard.press("Enter")
    assert await looking.page.evaluate("document.activeElement.id") == "main"


async def test_languages_and_links_work(looking: Looking) -> None:
    """From the overview to a scorecard and over to English, by what a reader clicks."""
    await looking.at(OVERVIEW)
    await looking.page.click("text=vuonuom.hanoi.gov.vn")
    await looking.page.click(".languages >> text=English")
    assert looking.page.url.endswith("/en/domain/vuonuom.hanoi.gov.vn.html")
    assert await looking.page.evaluate("document.documentElement.lang") == "en"
    await looking.page.click(".brand")
    assert looking.page.url.endswith("/en/index.html")


@pytest.mark.parametrize("width", [1280, SMALLEST])
@pytest.mark.parametrize("prefix", ["", "en/"], ids=["vi", "en"])
@pytest.mark.parametrize("name", ["good", "lost"])
async def test_the_picture_of_the_way_holds_its_text(looking: Looking, name: str, prefix: str, width: int) -> None:
    """No line runs out of the picture, and no mark's word into the next mark."""
    await looking.at(prefix + PAGES[name], width=width)
    outside = """[...document.querySelectorAll('.way text')].filter(text => {
        const box = text.closest('svg.way').getBoundingClientRect(), own = text.getBoundingClientRect();
        return own.right > box.right || own.bottom > box.bottom || own.left < box.left;
    }).map(text => text.textContent)"""
    assert await looking.page.evaluate(outside) == []
    overlapping = """[...document.querySelectorAll('.way > text.way-text')].filter(text => {
        const row = text.nextElementSibling;
        return row?.tagName == 'svg' && row.querySelector('use').getBoundingClientRect().left < text.getBoundingClientRect().right;
    }).map(text => text.textContent)"""
    assert await looking.page.evaluate(overlapping) == []


async def test_a_letter_is_copied_without_a_script(looking: Looking) -> None:
    """A click into it and Ctrl+A choose the letter and nothing else; it cannot be changed by mistake."""
    await looking.at(LOST)
    await looking.page.click(".letter summary")
    await looking.page.click(".letter-text")
    await looking.page.keyboard.press("Control+a")
    chosen = "(t => t.value.slice(t.selectionStart, t.selectionEnd))(document.activeElement)"
    text = await looking.page.evaluate(chosen)
    assert text.startswith("Kính gửi:")
    assert text.endswith("\n")
    assert await looking.page.evaluate("document.activeElement.readOnly")


@pytest.mark.parametrize("name", ["overview", "scorecard"])
async def test_it_prints_on_paper(looking: Looking, pictures: Path, name: str) -> None:
    """A4, without menus, with what is folded away on the screen unfolded, in any theme."""
    await looking.at(PAGES[name], scheme="dark", media="print")
    hidden = await looking.page.evaluate(
        "[...document.querySelectorAll('.menu, .languages, .skip')].map(e => getComputedStyle(e).display)"
    )
    assert set(hidden) == {"none"}
    assert await looking.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    if name == "scorecard":
        shut = (
            "[...document.querySelectorAll('.check details')].filter(d => !d.querySelector('.advice').checkVisibility()).length"
        )
        await looking.page.evaluate("document.querySelectorAll('.check details').forEach(d => d.open = false)")
        assert await looking.page.evaluate(shut) == 0
    paper = await looking.page.pdf(path=pictures / f"{name}.pdf", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in paper or b"/MediaBox [0 0 595" in paper
