"""TLS: three shared contexts, built once, since a context with the public roots takes 31-67 ms.

Security level 0 lets weak keys and old versions be seen rather than hidden behind a failed handshake: they have checks of
their own.
"""

import ssl
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NO_CHECK_TIME: Final = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME: the dates are another check's, not the path's."""

LEGACY_SERVER_CONNECT: Final = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT: servers without secure renegotiation still answer."""

CIPHERS: Final = "DEFAULT:@SECLEVEL=0"
DER: Final = 2
"""The encoding of `public_bytes` in the interpreter's own certificate objects."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """`path` checks the chain to a trusted root and nothing else; `unverified` nothing; `legacy` offers TLS 1.0 and 1.1 only.

    `legacy` is None when our own TLS library cannot speak them: nothing can be said of others then.
    """

    path: ssl.SSLContext
    unverified: ssl.SSLContext
    legacy: ssl.SSLContext | None


def build_contexts(ca_file: str | None = None) -> Contexts:
    """Build the three contexts. `ca_file` replaces the public roots; default certifi's. Raises OSError when unreadable."""
    path = _client()
    path.load_verify_locations(ca_file or certifi.where())
    path.verify_mode = ssl.CERT_REQUIRED
    path.verify_flags |= NO_CHECK_TIME
    legacy = _client()
    _only_legacy(legacy)
    return Contexts(path, _client(), legacy if _speaks(legacy) else None)


def chain_of(tls: ssl.SSLObject | ssl.SSLSocket) -> list[bytes]:
    """The certificates the server sent, DER, leaf first (public since Python 3.13, before that one level down)."""
    source: Any = tls if hasattr(tls, "get_unverified_chain") else tls._sslobj  # type: ignore[union-attr]
    return [c if isinstance(c, bytes) else c.public_bytes(DER) for c in source.get_unverified_chain() or ()]


def _client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(CIPHERS)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= LEGACY_SERVER_CONNECT
    context.set_alpn_protocols(["http/1.1"])
    return context


def _only_legacy(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def _speaks(client_context: ssl.SSLContext) -> bool:
    """Whether a handshake with this context works at all: tried in memory against a server of our own."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.set_ciphers(CIPHERS)
    _only_legacy(server_context)
    _load_throwaway_certificate(server_context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="self.test")
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return client.version() in {"TLSv1", "TLSv1.1"}


def _load_throwaway_certificate(context: ssl.SSLContext) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self.test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    with tempfile.NamedTemporaryFile() as file:
        file.write(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        file.write(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        file.flush()
        context.load_cert_chain(file.name)
