"""One message to a program of the operator's choice (`webhook.url`). Never used on those who are measured.

The host may be one of the operator's own network, so the guard has no say; what holds is what holds for `net.download`, and no
redirect is followed: what is signed for one receiver goes to no other.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import httpx

from ipv6check.net.download import operators_client
from ipv6check.net.failure import printable

DEADLINE: Final = 20.0
"""Seconds for one try, from the first packet to the status."""

PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""What a receiver says that may take the message later; beside it, whatever is its own fault (5xx)."""


class WebhookError(OSError):
    """A message that was not taken, in words for the operator; `may_pass` when another try could help."""

    def __init__(self, why: str, *, may_pass: bool) -> None:
        super().__init__(why)
        self.may_pass = may_pass


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    ca_file: str | None = None,
    contact: str = "",
    deadline: float = DEADLINE,
) -> None:
    """Post a message once. Raises WebhookError unless the answer is 2xx; of the answer only the status is read."""
    try:
        async with (
            asyncio.timeout(deadline),
            operators_client(ca_file, contact) as client,
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            status = response.status_code
    except (TimeoutError, httpx.TimeoutException):
        raise WebhookError(f"no answer within {deadline:g} s", may_pass=True) from None
    except (httpx.InvalidURL, UnicodeError) as error:
        raise WebhookError(f"webhook.url: {printable(str(error))}", may_pass=False) from None
    except httpx.HTTPError as error:
        raise WebhookError(printable(str(error) or type(error).__name__), may_pass=True) from None
    if response.has_redirect_location:
        raise WebhookError(f"the receiver answered {status}: redirects are not followed, name the final URL", may_pass=False)
    if not response.is_success:
        may_pass = status in PASSING or response.is_server_error
        raise WebhookError(f"the receiver answered {status}", may_pass=may_pass)
