"""The JSON API: every operation, filters, paging, copies, problems."""

import httpx
import pytest

from ipv6check.reports.export import domain_object, run_object
from ipv6check.rules import RULES
from ipv6check.serve.api import OPERATIONS
from ipv6check.store import Archive, Database
from tests.serve.made import API, MIXED, serving, store
from tests.serve.shapes import faults
from tests.store.nights import BACK, FALLEN, GOOD, LIST, STEADY, night

NEWEST = "night-03"
DOMAINS = f"{API}/runs/{NEWEST}/domains"
PROBLEM = "application/problem+json"

ASKED = {
    "runs": [f"{API}/runs"],
    "run": [f"{API}/runs/{NEWEST}", f"{API}/runs/night-00"],
    "domains": [DOMAINS, f"{DOMAINS}?per_page=1&page=2", f"{DOMAINS}?level=unmeasured", f"{API}/runs/night-01/domains"],
    "domain": [f"{DOMAINS}/{domain.domain}" for domain in LIST],
    "history": [f"{API}/domains/{FALLEN.domain}/history"],
    "changes": [f"{API}/changes", f"{API}/changes?per_page=1", f"{API}/changes?kind=lost&check=level"],
    "trend": [f"{API}/trend", f"{API}/trend?check=REACH-01", f"{API}/trend?agency=sở thử"],
    "programme": [f"{API}/programme"],
}


async def names(client: httpx.AsyncClient, query: str) -> list[str]:
    answer = await client.get(f"{DOMAINS}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["domain"].partition(".")[0] for one in answer.json()["domains"]]


def test_every_operation_is_asked_here() -> None:
    assert set(ASKED) == {one.name for one in OPERATIONS}


@pytest.mark.parametrize("audience", ["internal", "public"])
async def test_every_answer_has_the_shape_that_the_document_says(database: Database, audience) -> None:
    async with serving(database, audience) as client:
        document = (await client.get(f"{API}/openapi.json")).json()
        asked = 0
        for path, described in document["paths"].items():
            operation = described["get"]
            for url in ASKED[operation["operationId"]]:
                known = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
                if not set(httpx.URL(url).params) <= known:
                    continue
                answer = await client.get(url)
                assert answer.status_code == 200, url
                assert answer.headers["content-type"] == "application/json"
                schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
                assert list(faults(answer.json(), schema, document)) == [], url
                assert url.startswith(API + path.partition("{")[0].rstrip("/"))
                asked += 1
        assert asked >= len(document["paths"])
        problem = await client.get(f"{API}/runs/no-such-run")
        assert list(faults(problem.json(), {"$ref": "#/components/schemas/Problem"}, document)) == []


def test_the_shapes_of_the_tests_find_faults() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
    assert list(faults({"n": 1}, schema, {})) == []
    for wrong in ({"n": "1"}, {"n": True}, {}, {"n": 1, "m": 2}, None):
        assert list(faults(wrong, schema, {})) != []


async def test_runs_and_domains_are_those_of_json_lines(client: httpx.AsyncClient, database: Database) -> None:
    archive = Archive(database)
    assert (await client.get(f"{API}/runs")).json() == {"runs": [run_object(run) for run in archive.runs()]}
    run = archive.run(NEWEST)
    wanted = [domain_object(run, card) | {"is_measured": card.score.is_measured} for card in archive.cards(NEWEST)]
    assert (await client.get(DOMAINS)).json()["domains"] == wanted


async def test_a_domain_is_told_in_both_languages(client: httpx.AsyncClient) -> None:
    answer = (await client.get(f"{DOMAINS}/{FALLEN.domain}")).json()
    assert set(answer["checks"]) == {rule.id for rule in RULES}
    failed = answer["checks"]["REACH-01"]
    assert failed["outcome"] == "fail"
    assert failed["words"]["vi"]["fix"] != failed["words"]["en"]["fix"] != ""
    assert answer["checks"]["DNS-02"]["words"]["en"]["fix"] == ""
    assert answer["level_words"]["vi"]["name"]


async def test_filters(client: httpx.AsyncClient) -> None:
    assert await names(client, "check=REACH-01&outcome=fail") == ["sap"]
    assert await names(client, "check=REACH-01&outcome=pass") == ["vung", "lai"]
    assert await names(client, "flag=broken-v6") == []
    assert await names(client, "level=L1") == ["sap"]
    assert await names(client, "level=l1&q=lai") == []
    assert await names(client, "q=LAI.hanoi") == ["lai"]
    assert await names(client, "q=thử lai") == ["lai"]
    assert await names(client, "agency=Sở Thử") == ["vung", "sap", "lai"]
    assert await names(client, "agency=S\u01a1\u0309 Thu\u031b\u0309") == ["vung", "sap", "lai"]
    assert await names(client, "kind=so") == []
    assert await names(client, "level=&q=&flag=") == ["vung", "sap", "lai"]
    assert await names(client, "check=REACH-01") == ["sap"], "those that do not meet it"
    assert await names(client, "outcome=fail&q=sap") == ["sap"], "of any check"
    assert await names(client, "outcome=fail&q=vung") == []
    assert await names(client, "q=sap%E2%80%AE") == ["sap"], "what nobody sees is left out"


async def test_broken_and_unmeasured_domains_are_found(database: Database) -> None:
    store(database, "night-05", 5, MIXED)
    async with serving(database) as client:
        url = f"{API}/runs/night-05/domains"
        for query, wanted in (
            ("flag=broken-v6", "hong"),
            ("level=L0", "hong"),
            ("level=unmeasured", "mu"),
            ("level=open", None),
        ):
            found = (await client.get(f"{url}?{query}")).json()["domains"]
            assert [one["domain"].partition(".")[0] for one in found] == ([wanted] if wanted else []), query
        for order in ("asc", "desc"):
            found = (await client.get(f"{url}?sort=level&order={order}")).json()["domains"]
            assert (found[-1]["domain"], found[-1]["is_measured"]) == ("mu.hanoi.gov.vn", False)


async def test_sorting(client: httpx.AsyncClient) -> None:
    assert await names(client, "sort=domain") == ["lai", "sap", "vung"]
    assert await names(client, "sort=domain&order=desc") == ["vung", "sap", "lai"]
    assert await names(client, "order=desc") == ["lai", "sap", "vung"]
    assert (await names(client, "sort=level"))[0] == "sap"
    assert (await names(client, "sort=percent&order=desc"))[-1] == "sap"


async def test_pages_follow_one_another_to_the_end(client: httpx.AsyncClient) -> None:
    url, found = f"{DOMAINS}?per_page=1&sort=domain", []
    while url:
        answer = (await client.get(url)).json()
        assert (answer["total"], answer["per_page"]) == (3, 1)
        found += [one["domain"].partition(".")[0] for one in answer["domains"]]
        url = answer["next"]
    assert found == ["lai", "sap", "vung"]
    beyond = (await client.get(f"{DOMAINS}?page=1000")).json()
    assert (beyond["domains"], beyond["next"], beyond["total"]) == ([], None, 3)


async def test_history_changes_trend_and_programme(client: httpx.AsyncClient) -> None:
    history = (await client.get(f"{API}/domains/{FALLEN.domain}/history")).json()["levels"]
    assert [one["run"] for one in history] == [f"night-{n:02}" for n in range(4)]
    changes = (await client.get(f"{API}/changes?check=REACH-01")).json()["changes"]
    assert [(one["domain"], one["kind"], one["run"], one["since"]) for one in changes] == [
        (BACK.domain, "gained", "night-02", "night-02"),
        (FALLEN.domain, "lost", "night-02", "night-01"),
    ]
    for query, wanted in (
        (f"domain={FALLEN.domain}", {FALLEN.domain}),
        (f"domain={STEADY.domain}", set()),
        ("kind=gained", {BACK.domain}),
        ("since=2026-11-03", {FALLEN.domain, BACK.domain}),
        ("since=2030-01-01", set()),
        ("agency=Sở Thử", {FALLEN.domain, BACK.domain}),
    ):
        told = (await client.get(f"{API}/changes?{query}")).json()["changes"]
        assert {one["domain"] for one in told} == wanted, query
    trend = (await client.get(f"{API}/trend?check=REACH-01")).json()["points"]
    assert [one["counts"] for one in trend] == [{"pass": 2, "fail": 1}, {"pass": 1, "fail": 2}, *[{"pass": 2, "fail": 1}] * 2]
    since = (await client.get(f"{API}/trend?check=REACH-01&since=2026-11-04")).json()["points"]
    assert since == trend[2:], "the third night began at 1:30 of that day in Hanoi"
    goals = (await client.get(f"{API}/programme")).json()["goals"]
    assert [goal["id"] for goal in goals] == ["dual-stack", "ipv6-only"]
    assert len(goals[0]["curve"]) == 4
    assert {point["is_blind"] for point in goals[0]["curve"]} == {False}


async def test_the_programme_says_which_nights_had_no_ipv6_of_our_own(database: Database) -> None:
    night(database, 4, (GOOD, GOOD, GOOD), canaries="fail")
    async with serving(database) as client:
        (curve, *_) = [goal["curve"] for goal in (await client.get(f"{API}/programme")).json()["goals"]]
    assert [point["is_blind"] for point in curve] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        (f"{API}/runs/nothing", 404, NEWEST),
        (f"{API}/runs/nothing/domains", 404, NEWEST),
        (f"{DOMAINS}/example.org", 404, ""),
        (f"{API}/domains/example.org/history", 404, ""),
        (f"{API}/nothing", 404, ""),
        (f"{DOMAINS}?colour=red", 400, "level"),
        (f"{DOMAINS}?level=L9", 400, "unmeasured"),
        (f"{DOMAINS}?sort=beauty", 400, "coverage"),
        (f"{DOMAINS}?order=up", 400, "desc"),
        (f"{DOMAINS}?flag=red", 400, "broken-v6"),
        (f"{DOMAINS}?check=DNS-99&outcome=fail", 400, "DNS-02"),
        (f"{DOMAINS}?agency=Sở Khác", 404, "Sở Thử"),
        (f"{DOMAINS}?level=L1&level=L2", 400, ""),
        (f"{DOMAINS}?per_page=501", 400, ""),
        (f"{DOMAINS}?page=0", 400, ""),
        (f"{DOMAINS}?page=-1", 400, ""),
        (f"{DOMAINS}?page=1e3", 400, ""),
        (f"{DOMAINS}?page=%D9%A3", 400, ""),
        (f"{DOMAINS}?page={'9' * 200}", 400, ""),
        (f"{DOMAINS}?q={'a' * 256}", 400, ""),
        (f"{API}/domains/%00/history", 400, ""),
        (f"{API}/changes?domain=%E2%80%AE", 400, ""),
        (f"{API}/changes?since=yesterday", 400, ""),
        (f"{API}/changes?kind=rules", 400, "gained"),
        (f"{API}/trend?check=nothing", 400, "level"),
        (f"{API}/trend?agency=nothing", 404, "Sở Thử"),
        (f"{API}/openapi.json?x=1", 400, ""),
        (f"{API}/runs?{'x' * 5000}", 414, ""),
        (f"{API}/{'x' * 2000}", 414, ""),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(client: httpx.AsyncClient, url: str, status: int, says: str) -> None:
    answer = await client.get(url)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert not says or says in problem["allowed"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"])
@pytest.mark.parametrize("url", [DOMAINS, "/", "/domains", "/nothing"])
async def test_only_reading(client: httpx.AsyncClient, method: str, url: str) -> None:
    answer = await client.request(method, url)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "url", [f"{API}/runs", DOMAINS, "/domains", "/changes", "/", "/static/style.css", f"{API}/openapi.json"]
)
async def test_a_copy_that_is_still_right_is_not_sent_again(client: httpx.AsyncClient, url: str) -> None:
    first = await client.get(url)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for known in (tag, f'W/{tag}, "other"', "*"):
        again = await client.get(url, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await client.get(url, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)
    head = await client.head(url)
    assert (head.status_code, head.headers["etag"]) == (200, tag)


async def test_a_run_that_was_not_judged_is_listed_and_has_no_domains_yet(database: Database) -> None:
    store(database, "night-09", 9, [], is_judged=False)
    async with serving(database) as client:
        assert (await client.get(f"{API}/runs")).json()["runs"][0]["id"] == "night-09"
        assert (await client.get(f"{API}/runs/night-09")).status_code == 200
        answer = await client.get(f"{API}/runs/night-09/domains")
        assert (answer.status_code, answer.json()["allowed"][0]) == (404, NEWEST)
        assert "night-03" in (await client.get("/")).text
