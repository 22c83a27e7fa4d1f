"""An official's five questions, each answered within two clicks from the front page (docs/dashboard.md): walked click by click."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.conftest import Looking
from tests.reports.sample_city import TREES
from tests.reports.sample_past import LOST, SILENT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MOST_CLICKS = 2
WORDS = {
    "vi": {
        "which": "Tên miền nào của cơ quan tôi chưa đạt?",
        "broken": "L0 Chưa sẵn sàng",
        "why": f"IPv6 của {LOST} đã công bố nhưng bị hỏng: không địa chỉ IPv6 nào kết nối được",
        "what": "Cách khắc phục",
        "do": "mở cổng 443 và 80 qua IPv6 trên tường lửa",
        "course": "Có đúng tiến độ không?",
        "behind": "Chậm so với mục tiêu",
        "until": "mục tiêu tính đến ngày này: 100,0%",
        "week": "Tuần này có gì thay đổi?",
        "days": "Trong 7 ngày qua",
        "gone": "Có thể bản ghi AAAA đã bị gỡ",
    },
    "en": {
        "which": "Which domain names of my agency fail?",
        "broken": "L0 Not ready",
        "why": f"IPv6 of {LOST} is published but broken: no IPv6 address answers",
        "what": "How to fix it",
        "do": "open ports 443 and 80 over IPv6 in the firewall",
        "course": "Are we on course?",
        "behind": "Behind the target",
        "until": "the target for this day: 100.0%",
        "week": "What changed this week?",
        "days": "In the last 7 days",
        "gone": "Perhaps the AAAA record was removed",
    },
}


@dataclass
class Walk:
    """A reader who starts at the front page, clicks what can be seen, and counts the clicks."""

    looking: Looking
    clicks: int = 0

    async def click(self, selector: str) -> None:
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS
        await self.looking.page.locator(selector).locator("visible=true").first.click()

    async def reads(self, text: str, within: str = "main") -> bool:
        """Whether a text stands there to be read, not folded away."""
        return text in " ".join((await self.looking.page.locator(within).first.inner_text()).split())


@pytest.fixture(params=["file", "live"])
def where(request: pytest.FixtureRequest, sites: dict[str, Path]) -> Path | str:
    """The site as files, and the same site served live."""
    place: Path | str = sites["grown"] if request.param == "file" else request.getfixturevalue("served")
    return place


@pytest.fixture(params=["vi", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def walk(looking: Looking, where: Path | str, language: str) -> Walk:
    looking.site = where
    await looking.at("index.html" if language == "vi" else "en/index.html")
    return Walk(looking)


async def test_which_of_my_domains_fail(walk: Walk, language: str) -> None:
    say = WORDS[language]
    await walk.click(f"text={say['which']}")
    await walk.click(f".agencies >> text={TREES}")
    worst = "section.group:has(#l0)"
    assert await walk.reads(say["broken"], worst)
    assert await walk.reads(LOST, worst)
    assert not await walk.reads("honuoc.hanoi.gov.vn", worst)


async def test_why(walk: Walk, language: str) -> None:
    await walk.click(f".agencies >> text={TREES}")
    await walk.click(f"table.domains >> text={LOST}")
    assert await walk.reads(WORDS[language]["why"], ".next")


async def test_what_do_i_do(walk: Walk, language: str) -> None:
    say = WORDS[language]
    await walk.click(f".agencies >> text={TREES}")
    assert not await walk.reads(say["do"])
    await walk.click(f".actions li:has-text('{LOST}'):has(details) summary >> text={say['what']}")
    assert await walk.reads(say["do"])


async def test_are_we_on_course(walk: Walk, language: str) -> None:
    say = WORDS[language]
    assert await walk.reads(say["behind"])
    await walk.click(f"text={say['course']}")
    assert await walk.reads(say["until"])
    assert await walk.looking.page.locator("svg.goal-chart").count() > 0


async def test_what_changed_this_week(walk: Walk, language: str) -> None:
    say = WORDS[language]
    await walk.click(f"text={say['week']}")
    assert await walk.reads(say["days"])
    assert await walk.reads(SILENT)
    assert await walk.reads(say["gone"])
