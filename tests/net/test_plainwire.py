"""The quick reader of DNS replies against dnspython: it gives the same answer, or leaves the message alone."""

import random

import dns.message
import pytest
from dns.edns import EDEOption, GenericOption

from ipv6check.facts import Answer
from ipv6check.net import plainwire, wire

NAME = "www.so1.hanoi.gov.vn"
HEAD = f"id 1\nopcode QUERY\nrcode NOERROR\nflags QR AA\nedns 0\npayload 1232\n;QUESTION\n{NAME}. IN AAAA\n"
SIGNED = "13 5 300 20270101000000 20260101000000 1 Hanoi.gov.vn. AAAA"
BODIES = {
    "answer": f""";ANSWER
{NAME}. 300 IN AAAA 2400:1::1
{NAME}. 299 IN AAAA ::ffff:1.2.3.4
{NAME}. 300 IN RRSIG AAAA {SIGNED}
;AUTHORITY
hanoi.gov.vn. 300 IN NS NS1.hanoi.gov.vn.
hanoi.gov.vn. 300 IN NS ns2.hanoi.gov.vn.
;ADDITIONAL
ns1.hanoi.gov.vn. 300 IN A 11.0.0.1
ns1.hanoi.gov.vn. 300 IN AAAA 2400::1
ns2.hanoi.gov.vn. 300 IN A 11.0.0.2
""",
    "aliases": f";ANSWER\n{NAME}. 300 IN CNAME A.cdn.vn.\na.cdn.vn. 20 IN CNAME .\n. 10 IN AAAA 2400::1\n",
    "loop": f";ANSWER\n{NAME}. 300 IN CNAME a.vn.\na.vn. 300 IN CNAME {NAME}.\n",
    "denial": f""";AUTHORITY
hanoi.gov.vn. 300 IN SOA ns1.hanoi.gov.vn. root.Hanoi.gov.vn. 1 2 3 4 5
hanoi.gov.vn. 300 IN RRSIG AAAA {SIGNED}
{NAME}. 300 IN NSEC zz.hanoi.gov.vn. A RRSIG NSEC
so1.hanoi.gov.vn. 300 IN DS 1 13 2 {"00" * 32}
""",
    "odd-name": ";ANSWER\na\\.b.vn. 300 IN AAAA 2400::1\n",
    "other-class": f";ANSWER\n{NAME}. 300 CH TXT x\n",
}
REPLIES = {name: dns.message.from_text(HEAD + body).to_wire() for name, body in BODIES.items()}

ERRORS = [EDEOption(20, "không phục vụ"), EDEOption(22), GenericOption(3, b"NSID"), EDEOption(49152)]
REFUSED = dns.message.from_text(HEAD)
REFUSED.use_edns(0, options=ERRORS)
REPLIES["errors"] = REFUSED.to_wire()

LEFT_ALONE = {"odd-name", "other-class"}
CHANGED = 4_000


def by_dnspython(message: bytes, rdtype: str) -> Answer | None:
    try:
        return wire.read_any(message, NAME, rdtype)
    except wire.Malformed:
        return None


@pytest.mark.parametrize("rdtype", ["AAAA", "A", "NS", "SOA", "CNAME", "NSEC", "RRSIG"])
@pytest.mark.parametrize("name", REPLIES)
def test_it_says_what_dnspython_says_or_nothing(name: str, rdtype: str) -> None:
    said = plainwire.read(REPLIES[name], NAME, rdtype)
    if name in LEFT_ALONE or rdtype == "RRSIG":
        assert said is None
    else:
        assert said == wire.read_any(REPLIES[name], NAME, rdtype)


@pytest.mark.parametrize("rdtype", ["NS", "SOA"])
def test_the_apex_is_read(rdtype: str) -> None:
    body = ";ANSWER\nhanoi.gov.vn. 300 IN SOA ns1.Hanoi.vn. root.vn. 1 2 3 4 5\nhanoi.gov.vn. 300 IN NS NS1.Hanoi.vn.\n"
    message = dns.message.from_text(HEAD + body).to_wire()
    said = plainwire.read(message, "Hanoi.gov.vn", rdtype)
    assert said is not None
    assert said == wire.read_any(message, "Hanoi.gov.vn", rdtype)
    assert said.records


def test_extended_errors_are_read() -> None:
    said = plainwire.read(REPLIES["errors"], NAME, "AAAA")
    assert said is not None
    assert [error.partition(" (")[0] for error in said.extended_errors] == ["EDE 20", "EDE 22", "EDE 49152"]


def test_names_in_records_have_no_case() -> None:
    message = dns.message.from_text(HEAD + f";ANSWER\n{NAME}. 300 IN SOA Ns1.Hanoi.vn. Root.vn. 1 2 3 4 5\n").to_wire()
    for read in (wire.read, wire.read_any):
        assert read(message, NAME, "SOA").records == ("ns1.hanoi.vn. root.vn. 1 2 3 4 5",)


def test_what_is_cut_off_is_left_alone_or_read_alike() -> None:
    for message in REPLIES.values():
        for length in range(len(message)):
            said = plainwire.read(message[:length], NAME, "AAAA")
            assert said is None or said == by_dnspython(message[:length], "AAAA")


def test_what_is_changed_at_random_is_left_alone_or_read_alike() -> None:
    chance, read = random.Random(1035), 0
    for _ in range(CHANGED):
        message = bytearray(chance.choice(list(REPLIES.values())))
        for _ in range(chance.choice((1, 1, 2, 8))):
            message[chance.randrange(2, len(message))] = chance.choice((0, 1, 0xC0, 0xFF, chance.randrange(256)))
        said = plainwire.read(bytes(message), NAME, "AAAA")
        read += said is not None
        assert said is None or said == by_dnspython(bytes(message), "AAAA"), bytes(message)
    assert read > CHANGED / 10, "hardly anything was read"


def test_pointers_without_end_are_left_alone() -> None:
    head = plainwire.HEADER.pack(1, 0x8000, 0, 1, 0, 0)
    chain = b"\1a\0" + b"".join(b"\1b" + (0xC000 | at).to_bytes(2, "big") for at in (12, *range(15, 8000, 4)))
    record = (0xC000 | (12 + len(chain) - 4)).to_bytes(2, "big") + plainwire.RECORD.pack(1, 1, 0, 4) + bytes(4)
    assert plainwire.read(head + chain + record, NAME, "A") is None
    looped = head + b"\xc0\x0c" + plainwire.RECORD.pack(1, 1, 0, 4) + bytes(4)
    assert plainwire.read(looped, NAME, "A") is None
