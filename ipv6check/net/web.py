"""Fetches and handshakes at one address: on which connection, and what is done when the first does not do."""

import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ipv6check.addressing import Address
from ipv6check.facts import Certificate, Fetch, TcpTry, TlsTry
from ipv6check.model import FailureKind
from ipv6check.net.line import CLOSED_SILENTLY
from ipv6check.net.talk import HTTPS, Request, Said, no_fetch, no_handshake
from ipv6check.net.tcp import Connection
from ipv6check.net.url import Url

Opener = Callable[[Address, int, str], Awaitable[tuple[TcpTry, Connection | None]]]
"""Opens a connection to an address and port, for a name."""


class Web:
    """Talks TLS and HTTP, by `talk` on one connection."""

    def __init__(self, talk: Callable[[socket.socket, Request], Awaitable[Said]]) -> None:
        self._talk = talk

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
                request = Request(url, address, "unverified" if path_error else "path")
                fetch, certificates = await self._talk(connection.sock, request)
            finally:
                connection.close()
            seen.update((certificate.sha256, certificate) for certificate in certificates)
            was_parked, connection = connection.was_parked, None
            if path_error and fetch.tls is not None and fetch.tls.failure is None:
                fetch = replace(fetch, tls=replace(fetch.tls, path_error=path_error))
            if not path_error and fetch.tls is not None and fetch.tls.path_error:
                path_error = fetch.tls.path_error
            elif not (was_parked and _found_closed(fetch)):
                return fetch

    async def legacy_handshake(self, address: Address, name: str, open_connection: Opener) -> TlsTry:
        """Shake hands with TLS 1.0 and 1.1 only. Our own TLS library must offer them."""
        tcp, connection = await open_connection(address, HTTPS, name)
        if connection is None:
            return replace(no_handshake(address, name, tcp.failure), start=tcp.start)
        try:
            fetch, _ = await self._talk(connection.sock, Request(Url("https", name), address, "legacy"))
        finally:
            connection.close()
        return fetch.tls or no_handshake(address, name, fetch.failure)


def _found_closed(fetch: Fetch) -> bool:
    """Whether the server had closed the connection before it heard us."""
    failure = fetch.failure
    return failure is not None and (failure.kind is FailureKind.RESET or failure.detail == CLOSED_SILENTLY)
