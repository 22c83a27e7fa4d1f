"""The parameters of addresses: each is declared once, and read, checked and documented from that."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ipv6check.changes import LEVEL, Kind
from ipv6check.model import KINDS, Outcome
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.levels import FLAGS, OPEN, UNMEASURED
from ipv6check.rules import BY_ID
from ipv6check.score import HIGHEST_LEVEL
from ipv6check.serve.problems import bad_request

LONGEST: Final = 255
"""Characters of a value."""

PER_PAGE: Final = 100
MOST_PER_PAGE: Final = 500
LAST_PAGE: Final = 1_000_000
DEFAULT_SORT: Final = "list"

LEVELS: Final = (*(f"L{number}" for number in range(HIGHEST_LEVEL + 1)), OPEN, UNMEASURED)
"""`open` is "at least L0": nothing is known of it, so it is not L0."""

SORTS: Final = (DEFAULT_SORT, "domain", "agency", "level", "coverage", "percent")
PUBLIC_SORTS: Final = SORTS[:-1]
CHANGE_SORTS: Final = ("domain", "check", "kind")
"""Changes can be sorted by these; as the list has them the newest stand first."""

TOLD: Final = tuple(kind.value for kind in Kind if kind is not Kind.RULES)
"""Kinds of changes that are told."""

Values = Mapping[str, Any]
"""The values that were given, by name; what was left out has its default, or is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: text unless `number` or `day`, one of `choices` where there are any; `most` is the greatest number.

    `pattern` is what the whole text must be like; of other text what nobody sees is left out.
    Only for the `internal` audience when it would tell of findings.
    """

    name: str
    description: str
    choices: tuple[str, ...] = ()
    default: str | int | None = None
    most: int | None = None
    pattern: str = ""
    is_day: bool = False
    is_internal: bool = False

    def read(self, text: str) -> Any:
        """The value of a text. Raises Problem."""
        if len(text) > LONGEST:
            raise bad_request(f"{self.name}: at most {LONGEST} characters")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise bad_request(f"{self.name}: it must be like {self.pattern}")
        value = for_terminal(text)
        if self.choices:
            return self._chosen(value)
        if self.most is not None:
            return self._number(value)
        return self._day(value) if self.is_day else value

    def _chosen(self, value: str) -> str:
        for choice in self.choices:
            if choice.casefold() == value.casefold():
                return choice
        raise bad_request(f"{self.name}: no such value", self.choices)

    def _number(self, value: str) -> int:
        is_number = value.isascii() and value.isdigit() and len(value) < 10
        if not is_number or not 1 <= int(value) <= (self.most or 0):
            raise bad_request(f"{self.name}: a whole number from 1 to {self.most}")
        return int(value)

    def _day(self, value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise bad_request(f"{self.name}: a day as in 2026-11-21") from None

    def as_openapi(self, where: str) -> dict[str, Any]:
        """The parameter as OpenAPI has it; `where` is `query` or `path`."""
        schema: dict[str, Any] = {"type": "string", "maxLength": LONGEST}
        if self.pattern:
            schema["pattern"] = f"^{self.pattern}$"
        if self.choices:
            schema = {"type": "string", "enum": list(self.choices)}
        elif self.most is not None:
            schema = {"type": "integer", "minimum": 1, "maximum": self.most}
        elif self.is_day:
            schema = {"type": "string", "format": "date"}
        if self.default is not None:
            schema["default"] = self.default
        described = {"name": self.name, "in": where, "required": where == "path", "description": self.description}
        return described | ({"allowEmptyValue": True} if where == "query" else {}) | {"schema": schema}


def read(given: QueryParams, known: Sequence[Parameter]) -> Values:
    """Read the parameters of a request; an empty one is as if left out. Raises Problem for what is not known, or twice."""
    values: dict[str, Any] = {one.name: one.default for one in known if one.default is not None}
    by_name = {one.name: one for one in known}
    seen = set()
    for name, text in given.multi_items():
        if name not in by_name:
            raise bad_request("no such parameter here", tuple(by_name))
        if name in seen:
            raise bad_request(f"{name}: given twice")
        seen.add(name)
        if text.strip() or len(text) > LONGEST:
            values[name] = by_name[name].read(text)
    return values


def for_audience(parameters: Iterable[Parameter], audience: str) -> tuple[Parameter, ...]:
    """Those that this audience may use."""
    if audience == "internal":
        return tuple(parameters)
    return tuple(PUBLIC_SORT if one is SORT else one for one in parameters if not one.is_internal)


def address(at: str, values: Values, known: Sequence[Parameter], **other: Any) -> str:
    """An address with the values in force, others in their place; what is as by default is left out."""
    asked = {one.name: {**values, **other}.get(one.name) for one in known}
    query = urlencode({one.name: asked[one.name] for one in known if asked[one.name] not in {None, one.default}})
    return f"{at}?{query}" if query else at


SORT: Final = Parameter(name="sort", description="What it is sorted by.", choices=SORTS, default=DEFAULT_SORT)
PUBLIC_SORT: Final = Parameter(name="sort", description="What it is sorted by.", choices=PUBLIC_SORTS, default=DEFAULT_SORT)
PAGING: Final = (
    Parameter(name="page", description="Which page, from 1.", most=LAST_PAGE, default=1),
    Parameter(name="per_page", description="So many on a page.", most=MOST_PER_PAGE, default=PER_PAGE),
)
ORDER: Final = Parameter(name="order", description="Ascending or descending.", choices=("asc", "desc"), default="asc")
Q: Final = Parameter(name="q", description="A part of what stands in a row, of the domain's or the agency's name for instance.")
KIND: Final = Parameter(name="kind", description="The kind of agency.", choices=KINDS)
NAME: Final = "[0-9A-Za-z_.-]+"
"""Ids of runs, and domain names (A-labels)."""

DOMAIN: Final = Parameter(name="domain", description="A domain name, as the list has it (A-labels).", pattern=NAME)
AGENCY: Final = Parameter(name="agency", description="An agency, by its name or code.")
RUN: Final = Parameter(name="run", description="The id of a run.", pattern=NAME)
FORMAT: Final = Parameter(name="format", description="The form of the answer.", choices=("html", "csv", "json"), default="html")
CHECKS: Final = tuple(BY_ID)

FILTERS: Final = (
    Parameter(name="level", description="The level; `open` is at least L0, `unmeasured` was not seen at all.", choices=LEVELS),
    AGENCY,
    KIND,
    Parameter(name="flag", description="A flag beside the level.", choices=FLAGS, is_internal=True),
    Parameter(
        name="check",
        description="A check: those that do not meet it (`fail`, `warn`), or have the `outcome` that is given.",
        choices=CHECKS,
        is_internal=True,
    ),
    Parameter(
        name="outcome",
        description="The outcome of that `check`, or of any.",
        choices=tuple(outcome.value for outcome in Outcome),
        is_internal=True,
    ),
    Q,
    SORT,
    ORDER,
    *PAGING,
)
"""What a table of domains may be asked for."""

SINCE: Final = Parameter(name="since", description="Of runs that began on this day (in Hanoi) or later.", is_day=True)
CHANGES: Final = (
    DOMAIN,
    AGENCY,
    Parameter(name="check", description="A check, or `level`.", choices=(LEVEL, *CHECKS)),
    Parameter(name="kind", description="How it changed.", choices=TOLD),
    SINCE,
    Parameter(name="sort", description="What it is sorted by.", choices=(DEFAULT_SORT, *CHANGE_SORTS), default=DEFAULT_SORT),
    ORDER,
    *PAGING,
)
"""What the changes may be asked for."""

TREND: Final = (
    Parameter(name="check", description="A check, or `level`.", choices=(LEVEL, *CHECKS), default=LEVEL, is_internal=True),
    Parameter(name="agency", description="Only the domains of this agency, by its name or code."),
    SINCE,
)
