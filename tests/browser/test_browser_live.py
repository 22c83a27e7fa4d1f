"""The application in Chromium: every kind of page and table readable for everybody, filters and downloads by what one clicks."""

import csv
import json
from pathlib import Path

import pytest

from ipv6check.reports.paths import agency_page
from tests.browser.conftest import Looking
from tests.reports.sample_city import CITY, TREES
from tests.reports.sample_past import LOST

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGES = {
    "overview": "index.html",
    "agency": agency_page(TREES),
    "domain": f"domain/{LOST}.html",
    "changes": "changes.html",
    "programme": "programme.html",
    "resources": "resources.html",
    "checks": "checks.html",
    "check": "check/REACH-01.html",
    "run": "run.html",
    "older-run": "runs/night-22/run.html",
    "find-domains": "domains?level=L0&sort=domain",
    "find-changes": "changes?kind=lost&sort=domain&order=desc",
    "find-agencies": "agencies?sort=share_at_goal&order=desc",
    "find-checks": "checks?severity=mandatory&sort=fail&order=desc",
    "find-providers": "providers?kind=dns",
    "find-runs": "runs?sort=started_at",
    "nothing-found": "domains?q=khong-co-ten-nay",
    "not-there": "nothing.html",
}
TABLES = tuple(path.partition("?")[0] for name, path in PAGES.items() if name.startswith("find-"))
WIDE, SMALLEST = 1280, 360


def in_english(path: str) -> str:
    return path.replace("runs/night-22/", "runs/night-22/en/") if path.startswith("runs/night") else f"en/{path}"


@pytest.mark.parametrize("name", PAGES)
async def test_everybody_can_read_it(looking: Looking, served: str, pictures: Path, name: str) -> None:
    """Light and dark, wide and narrow, in both languages: no serious fault by axe, nothing beyond the window."""
    looking.site = served
    for path, width, scheme in (
        (PAGES[name], WIDE, "light"),
        (PAGES[name], SMALLEST, "light"),
        (in_english(PAGES[name]), SMALLEST, "dark"),
    ):
        await looking.at(path, width=width, scheme=scheme)
        assert await looking.overflow() <= 0
        await looking.page.screenshot(path=pictures / f"live-{name}-{path[:2]}-{width}-{scheme}.png", full_page=True)
        if (width, scheme) != (SMALLEST, "light"):
            assert await looking.violations() == []
    if name == "not-there":
        looking.complaints = [one for one in looking.complaints if "404" not in one]


@pytest.mark.parametrize("name", ["find-domains", "check", "run"])
async def test_it_prints(looking: Looking, served: str, name: str) -> None:
    looking.site = served
    await looking.at(PAGES[name], scheme="dark", media="print")
    assert await looking.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        await looking.page.locator("form, .pager").evaluate_all("all => all.filter(one => one.checkVisibility()).length") == 0
    )


async def test_filters_are_set_by_the_form_and_stand_in_the_address(looking: Looking, served: str) -> None:
    looking.site = served
    await looking.at("domains")
    await looking.page.fill("input[name=q]", "cây xanh")
    await looking.page.select_option("select[name=check]", "REACH-01")
    await looking.page.select_option("select[name=outcome]", "fail")
    await looking.page.click("button[type=submit]")
    await looking.page.wait_for_load_state()
    assert "check=REACH-01" in looking.page.url
    found = await looking.page.locator("table.domains tbody th a").all_text_contents()
    assert sorted(found) == ["cayxanh.hanoi.gov.vn", LOST]
    assert await looking.page.input_value("input[name=q]") == "cây xanh"
    await looking.page.click("thead >> text=Tên miền")
    assert "sort=domain" in looking.page.url
    assert "check=REACH-01" in looking.page.url
    await looking.page.click("text=Bỏ bộ lọc")
    await looking.page.wait_for_url("**/domains")
    assert await looking.page.locator("table.domains tbody tr").count() == len(CITY)


@pytest.mark.parametrize("table", TABLES)
async def test_a_table_is_taken_as_csv_and_json(looking: Looking, served: str, tmp_path: Path, table: str) -> None:
    looking.site = served
    await looking.at(f"{table}?per_page=50")
    async with looking.page.expect_download() as waiting:
        await looking.page.click(".pager >> text=CSV >> nth=0")
    download = await waiting.value
    await download.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8-sig").splitlines()))
    shown = await looking.page.locator("table tbody tr").count()
    await looking.page.click(".pager >> text=JSON >> nth=0")
    told = json.loads(await looking.page.inner_text("body"))
    assert len(rows) == told["total"] >= shown > 0
    assert list(rows[0]) == list(told[table][0])
    looking.complaints = [one for one in looking.complaints if "format=csv" not in one]


async def test_the_menu_and_the_tables_lead_to_one_another(looking: Looking, served: str) -> None:
    looking.site = served
    await looking.at("en/index.html")
    await looking.page.click(".menu >> text=Find")
    for title in ("Find agencies", "Find checks", "Find providers", "Find runs", "Find changes", "Find domain names"):
        await looking.page.click(f".contents >> text={title}")
        assert await looking.page.inner_text("h1") == title
    await looking.page.click(".languages >> text=Tiếng Việt")
    assert await looking.page.inner_text("h1") == "Tra cứu tên miền"
