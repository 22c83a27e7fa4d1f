"""Bulk files from hosts that the operator named: tables of routing, registry and RPKI. Never used on those who are measured.

So the guard has no say here: the host may be one of the operator's own network. What holds instead: http and https only,
certificates verified, no other host than the one named, no step back from https, a cap in bytes, a deadline for the whole.
"""

import asyncio
import ssl
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Final

import certifi
import httpx

from ipv6check.net.failure import printable
from ipv6check.version import __version__

DEADLINE: Final = 900.0
"""Seconds for one file, redirects and all."""

SILENCE: Final = 30.0
"""Seconds without a byte after which a server is given up."""

MOST_REDIRECTS: Final = 5
PIECE: Final = 1 << 20
SCHEMES: Final = ("http", "https")
OK: Final = 200

Told = Callable[[int, int | None], None]


class DownloadError(OSError):
    """A file that could not be had, in words for the operator."""


class Downloaded:
    """A file that was fetched whole: its size, when it was last modified if the server said so, and its bytes, once."""

    def __init__(self, file: IO[bytes], size: int, modified: datetime | None) -> None:
        self.size = size
        self.modified = modified
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        with self._file as file:
            file.seek(0)
            while piece := file.read(PIECE):
                yield piece

    def __del__(self) -> None:
        self._file.close()


def fetch(
    url: str,
    limit: int,
    told: Told = lambda done, total: None,
    *,
    ca_file: str | None = None,
    contact: str = "",
    deadline: float = DEADLINE,
) -> Downloaded:
    """Fetch a URL into a nameless file of at most `limit` bytes; `told` hears of bytes done and bytes in all.

    `ca_file` replaces the public roots, `contact` is a URL for the User-Agent. Raises DownloadError.
    """
    return asyncio.run(_fetch(url, limit, told, ca_file, contact, deadline))


async def _fetch(url: str, limit: int, told: Told, ca_file: str | None, contact: str, deadline: float) -> Downloaded:
    # The file outlives this function when all went well.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        async with asyncio.timeout(deadline), operators_client(ca_file, contact) as client:
            return await _follow(client, httpx.URL(url), file, limit, told)
    except TimeoutError:
        raise _closing(file, f"not done within {deadline:g} s") from None
    except httpx.TimeoutException:
        raise _closing(file, f"silent for {SILENCE:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise _closing(file, printable(str(error) or type(error).__name__)) from None
    except BaseException:
        file.close()
        raise


def _closing(file: IO[bytes], why: str) -> DownloadError:
    file.close()
    return DownloadError(why)


def verifying(ca_file: str | None) -> ssl.SSLContext:
    """A TLS context that verifies by the public roots, or by a file's in their place. Raises DownloadError."""
    try:
        return ssl.create_default_context(cafile=ca_file or certifi.where())
    except OSError as error:
        raise DownloadError(f"network.ca_file: {error}") from None


def operators_client(ca_file: str | None, contact: str) -> httpx.AsyncClient:
    """A client for a host that the operator named, without cookies, proxies or redirects of its own."""
    agent = f"ipv6check/{__version__}{f' (+{contact})' if contact else ''}"
    return httpx.AsyncClient(
        verify=verifying(ca_file),
        trust_env=False,
        follow_redirects=False,
        timeout=SILENCE,
        headers={"User-Agent": agent, "Accept-Encoding": "identity"},
    )


async def _follow(client: httpx.AsyncClient, url: httpx.URL, file: IO[bytes], limit: int, told: Told) -> Downloaded:
    """Ask, and ask where the answer points to."""
    for _ in range(MOST_REDIRECTS + 1):
        async with client.stream("GET", url) as response:
            if response.has_redirect_location:
                url = _redirected(url, response.headers["Location"])
                continue
            if response.status_code != OK:
                raise DownloadError(f"the server answered {response.status_code}")
            size = await _save(response, file, limit, told)
            return Downloaded(file, size, _modified(response))
    raise DownloadError(f"more than {MOST_REDIRECTS} redirects")


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads: no further than the operator's word."""
    target = url.join(location)
    if target.scheme not in SCHEMES or (url.scheme == "https" and target.scheme != "https"):
        raise DownloadError(f"a redirect from {url.scheme} to {printable(target.scheme)}")
    if target.host != url.host:
        raise DownloadError(f"a redirect to another host, {printable(target.host)}: name that one, if it is meant")
    return target


async def _save(response: httpx.Response, file: IO[bytes], limit: int, told: Told) -> int:
    """Write the body as it comes off the wire and return its size."""
    announced = response.headers.get("Content-Length", "")
    total = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None
    if total is not None and total > limit:
        raise DownloadError(f"{total:,} bytes, more than the {limit:,} that are taken")
    done = 0
    async for piece in response.aiter_raw():
        done += len(piece)
        if done > limit:
            raise DownloadError(f"more than {limit:,} bytes")
        file.write(piece)
        told(done, total)
    return done


def _modified(response: httpx.Response) -> datetime | None:
    """The time in Last-Modified; None when there is none that can be read."""
    try:
        time = parsedate_to_datetime(response.headers.get("Last-Modified", ""))
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
