"""What web servers answer: status and headers of a site's page for one URL. Pure; TLS and sockets are elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, Literal

from ipv6check.addressing import Address
from ipv6check.facts import family_of
from ipv6check.lab.world import Site

PAGE: Final = """<!DOCTYPE html>
<html lang="vi">
<head><meta charset="utf-8"><title>{host}</title></head>
<body><h1>{host}</h1><p>Trang thử nghiệm.</p></body>
</html>
"""


def site_of(sites: Iterable[Site], name: str) -> Site:
    """The site of a name among those at one address: the first of them for a name that is none of theirs."""
    every = tuple(sites)
    return next((site for site in every if name in site.names), every[0])


@dataclass(frozen=True, slots=True)
class Response:
    """A response without its date; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def http_date() -> str:
    """The time as a Date header has it."""
    return format_datetime(datetime.now(UTC), usegmt=True)


def respond(site: Site, scheme: Literal["http", "https"], host: str, target: str, address: Address) -> Response:
    """Answer a GET for a URL at one address of a site."""
    if scheme == "http" and site.http == "redirects":
        return Response(301, (("location", f"https://{host}{target}"),))
    headers = (("strict-transport-security", site.hsts),) if scheme == "https" and site.hsts else ()
    location = site.location.format(host=host)
    if location and not location.startswith(f"{scheme}://{host}/"):
        return Response(302, (("location", location), *headers))
    status = site.status_v6 if site.status_v6 is not None and family_of(address) == 6 else site.status
    body = PAGE.format(host=host).encode()
    return Response(status, (("content-type", "text/html; charset=utf-8"), *headers), body)
