"""What the site tells of the nights before, in Chromium: readable for everybody, on small screens and on paper."""

from pathlib import Path

import pytest

from ipv6check.reports.paths import agency_page
from tests.browser.conftest import Looking
from tests.reports.sample_city import TREES
from tests.reports.sample_past import LOST, SUSPECT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGES = {
    "overview": "index.html",
    "changes": "changes.html",
    "programme": "programme.html",
    "lost": f"domain/{LOST}.html",
    "suspect": f"domain/{SUSPECT}.html",
    "agency": agency_page(TREES),
}
SIZES = (1280, 390, 360)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prefix", ["", "en/"], ids=["vi", "en"])
@pytest.mark.parametrize("name", PAGES)
async def test_the_past_is_readable(
    looking: Looking, sites: dict[str, Path], pictures: Path, name: str, prefix: str, scheme: str
) -> None:
    looking.site = sites["grown"]
    for width in SIZES if scheme == "light" else SIZES[:1]:
        await looking.at(prefix + PAGES[name], width=width, scheme=scheme)
        assert await looking.overflow() <= 0
        await looking.page.screenshot(path=pictures / f"past-{name}-{prefix[:2]}-{width}-{scheme}.png", full_page=True)
    await looking.at(prefix + PAGES[name], width=SIZES[0], scheme=scheme)
    assert await looking.violations() == []


@pytest.mark.parametrize(
    ("which", "path"),
    [("first", "programme.html"), ("first", "changes.html"), ("told", "programme.html"), ("told", "index.html")],
)
async def test_the_first_night_and_the_public_site_are_readable(
    looking: Looking, sites: dict[str, Path], which: str, path: str
) -> None:
    looking.site = sites[which]
    await looking.at(path)
    assert await looking.violations() == []
    await looking.at(path, width=SIZES[-1])
    assert await looking.overflow() <= 0


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", ["programme", "lost"])
async def test_charts_keep_their_text_within_the_page(looking: Looking, sites: dict[str, Path], name: str, width: int) -> None:
    """Words stand beside a chart, and not beyond the panel it is in; ticks do not run into one another."""
    looking.site = sites["grown"]
    await looking.at(PAGES[name], width=width)
    beyond = """[...document.querySelectorAll('.goal-chart text, .strip text')].filter(text => {
        const box = text.closest('.panel').getBoundingClientRect(), own = text.getBoundingClientRect();
        return own.right > box.right || own.left < box.left;
    }).map(text => text.textContent)"""
    assert await looking.page.evaluate(beyond) == []
    touching = """[...document.querySelectorAll('.goal-tick-text')].filter(text => {
        const next = [...text.parentNode.querySelectorAll('.goal-tick-text')].find(one => text.compareDocumentPosition(one) & 4);
        return next && next.getBoundingClientRect().left < text.getBoundingClientRect().right;
    }).map(text => text.textContent)"""
    assert await looking.page.evaluate(touching) == []


@pytest.mark.parametrize("name", ["programme", "changes", "lost"])
async def test_the_past_prints(looking: Looking, sites: dict[str, Path], pictures: Path, name: str) -> None:
    looking.site = sites["grown"]
    await looking.at(PAGES[name], scheme="dark", media="print")
    assert await looking.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    paper = await looking.page.pdf(path=pictures / f"past-{name}.pdf", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
