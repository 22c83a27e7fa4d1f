"""How things are answered: with an entity tag, and not at all when the asker has them already."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

API: Final = "/api/v1"
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
HTML: Final = "text/html; charset=utf-8"


def reply(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str] | None = None, modified: str | None = None
) -> Response:
    """Answer with a body, or with 304 when the asker has it already."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    own = {"etag": tag} | ({"last-modified": modified} if modified else {}) | dict(headers or {})
    if _is_known(request, tag, modified):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=own)
    return Response(body, media_type=media_type, headers=own)


def _is_known(request: Request, tag: str, modified: str | None) -> bool:
    """Whether the asker's copy is this one; the tag decides where it is given (RFC 9110)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in known.split(",")}
    since = request.headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
