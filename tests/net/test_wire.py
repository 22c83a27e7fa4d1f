"""DNS messages: what we send is what dnspython would, and nothing that comes back can raise but `Malformed`."""

import os
import random
import struct
import time
from collections import Counter
from contextlib import suppress

import dns.dnssec
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from ipv6check.facts import Answer
from ipv6check.net import wire
from ipv6check.net.dnssec import SignatureReader, read_keys, read_signers
from tests.net.stubs import answer

NAME = "www.so-hoa-sen.hanoi.gov.vn"
TYPES = (
    *("A", "AAAA", "NS", "SOA", "MX", "CNAME", "DS", "DNSKEY", "TXT", "CAA", "HTTPS", "TLSA", "PTR"),
    *("CDS", "CDNSKEY", "NSEC3PARAM"),
)


# Questions


@pytest.mark.parametrize("rdtype", TYPES)
@pytest.mark.parametrize("name", [NAME, "vn", ".", "a.b", "x" * 63 + ".vn", "đẹp.vn", r"a\.b.vn", r"a\000b.vn", "_dmarc.a.vn"])
def test_a_query_is_what_dnspython_would_send(name: str, rdtype: str) -> None:
    ours = wire.query(wire.question(name, rdtype), 4711, recursion=True)
    theirs = dns.message.make_query(name, rdtype, use_edns=0, payload=1232, want_dnssec=True, id=4711)
    assert ours == theirs.to_wire()


@pytest.mark.parametrize("recursion", [True, False])
@pytest.mark.parametrize("checking_disabled", [True, False])
@pytest.mark.parametrize("edns", [True, False])
def test_flags_of_a_query(recursion: bool, checking_disabled: bool, edns: bool) -> None:
    message = wire.query(wire.question(NAME, "A"), 1, recursion=recursion, checking_disabled=checking_disabled, edns=edns)
    read = dns.message.from_wire(message)
    assert bool(read.flags & dns.flags.RD) is recursion
    assert bool(read.flags & dns.flags.CD) is checking_disabled
    assert not read.flags & (dns.flags.AD | dns.flags.QR | dns.flags.AA | dns.flags.TC)
    assert read.opcode() == dns.opcode.QUERY
    assert (read.edns, read.payload, bool(read.ednsflags & dns.flags.DO)) == ((0, 1232, True) if edns else (-1, 0, False))


@given(st.integers(0, 2**wire.CASE_BITS - 1), st.sampled_from([NAME, "a.vn", "0-9.Example"]))
def test_case_bits_change_the_case_and_nothing_else(bits: int, name: str) -> None:
    plain, mixed = wire.question(name, "AAAA"), wire.question(name, "AAAA", bits)
    assert len(plain) == len(mixed)
    assert plain[:-4].lower() == mixed[:-4].lower()
    assert plain[-4:] == mixed[-4:]
    assert dns.name.from_wire(mixed, 0)[0] == dns.name.from_text(name)


def test_all_case_bits_make_all_letters_large() -> None:
    assert wire.question("a-1.vn", "A", 2**wire.CASE_BITS - 1)[:-4] == b"\x03A-1\x02VN\x00"


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".vn", ".".join(["abcdefg"] * 40), "a\\", "\\999", "\ud800.vn", "a.b.."])
def test_what_is_no_name_is_malformed(name: str) -> None:
    with pytest.raises(wire.Malformed):
        wire.question(name, "A")


# Is it the reply?

EVERY_OTHER = int("00ff" * (wire.CASE_BITS // 16), 16)
"""Case bits that make some letters large."""

SECTION = wire.question(NAME, "A", EVERY_OTHER)
assert SECTION.lower() != SECTION != wire.question(NAME, "A")
QUERY = wire.query(SECTION, 777, recursion=False)
REPLY = answer(QUERY, "11.0.0.1")


def changed(at: int, octets: bytes) -> bytes:
    return REPLY[:at] + octets + REPLY[at + len(octets) :]


def test_the_reply_is_recognised() -> None:
    assert wire.answers(REPLY, 777, SECTION)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        REPLY[:11],
        REPLY[:30],
        QUERY,
        changed(0, b"\x00\x00"),
        changed(2, b"\x00"),
        changed(4, b"\x00\x02"),
        changed(4, b"\x00\x00"),
        changed(13, b"X"),
        REPLY[:12] + SECTION[:-4].lower() + REPLY[12 + len(SECTION) - 4 :],
        answer(wire.query(wire.question("other.vn", "A"), 777, recursion=False), "11.0.0.1"),
        answer(wire.query(wire.question(NAME, "AAAA", EVERY_OTHER), 777, recursion=False)),
        REPLY[: 12 + len(SECTION) - 2] + b"\x00\x03" + REPLY[12 + len(SECTION) :],
    ],
    ids=range(13),
)
def test_what_is_not_the_reply_is_told(message: bytes) -> None:
    assert not wire.answers(message, 777, SECTION)


@pytest.mark.parametrize(("rcode", "taken"), [(0, False), (1, True), (2, True), (4, True), (5, True)])
def test_an_error_may_leave_the_question_out(rcode: int, taken: bool) -> None:
    bare = struct.pack("!6H", 777, 0x8000 | rcode, 0, 0, 0, 0)
    assert wire.answers(bare, 777, SECTION) is taken


# What it says


def message(text: str) -> bytes:
    return dns.message.from_text(text).to_wire()


HEAD = "id 1\nopcode QUERY\nrcode {rcode}\nflags {flags}\nedns 0\npayload 1232\n;QUESTION\n" + NAME + ". IN A\n"


def read(body: str, rcode: str = "NOERROR", flags: str = "QR", rdtype: str = "A", name: str = NAME) -> Answer:
    return wire.read(message(HEAD.format(rcode=rcode, flags=flags) + body), name, rdtype)


def test_an_answer_at_the_end_of_aliases() -> None:
    said = read(f""";ANSWER
{NAME}. 300 IN CNAME A.Cdn.Example.
a.cdn.example. 200 IN CNAME b.cdn.example.
b.cdn.example. 100 IN A 11.0.0.1
b.cdn.example. 100 IN A 11.0.0.2
other.example. 100 IN A 11.0.0.3
""")
    assert said.aliases == ("a.cdn.example", "b.cdn.example")
    assert sorted(said.records) == ["11.0.0.1", "11.0.0.2"]
    assert said.ttl == 100
    assert not said.signed


def test_a_chain_that_bites_its_tail_ends() -> None:
    said = read(f";ANSWER\n{NAME}. 1 IN CNAME b.vn.\nb.vn. 1 IN CNAME {NAME}.\n")
    assert len(said.aliases) == wire.CHAIN_LIMIT
    assert said.records == ()


def test_a_long_chain_is_followed_to_the_limit() -> None:
    links = "".join(f"l{i}.vn. 1 IN CNAME l{i + 1}.vn.\n" for i in range(50))
    said = read(f";ANSWER\n{NAME}. 1 IN CNAME l0.vn.\n{links}l50.vn. 1 IN A 11.0.0.1\n")
    assert len(said.aliases) == wire.CHAIN_LIMIT
    assert said.records == ()


@pytest.mark.parametrize("flag", ["AA", "AD", "TC", "RA"])
def test_flags_of_an_answer(flag: str) -> None:
    said = read("", flags=f"QR {flag}")
    got = {"AA": said.authoritative, "AD": said.authenticated, "TC": said.truncated, "RA": said.recursion_available}
    assert {name for name, is_set in got.items() if is_set} == {flag}


@pytest.mark.parametrize("rcode", ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "NOTAUTH"])
def test_rcodes(rcode: str) -> None:
    assert read("", rcode=rcode).rcode == rcode


def test_an_extended_rcode() -> None:
    reply = dns.message.make_response(dns.message.from_wire(QUERY))
    reply.set_rcode(dns.rcode.BADVERS)
    assert wire.read(reply.to_wire(), NAME, "A").rcode == "BADVERS"


def test_a_referral_with_glue() -> None:
    said = read(""";AUTHORITY
Hanoi.gov.vn. 300 IN NS NS1.hanoi.gov.vn.
hanoi.gov.vn. 300 IN NS ns2.example.
;ADDITIONAL
ns1.hanoi.gov.vn. 300 IN A 11.0.0.1
ns1.hanoi.gov.vn. 300 IN AAAA 2400:1::1
""")
    assert (said.referral, set(said.referral_servers)) == ("hanoi.gov.vn", {"ns1.hanoi.gov.vn", "ns2.example"})
    assert set(said.glue) == {("ns1.hanoi.gov.vn", "11.0.0.1"), ("ns1.hanoi.gov.vn", "2400:1::1")}


def test_a_denial_names_the_zone() -> None:
    said = read(";AUTHORITY\nhanoi.gov.vn. 300 IN SOA ns. root. 1 2 3 4 5\n", rcode="NXDOMAIN", flags="QR AA")
    assert (said.soa, said.records, said.ttl, said.referral) == ("hanoi.gov.vn", (), None, "")


def test_the_root_is_a_dot() -> None:
    assert read(";AUTHORITY\n. 300 IN SOA ns. root. 1 2 3 4 5\n").soa == "."


def test_signatures_are_seen() -> None:
    rrsig = "RRSIG A 13 4 300 20270101000000 20260101000000 1 hanoi.gov.vn. AAAA"
    assert read(f";ANSWER\n{NAME}. 300 IN A 11.0.0.1\n{NAME}. 300 IN {rrsig}\n").signed


def test_extended_errors_are_kept() -> None:
    reply = dns.message.make_response(dns.message.from_wire(QUERY))
    reply.use_edns(0, 0, 1232, options=[dns.edns.EDEOption(9, "no DNSKEY\x1b[31m"), dns.edns.EDEOption(22)])
    said = wire.read(reply.to_wire(), NAME, "A")
    assert [error.split(" ")[:2] for error in said.extended_errors] == [["EDE", "9"], ["EDE", "22"]]
    assert "\x1b" not in "".join(said.extended_errors)


def test_hostile_names_are_written_escaped() -> None:
    said = read(f";ANSWER\n{NAME}. 1 IN CNAME a\\000<b\\027\\255.\\.example.\n")
    assert said.aliases == (r"a\000<b\027\255.\.example",)


def test_what_belongs_to_another_class_or_name_is_no_answer() -> None:
    assert read(f";ANSWER\n{NAME}. 300 CH TXT x\n", rdtype="TXT").records == ()
    assert read(";ANSWER\nother.vn. 300 IN A 11.0.0.1\n").records == ()


def test_the_same_message_is_kept_whole() -> None:
    said = wire.read(REPLY, NAME, "A")
    assert (said.size, said.records) == (len(REPLY), ("11.0.0.1",))


# Broken ones

MUTATIONS = int(os.environ.get("IPV6TEST_MUTATIONS", "10000"))
"""Messages broken at random; set the variable IPV6TEST_MUTATIONS for more (100000 before a release)."""

ZONE = "hanoi.gov.vn"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = dns.dnssec.make_dnskey(PRIVATE.public_key(), 13, 257)
KEYS = read_keys(Answer(rcode="NOERROR", records=(KEY.to_text(),)))


def signed(*texts: str) -> str:
    """Some records, and what the zone's key signs of each set."""
    words = (text.split(" ", 2) for text in texts)
    sets = [dns.rrset.from_text(owner, 300, "IN", rdtype, rdata) for owner, rdtype, rdata in words]
    owner, begin, end = dns.name.from_text(ZONE), "20261101000000", "20261201000000"
    made = [(one, dns.dnssec.sign(one, PRIVATE, owner, KEY, inception=begin, expiration=end)) for one in sets]
    return "".join(f"{one}\n{one.name} 300 IN RRSIG {signature}\n" for one, signature in made)


def seeds() -> list[bytes]:
    """Proper messages of many shapes to break."""
    bodies = [
        f";ANSWER\n{NAME}. 300 IN A 11.0.0.1\n",
        f";ANSWER\n{NAME}. 300 IN CNAME b.vn.\nb.vn. 300 IN AAAA 2400:1::1\n",
        ";AUTHORITY\nhanoi.gov.vn. 300 IN NS ns1.hanoi.gov.vn.\n;ADDITIONAL\nns1.hanoi.gov.vn. 300 IN AAAA 2400:1::1\n",
        ";AUTHORITY\nhanoi.gov.vn. 300 IN SOA ns. root. 1 2 3 4 5\n",
        f';ANSWER\n{NAME}. 300 IN TXT "v=spf1 -all" "\\255"\n{NAME}. 300 IN MX 10 mx.vn.\n{NAME}. 300 IN CAA 0 issue "ca.vn"\n',
        f";ANSWER\n{NAME}. 300 IN HTTPS 1 . alpn=h2 ipv6hint=2400:1::1\n{NAME}. 300 IN DS 1 13 2 {'ab' * 32}\n",
        ";ANSWER\n" + signed(f"{ZONE}. DNSKEY {KEY}", f"{ZONE}. CDNSKEY {KEY}", f"{ZONE}. DS 1 13 2 {'ab' * 32}"),
        ";ANSWER\n" + signed(f"{NAME}. AAAA 2400:1::1", f"{NAME}. A 11.0.0.1", f"{NAME}. MX 10 mx.{ZONE}."),
        ";ANSWER\n" + signed(f"{NAME}. NSEC3PARAM 1 0 10 ab", f"{NAME}. CDS 0 0 0 00", f"{NAME}. TLSA 3 1 1 {'cd' * 32}"),
        ";AUTHORITY\n" + signed(f"{ZONE}. SOA ns. root. 1 2 3 4 5", f"a.{ZONE}. NSEC x.{ZONE}. A RRSIG"),
        ";AUTHORITY\n"
        + signed(f"{ZONE}. SOA ns. root. 1 2 3 4 5", f"{'0' * 32}.{ZONE}. NSEC3 1 0 65535 ab {'1' * 32} A RRSIG"),
        f";ANSWER\n{NAME}. 300 IN SVCB 0 a.vn.\n{NAME}. 300 IN PTR b.vn.\n{NAME}. 300 IN HTTPS 2 b.vn. port=8443 key99=x\n",
        f';ANSWER\n{NAME}. 300 IN LOC 21 0 0.000 N 105 0 0.000 E 10m\n{NAME}. 300 IN NAPTR 1 1 "s" "x" "" .\n',
    ]
    made = [message(HEAD.format(rcode="NOERROR", flags="QR AA") + body) for body in bodies]
    with_errors = dns.message.make_response(dns.message.from_wire(QUERY))
    with_errors.use_edns(0, 0, 1232, options=[dns.edns.EDEOption(9, "đã hỏng"), dns.edns.ECSOption("2400:1::")])
    return [*made, with_errors.to_wire()]


def mutated(made: list[bytes], chance: random.Random) -> bytes:
    """One of these messages, broken in a few places: octets, bits, pointers, counts, cuts, and pieces of another."""
    octets = bytearray(chance.choice(made))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(octets))
        match chance.randrange(8):
            case 0:
                octets[at] = chance.getrandbits(8)
            case 1:
                octets[at] ^= 1 << chance.randrange(8)
            case 2:
                octets[at : at + 2] = struct.pack("!H", 0xC000 | chance.randrange(len(octets) + 8))
            case 3:
                del octets[at : at + chance.randrange(1, 9)]
            case 4:
                octets[at:at] = bytes(chance.getrandbits(8) for _ in range(chance.randrange(1, 9)))
            case 5:
                other = chance.choice(made)
                begin = chance.randrange(len(other))
                octets[at : at + chance.randrange(60)] = other[begin : begin + chance.randrange(1, 60)]
            case 6:
                count = 4 + 2 * chance.randrange(4)
                octets[count : count + 2] = struct.pack("!H", chance.choice((0, 1, 2, 3, 255, 65535)))
            case _:
                del octets[max(at, 4) :]
        if not octets:
            return b""
    return bytes(octets)


@pytest.mark.usefixtures("no_collections")
def test_a_broken_message_is_malformed_or_an_answer() -> None:
    """And what is read of its keys and signatures raises nothing at all."""
    chance, made = random.Random(1035), seeds()
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(MUTATIONS):
        broken = mutated(made, chance)
        rdtype = TYPES[number % len(TYPES)]
        name = chance.choice((NAME, ZONE))
        began = time.process_time()
        wire.answers(broken, 1, SECTION)
        try:
            said = wire.read(broken, name, rdtype)
        except wire.Malformed:
            outcomes["malformed"] += 1
            continue
        keys = (*KEYS, *read_keys(said))
        read_signers(said, ZONE, keys) if rdtype in {"DS", "CDS"} else ()
        looked = SignatureReader(ZONE, keys).with_signatures(said, name)
        slowest = max(slowest, time.process_time() - began)
        assert isinstance(said, Answer)
        assert all(isinstance(record, str) for record in (*said.records, *said.aliases, *said.extended_errors))
        outcomes["answer"] += 1
        outcomes["with keys"] += len(keys) > 1
        outcomes["verified"] += any(signature.verifies for signature in looked.signatures)
        outcomes["not verified"] += any(signature.verifies is False for signature in looked.signatures)
    assert len(outcomes) == 5
    assert min(outcomes.values()) > MUTATIONS / 1000, outcomes
    assert slowest < 0.2


@pytest.mark.parametrize(
    "broken",
    [
        bytes.fromhex("000184000001000000000000") + b"\xc0\x0c\x00\x01\x00\x01",
        bytes.fromhex("000184000001000000000000") + b"\xc0\xff\x00\x01\x00\x01",
        bytes.fromhex("000184000001000000000000") + (b"\x3f" + b"a" * 63) * 5 + b"\x00\x00\x01\x00\x01",
        REPLY.replace(b"\x00\x04\x0b\x00\x00\x01", b"\xff\xff\x0b\x00\x00\x01"),
        REPLY[:6] + b"\xff\xff" + REPLY[8:],
        b"",
        b"\x00" * 11,
    ],
    ids=[
        "pointer to itself",
        "pointer past the end",
        "320 octets of name",
        "length of rdata",
        "65,535 answers",
        "empty",
        "short",
    ],
)
def test_known_tricks_are_malformed(broken: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.read(broken, NAME, "A")


@given(st.binary(max_size=200))
def test_any_octets_at_all(octets: bytes) -> None:
    with suppress(wire.Malformed):
        wire.read(octets, NAME, "A")
    wire.answers(octets, 1, SECTION)


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_malformed(text: str) -> None:
    with suppress(wire.Malformed):
        wire.question(text, "A")
