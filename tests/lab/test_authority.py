"""What the city's name servers and its resolver answer."""

from functools import partial
from ipaddress import ip_address

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from ipv6check.addressing import Address
from ipv6check.lab import World, authority
from ipv6check.lab.nameservers import reply_to

AA, AD, CD, RA, RD, TC = dns.flags.AA, dns.flags.AD, dns.flags.CD, dns.flags.RA, dns.flags.RD, dns.flags.TC
CITY = "hanoi.gov.vn"


def address_of(city: World, name: str, version: int = 6) -> Address:
    return next(address for address in city.addresses[name] if address.version == version)


def asked(
    city: World, server: str, name: str, rdtype: str, version: int = 6, edns: int = 0, flags: int = 0
) -> dns.message.Message | None:
    query = dns.message.make_query(name, rdtype, flags=flags, use_edns=edns)
    return authority.answer(city, address_of(city, server, version), query)


def texts(section: list[dns.rrset.RRset]) -> list[str]:
    return [f"{r.name} {dns.rdatatype.to_text(r.rdtype)} {rdata}".lower() for r in section for rdata in r]


@pytest.mark.parametrize(
    ("server", "name", "rdtype", "rcode", "is_authoritative", "answer"),
    [
        (f"ns1.{CITY}", f"so-hoa-sen.{CITY}", "AAAA", "NOERROR", True, "aaaa 2400:c1:"),
        (f"ns1.{CITY}", f"SO-HOA-SEN.{CITY}", "A", "NOERROR", True, "a 11.0."),
        (f"ns1.{CITY}", CITY, "SOA", "NOERROR", True, "soa ns1.hanoi.gov.vn. hostmaster.hanoi.gov.vn."),
        (f"ns1.{CITY}", CITY, "NS", "NOERROR", True, "ns ns1.hanoi.gov.vn."),
        (f"ns1.{CITY}", f"so-hoa-sen.{CITY}", "MX", "NOERROR", True, ""),
        (f"ns1.{CITY}", f"so-mau-don.{CITY}", "AAAA", "NOERROR", True, ""),
        (f"ns1.{CITY}", f"so-hoa-dai.{CITY}", "AAAA", "NXDOMAIN", True, ""),
        (f"ns1.{CITY}", f"www.so-hoa-cuc.{CITY}", "AAAA", "NOERROR", True, f"cname so-hoa-cuc.{CITY}."),
        (f"ns1.{CITY}", f"so-lan-rung.{CITY}", "AAAA", "NOERROR", True, "cname da-bo-hoang.example."),
        (f"ns1.{CITY}", f"so-tam-xuan.{CITY}", "A", "NOERROR", True, f"cname www.so-tam-xuan.{CITY}."),
        (f"ns1.{CITY}", f"so-tam-xuan.{CITY}", "CNAME", "NOERROR", True, f"cname www.so-tam-xuan.{CITY}."),
        (f"ns1.{CITY}", "vn", "SOA", "REFUSED", False, ""),
        (f"ns1.{CITY}", f"quan-hoa-dao.{CITY}", "DS", "NOERROR", True, ""),
        ("ns1.goc.example", "x", "A", "NXDOMAIN", True, ""),
        ("ns1.example", "goc.example", "A", "NOERROR", True, ""),
        (f"ns3.huyen-co-tranh.{CITY}", f"huyen-co-tranh.{CITY}", "SOA", "REFUSED", False, ""),
        (f"ns1.huyen-co-ga.{CITY}", f"huyen-co-ga.{CITY}", "AAAA", "NXDOMAIN", True, ""),
        (f"ns1.huyen-co-ga.{CITY}", f"huyen-co-ga.{CITY}", "A", "NOERROR", True, "a 11.0."),
        (f"ns1.huyen-co-ga.{CITY}", f"ns1.huyen-co-ga.{CITY}", "AAAA", "NOERROR", True, "aaaa 2400:c1:"),
    ],
)
def test_name_servers_answer(
    city: World, server: str, name: str, rdtype: str, rcode: str, is_authoritative: bool, answer: str
) -> None:
    reply = asked(city, server, name, rdtype)
    assert reply is not None
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert bool(reply.flags & AA) == is_authoritative
    assert not reply.flags & (RA | AD)
    assert answer in (texts(reply.answer) or [""])[0]
    if is_authoritative and not answer:
        assert [dns.rdatatype.to_text(r.rdtype) for r in reply.authority] == ["SOA"]


def test_a_referral_has_names_and_glue_and_no_authority(city: World) -> None:
    reply = asked(city, "ns1.gov.vn", f"www.so-hoa-sen.{CITY}", "AAAA")
    assert reply is not None
    assert not reply.flags & AA
    assert texts(reply.authority) == [f"{CITY}. ns ns{n}.{CITY}." for n in (1, 2)]
    assert len(texts(reply.additional)) == 4
    assert not reply.answer


def test_a_referral_to_servers_elsewhere_has_no_glue(city: World) -> None:
    reply = asked(city, f"ns1.{CITY}", f"huyen-co-ua.{CITY}", "SOA")
    assert reply is not None
    assert texts(reply.authority) == [f"huyen-co-ua.{CITY}. ns ns{n}.may-chu-co-ua.example." for n in (1, 2)]
    assert not reply.additional


def test_silence_is_by_address(city: World) -> None:
    domain = f"huyen-co-lau.{CITY}"
    assert asked(city, f"ns2.{domain}", domain, "SOA") is None
    assert asked(city, f"ns2.{domain}", domain, "SOA", version=4) is not None
    assert authority.answer(city, city.vantage.v6(9), dns.message.make_query(domain, "SOA")) is None


MAN_TRAU, ROI_NGUA, CHI, NA = (
    f"{name}.{CITY}" for name in ("huyen-co-man-trau", "huyen-co-roi-ngua", "huyen-co-chi", "xa-hoa-na")
)


def test_a_newer_version_of_edns_is_a_bad_one(city: World) -> None:
    reply = asked(city, f"ns1.{CITY}", CITY, "SOA", edns=1)
    assert reply is not None
    assert (reply.rcode(), reply.edns) == (dns.rcode.BADVERS, 0)
    assert not reply.answer
    assert not reply.flags & AA


def test_some_answer_to_any_version_of_edns(city: World) -> None:
    reply = asked(city, f"ns1.{MAN_TRAU}", MAN_TRAU, "SOA", edns=1)
    assert reply is not None
    assert (reply.rcode(), len(reply.answer)) == (dns.rcode.NOERROR, 1)


def test_some_know_nothing_of_edns(city: World) -> None:
    for edns in (0, 1):
        reply = asked(city, f"ns1.{ROI_NGUA}", ROI_NGUA, "SOA", edns=edns)
        assert reply is not None
        assert (reply.rcode(), reply.edns, len(reply.answer)) == (dns.rcode.NOERROR, -1, 1)


@pytest.mark.parametrize(
    ("server", "flags", "rcode"),
    [(f"ns1.{CITY}", RD, "REFUSED"), (f"ns2.{MAN_TRAU}", RD, "NOERROR"), (f"ns2.{MAN_TRAU}", 0, "REFUSED")],
)
def test_strangers_are_refused_but_by_the_open(city: World, server: str, flags: int, rcode: str) -> None:
    reply = asked(city, server, "trang-ngoai.example", "AAAA", flags=flags)
    assert reply is not None
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert bool(reply.flags & RA) == bool(reply.answer) == (rcode == "NOERROR")
    assert not reply.flags & AA


def test_the_open_know_their_own_zone_themselves(city: World) -> None:
    reply = asked(city, f"ns2.{MAN_TRAU}", MAN_TRAU, "AAAA", flags=RD)
    assert reply is not None
    assert reply.flags & AA
    assert not reply.flags & RA


def test_name_servers_come_with_their_addresses(city: World) -> None:
    reply = asked(city, f"ns1.{CITY}", CITY, "NS")
    assert reply is not None
    assert reply.flags & AA
    assert [line.split()[0] for line in texts(reply.additional)] == [f"ns{n}.{CITY}." for n in (1, 1, 2, 2)]


def test_old_data_has_an_old_serial(city: World) -> None:
    serials = []
    for version in (6, 4):
        reply = asked(city, f"ns2.{ROI_NGUA}", ROI_NGUA, "SOA", version=version)
        assert reply is not None
        serials.append(reply.answer[0][0].serial)
    assert serials[0] > serials[1]


def test_the_partial_give_one_address_of_several(city: World) -> None:
    counts = []
    for version in (6, 4):
        reply = asked(city, f"ns2.{CHI}", CHI, "A", version=version)
        assert reply is not None
        counts.append(len(reply.answer[0]))
    assert counts == [2, 1]


def glue_of(city: World, domain: str) -> list[str]:
    reply = asked(city, f"ns1.{CITY}", domain, "NS")
    assert reply is not None
    assert not reply.flags & AA
    return [line.split()[0].partition(".")[0] + " " + line.split()[1] for line in texts(reply.additional)]


def test_the_parent_may_lack_glue_and_servers(city: World) -> None:
    domain = f"huyen-co-xuoc.{CITY}"
    assert glue_of(city, domain) == ["ns1 aaaa", "ns1 a", "ns2 a"]
    reply = asked(city, f"ns1.{domain}", domain, "NS")
    assert reply is not None
    assert texts(reply.answer) == [f"{domain}. ns ns{n}.{domain}." for n in (1, 2, 3)]


def test_the_parent_may_have_another_address(city: World) -> None:
    domain = f"huyen-co-gau.{CITY}"
    assert glue_of(city, domain) == ["ns1 aaaa", "ns1 a", "ns2 aaaa", "ns2 a"]
    reply = asked(city, f"ns1.{CITY}", domain, "NS")
    assert reply is not None
    glue = {line.split()[2] for line in texts(reply.additional) if line.split()[1] == "aaaa"}
    own = {str(address_of(city, f"ns{n}.{domain}")) for n in (1, 2)}
    assert len(glue - own) == len(own - glue) == 1
    assert city.servers.keys().isdisjoint(map(ip_address, glue - own))


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "count"),
    [
        (f"bat-ky.{NA}", "AAAA", "NOERROR", 1),
        (f"bat-ky.{NA}", "TXT", "NOERROR", 0),
        (f"a.b.{NA}", "A", "NOERROR", 1),
        (f"a.www.{NA}", "A", "NXDOMAIN", 0),
        (NA, "CAA", "NOERROR", 1),
    ],
)
def test_a_wildcard_answers_what_is_not_there(city: World, name: str, rdtype: str, rcode: str, count: int) -> None:
    reply = asked(city, f"ns1.{CITY}", name, rdtype)
    assert reply is not None
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert len(reply.answer) == count
    assert all(texts([rrset])[0].startswith(f"{name}. ") for rrset in reply.answer)


def test_ttls_are_those_of_the_owner(city: World) -> None:
    ttls = []
    for name in ("xa-hoa-thi", "so-hoa-sen"):
        reply = asked(city, f"ns1.{CITY}", f"{name}.{CITY}", "AAAA")
        assert reply is not None
        ttls.append(reply.answer[0].ttl)
    assert ttls == [30, 3600]


def resolved(city: World, name: str, rdtype: str, flags: int = RD) -> dns.message.Message:
    return authority.Resolver(city).answer(dns.message.make_query(name, rdtype, flags=flags, use_edns=0, want_dnssec=True))


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "answer"),
    [
        (".", "SOA", "NOERROR", [". soa ns1.goc.example. hostmaster. 2026010101 7200 900 1209600 300"]),
        ("vn", "NS", "NOERROR", ["vn. ns ns1.vn.", "vn. ns ns2.vn."]),
        (f"so-mau-don.{CITY}", "AAAA", "NOERROR", []),
        (f"so-hoa-dai.{CITY}", "AAAA", "NXDOMAIN", []),
        ("khong-co", "A", "NXDOMAIN", []),
        (f"so-lan-rung.{CITY}", "AAAA", "NXDOMAIN", [f"so-lan-rung.{CITY}. cname da-bo-hoang.example."]),
        (f"so-tam-xuan.{CITY}", "AAAA", "SERVFAIL", []),
        (f"so-tam-xuan.{CITY}", "CNAME", "NOERROR", [f"so-tam-xuan.{CITY}. cname www.so-tam-xuan.{CITY}."]),
        (f"huyen-co-ua.{CITY}", "A", "SERVFAIL", []),
        (f"huyen-co-ga.{CITY}", "AAAA", "NXDOMAIN", []),
        (
            f"huyen-co-tranh.{CITY}",
            "NS",
            "NOERROR",
            [f"huyen-co-tranh.{CITY}. ns ns{n}.huyen-co-tranh.{CITY}." for n in (1, 2, 3)],
        ),
    ],
)
def test_the_resolver_answers(city: World, name: str, rdtype: str, rcode: str, answer: list[str]) -> None:
    reply = resolved(city, name, rdtype)
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert texts(reply.answer) == answer
    assert reply.flags & RA
    assert reply.flags & RD
    assert not reply.flags & (AA | AD)


def test_the_resolver_follows_an_alias(city: World) -> None:
    assert [line.split()[1] for line in texts(resolved(city, f"www.so-hoa-cuc.{CITY}", "AAAA").answer)] == ["cname", "aaaa"]


def test_the_resolver_says_of_silent_servers_that_they_are(city: World) -> None:
    (option,) = resolved(city, f"huyen-co-ua.{CITY}", "A").options
    assert isinstance(option, dns.edns.EDEOption)
    assert option.code == 22


def test_the_resolver_validates_nothing(city: World) -> None:
    with_cd = resolved(city, f"so-hoa-sen.{CITY}", "AAAA", flags=RD | CD)
    assert texts(with_cd.answer) == texts(resolved(city, f"so-hoa-sen.{CITY}", "AAAA").answer)
    assert not with_cd.flags & AD


def test_the_resolver_asks_once(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = authority.Resolver(city)
    first = resolver.answer(dns.message.make_query(f"so-hoa-sen.{CITY}", "A"))
    monkeypatch.setattr(authority, "answer", None)
    assert texts(resolver.answer(dns.message.make_query(f"so-hoa-sen.{CITY}", "A")).answer) == texts(first.answer)


def test_udp_replies_are_cut_to_what_the_question_takes(city: World) -> None:
    answer = partial(authority.answer, city, address_of(city, f"ns1.{CITY}"))

    def long_answer(query: dns.message.Message) -> dns.message.Message | None:
        reply = answer(query)
        assert reply is not None
        for number in range(60):
            reply.answer.append(dns.rrset.from_text(f"a{number}.example.", 60, "IN", "AAAA", f"2400:c1::{number}"))
        return reply

    plain = dns.message.make_query(CITY, "SOA", use_edns=False).to_wire()
    with_edns = dns.message.make_query(CITY, "SOA", use_edns=0, payload=1232).to_wire()
    for query, most in ((plain, 512), (with_edns, 1232)):
        reply = reply_to(query, long_answer, limit=512)
        assert reply is not None
        assert len(reply) <= most
        assert dns.message.from_wire(reply).flags & TC
    whole = reply_to(plain, long_answer, limit=0)
    assert whole is not None
    assert not dns.message.from_wire(whole).flags & TC


@pytest.mark.parametrize("message", [b"", b"\0" * 5, b"\0" * 12, b"\xff" * 40])
def test_what_is_no_question_is_ignored(message: bytes) -> None:
    assert reply_to(message, lambda query: query, limit=512) is None
