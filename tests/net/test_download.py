"""Bulk downloads, against a small server that does what it should not."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ipv6check.net import download
from ipv6check.net.download import DownloadError, fetch

pytestmark = pytest.mark.loopback
BODY = bytes(range(256)) * 4096


class Handler(BaseHTTPRequestHandler):
    """One path, one habit."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        getattr(self, self.path.strip("/").partition("?")[0].replace("-", "_"), self.missing)()
        self.close_connection = True

    def send(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def good(self) -> None:
        self.send(200, BODY, Last_Modified="Fri, 20 Nov 2026 08:00:00 GMT")

    def odd_date(self) -> None:
        self.send(200, BODY, Last_Modified="yesterday")

    def missing(self) -> None:
        self.send(404, b"no")

    def packed_anyway(self) -> None:
        self.send(200, b"\x1f\x8braw", Content_Encoding="gzip")

    def chunked(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(20):
            self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        self.send(200, b"half", length=8)

    def announced(self) -> None:
        self.send(200, length=1 << 40)

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def header_drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(40):
            self.wfile.write(b"X-%d: 1\r\n" % number)
            time.sleep(0.05)

    def silent(self) -> None:
        time.sleep(1)

    def moved(self) -> None:
        self.send(302, Location="/good")

    def in_a_circle(self) -> None:
        self.send(302, Location="/in-a-circle")

    def elsewhere(self) -> None:
        self.send(301, Location="http://localhost.example/good")

    def to_a_file(self) -> None:
        self.send(302, Location="file:///etc/passwd")

    def downgraded(self) -> None:
        self.send(302, Location=f"http://{self.headers['Host']}/good")

    def rubbish(self) -> None:
        self.wfile.write(b"\x00\x01\x02 not http\r\n\r\n")

    def log_message(self, *_: Any) -> None: ...


class Quiet(ThreadingHTTPServer):
    """Clients that hang up are what is tested."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None: ...


def serving(context: ssl.SSLContext | None = None) -> Iterator[str]:
    server = Quiet(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def http() -> Iterator[str]:
    yield from serving()


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    """A certificate of its own for 127.0.0.1, with its key behind it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (tmp_path / "ca.pem").write_bytes(certificate.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(certificate.public_bytes(pem) + secret)
    return tmp_path / "ca.pem"


@pytest.fixture
def https(ca: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca.parent / "both.pem")
    yield from serving(context)


def test_a_file_comes_whole_with_its_date_and_its_progress(http: str) -> None:
    heard: list[tuple[int, int | None]] = []
    found = fetch(
        f"{http}/good", len(BODY), lambda done, total: heard.append((done, total)), contact="https://example.net/scan"
    )
    assert (b"".join(found), found.size, found.modified) == (BODY, len(BODY), datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert heard[-1] == (len(BODY), len(BODY))
    assert Handler.seen[-1]["User-Agent"].endswith("(+https://example.net/scan)")
    assert Handler.seen[-1]["Accept-Encoding"] == "identity"


def test_bytes_are_those_of_the_wire(http: str) -> None:
    assert b"".join(fetch(f"{http}/packed-anyway", 100)) == b"\x1f\x8braw"


def test_without_a_date_there_is_none(http: str) -> None:
    assert fetch(f"{http}/odd-date", len(BODY)).modified is None
    assert fetch(f"{http}/chunked", 2 << 20).modified is None


def test_a_redirect_on_the_same_host_is_followed(http: str) -> None:
    assert fetch(f"{http}/moved", len(BODY)).size == len(BODY)


@pytest.mark.parametrize(
    ("path", "limit", "said"),
    [
        ("good", len(BODY) - 1, "1,048,576 bytes, more than the 1,048,575 that are taken"),
        ("chunked", 1 << 20, "more than 1,048,576 bytes"),
        ("announced", 1 << 20, "1,099,511,627,776 bytes, more than"),
        ("nowhere", 100, "the server answered 404"),
        ("cut", 100, "peer closed connection"),
        ("in-a-circle", 100, "more than 5 redirects"),
        ("elsewhere", 100, "another host, localhost.example: name that one"),
        ("to-a-file", 100, "a redirect from http to file"),
        ("rubbish", 100, ""),
    ],
)
def test_what_is_not_taken_is_told(http: str, path: str, limit: int, said: str) -> None:
    with pytest.raises(DownloadError) as caught:
        fetch(f"{http}/{path}", limit)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("path", ["drip", "header-drip", "silent"])
def test_the_deadline_is_for_the_whole(http: str, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(DownloadError, match=r"not done within 0.3 s"):
        fetch(f"{http}/{path}", 10_000, deadline=0.3)
    assert time.monotonic() - began < 1


def test_a_silent_server_is_given_up(http: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SILENCE", 0.2)
    with pytest.raises(DownloadError, match=r"silent for 0.2 s"):
        fetch(f"{http}/silent", 10_000)


def test_certificates_are_verified(https: str, ca: Path) -> None:
    assert fetch(f"{https}/good", len(BODY), ca_file=str(ca)).size == len(BODY)
    with pytest.raises(DownloadError, match=r"(?i)certificate verify failed"):
        fetch(f"{https}/good", len(BODY))
    with pytest.raises(DownloadError, match=r"(?i)certificate verify failed"):
        fetch(f"{https.replace('127.0.0.1', 'localhost')}/good", len(BODY), ca_file=str(ca))
    with pytest.raises(DownloadError, match=r"network.ca_file"):
        fetch(f"{https}/good", len(BODY), ca_file=str(ca.parent / "nowhere.pem"))


def test_there_is_no_step_back_from_https(https: str, ca: Path) -> None:
    with pytest.raises(DownloadError, match=r"a redirect from https to http"):
        fetch(f"{https}/downgraded", len(BODY), ca_file=str(ca))


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadError):
        fetch(f"http://127.0.0.1:{port}/", 100)


@pytest.mark.parametrize("url", ["http://", "http://[::1/", "http://exa mple/", "http://\x00/", "ftp://127.0.0.1/", "x"])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(DownloadError):
        fetch(url, 100)


def test_the_surroundings_have_no_say(http: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(f"{http}/good", len(BODY)).size == len(BODY)
