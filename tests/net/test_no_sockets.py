"""A test that does not say so may not touch the network; what asyncio needs for itself goes on working."""

import asyncio
import socket

import pytest

from tests.conftest import SocketForbiddenError


@pytest.mark.parametrize(
    "arguments",
    [(), (socket.AF_INET,), (socket.AF_INET6,), (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_DGRAM, 17)],
)
def test_no_socket_is_made(arguments: tuple[int, ...]) -> None:
    with pytest.raises(SocketForbiddenError):
        socket.socket(*arguments)


def test_no_socket_is_made_by_others() -> None:
    with pytest.raises(SocketForbiddenError):
        socket.create_connection(("127.0.0.1", 9))
    with pytest.raises(SocketForbiddenError):
        socket.create_server(("127.0.0.1", 0))


def test_no_name_is_resolved() -> None:
    for resolve in (socket.getaddrinfo, socket.gethostbyname):
        with pytest.raises(SocketForbiddenError):
            resolve("example.vn", 80)  # type: ignore[operator]


async def test_no_connection_is_opened() -> None:
    with pytest.raises(SocketForbiddenError):
        await asyncio.open_connection("127.0.0.1", 9)


async def test_a_loop_works() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"
    with socket.socket(socket.AF_UNIX) as sock:
        assert sock.family == socket.AF_UNIX
    assert await asyncio.to_thread(lambda: 1) == 1


@pytest.mark.loopback
def test_with_a_marker_they_are_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.live
def test_live_tests_run_only_when_asked_for(request: pytest.FixtureRequest) -> None:
    assert request.config.getoption("--live")
