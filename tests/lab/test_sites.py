"""What the city's web servers answer."""

from ipaddress import ip_address

import pytest

from ipv6check.lab.sites import respond, site_of
from ipv6check.lab.webservers import response_to
from ipv6check.lab.world import Site

V6, V4 = ip_address("2400:c1:1::1"), ip_address("11.0.1.1")
NAMES = ("s.vn", "www.s.vn")
HSTS = ("strict-transport-security", "max-age=31536000")


def site(**what: object) -> Site:
    return Site(names=NAMES, doors={}, **what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "scheme", "address", "status", "location", "has_hsts"),
    [
        (site(), "http", V6, 301, "https://s.vn/a?b", False),
        (site(), "https", V6, 200, None, True),
        (site(hsts=""), "https", V6, 200, None, False),
        (site(http="serves"), "http", V6, 200, None, False),
        (site(location="https://www.s.vn/"), "https", V6, 302, "https://www.s.vn/", True),
        (site(location="https://www.s.vn/"), "http", V6, 301, "https://s.vn/a?b", False),
        (site(location="https://s.vn/"), "https", V6, 200, None, True),
        (site(location="http://{host}/", http="serves"), "https", V6, 302, "http://s.vn/", True),
        (site(location="http://{host}/", http="serves"), "http", V6, 200, None, False),
        (site(status=403), "https", V4, 403, None, True),
        (site(status_v6=500), "https", V6, 500, None, True),
        (site(status_v6=500), "https", V4, 200, None, True),
    ],
)
def test_sites_respond(made: Site, scheme: str, address: object, status: int, location: str | None, has_hsts: bool) -> None:
    response = respond(made, scheme, "s.vn", "/a?b", address)  # type: ignore[arg-type]
    headers = dict(response.headers)
    assert response.status == status
    assert headers.get("location") == location
    assert (HSTS in response.headers) == has_hsts


def test_the_site_is_chosen_by_name() -> None:
    other = Site(names=("t.vn",), doors={})
    assert site_of([site(), other], "t.vn") is other
    assert site_of([other, site()], "www.s.vn").names == NAMES
    assert site_of([other, site()], "?") is other


def test_a_response_is_http() -> None:
    head, _, body = response_to(b"GET /x HTTP/1.1\r\nHost: S.vn\r\n\r\n", "https", V6, [site()]).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert f"content-length: {len(body)}" in lines
    assert any(line.startswith("date: ") and line.endswith(" GMT") for line in lines)
    assert b"<h1>s.vn</h1>" in body


@pytest.mark.parametrize("head", [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe /\r\nHost\r\n\r\n"])
def test_what_is_hardly_http_is_answered_all_the_same(head: bytes) -> None:
    assert response_to(head, "https", V6, [site()]).startswith(b"HTTP/1.1 200 OK\r\n")
