"""The tables for people, `/domains` and `/changes`: one address each, as a page, as CSV and as JSON."""

import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from importlib.resources import files
from mimetypes import guess_type
from types import MappingProxyType
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ipv6check.reports.hostile import write_rows
from ipv6check.reports.paths import live_page
from ipv6check.reports.site import INDEX
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.serve import parameters as p
from ipv6check.serve.api import change_objects, head_of
from ipv6check.serve.library import Library
from ipv6check.serve.listings import Listing, listings
from ipv6check.serve.listings import chosen as from_listing
from ipv6check.serve.replies import HTML, JSON, reply
from ipv6check.serve.tables import Leaf, Table, cells, chosen, columns, encoded, leaf
from ipv6check.serve.views import View, change_rows, domain_rows, entry_rows, render

CSV: Final = "text/csv; charset=utf-8"
CHANGE_COLUMNS: Final = ("run", "at", "domain", "check", "kind", "before", "after", "since")

WHOLE: Final = {"page": 1, "per_page": sys.maxsize}
"""All rows, not one page of them: a spreadsheet has no next page."""

Endpoint = Callable[[Request], Awaitable[Response]]
Rows = Sequence[Mapping[str, Any]]


def routes(library: Library) -> list[Route]:
    """The addresses of pages: the tables, then whatever the sites have."""
    made = [Route("/static/filters.css", _style, methods=["GET"]), Route("/favicon.ico", _icon, methods=["GET"])]
    for language in LANGUAGES:
        tables = {"domains": _domains} | ({"changes": _changes} if library.audience == "internal" else {})
        tables |= {one.name: partial(_listing, listing=one) for one in listings(library.audience)}
        for name, table in tables.items():
            path = live_page(name, language)
            made.append(Route(path, table(library, path, language), methods=["GET"]))
    return [*made, Route("/runs/{run}", _into, methods=["GET"]), *_sites(library)]


def _sites(library: Library) -> list[Route]:
    async def show(request: Request) -> Response:
        p.read(request.query_params, ())
        name = request.path_params["page"]
        name += INDEX if name.endswith("/") or not name else ""
        body, written = await library.page(request.path_params.get("run"), name)
        kind = guess_type(name)[0] or "application/octet-stream"
        return reply(request, body, f"{kind}; charset=utf-8", modified=formatdate(written, usegmt=True))

    return [Route("/runs/{run}/{page:path}", show, methods=["GET"]), Route("/{page:path}", show, methods=["GET"])]


async def _into(request: Request) -> Response:
    """To the folder, from where the site's addresses are relative."""
    return RedirectResponse(request.scope["path"] + "/", 308)


async def _style(request: Request) -> Response:
    return reply(request, files("ipv6check.serve").joinpath("static", "filters.css").read_bytes(), "text/css")


async def _icon(request: Request) -> Response:
    """What browsers ask for beside pages that name no icon, such as JSON."""
    return reply(request, files("ipv6check.reports").joinpath("static", "icon.svg").read_bytes(), "image/svg+xml")


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows that were asked for; rows as data; the page that shows them."""

    leaf: Leaf
    objects: Callable[[Sequence[Any]], Rows]
    html: Callable[[View], bytes]


def _tabular(
    library: Library,
    path: str,
    language: Language,
    known: tuple[p.Parameter, ...],
    columns_: Sequence[str],
    find: Callable[[Table, p.Values], Awaitable[_Found]],
    kinds: Mapping[str, str] = MappingProxyType({}),
) -> Endpoint:
    """A table at one address: as a page, as JSON page by page, and whole as CSV."""

    async def answer(request: Request) -> Response:
        given, table = p.read(request.query_params, known), await library.newest()
        values = table.named(given)
        is_csv = values["format"] == "csv"
        found = await find(table, {**values, **WHOLE} if is_csv else values)
        if is_csv:
            return _csv(request, columns_, found.objects(found.leaf.items))
        view = View(
            language=language,
            path=path,
            audience=library.audience,
            table=table,
            leaf=found.leaf,
            values=values,
            known=known,
            kinds=kinds,
        )
        if values["format"] == "json":
            return _json(request, view, found.objects(view.leaf.items))
        return reply(request, found.html(view), HTML)

    return answer


def _domains(library: Library, path: str, language: Language) -> Endpoint:
    async def find(table: Table, values: p.Values) -> _Found:
        return _Found(
            leaf(chosen(table, values), values),
            lambda rows: [cells(row, library.audience) for row in rows],
            lambda view: render("domains_table.html", view, rows=domain_rows(view)),
        )

    known = (*p.for_audience(p.FILTERS, library.audience), p.FORMAT)
    return _tabular(library, path, language, known, columns(library.audience), find)


def _changes(library: Library, path: str, language: Language) -> Endpoint:
    async def find(table: Table, values: p.Values) -> _Found:
        changes, runs = await library.changes(values), await library.runs()
        return _Found(
            changes,
            lambda some: change_objects(some, runs),
            lambda view: render("changes_table.html", view, rows=change_rows(view, runs)),
        )

    return _tabular(library, path, language, (*p.CHANGES, p.FORMAT), CHANGE_COLUMNS, find, {"kind": "change"})


def _listing(library: Library, path: str, language: Language, listing: Listing) -> Endpoint:
    columns_ = listing.shown(library.audience)
    names = [column.name for column in columns_]

    async def find(table: Table, values: p.Values) -> _Found:
        return _Found(
            leaf(from_listing(await listing.read(library, language), listing, values), values),
            lambda entries: [{name: entry.cells[name] for name in names} for entry in entries],
            lambda view: render("listing.html", view, listing=listing, columns=columns_, rows=entry_rows(view, columns_)),
        )

    kinds = {"sort": "column"} | {column.name: column.kind for column in columns_ if column.kind in {"kind", "provider"}}
    return _tabular(library, path, language, listing.parameters(library.audience), names, find, kinds)


def _json(request: Request, view: View, rows: Rows) -> Response:
    head = head_of(view.leaf, view.path, view.values, view.known)
    return reply(request, encoded(head | {view.name: rows}).encode(), JSON)


def _csv(request: Request, names: Sequence[str], rows: Rows) -> Response:
    """Rows as a file for a spreadsheet."""
    out = io.StringIO(newline="")
    write_rows([names, *([_cell(row[name]) for name in names] for row in rows)], out, bom=True)
    return reply(request, out.getvalue().encode(), CSV, {"content-disposition": 'attachment; filename="ipv6check.csv"'})


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " ".join(value)
    return "" if value is None else str(value)
