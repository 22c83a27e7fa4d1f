"""Signatures and keys of DNS messages, looked at by dnspython under limits of our own.

The verdict secure or bogus is the validating resolver's. This says which server, which record and which day: every signature is
tried with the zone's keys, dates left aside, a few keys and signatures at most, so that no zone can keep us busy (KeyTrap).
"""

import base64
import hashlib
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.dnskeybase
import dns.rrset
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from dns.dnssecalgs import get_algorithm_cls_from_dnskey
from dns.dnssecalgs.base import GenericPublicKey
from dns.rdtypes.dnskeybase import Flag

from ipv6check.facts import Answer, DelegationSigner, Key, Signature
from ipv6check.net import wire
from ipv6check.net.question import PARSED_INLINE
from ipv6check.net.signedsets import SignedSet, signed_sets
from ipv6check.net.turns import short_turns

SIGNATURES_TRIED: Final = 4
KEYS_TRIED: Final = 2
KEYS_READ: Final = 16
TRIED_PER_MESSAGE: Final = 16
LARGEST_RSA: Final = 4096
"""For one set of records at most so many signatures, for one signature so many keys of its tag, for one zone so many keys, for
one message so many signatures in all, and no RSA key of more bits."""

DNSSEC_PROTOCOL: Final = 3
DIGESTS: Final = {1: "sha1", 2: "sha256", 4: "sha384"}
RSA: Final = frozenset({5, 7, 8, 10})

UNREADABLE: Final = (
    dns.exception.DNSException,
    UnsupportedAlgorithm,
    struct.error,
    ValueError,
    TypeError,
    ArithmeticError,
    IndexError,
)
"""What looking at a hostile key or signature raises."""


def read_keys(answer: Answer) -> tuple[Key, ...]:
    """The DNSKEY records of an answer."""
    return tuple(key for text in answer.records[:KEYS_READ] if (key := _key(text)) is not None)


def _key(text: str) -> Key | None:
    try:
        rdata = _rdata(text)
        bits = _rsa_bits(rdata.key) if rdata.algorithm in RSA else None
        tag = dns.dnssec.key_id(rdata)
    except UNREADABLE:
        return None
    return Key(tag=tag, flags=int(rdata.flags), algorithm=int(rdata.algorithm), bits=bits, rdata=text)


@lru_cache(64)
def _rdata(text: str) -> Any:
    """A DNSKEY record, read by splitting: dnspython's reader of text takes half a second for the largest."""
    flags, protocol, algorithm, *key = text.split()
    octets = struct.pack("!HBB", int(flags), int(protocol), int(algorithm)) + base64.b64decode("".join(key), validate=True)
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.DNSKEY, octets, 0, len(octets))


def _rsa_bits(key: bytes) -> int:
    """The size of an RSA key as RFC 3110 writes it."""
    length, start = (key[0], 1) if key[0] else (int.from_bytes(key[1:3], "big"), 3)
    return int.from_bytes(key[start + length :], "big").bit_length()


def read_signers(answer: Answer, zone: str, keys: Sequence[Key]) -> tuple[DelegationSigner, ...]:
    """The DS records of an answer, each held against the keys of the zone."""
    return tuple(_signer(text, zone, keys) for text in answer.records[:KEYS_READ])


def _signer(text: str, zone: str, keys: Sequence[Key]) -> DelegationSigner:
    tag, algorithm, digest_type, *digest = text.split()  # dnspython's own words: always whole
    signer = DelegationSigner(
        tag=int(tag), algorithm=int(algorithm), digest_type=int(digest_type), digest="".join(digest).lower()
    )
    if not keys:
        return signer
    matching = (k for k in keys if k.tag == signer.tag and k.algorithm == signer.algorithm)
    return replace(signer, matches=any(_digest(zone, key, signer.digest_type) == signer.digest for key in matching))


def _digest(zone: str, key: Key, digest_type: int) -> str | None:
    """The digest of a key (RFC 4034 5.1.4), None for a digest type we do not know."""
    name = DIGESTS.get(digest_type)
    owner = dns.name.from_text(zone).canonicalize().to_wire()
    return hashlib.new(name, (owner or b"") + (_rdata(key.rdata).to_wire() or b"")).hexdigest() if name else None


class SignatureReader:
    """Reads the signatures in a zone's answers, and tries its own over the records they cover with the zone's keys.

    What several servers say in the same words is looked at once.
    """

    def __init__(self, zone: str, keys: Sequence[Key]) -> None:
        self._zone = zone
        self._keys = keys
        self._known: dict[bytes, tuple[Signature, ...]] = {}

    def with_signatures(self, answer: Answer, name: str) -> Answer:
        """The answer to a question for a name, with its signatures."""
        if not answer.wire:
            return answer
        message = base64.b64decode(answer.wire)
        said = wire.said(message, name)
        if said not in self._known:
            with short_turns() if len(message) > PARSED_INLINE else nullcontext():
                self._known[said] = _signatures(message, self._zone, self._keys)
        return replace(answer, signatures=self._known[said])


def _signatures(octets: bytes, zone: str, keys: Sequence[Key]) -> tuple[Signature, ...]:
    good = _good_signatures(octets, zone, keys)
    return _any_signatures(octets, zone, keys) if good is None else good


def _good_signatures(octets: bytes, zone: str, keys: Sequence[Key]) -> tuple[Signature, ...] | None:
    """The signatures of a plain message, when they are few, the only ones over their sets, and those of the zone hold.

    As nearly all do; else None: what is wrong with others is for dnspython to say.
    """
    sets = signed_sets(octets, SIGNATURES_TRIED)
    if sets is None or len({(one.owner, one.type_covered) for one in sets}) < len(sets):
        return None
    looked = []
    for one in sets:
        signature = _signature(one.owner, one.signer, one)
        if one.signer == zone:
            if not _holds(one, _of_tag(signature, keys)):
                return None
            signature = replace(signature, verifies=True)
        looked.append(signature)
    return tuple(looked)


def _holds(one: SignedSet, keys: Sequence[Key]) -> bool:
    """Whether a signature was made by the keys of its tag, of which there is one."""
    if len(keys) != 1 or (keys[0].bits or 0) > LARGEST_RSA or one.expiration < one.inception:
        return False
    try:
        _public_key(keys[0].rdata).verify(one.signature, one.signed)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


@lru_cache(64)
def _public_key(text: str) -> GenericPublicKey:
    """The public key in a DNSKEY record that may sign a zone (RFC 4034 2.1). Raises one of `UNREADABLE`."""
    rdata = _rdata(text)
    if rdata.protocol != DNSSEC_PROTOCOL or rdata.flags & (Flag.ZONE | Flag.REVOKE) != Flag.ZONE:
        raise ValueError("no key of a zone")
    return get_algorithm_cls_from_dnskey(rdata).public_cls.from_dnskey(rdata)


def _any_signatures(octets: bytes, zone: str, keys: Sequence[Key]) -> tuple[Signature, ...]:
    """The signatures of a message, each tried within our limits."""
    try:
        message = dns.message.from_wire(octets, ignore_trailing=True)
    except UNREADABLE:
        return ()
    sections = (*message.answer, *message.authority)
    sets = {(rrset.name, rrset.rdtype): rrset for rrset in reversed(sections)}
    tried: Counter[tuple[str, str]] = Counter()
    looked = []
    for rrset in sections:
        for rdata in rrset if rrset.rdtype == dns.rdatatype.RRSIG else ():
            signature = _signature(wire.text_of_name(rrset.name), wire.text_of_name(rdata.signer), rdata)
            place = (signature.owner, signature.covered)
            if signature.signer == zone and tried[place] < SIGNATURES_TRIED and tried.total() < TRIED_PER_MESSAGE:
                tried[place] += 1
                signature = _tried(signature, rdata, sets.get((rrset.name, rdata.type_covered)), keys)
            looked.append(signature)
    return tuple(looked)


def _signature(owner: str, signer: str, rrsig: Any) -> Signature:
    """A signature not tried yet; the numbers are those of the RRSIG."""
    return Signature(
        covered=dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rrsig.type_covered)),
        owner=owner,
        signer=signer,
        key_tag=int(rrsig.key_tag),
        algorithm=int(rrsig.algorithm),
        inception=datetime.fromtimestamp(rrsig.inception, UTC),
        expiration=datetime.fromtimestamp(rrsig.expiration, UTC),
    )


def _of_tag(signature: Signature, keys: Sequence[Key]) -> list[Key]:
    return [key for key in keys if (key.tag, key.algorithm) == (signature.key_tag, signature.algorithm)]


def _tried(signature: Signature, rdata: Any, rrset: dns.rrset.RRset | None, keys: Sequence[Key]) -> Signature:
    """Try one signature with the keys of its tag; where our limits leave some out, only success can be told."""
    if rrset is None:
        return replace(signature, verifies=False, problem="covers nothing here")
    of_tag = _of_tag(signature, keys)
    within = [key for key in of_tag if (key.bits or 0) <= LARGEST_RSA][:KEYS_TRIED]
    problem = _problem(rrset, rdata, within) if within else "no such key"
    if problem and (len(within) < len(of_tag) or len(keys) >= KEYS_READ):
        return signature
    return replace(signature, verifies=not problem, problem=problem)


def _problem(rrset: dns.rrset.RRset, rdata: Any, keys: Iterable[Key]) -> str:
    """Why none of these keys made this signature, "" when one did. Weak algorithms are tried too: they are for a rule."""
    known = dns.rrset.from_rdata_list(rdata.signer, rrset.ttl, [_rdata(key.rdata) for key in keys])
    try:
        dns.dnssec.validate_rrsig(
            rrset, rdata, {rdata.signer: known}, now=float(rdata.inception), policy=dns.dnssec.allow_all_policy
        )
    except UNREADABLE as error:
        return type(error).__name__
    return ""
