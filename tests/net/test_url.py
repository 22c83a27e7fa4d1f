"""Two hundred URLs as a redirect may bring them: what is taken, in which form, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipv6check.model import Failure
from ipv6check.net.url import LONGEST, Url, parse, read_host

BASE = Url("https", "www.so-hoa-sen.hanoi.gov.vn", "/a/b?c=d")

TAKEN = {
    "https://example.vn/": "https://example.vn/",
    "https://example.vn": "https://example.vn/",
    "http://example.vn": "http://example.vn/",
    "HTTPS://EXAMPLE.VN/Path": "https://example.vn/Path",
    "HtTp://Example.Vn": "http://example.vn/",
    "https://example.vn:443/x": "https://example.vn/x",
    "http://example.vn:80/x": "http://example.vn/x",
    "https://example.vn:/x": "https://example.vn/x",
    "https://example.vn:0443/": "https://example.vn/",
    "https://example.vn./": "https://example.vn/",
    "https://example.vn/#fragment": "https://example.vn/",
    "https://example.vn#fragment": "https://example.vn/",
    "https://example.vn?q": "https://example.vn/?q",
    "https://example.vn/?": "https://example.vn/",
    "https://example.vn/?a=1&b=2#c": "https://example.vn/?a=1&b=2",
    "https://example.vn//double": "https://example.vn//double",
    "https://example.vn/%2e%2e/x": "https://example.vn/%2e%2e/x",
    "https://example.vn/a%00b": "https://example.vn/a%00b",
    "https://example.vn/trang-chủ": "https://example.vn/trang-chủ",
    "https://example.vn/?tìm=gì": "https://example.vn/?tìm=gì",
    "https://user@example.vn/": "https://example.vn/",
    "https://user:pass@example.vn/": "https://example.vn/",
    "https://good.vn:443@example.vn/": "https://example.vn/",
    "https://a@b@example.vn/": "https://example.vn/",
    "https://127.0.0.1@example.vn/": "https://example.vn/",
    "https://hà-nội.vn/": "https://xn--h-ni-0na4517b.vn/",
    "https://HÀ-NỘI.vn/": "https://xn--h-ni-0na4517b.vn/",
    "https://xn--h-ni-0na4517b.vn/": "https://xn--h-ni-0na4517b.vn/",
    "https://ｅｘａｍｐｌｅ.vn/": "https://example.vn/",
    "https://example。vn/": "https://example.vn/",
    "https://faß.vn/": "https://xn--fa-hia.vn/",
    "https://_dmarc.example.vn/": "https://_dmarc.example.vn/",
    "https://a-b.example.vn/": "https://a-b.example.vn/",
    "https://1.example.vn/": "https://1.example.vn/",
    "https://1.2.3.4.vn/": "https://1.2.3.4.vn/",
    "https://0x7f.vn/": "https://0x7f.vn/",
    "https://localhost/": "https://localhost/",
    "https://localhost./": "https://localhost/",
    "https://" + "a" * 63 + ".vn/": "https://" + "a" * 63 + ".vn/",
    "https://127.0.0.1/": "https://127.0.0.1/",
    "https://10.0.0.1/": "https://10.0.0.1/",
    "https://169.254.169.254/latest": "https://169.254.169.254/latest",
    "https://11.0.0.1:443/": "https://11.0.0.1/",
    "https://0.0.0.0/": "https://0.0.0.0/",
    "https://[::1]/": "https://[::1]/",
    "https://[2400:1::1]/": "https://[2400:1::1]/",
    "https://[2400:1::1]:443/x": "https://[2400:1::1]/x",
    "https://[2400:0001:0:0::0001]/": "https://[2400:1::1]/",
    "https://[2400:1::ABCD]/": "https://[2400:1::abcd]/",
    "https://[::ffff:127.0.0.1]/": "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/": "https://[64:ff9b::7f00:1]/",
    "https://user@[::1]/": "https://[::1]/",
    "  https://example.vn/  ": "https://example.vn/",
    "//example.vn/x": "https://example.vn/x",
    "//EXAMPLE.vn:443": "https://example.vn/",
    "//[2400:1::1]/": "https://[2400:1::1]/",
    "//user@example.vn": "https://example.vn/",
    "/": "https://www.so-hoa-sen.hanoi.gov.vn/",
    "/x": "https://www.so-hoa-sen.hanoi.gov.vn/x",
    "/x?y": "https://www.so-hoa-sen.hanoi.gov.vn/x?y",
    "x": "https://www.so-hoa-sen.hanoi.gov.vn/a/x",
    "../x": "https://www.so-hoa-sen.hanoi.gov.vn/x",
    "../../../x": "https://www.so-hoa-sen.hanoi.gov.vn/x",
    "./": "https://www.so-hoa-sen.hanoi.gov.vn/a/",
    "?x": "https://www.so-hoa-sen.hanoi.gov.vn/a/b?x",
    "#x": "https://www.so-hoa-sen.hanoi.gov.vn/a/b?c=d",
    "": "https://www.so-hoa-sen.hanoi.gov.vn/a/b?c=d",
    "x:y/..": None,
    "https:/x": "https://www.so-hoa-sen.hanoi.gov.vn/x",
    "https:x": "https://www.so-hoa-sen.hanoi.gov.vn/a/x",
    "/@evil.vn": "https://www.so-hoa-sen.hanoi.gov.vn/@evil.vn",
    "/:8080": "https://www.so-hoa-sen.hanoi.gov.vn/:8080",
    "/" + "x" * 1_900: "https://www.so-hoa-sen.hanoi.gov.vn/" + "x" * 1_900,
    "/vi/Trang chủ".replace(" ", "%20"): "https://www.so-hoa-sen.hanoi.gov.vn/vi/Trang%20chủ",
    "/vi/Trang chủ?q=a b": "https://www.so-hoa-sen.hanoi.gov.vn/vi/Trang%20chủ?q=a%20b",
    "https://example.vn/a b": "https://example.vn/a%20b",
    "/a;b=c": "https://www.so-hoa-sen.hanoi.gov.vn/a;b=c",
    "/a'\"<>": "https://www.so-hoa-sen.hanoi.gov.vn/a'\"<>",
}
"""What is taken relative to `BASE`; None: refused all the same."""

SCHEMES = (
    "file:///etc/passwd",
    "ftp://example.vn/",
    "gopher://example.vn:70/_x",
    "data:text/html,x",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "vbscript:x",
    "about:blank",
    "blob:https://example.vn/x",
    "ws://example.vn/",
    "wss://example.vn/",
    "ldap://example.vn/",
    "dict://example.vn:11211/stat",
    "tel:+84",
    "mailto:a@example.vn",
    "sftp://example.vn/",
    "jar:http://example.vn!/",
    "view-source:https://example.vn",
    "intent://example.vn#Intent;scheme=https;end",
    "android-app://vn.gov",
    "httpss://example.vn/",
    "http+unix://%2Fvar%2Frun/",
    "unix:/var/run/x",
    "chrome://settings",
    "urn:x",
    "cid:1",
    "tftp://10.0.0.1/",
    "telnet://10.0.0.1/",
    "ssh://10.0.0.1",
    "netdoc:///etc/passwd",
)

PORTS = ("8080", "8443", "22", "0", "99999", "65536", "-1", "443x", "+443", "４４３", "25", "6379", " 443", "1e2")

HOSTS = (
    "",
    ".",
    "..",
    "a..b",
    ".example.vn",
    "example..vn",
    "example.vn..",
    "-a.vn",
    "a-.vn",
    "a" * 64 + ".vn",
    ".".join(["abcdefgh"] * 30),
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "1.2.3.4.5",
    "256.1.1.1",
    "1.2.3.256",
    "1.2.3.04",
    "127.0.0.1.",
    "0x7F.1.",
    "0x",
    "１２７.０.０.１",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "[::1%25lo]",
    "[::1%lo]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[2400:1::1%1]",
    "[::1",
    "::1]",
    "[::1]]",
    "[[::1]]",
    "[]",
    "[127.0.0.1]",
    "[v1.x]",
    "[vf.localhost]",
    "[example.vn]",
    "x[::1]",
    "[::1]x",
    "www.example.vn[::1]",
    "[::1].example.vn",
    "2400:1::1",
    "a,b.vn",
    "a*b.vn",
    "*.example.vn",
    "a%2eb.vn",
    "%31%32%37.0.0.1",
    "example.vn%00.evil.vn",
    "a!b.vn",
    "a(b).vn",
    "a&b.vn",
    "a=b.vn",
    "a'b.vn",
    'a"b.vn',
    "<script>.vn",
    "a|b.vn",
    "a^b.vn",
    "a`b.vn",
    "{a}.vn",
    "a~b.vn",
    "a+b.vn",
    "a$b.vn",
    "a;b.vn",
    "example.vn\\@evil.vn",
    "example.vn\\.evil.vn",
    "evil.vn\\",
    "xn--\u00fc.vn",
    "\u200d.vn",
    "a\u202eb.vn",
    "a\u2100b.vn",
    "a\uff0fb.vn",
    "a\u2044b.vn",
    "\ud800.vn",
    "💩" * 70 + ".vn",
    "\u0301a.vn",
    "-ü.vn",
    "ü-.vn",
)

CONTROL = (
    "https://exam ple.vn/",
    "https://example.vn/\tx",
    "https://example.vn/\nx",
    "https://example.vn/\r\nSet-Cookie: a=b",
    "https://example.vn/\x00",
    "https://example.vn/\x1b[31m",
    "https://example.vn/\x7f",
    "https://\texample.vn/",
    "ht\ntps://example.vn/",
    "java\tscript:alert(1)",
    "https://example.vn/\x0b",
    "/a\x00b",
    "https://example.vn/" + "x" * LONGEST,
    "/" + "x" * LONGEST,
    "https://" + "a." * 1000 + "vn/",
    "x" * 100_000,
    "\x00",
)


@pytest.mark.parametrize(("text", "wanted"), TAKEN.items(), ids=lambda text: repr(text)[:60])
def test_what_is_taken(text: str, wanted: str | None) -> None:
    got = parse(text, BASE)
    assert (got.kind if isinstance(got, Failure) else str(got)) == (wanted or "bad-redirect")


OTHER_PORTS = (
    *(f"https://example.vn:{port}/" for port in PORTS if port.isascii() and port.isdigit() and 0 < int(port) < 65_536),
    "https://example.vn:80/",
    "http://example.vn:443/",
    "http://[::1]:8080/",
    "//example.vn:8080/",
)

REFUSED = (
    *SCHEMES,
    *(url for url in (f"https://example.vn:{port}/" for port in PORTS) if url not in OTHER_PORTS),
    *(f"https://{host}/" for host in HOSTS),
    *CONTROL,
    "https:///x",
    "https://:443/",
    "https://@/",
    "https://user@/",
    "https://?x",
    "https://#x",
    "//",
    "///x",
)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text)[:60])
def test_what_is_refused(text: str) -> None:
    got = parse(text, BASE)
    assert isinstance(got, Failure), str(got)
    assert (got.kind, got.stage, got.is_ours) == ("bad-redirect", "http", False)
    assert_readable(got)


@pytest.mark.parametrize("text", OTHER_PORTS, ids=lambda text: repr(text)[:60])
def test_ports_that_we_do_not_dial(text: str) -> None:
    got = parse(text, BASE)
    assert isinstance(got, Failure), str(got)
    assert (got.kind, got.stage, got.is_ours) == ("limit", "http", False)
    assert_readable(got)


def assert_readable(got: Failure) -> None:
    assert got.detail
    assert got.detail.isprintable()
    assert len(got.detail) <= 200


def test_there_are_two_hundred() -> None:
    assert len(TAKEN) + len(REFUSED) >= 200


@pytest.mark.parametrize("text", ["", "/", "x", "//", "example.vn", "www.example.vn/x", "?x", "#x"])
def test_without_a_base_a_url_is_whole(text: str) -> None:
    assert isinstance(parse(text), Failure)


@pytest.mark.parametrize(("url", "port", "address"), [("http://a.vn", 80, None), ("https://[2400:1::1]/", 443, "2400:1::1")])
def test_ports_and_addresses(url: str, port: int, address: str | None) -> None:
    got = parse(url)
    assert isinstance(got, Url)
    assert (got.port, str(got.address) if got.address else None) == (port, address)


@given(st.text(max_size=300))
def test_any_text_is_taken_or_refused_and_taken_again_is_the_same(text: str) -> None:
    got = parse(text, BASE)
    if isinstance(got, Url):
        assert parse(str(got)) == got
        assert got.scheme in {"http", "https"}
        assert read_host(got.host) == got.host


@given(
    st.sampled_from(["http", "https", "HTTPS", "ftp"]),
    st.text(alphabet="a1.-_:@[]%\\/?#xX0đ。", max_size=20),
    st.text(max_size=20),
)
def test_any_mixture_of_signs(scheme: str, host: str, rest: str) -> None:
    got = parse(f"{scheme}://{host}/{rest}")
    if isinstance(got, Url):
        assert parse(str(got)) == got
        assert got.host.isascii()
        assert not set(got.host) & set("@/\\[]%?# ")
