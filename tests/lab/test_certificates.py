"""The certificates have the faults that they are said to have, in OpenSSL's own words."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from ipv6check.lab.certificates import KINDS, PATH_ERRORS, RSA_BITS, Authority
from ipv6check.lab.webservers import Wardrobe
from ipv6check.lab.world import Site
from ipv6check.net.certificate import read_certificate
from ipv6check.net.tls import build_contexts

NAMES = ("so-hoa-sen.example", "www.so-hoa-sen.example")


@pytest.fixture(scope="module")
def issuing() -> Authority:
    return Authority()


def site(**what: object) -> Site:
    return Site(names=NAMES, doors={}, **what)  # type: ignore[arg-type]


def shake_hands(client_context: ssl.SSLContext, server_context: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Shake hands in memory. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                if side is client:
                    raise
    return client


@pytest.mark.parametrize("kind", KINDS)
def test_the_path_is_as_openssl_finds_it(kind: str, issuing: Authority, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(issuing.root_pem)
    server = Wardrobe(issuing, tmp_path / "certificates").context([site(certificate=kind)])
    said = ""
    try:
        shake_hands(build_contexts(str(ca_file)).path, server, NAMES[0])
    except ssl.SSLCertVerificationError as error:
        said = error.verify_message
    assert said == PATH_ERRORS.get(kind, "")


@pytest.mark.parametrize("kind", KINDS)
def test_name_and_dates_are_wrong_where_that_is_said(kind: str, issuing: Authority) -> None:
    leaf, *others = (read_certificate(der) for der in issuing.chain_for(site(certificate=kind)).der)
    now = datetime.now(UTC)
    assert leaf.is_valid_at(now) == (kind != "expired")
    assert all(leaf.covers(name) for name in NAMES) == (kind != "wrong-name")
    assert leaf.is_self_signed == (kind == "self-signed")
    assert len(others) == (0 if kind in {"self-signed", "incomplete"} else 1)
    assert bool(leaf.issuer_urls) == (kind != "self-signed")
    assert not leaf.malformed


def test_keys_are_of_the_kind_that_is_asked_for(issuing: Authority) -> None:
    keys = [read_certificate(issuing.chain_for(site(key=key)).der[0]) for key in ("ec", "rsa")]
    assert [(leaf.key_type, leaf.key_bits) for leaf in keys] == [("EC secp256r1", 256), ("RSA", RSA_BITS)]


def test_one_address_shows_the_certificate_of_the_name_asked_for(issuing: Authority, tmp_path: Path) -> None:
    other = Site(names=("khac.example",), doors={})
    server = Wardrobe(issuing, tmp_path).context([site(), other])
    for name, shown in ((NAMES[1], NAMES[0]), ("khac.example", "khac.example"), ("vo-danh.example", NAMES[0])):
        client = shake_hands(build_contexts().unverified, server, name)
        der = client.getpeercert(binary_form=True)
        assert der is not None
        assert read_certificate(der).names[0] == shown


def test_versions_are_those_that_are_said(issuing: Authority, tmp_path: Path) -> None:
    contexts = build_contexts()
    if contexts.legacy is None:
        pytest.skip("our own TLS library cannot speak TLS 1.0 and 1.1")
    wardrobe = Wardrobe(issuing, tmp_path)
    old = wardrobe.context([Site(names=("cu.example",), doors={}, tls=("1.0", "1.3"))])
    assert shake_hands(contexts.legacy, old, "cu.example").version() == "TLSv1.1"
    assert shake_hands(contexts.unverified, old, "cu.example").version() == "TLSv1.3"
    assert shake_hands(contexts.unverified, wardrobe.context([site(tls=("1.2", "1.2"))]), NAMES[0]).version() == "TLSv1.2"


def test_the_root_is_no_intermediate(issuing: Authority) -> None:
    root = x509.load_pem_x509_certificate(issuing.root_pem)
    assert root.subject == root.issuer
    assert root not in issuing.chain_for(site()).certificates
