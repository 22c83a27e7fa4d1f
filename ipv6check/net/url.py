"""URLs of redirects, read strictly: http and https on their own ports, names that are names, nothing else."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

import idna

from ipv6check.addressing import Address
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.failure import printable

LONGEST: Final = 2_000
PORTS: Final = {"http": 80, "https": 443}
LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
NO_HOST: Final = re.compile(r"([a-z][a-z0-9+.-]*:)?//([/?#]|$)", re.IGNORECASE)
AUTHORITY: Final = re.compile(r"([^\\]*@)?(\[[0-9a-f:.]+\]|[^\[\]:\\]*)(:[0-9]*)?", re.IGNORECASE)
"""Userinfo, a name or an address in brackets, a port: what is odd here some take for one host and some for another."""


@dataclass(frozen=True, slots=True)
class Url:
    """What is left of a URL once it is safe to ask: scheme, host (A-label or address), path with query."""

    scheme: Literal["http", "https"]
    host: str
    target: str = "/"

    @property
    def port(self) -> int:
        """80 or 443."""
        return PORTS[self.scheme]

    @property
    def address(self) -> Address | None:
        """The address, when the host is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{self.target}"


def parse(text: str, base: Url | None = None) -> Url | Failure:
    """Read a URL, relative to `base` if given. Anything odd is a `bad-redirect`, a port that we do not dial our own `limit`.

    Userinfo and fragment are dropped, spaces written as browsers do.
    """
    if len(text) > LONGEST:
        return _bad("too long")
    text = text.strip(" \t")
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        return _bad("control characters")
    if NO_HOST.match(text):
        return _bad("no host")
    try:
        parts = urlsplit(urljoin(str(base), text) if base else text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return _bad(printable(str(error)))
    scheme = parts.scheme.lower()
    if scheme != "http" and scheme != "https":
        return _bad(f"scheme {printable(scheme, 20)}")
    clean = read_host(host) if AUTHORITY.fullmatch(parts.netloc) else None
    if clean is None:
        return _bad(f"host {printable(host, 80)}")
    if port == 0:
        return _bad("port 0")
    if port not in (None, PORTS[scheme]):
        return Failure(kind=FailureKind.LIMIT, stage=Stage.HTTP, detail=f"port {port}")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url("https" if scheme == "https" else "http", clean, target.replace(" ", "%20"))


def read_host(host: str) -> str | None:
    """The host in the one form we use, or None: zone ids, and numbers that some libraries take for addresses, are refused."""
    try:
        return str(ip_address(host)) if "%" not in host else None
    except ValueError:
        pass
    try:
        name = idna.encode(host, uts46=True).decode() if not host.isascii() else host.lower()
    except idna.IDNAError:
        return None
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(map(LABEL.fullmatch, labels)) or NUMBER.fullmatch(labels[-1]):
        return None
    return ".".join(labels)


def _bad(detail: str) -> Failure:
    return Failure(kind=FailureKind.BAD_REDIRECT, stage=Stage.HTTP, detail=detail)
