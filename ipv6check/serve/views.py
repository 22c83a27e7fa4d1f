"""Pages that are made when they are asked for, with the site's own templates around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader

from ipv6check.changes import LEVEL, Change
from ipv6check.model import Run
from ipv6check.reports import site
from ipv6check.reports.drawing import say
from ipv6check.reports.history import state_of, title_of
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.reports.levels import FLAGS, OPEN, UNMEASURED, badge, badge_by, flags
from ipv6check.reports.paths import PREFIX, agency_page, domain_page, to_root
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.standing import Audience, DomainRow
from ipv6check.rules.words import LANGUAGES, Language, term, title
from ipv6check.serve.parameters import Parameter, Values, address
from ipv6check.serve.problems import Problem
from ipv6check.serve.tables import Leaf, Row, Table

PAGE_SIZES: Final = ("50", "100", "200", "500")

KEPT: Final = 4_096
"""Texts that are kept: to write a share, or to clean a name, takes longer than the rest of its row."""


@cache
def templates(language: Language) -> Environment:
    """The site's templates with those of this package before them."""
    own = site.templates(language)
    made = own.overlay(loader=ChoiceLoader([PackageLoader("ipv6check.serve"), PackageLoader("ipv6check.reports")]))
    share = lru_cache(KEPT)(speech(language).share)
    made.globals = {**own.globals, "say": partial(say, speech(language)), "share": share}
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
    """A page of a table with its filters: `path` is its address, `values` are those in force."""

    language: Language
    path: str
    audience: Audience
    table: Table
    leaf: Leaf
    values: Values
    known: tuple[Parameter, ...]

    @property
    def speech(self) -> Speech:
        """How it is said."""
        return speech(self.language)

    def at(self, **other: Any) -> str:
        """This page's address relative to itself, with other values."""
        return address(self.path.rpartition("/")[2], self.values, self.known, **other)

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
            return tuple(Option(one, one) for one in PAGE_SIZES)
        choices = next(one.choices for one in self.known if one.name == name)
        return options("change" if name == "kind" and self.has("since") else name, choices, self.language)


@lru_cache(KEPT)
def options(name: str, choices: tuple[str, ...], language: Language) -> tuple[Option, ...]:
    """Choices in words; `change` are the kinds of changes."""
    return tuple(Option(one, _named(name, one, speech(language))) for one in choices)


def _named(name: str, choice: str, said: Speech) -> str:
    match name:
        case "level":
            shown = badge_by(choice if choice in {OPEN, UNMEASURED} else choice.lower(), said)
            return f"{shown.text} – {shown.name}" if shown.text != shown.name else shown.name
        case "kind" | "change" | "outcome":
            return term(name, choice, said.code)
        case "flag":
            return said.gettext(FLAGS[choice].name)
        case "check":
            return title_of(choice, said.code) if choice == LEVEL else f"{choice} {title(choice, said.code)}"
    return say(said, *SAID[choice])


@lru_cache(KEPT)
def agency_options(agencies: tuple[str, ...], language: Language) -> tuple[Option, ...]:
    """The agencies of a table as choices."""
    return tuple(Option(one, shown_agency(one, language)[0]) for one in agencies)


@lru_cache(KEPT)
def shown_agency(agency: str, language: Language) -> tuple[str, str]:
    """An agency's name as it is shown, and its page."""
    return agency_name(agency, speech(language)), agency_page(agency)


SAID: Final[Mapping[str, tuple[str, str]]] = {
    "list": ("Thứ tự trong danh sách", "The order of the list"),
    "domain": ("Tên miền", "Domain name"),
    "agency": ("Cơ quan", "Agency"),
    "level": ("Mức sẵn sàng", "Level"),
    "coverage": ("Tỷ lệ đo được", "Measured share"),
    "percent": ("Điểm", "Score"),
    "asc": ("Tăng dần", "Ascending"),
    "desc": ("Giảm dần", "Descending"),
}
"""The choices of sorting in words."""


def domain_rows(view: View) -> list[DomainRow]:
    """The rows of the page, as the site shows them."""
    return [_domain_row(row, view.speech, view.audience == "internal") for row in view.leaf.items]


def _domain_row(row: Row, said: Speech, is_internal: bool) -> DomainRow:
    target, score = row.target, row.score
    agency, page_of_agency = shown_agency(target.agency, said.code)
    return DomainRow(
        domain=for_terminal(target.domain),
        page=domain_page(target.domain) if is_internal else "",
        agency=agency,
        agency_page=page_of_agency,
        badge=badge(score, said),
        is_demo=target.is_demo,
        flags=flags(score, said) if is_internal else (),
        percent=score.percent if is_internal and score.is_measured else None,
        coverage=score.coverage,
    )


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
            editions=[(code, address(root + PREFIX[code] + name, view.values, view.known)) for code in LANGUAGES],
            **more,
        )
    )
    return site.ACTING.sub("\N{REPLACEMENT CHARACTER}", text).encode("utf-8")


def render_problem(problem: Problem, language: Language) -> str:
    """A small page about a problem, which needs no run."""
    text = templates(language).get_template("problem.html").render(problem=problem)
    return site.ACTING.sub("\N{REPLACEMENT CHARACTER}", text)
