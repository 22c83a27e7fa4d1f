"""What was tried, as commands that repeat it by hand (`dig`, `curl`, `openssl`) and a line on how each try went.

Every word of a command is quoted for the shell, every line is harmless in a terminal.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ipv6check.addressing import Address
from ipv6check.facts import Attempt, Certificate, DnsTry, Fetch, Lookup, TcpTry, TlsTry
from ipv6check.reports.hostile import for_terminal

PLAIN: Final = re.compile(r"\.|[A-Za-z0-9_][A-Za-z0-9._-]*")
"""Names that dig takes for nothing but a name."""

SECONDS_TO_CONNECT: Final = 5
SECONDS_IN_ALL: Final = 20
LONGEST: Final = 2_000
RECORDS_SHOWN: Final = 8
NAMES_SHOWN: Final = 5

OLD_VERSIONS: Final = ("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
"""How OpenSSL is brought to offer TLS 1.1; distributions switch it off."""


Step = tuple[str, str]
"""A command and how one try of it went."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that was tried: the command that repeats it ("" when none does), and a line for each try."""

    command: str
    tries: tuple[str, ...]


def dig(tried: DnsTry, name: str, type: str, *, recursive: bool, signatures: bool = False) -> str:
    """The same question to the same server."""
    asked = for_terminal(name, LONGEST)
    words = ["dig", f"@{tried.server}", *(["-p", str(tried.port)] if tried.port != 53 else [])]
    words += [asked, type] if PLAIN.fullmatch(asked) else ["-q", asked, "-t", type]
    flags = {
        "+norecurse": not recursive,
        "+tcp": tried.transport == "tcp",
        "+noedns": not tried.edns,
        "+dnssec": signatures,
        "+cdflag": tried.checking_disabled,
    }
    return shlex.join((*words, *(flag for flag, is_set in flags.items() if is_set)))


def curl(url: str, address: Address, port: int) -> str:
    """The same URL at the same address, whatever its certificate; what is said on the way is shown, the page is not."""
    shown = for_terminal(url, LONGEST)
    host = _host(shown)
    at = f"[{address}]" if address.version == 6 else str(address)
    deadlines = ("--connect-timeout", str(SECONDS_TO_CONNECT), "--max-time", str(SECONDS_IN_ALL))
    pinned = ("--resolve", f"{host}:{port}:{at}") if ":" not in host else ()
    return shlex.join(("curl", f"-{address.version}", "-gskv", "-o", "/dev/null", *deadlines, *pinned, shown))


def openssl(tried: TlsTry, *, old_versions: bool = False) -> str:
    """The same handshake with the same address under the same name, its certificates shown."""
    at = f"[{tried.address}]:{tried.port}" if tried.address.version == 6 else f"{tried.address}:{tried.port}"
    name = for_terminal(tried.server_name, LONGEST)
    versions = OLD_VERSIONS if old_versions else ("-showcerts",)
    return shlex.join(("openssl", "s_client", "-connect", at, "-servername", name, *versions)) + " </dev/null"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def gathered(steps: Iterable[Step]) -> Iterable[Trace]:
    """The tries that one command repeats, together."""
    tries: dict[str, list[str]] = {}
    for command, went in steps:
        tries.setdefault(command, []).append(went)
    return [Trace(command, tuple(went)) for command, went in tries.items()]


def line(tried: Attempt, where: str, outcome: str) -> str:
    """When, where, how long, and what came of it and what failed."""
    went = "; ".join(filter(None, (outcome, str(tried.failure or ""))))
    return for_terminal(f"{tried.start:%Y-%m-%dT%H:%M:%S}Z {where}, {tried.seconds * 1000:.0f} ms: {went}")


def asked_dns(tried: DnsTry) -> str:
    """How a question went: rcode, flags, and the data."""
    answer, where = tried.answer, f"{tried.server} port {tried.port} {tried.transport}"
    if answer is None:
        return line(tried, where, "")
    flags = (("aa", answer.authoritative), ("ad", answer.authenticated), ("tc", answer.truncated))
    more = len(answer.records) - RECORDS_SHOWN
    said = " ".join((answer.rcode, *(flag for flag, is_set in flags if is_set), *answer.extended_errors))
    data = ", ".join((*answer.aliases, *answer.records[:RECORDS_SHOWN])) or "no data"
    return line(tried, where, f"{said} | {data}" + (f" (+{more})" if more > 0 else ""))


def questions(tries: Iterable[DnsTry], name: str, type: str, *, recursive: bool, signatures: bool = False) -> Iterable[Trace]:
    """The tries of one question."""
    return gathered((dig(t, name, type, recursive=recursive, signatures=signatures), asked_dns(t)) for t in tries)


def lookups_of(lookup: Lookup | None, signatures: bool = False) -> Iterable[Trace]:
    """The tries of one look-up, with those that asked not to validate."""
    if lookup is None:
        return ()
    tries = (*lookup.tries, *lookup.unchecked)
    return questions(tries, lookup.name, lookup.type, recursive=True, signatures=signatures)


def connected(tried: TcpTry) -> str:
    """How a handshake with a port went."""
    return line(tried, f"{tried.address} port {tried.port} tcp", "" if tried.failure else "open")


def fetched(fetch: Fetch) -> Step:
    """One HTTP exchange: the status, where it leads."""
    to = fetch.header("location")
    tls = f" {fetch.tls.version}" if fetch.tls and fetch.tls.version else ""
    said = f"{fetch.status or ''}{f' to {to}' if to else ''}{f', challenge {fetch.challenge}' if fetch.challenge else ''}"
    return curl(fetch.url, fetch.address, fetch.port), line(fetch, f"{fetch.address} port {fetch.port}{tls}", said)


def shaken(tried: TlsTry, leaf: Certificate | None) -> str:
    """How a handshake went, with the certificate that was shown."""
    shown = [tried.version, tried.cipher]
    if leaf is not None:
        until = f"{leaf.not_after:%Y-%m-%d}" if leaf.not_after else "?"
        shown += [f"names {' '.join(leaf.names[:NAMES_SHOWN]) or '-'}", f"issuer {leaf.issuer}", f"until {until}"]
        shown.append(f"path {tried.path_error or 'good'}" if tried.path_error is not None else "")
    return line(tried, f"{tried.address} port {tried.port}", ", ".join(filter(None, shown)))
