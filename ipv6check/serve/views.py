"""Pages that are made when they are asked for, with the site's own templates around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader

from ipv6check.changes import Change
from ipv6check.model import Run
from ipv6check.reports import site
from ipv6check.reports.drawing import say
from ipv6check.reports.history import id_and_title, state_of, title_of
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import KEPT, UNKNOWN, Speech, speech
from ipv6check.reports.levels import OPEN, SEVERITIES, UNMEASURED, badge_by
from ipv6check.reports.paths import PREFIX, domain_page, live_page, to_root
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.standing import Audience, DomainRow, row_of
from ipv6check.rules.words import LANGUAGES, Language, term
from ipv6check.serve.listings import Column, Kind, listings
from ipv6check.serve.parameters import Parameter, Values, address
from ipv6check.serve.problems import Problem
from ipv6check.serve.tables import Leaf, Table
from ipv6check.serve.wording import of_listing, word

PAGE_SIZES: Final = (50, 100, 200, 500)


@cache
def templates(language: Language) -> Environment:
    """The site's templates with those of this package before them."""
    own = site.templates(language)
    made = own.overlay(loader=ChoiceLoader([PackageLoader("ipv6check.serve"), PackageLoader("ipv6check.reports")]))
    share = lru_cache(KEPT)(speech(language).share)
    made.globals = {
        **own.globals,
        "say": partial(say, speech(language)),
        "share": share,
        "word": word,
        "of_listing": of_listing,
    }
    return made


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change as it is shown."""

    at: str
    domain: str
    page: str
    check: str
    title: str
    kind: str
    before: str
    after: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page of a table with its filters: `path` is its address, `values` are those in force.

    `kinds` are the words by which a filter's choices are said, where they are not those of its own name.
    """

    language: Language
    path: str
    audience: Audience
    table: Table
    leaf: Leaf
    values: Values
    known: tuple[Parameter, ...]
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def speech(self) -> Speech:
        """How it is said."""
        return speech(self.language)

    @property
    def name(self) -> str:
        """This page's address relative to itself."""
        return self.path.rpartition("/")[2]

    def at(self, **other: Any) -> str:
        """The same with other values."""
        return address(self.name, self.values, self.known, **other)

    def has(self, name: str) -> bool:
        """Whether there is such a filter for this audience."""
        return any(one.name == name for one in self.known)

    def sorted_by(self, name: str) -> str:
        """The address sorted by a column: the other way round when it is already."""
        is_up = self.values["sort"] == name and self.values["order"] == "asc"
        return self.at(sort=name, order="desc" if is_up else "asc", page=1)

    def direction(self, name: str) -> str:
        """How a column is sorted, in the words of ARIA."""
        if self.values["sort"] != name:
            return "none"
        return "ascending" if self.values["order"] == "asc" else "descending"

    def options(self, name: str) -> tuple[Option, ...]:
        """The choices of a filter, in words."""
        if name == "agency":
            return agency_options(self.table.agencies, self.language)
        if name == "per_page":
            return tuple(Option(str(one), str(one)) for one in sorted({*PAGE_SIZES, self.values["per_page"]}))
        choices = next(one.choices for one in self.known if one.name == name)
        return options(self.kinds.get(name, name), choices, self.language)


@lru_cache(KEPT)
def options(name: str, choices: tuple[str, ...], language: Language) -> tuple[Option, ...]:
    """Choices in words; `change` are the kinds of changes."""
    return tuple(Option(one, _named(name, one, speech(language))) for one in choices)


def _named(name: str, choice: str, said: Speech) -> str:
    match name:
        case "level":
            shown = badge_by(choice if choice in {OPEN, UNMEASURED} else choice.lower(), said)
            return f"{shown.text} – {shown.name}" if shown.text != shown.name else shown.name
        case "kind" | "change" | "outcome" | "flag" | "family":
            return term(name, choice, said.code)
        case "severity":
            return said.gettext(SEVERITIES[choice])
        case "check":
            return id_and_title(choice, said.code)
        case "provider" | "column":
            return word(name, choice, said.code)
    return word("choice", choice, said.code)


@lru_cache(KEPT)
def agency_options(agencies: tuple[str, ...], language: Language) -> tuple[Option, ...]:
    """The agencies of a table as choices."""
    return tuple(Option(one, agency_name(one, speech(language))) for one in agencies)


def domain_rows(view: View) -> list[DomainRow]:
    """The rows of the page, as the site shows them."""
    return [
        replace(row_of(row.target, row.score, view.speech, view.audience), remarks=row.remarks[view.language])
        for row in view.leaf.items
    ]


def change_rows(view: View, runs: Sequence[Run]) -> list[ChangeRow]:
    """The changes of the page, as they are shown."""
    at = {run.id: view.speech.moment(run.started_at) for run in runs}
    return [_change_row(change, view, at) for change in view.leaf.items]


def _change_row(change: Change, view: View, at: Mapping[str, str]) -> ChangeRow:
    language = view.language
    return ChangeRow(
        at=at.get(change.run_id, ""),
        domain=for_terminal(change.domain),
        page=domain_page(change.domain) if change.domain in view.table.by_domain else "",
        check=change.check,
        title=title_of(change.check, language),
        kind=term("change", change.kind.value, language),
        before=state_of(change.check, change.before, language),
        after=state_of(change.check, change.after, language),
        since=at.get(change.since, "") if change.since != change.run_id else "",
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table as people read it."""

    heading: str
    text: str
    style: str


def entry_rows(view: View, columns: Sequence[Column]) -> list[tuple[str, list[Cell]]]:
    """The rows of a page with the page of each."""
    headings = [word("column", column.name, view.language) for column in columns]
    return [
        (
            entry.page,
            [
                Cell(heading, _said(entry.cells[column.name], column.kind, view.speech), column.style)
                for heading, column in zip(headings, columns, strict=True)
            ],
        )
        for entry in view.leaf.items
    ]


def _said(value: Any, kind: Kind, said: Speech) -> str:
    """A cell's value in words."""
    if value is None or value == "":
        return UNKNOWN
    match kind:
        case "number":
            return said.number(value)
        case "share":
            return said.share(value, 1)
        case "percent":
            return said.share(value / 100, 1)
        case "median":
            return "L" + said.number(value, 1)
        case "moment":
            return said.moment(datetime.fromisoformat(value))
        case "answer":
            return word("answer", "yes" if value else "no", said.code)
        case "kind" | "severity" | "provider":
            return _named(kind, value, said)
    return for_terminal(str(value))


def render(template: str, view: View, **more: Any) -> bytes:
    """A page with the site's head and foot around it."""
    here = view.path.lstrip("/")
    root = to_root(here)
    name = here.removeprefix(PREFIX["en"])
    text = (
        templates(view.language)
        .get_template(template)
        .render(
            view=view,
            page=name,
            root=root,
            home=root + PREFIX[view.language],
            run=view.table.run,
            health=view.table.health[view.language],
            audience=view.audience,
            only=(),
            changed=view.audience == "internal",
            goals=True,
            live=live_page("", view.language),
            tables=_tables(view),
            editions=[(code, address(root + PREFIX[code] + name, view.values, view.known)) for code in LANGUAGES],
            **more,
        )
    )
    return site.ACTING.sub("\N{REPLACEMENT CHARACTER}", text).encode("utf-8")


def _tables(view: View) -> list[tuple[str, str]]:
    """The names of all live tables, with their titles."""
    names = ["domains", *(["changes"] if view.audience == "internal" else []), *(one.name for one in listings(view.audience))]
    return [(name, of_listing(name, "title", view.language)) for name in names]


def render_problem(problem: Problem, language: Language) -> str:
    """A small page about a problem, which needs no run."""
    text = templates(language).get_template("problem.html").render(problem=problem)
    return site.ACTING.sub("\N{REPLACEMENT CHARACTER}", text)
