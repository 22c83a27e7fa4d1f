"""The tables for people, `/domains` and `/changes`: one address each, as a page, as CSV and as JSON."""

import io
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from email.utils import formatdate
from importlib.resources import files
from mimetypes import guess_type
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ipv6check.reports.hostile import write_rows
from ipv6check.reports.paths import live_page
from ipv6check.reports.site import INDEX
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.serve import parameters as p
from ipv6check.serve.api import change_objects, next_page
from ipv6check.serve.library import Library
from ipv6check.serve.listings import Listing, listings
from ipv6check.serve.listings import chosen as from_listing
from ipv6check.serve.replies import HTML, JSON, reply
from ipv6check.serve.tables import Leaf, cells, chosen, columns, encoded, leaf
from ipv6check.serve.views import View, change_rows, domain_rows, entry_rows, render

CSV: Final = "text/csv; charset=utf-8"
CHANGE_COLUMNS: Final = ("run", "at", "domain", "check", "kind", "before", "after", "since")

Endpoint = Callable[[Request], Awaitable[Response]]
Rows = Sequence[Mapping[str, Any]]


def routes(library: Library) -> list[Route]:
    """The addresses of pages: the tables, then whatever the sites have."""
    made = [Route("/static/filters.css", _style, methods=["GET"]), Route("/favicon.ico", _icon, methods=["GET"])]
    for language in LANGUAGES:
        made.append(_table("domains", language, _domains(library, language)))
        if library.audience == "internal":
            made.append(_table("changes", language, _changes(library, language)))
        made += [_table(one.name, language, _listing(library, language, one)) for one in listings(library.audience)]
    return [*made, Route("/runs/{run}", _into, methods=["GET"]), *_sites(library)]


def _table(name: str, language: Language, endpoint: Endpoint) -> Route:
    return Route(live_page(name, language), endpoint, methods=["GET"])


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


def _domains(library: Library, language: Language) -> Endpoint:
    known = (*p.for_audience(p.FILTERS, library.audience), p.FORMAT)
    path = live_page("domains", language)

    async def answer(request: Request) -> Response:
        values = p.read(request.query_params, known)
        table = await library.newest()
        rows = chosen(table, values)
        page = leaf(rows, values)
        if values["format"] == "csv":
            return _csv(request, columns(library.audience), [cells(row, library.audience) for row in rows])
        if values["format"] == "json":
            return _json(request, page, "domains", [cells(row, library.audience) for row in page.items], path, values, known)
        view = View(language=language, path=path, audience=library.audience, table=table, leaf=page, values=values, known=known)
        return reply(request, render("domains_table.html", view, rows=domain_rows(view)), HTML)

    return answer


def _changes(library: Library, language: Language) -> Endpoint:
    known = (*p.CHANGES, p.FORMAT)
    path = live_page("changes", language)

    async def answer(request: Request) -> Response:
        values = p.read(request.query_params, known)
        found, runs, table = await library.changes(values), await library.runs(), await library.newest()
        page = leaf(found, values)
        if values["format"] == "csv":
            return _csv(request, CHANGE_COLUMNS, change_objects(found, runs))
        if values["format"] == "json":
            return _json(request, page, "changes", change_objects(page.items, runs), path, values, known)
        view = View(
            language=language,
            path=path,
            audience=library.audience,
            table=table,
            leaf=page,
            values=values,
            known=known,
            kinds={"kind": "change"},
        )
        return reply(request, render("changes_table.html", view, rows=change_rows(view, runs)), HTML)

    return answer


def _listing(library: Library, language: Language, listing: Listing) -> Endpoint:
    known, columns_ = listing.parameters(library.audience), listing.shown(library.audience)
    names, path = [column.name for column in columns_], live_page(listing.name, language)
    kinds = {"sort": "column"} | {column.name: column.kind for column in columns_ if column.kind in {"kind", "provider"}}

    async def answer(request: Request) -> Response:
        values = p.read(request.query_params, known)
        table, entries = await library.newest(), await listing.read(library, language)
        found = from_listing(entries, listing, values)
        page = leaf(found, values)
        if values["format"] == "csv":
            return _csv(request, names, [entry.cells for entry in found])
        if values["format"] == "json":
            rows = [{name: entry.cells[name] for name in names} for entry in page.items]
            return _json(request, page, listing.name, rows, path, values, known)
        view = View(
            language=language,
            path=path,
            audience=library.audience,
            table=table,
            leaf=page,
            values=values,
            known=known,
            kinds=kinds,
        )
        return reply(
            request, render("listing.html", view, listing=listing, columns=columns_, rows=entry_rows(view, columns_)), HTML
        )

    return answer


def _json(
    request: Request, page: Leaf, name: str, rows: Rows, path: str, values: p.Values, known: Sequence[p.Parameter]
) -> Response:
    head = {"total": page.total, "page": page.page, "per_page": page.per_page, "next": next_page(page, path, values, known)}
    return reply(request, encoded(head | {name: rows}).encode(), JSON)


def _csv(request: Request, names: Sequence[str], rows: Rows) -> Response:
    """All rows, not one page of them: a spreadsheet has no next page."""
    out = io.StringIO(newline="")
    write_rows([names, *([_cell(row[name]) for name in names] for row in rows)], out, bom=True)
    return reply(request, out.getvalue().encode(), CSV, {"content-disposition": 'attachment; filename="ipv6check.csv"'})


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " ".join(value)
    return "" if value is None else str(value)
