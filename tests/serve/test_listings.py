"""The tables of agencies, checks, providers and runs: three forms at one address, filters, sorting, and what each audience sees."""

import csv
import io
import json
from dataclasses import replace
from datetime import date

import httpx
import pytest

from ipv6check.model import KINDS, Body
from ipv6check.rules import RULES
from ipv6check.serve.listings import LISTINGS, listings
from ipv6check.store import Database
from ipv6check.targets.register import Register
from tests.factories import evidence
from tests.serve.made import API, MIXED, serving, store, target

OF_RULES = [rule.id for rule in RULES if rule.is_built and rule.family != "OPS"]


async def rows(client: httpx.AsyncClient, url: str) -> list[dict]:
    answer = await client.get(url, params={"format": "json"} | dict(httpx.URL(url).params))
    assert answer.status_code == 200, answer.text
    return answer.json()[httpx.URL(url).path.rpartition("/")[2]]


async def test_agencies_are_rolled_up_without_demo_hosts(database: Database) -> None:
    more = [
        (target("khac", agency="Ban Khác", kind="ban", agency_code="H26.2"), evidence()),
        (replace(target("thu", agency="Ban Khác"), services=("demo",)), evidence()),
    ]
    store(database, "night-05", 5, [*MIXED, *more])
    async with serving(database) as client:
        first, second = await rows(client, "/agencies")
        assert {key: first[key] for key in ("agency", "domains", "measured", "broken", "share_at_goal")} == {
            "agency": "Sở Thử",
            "domains": 3,
            "measured": 2,
            "broken": 1,
            "share_at_goal": 0.5,
        }
        assert (second["agency"], second["agency_code"], second["kind"], second["domains"]) == ("Ban Khác", "H26.2", "ban", 1)
        assert [one["agency"] for one in await rows(client, "/agencies?kind=ban")] == ["Ban Khác"]
        assert [one["agency"] for one in await rows(client, "/agencies?q=h26.2")] == ["Ban Khác"]
        assert [one["domains"] for one in await rows(client, "/agencies?sort=domains&order=asc")] == [1, 3]
        assert set(KINDS) >= {"ban", "so"}


LAST_DAY = date(2026, 11, 6)
"""In Hanoi; run 5 began on the 7th there, run 4 on this day."""

BODIES = {
    "Xã Cũ": Body(name="Xã Cũ", kind="xa-phuong", valid_to=LAST_DAY, successor="Xã Mới"),
    "Xã Mới": Body(name="Xã Mới", kind="xa-phuong"),
    "Sở Thử": Body(name="Sở Thử", valid_to=LAST_DAY),
}
MERGED = [
    (target("cu", agency="Xã Cũ", agency_code="H26.9"), evidence()),
    (target("cu2", agency="Xã Cũ"), evidence()),
    (target("moi", agency="Xã Moi khác"), evidence()),
]


@pytest.mark.parametrize(("day", "heir"), [(4, "Xã Cũ"), (5, "Xã Mới")])
async def test_who_took_over_counts_the_domains_from_the_day_after_the_last(database: Database, day: int, heir: str) -> None:
    store(database, f"night-{day:02}", day, [*MIXED, *MERGED])
    async with serving(database, register=Register(bodies=BODIES)) as client:
        found = {one["agency"]: one for one in await rows(client, "/agencies")}
        assert {name: one["domains"] for name, one in found.items()} == {"Sở Thử": 3, heir: 2, "Xã Moi khác": 1}
        assert found[heir]["kind"] == "xa-phuong", "its own, though its domains are listed as others'"
        assert found[heir]["agency_code"] == ("H26.9" if heir == "Xã Cũ" else ""), "a code is not handed on"
        for name, one in found.items():
            assert len(await rows(client, f"/domains?agency={name}")) == one["domains"], name
        assert len(await rows(client, "/domains?agency=Xã Cũ")) == 2, "its history stays its own"
        page = await client.get(f"/agencies?q={heir}")
        link = page.text.partition('<th scope="row" class="name ">')[2].partition('href="')[2].partition('"')[0]
        assert (await client.get(f"/{link}")).status_code == 200


async def test_the_trend_of_who_took_over_is_that_of_the_domains_it_counts(database: Database) -> None:
    store(database, "night-05", 5, [*MIXED, *MERGED])
    store(database, "night-06", 6, [*MERGED[:1], (target("moi2", agency="Xã Mới"), evidence()), *MIXED])
    async with serving(database, register=Register(bodies=BODIES)) as client:
        trend = (await client.get(f"{API}/trend?agency=xã mới&check=REACH-01")).json()
        old = (await client.get(f"{API}/trend?agency=Xã Cũ&check=REACH-01")).json()
    assert trend["agency"] == "Xã Mới"
    assert [(one["run"], one["counts"]) for one in trend["points"]] == [("night-05", {"pass": 2}), ("night-06", {"pass": 2})]
    assert [one["counts"] for one in old["points"]] == [{"pass": 2}, {"pass": 1}]


async def test_checks_are_counted_over_the_newest_run(client: httpx.AsyncClient) -> None:
    found = await rows(client, "/checks?per_page=500")
    assert [one["id"] for one in found] == OF_RULES
    by_id = {one["id"]: one for one in found}
    reach = by_id["REACH-01"]
    assert (reach["fail"], reach["pass"], reach["nm"], reach["share_pass"]) == (1, 2, 0, pytest.approx(2 / 3))
    assert (reach["level"], reach["severity"], reach["title"]) == ("L2", "mandatory", "Kết nối được cổng 443 (HTTPS) qua IPv6")
    for one in found:
        assert sum(one[name] for name in ("fail", "warn", "pass", "info", "nm", "na")) == 3
    assert (await rows(client, "/en/checks?q=reach-01"))[0]["title"] != reach["title"]
    assert {one["id"].partition("-")[0] for one in await rows(client, "/checks?family=SEC")} == {"SEC"}
    assert {one["level"] for one in await rows(client, "/checks?level=L2")} == {"L2"}
    most = await rows(client, "/checks?sort=fail&order=desc")
    assert [one["fail"] for one in most] == sorted((one["fail"] for one in most), reverse=True)
    shares = [one["share_pass"] for one in await rows(client, "/checks?sort=share_pass&per_page=500")]
    known = [share for share in shares if share is not None]
    assert shares == sorted(known) + [None] * (len(shares) - len(known)), "what has no value stands last"


async def test_runs_lead_to_their_own_pages(client: httpx.AsyncClient) -> None:
    assert [one["run"] for one in await rows(client, "/runs")] == [f"night-{n:02}" for n in (3, 2, 1, 0)]
    text = (await client.get("/en/runs?sort=started_at")).text
    assert text.index('href="/runs/night-00/en/run.html"') < text.index('href="/runs/night-03/en/run.html"')
    assert (await client.get("/runs/night-00/en/run.html")).status_code == 200


async def test_a_run_that_was_not_judged_is_listed_without_a_page(database: Database) -> None:
    store(database, "night-09", 9, [], is_judged=False)
    async with serving(database) as client:
        text = (await client.get("/runs")).text
    assert "night-09" in text
    assert "/runs/night-09" not in text


async def test_providers_are_those_of_the_newest_runs_site(client: httpx.AsyncClient) -> None:
    assert await rows(client, "/providers") == json.loads((await client.get("/providers.json")).text)


@pytest.mark.parametrize("name", [one.name for one in LISTINGS])
async def test_three_forms_have_the_same_rows(client: httpx.AsyncClient, name: str) -> None:
    url = f"/{name}?per_page=500"
    told = await rows(client, url)
    answer = await client.get(f"{url}&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(table) == len(told)
    for row, one in zip(table, told, strict=True):
        assert list(row) == list(one)
        assert {key: cell for key, cell in row.items() if one[key] is None} == {key: "" for key in one if one[key] is None}
    shown = (await client.get(url)).text
    assert shown.count("<tr>") == len(told) + 1 if told else "Không có dòng nào" in shown


@pytest.mark.parametrize("name", [one.name for one in LISTINGS])
async def test_pages_and_unknown_values(client: httpx.AsyncClient, name: str) -> None:
    answer = (await client.get(f"/{name}?per_page=1&format=json")).json()
    assert len(answer[name]) == min(1, answer["total"])
    assert (answer["next"] is None) == (answer["total"] <= 1)
    for query in ("sort=beauty", "colour=red", "order=up", "page=0"):
        assert (await client.get(f"/{name}?{query}")).status_code == 400, query


async def test_the_public_sees_two_of_them_without_findings(public: httpx.AsyncClient) -> None:
    assert [one.name for one in listings("public")] == ["agencies", "runs"]
    (one,) = await rows(public, "/agencies")
    assert not {"broken", "percent"} & set(one)
    text = (await public.get("/agencies")).text
    assert "IPv6 hỏng" not in text
    assert 'href="checks"' not in text
    assert 'href="/runs/night-03/index.html"' in (await public.get("/runs")).text


async def test_hostile_names_are_shown_and_not_obeyed(database: Database) -> None:
    texts = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd|'/c calc'!A1", "\u202egnp.exe")
    seen = [(replace(target(f"n{n}"), agency=text, agency_code=text), evidence()) for n, text in enumerate(texts)]
    store(database, "night-06", 6, seen)
    async with serving(database) as client:
        text = (await client.get("/agencies")).text
        assert "<script" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text
        cells = [cell for row in csv.reader(io.StringIO((await client.get("/agencies?format=csv")).text)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip("\ufeff").startswith(("=", "@", "+", "-"))]
