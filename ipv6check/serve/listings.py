"""Tables beside those of domains and changes: agencies, checks, providers, runs. Each is columns, filters and a reader."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ipv6check.model import Body, Outcome, Severity
from ipv6check.reports.export import run_object
from ipv6check.reports.findings import FIRST_LEVEL_OF, is_ours
from ipv6check.reports.history import share_of
from ipv6check.reports.paths import agency_page, check_page
from ipv6check.reports.providers import PROVIDER_KINDS
from ipv6check.reports.site import PROVIDERS, RESOURCES, RUN
from ipv6check.reports.standing import Audience, grouped
from ipv6check.rules import FAMILIES, RULES, Rule, words
from ipv6check.rules.words import Language
from ipv6check.score import HIGHEST_LEVEL, roll_up
from ipv6check.serve import parameters as p
from ipv6check.serve.library import Library
from ipv6check.serve.tables import Row, in_order

Kind = Literal["text", "code", "number", "share", "percent", "median", "moment", "answer", "severity", "provider", "kind"]
"""How a cell is shown to people."""

STYLES: Final = dict.fromkeys(("number", "share", "percent", "median"), "number") | {"code": "code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `is_internal` where it would tell of findings."""

    name: str
    kind: Kind = "text"
    is_internal: bool = False

    @property
    def style(self) -> str:
        """The style of its cells."""
        return STYLES.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its cells by column, and its page in the site ("" where it has none; a `/` in front: from the root)."""

    cells: Mapping[str, Any]
    page: str = ""


Read = Callable[[Library, Language], Awaitable[Sequence[Entry]]]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One table: its address, its columns (the first names the row), filters beside `q`, and how its rows are read."""

    name: str
    columns: tuple[Column, ...]
    read: Read
    filters: tuple[p.Parameter, ...] = ()
    is_internal: bool = False

    def shown(self, audience: Audience) -> tuple[Column, ...]:
        """The columns that this audience sees."""
        return tuple(column for column in self.columns if audience == "internal" or not column.is_internal)

    def parameters(self, audience: Audience) -> tuple[p.Parameter, ...]:
        """What it may be asked for."""
        sorts = (p.DEFAULT_SORT, *(column.name for column in self.shown(audience)))
        sort = p.Parameter(name="sort", description="What it is sorted by.", choices=sorts, default=p.DEFAULT_SORT)
        return (p.Q, *self.filters, sort, p.ORDER, *p.PAGING, p.FORMAT)


def chosen(entries: Iterable[Entry], listing: Listing, values: p.Values) -> list[Entry]:
    """The entries that filters leave, sorted."""
    wanted = {one.name: values[one.name] for one in listing.filters if one.name in values}
    asked = str(values.get("q", "")).casefold().split()
    left = [
        entry
        for entry in entries
        if all(entry.cells[name] == value for name, value in wanted.items()) and all(word in _text(entry) for word in asked)
    ]
    return in_order(left, values["sort"], values["order"], lambda entry, name: _sortable(entry.cells[name]))


def _text(entry: Entry) -> str:
    return " ".join(value for value in entry.cells.values() if isinstance(value, str)).casefold()


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


async def _agencies(library: Library, language: Language) -> Sequence[Entry]:
    table = await library.newest()
    by_agency = grouped((row for row in table.rows if not row.target.is_demo), lambda row: row.counted_for)
    return [_agency(name, own, table.bodies.get(name, Body(name=name))) for name, own in by_agency.items()]


def _agency(name: str, rows: Sequence[Row], body: Body) -> Entry:
    """One agency with the domains that it counts, those of whom it took over from among them."""
    total = roll_up(row.score for row in rows)
    listed = [row.target for row in rows if row.target.agency == name]
    cells = {
        "agency": name,
        "agency_code": next((target.agency_code for target in listed if target.agency_code), ""),
        "kind": body.kind or next((target.kind for target in listed if target.kind), ""),
        "domains": total.domains,
        "measured": total.measured,
        "median_level": total.median_level,
        "share_at_goal": total.share_at_goal,
        "coverage": total.coverage,
        "broken": total.broken_v6,
        "percent": total.percent,
    }
    return Entry(cells, agency_page(name))


async def _checks(library: Library, language: Language) -> Sequence[Entry]:
    tallies = (await library.newest()).tallies
    return [_check(rule, tallies[rule.id], language) for rule in RULES if rule.is_built and not is_ours(rule.id)]


def _check(rule: Rule, tally: Mapping[Outcome, int], language: Language) -> Entry:
    counts = {outcome.value: tally.get(outcome, 0) for outcome in Outcome}
    level = FIRST_LEVEL_OF.get(rule.id)
    cells = {
        "title": words.title(rule.id, language),
        "id": rule.id,
        "family": rule.family,
        "severity": rule.severity.value,
        "level": f"L{level}" if level else None,
        **{name: counts[name] for name in ("fail", "warn", "pass", "info", "nm")},
        "na": counts[Outcome.NOT_APPLICABLE.value],
        "share_pass": share_of(counts),
    }
    return Entry(cells, check_page(rule.id))


async def _providers(library: Library, language: Language) -> Sequence[Entry]:
    """As the newest run's site has them: they are made of all its evidence."""
    body, _ = await library.page(None, PROVIDERS)
    return [Entry(cells, RESOURCES) for cells in json.loads(body)]


async def _runs(library: Library, language: Language) -> Sequence[Entry]:
    prefix = "" if language == "vi" else f"{language}/"
    page = RUN if library.audience == "internal" else "index.html"
    objects = [run_object(run) | {"is_judged": bool(run.rules_version)} for run in await library.runs()]
    return [Entry(one | {"run": one["id"]}, f"/runs/{one['id']}/{prefix}{page}" if one["is_judged"] else "") for one in objects]


def _choice(name: str, description: str, choices: Iterable[str]) -> p.Parameter:
    return p.Parameter(name=name, description=description, choices=tuple(choices))


LISTINGS: Final = (
    Listing(
        name="agencies",
        columns=(
            Column(name="agency"),
            Column(name="agency_code", kind="code"),
            Column(name="kind", kind="kind"),
            Column(name="domains", kind="number"),
            Column(name="measured", kind="number"),
            Column(name="median_level", kind="median"),
            Column(name="share_at_goal", kind="share"),
            Column(name="coverage", kind="share"),
            Column(name="broken", kind="number", is_internal=True),
            Column(name="percent", kind="percent", is_internal=True),
        ),
        filters=(p.KIND,),
        read=_agencies,
    ),
    Listing(
        name="checks",
        columns=(
            Column(name="title"),
            Column(name="id", kind="code"),
            Column(name="severity", kind="severity"),
            Column(name="level", kind="code"),
            *(Column(name=name, kind="number") for name in ("fail", "warn", "pass", "info", "nm", "na")),
            Column(name="share_pass", kind="share"),
        ),
        filters=(
            _choice("family", "The family of checks.", (family for family in FAMILIES if family != "OPS")),
            _choice("severity", "How much it weighs.", (severity.value for severity in Severity)),
            _choice("level", "The lowest level that asks for it.", (f"L{n}" for n in range(1, HIGHEST_LEVEL + 1))),
        ),
        read=_checks,
        is_internal=True,
    ),
    Listing(
        name="providers",
        columns=(
            Column(name="name"),
            Column(name="kind", kind="provider"),
            Column(name="country", kind="code"),
            *(Column(name=name, kind="number") for name in ("domains", "agencies", "measured", "at_goal")),
            *(Column(name=name, kind="number") for name in ("servers", "servers_over_ipv6")),
        ),
        filters=(_choice("kind", "What it provides.", PROVIDER_KINDS),),
        read=_providers,
        is_internal=True,
    ),
    Listing(
        name="runs",
        columns=(
            Column(name="run", kind="code"),
            *(Column(name=name, kind="moment") for name in ("started_at", "finished_at")),
            Column(name="vantage"),
            *(Column(name=name, kind="number") for name in ("planned", "finished")),
            Column(name="is_complete", kind="answer"),
            Column(name="is_partial", kind="answer"),
            Column(name="rules_version", kind="code"),
        ),
        read=_runs,
    ),
)


def listings(audience: Audience) -> tuple[Listing, ...]:
    """The tables that this audience may ask for."""
    return tuple(one for one in LISTINGS if audience == "internal" or not one.is_internal)
