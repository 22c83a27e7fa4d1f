"""Web servers on sockets: ports 80 and 443 of one address, with the certificate of whichever site is asked for."""

import asyncio
import ssl
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from ipv6check.addressing import Address
from ipv6check.lab.certificates import Authority
from ipv6check.lab.sites import http_date, respond, site_of
from ipv6check.lab.sockets import listener, silent_listener
from ipv6check.lab.world import Door, Site

HTTPS: Final = 443
REASONS: Final = {200: "OK", 301: "Moved Permanently", 302: "Found", 403: "Forbidden", 500: "Internal Server Error"}
HANDSHAKE_SECONDS: Final = 30.0

VERSIONS: Final = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class Wardrobe:
    """The TLS contexts of all sites, one each, with certificates kept as files in a folder of our own."""

    def __init__(self, authority: Authority, directory: Path) -> None:
        self._authority = authority
        self._directory = directory
        self._directory.mkdir(exist_ok=True)
        self._contexts: dict[str, ssl.SSLContext] = {}

    def context(self, sites: Sequence[Site]) -> ssl.SSLContext:
        """The context of an address: versions and default certificate of the first site, other certificates by name."""
        first = self._of(sites[0])
        by_name = {name: self._of(site) for site in sites for name in site.names}

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = by_name.get(name or "", first)

        first.sni_callback = choose
        return first

    def _of(self, site: Site) -> ssl.SSLContext:
        name = site.names[0]
        if name not in self._contexts:
            self._contexts[name] = self._made(site, self._directory / f"{name}.pem")
        return self._contexts[name]

    def _made(self, site: Site, path: Path) -> ssl.SSLContext:
        path.write_bytes(self._authority.chain_for(site).pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = (VERSIONS[version] for version in site.tls)
        context.load_cert_chain(path)
        return context


async def serve_web(address: Address, doors: Mapping[int, Door], sites: Sequence[Site], wardrobe: Wardrobe) -> list[object]:
    """Serve from now on, until the loop ends or what is returned is let go."""
    kept: list[object] = []
    for port, door in doors.items():
        if door == "silent":
            kept += silent_listener(address, port)
        elif door == "mute":
            kept.append(await asyncio.start_server(_say_nothing, sock=listener(address, port)))
        elif door == "open":
            kept.append(await _serve(address, port, sites, wardrobe))
    return kept


async def _serve(address: Address, port: int, sites: Sequence[Site], wardrobe: Wardrobe) -> asyncio.Server:
    scheme: Literal["http", "https"] = "https" if port == HTTPS else "http"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(response_to(await reader.readuntil(b"\r\n\r\n"), scheme, address, sites))
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            writer.close()

    sock = listener(address, port)
    if port != HTTPS:
        return await asyncio.start_server(talk, sock=sock)
    context = wardrobe.context(sites)
    return await asyncio.start_server(talk, sock=sock, ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS)


def response_to(head: bytes, scheme: Literal["http", "https"], address: Address, sites: Iterable[Site]) -> bytes:
    """The response to a request head, as it goes over the wire."""
    first, *lines = head.decode("latin-1").split("\r\n")
    target = [*first.split(" "), "/", "/"][1]
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    host = fields.get("host", "").lower()
    response = respond(site_of(sites, host), scheme, host, target, address)
    headers = (
        *response.headers,
        ("date", http_date()),
        ("content-length", str(len(response.body))),
        ("connection", "close"),
    )
    start = f"HTTP/1.1 {response.status} {REASONS.get(response.status, '')}"
    return "\r\n".join([start, *(f"{name}: {value}" for name, value in headers), "", ""]).encode() + response.body


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.read(65_536):
            pass
    except OSError:
        pass
    finally:
        writer.close()
