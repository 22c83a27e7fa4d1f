"""SEC-02 to SEC-09: tables of a zone's keys, signatures and DS records, and the outcome, from the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest

from ipv6check.facts import (
    Answer,
    AuthorityFacts,
    AuthorityTries,
    DelegationSigner,
    DnssecFacts,
    DnsTry,
    Evidence,
    Key,
    Lookup,
    Signature,
    VantageFacts,
)
from ipv6check.judge import judge
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, ZONE, evidence
from tests.rules.test_verdicts import dns, says

NOW = f.DURING + f.SECOND
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NS1, NS2 = "2400:5::1", "11.5.0.2"
HOSTS = {NS1: "ns1.hanoi.gov.vn", NS2: "ns2.hanoi.gov.vn"}
RDATA = "257 3 13 a2V5"
KSK = Key(tag=1001, flags=257, algorithm=13, rdata=RDATA)
OLD = Key(tag=7, flags=256, algorithm=7, bits=2048, rdata="256 3 7 b2xk")

Made = Mapping[tuple[str, str], str]
"""What a server does with a type of question: a word of `answer_of`; `good` when nothing is said."""


def signature(covered: str, owner: str, verifies: bool | None = True, left=10 * DAY, begins=-DAY, **more) -> Signature:
    return Signature(
        covered=covered,
        owner=owner,
        signer=more.pop("signer", ZONE),
        key_tag=1001,
        algorithm=13,
        inception=NOW + begins,
        expiration=NOW + left,
        verifies=verifies,
        **more,
    )


def answer_of(word: str, name: str, rdtype: str, records: Sequence[str]) -> Answer:
    """An authoritative answer: `good`, `wrong`, `missing`, `untried` as to its signatures."""
    verifies = {"good": True, "wrong": False, "untried": None, "unsupported": False}.get(word, True)
    problem = "UnsupportedAlgorithm" if word == "unsupported" else ""
    covered = [(rdtype, name)] if records else [("SOA", ZONE), ("NSEC", name)]
    made = tuple(signature(c, owner, verifies, problem=problem) for c, owner in covered) if word != "missing" else ()
    denial = "" if records or word == "missing" else "NSEC"
    soa = {"soa": ZONE} if rdtype == "SOA" or not records else {}
    return f.answered(*records, authoritative=True, signatures=made, denial=denial, **soa)


def asked(server: str, name: str, rdtype: str, *tries: DnsTry, purpose: str = "", transport="udp") -> AuthorityTries:
    return AuthorityTries(
        host=HOSTS[server],
        server=ip_address(server),
        name=name,
        type=rdtype,
        tries=tries,
        purpose=purpose,
        transport=transport,
    )


def question(server: str, name: str, rdtype: str, records: Sequence[str], made: Made, purpose: str = "") -> AuthorityTries:
    words = made.get((server, rdtype), "good").split()
    tries = []
    for word in words:
        if word == "silent":
            tries += [f.dns_try(failure=f.fail("timeout", f.Stage.DNS), server=server)] * 3
        elif word == "no-edns":
            tries.append(f.dns_try(answer_of("missing", name, rdtype, records), server=server, edns=False))
        elif word == "refuses-edns":
            answer = answer_of("missing", name, rdtype, records)
            tries.append(f.dns_try(answer, server=server, edns=False, edns_refused="FORMERR"))
        elif word == "lame":
            tries.append(f.dns_try(f.answered(rcode="REFUSED"), server=server))
        else:
            tries.append(f.dns_try(answer_of(word, name, rdtype, records), server=server))
    return asked(server, name, rdtype, *tries, purpose=purpose)


def signer(tag=1001, algorithm=13, digest_type=2, matches: bool | None = True) -> DelegationSigner:
    return DelegationSigner(tag=tag, algorithm=algorithm, digest_type=digest_type, digest="00", matches=matches)


def zone(
    *,
    keys: Sequence[Key] = (KSK,),
    signers: Sequence[DelegationSigner] = (signer(),),
    ds: Lookup | None = None,
    made: Made | None = None,
    servers: Sequence[str] = (NS1, NS2),
    **more,
) -> DnssecFacts:
    """A signed zone with a DS record, unless changed."""
    made = made or {}
    given = []
    for server in servers:
        given.append(question(server, ZONE, "SOA", ["soa"], made, "soa"))
        given.append(question(server, ZONE, "DNSKEY", [key.rdata for key in keys], made, "dnskey"))
        given.append(asked(server, ZONE, "NSEC3PARAM", f.dns_try(f.answered(), server=server), purpose="nsec3param"))
    return DnssecFacts(
        zone=ZONE,
        ds=ds or f.lookup(ZONE, "DS", *(["1001 13 2 00"] * bool(signers))),
        signers=tuple(signers),
        keys=tuple(keys),
        asked=more.pop("asked", tuple(given)),
        cds=more.pop("cds", f.lookup(ZONE, "CDS")),
        cdnskey=more.pop("cdnskey", f.lookup(ZONE, "CDNSKEY")),
    )


def addresses(made: Made | None = None, servers: Sequence[str] = (NS1, NS2), name: str = DOMAIN) -> AuthorityFacts:
    pairs = [(server, rdtype, record) for server in servers for rdtype, record in (("AAAA", V6), ("A", V4))]
    return AuthorityFacts(zone=ZONE, answers=tuple(question(s, name, t, [r], made or {}) for s, t, r in pairs))


def seen(facts: DnssecFacts | None = None, made: Made | None = None, **more) -> Evidence:
    return evidence(dnssec=facts or zone(made=made), authority=more.pop("authority", addresses(made)), **more)


UNSIGNED = {(server, rdtype): "missing" for server in (NS1, NS2) for rdtype in ("SOA", "DNSKEY", "A", "AAAA")}
BARE = zone(keys=(), signers=(), made=UNSIGNED)
IDS = [f"SEC-0{n}" for n in range(2, 10)]


@pytest.mark.parametrize("id_", IDS)
def test_a_zone_that_was_not_looked_at_is_not_measured(id_: str) -> None:
    assert says(Evidence(), id_) == "nm:dependency-failed"


@pytest.mark.parametrize("id_", IDS)
def test_a_resolver_that_does_not_validate_leaves_dnssec_open(id_: str) -> None:
    vantage = (f.sample(validates=False), f.sample(f.END, validates=False))
    assert says(seen(vantage=vantage), id_) == "nm:resolver-error"


def look(signed: DnsTry | None, bogus: str = "", at: timedelta = HOUR) -> VantageFacts:
    """A look at our resolver: what it said of the signed name, and the rcode for the bogus one where one is configured."""
    refused = f.dns_try(f.answered(rcode=bogus, secure=False)) if bogus else None
    return replace(f.sample(f.START + at), signed=signed, bogus=refused)


VOUCHED, UNVOUCHED = f.dns_try(f.answered("soa")), f.dns_try(f.answered("soa", secure=False))
SERVFAIL = f.dns_try(f.answered(rcode="SERVFAIL", secure=False))
UNANSWERED = f.dns_try(failure=f.fail("timeout", f.Stage.DNS))

LOOKS = [
    ("always vouched for", [look(VOUCHED), look(VOUCHED)], "pass"),
    ("one SERVFAIL between", [look(VOUCHED), look(SERVFAIL), look(VOUCHED)], "pass"),
    ("one look without an answer", [look(VOUCHED), look(UNANSWERED), look(VOUCHED)], "pass"),
    ("one answer without AD", [look(VOUCHED), look(UNVOUCHED), look(VOUCHED)], "warn:no-validation"),
    ("never answered", [look(SERVFAIL), look(UNANSWERED)], "nm:resolver-error"),
    ("the bogus name is refused", [look(VOUCHED, "SERVFAIL")], "pass"),
    ("the bogus name is answered", [look(VOUCHED, "SERVFAIL"), look(VOUCHED, "NOERROR")], "warn:no-validation"),
]


@pytest.mark.parametrize(("why", "vantage", "expected"), LOOKS, ids=[row[0] for row in LOOKS])
def test_only_answers_show_that_the_resolver_does_not_validate(why: str, vantage: list[VantageFacts], expected: str) -> None:
    assert says(seen(vantage=vantage), "OPS-08") == expected
    assert says(seen(vantage=vantage), "SEC-08") == ("pass" if expected == "pass" else "nm:resolver-error")


@pytest.mark.parametrize("id_", IDS)
def test_an_unsigned_zone_is_not_judged(id_: str) -> None:
    assert says(seen(BARE, UNSIGNED), id_) == "n/a"


def test_a_well_signed_zone_has_no_fault() -> None:
    verdicts = judge(seen())
    assert {id_: str(verdicts[id_].outcome) for id_ in IDS} == {
        "SEC-02": "pass",
        "SEC-03": "pass",
        "SEC-04": "pass",
        "SEC-05": "n/a",
        "SEC-06": "pass",
        "SEC-07": "n/a",
        "SEC-08": "pass",
        "SEC-09": "pass",
    }


SIGNATURES = [
    ("one server has old data: wrong everywhere", {(NS2, t): "wrong" for t in ("SOA", "A", "AAAA")}, "fail"),
    ("one server gives none", {(NS2, t): "missing" for t in ("SOA", "DNSKEY", "A", "AAAA")}, "fail:missing"),
    ("one set is wrong at both servers", {(NS1, "A"): "wrong", (NS2, "A"): "wrong"}, "fail"),
    ("one set is wrong at one server: seen once", {(NS2, "A"): "wrong"}, "nm:own-timeout-budget"),
    ("wrong twice at one server", {(NS2, "A"): "wrong wrong"}, "fail"),
    ("wrong once and good once", {(NS2, "A"): "wrong good"}, "warn"),
    ("a wrong answer is known, another was not heard", {(NS1, "A"): "silent", (NS2, "A"): "wrong wrong"}, "fail"),
    ("keys by UDP were lost", {(NS2, "DNSKEY"): "silent"}, "nm:dependency-failed"),
    ("nobody could try the signatures", {(NS1, "A"): "untried"}, "nm:dependency-failed"),
    ("our software cannot try them", {(NS1, "A"): "unsupported", (NS2, "A"): "unsupported"}, "nm:dependency-failed"),
    ("a reply to a question without EDNS has none", {(NS2, "A"): "no-edns", (NS1, "A"): "no-edns"}, "nm:dependency-failed"),
    ("a server that refuses EDNS can give none", {(NS2, t): "refuses-edns" for t in ("A", "AAAA")}, "fail:missing"),
    ("a lame server is the business of NS-05", {(NS2, t): "lame" for t in ("SOA", "DNSKEY", "A", "AAAA")}, "pass"),
]


@pytest.mark.parametrize(("why", "made", "expected"), SIGNATURES, ids=[row[0] for row in SIGNATURES])
def test_every_server_gives_valid_signatures(why: str, made: Made, expected: str) -> None:
    assert says(seen(made=made), "SEC-02") == expected


def test_signatures_of_a_name_that_does_not_have_the_type() -> None:
    def nodata(word: str) -> AuthorityFacts:
        return AuthorityFacts(zone=ZONE, answers=tuple(question(s, DOMAIN, "AAAA", [], {(s, "AAAA"): word}) for s in HOSTS))

    assert says(seen(authority=nodata("good")), "SEC-02") == "pass"
    assert says(seen(authority=nodata("missing")), "SEC-02") == "fail:missing"
    assert says(seen(authority=nodata("wrong")), "SEC-02") == "fail"


def test_an_alias_must_be_signed_itself() -> None:
    def alias(*signatures: Signature) -> AuthorityFacts:
        answer = f.answered(authoritative=True, aliases=("cdn.example.net",), signatures=signatures, soa="example.net")
        return AuthorityFacts(zone=ZONE, answers=tuple(asked(s, DOMAIN, "A", f.dns_try(answer, server=s)) for s in HOSTS))

    assert says(seen(authority=alias(signature("CNAME", DOMAIN))), "SEC-02") == "pass"
    assert says(seen(authority=alias()), "SEC-02") == "fail:missing"


WWW, MOVED = f"www.{DOMAIN}", f"a.cu.{ZONE}"
WEB, NEW, CDN = f"web.{ZONE}", f"a.moi.{ZONE}", "cdn.example.net"
WWW_SIGNED, WEB_SIGNED = ("CNAME", WWW), ("AAAA", WEB)
RENAMED, NEW_SIGNED = ("DNAME", f"cu.{ZONE}"), ("AAAA", NEW)

ALIASES = [
    ("both ends are signed", WWW, [WEB], [V6], [WWW_SIGNED, WEB_SIGNED], "pass"),
    ("what it leads to is not", WWW, [WEB], [V6], [WWW_SIGNED], "fail:missing"),
    ("the alias is not", WWW, [WEB], [V6], [WEB_SIGNED], "fail:missing"),
    ("an alias in the middle is not", WWW, ["x." + ZONE, WEB], [V6], [WWW_SIGNED, WEB_SIGNED], "fail:missing"),
    ("all of three are", WWW, ["x." + ZONE, WEB], [V6], [WWW_SIGNED, ("CNAME", "x." + ZONE), WEB_SIGNED], "pass"),
    ("it leads to no address", WWW, [WEB], [], [WWW_SIGNED], "pass"),
    ("it leads out of the zone", WWW, [CDN], [V6], [WWW_SIGNED], "pass"),
    ("another zone's alias is signed", WWW, [CDN, "b.net"], [V6], [("CNAME", CDN)], "fail:missing"),
    ("made from a DNAME", MOVED, [NEW], [V6], [RENAMED, NEW_SIGNED], "pass"),
    ("made from a DNAME, what it leads to is not", MOVED, [NEW], [V6], [RENAMED], "fail:missing"),
    ("made from a DNAME that is not", MOVED, [NEW], [V6], [NEW_SIGNED], "fail:missing"),
    ("made from a DNAME, leads out of the zone", MOVED, [CDN], [], [RENAMED], "pass"),
    ("beside a DNAME it is no more made from it than above", f"cu.{ZONE}", [WEB], [V6], [RENAMED, WEB_SIGNED], "fail:missing"),
]


def aliased(name: str, aliases: Sequence[str], records: Sequence[str], signed: Sequence[tuple[str, str]]) -> AuthorityFacts:
    """What every server says of an alias, with signatures over these (type, owner)."""
    made = tuple(signature(covered, owner) for covered, owner in signed)
    answer = f.answered(*records, authoritative=True, aliases=tuple(aliases), signatures=made)
    return AuthorityFacts(zone=ZONE, answers=tuple(asked(s, name, "AAAA", f.dns_try(answer, server=s)) for s in HOSTS))


@pytest.mark.parametrize(("why", "name", "aliases", "records", "signed", "expected"), ALIASES, ids=[row[0] for row in ALIASES])
def test_every_record_of_the_zone_on_an_aliases_way_is_signed(
    why: str, name: str, aliases: list[str], records: list[str], signed: list[tuple[str, str]], expected: str
) -> None:
    assert says(seen(authority=aliased(name, aliases, records, signed)), "SEC-02") == expected


def test_a_dname_with_a_wrong_signature_is_a_fault() -> None:
    made = (signature("DNAME", f"cu.{ZONE}", verifies=False), signature("AAAA", NEW))
    answer = f.answered(V6, authoritative=True, aliases=(NEW,), signatures=made)
    authority = AuthorityFacts(zone=ZONE, answers=tuple(asked(s, MOVED, "AAAA", f.dns_try(answer, server=s)) for s in HOSTS))
    assert says(seen(authority=authority), "SEC-02") == "fail"


@pytest.mark.parametrize(("secure", "expected"), [(True, "fail:missing"), (False, "pass")])
def test_an_alias_may_lead_to_an_unsigned_zone_further_down(secure: bool, expected: str) -> None:
    """The same servers may have that zone too, and give its address along; the validating resolver knows."""
    below = f"web.khac.{ZONE}"
    www = f.names(WWW, [V6], secure=secure, aliases=(below,))
    authority = aliased(WWW, [below], [V6], [("CNAME", WWW)])
    assert says(seen(authority=authority, www=www), "SEC-02") == expected
    unsigned = aliased(WWW, [below], [V6], [("CNAME", below)])
    assert says(seen(authority=unsigned, www=www), "SEC-02") == "fail:missing"


def test_what_a_server_says_of_another_zone_is_not_held_against_it() -> None:
    www = f"www.{DOMAIN}"
    referral = f.answered(referral=www, referral_servers=("ns.example.net",))
    elsewhere = tuple(asked(s, www, "A", f.dns_try(referral, server=s)) for s in HOSTS)
    authority = AuthorityFacts(zone=ZONE, answers=(*addresses().answers, *elsewhere))
    assert says(seen(authority=authority), "SEC-02") == "pass"
    bare = tuple(asked(s, www, "A", f.dns_try(f.answered(V4, authoritative=True), server=s)) for s in HOSTS)
    authority = AuthorityFacts(zone=ZONE, answers=(*addresses().answers, *bare))
    insecure = f.names(www, [V6], [V4], secure=False)
    assert says(seen(authority=authority, www=insecure), "SEC-02") == "pass"
    assert says(seen(authority=authority, www=f.names(www, [V6], [V4])), "SEC-02") == "fail:missing"


def test_keys_that_came_over_tcp_alone_are_enough() -> None:
    facts = zone(made={(NS2, "DNSKEY"): "silent"})
    over_tcp = asked(
        NS2,
        ZONE,
        "DNSKEY",
        f.dns_try(answer_of("good", ZONE, "DNSKEY", [RDATA]), server=NS2, transport="tcp"),
        purpose="dnskey",
        transport="tcp",
    )
    assert says(seen(zone(asked=(*facts.asked, over_tcp))), "SEC-02") == "pass"


def test_a_zone_without_ds_is_insecure_and_its_signatures_protect_nobody() -> None:
    lone = zone(signers=())
    wrong = {(NS2, t): "wrong" for t in ("SOA", "A", "AAAA")}
    assert says(seen(zone(signers=(), made=wrong), wrong), "SEC-02") == "n/a"
    assert says(seen(lone), "SEC-03") == "n/a"
    assert says(seen(lone), "SEC-08") == "warn"


def test_a_ds_that_does_not_validate_vouches_for_nothing() -> None:
    facts = zone(ds=f.lookup(ZONE, "DS", "1001 13 2 00", secure=False))
    assert [says(seen(facts), id_) for id_ in ("SEC-02", "SEC-03", "SEC-08")] == ["n/a", "n/a", "warn"]


def test_an_unanswered_ds_leaves_it_open() -> None:
    facts = zone(ds=f.unseen(ZONE, "DS"), signers=())
    assert [says(seen(facts), id_) for id_ in ("SEC-02", "SEC-03", "SEC-08")] == ["nm:resolver-error"] * 3
    assert says(seen(facts), "SEC-04") == "pass"


def test_servers_that_are_silent_about_keys_leave_it_open() -> None:
    made = {(server, "DNSKEY"): "silent" for server in HOSTS}
    facts = zone(keys=(), signers=(signer(matches=None),), made=made)
    for id_ in ("SEC-03", "SEC-04", "SEC-05", "SEC-06", "SEC-07", "SEC-08", "SEC-09"):
        assert says(seen(facts), id_) == "nm:dependency-failed", id_


def test_our_own_trouble_is_the_reason_given() -> None:
    local = asked(NS1, ZONE, "DNSKEY", f.dns_try(failure=f.fail("opt-out", f.Stage.DNS), server=NS1), purpose="dnskey")
    facts = zone(keys=(), asked=(local,))
    assert says(seen(facts), "SEC-04") == "nm:opt-out"


DS = [
    ([signer()], "pass"),
    ([signer(digest_type=4)], "pass"),
    ([signer(digest_type=1), signer()], "pass"),
    ([signer(), signer(tag=9, matches=False)], "warn"),
    ([signer(digest_type=1)], "fail:digest"),
    ([signer(digest_type=3, matches=False)], "fail:digest"),
    ([signer(matches=False)], "fail"),
    ([signer(tag=9, matches=False), signer(tag=8, matches=False)], "fail"),
    ([signer(tag=9, digest_type=3, matches=False)], "fail"),
    ([signer(), signer(digest_type=6, matches=False)], "pass"),
]


@pytest.mark.parametrize(("signers", "expected"), DS)
def test_ds_matches_a_key(signers: Sequence[DelegationSigner], expected: str) -> None:
    assert says(seen(zone(signers=signers)), "SEC-03") == expected


def test_keys_seen_once_do_not_prove_a_mismatch() -> None:
    facts = zone(signers=[signer(matches=False)], servers=(NS1,))
    assert says(seen(facts), "SEC-03") == "nm:own-timeout-budget"
    assert says(seen(facts, run=f.run(tries=1)), "SEC-03") == "fail"


def test_a_ds_without_keys_matches_none() -> None:
    facts = zone(keys=(), signers=[signer(matches=None)], made=UNSIGNED)
    assert says(seen(facts, UNSIGNED), "SEC-03") == "fail"
    assert says(seen(facts, UNSIGNED), "SEC-08") == "fail"
    assert says(seen(facts, UNSIGNED), "SEC-02") == "fail:missing"
    assert [says(seen(facts, UNSIGNED), id_) for id_ in ("SEC-04", "SEC-05", "SEC-06", "SEC-07", "SEC-09")] == ["n/a"] * 5


def test_a_zone_seen_unsigned_once_is_not_yet_a_fault() -> None:
    facts = zone(keys=(), signers=[signer(matches=None)], made=UNSIGNED, servers=(NS1,))
    assert says(seen(facts, UNSIGNED), "SEC-08") == "nm:own-timeout-budget"


def test_keys_without_signatures_are_no_signed_zone() -> None:
    facts = zone(made=UNSIGNED)
    assert says(seen(facts, UNSIGNED), "SEC-08") == "fail"


def key(algorithm: int, bits: int | None = None, tag: int = 1) -> Key:
    return Key(tag=tag, flags=256, algorithm=algorithm, bits=bits, rdata=f"256 3 {algorithm} {tag}")


ALGORITHMS = {
    "pass": (8, 13, 14, 15, 16),
    "warn": (10, 17, 23),
    "fail": (1, 3, 5, 6, 7, 12, 0, 2, 4, 99, 253, 255),
}


@pytest.mark.parametrize(("algorithm", "expected"), [(n, outcome) for outcome, numbers in ALGORITHMS.items() for n in numbers])
def test_signing_algorithm(algorithm: int, expected: str) -> None:
    assert says(seen(zone(keys=[key(algorithm, 2048)])), "SEC-04") == expected


def test_the_worst_algorithm_counts() -> None:
    assert says(seen(zone(keys=[KSK, OLD])), "SEC-04") == "fail"
    assert says(seen(zone(keys=[KSK, key(10, 2048)])), "SEC-04") == "warn"


def test_a_key_that_one_server_gave_once_is_not_yet_a_fault() -> None:
    both = zone(keys=[KSK], servers=(NS1,))
    stale = asked(NS2, ZONE, "SOA", f.dns_try(answer_of("good", ZONE, "SOA", ["soa"]), server=NS2), purpose="soa")
    once = asked(NS2, ZONE, "DNSKEY", f.dns_try(answer_of("good", ZONE, "DNSKEY", [OLD.rdata]), server=NS2), purpose="dnskey")
    facts = zone(keys=[KSK, OLD], asked=(*both.asked, stale, once))
    assert says(seen(facts), "SEC-04") == "nm:own-timeout-budget"


SIZES = [(2048, "pass"), (4096, "pass"), (2047, "warn"), (1024, "warn"), (1023, "fail"), (512, "fail")]


@pytest.mark.parametrize(("bits", "expected"), SIZES)
def test_rsa_key_size(bits: int, expected: str) -> None:
    assert says(seen(zone(keys=[KSK, key(8, bits)])), "SEC-05") == expected


def test_a_size_that_nobody_could_read_is_not_measured() -> None:
    assert says(seen(zone(keys=[key(8, None)])), "SEC-05") == "nm:dependency-failed"


def dated(*spans: tuple[timedelta, timedelta], server: str = NS2) -> DnssecFacts:
    """A zone whose SOA at one server has signatures of these (begin, end), seen twice."""
    made = tuple(signature("SOA", ZONE, begins=begin, left=end) for begin, end in spans)
    tried = f.dns_try(f.answered("soa", soa=ZONE, authoritative=True, signatures=made), server=server)
    late = asked(server, ZONE, "SOA", tried, tried, purpose="soa")
    return zone(asked=tuple(late if (str(a.server), a.type) == (server, "SOA") else a for a in zone().asked))


DATES = [
    ((-DAY, 3 * DAY + HOUR), "pass"),
    ((-DAY, 3 * DAY), "warn"),
    ((-DAY, 12 * HOUR), "warn"),
    ((-DAY, 12 * HOUR - f.SECOND), "fail"),
    ((-2 * DAY, -f.SECOND), "fail:expired"),
    ((-30 * DAY, -20 * DAY), "fail:expired"),
    ((HOUR, 9 * DAY), "fail:not-yet-valid"),
    ((timedelta(seconds=30), 9 * DAY), "pass"),
]


@pytest.mark.parametrize(("span", "expected"), DATES)
def test_time_left_at_the_worst_server(span: tuple[timedelta, timedelta], expected: str) -> None:
    assert says(seen(dated(span)), "SEC-06") == expected


def test_of_several_signatures_over_one_set_the_best_counts() -> None:
    assert says(seen(dated((-9 * DAY, -DAY), (-DAY, 9 * DAY))), "SEC-06") == "pass"
    assert says(seen(dated((-9 * DAY, -DAY), (HOUR, 9 * DAY))), "SEC-06").startswith("fail")


def test_an_expired_signature_seen_once_is_not_yet_a_fault() -> None:
    facts = dated((-9 * DAY, -DAY))
    once = tuple(replace(a, tries=a.tries[:1]) if a.type == "SOA" else a for a in facts.asked)
    assert says(seen(zone(asked=once)), "SEC-06") == "nm:own-timeout-budget"


def test_dates_need_a_good_clock_and_wrong_signatures_have_none() -> None:
    bad_clock = (f.sample(offset=61), f.sample(f.END, offset=61))
    assert says(seen(dated((-9 * DAY, -DAY)), vantage=bad_clock), "SEC-06") == "nm:clock"
    assert says(seen(BARE, UNSIGNED, vantage=bad_clock), "SEC-06") == "n/a"


def test_a_server_whose_signatures_were_not_heard_leaves_the_dates_open() -> None:
    made = {(NS2, t): "no-edns" for t in ("SOA", "DNSKEY", "A", "AAAA")}
    assert says(seen(made=made), "SEC-06") == "nm:dependency-failed"


def test_the_dates_say_which_server_and_day() -> None:
    args = judge(seen(dated((-9 * DAY, -DAY))))["SEC-06"].args
    expected = {"server": HOSTS[NS2], "address": NS2, "name": ZONE, "type": "SOA", "days": -1.0}
    assert {name: args[name] for name in expected} == expected
    assert args["until"] == (NOW - DAY).date().isoformat()


NSEC3 = [
    (["1 0 0 -"], "pass"),
    (["1 0 5 -"], "warn"),
    (["1 0 0 AABB"], "warn"),
    (["1 0 0 -", "1 0 10 CC"], "warn"),
    ([], "n/a"),
]


@pytest.mark.parametrize(("records", "expected"), NSEC3)
def test_nsec3_parameters(records: Sequence[str], expected: str) -> None:
    parameters = asked(NS1, ZONE, "NSEC3PARAM", f.dns_try(f.answered(*records), server=NS1), purpose="nsec3param")
    kept = tuple(a for a in zone().asked if a.type != "NSEC3PARAM")
    assert says(seen(zone(asked=(*kept, parameters))), "SEC-07") == expected


def test_nsec3_parameters_that_nobody_told_are_not_measured() -> None:
    kept = tuple(a for a in zone().asked if a.type != "NSEC3PARAM")
    silent = question(NS1, ZONE, "NSEC3PARAM", [], {(NS1, "NSEC3PARAM"): "silent"}, "nsec3param")
    assert says(seen(zone(asked=(*kept, silent))), "SEC-07").startswith("nm:")


def child(rdtype: str, *records: str, signed: bool = True, tries: int = 1) -> Lookup:
    return f.lookup(ZONE, rdtype, *records, signed=signed, tries=tries)


CDS, CDNSKEY = child("CDS", "1001 13 2 00"), child("CDNSKEY", RDATA)
NO_CDS, NO_CDNSKEY = child("CDS", signed=False), child("CDNSKEY", signed=False)
CHILD = [
    (NO_CDS, NO_CDNSKEY, "pass:absent"),
    (CDS, CDNSKEY, "pass"),
    (CDS, NO_CDNSKEY, "pass"),
    (NO_CDS, CDNSKEY, "pass"),
    (child("CDS", "1001 13 2 00", "1001 13 4 00"), CDNSKEY, "pass"),
    (child("CDS", "9 13 2 00"), NO_CDNSKEY, "warn"),
    (child("CDS", "9 13 2 00"), child("CDNSKEY", "257 3 13 b3RoZXI="), "warn"),
    (child("CDS", "9 13 2 00"), CDNSKEY, "fail:conflicting"),
    (child("CDS", "0 0 0 00"), CDNSKEY, "fail:conflicting"),
    (child("CDS", "0 0 0 00", "1001 13 2 00"), NO_CDNSKEY, "fail:conflicting"),
    (child("CDS", "0 0 0 00"), child("CDNSKEY", "0 3 0 AA=="), "warn:delete"),
    (child("CDS", "1001 13 2 00", signed=False), child("CDNSKEY", RDATA, signed=False), "fail:unsigned"),
    (child("CDS", "1001 13 2 00", signed=False, tries=2), NO_CDNSKEY, "fail:unsigned"),
    (child("CDS", "1001 13 2 00", signed=False), NO_CDNSKEY, "nm:own-timeout-budget"),
    (f.unseen(ZONE, "CDS"), CDNSKEY, "nm:resolver-error"),
]


@pytest.mark.parametrize(("cds", "cdnskey", "expected"), CHILD)
def test_cds_and_cdnskey(cds: Lookup, cdnskey: Lookup, expected: str) -> None:
    assert says(seen(zone(cds=cds, cdnskey=cdnskey)), "SEC-09") == expected


def test_unsigned_cds_that_the_resolver_refuses_is_seen_twice() -> None:
    refused = Lookup(
        name=ZONE,
        type="CDS",
        tries=(f.dns_try(f.answered(rcode="SERVFAIL", secure=False)),),
        unchecked=(f.dns_try(f.answered("1001 13 2 00", secure=False)),),
    )
    assert says(seen(zone(cds=refused, cdnskey=NO_CDNSKEY)), "SEC-09") == "fail:unsigned"


def test_a_zone_that_left_dnssec_may_say_so() -> None:
    facts = zone(signers=(), cds=child("CDS", "0 0 0 00"), cdnskey=child("CDNSKEY", "0 3 0 AA=="))
    assert says(seen(facts), "SEC-09") == "pass:deleted"


def test_dns_06_looks_at_aaaa_answers_alone() -> None:
    silent = {(server, "A"): "silent" for server in HOSTS}
    assert says(seen(authority=addresses(silent)), "DNS-06") == "pass"
    assert says(seen(authority=addresses({(NS1, "AAAA"): "silent"})), "DNS-06") == "fail"
    only_a = AuthorityFacts(zone=ZONE, answers=tuple(a for a in addresses().answers if a.type == "A"))
    assert says(evidence(authority=only_a, dns=dns()), "DNS-06") == "nm:dependency-failed"
