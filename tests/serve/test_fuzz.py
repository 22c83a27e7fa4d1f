"""A thousand senseless questions: each is answered, none by an error of ours."""

import random
from http import HTTPStatus
from urllib.parse import quote, unquote

from ipv6check.serve.app import app
from ipv6check.serve.gate import METHODS
from ipv6check.store import Database
from tests.serve.made import API, settings_of

QUESTIONS = 1_000
ANSWERS = {
    HTTPStatus.OK,
    HTTPStatus.NOT_MODIFIED,
    HTTPStatus.PERMANENT_REDIRECT,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_URI_TOO_LONG,
}
PLACES = (
    *("", "domains", "en/domains", "changes", "en/changes", "runs", "static", "index.html", "domain", ".."),
    *(API[1:], f"{API[1:]}/runs", f"{API[1:]}/changes", f"{API[1:]}/trend", f"{API[1:]}/programme", f"{API[1:]}/openapi.json"),
    *("night-03", "night-00", "domains", "history", "vung.hanoi.gov.vn", "sap.hanoi.gov.vn"),
)
WHOLE = (
    *("/", "/domains", "/en/domains", "/changes", "/en/changes", "/runs/night-01", "/runs/night-00/", "/en/index.html"),
    *(
        f"{API}/{path}"
        for path in ("runs", "changes", "trend", "programme", "openapi.json", "domains/vung.hanoi.gov.vn/history")
    ),
    *(f"{API}/runs/night-03{path}" for path in ("", "/domains", "/domains/sap.hanoi.gov.vn")),
)
NAMES = (
    *("level", "agency", "kind", "flag", "check", "outcome", "q", "sort", "order", "page", "per_page"),
    *("format", "domain", "since", "run", "x"),
)
VALUES = (
    *(
        "L1",
        "open",
        "Sở Thử",
        "so",
        "broken-v6",
        "REACH-01",
        "level",
        "fail",
        "lost",
        "vung",
        "percent",
        "desc",
        "csv",
        "json",
        "html",
    ),
    *("1", "2", "0", "-1", "500", "501", "9" * 400, "1e9", "0x10", "NaN", "٣", "²", "2026-11-03", "0001-01-01", "9999-12-31"),
    *(
        "\x00",
        "a\x00b",
        "\r\nSet-Cookie: a=b",
        "'; DROP TABLE run;--",
        "%",
        "_",
        "*",
        "%25%00",
        "../../etc/passwd",
        "<b>",
        "{{ 7 }}",
    ),
    *("\u202e", "\ufeff", "ﬀ", "İ", "ß", "🇻🇳", "e\u0301" * 50, "\U0010ffff", "a" * 256, "a" * 5000, ""),
)


def made_up(chance: random.Random) -> tuple[str, bytes, bytes, list[tuple[bytes, bytes]]]:
    """A method, a path and a query as they stand on the wire, and headers."""
    method = chance.choice((*("GET",) * 8, "HEAD", "POST", "DELETE", "GETT", "get", ""))
    if chance.random() < 0.5:
        return method, chance.choice(WHOLE).encode(), made_up_query(chance), []
    parts = [chance.choice(PLACES if chance.random() < 0.8 else VALUES) for _ in range(chance.randint(0, 5))]
    path = "/" + chance.choice(("/", "/", "/", "//", "/./")).join(quote(part, safe="/") for part in parts)
    headers = [(b"if-none-match", chance.choice((b'"x"', b"*", b"\xff", b""))), (b"if-modified-since", b"Sun, 99 Nov 2026")]
    return method, path.encode(), made_up_query(chance), headers[: chance.randint(0, 2)]


def made_up_query(chance: random.Random) -> bytes:
    """The query as it stands on the wire; one in ten is noise."""
    asked = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randint(0, 4))]
    query = "&".join(f"{name}={quote(value, safe=chance.choice(('', '/:=+')))}" for name, value in asked)
    return query.encode() if chance.random() < 0.9 else chance.randbytes(chance.randint(0, 40))


async def ask(served, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """What is answered; raises what the application raises."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"test"), *headers],
        "client": ("::1", 1),
        "server": ("::1", 80),
    }
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    await served(scope, receive, send)
    names = [name for name, _ in sent[0]["headers"]]
    assert b"content-security-policy" in names
    assert b"set-cookie" not in names
    assert not [value for _, value in sent[0]["headers"] if b"\n" in value or b"\r" in value]
    return sent[0]["status"]


async def test_a_thousand_senseless_questions(database: Database) -> None:
    served, chance, answered = app(settings_of(database)), random.Random(6), []
    async with served.router.lifespan_context(served):
        for number in range(QUESTIONS):
            question = made_up(chance)
            status = await ask(served, *question)
            assert status in ANSWERS, (number, question)
            assert status == HTTPStatus.METHOD_NOT_ALLOWED or question[0] in METHODS, question
            answered.append(status)
    kinds = set(answered)
    assert {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_URI_TOO_LONG} <= kinds
    assert answered.count(HTTPStatus.OK) > QUESTIONS / 20
