"""Reads plain DNS replies quickly: decodes the records that were asked for, and of all others looks only at the shape.

Most replies are plain: one question, class IN, names of letters, digits and hyphens. Whatever is not plain, or
malformed, is left to dnspython (see `wire.read`), so that nothing is an answer here that it would call malformed.
"""

import base64
import re
import struct
from functools import lru_cache
from typing import Any, Final

import dns.exception
import dns.rcode
import dns.rdata
import dns.rdataclass
from dns.edns import OptionType
from dns.rdatatype import RdataType

from ipv6check.facts import Answer

HEADER: Final = struct.Struct("!6H")
RECORD: Final = struct.Struct("!HHIH")
SOA_NUMBERS: Final = struct.Struct("!5I")
OPCODE: Final = 0x7800
A, NS, CNAME, SOA, AAAA, OPT, RRSIG = 1, 2, 5, 6, 28, 41, 46
DENIALS: Final = {47: "NSEC", 50: "NSEC3"}
IN: Final = 1
SIGNER: Final = 18
"""Where the signer's name begins in the data of an RRSIG."""

SELF_CONTAINED: Final = frozenset({A, AAAA, 43, 47, 48, 50, 51, 52, 59, 60})
"""Types whose data no other part of a message can matter to: without names, or beginning with one (NSEC)."""

REMEMBERED: Final = 512
"""Octets of such data, and of EDNS options, up to which what was read is remembered: the servers of a zone give the same."""

META: Final = 128
"""Types from this one on are no data, or odd (RFC 6895)."""

SINGLE: Final = frozenset({CNAME, SOA, 39, 47, 50, 51})
"""Types of which a name has one record at most; where there are more, dnspython says which counts."""

LONGEST_NAME: Final = 253
MOST_HOPS: Final = 8
POINTER: Final = 0xC000
CHAIN_LIMIT: Final = 16
PLAIN_LABEL: Final = re.compile(rb"[a-z0-9_-]+")
PLAIN_NAME: Final = re.compile(r"[a-z0-9_.-]*")

Rdata = tuple[int, int]
"""Where the data of a record lie: offset and length."""


class NotPlainError(Exception):
    """A message that somebody else must read."""


class RecordSet:
    """The records of one name and type: their data, and the lowest TTL."""

    __slots__ = ("rdata", "texts", "ttl")

    def __init__(self, ttl: int) -> None:
        self.ttl = ttl
        self.rdata: list[Rdata] = []
        self.texts: list[str | bytes] = []


Section = dict[tuple[str, int], RecordSet]


@lru_cache(4096)
def _labels(octets: bytes) -> str:
    """Labels in lower case, each after its length, as text: a scan reads the same ones again and again."""
    labels, at = [], 0
    while at < len(octets):
        label = octets[at + 1 : at + 1 + octets[at]]
        if not PLAIN_LABEL.fullmatch(label):
            raise NotPlainError
        labels.append(label.decode())
        at += 1 + len(label)
    return ".".join(labels)


@lru_cache(256)
def _extended_errors(options: bytes) -> tuple[str, ...]:
    """The extended errors (RFC 8914) in the data of an OPT record."""
    found: Any = dns.rdata.from_wire(dns.rdataclass.IN, RdataType.OPT, options, 0, len(options))
    return tuple(option.to_text() for option in found.options if option.otype == OptionType.EDE)


@lru_cache(256)
def _rcode(number: int) -> str:
    """The mnemonic of an RCODE."""
    return dns.rcode.to_text(dns.rcode.Rcode(number))


@lru_cache(256)
def type_number(rdtype: str) -> int:
    """The number of a record type's mnemonic."""
    return int(RdataType.make(rdtype))


class MessageReader:
    """Goes through one message: `section` reads the next one. Raises `NotPlainError`, DNSException, struct.error."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.size = len(message)
        self._names: dict[int, tuple[str, int]] = {}
        _, self.flags, questions, *self._counts = HEADER.unpack_from(message)
        self._at = HEADER.size
        if self.flags & OPCODE or questions > 1:
            raise NotPlainError
        if questions:
            _, self._at = self.name(self._at, self.size)
            if message[self._at + 2 : self._at + 4] != b"\0\1":
                raise NotPlainError
            self._at += 4
        self.has_edns = False
        self.extended_rcode = 0
        self.extended_errors: tuple[str, ...] = ()
        self.signatures: list[tuple[str, Rdata]] = []
        """The RRSIG records so far, each with its owner."""

    def name(self, at: int, limit: int, depth: int = 0) -> tuple[str, int]:
        """The name at an offset, lower case without final dot, and what follows it. It must end before `limit`."""
        message, here, hops = self.message, at, 0
        while here < limit and 0 < message[here] < 64:
            here += 1 + message[here]
        if here >= limit:
            raise NotPlainError
        text = _labels(message[at:here].lower()) if here > at else ""
        if message[here]:
            target = int.from_bytes(message[here : here + 2], "big") - POINTER if here + 1 < limit else self.size
            if not 0 <= target < at or depth > MOST_HOPS:
                raise NotPlainError
            if target not in self._names:
                self.name(target, at, depth + 1)
            suffix, hops = self._names[target]
            text, hops = f"{text}.{suffix}" if text and suffix else text or suffix, hops + 1
            here += 1
        if len(text) > LONGEST_NAME or hops > MOST_HOPS:
            raise NotPlainError
        self._names[at] = (text, hops)
        return text, here + 1

    def section(self, *, is_additional: bool = False) -> Section:
        """The records of the next section by name and type."""
        found: Section = {}
        at = self._at
        for _ in range(self._counts.pop(0)):
            owner, at = self.name(at, self.size)
            data = at + RECORD.size
            if data > self.size:
                raise NotPlainError
            rdtype, rdclass, ttl, length = RECORD.unpack_from(self.message, at)
            at = data + length
            if at > self.size:
                raise NotPlainError
            if rdtype == OPT:
                self._opt(owner, ttl, self.message[data:at], is_additional)
                continue
            if rdclass != IN or rdtype == 0 or rdtype >= META or ttl > 0x7FFFFFFF:
                raise NotPlainError
            text = self._shape(rdtype, data, length)
            if rdtype == RRSIG:
                self.signatures.append((owner, (data, length)))
                continue
            records = found.get((owner, rdtype))
            if records is None:
                records = found[owner, rdtype] = RecordSet(ttl)
            elif rdtype in SINGLE or text in records.texts:
                raise NotPlainError
            records.ttl = min(records.ttl, ttl)
            records.rdata.append((data, length))
            records.texts.append(text)
        self._at = at
        return found

    def _opt(self, owner: str, ttl: int, options: bytes, is_additional: bool) -> None:
        if owner or len(options) > REMEMBERED or self.has_edns or not is_additional:
            raise NotPlainError
        self.has_edns = True
        self.extended_errors = _extended_errors(options) if options else ()
        self.extended_rcode = ttl >> 20 & 0xFF0

    def _shape(self, rdtype: int, data: int, length: int) -> str | bytes:
        """See that data are well-formed; return what tells them from others of the same name and type."""
        end, message = data + length, self.message
        if rdtype in (A, AAAA):
            if length != (4 if rdtype == A else 16):
                raise NotPlainError
            return message[data:end]
        if rdtype in (NS, CNAME):
            text, after = self.name(data, end)
            if after != end:
                raise NotPlainError
            return text
        if rdtype == SOA:
            after = self.name(self.name(data, end)[1], end)[1]
            if after + 20 != end:
                raise NotPlainError
            return ""
        if rdtype == RRSIG:
            signer, after = self.name(data + SIGNER, end) if length > SIGNER else ("", 0)
            if after - data - SIGNER != (len(signer) + 2 if signer else 1):
                raise NotPlainError  # a signer's name is never compressed (RFC 4034)
            return ""
        return _rdata(message, rdtype, data, length).to_digestable()

    def text(self, rdtype: int, data: int, length: int) -> str:
        """The data of a record as text."""
        end = data + length
        if rdtype in (NS, CNAME):
            return f"{self.name(data, end)[0]}."
        if rdtype == SOA:
            server, at = self.name(data, end)
            mailbox, at = self.name(at, end)
            return " ".join((f"{server}.", f"{mailbox}.", *map(str, SOA_NUMBERS.unpack_from(self.message, at))))
        return _rdata(self.message, rdtype, data, length).to_text()


def read(message: bytes, name: str, rdtype: str) -> Answer | None:
    """Read a reply; None when it is not plain."""
    wanted_name = name.lower().removesuffix(".")
    number = type_number(rdtype)
    if not PLAIN_NAME.fullmatch(wanted_name) or number == RRSIG:
        return None
    try:
        return _read(message, wanted_name, number)
    except (NotPlainError, dns.exception.DNSException, struct.error):
        return None


def _read(message: bytes, owner: str, rdtype: int) -> Answer:
    reader = MessageReader(message)
    flags = reader.flags
    answer = reader.section()
    signed = bool(reader.signatures)
    authority = reader.section()
    additional = reader.section(is_additional=True)
    aliases: list[str] = []
    while rdtype != CNAME and len(aliases) < CHAIN_LIMIT and (link := answer.get((owner, CNAME))) is not None:
        owner = str(link.texts[0])
        aliases.append(owner or ".")
    wanted = answer.get((owner, rdtype))
    zones = {kind: zone for zone, kind in reversed(authority)}
    soa = next((zone for zone, kind in answer if kind == SOA), zones.get(SOA))
    referral = zones.get(NS)
    return Answer(
        rcode=_rcode(flags & 0x000F | reader.extended_rcode),
        authoritative=bool(flags & 0x0400),
        authenticated=bool(flags & 0x0020),
        truncated=bool(flags & 0x0200),
        recursion_available=bool(flags & 0x0080),
        edns=reader.has_edns,
        extended_errors=reader.extended_errors,
        records=tuple(reader.text(rdtype, *rdata) for rdata in wanted.rdata) if wanted else (),
        aliases=tuple(aliases),
        ttl=wanted.ttl if wanted else None,
        signed=signed,
        soa="" if soa is None else soa or ".",
        referral="" if referral is None else referral or ".",
        referral_servers=tuple(str(t) or "." for t in authority[referral, NS].texts) if referral is not None else (),
        glue=tuple(_glue(reader, additional)) if referral is not None or rdtype == NS else (),
        denial=next((word for number, word in DENIALS.items() if number in zones), ""),
        size=len(message),
        wire=base64.b64encode(message).decode(),
    )


def _rdata(message: bytes, rdtype: int, data: int, length: int) -> dns.rdata.Rdata:
    """The data of a record as dnspython reads them."""
    if rdtype in SELF_CONTAINED and length <= REMEMBERED:
        return _self_contained(rdtype, message[data : data + length])
    return dns.rdata.from_wire(dns.rdataclass.IN, RdataType.make(rdtype), message, data, length)


@lru_cache(4096)
def _self_contained(rdtype: int, octets: bytes) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(dns.rdataclass.IN, RdataType.make(rdtype), octets, 0, len(octets))


def _glue(reader: MessageReader, additional: Section) -> list[tuple[str, str]]:
    return [
        (owner or ".", reader.text(rdtype, *rdata))
        for (owner, rdtype), records in additional.items()
        if rdtype in (A, AAAA)
        for rdata in records.rdata
    ]
