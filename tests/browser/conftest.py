"""A real browser that looks at the sample city's pages from the file system, and the rules of accessibility it applies."""

import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, async_playwright

from ipv6check.config import Settings, Store
from ipv6check.reports.site import write_site
from ipv6check.serve.app import app
from tests.reports.sample_city import sample_city
from tests.reports.sample_past import months, remember
from tests.reports.sample_vantage import Vantage

VENDOR = Path(__file__).parent / "vendor"
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-proxy-server"),
)
LEFT = "net::ERR_ABORTED"
"""Why an icon was not loaded when the test was through before it came."""

GRAVE = frozenset({"serious", "critical"})


def chromium() -> str | None:
    """Where Chromium is: the environment's word, then the path."""
    return os.environ.get("IPV6TEST_CHROMIUM") or shutil.which("chromium")


@dataclass
class Looking:
    """A page of the browser on a site (a folder, or the address of one that is served), and what it complained of."""

    page: Page
    site: Path | str
    complaints: list[str] = field(default_factory=list)

    async def at(self, path: str, *, width: int = 1280, scheme: Any = "light", media: Any = "screen") -> None:
        """Open a page of the site."""
        await self.page.set_viewport_size({"width": width, "height": 900})
        await self.page.emulate_media(color_scheme=scheme, media=media)
        root = self.site if isinstance(self.site, str) else self.site.as_uri()
        await self.page.goto(f"{root}/{path}")

    async def violations(self) -> list[str]:
        """What axe finds that is serious or critical. Evaluated, for our own policy forbids scripts on the page."""
        await self.page.evaluate((VENDOR / "axe.min.js").read_text(encoding="utf-8"))
        found = await self.page.evaluate("() => axe.run(document, {resultTypes: ['violations'], preload: false})")
        return [
            f"{one['id']} ({one['impact']}): {[(node['html'][:160], node['failureSummary'][:300]) for node in one['nodes'][:3]]}"
            for one in found["violations"]
            if one["impact"] in GRAVE
        ]

    async def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        width: int = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext]:
    """Chromium with a profile of its own; without one the tests are skipped, or fail where `CI` says that it must be there."""
    path = chromium()
    if path is None:
        reason = "no Chromium: install it (Debian: apt install chromium) or name it in IPV6TEST_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=path, args=list(ARGUMENTS), locale="vi-VN"
        )
        yield context
        await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample city's site: from a good measuring point, from one without IPv6, for the public, and after some weeks."""
    good, blind, output = sample_city(), sample_city(Vantage(v6=False, validates=False)), tmp_path_factory.mktemp("sites")
    write_site(good.run, good.cards, output / "good", evidence_of=good.evidence_of)
    write_site(blind.run, blind.cards, output / "blind", evidence_of=blind.evidence_of)
    write_site(good.run, good.cards, output / "public", evidence_of=good.evidence_of, audience="public")
    weeks, first = months(output), months(tmp_path_factory.mktemp("first"), 1)
    grown, past = weeks.city, weeks.past
    write_site(grown.run, grown.cards, output / "grown", evidence_of=grown.evidence_of, past=past, bodies=("UBND xã Chưa Có",))
    write_site(first.city.run, first.city.cards, output / "first", evidence_of=first.city.evidence_of, past=first.past)
    write_site(grown.run, grown.cards, output / "told", evidence_of=grown.evidence_of, past=past, audience="public")
    return {name: output / name for name in ("good", "blind", "public", "grown", "first", "told")}


@pytest_asyncio.fixture(loop_scope="session")
async def looking(browser: BrowserContext, sites: dict[str, Path]) -> AsyncIterator[Looking]:
    """A fresh page; whatever it complains of fails the test."""
    page = await browser.new_page()
    one = Looking(page, sites["good"])

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            one.complaints.append(message.text)

    def note_failed(request: Request) -> None:
        if request.failure != LEFT:
            one.complaints.append(f"not loaded: {request.url}")

    page.on("console", note)
    page.on("pageerror", lambda error: one.complaints.append(str(error)))
    page.on("requestfailed", note_failed)
    yield one
    await page.close()
    assert one.complaints == []


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which the application serves the sample city's weeks, on loopback."""
    folder = tmp_path_factory.mktemp("served")
    weeks = months(folder)
    remember(folder, weeks.city)
    settings = Settings(store=Store(url=f"sqlite:///{folder / 'nights.db'}"))
    server = uvicorn.Server(uvicorn.Config(app(settings), log_config=None, access_log=False))
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://[::1]:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a folder for people to look at."""
    return tmp_path_factory.mktemp("pictures")
