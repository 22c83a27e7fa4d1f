"""What a hostile name server or resolver may say, octet by octet, and what must be made of it."""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from ipv6check.net.plainwire import type_number
from ipv6check.net.wire import name_to_wire as name
from tests.net.stubs import Tcp, framed, read_query, reset

Replies = Callable[[bytes], list[bytes]]
"""Is given a query; the datagrams that come back."""

POINTER = b"\xc0\x0c"
"""The name in question."""

AAAA = bytes.fromhex("24000080000000000000000000000001")
REPLY, AUTHORITATIVE, TRUNCATED = 0x8000, 0x0400, 0x0200
ANSWER, MALFORMED, TIMEOUT, PROTOCOL, RESET = "answer", "malformed", "timeout", "protocol", "reset"


@dataclass(frozen=True)
class Case:
    """What is said, over TCP by `talk` where it is given (else the first datagram), and what may come out."""

    replies: Replies
    comes: tuple[str, ...]
    talk: Tcp | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be this server over TCP."""
        if self.talk is not None:
            await self.talk(reader, writer)
            return
        said = self.replies(await read_query(reader))
        writer.write(framed(said[0]) if said else b"")
        await writer.drain()


# Building


def section_of(query: bytes) -> bytes:
    """The question section of a query."""
    return query[12 : query.index(b"\0", 12) + 5]


def asked_type(query: bytes) -> int:
    return int.from_bytes(section_of(query)[-4:-2], "big")


def zone_of(query: bytes) -> bytes:
    """The last two labels of the name in question, lower case: the zones of these tests have two."""
    labels, rest = [], section_of(query)[:-5].lower()
    while rest:
        labels.append(rest[: rest[0] + 1])
        rest = rest[rest[0] + 1 :]
    return b"".join(labels[-2:]) + b"\0"


def record(
    rdtype: str | int, rdata: bytes, owner: bytes = POINTER, *, ttl: int = 300, rdclass: int = 1, length: int = -1
) -> bytes:
    """A record; `length` where it lies about its own."""
    number = rdtype if isinstance(rdtype, int) else type_number(rdtype)
    return owner + struct.pack("!HHIH", number, rdclass, ttl, len(rdata) if length < 0 else length) + rdata


def reply(
    query: bytes,
    *answers: bytes,
    authority: tuple[bytes, ...] = (),
    additional: tuple[bytes, ...] = (),
    flags: int = AUTHORITATIVE,
    counts: tuple[int, int, int, int] | None = None,
) -> bytes:
    """A reply with these records; `counts` where it lies about them."""
    told = counts or (1, len(answers), len(authority), len(additional))
    header = query[:2] + struct.pack("!5H", REPLY | flags, *told)
    return header + section_of(query) + b"".join((*answers, *authority, *additional))


def one(make: Callable[[bytes], bytes]) -> Replies:
    return lambda query: [make(query)]


def of(*answers: bytes, **more: object) -> Replies:
    """A reply of fixed records."""
    return one(lambda query: reply(query, *answers, **more))  # type: ignore[arg-type]


def opt(options: bytes = b"", *, owner: bytes = b"\0", version: int = 0, length: int = -1) -> bytes:
    return record(41, options, owner, ttl=version << 16, rdclass=1232, length=length)


def error(text: bytes, code: int = 9) -> bytes:
    """An extended error (RFC 8914) as an EDNS option."""
    return struct.pack("!HHH", 15, len(text) + 2, code) + text


def good(query: bytes) -> bytes:
    return reply(query, record("AAAA", AAAA))


def large(make: Replies) -> Replies:
    """Over UDP nothing but TC; over TCP all of it."""
    return lambda query: [reply(query, flags=AUTHORITATIVE | TRUNCATED)]


def over_tcp(make: Replies, *comes: str) -> Case:
    """A case whose reply is too large for UDP."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(framed(make(await read_query(reader))[0]))
        await writer.drain()

    return Case(large(make), comes or (ANSWER,), talk)


def talking(talk: Tcp, *comes: str) -> Case:
    """A case whose trick lies in how TCP is used."""
    return Case(large(of()), comes, talk)


# Names

LONGEST = b"".join(bytes([63]) + b"a" * 63 for _ in range(3)) + bytes([61]) + b"a" * 61 + b"\0"
MOST_LABELS = b"\1a" * 127 + b"\0"
TOO_LONG = b"".join(bytes([63]) + b"a" * 63 for _ in range(4)) + b"\0"
DOTS = b"\5a.b.c\3d.e\2vn\0"
NULS = b"\3a\0b\1\0\2vn\0"
ESCAPES = b"\x0e\x1b]8;;http://x\7\5\x1b[31m\2vn\0"
MARKUP = b"\x19<script>alert(1)</script>\2vn\0"
HIGH = b"\4\xff\xfe\x80\x81\2vn\0"
SPACES = b'\5 \t\r\n;\3"()\2vn\0'


def chain(links: int) -> Replies:
    def make(query: bytes) -> bytes:
        hosts = [POINTER, *(name(f"l{i}.vn") for i in range(links))]
        return reply(query, *(record("CNAME", b, a) for a, b in pairwise(hosts)))

    return one(make)


def pointers(count: int) -> bytes:
    """A name that is a pointer to a pointer to a pointer ..., every one backwards."""
    start = 12 + 10
    return b"".join(struct.pack("!H", 0xC000 | (start + 2 * i)) for i in range(count))


def tower(query: bytes) -> bytes:
    """A TXT record full of pointers, and a record whose owner is the top of them."""
    section = section_of(query)
    base = 12 + len(section) + 12
    steps = [0xC00C, *(0xC000 | (base + 2 * i) for i in range(1000))]
    rdata = b"".join(struct.pack("!H", step) for step in steps)
    filler = record(65280, rdata)
    return reply(query, filler, record("AAAA", AAAA, struct.pack("!H", 0xC000 | (base + 2 * 1000))))


# DNSSEC


def signature(
    covered: int,
    signer: bytes,
    *,
    algorithm: int = 8,
    labels: int = 2,
    expires: int = 1796083200,
    begins: int = 1793491200,
    tag: int = 1,
    octets: bytes = b"\1" * 64,
) -> bytes:
    return record(46, struct.pack("!HBBIIIH", covered, algorithm, labels, 300, expires, begins, tag) + signer + octets)


def signed(*records: bytes, **more: int | bytes) -> Replies:
    """An address, or what else is told, with a signature over what was asked."""
    return one(lambda q: reply(q, *(records or (record("AAAA", AAAA),)), signature(asked_type(q), zone_of(q), **more)))  # type: ignore[arg-type]


def key(material: bytes, algorithm: int = 8, flags: int = 257) -> bytes:
    return record("DNSKEY", struct.pack("!HBB", flags, 3, algorithm) + material)


@cache
def colliding(count: int) -> tuple[bytes, ...]:
    """RSA keys of 512 bits, all of one tag: two octets changed so that the sum stays."""
    modulus = bytes(range(1, 65))
    return tuple(
        key(
            b"\3\1\0\1"
            + bytes([modulus[0] + i // 100, 0, modulus[2] + 5 - i // 100, i % 100 + 1, 1, 200 - i % 100])
            + modulus[6:]
        )
        for i in range(count)
    )


def tag_of(rdata: bytes) -> int:
    total = sum(octet if i & 1 else octet << 8 for i, octet in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


def key_trap(query: bytes) -> bytes:
    """CVE-2023-50387: each of 400 signatures wants to be tried with each of 400 keys."""
    keys = colliding(400)
    tag = tag_of(keys[0][12:])
    some = [signature(48, zone_of(query), tag=tag, octets=struct.pack("!I", i) * 8) for i in range(400)]
    return reply(query, *keys, *some)


def nsec3(iterations: int, salt: bytes = b"\xab", *, cut: bool = False) -> Replies:
    body = struct.pack("!BBHB", 1, 0, iterations, len(salt)) + salt + bytes([20]) + b"\1" * 20 + b"\0\6\x40\0\0\0\0\3"
    owner = b"\x20" + b"0" * 32
    soa = b"\2ns\0\1a\0" + struct.pack("!5I", 1, 2, 3, 4, 5)
    return one(
        lambda q: reply(
            q,
            authority=(record("SOA", soa, zone_of(q)), record(50, body[:-1] if cut else body, owner + zone_of(q))),
            flags=AUTHORITATIVE | 3,
        )
    )


def svcb(params: bytes, priority: int = 1, target: bytes = b"\0") -> Replies:
    return of(record("HTTPS", struct.pack("!H", priority) + target + params))


def param(number: int, value: bytes, length: int = -1) -> bytes:
    return struct.pack("!HH", number, len(value) if length < 0 else length) + value


# Delegations


def referral(zone: Callable[[bytes], bytes], hosts: tuple[bytes, ...], *glue: bytes) -> Replies:
    return one(lambda q: reply(q, authority=tuple(record("NS", host, zone(q)) for host in hosts), additional=glue, flags=0))


def asked_name(query: bytes) -> bytes:
    return section_of(query)[:-4]


def deeper(query: bytes) -> bytes:
    return b"\1x" + asked_name(query)


ADDRESSES = tuple(record("AAAA", bytes.fromhex("24000081") + bytes(8) + struct.pack("!I", i)) for i in range(2_300))


def special_glue(query: bytes) -> bytes:
    """Loopback, link-local, NAT64 of the metadata address, multicast, mapped: whoever is asked there is somebody else."""
    texts = (
        "00" * 15 + "01",
        "fe80" + "00" * 13 + "01",
        "0064ff9b" + "00" * 8 + "a9fea9fe",
        "ff02" + "00" * 13 + "01",
        "00" * 10 + "ffff7f000001",
    )
    host = b"\2ns" + zone_of(query)
    glue = (*(record("AAAA", bytes.fromhex(text), host) for text in texts), record("A", bytes([169, 254, 169, 254]), host))
    return reply(query, authority=(record("NS", host, zone_of(query)),), additional=glue, flags=0)


# TCP


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for octet in framed(good(await read_query(reader))):
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.001)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_query(reader)
    writer.write(b"\xff\xff")
    while True:
        writer.write(b"\0")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await read_query(reader)
    for _ in range(200):
        writer.write(framed(good(query)) * 500)
        await writer.drain()


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_query(reader)
    await asyncio.sleep(60)


async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_query(reader)
    reset(writer)


def saying(make: Callable[[bytes], bytes]) -> Tcp:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(make(await read_query(reader)))
        await writer.drain()

    return talk


async def again_truncated(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(framed(reply(await read_query(reader), flags=AUTHORITATIVE | TRUNCATED)))
    await writer.drain()


def flipped_case(query: bytes) -> bytes:
    section = section_of(query)
    return query[:2] + struct.pack("!5H", REPLY, 1, 1, 0, 0) + section[:-4].swapcase() + section[-4:] + record("AAAA", AAAA)


def instead(section: Callable[[bytes], bytes]) -> Replies:
    """A proper reply to another question."""
    return one(lambda q: q[:2] + struct.pack("!5H", REPLY, 1, 1, 0, 0) + section(q) + record("AAAA", AAAA))


SOA = b"\2ns\0\1a\0" + struct.pack("!5I", 1, 2, 3, 4, 5)
WHOLE = record("AAAA", AAAA)

CASES: dict[str, Case] = {
    # Not the reply
    "nothing": Case(lambda q: [], (TIMEOUT,)),
    "empty": Case(lambda q: [b""], (TIMEOUT,)),
    "half a header": Case(one(lambda q: good(q)[:11]), (TIMEOUT,)),
    "a header alone": Case(one(lambda q: q[:2] + struct.pack("!5H", REPLY, 0, 0, 0, 0)), (TIMEOUT,)),
    "an error alone": Case(one(lambda q: q[:2] + struct.pack("!5H", REPLY | 2, 0, 0, 0, 0)), (ANSWER,)),
    "cut in the question": Case(one(lambda q: good(q)[: 12 + len(section_of(q)) - 3]), (TIMEOUT,)),
    "wrong id": Case(one(lambda q: bytes([q[0] ^ 1]) + good(q)[1:]), (TIMEOUT,)),
    "wrong name": Case(instead(lambda q: b"\4evil" + section_of(q)), (TIMEOUT,)),
    "wrong type": Case(instead(lambda q: section_of(q)[:-4] + b"\0\xfa\0\1"), (TIMEOUT,)),
    "wrong class": Case(instead(lambda q: section_of(q)[:-2] + b"\0\3"), (TIMEOUT,)),
    "wrong case": Case(one(flipped_case), (TIMEOUT,)),
    "two questions": Case(one(lambda q: reply(q, WHOLE, counts=(2, 1, 0, 0))), (TIMEOUT,)),
    "the question back": Case(one(lambda q: q), (TIMEOUT,)),
    "not a reply": Case(one(lambda q: good(q)[:2] + b"\4" + good(q)[3:]), (TIMEOUT,)),
    "garbage": Case(one(lambda q: b"HTTP/1.1 400 Bad Request\r\n\r\n"), (TIMEOUT,)),
    "an update": Case(one(lambda q: reply(q, WHOLE, flags=5 << 11)), (ANSWER, MALFORMED)),
    "an opcode nobody has": Case(one(lambda q: reply(q, WHOLE, flags=15 << 11)), (ANSWER, MALFORMED)),
    "a flood of forgeries, then the truth": Case(
        lambda q: [bytes([q[0] ^ 1]) + good(q)[1:]] * 20 + [reply(q, WHOLE[:-2])] * 30 + [good(q)], (ANSWER,)
    ),
    "a flood of broken ones": Case(lambda q: [reply(q, WHOLE[:-2])] * 50, (MALFORMED,)),
    # Counts and lengths
    "65,535 answers that are not there": Case(of(counts=(1, 65535, 0, 0)), (MALFORMED,)),
    "65,535 authorities that are not there": Case(of(WHOLE, counts=(1, 1, 65535, 0)), (MALFORMED,)),
    "65,535 additions that are not there": Case(of(WHOLE, counts=(1, 1, 0, 65535)), (MALFORMED,)),
    "more than it says": Case(of(WHOLE, WHOLE, WHOLE, counts=(1, 1, 0, 0)), (ANSWER,)),
    "trailing octets": Case(one(lambda q: good(q) + b"\xff" * 400), (ANSWER,)),
    "cut in an owner": Case(of(b"\xc0", counts=(1, 1, 0, 0)), (MALFORMED,)),
    "cut in an answer's head": Case(of(WHOLE[:7]), (MALFORMED,)),
    "cut in an answer's data": Case(of(WHOLE[:-3]), (MALFORMED,)),
    "cut in the authority": Case(of(WHOLE, authority=(record("SOA", SOA)[:-5],)), (MALFORMED,)),
    "cut in the additions": Case(of(WHOLE, additional=(WHOLE[:-9],)), (MALFORMED,)),
    "data longer than the message": Case(of(record("AAAA", AAAA, length=65535)), (MALFORMED,)),
    "an IPv6 address of 3 octets": Case(of(record("AAAA", b"\1\2\3")), (MALFORMED,)),
    "an IPv6 address of none": Case(of(record("AAAA", b"")), (MALFORMED,)),
    "an IPv4 address of 16 octets": Case(of(record("A", AAAA)), (MALFORMED,)),
    # Names
    "a pointer to itself": Case(
        one(lambda q: reply(q, record("AAAA", AAAA, struct.pack("!H", 0xC000 | 12 + len(section_of(q)))))), (MALFORMED,)
    ),
    "a pointer forwards": Case(of(record("AAAA", AAAA, b"\xc0\xff")), (MALFORMED,)),
    "a pointer past the end": Case(of(record("AAAA", AAAA, b"\xff\xff")), (MALFORMED,)),
    "a pointer into the header": Case(of(record("AAAA", AAAA, b"\xc0\x00")), (ANSWER, MALFORMED)),
    "a tower of pointers": Case(one(tower), (ANSWER, MALFORMED)),
    "a label of type 01": Case(of(record("AAAA", AAAA, b"\x41a\0")), (MALFORMED,)),
    "a label of type 10": Case(of(record("AAAA", AAAA, b"\x81a\0")), (MALFORMED,)),
    "255 octets of name": Case(of(record("CNAME", LONGEST)), (ANSWER,)),
    "127 labels": Case(of(record("CNAME", MOST_LABELS), record("AAAA", AAAA, MOST_LABELS)), (ANSWER,)),
    "257 octets of name": Case(of(record("CNAME", TOO_LONG)), (MALFORMED,)),
    "dots in labels": Case(of(record("CNAME", DOTS), record("MX", b"\0\1" + DOTS), record("NS", DOTS)), (ANSWER,)),
    "NULs in labels": Case(of(record("CNAME", NULS), record("NS", NULS)), (ANSWER,)),
    "escape sequences in labels": Case(of(record("CNAME", ESCAPES), record("NS", ESCAPES), record("PTR", ESCAPES)), (ANSWER,)),
    "markup in labels": Case(of(record("CNAME", MARKUP), record("MX", b"\0\1" + MARKUP)), (ANSWER,)),
    "high octets in labels": Case(of(record("CNAME", HIGH), record("NS", HIGH)), (ANSWER,)),
    "spaces and quotes in labels": Case(of(record("MX", b"\0\1" + SPACES), record("NS", SPACES)), (ANSWER,)),
    "the root as every name": Case(of(record("CNAME", b"\0"), record("MX", b"\0\0\0"), record("NS", b"\0")), (ANSWER,)),
    # Aliases
    "an alias to itself": Case(of(record("CNAME", POINTER)), (ANSWER,)),
    "aliases in a circle": Case(of(record("CNAME", name("b.vn")), record("CNAME", POINTER, name("b.vn"))), (ANSWER,)),
    "an alias and other data": Case(of(record("CNAME", name("b.vn")), WHOLE), (ANSWER,)),
    "two aliases of one name": Case(of(record("CNAME", name("b.vn")), record("CNAME", name("c.vn"))), (ANSWER,)),
    "300 aliases": Case(chain(300), (ANSWER,)),
    "800 aliases": over_tcp(chain(800)),
    "a DNAME": Case(of(record("DNAME", name("b.vn"), name("vn")), record("CNAME", name("a.b.vn"))), (ANSWER,)),
    "an alias of another class": Case(of(record("CNAME", name("b.vn"), rdclass=3)), (ANSWER,)),
    # Classes, TTLs, rcodes
    "records of another class": Case(
        of(record("AAAA", b"\1\2\3\4", rdclass=3), record("TXT", b"\1x", rdclass=255)), (ANSWER, MALFORMED)
    ),
    "a TTL of 2^31": Case(of(record("AAAA", AAAA, ttl=1 << 31)), (ANSWER,)),
    "a TTL of 2^32-1": Case(of(record("AAAA", AAAA, ttl=(1 << 32) - 1)), (ANSWER,)),
    "TTLs that differ": Case(of(record("AAAA", AAAA, ttl=0), record("AAAA", AAAA[::-1], ttl=9)), (ANSWER,)),
    "an rcode nobody has": Case(of(flags=14), (ANSWER,)),
    "FORMERR always": Case(of(flags=1), (ANSWER,)),
    "NOTIMP always": Case(of(flags=4), (ANSWER,)),
    "SERVFAIL always": Case(of(flags=2), (ANSWER,)),
    "REFUSED always": Case(of(flags=5), (ANSWER,)),
    "NXDOMAIN with data": Case(of(WHOLE, flags=AUTHORITATIVE | 3), (ANSWER,)),
    # EDNS
    "OPT twice": Case(of(WHOLE, additional=(opt(), opt())), (MALFORMED,)),
    "OPT among the answers": Case(of(opt()), (MALFORMED,)),
    "OPT with a name": Case(of(WHOLE, additional=(opt(owner=name("a.vn")),)), (MALFORMED,)),
    "OPT of another version": Case(of(WHOLE, additional=(opt(version=255),)), (ANSWER,)),
    "BADVERS always": Case(of(additional=(record(41, b"", b"\0", ttl=1 << 24, rdclass=1232),)), (ANSWER,)),
    "an option longer than OPT": Case(of(WHOLE, additional=(opt(struct.pack("!HH", 15, 500) + b"\0\1"),)), (MALFORMED,)),
    "OPT longer than the message": Case(of(WHOLE, additional=(opt(b"\0\1", length=9000),)), (MALFORMED,)),
    "60,000 octets of options": over_tcp(of(WHOLE, additional=(opt(struct.pack("!HH", 65001, 60_000) + bytes(60_000)),))),
    "60,000 octets of error": over_tcp(of(additional=(opt(error(b"x\x1b[31m\n" * 7_500)),), flags=2)),
    "3,000 errors": over_tcp(of(additional=(opt(error(b"", 22) * 3_000),), flags=2)),
    "an error that is no UTF-8": Case(of(additional=(opt(error(b"\xff\xfe\x80")),), flags=2), (ANSWER, MALFORMED)),
    "an error with NULs": Case(of(additional=(opt(error(b"a\0b\x1b]0;x\7\0\0")),), flags=2), (ANSWER,)),
    "an error of one octet": Case(of(additional=(opt(struct.pack("!HH", 15, 1) + b"\1"),), flags=2), (MALFORMED,)),
    "odd options": Case(
        of(WHOLE, additional=(opt(struct.pack("!HH", 8, 3) + b"\0\1\xff" + struct.pack("!HH", 10, 1) + b"x"),)),
        (ANSWER, MALFORMED),
    ),
    # DNSSEC
    "a signature that ends before it begins": Case(signed(expires=1, begins=(1 << 32) - 1), (ANSWER,)),
    "a signature of 1970": Case(signed(expires=0, begins=0), (ANSWER,)),
    "a signature until 2106": Case(signed(expires=(1 << 32) - 1), (ANSWER,)),
    "a signature over 255 labels": Case(signed(labels=255), (ANSWER,)),
    "a signature of no octets": Case(signed(octets=b""), (ANSWER,)),
    "a signature of an algorithm nobody has": Case(signed(algorithm=253, octets=b"\0"), (ANSWER,)),
    "a signature over signatures": Case(
        one(lambda q: reply(q, signature(46, zone_of(q)), signature(0, zone_of(q)))), (ANSWER,)
    ),
    "a signature over nothing": Case(one(lambda q: reply(q, signature(65280, zone_of(q)))), (ANSWER,)),
    "a signature cut": Case(of(record(46, b"\0\1\10\2" + bytes(9))), (MALFORMED,)),
    "500 signatures": over_tcp(
        one(lambda q: reply(q, WHOLE, *(signature(28, zone_of(q), octets=struct.pack("!I", i)) for i in range(500))))
    ),
    "a key of 30,000 octets": over_tcp(signed(key(b"\3\1\0\1" + b"\xff" * 30_000))),
    "a key of zeros": Case(signed(key(bytes(300))), (ANSWER,)),
    "a key of one octet": Case(signed(key(b"\0")), (ANSWER,)),
    "a key with a length that lies": Case(signed(key(b"\0\xff\xff\1")), (ANSWER,)),
    "a key of none": Case(of(key(b"")), (ANSWER, MALFORMED)),
    "keys of every algorithm": Case(of(*(key(b"\1\3" + b"\xff" * 20, number) for number in range(256))), (ANSWER,)),
    "500 keys": over_tcp(of(*(key(struct.pack("!BBI", 1, 3, i) + bytes(30), 13, 256) for i in range(500)))),
    "KeyTrap": over_tcp(one(key_trap)),
    "NSEC3 with 65,535 iterations": Case(nsec3(65535), (ANSWER,)),
    "NSEC3 with a salt of 255": Case(nsec3(0, b"s" * 255), (ANSWER,)),
    "NSEC3 cut": Case(nsec3(0, cut=True), (MALFORMED,)),
    "NSEC3 parameters without end": Case(
        of(record("NSEC3PARAM", struct.pack("!BBHB", 255, 255, 65535, 255) + b"s" * 255)), (ANSWER,)
    ),
    "NSEC with windows the wrong way": Case(of(authority=(record("NSEC", name("z.vn") + b"\5\1\x40\1\1\x40"),)), (MALFORMED,)),
    "a DS of 3 octets": Case(of(record("DS", struct.pack("!HBB", 1, 8, 2) + b"abc")), (MALFORMED,)),
    "a DS without a digest": Case(of(record("DS", struct.pack("!HBB", 1, 8, 255))), (ANSWER,)),
    "a DS of type 0": Case(of(record("DS", struct.pack("!HBB", 1, 8, 0) + b"abc")), (MALFORMED,)),
    "500 DS": over_tcp(of(*(record("DS", struct.pack("!HBB", i, 8, 2) + bytes(32)) for i in range(500)))),
    "CDS delete and add": Case(
        of(record("CDS", b"\0\0\0\0\0"), record("CDS", struct.pack("!HBB", 1, 8, 2) + bytes(32))), (ANSWER,)
    ),
    # Services and texts
    "SVCB parameters out of order": Case(svcb(param(4, bytes(4)) + param(1, b"\2h2")), (MALFORMED,)),
    "an SVCB parameter twice": Case(svcb(param(1, b"\2h2") * 2), (MALFORMED,)),
    "an SVCB parameter that lies": Case(svcb(param(1, b"\2h2", 500)), (MALFORMED,)),
    "an SVCB hint of 15 octets": Case(svcb(param(6, bytes(15))), (MALFORMED,)),
    "an SVCB without a mandatory key": Case(svcb(param(0, b"\0\1")), (MALFORMED,)),
    "an SVCB alias with parameters": Case(svcb(param(1, b"\2h2"), 0, name("b.vn")), (ANSWER, MALFORMED)),
    "an SVCB alias to itself": Case(svcb(b"", 0, b"\0"), (ANSWER,)),
    "an SVCB alias to markup": Case(svcb(b"", 0, MARKUP), (ANSWER,)),
    "500 SVCB hints": over_tcp(svcb(param(6, AAAA * 500))),
    "a TXT that lies": Case(of(record("TXT", b"\xffabc")), (MALFORMED,)),
    "a CAA that lies": Case(of(record("CAA", b"\0\xffissue")), (MALFORMED,)),
    "a CAA of control characters": Case(of(record("CAA", b"\x80\5issue\x1b[2J\0\xff\n;")), (ANSWER,)),
    "an MX to nowhere": Case(of(record("MX", b"\0")), (MALFORMED,)),
    "300 MX": over_tcp(of(*(record("MX", struct.pack("!H", i) + name(f"mx{i}.vn")) for i in range(300)))),
    "a SOA cut": Case(of(authority=(record("SOA", SOA[:-6]),)), (MALFORMED,)),
    "500 SOA": Case(of(*(record("SOA", SOA[:-4] + struct.pack("!I", i)) for i in range(500))), (ANSWER,)),
    "the SOA of another zone": Case(of(authority=(record("SOA", SOA, name("evil.vn")),)), (ANSWER,)),
    "an odd LOC": Case(of(record("LOC", b"\0\xff\xff\xff" + b"\xff" * 12)), (ANSWER, MALFORMED)),
    "30,000 octets of an unknown type": over_tcp(of(record(65280, bytes(30_000)))),
    "1,000 texts": over_tcp(of(*(record("TXT", b"\4" + struct.pack("!I", i)) for i in range(1000)))),
    # Delegations
    "an upward referral": Case(referral(lambda q: b"\0", (name("a.root-servers.net"),)), (ANSWER,)),
    "a referral to itself": Case(referral(zone_of, (b"\3ns1\2vn\0",)), (ANSWER,)),
    "a referral below the question": Case(referral(deeper, (b"\2ns\2vn\0",)), (ANSWER,)),
    "a referral to the question": Case(
        one(lambda q: referral(asked_name, (b"\2ns" + asked_name(q),), record("AAAA", AAAA, b"\2ns" + asked_name(q)))(q)[0]),
        (ANSWER,),
    ),
    "two zones referred to": Case(
        of(authority=(record("NS", b"\1a\0", b"\2vn\0"), record("NS", b"\1b\0", b"\3com\0")), flags=0), (ANSWER,)
    ),
    "glue of others": Case(
        one(lambda q: referral(zone_of, (name("www.google.com"),), record("AAAA", AAAA, name("www.google.com")))(q)[0]),
        (ANSWER,),
    ),
    "glue of special addresses": Case(one(special_glue), (ANSWER,)),
    "400 servers": Case(one(lambda q: reply(q, *(record("NS", name(f"n{i}.vn")) for i in range(400)))), (ANSWER,)),
    "400 servers referred to": Case(referral(zone_of, tuple(name(f"n{i}.evil.vn") for i in range(400))), (ANSWER,)),
    "2,300 addresses of one server": over_tcp(of(authority=(record("NS", POINTER, b"\2vn\0"),), additional=ADDRESSES, flags=0)),
    # Amounts
    "2,300 addresses": over_tcp(of(*ADDRESSES)),
    "60,000 octets over UDP": Case(of(record("TXT", (b"\xff" + b"x" * 255) * 230)), (ANSWER,)),
    "20,000 octets over UDP, cut": Case(one(lambda q: reply(q, *ADDRESSES[:700])[:-3]), (MALFORMED,)),
    # TCP
    "truncated, and TCP too": talking(again_truncated, ANSWER),
    "truncated, and TCP is mute": talking(mute, TIMEOUT),
    "truncated, and TCP is reset": talking(breaking, RESET),
    "octet by octet": talking(drip, ANSWER),
    "endless octets": talking(endless, TIMEOUT),
    "a flood over TCP": talking(flood, ANSWER),
    "closed at once": talking(saying(lambda q: b""), RESET),
    "closed in the length": talking(saying(lambda q: b"\0"), RESET),
    "closed in the message": talking(saying(lambda q: framed(good(q))[:-5]), RESET),
    "a length of nothing": talking(saying(lambda q: b"\0\0"), PROTOCOL),
    "a length that is too large": talking(saying(lambda q: b"\xff\xff" + good(q)), RESET),
    "a length that is too small": talking(saying(lambda q: b"\0\x14" + good(q)), PROTOCOL),
    "another id over TCP": talking(saying(lambda q: framed(bytes([q[0] ^ 1]) + good(q)[1:])), PROTOCOL),
    "the web over TCP": talking(saying(lambda q: b"HTTP/1.1 400 Bad Request\r\n\r\n"), RESET, PROTOCOL),
    "TLS over TCP": talking(saying(lambda q: bytes.fromhex("150301000202") + b"\x46"), RESET, PROTOCOL),
    "a broken message over TCP": talking(saying(lambda q: framed(reply(q, WHOLE[:-2]))), MALFORMED),
}
