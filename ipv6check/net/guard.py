"""The one place that dials. Every packet of ours passes `Guard`: TCP by `connect`, UDP by `send`.

It takes addresses, never names; refuses what is not global unicast or was asked to be left alone, and there is no test mode:
the lab uses public-looking addresses in a closed network namespace. The only exceptions are the resolvers the operator named.
"""

import asyncio
import errno
import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from ipv6check.addressing import Address, Network, is_usable, kind_of, text_of
from ipv6check.facts import family_of
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.failure import OUR_LIMITS, from_error
from ipv6check.net.url import read_host

AF: Final = {4: socket.AF_INET, 6: socket.AF_INET6}
DNS_PORT: Final = 53
WAITS_FOR_DESCRIPTORS: Final = (0.1, 0.2, 0.5, 1, 2, 4, 8)
"""Seconds to wait for a free descriptor when we have none left: that is our trouble, not the peer's."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """Who asked to be left alone: domains (with all below them) and prefixes."""

    domains: frozenset[str] = frozenset()
    prefixes: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, lines: Iterable[str], source: str = "opt-out") -> "OptOut":
        """Read a list: a domain or a prefix a line, `#` begins a comment. A bad line raises ValueError with its number."""
        domains, prefixes = set(), []
        for number, line in enumerate(lines, 1):
            word = line.partition("#")[0].strip().lower()
            if not word:
                continue
            try:
                prefixes.append(ip_network(word, strict=False))
            except ValueError:
                if (name := read_host(word)) is None:
                    raise ValueError(f"{source}:{number}: neither a domain nor a prefix: {word!r}") from None
                domains.add(name)
        return cls(frozenset(domains), tuple(prefixes))

    @classmethod
    def read(cls, path: Path) -> "OptOut":
        """Read the list in a file (see `parse`)."""
        return cls.parse(path.read_text(encoding="utf-8-sig").splitlines(), str(path))

    def covers_name(self, name: str) -> bool:
        """Whether a name or a domain above it is listed."""
        if not self.domains:
            return False
        labels = name.lower().rstrip(".").split(".")
        return any(".".join(labels[i:]) in self.domains for i in range(len(labels)))

    def covers_address(self, address: Address) -> bool:
        """Whether a listed prefix holds the address."""
        return any(address.version == prefix.version and address in prefix for prefix in self.prefixes)


class Guard:
    """Decides whether an address may be dialled, and dials it."""

    def __init__(self, opt_out: OptOut = OptOut(), resolvers: Collection[Address] = ()) -> None:
        self.opt_out = opt_out
        self._resolvers = frozenset(resolvers)

    def refusal(self, address: Address, port: int, stage: Stage, name: str = "") -> Failure | None:
        """Say why this address is not dialled; None when it may be."""
        if port == DNS_PORT and address in self._resolvers:
            return None
        if not is_usable(address):
            return Failure(kind=FailureKind.UNSAFE_TARGET, stage=stage, detail=kind_of(address))
        if self.opt_out.covers_address(address) or (name and self.opt_out.covers_name(name)):
            return Failure(kind=FailureKind.OPT_OUT, stage=stage, detail="opt-out list")
        return None

    async def connect(self, address: Address, port: int, *, timeout: float, name: str = "") -> socket.socket | Failure:
        """Open a TCP connection within `timeout` seconds and return the socket, or the Failure."""
        stage = Stage.DNS if port == DNS_PORT else Stage.TCP
        if refused := self.refusal(address, port, stage, name):
            return refused
        try:
            sock = await _stream_socket(address)
        except OSError as error:
            return from_error(error, stage)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_connect(sock, (text_of(address), port))
        except OSError as error:
            sock.close()
            return self._explain(error, address, stage)
        except BaseException:
            sock.close()
            raise
        return sock

    def send(self, sock: socket.socket, message: bytes, address: Address, port: int, name: str = "") -> Failure | None:
        """Send one UDP message, or say why not."""
        if refused := self.refusal(address, port, Stage.DNS, name):
            return refused
        try:
            sock.sendto(message, (text_of(address), port))
        except OSError as error:
            return self._explain(error, address, Stage.DNS)
        return None

    def udp_socket(self, version: int) -> socket.socket:
        """Open an unconnected UDP socket of one family on a random port."""
        return _open(AF[version], socket.SOCK_DGRAM)

    def _explain(self, error: OSError, address: Address, stage: Stage) -> Failure:
        """A missing route of ours and a router's answer give the same errno: the kernel's own route tells them apart."""
        if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES} and not has_route(address):
            return Failure(kind=FailureKind.LOCAL, stage=stage, detail="no route here", code=error.errno)
        return from_error(error, stage)


def has_route(address: Address) -> bool:
    """Whether this host has a route to an address. Sends nothing: connecting a UDP socket only looks the route up."""
    try:
        with _open(AF[family_of(address)], socket.SOCK_DGRAM) as sock:
            sock.connect((str(address), DNS_PORT))
    except OSError:
        return False
    return True


async def _stream_socket(address: Address) -> socket.socket:
    for wait in WAITS_FOR_DESCRIPTORS:
        try:
            return _open(AF[address.version], socket.SOCK_STREAM)
        except OSError as error:
            if error.errno not in OUR_LIMITS:
                raise
            await asyncio.sleep(wait)
    return _open(AF[address.version], socket.SOCK_STREAM)


def _open(family: int, kind: int) -> socket.socket:
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock
