"""DNS messages: questions built by hand (2-5 us in place of 150), answers read by dnspython into our own `Answer`.

Replacing the reader is a change of this module alone.
"""

import base64
import struct
from functools import lru_cache
from typing import Final

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from ipv6check.facts import Answer
from ipv6check.net import plainwire

EDNS_SIZE: Final = 1232
"""UDP payload size that crosses every IPv6 path without fragments (DNS flag day 2020)."""

CHAIN_LIMIT: Final = 16
"""CNAME links followed at most."""

NAMES_AND_NUMBERS: Final = frozenset({"NS", "CNAME", "SOA"})

CASE_BITS: Final = 8 * 255
"""As many bits as the longest name has, of which one an octet is used."""

HEADER: Final = struct.Struct("!6H")
QUERY_RD: Final = 0x0100
QUERY_CD: Final = 0x0010
REPLY: Final = 0x8000
TRUNCATED: Final = 0x0200

Malformed = dns.exception.DNSException
"""What dnspython raises on a message that is none."""


@lru_cache(maxsize=4096)
def name_to_wire(name: str) -> bytes:
    """Encode a name. Raises `Malformed` when it is no domain name."""
    wire = dns.name.from_text(name).to_wire()
    assert wire is not None
    return wire


@lru_cache(maxsize=8)
def _opt(version: int) -> bytes:
    """The EDNS record: our UDP size, the version, DO (RFC 6891 6.1.3)."""
    return b"\0" + struct.pack("!HHIH", 41, EDNS_SIZE, version << 16 | 0x8000, 0)


def question(name: str, rdtype: str, case_bits: int = 0) -> bytes:
    """Build the question section. `case_bits` (`CASE_BITS`) turn letters large (0x20): a forger must guess which."""
    wire = name_to_wire(name)
    if case_bits:
        size = len(wire)
        wire = (int.from_bytes(wire, "big") ^ (_small_letters(wire) & case_bits)).to_bytes(size, "big")
    return wire + struct.pack("!HH", plainwire.type_number(rdtype), 1)


@lru_cache(maxsize=4096)
def _small_letters(wire: bytes) -> int:
    """The bits of a name in which its small letters differ from large ones."""
    return int.from_bytes(bytes(0x20 if 97 <= octet <= 122 else 0 for octet in wire), "big")


def query(
    section: bytes,
    message_id: int,
    *,
    recursion: bool,
    checking_disabled: bool = False,
    edns: bool = True,
    edns_version: int = 0,
) -> bytes:
    """Build a query message around a question section, with EDNS and DO unless told otherwise."""
    flags = (QUERY_RD if recursion else 0) | (QUERY_CD if checking_disabled else 0)
    return HEADER.pack(message_id, flags, 1, 0, 0, int(edns)) + section + (_opt(edns_version) if edns else b"")


def answers(message: bytes, message_id: int, section: bytes) -> bool:
    """Whether a message is the reply to our question: id, QR, and the question to the letter (an error may leave it out)."""
    if len(message) < HEADER.size:
        return False
    reply_id, flags, questions, *_ = HEADER.unpack_from(message)
    if reply_id != message_id or not flags & REPLY:
        return False
    if questions == 0:
        return bool(flags & 0x000F)
    return questions == 1 and message[HEADER.size : HEADER.size + len(section)] == section


def said(message: bytes, name: str) -> bytes:
    """A reply to a question for this name, without what was ours: the id, and the case of the question's letters.

    Equal for servers that say the same.
    """
    end = HEADER.size + len(name_to_wire(name))
    return message[2 : HEADER.size] + message[HEADER.size : end].lower() + message[end:]


def read(message: bytes, name: str, rdtype: str) -> Answer:
    """Read a reply. Raises `Malformed`."""
    return plainwire.read(message, name, rdtype) or read_any(message, name, rdtype)


def read_any(message: bytes, name: str, rdtype: str) -> Answer:
    """Read a reply of any kind, by dnspython. Raises `Malformed`."""
    parsed = dns.message.from_wire(message, ignore_trailing=True)
    flags = int(parsed.flags)
    here = {(rrset.name, rrset.rdtype): rrset for rrset in parsed.answer if rrset.rdclass == dns.rdataclass.IN}
    owner = dns.name.from_text(name)
    aliases: tuple[str, ...] = ()
    if rdtype != "CNAME":
        owner, aliases = _chain(here, owner)
    wanted = here.get((owner, dns.rdatatype.from_text(rdtype)))
    soa = _first(parsed.answer, dns.rdatatype.SOA) or _first(parsed.authority, dns.rdatatype.SOA)
    referral = _first(parsed.authority, dns.rdatatype.NS)
    return Answer(
        rcode=dns.rcode.to_text(parsed.rcode()),
        authoritative=bool(flags & 0x0400),
        authenticated=bool(flags & 0x0020),
        truncated=bool(flags & TRUNCATED),
        recursion_available=bool(flags & 0x0080),
        edns=parsed.edns >= 0,
        extended_errors=tuple(_error_text(e) for e in parsed.extended_errors()),
        records=tuple(_in_lower_case(rdata.to_text(), rdtype) for rdata in wanted) if wanted else (),
        aliases=aliases,
        ttl=int(wanted.ttl) if wanted else None,
        signed=any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in parsed.answer),
        soa=text_of_name(soa.name) if soa else "",
        referral=text_of_name(referral.name) if referral else "",
        referral_servers=tuple(text_of_name(rdata.target) for rdata in referral) if referral else (),
        glue=tuple(_glue(parsed.additional)) if referral or rdtype == "NS" else (),
        denial=_denial(parsed.authority),
        size=len(message),
        wire=base64.b64encode(message).decode(),
    )


def _chain(
    here: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset], owner: dns.name.Name
) -> tuple[dns.name.Name, tuple[str, ...]]:
    """Where the CNAME records of an answer lead from a name, and by which names."""
    aliases: list[str] = []
    while len(aliases) < CHAIN_LIMIT and (link := here.get((owner, dns.rdatatype.CNAME))) is not None:
        owner = link[0].target
        aliases.append(text_of_name(owner))
    return owner, tuple(aliases)


def _first(section: list[dns.rrset.RRset], rdtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    return next((rrset for rrset in section if rrset.rdtype == rdtype), None)


def _glue(section: list[dns.rrset.RRset]) -> list[tuple[str, str]]:
    return [
        (text_of_name(rrset.name), rdata.to_text())
        for rrset in section
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
        for rdata in rrset
    ]


def _denial(section: list[dns.rrset.RRset]) -> str:
    """With which records existence was denied, "" with none."""
    types = {rrset.rdtype for rrset in section}
    return next((t.name for t in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3) if t in types), "")


def _in_lower_case(text: str, rdtype: str) -> str:
    """A record's text, in lower case where it is names and numbers: names have no case (RFC 4343)."""
    return text.lower() if rdtype in NAMES_AND_NUMBERS else text


def text_of_name(name: dns.name.Name) -> str:
    """A name as we write it: lower case, without the final dot (the root is ".")."""
    return name.to_text(omit_final_dot=True).lower() or "."


def _error_text(error: object) -> str:
    return str(getattr(error, "to_text", lambda: error)())
