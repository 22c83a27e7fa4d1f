"""What stands before and behind every answer: the door for what is asked, the headers, and problems told as problems."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ipv6check.rules.words import Language
from ipv6check.serve.problems import Problem
from ipv6check.serve.replies import HTML, PROBLEM
from ipv6check.serve.tables import encoded
from ipv6check.serve.views import render_problem

METHODS: Final = ("GET", "HEAD")
LONGEST_PATH: Final = 1_000
LONGEST_QUERY: Final = 4_000

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
"""On every answer: nothing is run, nothing is framed, nothing is told on, and a copy is asked about before it is shown."""


def told(request: Request, problem: Problem) -> Response:
    """Tell a problem: to programs as JSON, to people as a small page."""
    path, headers = request.scope["path"], dict(problem.headers)
    if path.startswith("/api/") or request.query_params.get("format") in {"json", "csv"}:
        return Response(encoded(problem.as_json()), problem.status, headers, PROBLEM)
    language: Language = "en" if path.startswith("/en/") else "vi"
    return Response(render_problem(problem, language), problem.status, headers, HTML)


class Gate:
    """Lets in what is short and only reads, and sends the headers of the house with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or tell why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = _refusal(scope)
        if problem is None:
            await self._app(scope, receive, send_with_headers)
        else:
            await told(Request(scope), problem)(scope, receive, send_with_headers)


def _refusal(scope: Scope) -> Problem | None:
    if scope["method"] not in METHODS:
        allow = (("allow", ", ".join(METHODS)),)
        return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "this is for reading only", METHODS, allow)
    if len(scope["path"]) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY:
        return Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
    return None
