"""Keys, DS digests and signatures: what dnspython's own signer makes verifies, what is wrong does not, and nothing raises."""

import base64
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.RRSIG
import dns.rrset
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ipv6check.facts import Answer, Key, Signature
from ipv6check.net import dnssec, wire
from ipv6check.net.dnssec import (
    KEYS_READ,
    KEYS_TRIED,
    LARGEST_RSA,
    SIGNATURES_TRIED,
    TRIED_PER_MESSAGE,
    SignatureReader,
    read_keys,
    read_signers,
)

ZONE, NAME = "hanoi.gov.vn", "www.hanoi.gov.vn"
BEGIN, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
ZONE_KEY, ENTRY_POINT = 256, 257
ALGORITHMS = (5, 7, 8, 10, 13, 14, 15, 16)


def private(algorithm: int, number: int = 0, bits: int = 2048) -> Any:
    """A private key of an algorithm; the same number, the same key."""
    return _private(algorithm, number, bits)


@cache
def _private(algorithm: int, number: int, bits: int) -> Any:
    match algorithm:
        case 13:
            return ec.generate_private_key(ec.SECP256R1())
        case 14:
            return ec.generate_private_key(ec.SECP384R1())
        case 15:
            return ed25519.Ed25519PrivateKey.generate()
        case 16:
            return ed448.Ed448PrivateKey.generate()
    return rsa.generate_private_key(65537, bits)


def dnskey(algorithm: int, number: int = 0, flags: int = ZONE_KEY, bits: int = 2048) -> Any:
    return dns.dnssec.make_dnskey(private(algorithm, number, bits).public_key(), algorithm, flags)


def rdata(rdtype: str, text: str) -> Any:
    return dns.rdata.from_text("IN", rdtype, text)


def rrset(owner: str, rdtype: str, *texts: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(f"{owner}.", 300, "IN", rdtype, *texts)


def sign(
    records: dns.rrset.RRset,
    algorithm: int = 13,
    number: int = 0,
    *,
    signer: str = ZONE,
    begin: datetime = BEGIN,
    end: datetime = END,
) -> Any:
    key = dnskey(algorithm, number)
    return dns.dnssec.sign(
        records,
        private(algorithm, number),
        dns.name.from_text(signer),
        key,
        inception=begin,
        expiration=end,
        policy=dns.dnssec.allow_all_policy,
    )


def signatures(records: dns.rrset.RRset, *made: Any) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(records.name, 300, list(made))


def answer(
    *answers: dns.rrset.RRset, authority: Iterable[dns.rrset.RRset] = (), rdtype: str = "AAAA", name: str = NAME
) -> Answer:
    """What `wire` makes of a message of these records."""
    message = dns.message.make_response(dns.message.make_query(name, rdtype), our_payload=1232)
    message.flags |= dns.flags.AA
    message.answer += list(answers)
    message.authority += list(authority)
    return wire.read(message.to_wire(max_size=65535), name, rdtype)


def keys_of(*rdatas: Any) -> tuple[Key, ...]:
    return read_keys(Answer(rcode="NOERROR", records=tuple(r.to_text() for r in rdatas)))


def looked(answered: Answer, *rdatas: Any, zone: str = ZONE) -> list[tuple[bool | None, str]]:
    """What is found of each signature with these keys."""
    return [(s.verifies, s.problem) for s in SignatureReader(zone, keys_of(*rdatas)).with_signatures(answered, NAME).signatures]


ADDRESSES = rrset(NAME, "AAAA", "2400:1::1", "2400:1::2")
GOOD = [(True, "")]
WRONG = [(False, "ValidationFailure")]


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every signature that the quick way calls good against dnspython."""

    def look(octets: bytes, zone: str, keys: Sequence[Key]) -> tuple[Signature, ...]:
        slowly = dnssec._any_signatures(octets, zone, keys)
        assert dnssec._good_signatures(octets, zone, keys) in (None, slowly)
        return slowly

    monkeypatch.setattr(dnssec, "_signatures", look)


# Keys


@pytest.mark.parametrize("bits", [1024, 2048, 3072, 4096])
def test_the_size_of_an_rsa_key(bits: int) -> None:
    modulus = base64.b64encode(b"\3\1\0\1" + (1 << bits - 1 | 1).to_bytes(bits // 8, "big")).decode()
    (key,) = keys_of(rdata("DNSKEY", f"{ENTRY_POINT} 3 8 {modulus}"))
    assert (key.bits, key.algorithm, key.flags, key.is_entry_point) == (bits, 8, ENTRY_POINT, True)
    assert keys_of(dnskey(8))[0].bits == 2048


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tags_are_those_of_rfc_4034(algorithm: int) -> None:
    made = dnskey(algorithm)
    octets = made.to_wire()
    total = sum(octet if i & 1 else octet << 8 for i, octet in enumerate(octets))
    (key,) = keys_of(made)
    assert key.tag == (total + (total >> 16)) & 0xFFFF
    assert (key.bits is None) is (algorithm >= 13)


def test_a_long_exponent() -> None:
    """RFC 3110: an exponent of more than 255 octets has its length in three."""
    modulus = (1 << 1023 | 1).to_bytes(128, "big")
    material = b"\0" + (300).to_bytes(2, "big") + b"\1" * 300 + modulus
    (key,) = keys_of(rdata("DNSKEY", f"256 3 8 {base64.b64encode(material).decode()}"))
    assert key.bits == 1024


ODD_KEYS = {
    "zero": b"\0",
    "zero and one": b"\0\1",
    "no modulus": b"\3\1\0\1",
    "exponent past the end": b"\xff\1\0\1",
    "long exponent past the end": b"\0\xff\xff\1",
    "modulus of zeros": b"\1\3" + bytes(256),
    "modulus of one": b"\1\3\1",
    "even modulus": b"\1\3" + b"\xff" * 255 + b"\xfe",
    "exponent of zero": b"\1\0" + b"\xff" * 256,
    "exponent of one": b"\1\1" + b"\xff" * 256,
    "exponent larger than the modulus": b"\xff" + b"\xff" * 255 + b"\xff" * 64,
    "tiny": b"\1\3\x0f",
    "30,000 octets": b"\3\1\0\1" + b"\xff" * 30_000,
}


@pytest.mark.parametrize("algorithm", [1, 3, 8, 13, 15, 16, 17, 253, 254])
@pytest.mark.parametrize("odd", ODD_KEYS)
def test_odd_keys_are_read_or_left_out_and_no_signature_raises(odd: str, algorithm: int) -> None:
    made = rdata("DNSKEY", f"256 3 {algorithm} {base64.b64encode(ODD_KEYS[odd]).decode()}")
    keys = keys_of(made)
    assert len(keys) <= 1
    tag = keys[0].tag if keys else 1
    for length in (1, 64, 256):
        signature = (
            f"AAAA {algorithm} 4 300 20261201000000 20261101000000 {tag} {ZONE}. {base64.b64encode(bytes(length)).decode()}"
        )
        answered = answer(ADDRESSES, rrset(NAME, "RRSIG", signature))
        ((verifies, _),) = looked(answered, made)
        assert verifies is not True


def test_no_more_keys_are_read_than_the_limit() -> None:
    assert len(keys_of(*(dnskey(15, number) for number in range(30)))) == KEYS_READ


@pytest.mark.parametrize("text", ["", "256", "256 3 8", "256 3 8 !", "a b c d", "99999 3 8 AwEAAQ==", "256 3 8 \x00"])
def test_what_is_no_key_is_left_out(text: str) -> None:
    assert read_keys(Answer(rcode="NOERROR", records=(text,))) == ()


# DS


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA384"])
@pytest.mark.parametrize("algorithm", [8, 13, 15])
def test_digests(algorithm: int, digest: str) -> None:
    key = dnskey(algorithm, flags=ENTRY_POINT)
    ds = dns.dnssec.make_ds(f"{ZONE}.", key, digest, policy=dns.dnssec.allow_all_policy)
    (signer,) = read_signers(Answer(rcode="NOERROR", records=(ds.to_text(),)), ZONE, keys_of(key))
    assert (signer.tag, signer.algorithm, signer.digest, signer.matches) == (ds.key_tag, algorithm, ds.digest.hex(), True)


def test_a_digest_that_comes_in_pieces() -> None:
    key = dnskey(13)
    words = dns.dnssec.make_ds(f"{ZONE}.", key, "SHA384").to_text().split()
    text = " ".join([*words[:3], words[3][:56].upper(), words[3][56:]])
    (signer,) = read_signers(Answer(rcode="NOERROR", records=(text,)), ZONE, keys_of(key))
    assert signer.matches


@pytest.mark.parametrize(("zone", "number"), [(ZONE, 1), ("hanoi.vn", 0)], ids=["another key", "another zone"])
def test_a_digest_of_something_else(zone: str, number: int) -> None:
    ds = dns.dnssec.make_ds(f"{ZONE}.", dnskey(13), "SHA256")
    (signer,) = read_signers(Answer(rcode="NOERROR", records=(ds.to_text(),)), zone, keys_of(dnskey(13, number)))
    assert signer.matches is False


def test_a_digest_of_the_right_tag_and_other_octets() -> None:
    key = dnskey(13)
    text = f"{dns.dnssec.key_id(key)} 13 2 {'ab' * 32}"
    assert [s.matches for s in read_signers(Answer(rcode="NOERROR", records=(text,)), ZONE, keys_of(key))] == [False]


def test_without_keys_nothing_is_said_of_a_match() -> None:
    (signer,) = read_signers(Answer(rcode="NOERROR", records=("1 13 2 " + "ab" * 32,)), ZONE, ())
    assert signer.matches is None


@pytest.mark.parametrize("digest", ["", "00"])
@pytest.mark.parametrize("digest_type", [0, 3, 5, 6, 255])
def test_a_digest_type_nobody_knows_matches_nothing(digest_type: int, digest: str) -> None:
    key = dnskey(13)
    text = f"{dns.dnssec.key_id(key)} 13 {digest_type} {digest}"
    assert [s.matches for s in read_signers(Answer(rcode="NOERROR", records=(text,)), ZONE, keys_of(key))] == [False]


# Signatures


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signatures_verify(algorithm: int) -> None:
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, sign(ADDRESSES, algorithm))), dnskey(algorithm)) == GOOD


def test_what_a_signature_says() -> None:
    found = SignatureReader(ZONE, keys_of(dnskey(13))).with_signatures(
        answer(ADDRESSES, signatures(ADDRESSES, sign(ADDRESSES))), NAME
    )
    tag = dns.dnssec.key_id(dnskey(13))
    assert found.signatures == (
        Signature(
            covered="AAAA", owner=NAME, signer=ZONE, key_tag=tag, algorithm=13, inception=BEGIN, expiration=END, verifies=True
        ),
    )


@pytest.mark.parametrize("rdtype", ["SOA", "NS", "MX", "TXT", "CAA", "HTTPS", "DNSKEY"])
def test_signatures_over_every_type_we_ask(rdtype: str) -> None:
    texts = {
        "SOA": ("NS1.hanoi.gov.vn. admin.hanoi.gov.vn. 1 2 3 4 5",),
        "NS": ("NS1.hanoi.gov.vn.", "ns2.example."),
        "MX": ("10 Mail.hanoi.gov.vn.", "20 mail2.hanoi.gov.vn."),
        "TXT": ('"v=spf1 -all"', '"\\255\\000"'),
        "CAA": ('0 issue "ca.vn"',),
        "HTTPS": ("1 . alpn=h2 ipv6hint=2400:1::1",),
        "DNSKEY": (dnskey(13).to_text(), dnskey(13, 1).to_text()),
    }
    records = rrset(ZONE, rdtype, *texts[rdtype])
    answered = answer(records, signatures(records, sign(records)), rdtype=rdtype, name=ZONE)
    assert looked(answered, dnskey(13), dnskey(13, 1)) == GOOD


def quickly(answered: Answer, *rdatas: Any, zone: str = ZONE) -> tuple[Signature, ...] | None:
    return dnssec._good_signatures(base64.b64decode(answered.wire), zone, keys_of(*rdatas))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_good_signatures_are_found_the_quick_way(algorithm: int) -> None:
    alias = rrset(NAME, "CNAME", "WWW2.hanoi.gov.vn.")
    address = rrset(f"www2.{ZONE}", "AAAA", "2400:1::2", "2400:1::1")
    soa, nsec = rrset(ZONE, "SOA", "NS1. a. 1 2 3 4 5"), rrset(NAME, "NSEC", f"x.{ZONE}. A RRSIG NSEC")
    parts = [[records, signatures(records, sign(records, algorithm))] for records in (alias, address, soa, nsec)]
    found = quickly(answer(*parts[0], *parts[1], authority=[*parts[2], *parts[3]]), dnskey(algorithm))
    assert found is not None
    assert [(one.covered, one.verifies) for one in found] == [("CNAME", True), ("AAAA", True), ("SOA", True), ("NSEC", True)]


@pytest.mark.parametrize("flags", [0, ZONE_KEY | 128])
def test_keys_that_may_not_sign_are_no_way_at_all(flags: int) -> None:
    key = dnskey(13, flags=flags)
    made = sign(ADDRESSES).replace(key_tag=dns.dnssec.key_id(key))
    assert quickly(answer(ADDRESSES, signatures(ADDRESSES, made)), key) is None


def test_every_octet_of_a_message_changed() -> None:
    """Nothing is good that dnspython would not call good, and what is, says the same."""
    mail, name_servers = rrset(ZONE, "MX", "10 mail.hanoi.gov.vn."), rrset(ZONE, "NS", "ns1.hanoi.gov.vn.", "ns2.hanoi.gov.vn.")
    parts = [[records, signatures(records, sign(records))] for records in (mail, name_servers)]
    octets = base64.b64decode(answer(*parts[0], authority=parts[1], rdtype="MX", name=ZONE).wire)
    keys, good = keys_of(dnskey(13)), 0
    for place, flip in product(range(2, len(octets)), (0x01, 0x20, 0x80)):
        changed = octets[:place] + bytes([octets[place] ^ flip]) + octets[place + 1 :]
        quick = dnssec._good_signatures(changed, ZONE, keys)
        assert quick in (None, dnssec._any_signatures(changed, ZONE, keys)), (place, flip)
        good += quick is not None
    assert good > 0, "the letters' case and the records' TTL are not signed"


def test_the_root_zone() -> None:
    records = dns.rrset.from_text(".", 300, "IN", "SOA", "a. b. 1 2 3 4 5")
    made = sign(records, signer=".")
    assert looked(answer(records, signatures(records, made), rdtype="SOA", name="."), dnskey(13), zone=".") == GOOD


def test_a_denial_in_the_authority_section() -> None:
    soa, nsec = rrset(ZONE, "SOA", "ns. a. 1 2 3 4 5"), rrset(NAME, "NSEC", f"x.{ZONE}. A RRSIG NSEC")
    authority = [soa, signatures(soa, sign(soa)), nsec, signatures(nsec, sign(nsec))]
    answered = answer(authority=authority)
    assert answered.denial == "NSEC"
    assert looked(answered, dnskey(13)) == GOOD * 2


def test_a_wildcards_signature() -> None:
    star = rrset(f"*.{ZONE}", "AAAA", "2400:1::1")
    made = sign(star)
    expanded = rrset(NAME, "AAAA", "2400:1::1")
    assert looked(answer(expanded, signatures(expanded, made)), dnskey(13)) == GOOD


def test_a_whole_zone_signed_by_dnspython() -> None:
    zone = dns.zone.from_text(
        "@ 300 SOA ns1 admin 1 2 3 4 5\n@ NS ns1\nns1 AAAA 2400:1::53\nwww AAAA 2400:1::1\n",
        origin=f"{ZONE}.",
        relativize=False,
    )
    key = dnskey(13, flags=ENTRY_POINT)
    dns.dnssec.sign_zone(zone, keys=[(private(13), key)], inception=BEGIN, expiration=END)
    for name, rdtype in ((ZONE, "SOA"), (ZONE, "NS"), (ZONE, "DNSKEY"), (NAME, "AAAA")):
        node = zone.find_node(f"{name}.")
        sets = [
            dns.rrset.from_rdata_list(dns.name.from_text(name), 300, list(dataset))
            for dataset in node
            if rdtype in (dns.rdatatype.to_text(dataset.rdtype), dns.rdatatype.to_text(dataset.covers))
        ]
        assert looked(answer(*sets, rdtype=rdtype, name=name), key) == GOOD, (name, rdtype)


def test_dates_are_left_aside() -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    for begin in (long_ago, datetime(2099, 1, 1, tzinfo=UTC)):
        made = sign(ADDRESSES, begin=begin, end=begin + timedelta(days=1))
        assert looked(answer(ADDRESSES, signatures(ADDRESSES, made)), dnskey(13)) == GOOD


def test_records_that_were_changed() -> None:
    made = sign(rrset(NAME, "AAAA", "2400:1::1", "2400:66::66"))
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, made)), dnskey(13)) == WRONG


def test_a_record_that_is_missing() -> None:
    assert looked(answer(rrset(NAME, "AAAA", "2400:1::1"), signatures(ADDRESSES, sign(ADDRESSES))), dnskey(13)) == WRONG


def test_a_key_that_is_not_there() -> None:
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, sign(ADDRESSES))), dnskey(13, 1)) == [(False, "no such key")]


def test_a_signature_over_nothing() -> None:
    assert looked(answer(signatures(ADDRESSES, sign(ADDRESSES))), dnskey(13)) == [(False, "covers nothing here")]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_with_a_bit_flipped(algorithm: int) -> None:
    made = sign(ADDRESSES, algorithm)
    octets = bytearray(made.signature)
    octets[len(octets) // 2] ^= 1
    broken = made.replace(signature=bytes(octets))
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, broken)), dnskey(algorithm)) == WRONG


@pytest.mark.parametrize("length", [0, 1, 63, 65, 4096])
def test_a_signature_of_another_length(length: int) -> None:
    broken = sign(ADDRESSES).replace(signature=bytes(length))
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, broken)), dnskey(13)) == WRONG


def test_dates_the_wrong_way_round_never_hold() -> None:
    made = sign(ADDRESSES).replace(expiration=1, inception=2**32 - 1)
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, made)), dnskey(13)) == WRONG


def test_a_signature_of_another_zone_is_not_tried() -> None:
    records = rrset("cdn.example", "AAAA", "2400:1::1")
    made = sign(records, signer="example")
    assert looked(answer(records, signatures(records, made), name="cdn.example"), dnskey(13)) == [(None, "")]


def test_of_two_signatures_with_one_tag_and_end_each_is_tried_itself() -> None:
    good = sign(ADDRESSES)
    bad = good.replace(signature=bytes(64))
    for order in ((bad, good), (good, bad)):
        found = looked(answer(ADDRESSES, signatures(ADDRESSES, *order)), dnskey(13))
        assert sorted(verifies for verifies, _ in found) == [False, True]


def test_an_algorithm_nobody_knows_is_told_as_such() -> None:
    """What we cannot try is no fault of theirs."""
    key = rdata("DNSKEY", f"256 3 23 {base64.b64encode(bytes(64)).decode()}")
    made = sign(ADDRESSES).replace(algorithm=23, key_tag=dns.dnssec.key_id(key))
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, made)), key) == [(False, "UnsupportedAlgorithm")]


def test_an_algorithm_that_our_own_library_lacks_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks(*_: object, **__: object) -> None:
        raise UnsupportedAlgorithm("not in this OpenSSL")

    monkeypatch.setattr(dns.dnssec, "validate_rrsig", lacks)
    monkeypatch.setattr(dnssec, "_public_key", lacks)
    found = looked(answer(ADDRESSES, signatures(ADDRESSES, sign(ADDRESSES))), dnskey(13))
    assert found == [(False, "UnsupportedAlgorithm")]


@pytest.mark.parametrize(
    "answered", [Answer(rcode="NOERROR"), Answer(rcode="NOERROR", wire=base64.b64encode(b"x" * 40).decode())]
)
def test_without_a_message_nothing_is_looked_at(answered: Answer) -> None:
    assert SignatureReader(ZONE, keys_of(dnskey(13))).with_signatures(answered, NAME) == answered


def test_the_same_words_are_looked_at_once_and_other_words_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id and the case of the question's letters are no other words; one octet of a signature is."""
    checks = counted(monkeypatch)
    first = answer(ADDRESSES, signatures(ADDRESSES, sign(ADDRESSES)))
    octets = base64.b64decode(first.wire)
    place = 12 + len(wire.name_to_wire(NAME))
    again = b"\1\2" + octets[2:12] + octets[12:place].upper() + octets[place:]
    broken = octets[:-1] + bytes([octets[-1] ^ 1])
    reader = SignatureReader(ZONE, keys_of(dnskey(13)))
    found = [
        reader.with_signatures(replace(first, wire=base64.b64encode(message).decode()), NAME).signatures[0].verifies
        for message in (octets, again, broken)
    ]
    assert found == [True, True, False]
    assert len(checks) == 2


# Limits


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every call of the verifier, with how many keys it was given."""
    calls: list[int] = []
    real = dns.dnssec.validate_rrsig

    def count(records: Any, made: Any, known: Any, *rest: Any, **more: Any) -> None:
        calls.append(len(known[made.signer]))
        real(records, made, known, *rest, **more)

    monkeypatch.setattr(dns.dnssec, "validate_rrsig", count)
    return calls


def test_a_few_signatures_of_a_set_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    made = [sign(ADDRESSES).replace(signature=bytes([n]) * 64) for n in range(50)]
    found = looked(answer(ADDRESSES, signatures(ADDRESSES, *made)), dnskey(13))
    assert (len(found), len(calls)) == (50, SIGNATURES_TRIED)
    assert [verifies for verifies, _ in found].count(None) == 50 - SIGNATURES_TRIED


def test_a_few_signatures_of_a_message_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    sets = [rrset(f"n{i}.{ZONE}", "AAAA", "2400:1::1") for i in range(40)]
    sections = [part for records in sets for part in (records, signatures(records, sign(records)))]
    found = looked(answer(*sections), dnskey(13))
    assert [verifies for verifies, _ in found] == [True] * TRIED_PER_MESSAGE + [None] * (40 - TRIED_PER_MESSAGE)
    assert len(calls) == TRIED_PER_MESSAGE


def of_one_tag(count: int) -> list[Any]:
    """Different keys of one tag: the sum over the octets does not tell their order."""
    key = dnskey(8)
    made = [key]
    for i in range(count - 1):
        octets = bytearray(key.key)
        a, b = 10 + 2 * (i % 100), 12 + 2 * (i % 100) + 2 * (i // 100)
        octets[a], octets[b] = octets[b], octets[a]
        made.append(key.replace(key=bytes(octets)))
    return list(dict.fromkeys(made))


@pytest.mark.usefixtures("no_collections")
def test_keys_of_one_tag_and_signatures_without_end_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyTrap (CVE-2023-50387): 500 keys of one tag, 500 signatures, each to be tried with each."""
    calls = counted(monkeypatch)
    trap = of_one_tag(500)
    assert len({dns.dnssec.key_id(key) for key in trap}) == 1
    made = [sign(ADDRESSES, 8).replace(signature=n.to_bytes(256, "big")) for n in range(150)]
    answered = answer(ADDRESSES, signatures(ADDRESSES, *made))
    began = time.process_time()
    found = looked(answered, *trap)
    assert time.process_time() - began < 0.5
    assert len(found) == 150
    assert calls == [KEYS_TRIED] * SIGNATURES_TRIED
    assert {verifies for verifies, _ in found} == {None}, "what our limits left out is no fault"


def test_a_key_beyond_the_limit_is_no_fault() -> None:
    """A signature whose key may be among those that were not read."""
    found = looked(answer(ADDRESSES, signatures(ADDRESSES, sign(ADDRESSES))), *(dnskey(15, n) for n in range(KEYS_READ)))
    assert found == [(None, "")]


def test_an_rsa_key_that_is_too_large_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    material = b"\3\1\0\1" + b"\xff" * (LARGEST_RSA // 8 + 1)
    key = rdata("DNSKEY", f"256 3 8 {base64.b64encode(material).decode()}")
    made = sign(ADDRESSES, 8).replace(key_tag=dns.dnssec.key_id(key))
    assert looked(answer(ADDRESSES, signatures(ADDRESSES, made)), key) == [(None, "")]
    assert calls == []


@pytest.mark.usefixtures("no_collections")
def test_many_signatures_over_many_records_take_little_time() -> None:
    """What is over the limit is not even put in order: half a thousand sets of a thousand records each."""
    records = rrset(NAME, "A", *(f"11.{n >> 8}.{n & 255}.1" for n in range(1500)))
    made = sign(records, 15)
    many = [made.replace(signature=n.to_bytes(64, "big")) for n in range(250)]
    answered = answer(records, signatures(records, *many), rdtype="A")
    began = time.process_time()
    found = looked(answered, dnskey(15))
    assert time.process_time() - began < 1.0
    assert len(found) == 250


@pytest.mark.usefixtures("no_collections")
def test_the_dearest_key_and_signatures_take_little_time() -> None:
    """The largest key with an exponent as large as OpenSSL allows."""
    numbers = private(8, 1, 3072).public_key().public_numbers()
    exponent = (1 << 3070) + 1
    material = b"\0" + (384).to_bytes(2, "big") + exponent.to_bytes(384, "big") + numbers.n.to_bytes(384, "big")
    key = rdata("DNSKEY", f"256 3 8 {base64.b64encode(material).decode()}")
    sets = [rrset(f"n{i}.{ZONE}", "AAAA", "2400:1::1") for i in range(TRIED_PER_MESSAGE)]
    made = [sign(records, 8).replace(key_tag=dns.dnssec.key_id(key), signature=b"\x11" * 384) for records in sets]
    sections = [part for records, one in zip(sets, made, strict=True) for part in (records, signatures(records, one))]
    began = time.process_time()
    found = looked(answer(*sections), key)
    assert {verifies for verifies, _ in found} == {False}
    assert time.process_time() - began < 1.0


# Anything at all


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 65535),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(min_size=0, max_size=400),
    st.binary(max_size=300),
)
def test_no_key_and_no_signature_raises(flags: int, protocol: int, algorithm: int, material: bytes, signature: bytes) -> None:
    key = dns.rdata.from_wire(
        "IN", "DNSKEY", flags.to_bytes(2, "big") + bytes([protocol, algorithm]) + material, 0, 4 + len(material)
    )
    keys = keys_of(key)
    read_signers(Answer(rcode="NOERROR", records=(f"{keys[0].tag if keys else 0} {algorithm} 2 {'00' * 32}",)), ZONE, keys)
    made = sign(ADDRESSES).replace(algorithm=algorithm, key_tag=keys[0].tag if keys else 0, signature=signature)
    ((verifies, _),) = looked(answer(ADDRESSES, signatures(ADDRESSES, made)), key)
    assert verifies is not True


def test_unreadable_covers_the_libraries_own_errors() -> None:
    assert {dns.exception.DNSException, UnsupportedAlgorithm} <= set(dnssec.UNREADABLE)
