"""What is told to whoever asks for something that there is not (RFC 9457)."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - RFC 9457 calls it so
    """A request that cannot be answered: its status, what is wrong with it, and what would have been allowed."""

    status: HTTPStatus
    detail: str
    allowed: Sequence[str] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The members of `application/problem+json`; `allowed` is our own."""
        members = {"type": "about:blank", "title": self.status.phrase, "status": self.status.value, "detail": self.detail}
        return members | ({"allowed": list(self.allowed)} if self.allowed else {})


def not_found(detail: str, allowed: Sequence[str] = ()) -> Problem:
    """There is no such thing."""
    return Problem(HTTPStatus.NOT_FOUND, detail, allowed)


def bad_request(detail: str, allowed: Sequence[str] = ()) -> Problem:
    """There is no such parameter, or not with this value."""
    return Problem(HTTPStatus.BAD_REQUEST, detail, allowed)


def not_yet(detail: str, seconds: int) -> Problem:
    """It is being made, or cannot be had now; ask again in so many seconds."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=(("retry-after", str(seconds)),))
