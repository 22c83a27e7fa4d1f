"""The namespace itself: nothing may leave it, and what goes wrong inside must show outside."""

import asyncio
import socket

import pytest

from tests.net.inside import InsideError, Namespace

pytestmark = pytest.mark.lab


async def addresses() -> list[str]:
    """What a packet to our prefixes would come from, and the interfaces there are."""
    found = [name for _, name in socket.if_nameindex()]
    for family, address in ((socket.AF_INET6, "2400:1::1"), (socket.AF_INET, "11.1.1.1")):
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, 9))
            found.append(sock.getsockname()[0])
    return found


async def no_way_out() -> list[int]:
    codes = []
    for family, address in ((socket.AF_INET6, "2600::1"), (socket.AF_INET, "8.8.8.8")):
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            codes.append(sock.connect_ex((address, 9)))
    return codes


async def fails() -> None:
    raise LookupError("from inside")


async def loses_a_task() -> None:
    task = asyncio.create_task(fails())
    await asyncio.wait([task])


async def leaves_a_socket() -> None:
    socket.socket()


def test_our_prefixes_are_local_and_nothing_else_is_there(inside: Namespace) -> None:
    assert inside("addresses")[0] == "lo"


def test_there_is_no_way_out(inside: Namespace) -> None:
    assert inside("no_way_out") == [101, 101]


@pytest.mark.parametrize("function", ["fails", "loses_a_task"])
def test_what_is_raised_inside_shows_outside(inside: Namespace, function: str) -> None:
    with pytest.raises(InsideError, match="from inside"):
        inside(function)


def test_an_unclosed_socket_shows_outside(inside: Namespace) -> None:
    with pytest.raises(InsideError, match="unclosed"):
        inside("leaves_a_socket")
