"""Certificates as they should be, as they should not, and broken."""

import base64
import hashlib
import ipaddress
import random
import time
import timeit
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ipv6check.facts import Certificate
from ipv6check.net.certificate import DER_KEPT, NAMES_KEPT, read_certificate
from tests.net.authority import NOW, Authority, Issued, issue, issuer_at

FIELDS = {"certificate", "key", "names", "signature", "subject", "issuer", "not_before", "not_after", "aia"}
MUTATIONS = 2_000


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_a_good_certificate_is_read(authority: Authority) -> None:
    url = "http://chung-thu.example/ca.cer"
    issued = authority.leaf("www.Example.vn", "*.example.vn", extensions=[(issuer_at(url), False)])
    assert read_certificate(issued.der) == Certificate(
        sha256=hashlib.sha256(issued.der).hexdigest(),
        subject="CN=www.Example.vn",
        issuer="CN=Test Intermediate",
        names=("www.example.vn", "*.example.vn"),
        not_before=NOW - timedelta(days=10),
        not_after=NOW + timedelta(days=80),
        key_type="EC secp256r1",
        key_bits=256,
        key_sha256=hashlib.sha256(
            issued.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        ).hexdigest(),
        signature_hash="sha256",
        issuer_urls=(url,),
        der=base64.b64encode(issued.der).decode(),
    )


def test_it_covers_its_names_and_no_others(authority: Authority) -> None:
    read = read_certificate(authority.leaf("example.vn", "*.example.vn", "*", "*.vn.").der)
    assert {name: read.covers(name) for name in ("example.vn", "a.example.vn", "a.b.example.vn", "vn", "example.com")} == {
        "example.vn": True,
        "a.example.vn": True,
        "a.b.example.vn": False,
        "vn": False,
        "example.com": False,
    }


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA", 1024),
        (rsa.generate_private_key(65537, 2048), "RSA", 2048),
        (ec.generate_private_key(ec.SECP384R1()), "EC secp384r1", 384),
        (ec.generate_private_key(ec.BrainpoolP256R1()), "EC brainpoolP256r1", 256),
    ],
    ids=["rsa-1024", "rsa-2048", "p384", "brainpool"],
)
def test_kinds_of_keys(key, kind: str, bits: int) -> None:
    read = read_certificate(issue("a.vn", key=key).der)
    assert (read.key_type, read.key_bits, read.is_self_signed, read.malformed) == (kind, bits, True, ())


def test_an_edwards_key() -> None:
    read = read_certificate(issue("a.vn", key=ed25519.Ed25519PrivateKey.generate(), algorithm=None).der)  # type: ignore[arg-type]
    assert (read.key_type, read.key_bits, read.signature_hash, read.malformed) == ("Ed25519", None, "", ())


@pytest.mark.parametrize(("number", "name"), [(4, "md5"), (5, "sha1"), (11, "sha256"), (12, "sha384"), (13, "sha512")])
def test_hashes_of_signatures(number: int, name: str) -> None:
    """The library does not sign with the weak ones: the number of the algorithm is put in by hand."""
    der = issue("a.vn", key=rsa.generate_private_key(65537, 1024)).der
    algorithm = bytes.fromhex("06092a864886f70d0101")
    assert der.count(algorithm + b"\x0b") == 2
    assert read_certificate(der.replace(algorithm + b"\x0b", algorithm + bytes([number]))).signature_hash == name


def test_addresses_of_a_certificate() -> None:
    names = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("2400:1::1", "11.0.0.1")]
    read = read_certificate(issue("a.vn", extensions=[(x509.SubjectAlternativeName(names), False)]).der)
    assert (read.addresses, read.names) == (("2400:1::1", "11.0.0.1"), ())


def test_an_expired_one_is_not_valid_now(authority: Authority) -> None:
    read = read_certificate(authority.leaf("a.vn", days=(-90, -1)).der)
    assert not read.is_valid_at(NOW)
    assert read.is_valid_at(NOW - timedelta(days=2))
    assert not read.is_valid_at(NOW - timedelta(days=91))


# Hostile text

HOSTILE = (
    "a\x00b",
    "a\nb",
    "\x1b]0;x\x07",
    "a\u202eb",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "\u200d\u2066x",
    "\x7f\x9b",
    "x" * 65_536,
)


def with_subject(text: str) -> bytes:
    """A certificate whose common name the library would not let us write."""
    marker = "Q" * min(len(text.encode()), 64)
    der = issue(marker).der
    if len(text.encode()) == len(marker):
        return der.replace(marker.encode(), text.encode())
    return der


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_cut_and_harmless(text: str) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName.__new__(x509.DNSName), x509.DNSName("b.vn")])
    names._general_names._general_names[0] = dns_name(text)
    der = issue("a.vn", extensions=[(names, False)]).der
    for read in (read_certificate(der), read_certificate(with_subject(text))):
        for said in (*read.names, read.subject, read.issuer):
            assert said.isprintable()
            assert len(said) <= 253
        assert len(read.der) <= (DER_KEPT + 2) // 3 * 4


def dns_name(text: str) -> x509.DNSName:
    return x509.DNSName._init_without_validation(text.encode("utf-8").decode("latin-1") if not text.isascii() else text)


def test_ten_thousand_names_are_cut() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"n{i}.example.vn") for i in range(10_000)])
    der = issue("a.vn", extensions=[(names, False)]).der
    read = read_certificate(der)
    assert min(timeit.repeat(lambda: read_certificate(der), timer=time.thread_time, number=1, repeat=5)) < 0.1
    assert len(read.names) == NAMES_KEPT
    assert len(base64.b64decode(read.der)) == DER_KEPT
    assert read.sha256 == hashlib.sha256(der).hexdigest()


def test_the_last_of_many_names_is_covered() -> None:
    names = [f"n{i}.example.vn" for i in range(500)]
    assert read_certificate(issue("a.vn", names=names).der).covers("n499.example.vn")


def test_many_issuer_addresses_are_cut() -> None:
    urls = [issuer_at(f"http://{i}.example/") for i in range(2000)]
    access = x509.AuthorityInformationAccess([description for url in urls for description in url])
    assert len(read_certificate(issue("a.vn", extensions=[(access, False)]).der).issuer_urls) <= NAMES_KEPT


# Broken ones


def seeds(authority: Authority) -> list[bytes]:
    rich = [
        (issuer_at("http://ca.example/ca.cer"), False),
        (x509.SubjectAlternativeName([x509.DNSName("a.vn"), x509.IPAddress(ipaddress.ip_address("11.0.0.1"))]), False),
    ]
    rsa_key = rsa.generate_private_key(65537, 1024)
    return [
        authority.leaf("a.vn", "b.vn").der,
        issue("c.vn", extensions=rich).der,
        issue("d.vn", key=rsa_key, names=["d.vn"]).der,
    ]


def mutated(seed: bytes, chance: random.Random) -> bytes:
    octets = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(octets))
        match chance.randrange(4):
            case 0:
                octets[at] = chance.getrandbits(8)
            case 1:
                octets[at] ^= 1 << chance.randrange(8)
            case 2:
                octets[at : at + 1] = bytes((chance.choice((0, 1, 2, 5, 0x30, 0x80, 0x84, 0xFF)),))
            case _:
                del octets[at : at + chance.randrange(1, 4)]
    return bytes(octets)


@pytest.mark.usefixtures("no_collections")
def test_broken_certificates_never_raise_and_name_the_field(authority: Authority) -> None:
    chance, made = random.Random(5280), seeds(authority)
    named: dict[str, int] = {}
    whole, start, slowest = 0, time.thread_time(), 0.0
    for number in range(MUTATIONS):
        broken = mutated(made[number % len(made)], chance)
        began = time.thread_time()
        read = read_certificate(broken)
        slowest = max(slowest, time.thread_time() - began)
        assert read.sha256 == hashlib.sha256(broken).hexdigest()
        assert base64.b64decode(read.der) == broken
        assert set(read.malformed) <= FIELDS
        for field in read.malformed:
            named[field] = named.get(field, 0) + 1
        whole += not read.malformed
    assert slowest < 0.1
    assert time.thread_time() - start < 10
    assert whole > MUTATIONS / 10
    assert named["certificate"] > MUTATIONS / 20
    assert {"key", "names"} <= set(named), named


def field_of(der: bytes, old: bytes, new: bytes) -> Certificate:
    assert der.count(old) >= 1
    assert len(old) == len(new)
    return read_certificate(der.replace(old, new, 1))


P256 = bytes.fromhex("06082a8648ce3d030107")
SHA256_ECDSA = bytes.fromhex("06082a8648ce3d040302")
SAN, AIA = bytes.fromhex("0603551d11"), bytes.fromhex("06082b06010505070101")


def test_each_broken_field_is_named_and_the_rest_is_read() -> None:
    rich = [(x509.SubjectAlternativeName([x509.DNSName("a.vn")]), False), (issuer_at("http://ca.example/"), False)]
    der = issue("a.vn", extensions=rich).der
    unknown_curve = field_of(der, P256, P256[:-1] + b"\x7f")
    assert unknown_curve.malformed == ("key",)
    assert (unknown_curve.key_type, unknown_curve.key_bits, unknown_curve.names) == ("", None, ("a.vn",))
    unknown_hash = read_certificate(der.replace(SHA256_ECDSA, SHA256_ECDSA[:-1] + b"\x7e"))
    assert unknown_hash.malformed == ("signature",)
    assert (unknown_hash.signature_hash, unknown_hash.names) == ("", ("a.vn",))
    version_six = field_of(der, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05")
    assert version_six.malformed == ("certificate",)
    assert version_six.der
    twice = field_of(der, AIA, b"\x06\x08" + b"\x55\x1d\x11" + AIA[5:])
    assert twice.subject == "CN=a.vn"
    x400 = field_of(der, b"\x82\x04a.vn", b"\xa3\x04a.vn")
    assert "names" in x400.malformed
    assert x400.subject == "CN=a.vn"


def test_an_extension_that_is_there_twice() -> None:
    der = issue("a.vn", extensions=[(x509.SubjectAlternativeName([x509.DNSName("a.vn")]), False)]).der
    constraints = bytes.fromhex("0603551d13")
    read = field_of(der, constraints, SAN)
    assert "names" in read.malformed
    assert read.subject == "CN=a.vn"


@pytest.mark.parametrize(
    "octets", [b"", b"0", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"x" * 100_000, b"-----BEGIN CERTIFICATE"]
)
def test_what_is_no_certificate(octets: bytes) -> None:
    read = read_certificate(octets)
    assert read.malformed == ("certificate",)
    assert (read.names, read.not_after, read.is_self_signed) == ((), None, False)
    assert not read.is_valid_at(NOW)


def test_a_negative_serial_number_stops_nothing() -> None:
    der = bytearray(issue("a.vn").der)
    at = der.index(b"\xa0\x03\x02\x01\x02") + 5
    assert der[at] == 2
    der[at + 2] |= 0x80
    assert read_certificate(bytes(der)).malformed in {(), ("certificate",)}


def test_the_helper_sends_chains(authority: Authority) -> None:
    leaf: Issued = authority.leaf("a.vn")
    assert [c.subject.rfc4514_string() for c in leaf.above] == ["CN=Test Intermediate"]
