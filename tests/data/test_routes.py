"""The routing table: the forms it is read from, and what is left out."""

import gzip
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from ipv6check.data import Origin, RouteAnswer
from tests.data.making import NOW, put, read, tables

DUMP = """%
% This file was generated at Fri Nov  6 10:06:01 UTC 2026.
% Format:  <origin> <tab> prefix <tab> <seen by #rispeers>

1299\t::/0\t2
12552\t2000::/6\t1
3549\t::ffff:67.16.168.0/118\t1
45896\t2001:dc8::/32\t310
64500\t2001:dc8::/32\t2
7552\t2001:dc8:1::/48\t305
7552\t2001:dc8:1::/48\t301
{271,7860,8111}\t2001:dc8:2::/48\t211
18403\t203.119.8.0/22\t390
18403\t0.0.0.0/0\t7
"""


def origins(opened: RouteAnswer | object) -> list[tuple[int | None, int | None]]:
    assert isinstance(opened, RouteAnswer)
    return [(origin.asn, origin.peers) for origin in opened.origins]


def test_a_dump_of_riswhois(tmp_path: Path) -> None:
    made = put(tmp_path, "routes", gzip.compress(DUMP.encode()))
    manifest = made.manifest
    assert manifest.date == datetime(2026, 11, 6, 10, 6, 1, tzinfo=UTC)
    assert (manifest.entries, manifest.counts) == (6, {"ipv4": 1, "ipv6": 5})
    assert [(p.dated_by, p.entries, p.bogus, p.left_out) for p in manifest.sources] == [("itself", 7, 0, 3)]
    opened = tables(tmp_path, {}, datetime(2026, 11, 7, tzinfo=UTC))
    outer = opened.origin_of(ip_address("2001:dc8::1"))
    assert origins(outer) == [(45896, 310), (64500, 2)]
    assert isinstance(outer, RouteAnswer)
    assert (outer.is_moas, outer.is_weakly_seen, outer.table.name, outer.table.date) == (False, False, "routes", manifest.date)
    assert origins(opened.origin_of(ip_address("2001:dc8:1::1"))) == [(7552, 305)]
    assert origins(opened.origin_of(ip_address("203.119.11.255"))) == [(18403, 390)]
    assert opened.origin_of(ip_address("203.119.12.0")) is None
    assert opened.origin_of(ip_address("2400::1")) is None
    as_set = opened.origin_of(ip_address("2001:dc8:2::1"))
    assert isinstance(as_set, RouteAnswer)
    assert as_set.origins == (Origin(asn=None, members=(271, 7860, 8111), peers=211),)


FORMS = [
    "2001:db8::/32,64500",
    "2001:db8::/32;AS64500",
    "2001:db8::/32\tas64500",
    "2001:db8::/32 64500 more of it",
    '"2001:db8::/32","AS64500"',
    "AS64500,2001:db8::/32",
    "64500 2001:db8::/32",
    "\ufeff64500\t2001:db8::/32\r",
]


@pytest.mark.parametrize("line", FORMS)
def test_lines_of_prefix_and_asn(tmp_path: Path, line: str) -> None:
    opened = tables(tmp_path, {"routes": line})
    route = opened.origin_of(ip_address("2001:db8::1"))
    assert origins(route) == [(64500, None)]
    assert isinstance(route, RouteAnswer)
    assert (str(route.prefix), route.is_weakly_seen, route.table.date) == ("2001:db8::/32", False, NOW)


def test_several_origins_are_kept_and_a_weak_one_makes_no_moas(tmp_path: Path) -> None:
    opened = tables(
        tmp_path, {"routes": "1\t192.0.2.0/24\t9\n2\t192.0.2.0/24\t9\n3\t198.51.100.0/24\t9\n4\t198.51.100.0/24\t4\n"}
    )
    both, one = (opened.origin_of(ip_address(text)) for text in ("192.0.2.1", "198.51.100.1"))
    assert isinstance(both, RouteAnswer)
    assert isinstance(one, RouteAnswer)
    assert (both.is_moas, one.is_moas) == (True, False)


def test_a_weakly_seen_more_specific_does_not_hide_the_route_that_all_see(tmp_path: Path) -> None:
    opened = tables(tmp_path, {"routes": "1\t192.0.2.0/24\t300\n2\t192.0.2.0/25\t4\n3\t198.51.100.0/25\t1\n"})
    best = opened.origin_of(ip_address("192.0.2.1"))
    assert origins(best) == [(1, 300)]
    every = opened.covering_routes(ip_address("192.0.2.1"))
    assert isinstance(every, tuple)
    assert [(str(r.prefix), r.is_weakly_seen) for r in every] == [("192.0.2.0/25", True), ("192.0.2.0/24", False)]
    assert origins(opened.origin_of(ip_address("198.51.100.1"))) == [(3, 1)]


BOGUS = [
    "prefix,asn",
    "64500",
    "64500\t192.0.2.0",
    "64500\t192.0.2.1/24",
    "64500\t192.0.2.0/33",
    "64500\t2001:db8::/129",
    "64500\t2001:db8::1/32",
    "64500\t192.0.2.0/-1",
    "-64500\t192.0.2.0/24",
    "4294967295\t192.0.2.0/24",
    "99999999999\t192.0.2.0/24",
    "64500\t192.0.2.0/99999999999999999999",
    "64500\t192.0.2/24",
    "64500\t0192.0.2.0/24",
    "64500\t999.0.2.0/24",
    "64500\t2001:db8:::/32",
    "64500\tfe80::1%eth0/64",
    "64500\t192.0.2.0/24\t99999999999",
    "64500\t\x00192.0.2.0/24",
    "{}\t192.0.2.0/24",
    "{1;2}\t192.0.2.0/24",
    "1.10\t192.0.2.0/24",
    "٦٤٥٠٠\t192.0.2.0/24",
    "64500\t" + "1" * 5000 + "/24",
    "]2J",
]


@pytest.mark.parametrize("line", BOGUS)
def test_what_cannot_be_read_is_counted(line: str) -> None:
    reading = read("routes", f"{line}\n64500\t192.0.2.0/24\t5\n")
    assert (reading.entries, reading.bogus) == (1, 1)
    (example,) = reading.examples
    assert example.startswith("file:1: ")
    assert len(example) < 100
    assert example.isprintable()


def test_an_impossible_date_is_none() -> None:
    assert read("routes", "% generated at Fri Nov 31 10:06:01 UTC 2026.\n1,192.0.2.0/24\n").date is None
    assert read("routes", "% generated at Fri Foo 30 10:06:01 UTC 2026.\n1,192.0.2.0/24\n").date is None
