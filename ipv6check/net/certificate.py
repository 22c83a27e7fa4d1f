"""What a certificate says, read field by field: a broken field is named and the rest still read (RFC 5280)."""

import base64
import hashlib
import warnings
from collections.abc import Callable
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID

from ipv6check.facts import Certificate
from ipv6check.facts.web import NAMES_KEPT
from ipv6check.net.failure import printable

T = TypeVar("T")

CERTIFICATES_KEPT: Final = 10
DER_KEPT: Final = 65_536
"""At most so many certificates of a chain and octets of a certificate are stored."""

UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
"""What reading a broken certificate raises, also after it loaded."""


NO_KEY: Final[tuple[str, int | None, str]] = ("", None, "")
NO_NAMES: Final[tuple[tuple[str, ...], tuple[str, ...]]] = ((), ())


def read_certificate(der: bytes) -> Certificate:
    """Describe a certificate; what cannot be read stands in `malformed`."""
    digest = hashlib.sha256(der).hexdigest()
    kept = base64.b64encode(der[:DER_KEPT]).decode()
    broken: list[str] = []

    def read(field: str, get: Callable[[], T], default: T) -> T:
        try:
            return get()
        except x509.ExtensionNotFound:
            return default
        except UNREADABLE:
            broken.append(field)
            return default

    loaded = read("certificate", lambda: _load(der), None)
    if loaded is None:
        return Certificate(sha256=digest, malformed=tuple(broken), der=kept)
    key_type, key_bits, key_hash = read("key", lambda: _key(loaded), NO_KEY)
    names, addresses = read("names", lambda: _names(loaded), NO_NAMES)
    hash_algorithm = read("signature", lambda: loaded.signature_hash_algorithm, None)
    return Certificate(
        sha256=digest,
        subject=read("subject", lambda: printable(loaded.subject.rfc4514_string()), ""),
        issuer=read("issuer", lambda: printable(loaded.issuer.rfc4514_string()), ""),
        names=names,
        addresses=addresses,
        not_before=read("not_before", lambda: loaded.not_valid_before_utc, None),
        not_after=read("not_after", lambda: loaded.not_valid_after_utc, None),
        key_type=key_type,
        key_bits=key_bits,
        key_sha256=key_hash,
        signature_hash=hash_algorithm.name if hash_algorithm else "",
        is_self_signed=read("issuer", lambda: loaded.subject == loaded.issuer, False),
        issuer_urls=read("aia", lambda: _issuer_urls(loaded), ()),
        malformed=tuple(dict.fromkeys(broken)),
        der=kept,
    )


def _load(der: bytes) -> x509.Certificate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # of oddities that will be errors one day
        return x509.load_der_x509_certificate(der)


def _key(certificate: x509.Certificate) -> tuple[str, int | None, str]:
    key = certificate.public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.sha256(der).hexdigest()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size, digest
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.key_size, digest
    return type(key).__name__.removesuffix("PublicKey").removeprefix("_"), None, digest


def _names(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = [printable(name.lower(), 253) for name in extension.get_values_for_type(x509.DNSName)[:NAMES_KEPT]]
    addresses = [str(address) for address in extension.get_values_for_type(x509.IPAddress)[:NAMES_KEPT]]
    return tuple(names), tuple(addresses)


def _issuer_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    extension = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    urls = [
        printable(description.access_location.value)
        for description in extension
        if description.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(description.access_location, x509.UniformResourceIdentifier)
    ]
    return tuple(urls[:NAMES_KEPT])
