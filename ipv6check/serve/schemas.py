"""The shapes of the API's answers, as JSON Schema, and the OpenAPI document that is made of them and of the operations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ipv6check.changes import LEVEL
from ipv6check.model import Outcome, Reason
from ipv6check.reports.levels import FLAGS
from ipv6check.reports.standing import Audience
from ipv6check.score import HIGHEST_LEVEL
from ipv6check.serve.parameters import CHECKS, TOLD, for_audience
from ipv6check.serve.replies import API, PROBLEM
from ipv6check.serve.tables import PUBLIC_FIELDS
from ipv6check.version import __version__

if TYPE_CHECKING:
    from ipv6check.serve.api import Operation

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
YES_OR_NO: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
DAY: Final[Schema] = {"type": "string", "format": "date"}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return schema | {"type": [schema["type"], "null"]}


def one_of(values: Sequence[str]) -> Schema:
    """One of some texts."""
    return {"type": "string", "enum": list(values)}


def array(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def record(**members: Schema) -> Schema:
    """An object with exactly these members."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def counts(schema: Schema) -> Schema:
    """An object with values by key."""
    return {"type": "object", "additionalProperties": schema}


def ref(name: str) -> Schema:
    """A component by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


RUN: Final = record(
    id=TEXT,
    vantage=TEXT,
    country=TEXT,
    started_at=MOMENT,
    finished_at=or_null(MOMENT),
    planned=COUNT,
    finished=COUNT,
    is_complete=YES_OR_NO,
    is_partial=YES_OR_NO,
    version=TEXT,
    rules_version=TEXT,
)
OUTCOME: Final = {
    "outcome": one_of([outcome.value for outcome in Outcome]),
    "reason": {"enum": [None, *(reason.value for reason in Reason)]},
    "case": TEXT,
    "args": {"type": "object"},
}
CHECK: Final = record(**OUTCOME)
WORDS: Final = record(title=TEXT, found=TEXT, why=TEXT, fix=TEXT, verify=TEXT)
DOMAIN: Final[dict[str, Schema]] = {
    "domain": TEXT,
    "agency": TEXT,
    "run": TEXT,
    "vantage": TEXT,
    "measured_at": or_null(MOMENT),
    "rules_version": TEXT,
    "level": one_of([f"L{number}" for number in range(HIGHEST_LEVEL + 1)]),
    "level_is_minimum": YES_OR_NO,
    "is_measured": YES_OR_NO,
    "percent": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
    "coverage": SHARE,
    "flags": array(one_of(FLAGS)),
    "exempt": array(one_of(CHECKS)),
    "disputed": array(one_of(CHECKS)),
    "checks": counts(ref("Check")),
}
LEVEL_WORDS: Final = record(name=TEXT, meaning=TEXT)
CHANGE: Final = record(
    run=TEXT,
    at=or_null(MOMENT),
    domain=TEXT,
    check=one_of((LEVEL, *CHECKS)),
    kind=one_of(TOLD),
    before=TEXT,
    after=TEXT,
    since=TEXT,
)
COURSE: Final = record(
    id=TEXT,
    title=record(vi=TEXT, en=TEXT),
    level=COUNT,
    source=TEXT,
    confirmed=YES_OR_NO,
    milestones=array(record(date=DAY, share=SHARE)),
    share=or_null(SHARE),
    target=or_null(SHARE),
    is_on_course=or_null(YES_OR_NO),
    reached_on=or_null(DAY),
    curve=array(record(date=DAY, share=or_null(SHARE), share_at_most=or_null(SHARE), coverage=SHARE, is_blind=YES_OR_NO)),
)
PROBLEM_SHAPE: Final[Schema] = {
    "type": "object",
    "properties": {"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT, "allowed": array(TEXT)},
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}


def components(audience: Audience) -> dict[str, Schema]:
    """Every named shape, as this audience sees it."""
    shown = DOMAIN if audience == "internal" else {name: DOMAIN[name] for name in PUBLIC_FIELDS}
    detail = shown | {"level_words": record(vi=LEVEL_WORDS, en=LEVEL_WORDS)}
    if audience == "internal":
        detail["checks"] = counts(record(**OUTCOME, words=record(vi=WORDS, en=WORDS)))
    return {
        "Run": RUN,
        "Check": CHECK,
        "Domain": record(**shown),
        "DomainInDetail": record(**detail),
        "Night": record(at=MOMENT, run=TEXT, level=DOMAIN["level"], level_is_minimum=YES_OR_NO),
        "Change": CHANGE,
        "Point": record(at=MOMENT, run=TEXT, counts=counts(COUNT)),
        "Course": COURSE,
        "Problem": PROBLEM_SHAPE,
    }


def listing(name: str, items: str) -> Schema:
    """A page of a list: `next` is the address of the one that follows."""
    paging = {"total": COUNT, "page": COUNT, "per_page": COUNT, "next": or_null(TEXT)}
    return record(**paging, **{name: array(ref(items))})


def openapi(operations: Sequence["Operation"], audience: Audience) -> Schema:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ipv6check",
            "version": __version__,
            "description": "Results of measuring a city's domain names for IPv6. What was not measured is `nm`, never `fail`.",
        },
        "servers": [{"url": API}],
        "paths": {one.path: {"get": _operation(one, audience)} for one in operations},
        "components": {"schemas": components(audience)},
    }


def _operation(one: "Operation", audience: Audience) -> Schema:
    given = [parameter.as_openapi("path") for parameter in one.in_path]
    given += [parameter.as_openapi("query") for parameter in for_audience(one.in_query, audience)]
    answer = {"description": "It is answered.", "content": {"application/json": {"schema": one.schema}}}
    problem = {"description": "It cannot be answered.", "content": {PROBLEM: {"schema": ref("Problem")}}}
    known = {"description": "The copy whose entity tag was sent is still right."}
    return {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": given,
        "responses": {"200": answer, "304": known, "default": problem},
    }
