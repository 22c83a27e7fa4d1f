"""The signed sets of records in a plain DNS message: what each signature says and is over, without dnspython's objects.

Whatever is not plain is left to dnspython (see `dnssec`).
"""

import struct
from dataclasses import dataclass
from typing import Final

import dns.exception

from ipv6check.net.plainwire import IN, SIGNER, SOA, MessageReader, NotPlainError, Rdata, Section
from ipv6check.net.wire import name_to_wire

NUMBERS: Final = struct.Struct("!HBBIIIH")
"""Of an RRSIG: type covered, algorithm, labels, original TTL, expiration, inception, key tag (RFC 4034 3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSet:
    """A set of records, by owner and type, and a signature over it; times in seconds since 1970."""

    owner: str
    type_covered: int
    algorithm: int
    expiration: int
    inception: int
    key_tag: int
    signer: str
    signature: bytes
    signed: bytes
    """The octets that were signed (RFC 4034 3.1.8.1)."""


def signed_sets(message: bytes, most: int) -> list[SignedSet] | None:
    """The signed sets of a message's answer and authority; None when they are more, or it or a signature is not plain."""
    try:
        reader = MessageReader(message)
        answer, authority = reader.section(), reader.section()
        records, signatures = {**authority, **answer}, tuple(reader.signatures)
        reader.section(is_additional=True)  # nothing in it is looked at, but the message must be whole
        if len(signatures) > most:
            return None
        return [_signed_set(reader, records, owner, rrsig) for owner, rrsig in signatures]
    except (NotPlainError, dns.exception.DNSException, struct.error):
        return None


def _signed_set(reader: MessageReader, records: Section, owner: str, rrsig: Rdata) -> SignedSet:
    start, length = rrsig
    covered, algorithm, labels, ttl, expiration, inception, key_tag = NUMBERS.unpack_from(reader.message, start)
    signer, signature = reader.name(start + SIGNER, start + length)
    over = records.get((owner, covered))
    if over is None or labels != (owner.count(".") + 1 if owner else 0):  # fewer: made from a wildcard
        raise NotPlainError
    head = name_to_wire(owner or ".") + struct.pack("!HHI", covered, IN, ttl)
    data = sorted(_canonical(reader, covered, place, text) for place, text in zip(over.rdata, over.texts, strict=True))
    return SignedSet(
        owner=owner or ".",
        type_covered=covered,
        algorithm=algorithm,
        expiration=expiration,
        inception=inception,
        key_tag=key_tag,
        signer=signer or ".",
        signature=reader.message[signature : start + length],
        signed=b"".join(
            (
                reader.message[start : start + SIGNER],
                name_to_wire(signer or "."),
                *(head + len(octets).to_bytes(2, "big") + octets for octets in data),
            )
        ),
    )


def _canonical(reader: MessageReader, rdtype: int, place: Rdata, text: str | bytes) -> bytes:
    """The data of a record with the names in it whole and in lower case (RFC 4034 6.2)."""
    if rdtype == SOA:
        end = sum(place)
        server, at = reader.name(place[0], end)
        mailbox, at = reader.name(at, end)
        return name_to_wire(server or ".") + name_to_wire(mailbox or ".") + reader.message[at:end]
    return text if isinstance(text, bytes) else name_to_wire(text or ".")
