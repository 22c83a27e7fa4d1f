"""What was not seen, or was lost for a reason of ours, is held against nobody and for nobody: name servers and records."""

from dataclasses import replace

import pytest

from ipv6check.facts import AuthorityFacts, DnsTry, NameserverHost
from ipv6check.scales import Scales
from ipv6check.tries import is_unsettled
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, ZONE, evidence, name_servers, nameserver, question
from tests.rules.test_ns import (
    A6,
    AAAA_UNSEEN,
    B4,
    B6,
    DEAD,
    MX1,
    N1,
    N2,
    NS1,
    NS2,
    WWW,
    at_zone,
    dnskey,
    mail,
    says,
    second,
)
from tests.rules.test_verdicts import dns, lookups

# NS-05, 06, 07: a name server whose addresses are not known

ONLY_6 = tuple(asked for asked in NS2.soa if asked.server.version == 6)
A_UNSEEN = replace(NS2, lookups=lookups(N2, f.lookup(N2, "AAAA", B6), f.unseen(N2, "A")), soa=ONLY_6)
UNASKED = replace(NS2, soa=())


def first(**tries) -> NameserverHost:
    return nameserver(N1, [A6], ["11.5.0.1"], **tries)


UNKNOWN_ADDRESSES = [
    ("NS-05", (NS1, AAAA_UNSEEN), "nm:resolver-error"),
    ("NS-06", (NS1, AAAA_UNSEEN), "nm:resolver-error"),
    ("NS-07", (NS1, A_UNSEEN), "nm:resolver-error"),
    ("NS-05", (first(v6_tries=["timeout", "ok"]), AAAA_UNSEEN), "nm:resolver-error"),
    ("NS-06", (first(v6_tcp=["timeout", "ok"]), AAAA_UNSEEN), "nm:resolver-error"),
    ("NS-07", (first(v4_tcp=["timeout", "ok"]), A_UNSEEN), "nm:resolver-error"),
    ("NS-05", (first(v6_tries=DEAD), AAAA_UNSEEN), "fail:silent"),
    ("NS-06", (first(v6_tcp=DEAD), AAAA_UNSEEN), "fail:silent"),
    ("NS-07", (first(v4_tries=["lame"] * 2), A_UNSEEN), "fail:lame"),
    ("NS-05", (first(v6_tries=["timeout"]), AAAA_UNSEEN), "nm:own-timeout-budget"),
    ("NS-05", (NS1, A_UNSEEN), "pass"),  # the other family's addresses are another check's matter
    ("NS-07", (NS1, AAAA_UNSEEN), "pass"),
    ("NS-05", (NS1, UNASKED), "nm:dependency-failed"),
    ("NS-06", (NS1, UNASKED), "nm:dependency-failed"),
    ("NS-07", (NS1, UNASKED), "nm:dependency-failed"),
    ("NS-07", (first(v4_tries=["timeout", "ok"]), UNASKED), "nm:dependency-failed"),
]


@pytest.mark.parametrize(("id_", "hosts", "expected"), UNKNOWN_ADDRESSES)
def test_a_name_server_whose_addresses_are_not_known(id_: str, hosts: tuple, expected: str) -> None:
    assert says(evidence(nameservers=name_servers(*hosts)), id_) == expected


def test_a_slow_server_beside_one_that_is_not_known() -> None:
    slow = f.dns_try(f.answered(f.soa_record(), soa=ZONE, authoritative=True, edns=True), server=A6, seconds_to_answer=1.5)
    assert says(evidence(nameservers=name_servers(first(v6_tries=[slow]), AAAA_UNSEEN)), "NS-05") == "nm:resolver-error"


# A truncated reply is asked for again over TCP: whether TCP port 53 gets out from here decides whose failure that is.

UDP_ONLY = ("6udp", "4udp", "4tcp")
NO_TCP6 = (f.sample(f.START, roots=UDP_ONLY), f.sample(f.END, roots=UDP_ONLY))
TCP6_LOST = (f.sample(f.START), f.sample(f.END, roots=UDP_ONLY))
NO_UDP6 = (f.sample(f.START, roots=("6tcp", "4udp", "4tcp")), f.sample(f.END, roots=("6tcp", "4udp", "4tcp")))
NO_TCP4 = (f.sample(f.START, roots=("6udp", "6tcp", "4udp")), f.sample(f.END, roots=("6udp", "6tcp", "4udp")))


def cut(server: str, kind: str = "timeout") -> DnsTry:
    """A try that was truncated over UDP and then failed over TCP."""
    return f.dns_try(failure=f.fail(kind, f.Stage.TCP), server=server, truncated=True)


CUT_SOA = {"nameservers": name_servers(NS1, second(v6_tries=[cut(B6)] * 3, v6_tcp=["ok"]))}
CUT_SOA_4 = {"nameservers": name_servers(NS1, second(v4_tries=[cut(B4)] * 3, v4_tcp=["ok"]))}
CUT_AND_THERE = {"nameservers": name_servers(NS1, second(v6_tries=[cut(B6), "ok"], v6_tcp=["ok"]))}
CUT_REFUSED = {"nameservers": name_servers(NS1, second(v6_tries=[cut(B6, "refused")] * 2, v6_tcp=["ok"]))}
GOOD_AAAA = f.answered(V6, authoritative=True, edns=True)
CUT_AAAA = {
    "authority": AuthorityFacts(
        zone=ZONE,
        answers=(question(N1, A6, DOMAIN, "AAAA", GOOD_AAAA), question(N2, B6, DOMAIN, "AAAA", *[cut(B6)] * 3)),
    )
}
SILENT_AAAA = {"authority": f.authority((N1, A6, ["ok"]), (N2, B6, DEAD))}
CUT_KEYS = {"dnssec": dnskey(*[cut(B6)] * 3).dnssec}
LOST_ON_THE_WAY = f.iteration(MX1, last=at_zone("thu.vn", *[cut("2400:e::1")] * 3), zone="thu.vn")
CUT_ON_THE_WAY = {
    "resolution": f.ResolutionFacts(iterations=(f.iteration(last=at_zone(ZONE, *[cut("2400:e::1")] * 3)),)),
}

TRUNCATED = [
    ("NS-05", CUT_SOA, f.GOOD, "fail:silent"),
    ("NS-05", CUT_SOA, NO_TCP6, "nm:canary-failed"),
    ("NS-05", CUT_SOA, TCP6_LOST, "nm:canary-failed"),
    ("NS-05", CUT_SOA, NO_UDP6, "fail:silent"),
    ("NS-05", CUT_SOA, f.NO_V6, "nm:no-v6-here"),
    ("NS-05", CUT_REFUSED, NO_TCP6, "nm:canary-failed"),
    ("NS-05", CUT_REFUSED, f.GOOD, "fail:silent"),
    ("NS-05", CUT_AND_THERE, NO_TCP6, "pass"),
    ("NS-05", CUT_AND_THERE, f.GOOD, "warn:unstable"),
    ("NS-07", CUT_SOA_4, f.GOOD, "fail:silent"),
    ("NS-07", CUT_SOA_4, NO_TCP4, "nm:canary-failed"),
    ("NS-07", CUT_SOA_4, NO_TCP6, "fail:silent"),
    ("NS-08", CUT_SOA, f.GOOD, "fail"),
    ("NS-08", CUT_SOA, NO_TCP6, "nm:canary-failed"),
    ("DNS-06", CUT_AAAA, f.GOOD, "fail"),
    ("DNS-06", CUT_AAAA, NO_TCP6, "nm:canary-failed"),
    ("DNS-06", SILENT_AAAA, NO_TCP6, "fail"),  # over UDP, which gets out
    ("NS-16", CUT_KEYS, f.GOOD, "fail:truncated"),
    ("NS-16", CUT_KEYS, NO_TCP6, "nm:canary-failed"),
    ("NS-12", CUT_ON_THE_WAY, f.GOOD, "fail:own"),
    ("NS-12", CUT_ON_THE_WAY, NO_TCP6, "nm:canary-failed"),
]


@pytest.mark.parametrize(("id_", "fields", "vantage", "expected"), TRUNCATED)
def test_a_truncated_reply_that_tcp_did_not_complete(id_: str, fields: dict, vantage: tuple, expected: str) -> None:
    assert says(evidence(vantage=vantage, **fields), id_) == expected


@pytest.mark.parametrize(("vantage", "expected"), [(f.GOOD, "fail:unresolved"), (NO_TCP6, "nm:canary-failed")])
def test_a_mail_zone_behind_a_truncated_reply(vantage: tuple, expected: str) -> None:
    assert says(mail(way=LOST_ON_THE_WAY, vantage=vantage), "NS-20") == expected


def test_silence_over_udp_counts_beside_a_truncated_reply() -> None:
    """Each try by what it needed: of three, the two over UDP count and the one over TCP does not."""
    tries = [f.dns_try(failure=f.fail("timeout", f.Stage.DNS), server=B6)] * 2
    hosts = (NS1, second(v6_tries=[*tries, cut(B6)], v6_tcp=["ok"]))
    assert says(evidence(nameservers=name_servers(*hosts), vantage=NO_TCP6), "NS-05") == "nm:canary-failed"
    hosts = (NS1, second(v6_tries=[cut(B6), *tries, tries[0]], v6_tcp=["ok"]))
    assert says(evidence(nameservers=name_servers(*hosts), vantage=NO_TCP6), "NS-05") == "fail:silent"


@pytest.mark.parametrize(("vantage", "is_waited_for"), [(NO_TCP6, False), (TCP6_LOST, True)])
def test_tcp_that_never_got_out_is_not_waited_for(vantage: tuple, is_waited_for: bool) -> None:
    weighing = Scales(evidence(vantage=vantage), open_ended=True).soa(f.soa(B6, *[cut(B6)] * 3))
    assert is_unsettled(weighing) is is_waited_for


# DNS-02, DNS-03, NAME-06: who says that there is none


ALIAS = ("cdn.example.vn",)


def once(name: str, rcode: str = "NOERROR", v4: str = V4, **more) -> f.NameLookups:
    """A name of which the resolver said once that it has no AAAA."""
    return lookups(
        name,
        f.lookup(name, "AAAA", tries=1, rcode=rcode, **more),
        f.lookup(name, "A", *([v4] if v4 else []), rcode=rcode, **more),
    )


def own(*answers: f.Answer, name: str = DOMAIN) -> AuthorityFacts:
    """The zone's servers' answers to the question for a name's AAAA."""
    servers = zip(f.servers_of(f.TWO_SERVERS), answers, strict=False)
    return AuthorityFacts(zone=ZONE, answers=tuple(question(h, s, name, "AAAA", a) for (h, s), a in servers))


LEADS_ON = f.answered(authoritative=True, edns=True, aliases=ALIAS)
NODATA = f.answered(authoritative=True, edns=True, soa=ZONE)
NXDOMAIN = f.answered(rcode="NXDOMAIN", authoritative=True, edns=True, soa=ZONE)
TWICE = lookups(DOMAIN, f.lookup(DOMAIN, "AAAA", aliases=ALIAS), f.lookup(DOMAIN, "A", V4, aliases=ALIAS))

ABSENCE = [
    ("DNS-02", once(DOMAIN, aliases=ALIAS), own(LEADS_ON, LEADS_ON), "nm:resolver-error"),
    ("DNS-02", once(DOMAIN, aliases=ALIAS), None, "nm:resolver-error"),
    ("DNS-02", TWICE, own(LEADS_ON, LEADS_ON), "fail"),
    ("DNS-02", once(DOMAIN), own(NODATA, NODATA), "fail"),
    ("DNS-02", once(DOMAIN), own(LEADS_ON, NODATA), "fail"),
    ("DNS-02", once(DOMAIN), own(NODATA, GOOD_AAAA), "warn:unstable"),
    ("NAME-06", once(DOMAIN, "NXDOMAIN", ""), own(NXDOMAIN), "fail"),
    ("NAME-06", once(DOMAIN, "NXDOMAIN", ""), own(GOOD_AAAA), "nm:resolver-error"),
    ("NAME-06", once(DOMAIN, "NXDOMAIN", ""), own(NXDOMAIN, GOOD_AAAA), "nm:resolver-error"),
]


@pytest.mark.parametrize(("id_", "listed", "authority", "expected"), ABSENCE)
def test_who_says_that_there_is_none(id_: str, listed: f.NameLookups, authority: AuthorityFacts | None, expected: str) -> None:
    assert says(evidence(dns=dns(listed), authority=authority), id_) == expected


@pytest.mark.parametrize(("answer", "expected"), [(LEADS_ON, "nm:resolver-error"), (NODATA, "fail")])
def test_an_alias_at_www(answer: f.Answer, expected: str) -> None:
    facts = dns(www=once(WWW, aliases=ALIAS if answer is LEADS_ON else ()))
    assert says(evidence(dns=facts, authority=own(answer, answer, name=WWW)), "DNS-03") == expected


# DNS-01: neither family seen is not the same as neither there

WITHOUT_A = [
    (lookups(DOMAIN, f.unseen(DOMAIN, "AAAA"), f.lookup(DOMAIN, "A")), "nm:resolver-error"),
    (lookups(DOMAIN, f.lookup(DOMAIN, "AAAA", V6), f.lookup(DOMAIN, "A")), "info"),
    (f.names(DOMAIN), "n/a"),
    (lookups(DOMAIN, f.unseen(DOMAIN, "AAAA"), f.lookup(DOMAIN, "A", V4)), "pass"),
    (lookups(DOMAIN, f.lookup(DOMAIN, "AAAA", V6), f.unseen(DOMAIN, "A")), "nm:resolver-error"),
]


@pytest.mark.parametrize(("listed", "expected"), WITHOUT_A)
def test_a_name_without_ipv4(listed: f.NameLookups, expected: str) -> None:
    assert says(evidence(dns=dns(listed)), "DNS-01") == expected
