"""Sockets bound to addresses that no interface bears: the local routes of the namespace bring their packets here."""

import socket
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import family_of

IPV6_FREEBIND: Final = 78
"""Linux: bind to an address that is not (yet) ours."""

BACKLOG: Final = 128


def listener(address: Address, port: int, backlog: int = BACKLOG) -> socket.socket:
    """Open a listening TCP socket."""
    sock = _bound(address, port, socket.SOCK_STREAM)
    sock.listen(backlog)
    return sock


def datagrams(address: Address, port: int) -> socket.socket:
    """Open a UDP socket."""
    return _bound(address, port, socket.SOCK_DGRAM)


def silent_listener(address: Address, port: int) -> tuple[socket.socket, ...]:
    """Open a port at which every SYN is dropped, by a listener whose accept queue is full. Keep all sockets open."""
    listening = listener(address, port, backlog=0)
    waiting = _open(address, socket.SOCK_STREAM)
    waiting.connect((str(address), port))
    return listening, waiting


def _bound(address: Address, port: int, kind: int) -> socket.socket:
    sock = _open(address, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family_of(address) == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    sock.bind((str(address), port))
    return sock


def _open(address: Address, kind: int) -> socket.socket:
    return socket.socket(socket.AF_INET6 if family_of(address) == 6 else socket.AF_INET, kind)
