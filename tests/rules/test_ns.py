"""Tables of evidence and outcome, from the catalogue: the name servers, the delegation, and what they answer."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from ipv6check.facts import (
    AuthorityFacts,
    AuthorityTries,
    DelegationSigner,
    DnssecFacts,
    DnsTry,
    Evidence,
    Key,
    MailZoneFacts,
    NameserverFacts,
    ResolutionFacts,
    ResourceFacts,
    ZoneStep,
)
from ipv6check.judge import judge
from ipv6check.rules import BY_ID, words
from tests import factories as f
from tests.factories import DOMAIN, PARENT_SERVER, V6, ZONE, evidence, name_servers, nameserver, question, routed

WWW = f"www.{DOMAIN}"
NS1, NS2 = f.TWO_SERVERS
A6, A4, B6, B4 = "2400:5::1", "11.5.0.1", "2400:5::2", "11.5.0.2"
DEAD = ("timeout",) * 3
ONLY_V4 = nameserver("ns2.hanoi.gov.vn", [], [B4])
ONLY_V6 = nameserver("ns2.hanoi.gov.vn", [B6], [])
UNSEEN_AAAA = f.NameLookups(
    name="ns2.hanoi.gov.vn", aaaa=f.unseen("ns2.hanoi.gov.vn", "AAAA"), a=f.lookup("ns2.hanoi.gov.vn", "A", B4)
)
AAAA_UNSEEN = replace(ONLY_V4, lookups=UNSEEN_AAAA)
OUTSIDE = nameserver("ns1.nha-cung-cap.vn", ["2400:6::1"], ["11.6.0.1"])
OUTSIDE_2 = nameserver("ns2.nha-cung-cap.vn", ["2400:6::2"], ["11.6.0.2"])
PROVIDER = "nha-cung-cap.vn"
NS_IDS = [id_ for id_ in BY_ID if id_.startswith("NS-")]


def says(seen: Evidence, id_: str) -> str:
    """A verdict in a word: the outcome; with a case that is not the outcome, or a reason, after a colon."""
    verdict = judge(seen)[id_]
    if verdict.reason is not None:
        return f"nm:{verdict.reason}"
    return str(verdict.outcome) if verdict.case == verdict.outcome.value else f"{verdict.outcome}:{verdict.case}"


def second(**tries) -> f.NameserverHost:
    return nameserver("ns2.hanoi.gov.vn", [B6], [B4], **tries)


def local(server: str, transport: str = "udp") -> DnsTry:
    """A try that failed for want of that family here."""
    return f.dns_try(failure=f.fail("local", f.Stage.DNS), server=server, transport=transport)


def from_here(host: f.NameserverHost) -> f.NameserverHost:
    """The same name server as seen from where there is no IPv6."""
    return replace(
        host,
        soa=tuple(replace(s, tries=(local(str(s.server), s.transport),)) if s.server.version == 6 else s for s in host.soa),
    )


def test_a_healthy_zone_has_no_fault_and_nothing_unseen() -> None:
    verdicts = judge(evidence())
    assert {verdicts[id_].outcome for id_ in NS_IDS} == {"pass", "n/a"}
    assert [id_ for id_ in NS_IDS if verdicts[id_].outcome == "n/a"] == ["NS-11", "NS-16", "NS-20"]


def test_nothing_seen_is_not_measured() -> None:
    assert {id_: v.outcome for id_, v in judge(Evidence()).items() if id_ in NS_IDS} == dict.fromkeys(NS_IDS, "nm")


# NS-05, 06, 07, 13: each address

ADDRESSES = [
    ("NS-06", (NS1, NS2), "pass"),
    ("NS-06", (NS1, second(v6_tcp=DEAD)), "fail:silent"),
    ("NS-06", (NS1, second(v6_tries=DEAD, v6_tcp=["ok"])), "pass"),
    ("NS-05", (NS1, second(v6_tries=DEAD, v6_tcp=["ok"])), "fail:silent"),
    ("NS-05", (NS1, second(v6_tcp=DEAD)), "pass"),
    ("NS-06", (NS1, second(v6_tcp=["REFUSED"] * 2)), "fail:lame"),
    ("NS-06", (NS1, second(v6_tcp=["timeout", "ok"])), "warn:unstable"),
    ("NS-06", (NS1, second(v6_tcp=["timeout"])), "nm:own-timeout-budget"),
    ("NS-06", (NS1, second(v4_tcp=DEAD)), "pass"),
    ("NS-06", (ONLY_V4,), "n/a"),
    ("NS-06", (AAAA_UNSEEN,), "nm:resolver-error"),
    ("NS-06", (replace(NS1, soa=()),), "nm:dependency-failed"),
    ("NS-07", (NS1, NS2), "pass"),
    ("NS-07", (NS1, second(v4_tries=DEAD)), "fail:silent"),
    ("NS-07", (NS1, second(v4_tcp=DEAD)), "fail:silent"),
    ("NS-07", (NS1, second(v4_tcp=["lame"] * 2)), "fail:lame"),
    ("NS-07", (NS1, second(v4_tries=["timeout", "ok"])), "warn:unstable"),
    ("NS-07", (NS1, second(v6_tries=DEAD)), "pass"),
    ("NS-07", (ONLY_V6,), "n/a"),
    ("NS-07", (NS1, replace(NS2, soa=tuple(s for s in NS2.soa if s.transport == "udp"))), "nm:dependency-failed"),
    ("NS-13", (NS1, NS2), "pass"),
    ("NS-13", (NS1, nameserver("ns2.hanoi.gov.vn", ["::ffff:11.5.0.2"])), "fail"),
    ("NS-13", (NS1, nameserver("ns2.hanoi.gov.vn", ["::11.5.0.2"])), "fail"),
    ("NS-13", (NS1, nameserver("ns2.hanoi.gov.vn", ["64:ff9b::b05:2"])), "fail"),
    ("NS-13", (NS1, nameserver("ns2.hanoi.gov.vn", ["64:ff9b:1::b05:2", B6])), "fail"),
    ("NS-13", (NS1, nameserver("ns2.hanoi.gov.vn", ["fd00::1", "2002:b05:2::1"])), "pass"),  # ADDR's matter, no embedding
    ("NS-13", (ONLY_V4,), "n/a"),
    ("NS-13", (NS1, AAAA_UNSEEN), "nm:resolver-error"),
]


@pytest.mark.parametrize(("id_", "hosts", "expected"), ADDRESSES)
def test_each_address(id_: str, hosts: tuple, expected: str) -> None:
    assert says(evidence(nameservers=name_servers(*hosts)), id_) == expected


def test_the_transport_that_failed_is_named() -> None:
    args = judge(evidence(nameservers=name_servers(NS1, second(v4_tcp=DEAD))))["NS-07"].args
    assert (args["transport"], args["address"], args["bad"], args["total"]) == ("tcp", B4, 1, 2)


def test_a_refused_connection_is_said_in_words() -> None:
    refused = f.dns_try(failure=f.fail("refused", f.Stage.TCP, "ECONNREFUSED"), server=B6, transport="tcp")
    verdict = judge(evidence(nameservers=name_servers(NS1, second(v6_tcp=[refused] * 2))))["NS-06"]
    assert verdict.args["problem"] == "refused"
    assert "bị từ chối kết nối" in words.found(verdict, "vi")


def test_a_slow_answer_over_udp_warns_and_only_there() -> None:
    slow = f.dns_try(f.answered(f.soa_record(), soa=ZONE, authoritative=True, edns=True), server=B6, seconds_to_answer=1.5)
    seen = evidence(nameservers=name_servers(NS1, second(v6_tries=[slow])))
    assert (says(seen, "NS-05"), says(seen, "NS-06")) == ("warn:slow", "pass")


# NS-09, NS-10: the parent

SETS = [
    (["ns1", "ns2"], ["ns1", "ns2"], "pass"),
    (["ns1"], ["ns1", "ns2"], "warn:zone-has-more"),
    (["ns1", "ns2", "ns3"], ["ns1", "ns2"], "warn:parent-has-more"),
    (["ns1", "ns3"], ["ns1", "ns2"], "warn:overlap"),
    (["ns3", "ns4"], ["ns1", "ns2"], "fail"),
    (["ns1", "ns2"], [], "nm:resolver-error"),
]


@pytest.mark.parametrize(("parent", "child", "expected"), SETS)
def test_parent_and_zone(parent: list, child: list, expected: str) -> None:
    facts = name_servers(from_parent=tuple(parent), from_child=tuple(child), asked=())
    assert says(evidence(nameservers=facts), "NS-09") == expected


def heard(server: str, *names: str, authoritative: bool = True) -> AuthorityTries:
    """One server's own answer to the question for the zone's NS set."""
    records = [f"{name}.{ZONE}." for name in names]
    answer = f.answered(*records, authoritative=authoritative)
    tries = (f.dns_try(answer, server=server),)
    return AuthorityTries(host=server, server=ip_address(server), name=ZONE, type="NS", tries=tries, purpose="ns")


BY_SERVERS = [
    ([heard(A6, "ns1", "ns2"), heard(B6, "ns1")], "pass"),
    ([heard(A6, "ns1"), heard(B6, "ns1")], "warn:parent-has-more"),
    ([heard(A6, "ns1", "ns2"), heard(B6, "ns1", "ns2", "ns3")], "warn:zone-has-more"),
    ([heard(A6, "NS1", "Ns2")], "pass"),
]


@pytest.mark.parametrize("resolver", [("ns1", "ns2"), ("ns2",)])
@pytest.mark.parametrize(("asked", "expected"), BY_SERVERS)
def test_what_the_zone_says_is_what_all_its_servers_say(asked: list, expected: str, resolver: tuple[str, ...]) -> None:
    """Which of them our resolver happened to ask makes no difference."""
    facts = name_servers(from_parent=("ns1." + ZONE, "ns2." + ZONE), from_child=tuple(f"{n}.{ZONE}" for n in resolver))
    assert says(evidence(nameservers=replace(facts, asked=tuple(asked))), "NS-09") == expected


def test_a_server_without_authority_is_not_asked_what_the_zone_says() -> None:
    facts = name_servers(from_parent=("ns1",), from_child=("ns1",), asked=(heard(A6, "ns3", authoritative=False),))
    assert says(evidence(nameservers=facts), "NS-09") == "pass"


SILENT_PARENT = f.dns_try(failure=f.fail("timeout", f.Stage.DNS), server=PARENT_SERVER)

PARENT_UNSEEN = [
    ({"delegation": None, "from_parent": ()}, {}, "nm:resolver-error"),
    ({"delegation": SILENT_PARENT, "from_parent": ()}, {}, "nm:own-timeout-budget"),
    ({"delegation": local(PARENT_SERVER), "from_parent": ()}, {"vantage": f.NO_V6}, "nm:no-v6-here"),
    (
        {"delegation": f.dns_try(f.answered(rcode="NXDOMAIN"), server=PARENT_SERVER), "from_parent": ()},
        {},
        "nm:dependency-failed",
    ),
]


@pytest.mark.parametrize("id_", ["NS-09", "NS-10"])
@pytest.mark.parametrize(("facts", "more", "expected"), PARENT_UNSEEN)
def test_a_parent_that_was_not_seen(id_: str, facts: dict, more: dict, expected: str) -> None:
    assert says(evidence(nameservers=name_servers(**facts), **more), id_) == expected


def glued(*pairs: tuple[str, str], over_tcp: tuple | None = None, **more) -> NameserverFacts:
    tcp = None if over_tcp is None else f.referral(glue=over_tcp, transport="tcp")
    return name_servers(**({"delegation": f.referral(glue=pairs), "glue_over_tcp": tcp} | more))


N1, N2 = "ns1.hanoi.gov.vn", "ns2.hanoi.gov.vn"
BOTH = ((N1, A6), (N2, B6), (N1, A4))
TWO_V6 = nameserver(N2, [B6, "2400:5::3"], [B4])
FAILED_TCP = f.dns_try(failure=f.fail("timeout", f.Stage.DNS), server=PARENT_SERVER, transport="tcp")

GLUE = [
    (glued(*BOTH), "pass"),
    (glued((N1, A6), (N2, B4), over_tcp=BOTH), "pass"),
    (glued((N1, A6), (N2, B4), over_tcp=((N1, A6), (N2, B4))), "fail:missing"),
    (glued((N1, A6), (N2, B4)), "nm:resolver-error"),
    (glued((N1, A6), glue_over_tcp=FAILED_TCP), "nm:own-timeout-budget"),
    (glued((N1, A6), (N2, "2400:5::9")), "fail:different"),
    (glued(*BOTH, (N2, "2400:5::9")), "fail:different"),
    (glued(*BOTH, hosts=(NS1, TWO_V6)), "warn"),
    (glued((N1, A6), hosts=(NS1, ONLY_V4)), "pass"),
    (glued((N1, A4), hosts=(ONLY_V4,)), "n/a"),
    (glued((N1, A6), hosts=(NS1, AAAA_UNSEEN)), "nm:resolver-error"),
    (glued((N1, A6), from_parent=(N1,)), "pass"),  # what the child alone names is NS-09's
    (glued(from_parent=("ns9.hanoi.gov.vn",)), "n/a"),
    (name_servers(OUTSIDE, OUTSIDE_2), "n/a"),
    (glued(hosts=(ONLY_V4,), from_parent=(), delegation=None), "n/a"),
    (name_servers(delegation=f.dns_try(f.answered(N1, N2, authoritative=True), server=PARENT_SERVER)), "nm:dependency-failed"),
]


@pytest.mark.parametrize(("facts", "expected"), GLUE)
def test_glue(facts: NameserverFacts, expected: str) -> None:
    assert says(evidence(nameservers=facts), "NS-10") == expected


def test_a_fault_of_one_server_outranks_another_that_was_not_seen() -> None:
    facts = glued((N1, "2400:5::9"), hosts=(NS1, AAAA_UNSEEN))
    assert says(evidence(nameservers=facts), "NS-10") == "fail:different"


# NS-11, NS-12, NS-20: by IPv6 alone


def at_zone(zone: str, *tries, **more) -> ZoneStep:
    """A zone that could not be passed: its server was asked, with these tries."""
    asked = [question("ns.x.vn", "2400:e::1", DOMAIN, "AAAA", *tries, purpose="iteration", zone=zone)] if tries else []
    return f.step(zone, *asked, **({"is_answered": False} | more))


NO_GLUE = at_zone(ZONE, unusable=((N1, "no-glue"), (N2, "no-glue")))
NO_ADDRESS = at_zone(ZONE, unusable=((N1, "no-address"),))
MIXED = at_zone(ZONE, *DEAD, unusable=((N2, "no-glue"),))
ONE_TRY = at_zone(ZONE, "timeout")
LAME = at_zone(ZONE, "REFUSED", "REFUSED")
UNRESOLVED = at_zone(ZONE, *DEAD, unusable=(("ns1.nha-cung-cap.vn", "unresolved"),), via=(f"ns1.nha-cung-cap.vn: {PROVIDER}",))
BEHIND = f.step(
    ZONE,
    question("ns.x.vn", "2400:e::1", "ns1.nha-cung-cap.vn", "AAAA", *DEAD, purpose="iteration", zone=PROVIDER),
    is_answered=False,
    unusable=(("ns1.nha-cung-cap.vn", "unresolved"),),
    via=(f"ns1.nha-cung-cap.vn: {PROVIDER}",),
)
OURS = at_zone(ZONE, local("2400:e::1"), unusable=((N2, "no-glue"),))
GOOD_ANSWER = f.answered(V6, authoritative=True)
RETRIED = f.step(ZONE, question(N1, A6, DOMAIN, "AAAA", "timeout", GOOD_ANSWER, zone=ZONE), rounds=2)
NEXT_SERVER = f.step(
    ZONE, question(N1, A6, DOMAIN, "AAAA", "timeout", zone=ZONE), question(N2, B6, DOMAIN, "AAAA", GOOD_ANSWER, zone=ZONE)
)
OUR_RETRY = f.step(ZONE, question(N1, A6, DOMAIN, "AAAA", local(A6), GOOD_ANSWER, zone=ZONE), rounds=2)

WAYS = [
    ((f.iteration(DOMAIN, "AAAA", V6), f.iteration(DOMAIN, "MX")), "pass"),
    ((f.iteration(DOMAIN, "AAAA"),), "pass"),
    ((f.iteration(DOMAIN, "AAAA", rcode="NXDOMAIN"),), "pass"),
    ((f.iteration(last=NO_GLUE),), "fail:own"),
    ((f.iteration(last=NO_ADDRESS),), "fail:own"),
    ((f.iteration(last=MIXED),), "fail:own"),
    ((f.iteration(last=LAME),), "fail:own"),
    ((f.iteration(last=UNRESOLVED),), "fail:own"),
    ((f.iteration(last=BEHIND),), "fail:servers"),
    ((f.iteration(last=ONE_TRY),), "nm:own-timeout-budget"),
    ((f.iteration(last=RETRIED),), "warn"),
    ((f.iteration(last=NEXT_SERVER),), "pass"),
    ((f.iteration(last=OUR_RETRY),), "pass"),
    ((f.iteration(last=at_zone("gov.vn", *DEAD), zone="gov.vn"),), "fail:above"),
    ((f.iteration(last=at_zone("cdn.example", *DEAD), zone="cdn.example"),), "fail:elsewhere"),
    ((f.iteration(DOMAIN, "AAAA", V6), f.iteration(DOMAIN, "MX", last=MIXED)), "fail:own"),
    ((f.iteration(DOMAIN, "AAAA", V6), f.iteration(WWW, "AAAA", last=MIXED)), "fail:own"),
    ((f.iteration(last=ONE_TRY), f.iteration(WWW, "AAAA", last=MIXED)), "fail:own"),
    ((f.Iteration(name=DOMAIN, type="AAAA", steps=(at_zone(".", *DEAD),), broken="."),), "nm:dependency-failed"),
    ((f.Iteration(name=DOMAIN, type="AAAA", steps=(at_zone(".", unusable=(("root servers", "no-address"),)),), broken="."),),
     "nm:dependency-failed"),
    ((f.iteration(broken=ZONE),), "nm:limit"),  # every step was answered, and there was no end
    ((f.Iteration(name=DOMAIN, type="AAAA"),), "nm:dependency-failed"),
    ((), "nm:dependency-failed"),
]  # fmt: skip


@pytest.mark.parametrize(("iterations", "expected"), WAYS)
def test_from_the_root_by_ipv6_alone(iterations: tuple, expected: str) -> None:
    assert says(evidence(resolution=ResolutionFacts(iterations=iterations)), "NS-12") == expected


def test_without_ipv6_here_no_way_is_judged() -> None:
    root = at_zone(".", local("2400:e::1"))
    stuck_here = f.Iteration(name=DOMAIN, type="AAAA", steps=(root,), broken=".")
    seen = evidence(resolution=ResolutionFacts(iterations=(stuck_here,)), vantage=f.NO_V6)
    assert says(seen, "NS-12") == "nm:no-v6-here"


@pytest.mark.parametrize("last", [MIXED, UNRESOLVED, OURS])
def test_ipv6_that_was_lost_on_the_way_is_ours(last: ZoneStep) -> None:
    seen = evidence(resolution=ResolutionFacts(iterations=(f.iteration(last=last),)), vantage=f.V6_LOST)
    assert says(seen, "NS-12") == "nm:canary-failed"


def test_the_first_broken_zone_is_named_with_the_reasons() -> None:
    verdict = judge(evidence(resolution=ResolutionFacts(iterations=(f.iteration(last=MIXED),))))["NS-12"]
    assert (verdict.args["broken"], verdict.args["parent"]) == (ZONE, "gov.vn")
    said = words.found(verdict, "en", domain=DOMAIN)
    assert "gov.vn → hanoi.gov.vn" in said
    assert "ns.x.vn (2400:e::1): timeout" in said
    assert "ns2.hanoi.gov.vn: no AAAA glue in the parent zone" in said
    assert "ns2.hanoi.gov.vn: không có glue AAAA ở vùng cha" in words.found(verdict, "vi", domain=DOMAIN)


def test_the_zone_that_the_servers_names_were_lost_in_is_the_broken_one() -> None:
    verdict = judge(evidence(resolution=ResolutionFacts(iterations=(f.iteration(last=BEHIND),))))["NS-12"]
    assert (verdict.args["stuck"], verdict.args["broken"]) == (ZONE, PROVIDER)
    assert words.who(verdict) == "dns-operator"


@pytest.mark.parametrize(
    ("last", "zone", "who"),
    [
        (NO_GLUE, ZONE, "dns-operator"),
        (at_zone("vn", *DEAD), "vn", "parent-zone"),
        (at_zone("x.net", *DEAD), "x.net", "hosting"),
    ],
)
def test_who_must_act_depends_on_where_it_is_stuck(last: ZoneStep, zone: str, who: str) -> None:
    iterations = (f.iteration(last=last, zone=zone),)
    assert words.who(judge(evidence(resolution=ResolutionFacts(iterations=iterations)))["NS-12"]) == who


def outside(*ways, hosts=(OUTSIDE, OUTSIDE_2), **more) -> NameserverFacts:
    return name_servers(*hosts, outside=ways, **more)


WAY = f.iteration(OUTSIDE.name, "AAAA", "2400:6::1", zone=PROVIDER)
WAY_2 = f.iteration(OUTSIDE_2.name, "AAAA", "2400:6::2", zone=PROVIDER)
STUCK = f.iteration(OUTSIDE.name, last=at_zone(PROVIDER, unusable=(("ns.nha-cung-cap.vn", "no-glue"),)), zone=PROVIDER)
STUCK_ONCE = f.iteration(OUTSIDE.name, last=at_zone(PROVIDER, "timeout"), zone=PROVIDER)

SERVERS_OUTSIDE = [
    (name_servers(), "n/a"),
    (outside(WAY, WAY_2), "pass"),
    (outside(STUCK, WAY_2), "fail"),
    (outside(STUCK, WAY_2, hosts=(OUTSIDE, OUTSIDE_2, NS1)), "warn"),
    (outside(STUCK, hosts=(OUTSIDE, NS1, NS2)), "warn"),
    (outside(STUCK, hosts=(OUTSIDE, NS1, second(v6_tries=DEAD))), "fail"),
    (outside(STUCK, hosts=(OUTSIDE, NS1, second(v6_tries=["timeout"]))), "nm:own-timeout-budget"),
    (outside(STUCK_ONCE, WAY_2), "nm:own-timeout-budget"),
    (outside(WAY_2), "nm:dependency-failed"),
    (outside(STUCK, hosts=(OUTSIDE, OUTSIDE_2, NS1)), "nm:dependency-failed"),
]


@pytest.mark.parametrize(("facts", "expected"), SERVERS_OUTSIDE)
def test_servers_outside_the_zone(facts: NameserverFacts, expected: str) -> None:
    assert says(evidence(nameservers=facts), "NS-11") == expected


MAIL_ZONE = "thu.vn"
MX1 = "mx.thu.vn"
MAIL_NS = (
    nameserver("ns1.thu.vn", ["2400:8::1"], ["11.8.1.1"], zone=MAIL_ZONE),
    nameserver("ns2.thu.vn", ["2400:8::2"], ["11.8.1.2"], zone=MAIL_ZONE),
)
MAIL_NS_V4 = nameserver("ns2.thu.vn", [], ["11.8.1.2"], zone=MAIL_ZONE)
MAIL_NS_DEAD = nameserver("ns2.thu.vn", ["2400:8::2"], [], zone=MAIL_ZONE, v6_tries=DEAD)
MAIL_NS_ONCE = nameserver("ns2.thu.vn", ["2400:8::2"], [], zone=MAIL_ZONE, v6_tries=["timeout"])
MX_FOUND = f.iteration(MX1, "AAAA", "2400:8::25", zone=MAIL_ZONE)


def mail(*mx: str, hosts=MAIL_NS, way=MX_FOUND, zone=MAIL_ZONE, **more) -> Evidence:
    facts = MailZoneFacts(zones=(name_servers(*hosts, zone=MAIL_ZONE),), hosts=(way,), zone_of=((MX1, zone),))
    seen = evidence(**({"mail_zones": facts} | more))
    assert seen.dns is not None
    return replace(seen, dns=replace(seen.dns, mx=f.lookup(DOMAIN, "MX", *(mx or (f"10 {MX1}.",)))))


def with_mx(mx) -> Evidence:
    seen = evidence()
    assert seen.dns is not None
    return replace(seen, dns=replace(seen.dns, mx=mx))


MAIL = [
    (mail(), "pass"),
    (mail("0 ."), "n/a"),
    (with_mx(f.lookup(DOMAIN, "MX")), "n/a"),
    (with_mx(f.unseen(DOMAIN, "MX")), "nm:resolver-error"),
    (with_mx(None), "nm:dependency-failed"),
    (mail(mail_zones=None), "nm:dependency-failed"),
    (mail(zone=""), "nm:resolver-error"),
    (mail(hosts=(MAIL_NS[0], MAIL_NS_V4)), "fail:servers"),
    (mail(hosts=(MAIL_NS[0], MAIL_NS_DEAD)), "fail:servers"),
    (mail(hosts=(MAIL_NS[0], MAIL_NS_ONCE)), "nm:own-timeout-budget"),
    (mail(way=f.iteration(MX1, last=at_zone(MAIL_ZONE, *DEAD), zone=MAIL_ZONE)), "fail:unresolved"),
    (mail(way=f.iteration(MX1, last=at_zone(MAIL_ZONE, "timeout"), zone=MAIL_ZONE)), "nm:own-timeout-budget"),
    (mail(way=f.iteration(MX1, last=replace(RETRIED, zone=MAIL_ZONE), zone=MAIL_ZONE)), "warn"),
    (mail(way=f.iteration("other.vn", zone=MAIL_ZONE)), "nm:dependency-failed"),
    (mail(hosts=(MAIL_NS[0], MAIL_NS_V4), vantage=f.NO_V6), "fail:servers"),
]


@pytest.mark.parametrize(("seen", "expected"), MAIL)
def test_the_zones_of_mail_servers(seen: Evidence, expected: str) -> None:
    assert says(seen, "NS-20") == expected


# NS-14: both families


def named(**said: str) -> AuthorityFacts:
    """What every address says of the listed name's AAAA: V6, but for those named by `a6`, `a4`, `b6`, `b4`."""
    where = {"a6": (N1, A6), "a4": (N1, A4), "b6": (N2, B6), "b4": (N2, B4)}
    entries = []
    for key, (host, server) in where.items():
        given = said.get(key, V6)
        tries = ["timeout"] * 3 if given == "dead" else ["timeout"] if given == "once" else [
            f.answered(given, authoritative=True, edns=True)
        ]  # fmt: skip
        entries.append(question(host, server, DOMAIN, "AAAA", *tries))
    return AuthorityFacts(zone=ZONE, answers=tuple(entries))


def soa_by_family(v6: str, v4: str) -> f.NameserverHost:
    host = nameserver(N2, [B6], [B4], serial=v6)
    of_4 = nameserver(N2, [], [B4], serial=v4)
    return replace(host, soa=tuple(s for s in host.soa if s.server.version == 6) + of_4.soa)


def ns_set(server: str, *hosts: str, **more) -> NameserverFacts:
    """One address gives another NS set."""
    other = f.answered(*hosts, authoritative=True, edns=True, **more)
    asked = [
        replace(a, tries=(f.dns_try(other, server=server),)) if (str(a.server), a.purpose) == (server, "ns") else a
        for a in f.further()
    ]
    return name_servers(asked=tuple(asked))


def twice(seen: AuthorityFacts | NameserverFacts, answers: int = 2) -> dict:
    """The same with every question asked again; each answer is given once more."""
    if isinstance(seen, AuthorityFacts):
        return {"authority": replace(seen, answers=tuple(replace(a, tries=a.tries * answers) for a in seen.answers))}
    return {"nameservers": replace(seen, asked=tuple(replace(a, tries=a.tries * answers) for a in seen.asked))}


def rotating() -> AuthorityFacts:
    """ns2 gives one address first and the other then, the two families in opposite order."""
    first, then = named(b6="2400:9::9"), named(b4="2400:9::9")
    return replace(
        first, answers=tuple(replace(a, tries=a.tries + b.tries) for a, b in zip(first.answers, then.answers, strict=True))
    )


BY_FAMILY = [
    ({}, "pass"),
    ({"nameservers": name_servers(NS1, soa_by_family("2026112101", "2026112102"))}, "warn"),
    ({"nameservers": name_servers(NS1, soa_by_family("2026112101", "2026112102")), "authority": named(b6="2400:9::9")}, "warn"),
    ({"nameservers": ns_set(B6, f"{N1}.")}, "nm:own-timeout-budget"),  # a wrong record wants two looks
    (twice(ns_set(B6, f"{N1}.")) | twice(named()), "fail"),
    ({"nameservers": ns_set(B6, f"{N2.upper()}.", f"{N1}.")}, "pass"),
    ({"nameservers": ns_set(B6, rcode="SERVFAIL")}, "nm:own-timeout-budget"),  # once is not enough to know what it has
    ({"authority": named(b6="2400:9::9")}, "nm:own-timeout-budget"),
    (twice(named(b6="2400:9::9")), "fail"),
    ({"authority": rotating()}, "pass"),
    ({"authority": named(a6="2400:9::9", a4="2400:9::9")}, "pass"),  # ns1 differs from ns2, but not between its families
    ({"authority": named(b6="dead")}, "pass"),  # DNS-06's matter
    ({"authority": named(b6="once")}, "nm:own-timeout-budget"),
    ({"authority": None}, "nm:dependency-failed"),
    ({"nameservers": name_servers(asked=())}, "nm:dependency-failed"),
    ({"nameservers": name_servers(NS1, second(v6_tries=DEAD))}, "pass"),
    ({"nameservers": name_servers(NS1, second(v6_tries=["timeout"]))}, "nm:own-timeout-budget"),
    ({"nameservers": name_servers(NS1, second(v6_tries=["ok", "REFUSED"]))}, "pass"),
    ({"nameservers": name_servers(ONLY_V4)}, "n/a"),
    ({"nameservers": name_servers(AAAA_UNSEEN)}, "nm:resolver-error"),
    ({"nameservers": name_servers(from_here(NS1), from_here(NS2)), "vantage": f.NO_V6}, "nm:no-v6-here"),
    ({"nameservers": name_servers(ONLY_V4), "vantage": f.NO_V6}, "n/a"),
]


@pytest.mark.parametrize(("more", "expected"), BY_FAMILY)
def test_the_same_by_both_families(more: dict, expected: str) -> None:
    assert says(evidence(**more), "NS-14") == expected


# NS-15: EDNS


def edns(*tries: object, **soa) -> NameserverFacts:
    """What every address says to EDNS version 1."""
    hosts = (NS1, second(**soa))
    return name_servers(*hosts, asked=f.further(hosts, edns=list(tries or ["BADVERS"])))


def plainly(server: str, has_opt: bool = True, **more) -> DnsTry:
    """A good SOA answer, to a question with or without EDNS."""
    answer = f.answered(f.soa_record(), soa=ZONE, authoritative=True, edns=has_opt)
    return f.dns_try(answer, server=server, seconds_to_answer=0.01, **more)


def without_edns(host: f.NameserverHost, **more) -> Evidence:
    """Every question to a server's addresses was answered only without EDNS, or as told."""

    def plain(asked):
        if str(asked.server) not in {B6, B4} or asked.transport != "udp":
            return asked
        tries = [replace(t, answer=replace(t.answer, edns=False), **({"edns": False} | more)) for t in asked.tries if t.answer]
        return replace(asked, tries=tuple(tries))

    seen = evidence()
    hosts = (NS1, replace(host, soa=tuple(plain(s) for s in host.soa)))
    return replace(
        seen,
        nameservers=name_servers(*hosts, asked=tuple(a if a.purpose == "edns" else plain(a) for a in f.further(hosts))),
        authority=AuthorityFacts(zone=ZONE, answers=tuple(plain(a) for a in seen.authority.answers)),
    )  # fmt: skip


ONE_PLAIN = second(v6_tries=[plainly(B6, has_opt=False, edns=False)])

EDNS = [
    (evidence(nameservers=edns()), "pass"),
    (evidence(nameservers=edns("NOERROR")), "fail:version"),
    (evidence(nameservers=edns("FORMERR")), "fail:version"),
    (evidence(nameservers=edns(*DEAD)), "fail:version-dropped"),
    (evidence(nameservers=edns("timeout")), "nm:own-timeout-budget"),
    (evidence(nameservers=name_servers(asked=())), "nm:dependency-failed"),
    (without_edns(NS2), "fail:dropped"),
    (without_edns(NS2, edns_refused="FORMERR"), "warn:refused"),
    (without_edns(NS2, edns=True), "warn:ignored"),
    (evidence(nameservers=name_servers(NS1, ONE_PLAIN)), "pass"),  # two packets were lost: other questions with EDNS were heard
    (evidence(nameservers=name_servers(ONE_PLAIN, asked=()), authority=None), "nm:own-timeout-budget"),
    (evidence(nameservers=name_servers(second(v6_tries=DEAD, v4_tries=DEAD))), "n/a"),
    (evidence(nameservers=edns(*DEAD), vantage=f.NO_V6), "fail:version-dropped"),  # over IPv4
    (evidence(nameservers=name_servers(from_here(NS1), from_here(NS2)), vantage=f.NO_V6), "pass"),
    (evidence(nameservers=name_servers(from_here(nameserver(N1, [A6]))), vantage=f.NO_V6), "nm:no-v6-here"),
]


@pytest.mark.parametrize(("seen", "expected"), EDNS)
def test_edns(seen: Evidence, expected: str) -> None:
    assert says(seen, "NS-15") == expected


# NS-16: large replies

KEYS = (Key(tag=1, flags=257, algorithm=13),)


def keys(size: int = 900, **more) -> DnsTry:
    answer = f.answered("257 3 13 key", authoritative=True, edns=True, size=size)
    return f.dns_try(answer, server=B6, **more)


def dnskey(*tries: object, tcp: tuple = (), signed: bool = True) -> Evidence:
    """The DNSKEY questions to the second server over IPv6; all others are well."""
    good = f.answered("257 3 13 key", authoritative=True, edns=True, size=900)
    asked = [question(h, s, ZONE, "DNSKEY", good, purpose="dnskey") for h, s in f.servers_of(f.TWO_SERVERS) if s != B6]
    asked += [question(N2, B6, ZONE, "DNSKEY", *tries, purpose="dnskey")]
    asked += [question(N2, B6, ZONE, "DNSKEY", *tcp, transport="tcp", purpose="dnskey")] * bool(tcp)
    return evidence(dnssec=f.keyless(keys=KEYS if signed else (), asked=tuple(asked)))


TC_FAILED = f.dns_try(failure=f.fail("timeout", f.Stage.TCP), server=B6, truncated=True)
BIG_AAAA = AuthorityFacts(
    zone=ZONE, answers=(question(N2, B6, DOMAIN, "AAAA", f.answered(V6, authoritative=True, edns=True, size=1500)),)
)

LARGE = [
    (dnskey(keys()), "pass"),
    (dnskey(keys(1232)), "pass"),
    (dnskey(keys(1233)), "warn:oversized"),
    (dnskey(keys(1700, truncated=True)), "pass"),
    (dnskey(TC_FAILED, TC_FAILED, TC_FAILED), "fail:truncated"),
    (dnskey(*DEAD, tcp=(keys(transport="tcp"),)), "warn:lost"),
    (dnskey(*DEAD, tcp=DEAD), "fail:silent"),
    (dnskey(*DEAD, tcp=("timeout",)), "nm:own-timeout-budget"),
    (dnskey("timeout"), "nm:own-timeout-budget"),
    (dnskey(keys(1700, truncated=True, edns=False)), "warn:lost"),
    (dnskey(f.answered(authoritative=True, edns=True), signed=False), "n/a"),
    (dnskey(*DEAD, signed=False), "n/a"),
    (replace(evidence(), authority=BIG_AAAA), "warn:oversized"),
    (evidence(dnssec=None), "nm:dependency-failed"),
    (evidence(nameservers=name_servers(ONLY_V4)), "n/a"),
    (evidence(nameservers=name_servers(from_here(NS1), from_here(NS2)), vantage=f.NO_V6), "n/a"),
    (replace(dnskey(keys()), nameservers=name_servers(from_here(NS1), from_here(NS2)), vantage=f.NO_V6), "nm:no-v6-here"),
]


@pytest.mark.parametrize(("seen", "expected"), LARGE)
def test_large_replies(seen: Evidence, expected: str) -> None:
    assert says(seen, "NS-16") == expected


def test_large_replies_of_a_zone_with_ds_that_nobody_could_ask_are_not_measured() -> None:
    hosts = [from_here(nameserver(name, [address])) for name, address in ((N1, A6), (N2, B6))]
    signers = (DelegationSigner(tag=1, algorithm=13, digest_type=2, digest="00"),)
    more = {"authority": AuthorityFacts(zone=ZONE), "vantage": f.NO_V6}
    seen = evidence(nameservers=name_servers(*hosts, asked=()), dnssec=DnssecFacts(zone=ZONE, signers=signers), **more)
    assert says(seen, "NS-16") == "nm:no-v6-here"
    unsigned = evidence(nameservers=name_servers(*hosts, asked=()), dnssec=DnssecFacts(zone=ZONE), **more)
    assert says(unsigned, "NS-16") == "n/a"
    no_keys = replace(f.keyless(), signers=signers)
    assert says(evidence(dnssec=no_keys), "NS-16") == "n/a"


# NS-17, NS-18: networks and prefixes


def spread(*addresses: f.AddressFacts) -> Evidence:
    return evidence(server_resources=ResourceFacts(addresses=addresses))


DOWN = {"problems": (("routes", "out of date"),), "routes": ()}
SAME_ORIGIN = (routed(A6, N1, origin=1), routed(B6, N2, origin=1))
OTHER_ORIGIN = (routed(A4, N1, origin=1), routed(B4, N2, origin=2))
MOAS = replace(routed(A6, N1), routes=(*routed(A6, origin=1).routes, *routed(A6, origin=2).routes))
SAME_MOAS = replace(MOAS, address=ip_address(B6), hosts=(N2,))

SPREAD = [
    ("NS-17", spread(*OTHER_ORIGIN), "pass"),
    ("NS-17", spread(*SAME_ORIGIN), "warn"),
    ("NS-17", spread(*SAME_ORIGIN, *OTHER_ORIGIN), "warn"),
    ("NS-17", spread(MOAS, SAME_MOAS), "warn"),  # one prefix with two origins is still one place
    ("NS-17", spread(routed(A6, N1, origin=None), routed(B6, N2, origin=2)), "warn"),
    ("NS-17", spread(routed(A6, N1, N2)), "warn"),
    ("NS-17", spread(routed(A6, N1)), "n/a"),
    ("NS-17", spread(routed(A6, N1, origin=1), routed(B6, N1, origin=2)), "n/a"),  # two addresses of one server
    ("NS-17", spread(), "n/a"),
    ("NS-17", spread(routed(A6, N1, routes=()), routed(B6, N2, routes=())), "n/a"),
    ("NS-17", spread(routed(A6, N1, **DOWN), routed(B6, N2, **DOWN)), "nm:data-source-down"),
    ("NS-17", spread(routed(A6, N1), routed(B6, N2, **DOWN)), "nm:data-source-down"),
    ("NS-17", spread(routed(A6, N1, **DOWN), routed(B6, N2, **DOWN), *OTHER_ORIGIN), "pass"),
    ("NS-17", spread(*SAME_ORIGIN, routed(A4, N1, **DOWN), routed(B4, N2, **DOWN)), "warn"),
    ("NS-17", evidence(server_resources=None), "nm:dependency-failed"),
    ("NS-18", spread(*SAME_ORIGIN), "pass"),
    ("NS-18", spread(routed(A6, N1, prefix="2400:5::/32"), routed(B6, N2, prefix="2400:5::/32", origin=2)), "warn"),
    ("NS-18", spread(routed(A6, N1)), "n/a"),
    ("NS-18", evidence(server_resources=None, vantage=f.NO_V6), "nm:dependency-failed"),
    ("NS-18", evidence(vantage=f.NO_V6), "pass"),  # tables need no IPv6
]


@pytest.mark.parametrize(("id_", "seen", "expected"), SPREAD)
def test_networks_and_prefixes(id_: str, seen: Evidence, expected: str) -> None:
    assert says(seen, id_) == expected


def test_the_family_in_one_network_is_named() -> None:
    args = judge(spread(*SAME_ORIGIN, *OTHER_ORIGIN))["NS-17"].args
    assert (args["lacking"], args["v6"], args["v4"]) == (["IPv6"], ["AS1 NET1"], ["AS1 NET1", "AS2 NET2"])


# NS-19: strangers


def asked_by_a_stranger(*tries: object, **more) -> Evidence:
    return evidence(nameservers=name_servers(asked=f.further(recursion=list(tries))), **more)


def reply(*records: str, **more) -> f.Answer:
    return f.answered(*records, edns=True, secure=False, **more)


STRANGERS = [
    (asked_by_a_stranger("REFUSED"), "pass"),
    (asked_by_a_stranger(*DEAD), "pass"),
    (asked_by_a_stranger("timeout"), "nm:own-timeout-budget"),
    (asked_by_a_stranger(reply(rcode="REFUSED", recursion_available=True)), "warn"),
    (asked_by_a_stranger(reply(rcode="SERVFAIL", recursion_available=True)), "warn"),
    (asked_by_a_stranger(reply("93.184.216.34", recursion_available=True)), "fail"),
    (asked_by_a_stranger(reply("93.184.216.34")), "fail"),
    (asked_by_a_stranger(reply(aliases=("edge.example.net",), recursion_available=True)), "fail"),
    (asked_by_a_stranger(reply(rcode="NXDOMAIN", recursion_available=True)), "fail"),
    (asked_by_a_stranger(reply(rcode="NXDOMAIN")), "pass"),
    (asked_by_a_stranger(reply("11.5.5.5", authoritative=True)), "pass"),
    (asked_by_a_stranger(reply(referral=".", referral_servers=("a.root-servers.net",))), "pass"),
    (evidence(nameservers=name_servers(asked=())), "nm:dependency-failed"),
    (evidence(nameservers=name_servers(second(v6_tries=DEAD, v4_tries=DEAD))), "n/a"),
    (evidence(nameservers=name_servers(AAAA_UNSEEN, replace(AAAA_UNSEEN, soa=()))), "nm:resolver-error"),
    (evidence(nameservers=name_servers(from_here(NS1), from_here(NS2)), vantage=f.NO_V6), "pass"),
    (asked_by_a_stranger(*DEAD, vantage=f.V6_LOST), "nm:canary-failed"),
]


@pytest.mark.parametrize(("seen", "expected"), STRANGERS)
def test_strangers(seen: Evidence, expected: str) -> None:
    assert says(seen, "NS-19") == expected


def test_dns_facts_alone_judge_what_needs_no_packet() -> None:
    """Clarification 9: no name server has AAAA."""
    hosts = (nameserver(N1, [], [A4]), ONLY_V4)
    seen = evidence(nameservers=name_servers(*hosts), vantage=f.NO_V6)
    assert {id_: says(seen, id_) for id_ in ("NS-03", "NS-05", "NS-06", "NS-08", "NS-10", "NS-13")} == {
        "NS-03": "fail",
        "NS-05": "n/a",
        "NS-06": "n/a",
        "NS-08": "fail",
        "NS-10": "n/a",
        "NS-13": "n/a",
    }
