"""The one function that dials: what it refuses, and that nothing is sent then."""

import asyncio
import errno
import resource
import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipv6check.model import Failure, Stage
from ipv6check.net import guard as guard_module
from ipv6check.net.guard import Guard, OptOut, has_route
from tests.net.inside import Namespace, make_local
from tests.net.stubs import has_netfilter, listening, netfilter
from tests.test_addressing import FORBIDDEN_V4, FORBIDDEN_V6, NAMED, edges, is_forbidden

lab = pytest.mark.lab
GOOD6, GOOD4 = ip_address("2400:1::1"), ip_address("11.0.0.1")

CANARIES = (
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "192.168.1.1",
    "fd00:ec2::254",
    "64:ff9b::7f00:1",
)


# What is refused


@given(st.one_of(st.integers(0, 2**128 - 1).map(IPv6Address), st.integers(0, 2**32 - 1).map(IPv4Address)))
def test_whatever_is_forbidden_is_refused(address) -> None:
    refused = Guard().refusal(address, 443, Stage.TCP)
    assert (refused is not None) is is_forbidden(address)
    assert refused is None or (refused.kind, refused.is_ours) == ("unsafe-target", False)


@pytest.mark.parametrize("text", NAMED)
def test_the_refusal_says_what_it_is(text: str) -> None:
    refused = Guard().refusal(ip_address(text), 80, Stage.TCP)
    assert refused is not None
    assert (refused.kind, refused.stage, refused.detail) == ("unsafe-target", "tcp", NAMED[text])


def test_the_resolver_is_excepted_for_dns_only() -> None:
    guard = Guard(resolvers=[ip_address("127.0.0.1"), ip_address("::1")])
    assert guard.refusal(ip_address("127.0.0.1"), 53, Stage.DNS) is None
    assert guard.refusal(ip_address("::1"), 53, Stage.DNS) is None
    for text, port in (("127.0.0.1", 80), ("127.0.0.1", 443), ("127.0.0.1", 853), ("127.0.0.2", 53), ("::2", 53)):
        assert guard.refusal(ip_address(text), port, Stage.DNS) is not None


# The opt-out list

LIST = """\ufeff# who asked
Example.VN.   # by mail, 2026-11-01
   2400:5::/32
11.5.0.0/16
11.6.6.6
2400:6::6/128

11.7.7.7/24   # host bits are dropped
xa-ba-dinh.example
Hà-Nội.example
"""


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("example.vn", True),
        ("www.example.vn", True),
        ("a.b.EXAMPLE.vn.", True),
        ("notexample.vn", False),
        ("vn", False),
        ("example.vn.com", False),
        ("", False),
        (".", False),
        ("xa-ba-dinh.example", True),
        ("www.xn--h-ni-0na4517b.example", True),
    ],
)
def test_a_listed_domain_covers_what_is_below_it(name: str, listed: bool, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(LIST, encoding="utf-8")
    assert OptOut.read(tmp_path / "list").covers_name(name) is listed


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("2400:5::1", True),
        ("2400:5:ffff::1", True),
        ("2400:6::6", True),
        ("2400:6::7", False),
        ("11.5.255.255", True),
        ("11.6.0.0", False),
        ("11.6.6.6", True),
        ("11.7.7.250", True),
        ("11.7.8.0", False),
    ],
)
def test_a_listed_prefix_covers_its_addresses(text: str, listed: bool) -> None:
    opt_out = OptOut.parse(LIST.removeprefix("\ufeff").splitlines())
    refused = Guard(opt_out).refusal(ip_address(text), 443, Stage.TCP)
    assert opt_out.covers_address(ip_address(text)) is listed
    assert (refused is not None) is listed
    assert refused is None or (refused.kind, refused.is_ours) == ("opt-out", True)


@pytest.mark.parametrize(
    "line",
    [
        "11.0.0.0/33",
        "2400::/129",
        "2400:::1",
        "a b",
        "11.0.0.0/8 x",
        "example.vn/24",
        "*.example.vn",
        "-a.vn",
        "a..vn",
        "127.1",
        "1234",
        "đ--ẹp-.vn",
    ],
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"^list:3: .*neither"):
        OptOut.parse(["# one", "", line], "list")


def test_an_address_of_a_listed_name_is_refused_for_that_name_only() -> None:
    guard = Guard(OptOut(frozenset({"example.vn"})))
    assert guard.refusal(GOOD6, 443, Stage.TCP, "www.example.vn") is not None
    assert guard.refusal(GOOD6, 443, Stage.TCP, "www.example.com") is None
    assert guard.refusal(GOOD6, 443, Stage.TCP) is None


def test_what_is_unsafe_is_so_before_it_is_opted_out() -> None:
    guard = Guard(OptOut(prefixes=(ip_network("10.0.0.0/8"),)))
    refused = guard.refusal(ip_address("10.0.0.1"), 443, Stage.TCP)
    assert refused is not None
    assert refused.kind == "unsafe-target"


# In the namespace


def open_all_routes() -> None:
    """Let packets to any address be carried, as far as ourselves."""
    make_local("0.0.0.0/0")
    make_local("::/0")


async def dial_everything_forbidden() -> dict:
    """Try TCP and UDP to every edge and every canary."""
    guard = Guard(resolvers=[ip_address("127.0.0.1")])
    targets = {text for _, text in edges() if is_forbidden(ip_address(text))} | {*NAMED, *CANARIES}
    ports = [listening(text, 443) for text in CANARIES]
    before = packets()
    outcomes = set()
    with guard.udp_socket(6) as udp6, guard.udp_socket(4) as udp4:
        for text in targets:
            address = ip_address(text)
            sent = guard.send(udp6 if address.version == 6 else udp4, b"x", address, 443)
            connected = await guard.connect(address, 443, timeout=1)
            outcomes |= {f.kind if isinstance(f, Failure) else f"{text}: {f}" for f in (sent, connected)}
    return {
        "targets": len(targets),
        "outcomes": sorted(outcomes),
        "packets": packets() - before,
        "canaries": sum(map(was_dialled, ports)),
    }


async def dial_without_the_guard() -> dict:
    """That the same packets would be seen."""
    ports, before = [listening(text, 444) for text in CANARIES], packets()
    for text in CANARIES:
        socket.create_connection((text, 444), timeout=1).close()
    return {"packets": packets() - before, "canaries": sum(map(was_dialled, ports))}


def was_dialled(sock: socket.socket) -> bool:
    """Whether anybody connected to a listener; it is closed."""
    with sock:
        try:
            sock.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def packets() -> int:
    """Packets that ever left through the only interface there is."""
    line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("lo:"))
    return int(line.partition(":")[2].split()[9])


@lab
def test_nothing_is_sent_to_forbidden_addresses(inside: Namespace) -> None:
    inside("open_all_routes")
    seen = inside("dial_everything_forbidden")
    assert seen["targets"] > 150
    assert seen["outcomes"] == ["unsafe-target"]
    assert (seen["packets"], seen["canaries"]) == (0, 0)


@lab
def test_without_the_guard_they_would_be_reached(inside: Namespace) -> None:
    """The fault is really there: else the test above tests nothing."""
    inside("open_all_routes")
    seen = inside("dial_without_the_guard")
    assert seen["canaries"] == len(CANARIES)
    assert seen["packets"] >= 3 * len(CANARIES)


async def v6only() -> list[int]:
    """The option on every IPv6 socket that is made while we dial, send and look for routes."""
    seen = []
    real = guard_module._open

    def noting(family: int, kind: int) -> socket.socket:
        sock = real(family, kind)
        if family == socket.AF_INET6:
            seen.append(sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
        return sock

    guard_module._open = noting
    try:
        guard = Guard()
        with listening("2400:1::1", 80), guard.udp_socket(6) as udp:
            sock = await guard.connect(GOOD6, 80, timeout=1)
            assert isinstance(sock, socket.socket)
            with sock:
                seen.append(sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
            seen.append(udp.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
        has_route(GOOD6)
    finally:
        guard_module._open = real
    return seen


@lab
def test_every_ipv6_socket_is_ipv6_only(inside: Namespace) -> None:
    assert inside("v6only") == [1, 1, 1, 1, 1]


async def mapped() -> str:
    """What happens when a mapped address gets past the list: the socket itself must refuse."""
    with listening("127.0.0.1", 80), guard_module._open(socket.AF_INET6, socket.SOCK_STREAM) as sock:
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("::ffff:127.0.0.1", 80))
        except OSError as error:
            return errno.errorcode[error.errno or 0]
    return "connected over IPv4"


@lab
def test_a_mapped_address_cannot_be_connected_at_all(inside: Namespace) -> None:
    assert inside("mapped") == "ENETUNREACH"


async def routes() -> dict:
    """Whether a route is seen: there, there with a router that says no, there and silent, none of ours."""
    seen = {}
    rules = ("ip6 daddr 2400:bad:1::/48 reject with icmpv6 type no-route", "ip6 daddr 2400:bad:2::/48 drop")
    before = packets()
    with netfilter(*rules):
        for text in ("2400:1::1", "2400:bad:1::1", "2400:bad:2::1", "11.0.0.1", "2600::1", "13.0.0.1"):
            seen[text] = has_route(ip_address(text))
    return {"routes": seen, "packets": packets() - before}


@lab
def test_a_missing_route_is_told_from_a_routers_answer() -> None:
    """A fresh namespace: the one of the other tests has routes to everywhere."""
    namespace = Namespace(__name__)
    try:
        if not namespace("netfilter_is_there"):
            pytest.skip("no nftables here")
        seen = namespace("routes")
        refusals = namespace("refusals")
    finally:
        namespace.close()
    assert seen["routes"] == {
        "2400:1::1": True,
        "2400:bad:1::1": True,
        "2400:bad:2::1": True,
        "11.0.0.1": True,
        "2600::1": False,
        "13.0.0.1": False,
    }
    assert seen["packets"] == 0
    assert refusals["2400:bad:1::1"] == ["unreachable", "ENETUNREACH"]
    assert refusals["2600::1"] == ["local", "no route here"]
    assert refusals["udp 2600::1"] == ["local", "no route here"]


def netfilter_is_there() -> bool:
    return has_netfilter()


async def refusals() -> dict:
    """The same errno from a router and from our own kernel."""
    guard, seen = Guard(), {}
    with netfilter("ip6 daddr 2400:bad:1::/48 reject with icmpv6 type no-route"), guard.udp_socket(6) as udp:
        for text in ("2400:bad:1::1", "2600::1"):
            refused = await guard.connect(ip_address(text), 443, timeout=4)
            assert isinstance(refused, Failure)
            assert refused.code == errno.ENETUNREACH
            seen[text] = [refused.kind, refused.detail]
        sent = guard.send(udp, b"x", ip_address("2600::1"), 53)
        assert sent is not None
        seen["udp 2600::1"] = [sent.kind, sent.detail]
    return seen


async def without_descriptors(freed_after: float | None) -> list:
    """Connect while no descriptor is left."""
    loop, start = asyncio.get_running_loop(), time.monotonic()
    guard_module.WAITS_FOR_DESCRIPTORS = (0.1, 0.2, 0.3)
    with listening("2400:1::1", 80):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        if freed_after is not None:
            loop.call_later(freed_after, resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        try:
            sock = await Guard().connect(GOOD6, 80, timeout=1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    took = time.monotonic() - start
    if isinstance(sock, Failure):
        return [sock.kind, sock.detail, sock.code, sock.is_ours, took]
    sock.close()
    return ["connected", took]


@lab
def test_without_descriptors_we_wait_for_one(inside: Namespace) -> None:
    said, took = inside("without_descriptors", 0.15)
    assert said == "connected"
    assert 0.15 <= took < 0.6


@lab
def test_without_descriptors_for_long_it_is_our_limit(inside: Namespace) -> None:
    *said, took = inside("without_descriptors", None)
    assert said == ["local", "limit", errno.EMFILE, True]
    assert 0.6 <= took < 1.2


async def cancelled() -> int:
    """Cancel a dial; the socket must not stay open (its warning would fail this call)."""
    with netfilter("ip6 daddr 2400:bad:2::/48 drop"):
        task = asyncio.create_task(Guard().connect(ip_address("2400:bad:2::1"), 80, timeout=5))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
    return int(task.cancelled())


@lab
def test_a_cancelled_dial_leaves_nothing_open(inside: Namespace) -> None:
    if not inside("netfilter_is_there"):
        pytest.skip("no nftables here")
    assert inside("cancelled") == 1


def test_the_edges_are_many() -> None:
    assert len(edges()) > 150
    assert len(FORBIDDEN_V4) + len(FORBIDDEN_V6) >= 28
