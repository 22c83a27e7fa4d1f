"""The JSON API: one table of operations, from which addresses, answers and the OpenAPI document are made."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ipv6check.changes import LEVEL, Change
from ipv6check.facts import plain_name
from ipv6check.model import Outcome, Reason, Run, Verdict
from ipv6check.programme import Course
from ipv6check.reports.export import run_object, utc
from ipv6check.reports.findings import finding
from ipv6check.reports.language import speech
from ipv6check.reports.levels import badge
from ipv6check.reports.standing import Audience
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.serve import parameters as p
from ipv6check.serve import schemas as s
from ipv6check.serve.library import Library
from ipv6check.serve.replies import API, JSON, reply
from ipv6check.serve.tables import Leaf, Row, chosen, encoded, leaf

Answer = Callable[[Library, p.Values], Awaitable[str]]
"""Makes the JSON of an answer from the values of the path and of the query, which are together in one mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that may be asked: its path below the API's root, its parameters, its answer and that answer's shape."""

    name: str
    path: str
    summary: str
    answer: Answer
    schema: s.Schema
    in_path: tuple[p.Parameter, ...] = ()
    in_query: tuple[p.Parameter, ...] = ()
    is_internal: bool = False


async def _runs(library: Library, values: p.Values) -> str:
    return encoded({"runs": [run_object(run) for run in await library.runs()]})


async def _run(library: Library, values: p.Values) -> str:
    return encoded(run_object(await library.run(values["run"])))


async def _domains(library: Library, values: p.Values) -> str:
    table = await library.table(await library.judged(values["run"]))
    page = leaf(chosen(table, values), values)
    at = f"{API}/runs/{table.run.id}/domains"
    return _listing(page, "domains", [row.text for row in page.items], at, values, p.FILTERS)


async def _domain(library: Library, values: p.Values) -> str:
    table = await library.table(await library.judged(values["run"]))
    return encoded(in_detail(table.row(values["domain"])))


async def _history(library: Library, values: p.Values) -> str:
    nights = [
        {"at": utc(at), "run": run, "level": f"L{number}", "level_is_minimum": is_minimum}
        for at, run, number, is_minimum in await library.levels(values["domain"])
    ]
    return encoded({"domain": plain_name(values["domain"]), "levels": nights})


async def _changes(library: Library, values: p.Values) -> str:
    page = await library.changes(values)
    objects = change_objects(page.items, await library.runs())
    return _listing(page, "changes", [encoded(one) for one in objects], f"{API}/changes", values, p.CHANGES)


async def _trend(library: Library, values: p.Values) -> str:
    if "agency" in values:
        values = (await library.newest()).named(values)
    check, agency = values.get("check", LEVEL), values.get("agency")
    points = await library.series(check, agency, values.get("since"))
    series = [{"at": utc(at), "run": run, "counts": counts} for at, run, counts in points]
    return encoded({"check": check, "agency": agency, "points": series})


async def _programme(library: Library, values: p.Values) -> str:
    return encoded({"goals": [_course(one) for one in await library.courses()]})


def _listing(page: Leaf, name: str, texts: Sequence[str], at: str, values: p.Values, known: Sequence[p.Parameter]) -> str:
    """A page of a list from objects that are JSON already."""
    head = encoded(head_of(page, at, values, known))
    return f'{head[:-1]}, "{name}": [{", ".join(texts)}]}}'


def head_of(page: Leaf, at: str, values: p.Values, known: Sequence[p.Parameter]) -> dict[str, Any]:
    """What a page of a list says before its rows: `next` is the address of the page that follows."""
    following = p.address(at, values, known, page=page.page + 1) if page.has_next else None
    return {"total": page.total, "page": page.page, "per_page": page.per_page, "next": following}


def change_objects(changes: Sequence[Change], runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Changes as JSON has them: `run` confirmed it, `since` is the run that first showed it."""
    at = {run.id: run.started_at for run in runs}
    return [
        {
            "run": change.run_id,
            "at": utc(at.get(change.run_id)),
            "domain": change.domain,
            "check": change.check,
            "kind": change.kind.value,
            "before": change.before,
            "after": change.after,
            "since": change.since,
        }
        for change in changes
    ]


def in_detail(row: Row) -> dict[str, Any]:
    """A domain's object with what it means in words."""
    shown: dict[str, Any] = json.loads(row.text)
    for id_, check in shown.get("checks", {}).items():
        check["words"] = {language: _words(row.target.domain, id_, check, language) for language in LANGUAGES}
    badges = {language: badge(row.score, speech(language)) for language in LANGUAGES}
    return shown | {"level_words": {code: {"name": one.name, "meaning": one.meaning} for code, one in badges.items()}}


def _words(domain: str, id_: str, check: Mapping[str, Any], language: Language) -> dict[str, str]:
    """A check in words, as the scorecard has them; what asks for no action has only what was found."""
    reason = Reason(check["reason"]) if check["reason"] else None
    verdict = Verdict(id=id_, outcome=Outcome(check["outcome"]), reason=reason, case=check["case"], args=check["args"])
    said = finding(verdict, speech(language), domain)
    return {name: getattr(said, name) for name in s.WORDS["properties"]}


def _course(course: Course) -> dict[str, Any]:
    goal = course.goal
    return {
        "id": goal.id,
        "title": dict(goal.title),
        "level": goal.level,
        "source": goal.source,
        "confirmed": goal.confirmed,
        "milestones": [{"date": one.date.isoformat(), "share": one.share} for one in goal.milestones],
        "share": course.share,
        "target": course.target,
        "is_on_course": course.is_on_course,
        "reached_on": course.reached_on.isoformat() if course.reached_on else None,
        "curve": [
            {
                "date": one.on.isoformat(),
                "share": one.share,
                "share_at_most": one.share_at_most,
                "coverage": one.coverage,
                "is_blind": one.is_blind,
            }
            for one in course.curve
        ],
    }


OPERATIONS: Final = (
    Operation(
        name="runs",
        path="/runs",
        summary="Every run, the newest first.",
        answer=_runs,
        schema=s.record(runs=s.array(s.ref("Run"))),
    ),
    Operation(name="run", path="/runs/{run}", summary="One run.", answer=_run, schema=s.ref("Run"), in_path=(p.RUN,)),
    Operation(
        name="domains",
        path="/runs/{run}/domains",
        summary="The domains of a run, filtered and sorted.",
        answer=_domains,
        schema=s.listing("domains", "Domain"),
        in_path=(p.RUN,),
        in_query=p.FILTERS,
    ),
    Operation(
        name="domain",
        path="/runs/{run}/domains/{domain}",
        summary="One domain in a run, with what it means in Vietnamese and English.",
        answer=_domain,
        schema=s.ref("DomainInDetail"),
        in_path=(p.RUN, p.DOMAIN),
    ),
    Operation(
        name="history",
        path="/domains/{domain}/history",
        summary="The levels of a domain, run by run, the oldest first.",
        answer=_history,
        schema=s.record(domain=s.TEXT, levels=s.array(s.ref("Night"))),
        in_path=(p.DOMAIN,),
    ),
    Operation(
        name="changes",
        path="/changes",
        summary="Confirmed changes, the newest first.",
        answer=_changes,
        schema=s.listing("changes", "Change"),
        in_query=p.CHANGES,
        is_internal=True,
    ),
    Operation(
        name="trend",
        path="/trend",
        summary="How many domains had which outcome, run by run, the oldest first. Levels: `3`, `3+` for at least L3, `nm`.",
        answer=_trend,
        schema=s.record(check=s.TEXT, agency=s.or_null(s.TEXT), points=s.array(s.ref("Point"))),
        in_query=p.TREND,
    ),
    Operation(
        name="programme",
        path="/programme",
        summary="Where the programme's goals stand.",
        answer=_programme,
        schema=s.record(goals=s.array(s.ref("Course"))),
    ),
)


def operations(audience: Audience) -> tuple[Operation, ...]:
    """Those that this audience may ask."""
    return tuple(one for one in OPERATIONS if audience == "internal" or not one.is_internal)


def routes(library: Library) -> list[Route]:
    """The API's addresses."""
    made = [Route(API + one.path, _endpoint(library, one), methods=["GET"]) for one in operations(library.audience)]
    document = encoded(s.openapi(operations(library.audience), library.audience)).encode()

    async def describe(request: Request) -> Response:
        p.read(request.query_params, ())
        return reply(request, document, JSON)

    return [*made, Route(f"{API}/openapi.json", describe, methods=["GET"])]


def _endpoint(library: Library, one: Operation) -> Callable[[Request], Awaitable[Response]]:
    in_query = p.for_audience(one.in_query, library.audience)

    async def answer(request: Request) -> Response:
        values = dict(p.read(request.query_params, in_query))
        values |= {known.name: known.read(request.path_params[known.name]) for known in one.in_path}
        text = await one.answer(library, values)
        return reply(request, text.encode("utf-8"), JSON)

    return answer
