"""The pages for people: the site, older runs, the tables in their three forms, headers, audience, hostile texts."""

import asyncio
import csv
import io
import re
import threading
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import NoReturn

import httpx
import pytest

from ipv6check.model import Dispute, Exemption, Run
from ipv6check.reports.standing import Audience
from ipv6check.serve import sites
from ipv6check.serve.problems import Problem
from ipv6check.store import Archive, Database, StorageError
from ipv6check.targets.register import Register
from tests.factories import evidence
from tests.serve.made import API, serving, store, target
from tests.store.nights import FALLEN, GOOD, START, night

PAGES = ("/", "/index.html", "/en/", "/en/index.html", "/checks.html", f"/domain/{FALLEN.domain}.html", "/runs/night-00/")
LISTS_AND_NUMBERS = {"flags", "percent", "exempt", "disputed"}
LISTINGS = ("agencies", "checks", "providers", "runs")
TABLES = (
    "/domains",
    "/en/domains",
    "/changes",
    "/en/changes",
    *(f"/{one}" for one in LISTINGS),
    *(f"/en/{one}" for one in LISTINGS),
)


class Seen(HTMLParser):
    """What a page holds: its elements, links, texts, and the values of its form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.rows: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value for name, value in attrs if name in {"href", "src", "action"} and value]

    def handle_data(self, data: str) -> None:
        self.rows.append(data)


async def page(client: httpx.AsyncClient, url: str) -> str:
    answer = await client.get(url)
    assert answer.status_code == 200, (url, answer.text[:300])
    return answer.text


@pytest.mark.parametrize("url", [*PAGES, *TABLES])
async def test_every_link_of_a_page_leads_somewhere(client: httpx.AsyncClient, url: str) -> None:
    here = httpx.URL(f"http://test{url}")
    links = {str(here.join(link).copy_with(fragment=None)) for link in Seen(await page(client, url)).links}
    ours = {link for link in links if link.startswith("http://test/")}
    assert len(ours) > 5
    for link in ours:
        assert (await client.get(link)).status_code in {200, 308}, link


@pytest.mark.parametrize("audience", ["internal", "public"])
@pytest.mark.parametrize("url", [*PAGES[:5], "/runs/night-00/", "/domains", "/en/domains"])
async def test_the_menu_leads_to_the_table_of_domains(url: str, audience: Audience, database: Database) -> None:
    """Also from older runs, though the table is of the newest."""
    async with serving(database, audience) as client:
        text = await page(client, url)
    table = "/en/domains" if url.startswith("/en/") else "/domains"
    is_here = ' aria-current="page"' if url == table else ""
    assert f'<a href="{table}"{is_here}>{"Find" if url.startswith("/en/") else "Tra cứu"}</a>' in text


@pytest.mark.parametrize(
    "url", [*PAGES, *TABLES, f"{API}/runs", "/nothing", "/static/style.css", "/domains?level=L9", "/runs/x"]
)
async def test_headers(client: httpx.AsyncClient, url: str) -> None:
    headers = (await client.get(url)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("url", [*PAGES, *TABLES, "/nothing", "/domains?level=L9"])
async def test_no_page_needs_what_the_policy_forbids(client: httpx.AsyncClient, url: str) -> None:
    seen = Seen((await client.get(url)).text)
    assert {"script", "style", "iframe", "object"}.isdisjoint(seen.tags)
    assert not [name for name in seen.attributes if name == "style" or name.startswith("on")]


async def test_the_policy_in_the_page_lets_its_own_form_through(client: httpx.AsyncClient) -> None:
    for url in TABLES:
        assert "form-action 'self'" in await page(client, url)
    assert "form-action 'none'" in await page(client, "/")


async def test_the_newest_run_is_the_front_and_older_ones_have_their_place(client: httpx.AsyncClient) -> None:
    assert "night-03" in await page(client, "/")
    assert "night-01" in await page(client, "/runs/night-01/")
    assert "night-01" in await page(client, f"/runs/night-01/en/domain/{FALLEN.domain}.html")
    assert await page(client, "/runs/night-03/") == await page(client, "/")
    moved = await client.get("/runs/night-01")
    assert (moved.status_code, moved.headers["location"]) == (308, "/runs/night-01/")


async def test_a_page_that_was_not_changed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    written = (await client.get("/")).headers["last-modified"]
    assert (await client.get("/", headers={"if-modified-since": written})).status_code == 304
    for since in ("Sun, 01 Nov 2020 00:00:00 GMT", "nonsense"):
        assert (await client.get("/", headers={"if-modified-since": since})).status_code == 200
    both = {"if-modified-since": written, "if-none-match": '"other"'}
    assert (await client.get("/", headers=both)).status_code == 200


async def test_a_new_run_takes_the_place_of_the_old_one_and_no_request_fails_meanwhile(database: Database) -> None:
    async with serving(database, fresh=0) as client:
        assert "night-03" in await page(client, "/")
        await asyncio.to_thread(night, database, 4, (GOOD, GOOD, GOOD))
        for _ in range(200):
            front = await page(client, "/")
            if "night-04" in front:
                break
            assert "night-03" in front
            await asyncio.sleep(0.05)
        assert "night-04" in await page(client, "/")
        assert "night-03" in await page(client, "/runs/night-03/")


@pytest.mark.parametrize(("run_id", "at"), [("night-03", ""), ("night-02", "/runs/night-02")])
async def test_a_run_that_was_judged_otherwise_is_shown_so(database: Database, run_id: str, at: str) -> None:
    """By the same rules: one was mended without a new version, or a copy was brought back. In the API and on the site."""
    archive, url = Archive(database), f"{API}/runs/{run_id}/domains/vung.hanoi.gov.vn"
    card = f"{at}/domain/vung.hanoi.gov.vn.html"
    async with serving(database, fresh=0) as client:
        assert (await client.get(url)).json()["checks"]["REACH-01"]["outcome"] == "pass"
        before = await page(client, card)
        with database.writing():
            cards = archive.cards(run_id)
            dead = next(one for one in archive.cards("night-01") if one.target == FALLEN)
            others = [replace(dead, target=one.target) for one in cards]
            archive.save_verdicts(run_id, archive.run().rules_version, others)
        assert (await client.get(url)).json()["checks"]["REACH-01"]["outcome"] == "fail"
        for _ in range(200):
            if await page(client, card) != before:
                return
            await asyncio.sleep(0.05)
    raise AssertionError("the site is still the old one")


@pytest.mark.parametrize("audience", ["internal", "public"])
async def test_a_run_of_other_lists_is_not_the_front(audience: Audience, database: Database) -> None:
    store(database, "other", 9, [(target("khac-han"), evidence())], is_partial=True)
    async with serving(database, audience) as client:
        assert "khac-han" not in await page(client, "/")
        assert "khac-han" not in await page(client, "/domains")
        assert "night-03" in await page(client, "/")
        assert [run["is_partial"] for run in (await client.get(f"{API}/runs")).json()["runs"]] == [True, *[False] * 4]
        assert "khac-han" in await page(client, "/runs/other/")
        names = [one["domain"] for one in (await client.get(f"{API}/runs/other/domains")).json()["domains"]]
        assert names == ["khac-han.hanoi.gov.vn"]


async def test_where_there_are_only_runs_of_parts_the_newest_is_the_front(tmp_path) -> None:
    made = Database(f"sqlite:///{tmp_path / 'parts.db'}")
    made.ready()
    for day in (0, 1):
        store(made, f"part-{day}", day, [(target(f"so-{day}"), evidence())], is_partial=True)
    async with serving(made) as client:
        assert "so-1" in await page(client, "/domains")
    made.close()


async def test_an_old_look_is_believed_for_a_while(database: Database) -> None:
    async with serving(database, fresh=3600) as client:
        await page(client, "/")
        await asyncio.to_thread(night, database, 4, (GOOD, GOOD, GOOD))
        assert (await client.get(f"{API}/runs/night-04")).status_code == 404


async def test_many_older_runs_are_kept_a_few_at_a_time(database: Database) -> None:
    for number in range(4, 8):
        night(database, number, (GOOD, GOOD, GOOD))
    async with serving(database) as client:
        for number in (*range(7), 0, 6):
            assert f"night-{number:02}" in await page(client, f"/runs/night-{number:02}/")
        assert "night-07" in await page(client, "/")


async def test_the_table_of_domains_in_three_forms(client: httpx.AsyncClient) -> None:
    for language, word in (("", "Tra cứu tên miền"), ("en/", "Find domain names")):
        text = await page(client, f"/{language}domains?check=REACH-01&outcome=fail")
        assert word in text
        assert FALLEN.domain in text
        assert "vung.hanoi.gov.vn" not in text
        assert '<option value="REACH-01" selected>' in text
        assert f'lang="{language[:2] or "vi"}"' in text
    data = (await client.get("/domains?sort=domain&order=desc&per_page=2&format=json")).json()
    assert [one["domain"][:3] for one in data["domains"]] == ["vun", "sap"]
    assert (data["total"], data["next"]) == (3, "/domains?sort=domain&order=desc&page=2&per_page=2&format=json")
    answer = await client.get("/domains?sort=domain&order=desc&per_page=2&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["domain"][:3] for row in rows] == ["vun", "sap", "lai"]
    assert {key: rows[0][key] for key in data["domains"][0] if key not in LISTS_AND_NUMBERS} == {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in data["domains"][0].items()
        if key not in LISTS_AND_NUMBERS
    }


NEVER = date(2030, 1, 1)
SAID = Register(
    exemptions=(Exemption(domain=FALLEN.domain, check="REACH-01", until=NEVER, by="Sở <b>Thử</b>", why="thay máy chủ"),),
    disputes=(
        Dispute(domain=FALLEN.domain, check="WEB-01", since=date(2026, 11, 2), by="Sở Thử", says="vẫn chạy"),
        Dispute(domain="vung.hanoi.gov.vn", check="DNS-02", since=date(2026, 11, 1), by="Sở Thử", says="sai",
                answered=date(2026, 11, 3), answer="đã đo lại"),
    ),
)  # fmt: skip


async def test_exceptions_and_disputes_stand_on_their_rows_in_three_forms(database: Database) -> None:
    query = "check=REACH-01&outcome=fail"
    async with serving(database, register=SAID) as client:
        text = await page(client, f"/domains?{query}")
        assert "Ngoại lệ REACH-01 đến hết ngày 01/01/2030" in text
        assert "<b>Thử" not in text
        assert "WEB-01 đang được xem xét lại" in text
        assert f'href="domain/{FALLEN.domain}.html#REACH-01"' in text
        assert "REACH-01 accepted until 1 Jan 2030" in await page(client, f"/en/domains?{query}")
        every = await page(client, "/domains")
        assert every.count("tag-remark") == 2, "what was answered is told on the scorecard alone"
        data = (await client.get("/domains?format=json")).json()["domains"]
        rows = list(csv.DictReader(io.StringIO((await client.get("/domains?format=csv")).content.decode("utf-8-sig"))))
        objects = (await client.get(f"{API}/runs/night-03/domains")).json()["domains"]
    said = {one["domain"].partition(".")[0]: (one["exempt"], one["disputed"]) for one in data}
    assert [(one["exempt"], one["disputed"]) for one in objects] == list(said.values()), "the API has the same"
    assert said == {"vung": ([], []), "sap": (["REACH-01"], ["WEB-01"]), "lai": ([], [])}
    assert [(row["exempt"], row["disputed"]) for row in rows] == [(" ".join(one), " ".join(two)) for one, two in said.values()]


async def test_the_public_is_told_nothing_of_exceptions_and_disputes(database: Database) -> None:
    async with serving(database, "public", register=SAID) as client:
        assert "remark" not in await page(client, "/domains")
        columns = (await client.get("/domains?format=csv")).text.splitlines()[0]
        assert "exempt" not in columns
        assert "disputed" not in columns
        for path in ("runs/night-03/domains", f"runs/night-03/domains/{FALLEN.domain}", "openapi.json"):
            told = (await client.get(f"{API}/{path}")).text
            assert "exempt" not in told
            assert "disputed" not in told


async def test_the_table_of_changes_in_three_forms(client: httpx.AsyncClient) -> None:
    text = await page(client, "/changes?kind=lost&check=REACH-01")
    assert FALLEN.domain in text
    assert "lai.hanoi.gov.vn" not in text
    assert "thấy lần đầu" in text
    data = (await client.get("/changes?kind=lost&check=REACH-01&format=json")).json()
    assert [(one["domain"], one["since"], one["run"]) for one in data["changes"]] == [(FALLEN.domain, "night-01", "night-02")]
    rows = list(csv.DictReader(io.StringIO((await client.get("/changes?format=csv")).content.decode("utf-8-sig"))))
    assert len(rows) == (await client.get("/changes?format=json")).json()["total"]
    assert "phù hợp" in await page(client, "/changes?since=2030-01-01")


async def test_pages_of_a_table_and_what_is_sorted(client: httpx.AsyncClient) -> None:
    first = await page(client, "/domains?per_page=1&sort=domain&q=hanoi")
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'aria-sort="ascending"' in first
    assert '<option value="1" selected>' in first, "what is in force stands in the form, though it is none of the usual sizes"
    assert 'href="domains?q=hanoi&amp;sort=domain&amp;order=desc&amp;per_page=1"' in first
    last = await page(client, "/domains?per_page=1&sort=domain&page=3")
    assert 'rel="next"' not in last
    assert 'rel="prev"' in last
    assert 'hreflang="en" href="en/domains?sort=domain&amp;page=3&amp;per_page=1"' in last


@pytest.mark.parametrize("url", ["/domains?q=hanoi&", "/changes?kind=lost&", "/agencies?q=thử&"])
async def test_a_page_past_the_last_leads_back_and_is_not_told_as_nothing_found(client: httpx.AsyncClient, url: str) -> None:
    last = (await client.get(f"{url}format=json")).json()["total"]
    assert last
    text = await page(client, f"{url}per_page=1&page=900")
    assert "phù hợp với bộ lọc" not in text
    back = next(link for link in Seen(text.partition("Bảng này chỉ có")[2]).links)
    assert "page=900" not in back
    assert f"Trang {last}/{last}" in re.sub(r"\s+", " ", await page(client, f"/{back}"))
    assert f'rel="prev" href="{back.replace("&", "&amp;")}"' in text


async def test_nothing_found_is_told_as_that_on_any_page(client: httpx.AsyncClient) -> None:
    assert "phù hợp với bộ lọc" in await page(client, "/domains?q=khôngcó&page=900")


async def test_an_agency_is_chosen_in_the_form_however_it_was_written(database: Database) -> None:
    seen = [(target("a", agency_code="H26.1"), evidence()), (target("b", agency="Ban Khác"), evidence())]
    store(database, "night-05", 5, seen)
    async with serving(database) as client:
        for typed in ("H26.1", "h26.1", "sở thử", "SỞ THỬ"):
            for table in ("domains", "changes"):
                text = await page(client, f"/{table}?agency={typed}")
                assert '<option value="Sở Thử" selected>' in text, (table, typed)
            assert len((await client.get(f"/domains?agency={typed}&format=json")).json()["domains"]) == 1
            trend = (await client.get(f"{API}/trend?agency={typed}")).json()
            assert trend["agency"] == "Sở Thử", typed


async def test_people_are_told_problems_on_a_page(client: httpx.AsyncClient) -> None:
    for url, status, words in (
        ("/nothing", 404, "Không tìm thấy"),
        ("/en/nothing", 404, "Not found"),
        ("/domains?level=L9", 400, "unmeasured"),
        ("/?x=1", 400, "Yêu cầu không hợp lệ"),
        ("/runs/nothing/", 404, "night-03"),
        ("/../../etc/passwd", 404, "Không tìm thấy"),
        ("/static/%2e%2e/%2e%2e/etc/passwd", 404, "Không tìm thấy"),
        ("/.ipv6check-site", 404, "Không tìm thấy"),
    ):
        answer = await client.get(url)
        assert answer.status_code == status, url
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert words in answer.text


async def test_a_database_without_a_run_says_so(tmp_path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    empty.ready()
    async with serving(empty) as client:
        for url in ("/", "/domains", "/changes", f"{API}/trend?agency=x"):
            assert (await client.get(url)).status_code in {200, 404}, url
        assert (await client.get(f"{API}/runs")).json() == {"runs": []}
        assert (await client.get(f"{API}/changes")).json()["changes"] == []
    empty.close()


@pytest.mark.parametrize("error", [StorageError("sqlite:////secret/place: disk I/O error"), OSError(28, "No space", "/secret")])
async def test_what_cannot_be_read_now_is_no_error_of_ours_and_tells_no_place(database, monkeypatch, error) -> None:
    async with serving(database, fresh=0) as client:
        await page(client, "/")

        def refuse(archive: Archive) -> NoReturn:
            raise error

        monkeypatch.setattr(Archive, "runs", refuse)
        for url in (f"{API}/runs", "/domains", "/"):
            answer = await client.get(url)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "secret" not in answer.text


async def test_the_newest_site_is_written_once_for_the_front_and_for_its_own_address(database, monkeypatch) -> None:
    written: list[str] = []
    write = sites.write_site

    def slowly(run: Run, *args: object, **more: object) -> object:
        written.append(run.id)
        return write(run, *args, **more)

    monkeypatch.setattr(sites, "write_site", slowly)
    async with serving(database) as client:
        front, own, older = await asyncio.gather(*(page(client, url) for url in ("/", "/runs/night-03/", "/runs/night-02/")))
        assert front == own != older
    assert sorted(written) == ["night-02", "night-03"]


async def test_sites_are_removed_where_they_are_written_and_not_where_all_are_answered(database, monkeypatch) -> None:
    removed: list[int] = []
    monkeypatch.setattr(sites, "_remove", lambda site: removed.append(threading.get_ident()))
    monkeypatch.setattr(sites, "MOST_OLDER", 1)
    async with serving(database, fresh=0) as client:
        for url in ("/", "/runs/night-00/", "/runs/night-01/", "/runs/night-00/"):
            await page(client, url)
        await asyncio.to_thread(night, database, 4, (GOOD, GOOD, GOOD))
        for _ in range(200):
            if len(removed) > 1 and "night-04" in await page(client, "/"):
                break
            await asyncio.sleep(0.05)
    assert len(removed) >= 2
    assert threading.get_ident() not in removed


class Asked:
    """Counts the runs that sites are written of; the first `fails` fail."""

    def __init__(self, fails: int = 0) -> None:
        self.runs: list[str] = []
        self._fails = fails

    def __call__(self, run: Run, *_: object, **__: object) -> None:
        self.runs.append(run.id)
        if len(self.runs) <= self._fails:
            raise OSError(28, "No space left on device")
        return


async def test_a_failed_site_is_not_tried_again_when_another_is_wanted_by_then(database, monkeypatch) -> None:
    write = Asked(fails=1)
    monkeypatch.setattr(sites, "write_site", write)
    monkeypatch.setattr(sites, "PAUSE", 0.05)
    made = sites.Sites(Archive(database), "internal", ())
    newer, older = Archive(database).runs()[:2]
    with pytest.raises(Problem):
        await made.front(older)
    await made.front(newer)
    await asyncio.sleep(0.1)
    await made.front(newer)
    await asyncio.to_thread(made.close)
    assert write.runs == [older.id, newer.id]


async def test_a_run_that_goes_on_is_not_written_again_until_it_ends_or_is_judged_anew(database, monkeypatch) -> None:
    write = Asked()
    monkeypatch.setattr(sites, "write_site", write)
    made = sites.Sites(Archive(database), "internal", ())
    run = replace(Archive(database).run(), finished=1, finished_at=None)
    steps = [run, replace(run, finished=2), replace(run, finished=3, finished_at=START), replace(run, rules_version="next")]
    steps += [replace(steps[-1], digest="other verdicts")]
    counts = []
    for step in steps:
        await made.front(step)
        await asyncio.sleep(0.05)
        counts.append(len(write.runs))
    await asyncio.to_thread(made.close)
    assert counts == [1, 1, 2, 3, 4]


async def test_a_site_that_cannot_be_written_is_tried_again_and_nothing_else_suffers(database, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sites, "PAUSE", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(sites, "write_site", fail)
        async with serving(database) as client:
            assert (await client.get("/")).status_code == 503
            assert (await client.get("/runs/night-00/")).status_code == 503
            assert (await client.get("/domains")).status_code == 200
            patch.undo()
            for _ in range(100):  # what had begun meanwhile fails, and is tried again as well
                if (await client.get("/")).status_code == 200:
                    break
                await asyncio.sleep(0.05)
            assert "night-03" in await page(client, "/")
            assert "night-00" in await page(client, "/runs/night-00/")


# The public


async def test_the_public_sees_levels_and_no_findings(public: httpx.AsyncClient) -> None:
    shown = (await public.get(f"{API}/runs/night-03/domains")).json()["domains"][1]
    assert set(shown) == {
        *("domain", "agency", "run", "vantage", "measured_at", "rules_version"),
        *("level", "level_is_minimum", "is_measured", "coverage"),
    }
    detail = (await public.get(f"{API}/runs/night-03/domains/{FALLEN.domain}")).json()
    assert set(detail) - set(shown) == {"level_words"}
    text = await page(public, "/domains")
    assert "domain/" not in text
    assert 'name="check"' not in text
    assert 'name="flag"' not in text
    columns = (await public.get("/domains?format=csv")).text.splitlines()[0]
    assert "percent" not in columns
    assert "flags" not in columns


@pytest.mark.parametrize(
    "url",
    [
        "/changes",
        "/en/changes",
        "/changes?format=json",
        "/checks",
        "/en/checks",
        "/checks?format=csv",
        "/providers",
        "/providers?format=json",
        "/providers.json",
        "/check/REACH-01.html",
        "/run.html",
        "/runs/night-00/run.html",
        "/agencies?sort=broken",
        f"{API}/changes",
        f"/domain/{FALLEN.domain}.html",
        f"/runs/night-00/domain/{FALLEN.domain}.html",
        "/changes.html",
        "/domains?check=REACH-01&outcome=fail",
        "/domains?flag=broken-v6",
        "/domains?sort=percent",
        f"{API}/runs/night-03/domains?check=REACH-01&outcome=fail",
        f"{API}/runs/night-03/domains?flag=broken-v6",
        f"{API}/runs/night-03/domains?sort=percent",
        f"{API}/trend?check=REACH-01",
    ],
)
async def test_the_public_cannot_ask_for_findings(public: httpx.AsyncClient, url: str) -> None:
    answer = await public.get(url)
    assert answer.status_code in {400, 404}
    assert "REACH-01" not in answer.text.replace(url, "")


async def test_the_public_has_its_site_older_runs_history_trend_and_programme(public: httpx.AsyncClient) -> None:
    for url in ("/", "/runs/night-00/", f"{API}/trend", f"{API}/programme", f"{API}/domains/{FALLEN.domain}/history"):
        assert (await public.get(url)).status_code == 200, url
    assert "/changes" not in (await public.get(f"{API}/openapi.json")).json()["paths"]


# Hostile texts

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "\u202egnp.exe",
    "{{ 7*7 }}{% raw %}",
    "a\x1b[31mb\x00c",
)


async def test_hostile_texts_of_lists_are_shown_and_not_obeyed(database: Database) -> None:
    seen = [(replace(target(f"n{number}"), agency=text, agency_code=text), evidence()) for number, text in enumerate(HOSTILE)]
    store(database, "night-06", 6, seen)
    async with serving(database) as client:
        for url in ("/domains", "/en/domains?per_page=500", "/changes", "/"):
            text = await page(client, url)
            parsed = Seen(text)
            assert {"script", "iframe"}.isdisjoint(parsed.tags)
            assert "onerror" not in parsed.attributes
            assert not re.search("[\x00\x1b\u202e]", text)
            assert "49" not in re.findall(r"\{\{.*?\}\}", text)
            if "domains" in url:
                assert "{{ 7*7 }}" in text
        cells = [cell for row in csv.reader(io.StringIO((await client.get("/domains?format=csv")).text)) for cell in row]
        assert not [cell for cell in cells if cell.lstrip("\ufeff").startswith(("=", "@", "+", "-"))]
        assert [one["agency"] for one in (await client.get("/domains?format=json")).json()["domains"]] == list(HOSTILE)


@pytest.mark.parametrize("text", HOSTILE[:-3])
async def test_hostile_texts_of_askers_are_shown_and_not_obeyed(client: httpx.AsyncClient, text: str) -> None:
    for url, name in (("/domains", "q"), ("/domains", "level"), ("/changes", "domain"), ("/changes", "agency")):
        answer = await client.get(url, params={name: text})
        parsed = Seen(answer.text)
        assert {"script", "iframe"}.isdisjoint(parsed.tags)
        assert "onerror" not in parsed.attributes
