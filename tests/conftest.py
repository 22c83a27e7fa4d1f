"""What holds for every test: no sockets unless a marker allows them, no real Internet unless it is asked for."""

import gc
import socket
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

MAY_USE_SOCKETS = frozenset({"loopback", "lab", "interop", "browser", "live"})
INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})
DEFAULT_FAMILY = -1
"""What `socket.socket()` without arguments is given: it means AF_INET."""

INTEROP = "tests/interop/"
RESOLVING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")


class SocketForbiddenError(RuntimeError):
    """A test without a marker that allows it reached for the network."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the operator ask for the tests that contact the real Internet."""
    parser.addoption("--live", action="store_true", help="also run the tests that contact the real Internet")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the live tests out unless they are asked for."""
    if config.getoption("--live"):
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason="contacts the real Internet: ask for it with --live"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file's tests together when they run in several processes, and all tests that share the labs of `interop`."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return INTEROP if nodeid.startswith(INTEROP) else nodeid.partition("::")[0]

    return ByFile(config, log)


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid Internet sockets and name resolution; what asyncio needs for itself (AF_UNIX) goes on working."""
    if not any(request.node.get_closest_marker(marker) for marker in MAY_USE_SOCKETS):
        _forbid(monkeypatch)


@pytest.fixture(autouse=True)
def _no_bug_in_a_rule(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let no bug in a rule pass for something that could not be measured."""
    yield
    assert not [record.getMessage() for record in caplog.get_records("call") if record.name == "ipv6check.judge"]


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Keep the garbage collector, which looks at the heap of all tests, out of what is timed."""
    gc.disable()
    yield
    gc.enable()


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
