"""What is said on one open connection, TLS handshake and HTTP exchange, told as facts."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from ipv6check.addressing import Address
from ipv6check.facts import Certificate, Fetch, TlsTry
from ipv6check.model import Failure, Stage
from ipv6check.net.certificate import CERTIFICATES_KEPT, read_certificate
from ipv6check.net.challenge import challenge_in
from ipv6check.net.failure import Cut, from_error
from ipv6check.net.http import HTTP_LIBRARY_ERRORS, Handshakes, get
from ipv6check.net.line import Line
from ipv6check.net.tls import Contexts, chain_of
from ipv6check.net.url import Url

HTTPS: Final = 443
ERRORS: Final = (OSError, Cut, asyncio.IncompleteReadError, *HTTP_LIBRARY_ERRORS)
"""What a conversation that goes wrong raises (TLS errors and timeouts are OSErrors); anything else is a bug of ours."""

Said: TypeAlias = tuple[Fetch, tuple[Certificate, ...]]
"""What came of a conversation, and the certificates that were sent."""

read_certificate_once = lru_cache(maxsize=512)(read_certificate)


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted on an open connection to an address.

    With https, `trust` names the context: `path` goes no further than a path that does not verify, `legacy` no further than the
    handshake.
    """

    url: Url
    address: Address
    trust: Literal["path", "unverified", "legacy"] = "path"


class Talker:
    """Talks TLS and HTTP. `user_agent` says who we are."""

    def __init__(self, contexts: Contexts, user_agent: str) -> None:
        self._contexts = contexts
        self._user_agent = user_agent
        self._handshakes = Handshakes()

    async def talk(self, sock: socket.socket, request: Request) -> Said:
        """Do on a connection what is wanted; it stays open."""
        fetch, line = no_fetch(request.url, request.address, None), Line(sock)
        certificates: tuple[Certificate, ...] = ()
        try:
            if request.url.scheme == "https":
                tls, certificates = await self._shake_hands(line, request)
                fetch = replace(fetch, start=tls.start, end=tls.end, tls=tls, failure=tls.failure)
                if tls.failure is not None or tls.path_error or request.trust == "legacy":
                    return fetch, certificates
            reply = await get(line, str(request.url), self._user_agent)
        except ERRORS as error:
            return replace(fetch, end=now(), failure=from_error(error, Stage.HTTP)), certificates
        said = replace(
            fetch,
            end=now(),
            status=reply.status,
            headers=reply.headers,
            body_bytes=len(reply.body),
            challenge=challenge_in(reply.headers, reply.body),
            cut=reply.cut,
        )
        return said, certificates

    async def _shake_hands(self, line: Line, request: Request) -> tuple[TlsTry, tuple[Certificate, ...]]:
        """Shake hands; a path that does not verify is no failure but a `path_error`."""
        blank = no_handshake(request.address, request.url.host, None)
        context = getattr(self._contexts, request.trust)
        try:
            async with self._handshakes.place():
                blank = replace(blank, start=now())
                tls = await line.shake_hands(context, request.url.host)
        except ssl.SSLCertVerificationError as error:
            return replace(blank, end=now(), path_error=error.verify_message), ()
        except ERRORS as error:
            return replace(blank, end=now(), failure=from_error(error, Stage.TLS)), ()
        certificates = tuple(read_certificate_once(der) for der in chain_of(tls)[:CERTIFICATES_KEPT])
        cipher = tls.cipher()
        tried = replace(
            blank,
            end=now(),
            version=tls.version() or "",
            cipher=cipher[0] if cipher else "",
            chain=tuple(certificate.sha256 for certificate in certificates),
            path_error="" if request.trust == "path" else None,
        )
        return tried, certificates


def now() -> datetime:
    """The time as facts keep it."""
    return datetime.now(UTC)


def no_fetch(url: Url, address: Address, failure: Failure | None) -> Fetch:
    """An exchange in which nothing came back (yet)."""
    return Fetch(start=now(), end=now(), url=str(url), address=address, port=url.port, failure=failure)


def no_handshake(address: Address, name: str, failure: Failure | None) -> TlsTry:
    """A handshake in which nothing came back (yet)."""
    return TlsTry(start=now(), end=now(), address=address, port=HTTPS, server_name=name, failure=failure)
