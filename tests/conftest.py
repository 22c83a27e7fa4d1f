"""What holds for every test: no sockets unless a marker allows them, no real Internet unless it is asked for."""

import socket
from typing import Any, NoReturn

import pytest

MAY_USE_SOCKETS = frozenset({"loopback", "lab", "interop", "browser", "live"})
INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})
DEFAULT_FAMILY = -1
"""What `socket.socket()` without arguments is given: it means AF_INET."""

RESOLVING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")


class SocketForbiddenError(RuntimeError):
    """A test without a marker that allows it reached for the network."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the operator ask for the tests that contact the real Internet."""
    parser.addoption("--live", action="store_true", help="also run the tests that contact the real Internet")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep together what shares its labs, for runs in several processes; leave the live tests out unless asked for."""
    for item in items:
        is_interop = item.get_closest_marker("interop") is not None
        item.add_marker(pytest.mark.xdist_group("interop" if is_interop else str(item.path)))
    if config.getoption("--live"):
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason="contacts the real Internet: ask for it with --live"))


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid Internet sockets and name resolution; what asyncio needs for itself (AF_UNIX) goes on working."""
    if not any(request.node.get_closest_marker(marker) for marker in MAY_USE_SOCKETS):
        _forbid(monkeypatch)


def _forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    make = socket.socket.__init__

    def guarded(self: socket.socket, family: int = DEFAULT_FAMILY, *args: Any, **more: Any) -> None:
        is_new = more.get("fileno") is None and len(args) < 3
        if is_new and (family == DEFAULT_FAMILY or family in INTERNET):
            raise SocketForbiddenError("this test may not open sockets: mark it (loopback, lab, interop, browser or live)")
        make(self, family, *args, **more)

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise SocketForbiddenError("this test may not resolve names")

    monkeypatch.setattr(socket.socket, "__init__", guarded)
    for name in RESOLVING:
        monkeypatch.setattr(socket, name, refuse)
