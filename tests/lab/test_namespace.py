"""Nothing is served where packets could leave."""

from pathlib import Path

import pytest

from ipv6check.lab import World, namespace
from ipv6check.lab.servers import running

HEADER = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
BY_ETHERNET = "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
V6_NULL = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"
V6_ETHERNET = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} 00000400 00000001 00000000 00000003     eth0\n"


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test writes what the kernel would list."""
    monkeypatch.setattr(namespace, "ROUTES", ((tmp_path / "route", 0), (tmp_path / "ipv6_route", -1)))
    return tmp_path


@pytest.mark.parametrize(
    ("v4", "v6", "is_isolated"),
    [
        (HEADER, "", True),
        (HEADER, V6_NULL, True),
        ("", "", True),
        (HEADER + BY_ETHERNET, "", False),
        (HEADER, V6_NULL + V6_ETHERNET, False),
    ],
)
def test_a_route_by_an_interface_is_an_uplink(v4: str, v6: str, is_isolated: bool, routes: Path) -> None:
    (routes / "route").write_text(v4)
    (routes / "ipv6_route").write_text(v6)
    assert namespace.is_isolated() == is_isolated


def test_a_kernel_without_ipv6_has_no_list_of_it(routes: Path) -> None:
    (routes / "route").write_text(HEADER)
    assert namespace.is_isolated()


async def test_servers_are_refused_where_there_is_an_uplink(city: World, routes: Path) -> None:
    (routes / "route").write_text(HEADER + BY_ETHERNET)
    with pytest.raises(namespace.NotIsolatedError, match="without uplink"):
        async with running(city, routes / "lab"):
            pass
    with pytest.raises(namespace.NotIsolatedError):
        namespace.prepare(city)
    assert not (routes / "lab").exists()


def test_a_namespace_is_entered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(namespace.ENTERED, "1")
    assert namespace.is_entered()
    with pytest.raises(namespace.NotIsolatedError, match="already entered"):
        namespace.enter(["true"])


def test_entering_becomes_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[object] = []
    monkeypatch.delenv(namespace.ENTERED, raising=False)
    monkeypatch.setattr("os.execvpe", lambda file, argv, environment: became.extend((file, argv, environment)))
    namespace.enter(["ipv6check", "demo"])
    file, argv, environment = became
    assert (file, argv) == ("unshare", ["unshare", "-Urnm", "ipv6check", "demo"])
    assert isinstance(environment, dict)
    assert environment[namespace.ENTERED] == "1"


def test_an_obstacle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace, "UNSHARE", ("no-such-program-here",))
    assert "cannot run unshare" in namespace.obstacle()
    assert not namespace.can_unshare()
    monkeypatch.setattr(namespace, "UNSHARE", ("sh", "-c", "echo not permitted >&2; exit 1"))
    assert namespace.obstacle() == "not permitted"
