"""Registrations by RDAP (RFC 9082, 9083), from the one service that the operator named."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from ipv6check.facts import RegistrationFacts
from ipv6check.net.download import Downloaded, DownloadError
from ipv6check.net.failure import printable

LARGEST: Final = 1 << 20
"""Octets of a reply read at most."""

DEADLINE: Final = 20.0
NO_SERVICE: Final = "no RDAP service is configured"

Fetch = Callable[..., Downloaded]


class Rdap:
    """Asks one service, one question at a time, and each name once. `base_url` "" means that there is none to ask."""

    def __init__(self, base_url: str, fetch: Fetch) -> None:
        self._base_url = base_url.rstrip("/")
        self._fetch = fetch
        self._turn = asyncio.Lock()
        self._known: dict[str, RegistrationFacts] = {}

    async def domain(self, name: str) -> RegistrationFacts:
        """The registration of a name."""
        if not self._base_url:
            return RegistrationFacts(name=name, problem=NO_SERVICE)
        async with self._turn:
            if name not in self._known:
                self._known[name] = await asyncio.to_thread(self._ask, name)
            return self._known[name]

    def _ask(self, name: str) -> RegistrationFacts:
        expires, problem = None, ""
        try:
            body = b"".join(self._fetch(f"{self._base_url}/domain/{name}", LARGEST, deadline=DEADLINE))
            expires = _expiration(json.loads(body))
        except (DownloadError, ValueError, TypeError, RecursionError) as error:
            problem = printable(str(error)) or "unreadable"
        if expires is None:
            problem = problem or "no expiration given"
        return RegistrationFacts(name=name, source=self._base_url, expires=expires, problem=problem)


def _expiration(reply: Any) -> datetime | None:
    """The time of the event "expiration" (RFC 9083 4.5). Raises ValueError, TypeError when the reply is none."""
    if not isinstance(reply, dict) or not isinstance(events := reply.get("events", []), list):
        raise TypeError("no RDAP reply")
    for event in events:
        if isinstance(event, dict) and event.get("eventAction") == "expiration":
            when = datetime.fromisoformat(str(event.get("eventDate")))
            return when if when.tzinfo else when.replace(tzinfo=UTC)
    return None
