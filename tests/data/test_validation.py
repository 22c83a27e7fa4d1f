"""Route origin validation, against the text of RFC 6811 and of RFC 6483 (AS 0)."""

from ipaddress import ip_network

import pytest

from ipv6check.data import RouteAnswer, RouteValidation, Tables, ValidationState, worst_of
from tests.data.making import NOW, tables

VRPS = """ASN,IP Prefix,Max Length,Trust Anchor
AS64500,2001:db8::/32,48,apnic
AS64501,2001:db8::/32,32,apnic
AS64502,2001:db8:8000::/33,,apnic
AS0,2001:db8:ffff::/48,48,apnic
AS64500,198.51.100.0/22,24,apnic
AS64501,198.51.100.0/24,24,ripe
AS0,203.0.112.0/20,32,apnic
AS64503,203.0.113.0/24,24,apnic
AS0,192.0.2.0/24,32,apnic
"""

ROUTES = [
    # prefix, origin, state, invalid by, VRPs that cover
    ("2001:db8::/32", 64500, "Valid", None, 2),
    ("2001:db8:1::/48", 64500, "Valid", None, 2),
    ("2001:db8:1:1::/64", 64500, "Invalid", "length", 2),
    ("2001:db8::/32", 64501, "Valid", None, 2),
    ("2001:db8::/33", 64501, "Invalid", "length", 2),
    ("2001:db8::/32", 64666, "Invalid", "as", 2),
    ("2001:db8:8000::/33", 64502, "Valid", None, 3),
    ("2001:db8:8000::/34", 64502, "Invalid", "length", 3),
    ("2001:db8:8000::/34", 64500, "Valid", None, 3),
    ("2001:db8:ffff::/48", 64500, "Valid", None, 4),
    ("2001:db8:ffff::/48", 0, "Invalid", "as", 4),
    ("2001:db8::/31", 64500, "NotFound", None, 0),
    ("2001:db9::/32", 64500, "NotFound", None, 0),
    ("2001:db8::/32", None, "Invalid", "as", 2),
    ("2001:db9::/32", None, "NotFound", None, 0),
    ("198.51.100.0/24", 64501, "Valid", None, 2),
    ("198.51.100.0/24", 64500, "Valid", None, 2),
    ("198.51.101.0/24", 64501, "Invalid", "as", 1),
    ("198.51.100.0/25", 64500, "Invalid", "length", 2),
    ("198.51.100.0/25", 64501, "Invalid", "length", 2),
    ("203.0.113.0/24", 64503, "Valid", None, 2),
    ("203.0.114.0/24", 64503, "Invalid", "as", 1),
    ("192.0.2.0/24", 64500, "Invalid", "as", 1),
    ("192.0.2.0/24", 0, "Invalid", "as", 1),
    ("192.0.0.0/22", 64500, "NotFound", None, 0),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    routes = "64500\t2001:db8:8000::/34\t300\n64502\t2001:db8:8000::/34\t300\n{64500,64501}\t2001:db8:8000::/34\t300\n"
    return tables(tmp_path_factory.mktemp("rov"), {"vrps": VRPS, "routes": routes})


@pytest.mark.parametrize(("prefix", "origin", "state", "invalid_by", "covering"), ROUTES)
def test_a_route_is_judged_as_rfc_6811_says(
    opened: Tables, prefix: str, origin: int | None, state: str, invalid_by: str | None, covering: int
) -> None:
    found = opened.validate(ip_network(prefix), origin)
    assert isinstance(found, RouteValidation)
    assert (found.state, found.invalid_by, len(found.covering)) == (state, invalid_by, covering)
    assert (found.prefix, found.origin, found.table.name, found.table.date) == (ip_network(prefix), origin, "vrps", NOW)
    assert all(ip_network(prefix).subnet_of(vrp.prefix) for vrp in found.covering)  # type: ignore[arg-type]
    lengths = [vrp.prefix.prefixlen for vrp in found.covering]
    assert lengths == sorted(lengths, reverse=True)


def test_a_prefix_of_several_origins_is_judged_for_each(opened: Tables) -> None:
    (route,) = opened.covering_routes(ip_network("2001:db8:8000::/34").network_address)  # type: ignore[misc]
    assert isinstance(route, RouteAnswer)
    found = opened.validate_route(route)
    assert isinstance(found, tuple)
    assert [(v.origin, v.state, v.invalid_by) for v in found] == [
        (64500, "Valid", None),
        (64502, "Invalid", "length"),
        (None, "Invalid", "as"),
    ]
    assert worst_of(found) is ValidationState.INVALID
    assert worst_of(found[:1]) is ValidationState.VALID
    assert worst_of([]) is None


def test_a_vrp_says_who_vouches_for_it(opened: Tables) -> None:
    found = opened.validate(ip_network("198.51.100.0/24"), 64501)
    assert isinstance(found, RouteValidation)
    assert [(str(v.prefix), v.max_length, v.asn, v.trust_anchor) for v in found.covering] == [
        ("198.51.100.0/24", 24, 64501, "ripe"),
        ("198.51.100.0/22", 24, 64500, "apnic"),
    ]
