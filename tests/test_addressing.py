"""Every edge of every special range, from the IANA registries: nothing of it may be called global."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipv6check.addressing import (
    GLOBAL,
    SPECIAL_V4,
    SPECIAL_V6,
    TRANSITION,
    embedded_v4,
    is_special,
    is_transition,
    is_usable,
    kind_of,
    parse_addresses,
    prefix_of,
)

FORBIDDEN_V4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "168.63.129.16/32",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
)
"""IANA's IPv4 special-purpose registry, multicast, and the one cloud address in public space."""

FORBIDDEN_V6 = (
    "::/3",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "3ffe::/16",
    "4000::/2",
    "8000::/1",
)
"""All that is outside 2000::/3, and what is excluded within."""

SPECIAL = (
    *FORBIDDEN_V4,
    *FORBIDDEN_V6,
    "::/128",
    "::1/128",
    "::/96",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2620:4f:8000::/48",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)

AS112_DIRECT = ip_network("2620:4f:8000::/48")
"""The one entry of the registry that is ordinary, globally reachable unicast by the allow list."""

NAMED = {
    "64:ff9b::7f00:1": "nat64",
    "64:ff9b::a9fe:a9fe": "nat64",
    "64:ff9b:1::a00:1": "nat64-local",
    "2002:7f00:1::": "6to4",
    "2002:c0a8:101::1": "6to4",
    "::127.0.0.1": "v4-compatible",
    "::2": "v4-compatible",
    "::": "unspecified",
    "::1": "loopback",
    "::ffff:127.0.0.1": "v4-mapped",
    "::ffff:8.8.8.8": "v4-mapped",
    "fec0::1": "site-local",
    "fe80::1": "link-local",
    "fe80::1%lo": "link-local",
    "2400:1::1%lo": "link-local",
    "fc00::1": "unique-local",
    "fd00:ec2::254": "unique-local",
    "3fff::1": "documentation-3fff",
    "2001:db8::1": "documentation",
    "2001:2::1": "benchmarking",
    "2001:10::1": "orchid",
    "2001:1::1": "protocol-assignment",
    "2001::1": "teredo",
    "3ffe::1": "6bone",
    "5f00::1": "segment-routing",
    "100::1": "discard",
    "100:0:0:1::1": "dummy",
    "100:0:0:2::1": "not-global",
    "4000::1": "not-global",
    "e000::1": "not-global",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
    "0.0.0.0": "this-network",
    "10.0.0.1": "private-10",
    "100.64.0.1": "shared-cgn",
    "100.100.100.200": "shared-cgn",
    "127.0.0.1": "loopback",
    "169.254.169.254": "link-local",
    "172.31.255.255": "private-172",
    "192.168.1.1": "private-192",
    "192.88.99.1": "6to4-relay",
    "168.63.129.16": "cloud-metadata",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
}

GOOD = (
    "2400::1",
    "2001:200::1",
    "2001:4860::1",
    "2a00::1",
    "2c0f::1",
    "2003::1",
    "2606:4700::1",
    "3ffd::1",
    "1.1.1.1",
    "11.0.0.1",
)
GOOD += ("168.63.129.15", "168.63.129.17", "192.0.1.1", "223.255.255.255", "172.15.255.255", "172.32.0.0", "100.63.255.255")


def is_forbidden(address: IPv4Address | IPv6Address) -> bool:
    """The specification, said a second time and by integers alone."""
    ranges = FORBIDDEN_V6 if address.version == 6 else FORBIDDEN_V4
    for text in ranges:
        network = ip_network(text)
        if int(network.network_address) <= int(address) <= int(network.broadcast_address):
            return True
    return False


def edges() -> list[tuple[str, str]]:
    found = []
    for text in SPECIAL:
        network = ip_network(text)
        make, first, last = type(network.network_address), int(network.network_address), int(network.broadcast_address)
        for number in (first - 1, first, last, last + 1):
            if 0 <= number < 2**network.max_prefixlen:
                found.append((text, str(make(number))))
    return found


@pytest.mark.parametrize(("prefix", "text"), edges())
def test_every_edge_of_every_special_range(prefix: str, text: str) -> None:
    address = ip_address(text)
    assert is_usable(address) is not is_forbidden(address)
    if address in ip_network(prefix) and ip_network(prefix) != AS112_DIRECT:
        assert not is_usable(address)


@pytest.mark.parametrize(("text", "kind"), NAMED.items())
def test_addresses_that_libraries_get_wrong(text: str, kind: str) -> None:
    assert kind_of(ip_address(text)) == kind
    assert not is_usable(ip_address(text))


@pytest.mark.parametrize("text", GOOD)
def test_ordinary_addresses_are_usable(text: str) -> None:
    address = ip_address(text)
    assert (kind_of(address), is_usable(address), is_special(address)) == (GLOBAL, True, False)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_any_ipv6_address(address: IPv6Address) -> None:
    assert is_usable(address) is not is_forbidden(address)


@given(st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address))
def test_any_global_ipv6_address(address: IPv6Address) -> None:
    assert is_usable(address) is not is_forbidden(address)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_any_ipv4_address(address: IPv4Address) -> None:
    assert is_usable(address) is not is_forbidden(address)


@given(st.sampled_from([ip_network(text) for text in (*FORBIDDEN_V4, *FORBIDDEN_V6)]), st.integers(0))
def test_anything_in_a_special_range(network, number: int) -> None:
    assert not is_usable(network[number % network.num_addresses])


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_whatever_embeds_an_ipv4_address_is_refused_and_read(inner: IPv4Address) -> None:
    outer = {
        "v4-mapped": IPv6Address((0xFFFF << 32) + int(inner)),
        "nat64": IPv6Address((0x64FF9B << 96) + int(inner)),
        "6to4": IPv6Address((0x2002 << 112) + (int(inner) << 80) + 1),
        "teredo": IPv6Address((0x20010000 << 96) + (0x01020304 << 64) + (~int(inner) & 0xFFFFFFFF)),
    }
    for kind, address in outer.items():
        assert kind_of(address) == kind
        assert not is_usable(address)
        assert embedded_v4(address) == inner


def test_a_compatible_address_embeds_too() -> None:
    assert embedded_v4(ip_address("::1.2.3.4")) == ip_address("1.2.3.4")


@pytest.mark.parametrize("text", ["2400::1", "1.2.3.4", "fe80::1", "64:ff9b:1::1"])
def test_others_embed_none(text: str) -> None:
    assert embedded_v4(ip_address(text)) is None


@pytest.mark.parametrize("name", TRANSITION)
def test_transition_prefixes_are_apart_from_special_ones(name: str) -> None:
    address = TRANSITION[name][1]
    assert is_transition(address)
    assert not is_special(address)
    assert not is_usable(address)


@pytest.mark.parametrize("name", [*SPECIAL_V6, *SPECIAL_V4])
def test_special_ranges_go_by_their_name(name: str) -> None:
    middles = [n[n.num_addresses // 2] for table in (SPECIAL_V6, SPECIAL_V4) for key, n in table.items() if key == name]
    assert {kind_of(address) for address in middles} == {name}
    assert all(is_special(address) for address in middles)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("2400:1:2:3::1", "2400:1:2::/48"),
        ("2400:1:2:ffff:ffff:ffff:ffff:ffff", "2400:1:2::/48"),
        ("2400:1:3::", "2400:1:3::/48"),
        ("11.1.2.3", "11.1.2.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
    ],
)
def test_the_network_of_an_address(text: str, prefix: str) -> None:
    assert str(prefix_of(ip_address(text))) == prefix


def test_what_is_no_address_is_left_out() -> None:
    texts = ["2400::1", "x", "", "1.2.3", "1.2.3.4", "::1%", "[::1]", "0177.0.0.1", "2130706433"]
    assert [str(a) for a in parse_addresses(texts)] == ["2400::1", "1.2.3.4"]


@given(st.lists(st.sampled_from([0, 0, 1, 0xFFFF]), min_size=7, max_size=7))
def test_the_kernel_writes_addresses_as_we_do(groups: list[int]) -> None:
    """Replies are matched by their source as text."""
    address = IPv6Address(":".join(f"{group:x}" for group in (0x2400, *groups)))
    assert socket.inet_ntop(socket.AF_INET6, address.packed) == str(address)
