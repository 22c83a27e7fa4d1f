"""A conversation with one address: TLS handshake and HTTP exchange, told as facts."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import Certificate, Fetch, TcpTry, TlsTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.certificate import CERTIFICATES_KEPT, read_certificate
from ipv6check.net.challenge import challenge_in
from ipv6check.net.failure import Cut, from_error
from ipv6check.net.http import HTTP_LIBRARY_ERRORS, Handshakes, get
from ipv6check.net.line import CLOSED_SILENTLY, Line
from ipv6check.net.tcp import Connection
from ipv6check.net.tls import Contexts, chain_of
from ipv6check.net.url import Url

HTTPS: Final = 443
ERRORS: Final = (OSError, Cut, asyncio.IncompleteReadError, *HTTP_LIBRARY_ERRORS)
"""What a conversation that goes wrong raises (TLS errors and timeouts are OSErrors); anything else is a bug of ours."""

Opener = Callable[[Address, int, str], Awaitable[tuple[TcpTry, Connection | None]]]
"""Opens a connection to an address and port, for a name."""

read_certificate_once = lru_cache(maxsize=512)(read_certificate)


class Web:
    """Talks TLS and HTTP. `user_agent` says who we are."""

    def __init__(self, contexts: Contexts, user_agent: str) -> None:
        self._contexts = contexts
        self._user_agent = user_agent
        self._handshakes = Handshakes()

    @property
    def offers_legacy_tls(self) -> bool:
        """Whether our own TLS library can speak TLS 1.0 and 1.1."""
        return self._contexts.legacy is not None

    async def fetch(
        self, url: Url, address: Address, parked: Connection | None, open_connection: Opener, seen: dict[str, Certificate]
    ) -> Fetch:
        """One exchange: on the parked connection if there is one, once more without verifying when the path is bad.

        The certificates that were sent are put into `seen`.
        """
        connection, path_error = parked, ""
        while True:
            if connection is None:
                tcp, connection = await open_connection(address, url.port, url.host)
                if connection is None:
                    return replace(no_fetch(url, address, tcp.failure), start=tcp.start)
            try:
                fetch = await self._talk(connection, url, path_error, seen)
            finally:
                connection.close()
            was_parked, connection = connection.was_parked, None
            if not path_error and fetch.tls is not None and fetch.tls.path_error:
                path_error = fetch.tls.path_error
            elif not (was_parked and _found_closed(fetch)):
                return fetch

    async def legacy_handshake(self, address: Address, name: str, open_connection: Opener) -> TlsTry:
        """Shake hands with TLS 1.0 and 1.1 only. Needs `Contexts.legacy`."""
        assert self._contexts.legacy is not None
        tcp, connection = await open_connection(address, HTTPS, name)
        if connection is None:
            return replace(no_handshake(address, name, tcp.failure), start=tcp.start)
        try:
            _, tried = await self._shake_hands(connection, self._contexts.legacy, name, {})
        finally:
            connection.close()
        return tried

    async def _talk(self, connection: Connection, url: Url, path_error: str, seen: dict[str, Certificate]) -> Fetch:
        fetch = no_fetch(url, connection.address, None)
        try:
            if url.scheme == "https":
                context = self._contexts.unverified if path_error else self._contexts.path
                line, tls = await self._shake_hands(connection, context, url.host, seen)
                if line is None:
                    return replace(fetch, start=tls.start, end=now(), tls=tls, failure=tls.failure)
                fetch = replace(fetch, start=tls.start, tls=replace(tls, path_error=path_error))
            else:
                line = Line(connection.sock)
            reply = await get(line, str(url), self._user_agent)
        except ERRORS as error:
            return replace(fetch, end=now(), failure=from_error(error, Stage.HTTP))
        return replace(
            fetch,
            end=now(),
            status=reply.status,
            headers=reply.headers,
            body_bytes=len(reply.body),
            challenge=challenge_in(reply.headers, reply.body),
            cut=reply.cut,
        )

    async def _shake_hands(
        self, connection: Connection, context: ssl.SSLContext, name: str, seen: dict[str, Certificate]
    ) -> tuple[Line | None, TlsTry]:
        """Shake hands; a path that does not verify is no failure but a `path_error`, and there is no line then."""
        blank, line = no_handshake(connection.address, name, None), Line(connection.sock)
        try:
            async with self._handshakes.place():
                blank = replace(blank, start=now())
                tls = await line.shake_hands(context, name)
        except ssl.SSLCertVerificationError as error:
            return None, replace(blank, end=now(), path_error=error.verify_message)
        except ERRORS as error:
            return None, replace(blank, end=now(), failure=from_error(error, Stage.TLS))
        certificates = [read_certificate_once(der) for der in chain_of(tls)[:CERTIFICATES_KEPT]]
        seen.update((certificate.sha256, certificate) for certificate in certificates)
        cipher = tls.cipher()
        return line, replace(
            blank,
            end=now(),
            version=tls.version() or "",
            cipher=cipher[0] if cipher else "",
            chain=tuple(certificate.sha256 for certificate in certificates),
        )


def _found_closed(fetch: Fetch) -> bool:
    """Whether the server had closed the connection before it heard us."""
    failure = fetch.failure
    return failure is not None and (failure.kind is FailureKind.RESET or failure.detail == CLOSED_SILENTLY)


def now() -> datetime:
    """The time as facts keep it."""
    return datetime.now(UTC)


def no_fetch(url: Url, address: Address, failure: Failure | None) -> Fetch:
    """An exchange in which nothing came back (yet)."""
    return Fetch(start=now(), end=now(), url=str(url), address=address, port=url.port, failure=failure)


def no_handshake(address: Address, name: str, failure: Failure | None) -> TlsTry:
    """A handshake in which nothing came back (yet)."""
    return TlsTry(start=now(), end=now(), address=address, port=HTTPS, server_name=name, failure=failure)
