"""Look-ups, held against the plainest reference there is on random tables."""

import tempfile
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ipv6check.addressing import Address, Network
from ipv6check.data import Registration, RouteAnswer, RouteValidation, Tables
from ipv6check.data.nest import Nest, NestMaker
from ipv6check.data.packed import pack, unpack
from ipv6check.data.routes import SHORTEST
from ipv6check.data.syntax import V4, split_range
from tests.data.making import NOW, tables

ASNS = st.integers(1, 9)
BASE = {4: int(ip_address("198.51.0.0")), 6: int(ip_address("2001:db8::"))}
BITS = {4: 32, 6: 128}


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Prefixes close together, so that they nest, in the high and in the low half of IPv6."""
    version = draw(st.sampled_from([4, 6]))
    bits = BITS[version]
    length = draw(st.one_of(st.integers(0, bits), st.integers(bits - 4, bits), st.sampled_from([bits // 2, bits // 2 + 1])))
    if version == 4:
        start = BASE[4] + draw(st.integers(0, 31))
        return IPv4Network((start >> (bits - length) << (bits - length), length))
    start = BASE[6] + (draw(st.integers(0, 3)) << 64) + draw(st.one_of(st.integers(0, 15), st.just((1 << 64) - 1)))
    return IPv6Network((start >> (bits - length) << (bits - length), length))


def addresses_near(given_networks: list[Network]) -> list[Address]:
    """First and last addresses of networks and those just outside."""
    found = []
    for network in given_networks:
        kind = type(network.network_address)
        for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
            if 0 <= number < 1 << network.max_prefixlen:
                found.append(kind(number))
    return found


def covers(network: Network, inner: Network) -> bool:
    return network.version == inner.version and network.prefixlen <= inner.prefixlen and inner.network_address in network


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(networks(), ASNS, st.integers(1, 9)), min_size=1, max_size=25))
def test_routes(rows: list[tuple[Network, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = [row for row in rows if row[0].prefixlen >= SHORTEST[row[0].max_prefixlen]]
        kept = kept or [(IPv4Network("192.0.2.0/24"), 1, 9)]
        text = "".join(f"{asn}\t{network}\t{peers}\n" for network, asn, peers in [*kept, *rows])
        opened = tables(Path(folder), {"routes": text})
        for address in addresses_near([row[0] for row in rows]):
            expected: dict[Network, dict[int, int]] = {}
            for network, asn, peers in kept:
                if address.version == network.version and address in network:
                    seen = expected.setdefault(network, {})
                    seen[asn] = max(seen.get(asn, 0), peers)
            ordered = sorted(expected, key=lambda n: -n.prefixlen)
            found = opened.covering_routes(address)
            assert isinstance(found, tuple)
            assert [route.prefix for route in found] == ordered
            assert [{o.asn: o.peers for o in route.origins} for route in found] == [expected[n] for n in ordered]
            well_seen = [n for n in ordered if max(expected[n].values()) >= 5]
            best = opened.origin_of(address)
            assert (best.prefix if isinstance(best, RouteAnswer) else best) == next(iter(well_seen + ordered), None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(networks(), st.integers(0, 128), st.integers(0, 3)), min_size=1, max_size=25), networks(), ASNS)
def test_validation(rows: list[tuple[Network, int, int]], asked: Network, origin: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vrps = {(n, max(n.prefixlen, min(longest, n.max_prefixlen)), asn) for n, longest, asn in rows}
        text = "".join(f"AS{asn},{network},{longest},ta\n" for network, longest, asn in vrps)
        opened = tables(Path(folder), {"vrps": text})
        for network in [asked, *(row[0] for row in rows)]:
            for asn in (origin, 1, 2, 0):
                found = opened.validate(network, asn)
                assert isinstance(found, RouteValidation)
                covering = {vrp for vrp in vrps if covers(vrp[0], network)}
                assert {(v.prefix, v.max_length, v.asn) for v in found.covering} == covering
                matched = any(asn and v[2] == asn and network.prefixlen <= v[1] for v in covering)
                assert found.state == ("Valid" if matched else "Invalid" if covering else "NotFound")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=10))
def test_registrations_of_any_size(rows: list[tuple[int, int]]) -> None:
    """Ranges that do not overlap, of counts that are no power of two."""
    with tempfile.TemporaryDirectory() as folder:
        at, ranges, lines = BASE[4], [], []
        for number, (gap, count) in enumerate(rows):
            at += gap
            ranges.append((at, at + count - 1, f"H{number}"))
            lines.append(f"apnic|VN|ipv4|{ip_address(at)}|{count}|20100101|allocated|H{number}\n")
            at += count
        opened = tables(Path(folder), {"registry": "".join(lines)})
        for number in range(BASE[4] - 1, at + 2):
            found = opened.registration_of(ip_address(number))
            expected = next((row for row in ranges if row[0] <= number <= row[1]), None)
            assert isinstance(found, Registration | None)
            assert (found and (int(found.first), int(found.last), found.holder)) == expected


@given(st.integers(0, 1 << 32), st.integers(0, 5000))
def test_a_range_is_cut_into_prefixes_without_gap_or_overlap(start: int, count: int) -> None:
    at = start
    for first, length in split_range(start, count, V4 + 1):
        assert first == at
        assert first % (1 << (V4 + 1 - length)) == 0
        at += 1 << (V4 + 1 - length)
    assert at == start + count


def test_an_empty_nest_covers_nothing() -> None:
    for bits in (32, 128):
        nest = Nest(unpack(pack(NestMaker(bits).columns("x"))), "x", bits)
        assert (len(nest), list(nest.covering(0, bits)), list(nest.covering((1 << bits) - 1, bits))) == (0, [], [])


def test_a_snapshot_outlives_an_update(tmp_path: Path) -> None:
    before = tables(tmp_path, {"routes": "1\t2001:db8::/32\t9\n"})
    after = tables(tmp_path, {"routes": "2\t2001:db8::/32\t9\n"})
    address = ip_address("2001:db8::1")
    for opened, asn in ((before, 1), (after, 2), (Tables(tmp_path, NOW), 2)):
        route = opened.origin_of(address)
        assert isinstance(route, RouteAnswer)
        assert route.origins[0].asn == asn
