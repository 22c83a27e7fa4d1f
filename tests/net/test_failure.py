"""What the kernel and the libraries say, and what it means: a table, and every row of it really provoked."""

import asyncio
import errno
import socket
import ssl
import time
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest
from pyroute2 import IPRoute

from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.failure import Cut, from_error, printable
from ipv6check.net.guard import Guard
from tests.net.inside import Namespace
from tests.net.stubs import has_netfilter, netfilter, nft, silent

lab = pytest.mark.lab


def os_error(name: str) -> OSError:
    return OSError(getattr(errno, name), name)


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] said so")
    error.reason = reason
    return error


def caused(outer: Exception, cause: BaseException | None) -> Exception:
    outer.__cause__ = cause
    return outer


TABLE = [
    (os_error("ECONNREFUSED"), "refused", "ECONNREFUSED"),
    (os_error("ECONNRESET"), "reset", "ECONNRESET"),
    (os_error("ECONNABORTED"), "reset", "ECONNABORTED"),
    (os_error("EPIPE"), "reset", "EPIPE"),
    (os_error("ETIMEDOUT"), "timeout", "no answer in time"),
    (os_error("EHOSTUNREACH"), "unreachable", "EHOSTUNREACH"),
    (os_error("ENETUNREACH"), "unreachable", "ENETUNREACH"),
    (os_error("EHOSTDOWN"), "unreachable", "EHOSTDOWN"),
    (os_error("ENONET"), "unreachable", "ENONET"),
    (os_error("ENOPROTOOPT"), "unreachable", "ENOPROTOOPT"),
    (os_error("EPROTO"), "unreachable", "EPROTO"),
    (os_error("EACCES"), "prohibited", "EACCES"),
    (os_error("EMFILE"), "local", "limit"),
    (os_error("ENFILE"), "local", "limit"),
    (os_error("ENOBUFS"), "local", "limit"),
    (os_error("ENOMEM"), "local", "limit"),
    (os_error("EADDRNOTAVAIL"), "local", "limit"),
    (os_error("EADDRINUSE"), "local", "limit"),
    (os_error("EAGAIN"), "local", "limit"),
    (os_error("EPERM"), "local", "EPERM"),
    (os_error("EINVAL"), "local", "EINVAL"),
    (os_error("EAFNOSUPPORT"), "local", "EAFNOSUPPORT"),
    (os_error("ENETDOWN"), "local", "ENETDOWN"),
    (os_error("ENODEV"), "local", "ENODEV"),
    (ConnectionResetError("Connection lost"), "reset", "ConnectionResetError"),
    (TimeoutError(), "timeout", "no answer in time"),
    (httpcore.ReadTimeout(), "timeout", "no answer in time"),
    (Cut("headers"), "limit", "headers"),
    (ssl.SSLEOFError(8, "EOF"), "reset", "closed early"),
    (ssl.SSLZeroReturnError(6, "closed"), "reset", "closed early"),
    (asyncio.IncompleteReadError(b"", 2), "reset", "closed early"),
    (tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), "tls", "sslv3_alert_handshake_failure"),
    (httpcore.RemoteProtocolError("illegal \x1b[31mline"), "protocol", "illegal ?[31mline"),
    (httpcore.LocalProtocolError("ours"), "protocol", "LocalProtocolError: ours"),
    (caused(httpcore.ReadError(), os_error("ECONNRESET")), "reset", "ECONNRESET"),
    (caused(httpcore.WriteError(), os_error("EPIPE")), "reset", "EPIPE"),
    (caused(httpcore.ConnectError(), Cut("body")), "limit", "body"),
    (caused(httpcore.ReadError(), None), "reset", "closed early"),
    (UnicodeError("odd"), "protocol", "UnicodeError: odd"),
]


@pytest.mark.parametrize(("error", "kind", "detail"), TABLE, ids=lambda value: repr(value)[:40])
def test_errors_and_their_meaning(error: BaseException, kind: str, detail: str) -> None:
    failure = from_error(error, Stage.HTTP)
    assert (failure.kind, failure.stage, failure.detail) == (kind, "http", detail)
    assert failure.is_ours is (kind == "local")


@pytest.mark.parametrize("code", errno.errorcode)
def test_any_errno_has_a_meaning(code: int) -> None:
    failure = from_error(OSError(code, "x"), Stage.TCP)
    assert failure.kind in FailureKind
    assert failure.code in {code, None}


def test_what_a_peer_says_is_made_harmless() -> None:
    assert printable("a\x1b]8;;x\x07\r\n\u202eb\x00" + "c" * 500) == "a?]8;;x????b?" + "c" * 187


# Really provoked

ICMP6 = {
    "no-route": ("unreachable", "ENETUNREACH"),
    "addr-unreachable": ("unreachable", "EHOSTUNREACH"),
    "admin-prohibited": ("prohibited", "EACCES"),
    "policy-fail": ("prohibited", "EACCES"),
    "reject-route": ("prohibited", "EACCES"),
    "port-unreachable": ("refused", "ECONNREFUSED"),
}
ICMP4 = {
    "net-unreachable": ("unreachable", "ENETUNREACH"),
    "host-unreachable": ("unreachable", "EHOSTUNREACH"),
    "prot-unreachable": ("unreachable", "ENOPROTOOPT"),
    "port-unreachable": ("refused", "ECONNREFUSED"),
    "net-prohibited": ("unreachable", "ENETUNREACH"),
    "host-prohibited": ("unreachable", "EHOSTUNREACH"),
    "admin-prohibited": ("unreachable", "EHOSTUNREACH"),
}
"""IPv4 has no errno for "prohibited"."""

AT_CAP, AT_ONCE, SOON = (1.9, 2.6), (0.0, 0.5), (0.0, 1.6)

EXPECTED = {
    "2400:1::1": ("refused", "ECONNREFUSED", AT_ONCE),
    "11.1.0.1": ("refused", "ECONNREFUSED", AT_ONCE),
    "2400:2::1": ("timeout", "no answer in time", AT_CAP),
    "11.2.0.1": ("timeout", "no answer in time", AT_CAP),
    "2400:3::1": ("refused", "ECONNREFUSED", AT_ONCE),
    "11.3.0.1": ("refused", "ECONNREFUSED", AT_ONCE),
    "2400:4::1": ("timeout", "no answer in time", AT_CAP),
    "2600::1": ("local", "no route here", AT_ONCE),
    "13.0.0.1": ("local", "no route here", AT_ONCE),
    **{f"2400:6:{i:x}::1": (*said, SOON) for i, said in enumerate(ICMP6.values())},
    **{f"11.6.{i}.1": (*said, SOON) for i, said in enumerate(ICMP4.values())},
}

RULES = (
    "ip6 daddr 2400:2::/32 drop",
    "ip daddr 11.2.0.0/16 drop",
    "ip6 daddr 2400:3::/32 meta l4proto tcp reject with tcp reset",
    "ip daddr 11.3.0.0/16 meta l4proto tcp reject with tcp reset",
    *(f"ip6 daddr 2400:6:{i:x}::/48 reject with icmpv6 type {name}" for i, name in enumerate(ICMP6)),
    *(f"ip daddr 11.6.{i}.0/24 reject with icmp type {name}" for i, name in enumerate(ICMP4)),
)


def netfilter_is_there() -> bool:
    return has_netfilter()


async def dial_all() -> dict[str, list]:
    """Dial every address at once, two seconds each."""

    async def dial(text: str) -> list:
        start = time.monotonic()
        refused = await Guard().connect(ip_address(text), 443, timeout=2)
        assert isinstance(refused, Failure), text
        return [refused.kind, refused.detail, refused.stage, time.monotonic() - start]

    with netfilter(*RULES), silent("2400:4::1", 443):
        found = await asyncio.gather(*map(dial, EXPECTED))
    return dict(zip(EXPECTED, found, strict=True))


@lab
def test_what_the_kernel_says_on_connect(inside: Namespace) -> None:
    if not inside("netfilter_is_there"):
        pytest.skip("no nftables here")
    seen = inside("dial_all")
    wrong = {
        text: seen[text]
        for text, (kind, detail, (least, most)) in EXPECTED.items()
        if seen[text][:3] != [kind, detail, "tcp"] or not least <= seen[text][3] <= most
    }
    assert wrong == {}


def forbid_by_route() -> None:
    """Put routes of our own in the way."""
    with IPRoute() as netlink:
        for kind, dst in (("unreachable", "2401::/48"), ("prohibit", "2401:1::/48"), ("blackhole", "2401:2::/48")):
            netlink.route("replace", dst=dst, family=socket.AF_INET6, type=kind)
        for kind, dst in (("unreachable", "14.0.0.0/24"), ("prohibit", "14.0.1.0/24"), ("blackhole", "14.0.2.0/24")):
            netlink.route("replace", dst=dst, family=socket.AF_INET, type=kind)


OWN_ROUTES = ("2401::1", "2401:1::1", "2401:2::1", "14.0.0.1", "14.0.1.1", "14.0.2.1")


async def dial_own_routes() -> list[list]:
    guard, seen = Guard(), []
    with guard.udp_socket(6) as udp6, guard.udp_socket(4) as udp4:
        for text in OWN_ROUTES:
            address = ip_address(text)
            for refused in (
                await guard.connect(address, 443, timeout=2),
                guard.send(udp6 if ":" in text else udp4, b"x", address, 53),
            ):
                assert isinstance(refused, Failure)
                seen.append([text, refused.kind, refused.is_ours])
    return seen


@lab
def test_routes_of_our_own_are_ours(inside: Namespace) -> None:
    inside("forbid_by_route")
    assert [said for said in inside("dial_own_routes") if said[1:] != ["local", True]] == []


def set_ports(wanted: str) -> str:
    """Set the range of ports that we send from; return what it was."""
    setting = Path("/proc/sys/net/ipv4/ip_local_port_range")
    before = setting.read_text()
    setting.write_text(wanted)
    return before


async def without_ports() -> list:
    """Connect when the few ports there are are in use."""
    before, held = set_ports("40000 40003"), []
    try:
        with socket.socket(socket.AF_INET6) as server:
            server.setsockopt(socket.IPPROTO_IPV6, 78, 1)
            server.bind(("2400:9::1", 80))
            server.listen(32)
            for _ in range(12):
                sock = await Guard().connect(ip_address("2400:9::1"), 80, timeout=2)
                if isinstance(sock, Failure):
                    return [sock.kind, sock.detail, sock.code, len(held)]
                held.append(sock)
        return ["connected", len(held)]
    finally:
        set_ports(before)
        for sock in held:
            sock.close()


@lab
def test_without_ports_it_is_our_limit(inside: Namespace) -> None:
    *said, made = inside("without_ports")
    assert said == ["local", "limit", errno.EADDRNOTAVAIL]
    assert made <= 4


async def own_firewall() -> list:
    """Send UDP that our own filter drops on its way out."""
    with netfilter("ip6 daddr ::1 accept"), Guard().udp_socket(6) as udp:
        nft(
            "add chain inet test out { type filter hook output priority 0; }\nadd rule inet test out ip6 daddr 2400:8::/32 drop\n"
        )
        refused = Guard().send(udp, b"x", ip_address("2400:8::1"), 53)
    assert refused is not None
    return [refused.kind, refused.detail]


@lab
def test_our_own_firewall_is_ours(inside: Namespace) -> None:
    if not inside("netfilter_is_there"):
        pytest.skip("no nftables here")
    assert inside("own_firewall") == ["local", "EPERM"]
