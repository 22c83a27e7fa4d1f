"""The web application: what is served, from which database, for whom."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from ipv6check.config import Settings
from ipv6check.reports.standing import Audience
from ipv6check.serve import api, pages
from ipv6check.serve.gate import Gate, told
from ipv6check.serve.kept import ASK_AGAIN
from ipv6check.serve.library import FRESH, Library
from ipv6check.serve.problems import Problem, not_yet
from ipv6check.store import Database, StorageError
from ipv6check.wiring import goals, register

log = logging.getLogger(__name__)

Handler = Callable[[Request, Exception], Awaitable[Response]]
UNREADABLE: Final = "the results cannot be read just now; ask again in a few seconds"


def app(settings: Settings, audience: Audience = "internal", *, fresh: float = FRESH) -> Starlette:
    """The application over the database of the settings, which is only read. New runs show after `fresh` seconds at most."""
    database = Database(settings.store.url)
    library = Library(
        database, audience, goals(settings), fresh, settings.report.contact, register=lambda: register(settings)[0]
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        first = asyncio.create_task(_make_first(library))
        try:
            yield
        finally:
            first.cancel()
            await asyncio.to_thread(library.close)
            database.close()

    handlers: dict[type[Exception], Handler] = {
        Problem: _tell,
        HTTPException: _tell_otherwise,
        StorageError: _tell_unreadable,
        OSError: _tell_unreadable,
    }
    return Starlette(
        routes=[*api.routes(library), *pages.routes(library)],
        middleware=[Middleware(Gate)],
        exception_handlers=handlers,
        lifespan=lifespan,
    )


async def _make_first(library: Library) -> None:
    """Begin with the newest run's table, then with the site, before the first visitor asks for them."""
    with contextlib.suppress(Problem, StorageError, OSError):
        await library.newest()
        await library.page(None, "")


async def _tell(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return told(request, error)


async def _tell_otherwise(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return told(request, Problem(HTTPStatus(error.status_code), "there is nothing at this address"))


async def _tell_unreadable(request: Request, error: Exception) -> Response:
    log.error("%r: %s", request.scope["path"], error)
    return told(request, not_yet(UNREADABLE, ASK_AGAIN))
