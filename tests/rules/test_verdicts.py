"""Tables of evidence and outcome, from the catalogue: what each rule says of each thing that can be seen."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_address
from typing import NoReturn

import pytest

from ipv6check.facts import Certificate, DnsFacts, Evidence, Fetch, Lookup, NameserverFacts, RunFacts, TlsTry
from ipv6check.facts.web import NAMES_KEPT
from ipv6check.judge import judge
from ipv6check.model import Reason, Stage, Target
from ipv6check.rules import RULES
from ipv6check.score import score
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, ZONE, Site, evidence

WWW = f"www.{DOMAIN}"
W6, W4 = "2400:1::2", "11.0.0.2"
DEAD = ("timeout",) * 3


def says(seen: Evidence, id_: str) -> str:
    """A verdict in a word: the outcome; with a case that is not the outcome, or a reason, after a colon."""
    verdict = judge(seen)[id_]
    if verdict.reason is not None:
        return f"nm:{verdict.reason}"
    return str(verdict.outcome) if verdict.case == verdict.outcome.value else f"{verdict.outcome}:{verdict.case}"


def dns(listed=None, www=None, **more) -> DnsFacts:
    given = {
        "listed": listed or f.names(DOMAIN, [V6], [V4]),
        "www": www or f.names(WWW, rcode="NXDOMAIN"),
        "zone": ZONE,
        "zone_lookups": (f.lookup(ZONE, "SOA", "soa", soa=ZONE),),
    }
    return DnsFacts(**(given | more))


def lookups(name: str, aaaa: Lookup, a: Lookup):
    return f.NameLookups(name=name, aaaa=aaaa, a=a)


def test_a_healthy_site_has_no_fault() -> None:
    bad = {id_: v for id_, v in judge(evidence()).items() if v.outcome in {"warn", "fail"}}
    assert bad == {}


def test_nothing_seen_is_not_measured_everywhere() -> None:
    assert {v.outcome for v in judge(Evidence()).values()} == {"nm"}


def test_every_rule_gives_one_verdict_in_the_order_of_the_catalogue() -> None:
    assert list(judge(evidence())) == [rule.id for rule in RULES]


def test_judging_twice_is_equal() -> None:
    seen = evidence(Site(ports={(V6, 443): DEAD}))
    assert judge(seen) == judge(seen)


def test_a_target_that_opted_out_is_not_measured() -> None:
    verdicts = judge(evidence(opted_out=True))
    assert {v.reason for id_, v in verdicts.items() if not id_.startswith(("OPS", "NAME-01", "NAME-02", "NAME-03"))} == {
        "opt-out",
        "not-built",
    }


VANTAGE = [
    ("OPS-01", {"vantage": [f.sample(v6=4), f.sample(f.END, v6=4)]}, "pass"),
    ("OPS-01", {"vantage": [f.sample(), f.sample(f.END, v6=3)]}, "warn"),
    ("OPS-01", {"vantage": [f.sample(), f.sample(f.END, v6=2)]}, "fail"),
    ("OPS-01", {"vantage": f.NO_V6}, "fail"),
    ("OPS-02", {"vantage": [f.sample(v4=2), f.sample(f.END)]}, "fail"),
    ("OPS-01", {"vantage": [f.sample(talks=(False, True))]}, "warn:stalls"),
    ("OPS-02", {"vantage": [f.sample(talks=(False, True))]}, "pass"),
    ("OPS-02", {"vantage": [f.sample(), f.sample(f.END, talks=(True, False))]}, "warn:stalls"),
    ("OPS-01", {"vantage": [f.sample(v6=2, talks=(False, True))]}, "fail"),
    ("OPS-03", {"vantage": [f.sample(roots=["6udp"]), f.sample(f.END)]}, "warn"),
    ("OPS-03", {"vantage": f.NO_V6}, "fail"),
    ("OPS-06", {"vantage": [f.sample(offset=5.0)]}, "pass"),
    ("OPS-06", {"vantage": [f.sample(offset=-59)]}, "warn"),
    ("OPS-06", {"vantage": [f.sample(offset=-61)]}, "fail"),
    ("OPS-07", {"run": f.run(planned=1000, finished=990)}, "pass"),
    ("OPS-07", {"run": f.run(planned=1000, finished=960)}, "warn"),
    ("OPS-07", {"run": f.run(planned=1000, finished=900)}, "fail"),
    ("OPS-07", {"run": f.run(finished=None)}, "nm:dependency-failed"),
    ("OPS-08", {"vantage": [f.sample(validates=False)]}, "warn:no-validation"),
    ("OPS-08", {"vantage": [f.sample(invents=True)]}, "fail:rewrites"),
    ("OPS-08", {"vantage": [f.sample(synthesizes=True)]}, "fail:dns64"),
    ("OPS-08", {"vantage": [f.sample(synthesizes=True, invents=True)]}, "fail:rewrites"),
    ("DNS-02", {"vantage": [f.sample(synthesizes=True)]}, "nm:resolver-error"),
    ("OPS-08", {"vantage": [f.sample(), f.sample(f.END, strips=True)]}, "fail:without-aaaa"),
    ("OPS-08", {"vantage": [f.sample(resolver=False)]}, "nm:resolver-error"),
    ("DNS-02", {"vantage": [f.sample(invents=True), f.sample(f.END)]}, "nm:resolver-error"),
    ("SEC-01", {"vantage": [f.sample(validates=False), f.sample(f.END)]}, "nm:resolver-error"),
    ("WEB-04", {"vantage": [f.sample(offset=90), f.sample(f.END, offset=90)]}, "nm:clock"),
    ("WEB-03", {"vantage": [f.sample(offset=90), f.sample(f.END, offset=90)]}, "pass"),
]


@pytest.mark.parametrize(("id_", "given", "expected"), VANTAGE)
def test_vantage(id_: str, given: dict, expected: str) -> None:
    assert says(evidence(**given), id_) == expected


def target(domain: str, kind: str = "so") -> Target:
    return Target(domain=domain, agency="A", kind=kind)


NAMES = [
    ("NAME-01", "sở-hoa-sen.vn".encode("idna").decode(), "so", "pass"),
    ("NAME-01", "xn--a.vn", "so", "fail"),
    ("NAME-01", "xn--hani-55d.vn", "so", "warn"),  # hanоi with a Cyrillic о
    ("NAME-02", "a.hanoi.gov.vn", "so", "pass"),
    ("NAME-02", "example.com", "so", "fail"),
    ("NAME-02", "notvn", "so", "fail"),
    ("NAME-03", "a.hanoi.gov.vn", "so", "pass"),
    ("NAME-03", "hanoi.gov.vn", "ubnd", "pass"),
    ("NAME-03", "a.hanoi.gov.vn", "", "pass"),
    ("NAME-03", "congthuonghn.gov.vn", "so", "warn"),
    ("NAME-03", "hanoionline.vn", "so", "warn"),
    ("NAME-03", "hanoionline.vn", "don-vi-su-nghiep", "pass"),
    ("NAME-03", "hanoi.com", "don-vi-su-nghiep", "fail"),
    ("NAME-03", "nothanoi.gov.vn", "so", "warn"),
]


@pytest.mark.parametrize(("id_", "domain", "kind", "expected"), NAMES)
def test_names(id_: str, domain: str, kind: str, expected: str) -> None:
    assert says(evidence(target=target(domain, kind)), id_) == expected


def led_to(host: str, *, family: int = 6, start: str = V6) -> Site:
    first = f.redirect(DOMAIN, start, f"https://{host}/", leaf=f.certificate())
    there = f.fetch(host, "2400:2::1" if family == 6 else "11.2.0.1")
    return Site(https={start: (first,)}, chains=[f.chain(family, start, there)])


REDIRECTED = [
    ("portal.hanoi.gov.vn", "pass"),
    ("www." + DOMAIN, "pass"),
    ("elsewhere.gov.vn", "warn"),
    ("example.com", "fail"),
]


@pytest.mark.parametrize(("host", "expected"), REDIRECTED)
def test_where_redirects_lead(host: str, expected: str) -> None:
    assert says(evidence(led_to(host)), "NAME-04") == expected


def test_no_redirect_off_the_host_does_not_apply() -> None:
    assert says(evidence(), "NAME-04") == "n/a"


NX = f.names(DOMAIN, rcode="NXDOMAIN")
BOTH_UNSEEN = lookups(DOMAIN, f.unseen(DOMAIN, "AAAA"), f.unseen(DOMAIN, "A"))
NXDOMAIN_TO_AAAA = lookups(DOMAIN, f.lookup(DOMAIN, "AAAA", rcode="NXDOMAIN"), f.lookup(DOMAIN, "A", V4))
ONCE_EMPTY = lookups(DOMAIN, f.lookup(DOMAIN, "AAAA", tries=1), f.lookup(DOMAIN, "A", V4))
DANGLING = f.names(DOMAIN, rcode="NXDOMAIN", aliases=("gone.example.vn",))


def aliased(count: int, **more):
    links = tuple(f"l{i}.vn" for i in range(count))
    return f.names(DOMAIN, more.pop("v6", [V6]), more.pop("v4", [V4]), aliases=links, **more)


def servfail(name: str, rdtype: str, *unchecked: str, extended: tuple[str, ...] = ("EDE 6 (DNSSEC Bogus)",)) -> Lookup:
    refused = f.dns_try(f.answered(rcode="SERVFAIL", secure=False, extended_errors=extended))
    data = f.dns_try(f.answered(*unchecked, secure=False), checking_disabled=True)
    return Lookup(name=name, type=rdtype, tries=(refused, refused), unchecked=(data,))


BOGUS = lookups(DOMAIN, servfail(DOMAIN, "AAAA", V6), servfail(DOMAIN, "A", V4))
UNREACHABLE = lookups(
    DOMAIN, servfail(DOMAIN, "AAAA", V6, extended=("EDE 22 (No Reachable Authority)",)), servfail(DOMAIN, "A", V4)
)
REFUSED_UNEXPLAINED = lookups(DOMAIN, servfail(DOMAIN, "AAAA", V6, extended=()), servfail(DOMAIN, "A", V4, extended=()))
SILENT_AFTER_REFUSAL = lookups(
    DOMAIN,
    *(
        replace(lookup, tries=(lookup.tries[0], f.dns_try(failure=f.fail("timeout", Stage.DNS))))
        for lookup in (servfail(DOMAIN, "AAAA", V6), servfail(DOMAIN, "A", V4))
    ),
)
LOOP = (f.lookup(DOMAIN, "CNAME", "b.vn."), f.lookup("b.vn", "CNAME", f"{DOMAIN}."))

RECORDS = [
    ("NAME-06", dns(), "pass"),
    ("NAME-06", dns(NX), "fail"),
    ("NAME-06", dns(DANGLING), "pass"),
    ("NAME-06", dns(BOTH_UNSEEN), "nm:resolver-error"),
    ("NAME-06", dns(BOGUS), "pass"),
    ("DNS-01", dns(f.names(DOMAIN, [V6])), "info"),
    ("DNS-01", dns(BOTH_UNSEEN), "nm:resolver-error"),
    ("DNS-02", dns(f.names(DOMAIN, [], [V4])), "fail"),
    ("DNS-02", dns(f.names(DOMAIN, ["fd00::1", "2001:db8::1"], [V4])), "fail:unusable"),
    ("DNS-02", dns(f.names(DOMAIN, ["fd00::1", V6], [V4])), "pass"),
    ("DNS-02", dns(f.names(DOMAIN)), "n/a"),
    ("DNS-02", dns(NX), "n/a"),
    ("DNS-02", dns(NXDOMAIN_TO_AAAA), "fail"),
    ("DNS-02", dns(BOTH_UNSEEN), "nm:resolver-error"),
    ("DNS-02", dns(lookups(DOMAIN, f.unseen(DOMAIN, "AAAA"), f.lookup(DOMAIN, "A", V4))), "nm:resolver-error"),
    ("DNS-02", dns(lookups(DOMAIN, f.lookup(DOMAIN, "AAAA"), f.unseen(DOMAIN, "A"))), "nm:resolver-error"),
    ("DNS-02", dns(BOGUS), "pass"),
    ("DNS-03", dns(), "n/a"),
    ("DNS-03", dns(www=f.names(WWW, [W6], [W4])), "pass"),
    ("DNS-03", dns(www=f.names(WWW, [], [W4])), "fail"),
    ("DNS-03", dns(www=lookups(WWW, f.unseen(WWW, "AAAA"), f.lookup(WWW, "A", W4))), "nm:resolver-error"),
    ("DNS-04", dns(www=f.names(WWW, [W6], [W4])), "pass"),
    ("DNS-04", dns(www=f.names(WWW, [], [W4])), "warn"),
    ("DNS-04", dns(f.names(DOMAIN, [], [V4]), f.names(WWW, [], [W4])), "pass:neither"),
    ("DNS-04", dns(), "n/a"),
    ("DNS-05", dns(), "n/a"),
    ("DNS-05", dns(aliased(4)), "pass"),
    ("DNS-05", dns(aliased(5)), "warn"),
    ("DNS-05", dns(aliased(8)), "warn"),
    ("DNS-05", dns(aliased(9)), "fail:too-long"),
    ("DNS-05", dns(DANGLING), "fail:dangling"),
    ("DNS-05", dns(www=f.names(WWW, aliases=("gone.vn",))), "fail:dangling"),
    ("DNS-05", dns(BOTH_UNSEEN, chain=LOOP), "fail:loop"),
    ("DNS-05", dns(BOTH_UNSEEN), "nm:resolver-error"),
    ("NS-01", dns(), "pass"),
    ("NS-01", dns(zone="", zone_lookups=(f.unseen(DOMAIN, "SOA"),)), "nm:resolver-error"),
    ("NS-01", dns(zone="", zone_lookups=(f.lookup(DOMAIN, "SOA"),)), "fail"),
    ("SEC-01", dns(), "pass"),
    ("SEC-01", dns(f.names(DOMAIN, [V6], [V4], secure=False)), "warn"),
    ("SEC-01", dns(f.names(DOMAIN, [V6], [V4], secure=False, aliases=("cdn.example.vn",))), "warn:alias"),
    ("SEC-01", dns(BOGUS), "fail"),
    ("SEC-01", dns(UNREACHABLE), "fail"),  # the A look-up is bogus all the same
    ("SEC-01", dns(REFUSED_UNEXPLAINED), "nm:resolver-error"),  # without a DS nothing can be bogus
    ("SEC-01", dns(SILENT_AFTER_REFUSAL), "nm:resolver-error"),
    ("SEC-01", dns(BOTH_UNSEEN), "nm:resolver-error"),
    ("SEC-01", dns(www=f.names(WWW, rcode="NXDOMAIN", secure=False)), "pass"),
    ("ADDR-01", dns(f.names(DOMAIN, ["fd00::1", V6])), "warn"),
    ("ADDR-01", dns(f.names(DOMAIN, ["::ffff:11.0.0.1"])), "fail"),
    ("ADDR-01", dns(f.names(DOMAIN, ["64:ff9b::b00:1"])), "fail"),
    ("ADDR-01", dns(f.names(DOMAIN, ["2002:b00:1::1"])), "pass"),
    ("ADDR-01", dns(f.names(DOMAIN, [], [V4])), "n/a"),
    ("ADDR-01", dns(BOTH_UNSEEN), "nm:resolver-error"),
    ("ADDR-02", dns(f.names(DOMAIN, ["2002:b00:1::1"])), "fail"),
    ("ADDR-02", dns(f.names(DOMAIN, ["2001:0:1::1", V6])), "warn"),
    ("ADDR-02", dns(), "pass"),
    ("ADDR-03", dns(f.names(DOMAIN, [V6], ["10.0.0.1"])), "fail"),
    ("ADDR-03", dns(f.names(DOMAIN, [V6], ["10.0.0.1", V4])), "warn"),
    ("ADDR-03", dns(f.names(DOMAIN, [V6])), "n/a"),
]


@pytest.mark.parametrize(("id_", "facts", "expected"), RECORDS)
def test_records(id_: str, facts: DnsFacts, expected: str) -> None:
    assert says(evidence(dns=facts, authority=None), id_) == expected


def test_an_absence_heard_once_is_not_believed() -> None:
    assert says(evidence(dns=dns(ONCE_EMPTY), authority=None), "DNS-02") == "nm:resolver-error"


def test_an_absence_that_the_zones_servers_confirm_is_believed() -> None:
    servers = f.authority(("ns1", "2400:5::1", ["none"]))
    assert says(evidence(dns=dns(ONCE_EMPTY), authority=servers), "DNS-02") == "fail"


def test_servers_that_have_what_the_resolver_has_not_make_it_unstable() -> None:
    servers = f.authority(("ns1", "2400:5::1", ["ok"]))
    assert says(evidence(dns=dns(f.names(DOMAIN, [], [V4])), authority=servers), "DNS-02") == "warn:unstable"


SERVER_ANSWERS = [
    ([("ns1", "2400:5::1", ["ok"]), ("ns2", "11.5.0.2", ["none"])], "pass"),
    ([("ns1", "2400:5::1", ["SERVFAIL", "SERVFAIL"])], "fail"),
    ([("ns1", "2400:5::1", ["NXDOMAIN", "NXDOMAIN"])], "fail"),
    ([("ns1", "2400:5::1", ["timeout"] * 3)], "fail"),
    ([("ns1", "2400:5::1", ["timeout", "ok"])], "warn:unstable"),
    ([("ns1", "2400:5::1", ["timeout"])], "nm:own-timeout-budget"),
    ([], "nm:dependency-failed"),
]


@pytest.mark.parametrize(("entries", "expected"), SERVER_ANSWERS)
def test_answers_of_name_servers(entries: list, expected: str) -> None:
    assert says(evidence(authority=f.authority(*entries)), "DNS-06") == expected


def test_a_slow_answer_warns() -> None:
    slow = f.dns_try(f.answered(V6, authoritative=True), server="2400:5::1", seconds_to_answer=1.2)
    assert says(evidence(authority=f.authority(("ns1", "2400:5::1", [slow]))), "DNS-06") == "warn:slow"


def servers(*hosts) -> NameserverFacts:
    names = tuple(host.name for host in hosts)
    return NameserverFacts(zone=ZONE, hosts=hosts, from_parent=names, from_child=names)


NS1, NS2 = f.TWO_SERVERS
NO_AAAA = f.nameserver("ns2.hanoi.gov.vn", [], ["11.5.0.2"])
V6_DEAD = f.nameserver("ns2.hanoi.gov.vn", ["2400:5::2"], ["11.5.0.2"], v6_tries=["timeout"] * 3)
V6_LAME = f.nameserver("ns2.hanoi.gov.vn", ["2400:5::2"], ["11.5.0.2"], v6_tries=["REFUSED"] * 2)
V6_NOT_AA = f.nameserver("ns2.hanoi.gov.vn", ["2400:5::2"], ["11.5.0.2"], v6_tries=["lame"] * 2)
V6_SHAKY = f.nameserver("ns2.hanoi.gov.vn", ["2400:5::2"], ["11.5.0.2"], v6_tries=["timeout", "ok"])
AAAA_UNSEEN = replace(NS2, lookups=lookups(NS2.name, f.unseen(NS2.name, "AAAA"), f.lookup(NS2.name, "A", "11.5.0.2")), soa=())
MANY = [f.nameserver(f"ns{i}.vn", [f"2400:5::{i}"], [f"11.5.0.{i}"]) for i in range(1, 10)]

SERVERS = [
    ("NS-02", (NS1, NS2), "pass"),
    ("NS-02", (NS1,), "fail"),
    ("NS-02", MANY, "warn"),
    ("NS-02", (), "nm:resolver-error"),
    ("NS-03", (NS1, NO_AAAA), "fail"),
    ("NS-03", (NS1, AAAA_UNSEEN), "nm:resolver-error"),
    ("NS-03", (NS1, NS2, AAAA_UNSEEN), "pass"),
    ("NS-03", (NS1, f.nameserver("ns2.hanoi.gov.vn", ["fd00::1"], ["11.5.0.2"])), "fail"),
    ("NS-04", (NS1, f.nameserver("ns2.hanoi.gov.vn", ["2400:5::2"])), "fail"),
    ("NS-05", (NS1, NS2), "pass"),
    ("NS-05", (NS1, V6_DEAD), "fail:silent"),
    ("NS-05", (NS1, V6_LAME), "fail:lame"),
    ("NS-05", (NS1, V6_NOT_AA), "fail:lame"),
    ("NS-05", (NS1, V6_SHAKY), "warn:unstable"),
    ("NS-05", (NO_AAAA, f.nameserver("ns1.hanoi.gov.vn", [], ["11.5.0.1"])), "n/a"),
    ("NS-08", (NS1, NS2), "pass"),
    ("NS-08", (NS1, V6_DEAD), "fail"),
    ("NS-08", (NS1, NS2, V6_DEAD), "pass"),
    ("NS-08", (NS1, NO_AAAA), "fail"),
    ("NS-08", (NS1, AAAA_UNSEEN), "nm:resolver-error"),
]


@pytest.mark.parametrize(("id_", "hosts", "expected"), SERVERS)
def test_name_servers(id_: str, hosts: tuple, expected: str) -> None:
    assert says(evidence(nameservers=servers(*hosts)), id_) == expected


@pytest.mark.parametrize("unseen", ["from_parent", "from_child"])
def test_a_single_name_server_may_be_one_of_several_that_were_not_told(unseen: str) -> None:
    seen = evidence(nameservers=replace(servers(NS1), **{unseen: ()}))
    assert {says(seen, id_) for id_ in ("NS-02", "NS-03", "NS-04", "NS-08")} == {"nm:resolver-error"}


WITHOUT_V6 = [
    ("NS-05", (NS1, V6_DEAD), "nm:no-v6-here"),
    ("NS-08", (NS1, V6_DEAD), "nm:no-v6-here"),
    ("NS-08", (NS1, NO_AAAA), "fail"),
    ("NS-03", (NS1, NO_AAAA), "fail"),
    ("NS-05", (NO_AAAA,), "n/a"),
]


@pytest.mark.parametrize(("id_", "hosts", "expected"), WITHOUT_V6)
def test_name_servers_from_a_vantage_without_ipv6(id_: str, hosts: tuple, expected: str) -> None:
    local = f.fail("local", f.Stage.DNS, "no IPv6 here")
    here = [
        replace(
            h,
            soa=tuple(
                replace(s, tries=(f.dns_try(failure=local, server=str(s.server)),)) if s.server.version == 6 else s
                for s in h.soa
            ),
        )
        for h in hosts
    ]
    assert says(evidence(nameservers=servers(*here), vantage=f.NO_V6), id_) == expected


def two(**more) -> Site:
    return Site(v6=(V6, W6), v4=(V4, W4), **more)


REFUSED = ("refused",) * 2

PORTS = [
    ("REACH-01", Site(), "pass"),
    ("REACH-01", two(ports={(W6, 443): DEAD}), "warn"),
    ("REACH-01", Site(ports={(V6, 443): DEAD}), "fail"),
    ("REACH-01", Site(ports={(V6, 443): REFUSED}), "fail"),
    ("REACH-01", Site(ports={(V6, 443): ("timeout", "timeout")}), "nm:own-timeout-budget"),
    ("REACH-01", Site(ports={(V6, 443): ("refused",)}), "nm:own-timeout-budget"),
    ("REACH-01", Site(ports={(V6, 443): ("timeout", None)}), "warn:unstable"),
    ("REACH-01", Site(v6=()), "n/a"),
    ("REACH-01", Site(ports={(V6, 443): ("opt-out",)}), "nm:opt-out"),
    ("REACH-02", Site(), "pass"),
    ("REACH-02", Site(ports={(V6, 80): REFUSED, (V4, 80): REFUSED}), "pass:closed"),
    ("REACH-02", Site(ports={(V6, 80): REFUSED}), "fail"),
    ("REACH-02", two(ports={(W6, 80): DEAD}), "warn"),
    ("REACH-02", Site(v6=()), "n/a"),
    ("REACH-03", two(ports={(W4, 443): DEAD, (W4, 80): DEAD}), "warn"),
    ("REACH-03", two(ports={(W4, 443): DEAD}), "pass"),
    ("REACH-03", Site(ports={(V4, 443): DEAD, (V4, 80): DEAD}), "fail"),
    ("REACH-03", Site(v4=()), "n/a"),
    ("REACH-04", Site(), "pass"),
    ("REACH-04", Site(ports={(V6, 80): REFUSED}), "fail"),
    ("REACH-04", Site(ports={(V4, 80): REFUSED}), "warn"),
    ("REACH-04", two(ports={(W6, 80): REFUSED}), "pass"),
    ("REACH-04", Site(v4=()), "n/a"),
    ("REACH-05", Site(), "n/a"),
    ("REACH-05", Site(ports={(V6, 443): DEAD}), "info"),
    ("REACH-10", Site(), "pass"),
    ("REACH-10", Site(ports={(V6, 443): DEAD}), "pass"),
    ("REACH-10", Site(ports={(V6, 443): DEAD, (V6, 80): REFUSED}), "fail"),
    ("REACH-10", Site(ports={(a, p): DEAD for a in (V6, V4) for p in (443, 80)}), "pass:both-dead"),
    ("REACH-10", Site(v6=()), "n/a"),
]


@pytest.mark.parametrize(("id_", "site", "expected"), PORTS)
def test_ports(id_: str, site: Site, expected: str) -> None:
    assert says(evidence(site), id_) == expected


ALL_DEAD = Site(ports={(a, p): DEAD for a in (V6, V4) for p in (443, 80)})


@pytest.mark.parametrize("id_", ["REACH-01", "REACH-02", "REACH-03", "REACH-04", "REACH-10"])
def test_silence_on_both_families_seen_from_abroad_is_blocked(id_: str) -> None:
    assert says(evidence(ALL_DEAD, run=f.run(country="SG")), id_) == "nm:blocked"


@pytest.mark.parametrize(("id_", "address"), [("REACH-01", V6), ("REACH-03", V4)])
def test_silence_on_the_only_family_seen_from_abroad_is_blocked(id_: str, address: str) -> None:
    site = Site(v6=(V6,) * (address == V6), v4=(V4,) * (address == V4), ports={(address, p): DEAD for p in (443, 80)})
    assert says(evidence(site, run=f.run(country="SG")), id_) == "nm:blocked"


def test_a_port_that_is_closed_by_ipv6_alone_is_told_though_another_was_not_seen() -> None:
    site = Site(ports={(V6, 443): REFUSED, (V6, 80): ("timeout",)})
    assert says(evidence(site), "REACH-04") == "fail"
    assert says(evidence(Site(ports={(V6, 80): ("timeout",)})), "REACH-04") == "nm:own-timeout-budget"


def test_a_name_whose_addresses_are_all_bad_fails_beside_a_good_one() -> None:
    seen = evidence(dns=dns(f.names(DOMAIN, ["fd00::1"], [V4]), f.names(WWW, [W6], [W4])), authority=None)
    assert (says(seen, "ADDR-01"), says(seen, "DNS-02")) == ("fail", "fail:unusable")


def test_silence_on_both_families_seen_from_inside_is_a_failure() -> None:
    seen = evidence(ALL_DEAD)
    assert (says(seen, "REACH-01"), says(seen, "REACH-03")) == ("fail", "fail")


def test_a_refusal_from_abroad_is_a_failure() -> None:
    ports = {(a, p): DEAD for a in (V6, V4) for p in (443, 80)} | {(V6, 443): REFUSED}
    assert says(evidence(Site(ports=ports), run=f.run(country="SG")), "REACH-01") == "fail"


@pytest.mark.parametrize(
    ("vantage", "expected"), [(f.NO_V6, "nm:no-v6-here"), (f.V6_LOST, "nm:canary-failed"), (f.GOOD[:1], "nm:canary-failed")]
)
def test_a_failure_without_two_good_looks_at_ourselves_does_not_count(vantage, expected: str) -> None:
    seen = evidence(Site(ports={(V6, 443): DEAD, (V6, 80): DEAD}), vantage=vantage)
    assert {says(seen, id_) for id_ in ("REACH-01", "REACH-02", "REACH-10", "REACH-04")} == {expected}


def test_the_worst_of_two_names_counts() -> None:
    seen = evidence(Site(), Site(name=WWW, v6=(W6,), v4=(W4,), ports={(W6, 443): DEAD, (W6, 80): DEAD}))
    assert (says(seen, "REACH-01"), says(seen, "REACH-10")) == ("fail", "fail")


SILENT_TLS = f.fail("timeout", f.Stage.TLS)
SILENT_HTTP = f.fail("timeout", f.Stage.HTTP)


def https(address: str, *tries) -> dict:
    return {"https": {address: tries}}


def failing(address: str, failure, count: int = 3, scheme: str = "https") -> tuple:
    return tuple(f.fetch(DOMAIN, address, scheme, failure=failure) for _ in range(count))


def bad(leaf, times: int = 2, **more) -> Site:
    tries = {a: tuple(f.fetch(DOMAIN, a, leaf=leaf, **more) for _ in range(times)) for a in (V6, V4)}
    return Site(https=tries, leaf=leaf)


def statuses(v6: int | None, v4: int | None, **more) -> Site:
    return Site(
        https={
            V6: (f.fetch(DOMAIN, V6, status=v6, leaf=f.certificate(), **more),),
            V4: (f.fetch(DOMAIN, V4, status=v4, leaf=f.certificate()),),
        }
    )


def leading(to: str, *hops, stopped=None, family: int = 6) -> Site:
    start = V6 if family == 6 else V4
    first = f.redirect(DOMAIN, start, to, leaf=f.certificate())
    other = V4 if family == 6 else V6
    return Site(https={start: (first,)}, chains=[f.chain(family, start, *hops, stopped=stopped), f.chain(10 - family, other)])


ELSEWHERE = "portal.hanoi.gov.vn"
DEAD_HOP = tuple(f.fetch(ELSEWHERE, "2400:2::1", failure=f.fail("timeout")) for _ in range(3))


def unanswered_legacy(address: str, kind: str, stage: Stage = Stage.TLS) -> TlsTry:
    """A handshake with old TLS versions that ended otherwise than by a refusal."""
    return replace(f.refused_legacy(address), failure=f.fail(kind, stage))


INCOMPLETE = f.certificate(issuer_urls=("http://ca.example/ca.der",))
NO_ISSUER = "unable to get local issuer certificate"
EXPIRED = f.certificate(days=-3, key="k3")
PAGE = f.certificate()
INSIDE = f.fetch(DOMAIN, V4, path="/vi/", leaf=PAGE)
DEAD_INSIDE = tuple(f.fetch(DOMAIN, V6, path="/vi/", failure=SILENT_HTTP) for _ in range(3))
OTHER_PORT = f.fail("limit", f.Stage.HTTP, "port 8443")
OTHER_SCHEME = f.fail("bad-redirect", f.Stage.HTTP, "scheme ftp")
TO_HERE, TO_SECURE = f"http://{DOMAIN}/portal", f"https://{DOMAIN}/"
MIXED_80 = Site(
    v6=(V6, W6, "2400:1::3"),
    v4=(),
    http={
        V6: (f.redirect(DOMAIN, V6, TO_SECURE, "http"),),
        W6: (f.redirect(DOMAIN, W6, TO_HERE, "http", 302),),
        "2400:1::3": (f.redirect(DOMAIN, "2400:1::3", TO_HERE, "http", 302),),
    },
    chains=[
        f.chain(6, V6, scheme="http"),
        f.chain(6, W6, f.redirect(DOMAIN, W6, TO_SECURE, "http", path="/portal"), scheme="http"),
    ],
)
"""Of three addresses the first leads to HTTPS at once, the others by a further page, which was followed once."""

ACCENTED = "xn--bnhvin-ik8be.vn"
NO_ADDRESS = f.fail("no-address", f.Stage.DNS, ELSEWHERE)
OVER_CAP = (f.fetch(DOMAIN, V6, failure=f.fail("limit", f.Stage.HTTP, "headers")),)


def beside(leaf: Certificate, address: str, times: int = 2, name: str = DOMAIN, **more) -> Site:
    """One address shows another certificate than the rest, so many times."""
    return Site(https={address: tuple(f.fetch(name, address, leaf=leaf, **more) for _ in range(times))}, others=(leaf,))


def unseen_by_v6(leaf: Certificate, **more) -> Site:
    """A fault of the certificate over IPv4, and TLS over IPv6 that failed by us."""
    of_v4 = beside(leaf, V4, **more)
    return replace(of_v4, https={**of_v4.https, V6: failing(V6, f.fail("local", f.Stage.TLS, "limit"))})


def two_of_six(second: Fetch, *hops, stopped=None) -> Site:
    """Two IPv6 addresses, of which the second answers otherwise, and where that leads."""
    chains = [f.chain(6, V6), f.chain(6, W6, *hops, stopped=stopped), f.chain(4, V4)]
    return Site(v6=(V6, W6), https={W6: (second,)}, leaf=PAGE, chains=chains)


def followed(status: int, hops6=(), hops4=(), **stopped) -> Site:
    """Both families lead on from the front page; `v6` and `v4` may say why the way ends."""
    first = {a: (f.redirect(DOMAIN, a, "/vi/", status=status, leaf=PAGE),) for a in (V6, V4)}
    chains = [f.chain(6, V6, *hops6, stopped=stopped.get("v6")), f.chain(4, V4, *hops4, stopped=stopped.get("v4"))]
    return Site(https=first, chains=chains)


WEB = [
    ("WEB-01", Site(), "pass"),
    ("WEB-01", Site(https={V6: failing(V6, SILENT_TLS)}), "warn:ipv4-only"),
    ("WEB-01", Site(https={V6: failing(V6, SILENT_HTTP)}), "warn:ipv4-only"),
    ("WEB-01", Site(ports={(V4, 443): REFUSED}), "warn:ipv6-only"),
    ("WEB-01", Site(https={V6: failing(V6, f.fail("limit", f.Stage.HTTP, "headers"), 1)}), "pass"),
    ("WEB-01", Site(ports={(V6, 443): REFUSED, (V4, 443): REFUSED}), "fail"),
    ("WEB-01", Site(ports={(a, p): DEAD for a in (V6, V4) for p in (443, 80)}), "n/a"),
    ("WEB-01", Site(ports={(V6, p): DEAD for p in (443, 80)}), "pass"),
    ("WEB-01", Site(v6=(), v4=()), "n/a"),
    ("WEB-02", bad(f.certificate(), path_error="unable to get local issuer certificate"), "fail:untrusted"),
    ("WEB-02", bad(f.certificate(is_self_signed=True), path_error="self-signed certificate"), "fail:self-signed"),
    ("WEB-02", bad(INCOMPLETE, path_error="unable to get local issuer certificate"), "warn:incomplete"),
    ("WEB-02", bad(f.certificate(), 1, path_error="unable to get local issuer certificate"), "nm:own-timeout-budget"),
    ("WEB-02", bad(INCOMPLETE, path_error="unable to verify the first certificate"), "warn:incomplete"),
    ("WEB-02", bad(INCOMPLETE, path_error="unsuitable certificate purpose"), "fail:untrusted"),
    ("WEB-02", bad(INCOMPLETE, path_error="certificate signature failure"), "fail:untrusted"),
    ("WEB-02", Site(ports={(V6, 443): REFUSED, (V4, 443): REFUSED}), "n/a"),
    ("WEB-03", bad(f.certificate("other.hanoi.gov.vn")), "fail"),
    ("WEB-03", bad(f.certificate("*.hanoi.gov.vn")), "pass"),
    ("WEB-03", bad(f.certificate("*.gov.vn")), "fail"),
    ("WEB-03", bad(f.certificate("other.vn", malformed=("aia",))), "fail"),
    ("WEB-03", bad(f.certificate("other.vn", malformed=("names",))), "nm:limit"),
    ("WEB-03", bad(f.certificate(DOMAIN, malformed=("names",))), "pass"),
    ("WEB-03", bad(f.certificate(*(f"a{n}.vn" for n in range(NAMES_KEPT)))), "nm:limit"),
    ("WEB-05", beside(f.certificate("other.vn", key="k2", malformed=("names",)), V6), "warn"),
    ("WEB-03", bad(f.certificate("hanoi.gov.vn", subject=f"CN={DOMAIN}")), "fail"),
    ("WEB-04", bad(f.certificate(days=-1)), "fail:expired"),
    ("WEB-04", bad(f.certificate(days=95, life=90)), "fail:not-yet-valid"),
    ("WEB-04", bad(f.certificate(days=2)), "fail:last-days"),
    ("WEB-04", bad(f.certificate(days=20, life=90)), "warn"),
    ("WEB-04", bad(f.certificate(days=20, life=45)), "pass"),
    ("WEB-04", bad(f.certificate(days=29.8, life=90)), "pass"),
    ("WEB-04", bad(f.certificate(days=29.6, life=90)), "warn"),
    ("WEB-04", bad(f.certificate(days=40, life=365)), "pass"),
    ("WEB-05", Site(), "pass"),
    ("WEB-05", Site(v4=()), "n/a"),
    ("WEB-07", Site(), "pass"),
    ("WEB-07", bad(f.certificate(), 1, version="TLSv1.2"), "warn"),
    ("WEB-07", bad(f.certificate(), 1, version="TLSv1.1"), "fail"),
    ("WEB-07", Site(legacy={V6: (replace(f.refused_legacy(V6), failure=None, version="TLSv1"),)}), "fail"),
    ("WEB-07", Site(legacy={V6: (), V4: ()}), "nm:dependency-failed"),
    ("WEB-07", Site(legacy={V6: ()}), "nm:dependency-failed"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "timeout"),)}), "nm:own-timeout-budget"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "timeout"),) * 3}), "pass"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "local"),) * 3}), "nm:canary-failed"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "reset"),)}), "pass"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "refused", f.Stage.TCP),) * 3}), "nm:dependency-failed"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "timeout", f.Stage.TCP),) * 3}), "nm:dependency-failed"),
    ("WEB-07", Site(legacy={V6: (unanswered_legacy(V6, "refused", f.Stage.TCP), f.refused_legacy(V6))}), "pass"),
    ("WEB-09", Site(), "pass"),
    ("WEB-09", Site(ports={(V6, 80): REFUSED, (V4, 80): REFUSED}), "pass:closed"),
    ("WEB-09", Site(http={a: (f.fetch(DOMAIN, a, "http"),) for a in (V6, V4)}), "fail"),
    ("WEB-09", Site(http={V6: (f.redirect(DOMAIN, V6, f"https://{ELSEWHERE}/", "http"),)}), "warn"),
    ("WEB-09", Site(http={V6: (f.fetch(DOMAIN, V6, "http", 403),)}), "nm:blocked"),
    ("WEB-09", Site(http={V6: failing(V6, SILENT_HTTP, scheme="http")}), "fail:silent"),
    ("WEB-09", MIXED_80, "pass"),
    ("WEB-09", Site(name=ACCENTED, http={V6: (f.redirect(ACCENTED, V6, "https://bệnhviện.vn/", "http"),)}), "pass"),
    ("WEB-10", Site(), "pass"),
    ("WEB-10", Site(https={V6: (f.fetch(DOMAIN, V6, headers={}),)}), "fail"),
    ("WEB-10", Site(https={V6: (f.fetch(DOMAIN, V6, headers={"strict-transport-security": "max-age=0"}),)}), "fail:zero"),
    (
        "WEB-10",
        Site(https={V6: (f.fetch(DOMAIN, V6, headers={"strict-transport-security": "includeSubDomains"}),)}),
        "fail:malformed",
    ),
    (
        "WEB-10",
        Site(https={V6: (f.fetch(DOMAIN, V6, headers={"strict-transport-security": 'max-age="86400"; preload'}),)}),
        "warn",
    ),
    ("WEB-11", Site(), "pass"),
    ("WEB-11", leading(f"http://{DOMAIN}/x", f.fetch(DOMAIN, V6, "http", path="/x")), "fail"),
    ("WEB-12", Site(), "pass"),
    ("WEB-12", statuses(404, 404), "warn"),
    ("WEB-12", statuses(500, 200), "fail"),
    ("WEB-12", statuses(403, 200), "nm:blocked"),
    ("WEB-12", statuses(200, 200, challenge="cloudflare"), "nm:blocked"),
    ("WEB-12", Site(v6=()), "n/a"),
    ("WEB-12", Site(https={V6: failing(V6, SILENT_TLS)}), "n/a"),
    ("WEB-12", leading(f"https://{DOMAIN}/", stopped=f.fail("redirect-loop", f.Stage.HTTP)), "fail:loop"),
    ("WEB-12", leading(f"https://{ELSEWHERE}/", stopped=f.fail("no-address", f.Stage.DNS, ELSEWHERE)), "n/a"),
    ("WEB-13", Site(), "n/a"),
    ("WEB-13", leading(f"https://{ELSEWHERE}/", f.fetch(ELSEWHERE, "2400:2::1")), "pass"),
    ("WEB-13", leading(f"https://{ELSEWHERE}/", stopped=f.fail("no-address", f.Stage.DNS, ELSEWHERE)), "fail:ipv4-only"),
    ("WEB-13", leading(f"https://{ELSEWHERE}/", stopped=f.fail("unsafe-target", f.Stage.DNS, ELSEWHERE)), "fail:ipv4-only"),
    ("WEB-13", leading(f"https://{ELSEWHERE}/", DEAD_HOP), "fail"),
    ("WEB-13", leading(f"https://{ELSEWHERE}/", DEAD_HOP[:1]), "nm:own-timeout-budget"),
    ("WEB-12", statuses(302, 200), "fail"),  # a redirect that names no place is the end
    ("WEB-12", statuses(302, 302), "pass"),
    ("WEB-12", statuses(204, 200), "pass"),
    ("WEB-12", followed(302, v6=OTHER_PORT), "nm:limit"),
    ("WEB-12", followed(302, v6=OTHER_PORT, v4=OTHER_PORT), "nm:limit"),
    ("WEB-12", followed(302, v6=OTHER_SCHEME, v4=OTHER_SCHEME), "pass"),
    ("WEB-12", two_of_six(f.fetch(DOMAIN, W6, status=404, leaf=PAGE)), "fail:address"),
    ("WEB-12", two_of_six(f.fetch(DOMAIN, W6, status=503, leaf=PAGE)), "nm:blocked"),
    ("WEB-12", two_of_six(f.redirect(DOMAIN, W6, f"https://{ELSEWHERE}/", leaf=PAGE), f.fetch(ELSEWHERE, W6)), "pass"),
    ("WEB-13", two_of_six(f.redirect(DOMAIN, W6, f"https://{ELSEWHERE}/", leaf=PAGE), DEAD_HOP), "fail"),
    ("WEB-13", two_of_six(f.redirect(DOMAIN, W6, f"https://{ELSEWHERE}/", leaf=PAGE), stopped=NO_ADDRESS), "fail:ipv4-only"),
    ("WEB-13", followed(302, v6=OTHER_PORT), "nm:limit"),
    ("WEB-13", followed(302, v6=OTHER_SCHEME), "n/a"),
    ("WEB-12", followed(302, [DEAD_INSIDE], [INSIDE]), "n/a"),
    ("WEB-13", followed(302, [DEAD_INSIDE], [INSIDE]), "fail"),
    ("WEB-13", followed(302, [DEAD_INSIDE[:1]], [INSIDE]), "nm:own-timeout-budget"),
    ("WEB-13", followed(302, [replace(INSIDE, address=ip_address(V6))], [INSIDE]), "n/a"),
    ("WEB-10", Site(https=dict.fromkeys((V6, V4), OVER_CAP), chains=[]), "nm:limit"),
    ("WEB-11", Site(https=dict.fromkeys((V6, V4), OVER_CAP), chains=[]), "nm:limit"),
    ("WEB-12", Site(https=dict.fromkeys((V6, V4), OVER_CAP), chains=[]), "nm:limit"),
    ("WEB-13", Site(https=dict.fromkeys((V6, V4), OVER_CAP), chains=[]), "nm:limit"),
    ("WEB-13", Site(https={V6: OVER_CAP}), "nm:limit"),
    ("WEB-13", Site(v6=()), "n/a"),
    ("WEB-13", statuses(403, 200), "nm:blocked"),
]


@pytest.mark.parametrize(("id_", "site", "expected"), WEB)
def test_web(id_: str, site: Site, expected: str) -> None:
    assert says(evidence(site), id_) == expected


def test_where_only_the_question_for_ipv4_went_unanswered() -> None:
    half = lookups(DOMAIN, f.lookup(DOMAIN, "AAAA", V6), f.unseen(DOMAIN, "A"))
    seen = evidence(Site(v4=()), dns=dns(half))
    found = {id_: says(seen, id_) for id_ in ("REACH-01", "REACH-02", "REACH-04", "REACH-10")}
    assert found == {"REACH-01": "pass", "REACH-02": "pass", "REACH-04": "nm:resolver-error", "REACH-10": "pass"}
    dead = evidence(Site(v4=(), ports={(V6, p): DEAD for p in (443, 80)}), dns=dns(half))
    assert {says(dead, id_) for id_ in ("REACH-02", "REACH-10")} == {"nm:resolver-error"}


def test_more_addresses_than_are_looked_at() -> None:
    many = [f"2400:1::{number:x}" for number in range(1, 13)]
    seen = evidence(Site(v6=many))
    assert says(seen, "DNS-02") == "pass:sampled"
    args = judge(seen)["DNS-02"].args
    assert (args["usable"], args["looked"]) == (12, 8)


def test_a_loop_on_both_families_warns() -> None:
    stopped = f.fail("redirect-loop", f.Stage.HTTP)
    first = {a: (f.redirect(DOMAIN, a, f"https://{DOMAIN}/", leaf=f.certificate()),) for a in (V6, V4)}
    site = Site(https=first, chains=[f.chain(6, V6, stopped=stopped), f.chain(4, V4, stopped=stopped)])
    assert says(evidence(site), "WEB-12") == "warn:loop"


def test_certificates_that_differ() -> None:
    other = f.certificate(key="k2", issuer="CN=Other")
    expired = f.certificate(days=-3, key="k3")

    def differing(leaf, times=1):
        site = Site(https={V6: tuple(f.fetch(DOMAIN, V6, leaf=leaf) for _ in range(times))})
        seen = evidence(site)
        return replace(seen, web=replace(seen.web, certificates=(leaf, site.leaf)))

    assert says(differing(other), "WEB-05") == "warn"
    assert says(differing(f.certificate(WWW, DOMAIN, key="k2")), "WEB-05") == "pass"
    assert says(differing(expired), "WEB-05") == "nm:own-timeout-budget"
    assert says(differing(expired, 2), "WEB-05") == "fail"
    assert says(differing(f.certificate(key="k2")), "WEB-05") == "pass"


def test_dates_tell_nothing_between_addresses_while_our_clock_is_off() -> None:
    off = (f.sample(offset=-172_800), f.sample(f.END, offset=-172_800))
    seen = evidence(beside(EXPIRED, V6), vantage=off)
    assert (says(seen, "WEB-04"), says(seen, "WEB-05")) == ("nm:clock", "pass")


def test_what_decides_the_level_is_shown_of_two_names() -> None:
    last_days = f.certificate(days=2, key="k2")
    of_listed = Site(https={a: (f.fetch(DOMAIN, a, leaf=last_days),) * 2 for a in (V6, V4)}, leaf=last_days)
    of_www = Site(name=WWW, v6=(W6,), v4=(W4,), https={a: (f.fetch(WWW, a, leaf=EXPIRED),) * 2 for a in (W6, W4)}, leaf=EXPIRED)
    seen = evidence(of_listed, of_www)
    assert says(seen, "WEB-04") == "fail:expired"
    assert str(score(judge(seen)).level) == "L2"
    of_www = Site(name=WWW, v6=(W6,), v4=(W4,), https={W6: failing(W6, SILENT_TLS)})
    seen = evidence(Site(https={V4: failing(V4, SILENT_TLS)}), of_www)
    assert says(seen, "WEB-01") == "warn:ipv4-only"
    assert str(score(judge(seen)).level) == "L2"


def test_a_certificate_is_unstable_when_only_one_try_was_bad() -> None:
    good, wrong = f.certificate(), f.certificate("other.vn", key="k9")
    site = Site(https={V6: (f.fetch(DOMAIN, V6, leaf=wrong), f.fetch(DOMAIN, V6, leaf=good))})
    seen = evidence(site)
    seen = replace(seen, web=replace(seen.web, certificates=(good, wrong)))
    assert says(seen, "WEB-03") == "warn:unstable"


def test_web_verdicts_without_ipv6_rest_on_ipv4() -> None:
    local = ("local",)
    seen = evidence(Site(ports={(V6, p): local for p in (443, 80)}), vantage=f.NO_V6)
    assert {
        id_: says(seen, id_) for id_ in ("WEB-01", "WEB-02", "WEB-03", "WEB-04", "WEB-07", "WEB-10", "WEB-11")
    } == dict.fromkeys(("WEB-01", "WEB-02", "WEB-03", "WEB-04", "WEB-07", "WEB-10", "WEB-11"), "pass")
    assert (says(seen, "WEB-12"), says(seen, "WEB-13")) == ("nm:no-v6-here", "nm:no-v6-here")
    assert judge(seen)["WEB-01"].args["v6"] == "unseen"


LEVELS = [
    (Site(), {}, "L3", True, ()),
    (Site(v6=()), {}, "L0", False, ()),
    (Site(ports={(V6, 443): DEAD, (V6, 80): DEAD}), {}, "L0", False, ("broken-v6",)),
    (Site(ports={(V6, 443): DEAD}), {}, "L1", False, ()),
    (Site(https={V6: failing(V6, SILENT_TLS)}), {}, "L2", False, ()),
    (Site(https={V4: failing(V4, SILENT_TLS)}), {}, "L3", True, ()),
    (bad(f.certificate(days=-1)), {}, "L2", False, ()),
    (bad(f.certificate(days=2)), {}, "L3", True, ()),
    (bad(INCOMPLETE, path_error=NO_ISSUER), {}, "L3", True, ()),
    (bad(INCOMPLETE, path_error="unsuitable certificate purpose"), {}, "L2", False, ()),
    (beside(EXPIRED, V6), {}, "L2", False, ()),
    (beside(EXPIRED, V4), {}, "L3", True, ()),
    (unseen_by_v6(EXPIRED), {}, "L2", True, ()),
    (unseen_by_v6(f.certificate("other.vn")), {}, "L2", True, ()),
    (unseen_by_v6(f.certificate(), path_error=NO_ISSUER), {}, "L2", True, ()),
    (beside(f.certificate("other.vn"), V4), {}, "L3", True, ()),
    (beside(f.certificate(), V4, path_error=NO_ISSUER), {}, "L3", True, ()),
    (Site(), {"dns": dns(BOGUS)}, "L0", False, ("bogus",)),
    (Site(), {"dns": dns(REFUSED_UNEXPLAINED)}, "L3", True, ()),
    (Site(), {"dns": dns(BOTH_UNSEEN)}, "L0", True, ()),
    (Site(), {"nameservers": servers(NS1, NO_AAAA)}, "L3", False, ()),
    (Site(v6=(), v4=()), {}, "L0", False, ()),
]


@pytest.mark.parametrize(("site", "more", "level", "is_minimum", "flags"), LEVELS)
def test_levels(site: Site, more: dict, level: str, is_minimum: bool, flags: tuple) -> None:
    found = score(judge(evidence(site, **more)))
    assert (str(found.level), found.level.is_minimum, found.flags) == (level, is_minimum, flags)


def test_only_one_of_two_names_is_partial() -> None:
    found = score(judge(evidence(Site(), Site(name=WWW, v6=(), v4=(W4,)))))
    assert (str(found.level), found.flags) == ("L0", ("partial",))


def test_a_listed_name_without_addresses_is_judged_by_www() -> None:
    nobody = Site(v6=(), v4=())
    found = score(judge(evidence(nobody, Site(name=WWW, v6=(W6,), v4=(W4,)))))
    assert (str(found.level), found.flags) == ("L3", ())


def test_without_ipv6_here_the_level_is_a_minimum() -> None:
    seen = evidence(Site(ports={(V6, p): ("local",) for p in (443, 80)}), vantage=f.NO_V6)
    found = score(judge(seen))
    assert (str(found.level), found.level.is_minimum) == ("L0", True)  # whether it is broken was not seen


def test_a_bug_in_a_rule_costs_that_check_alone(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(evidence: Evidence) -> NoReturn:
        raise IndexError("a bug")

    monkeypatch.setattr(
        import_module("ipv6check.judge"), "RULES", [replace(r, _judge=broken) if r.id == "NS-14" else r for r in RULES]
    )
    found, healthy = judge(evidence(Site())), {rule.id: rule.judge(evidence(Site())) for rule in RULES}
    assert found["NS-14"].reason is Reason.DEPENDENCY_FAILED
    assert {id_: verdict for id_, verdict in found.items() if id_ != "NS-14"} == {
        id_: verdict for id_, verdict in healthy.items() if id_ != "NS-14"
    }
    assert "a bug" in caplog.text
    caplog.clear()


def test_percent_and_coverage() -> None:
    found = score(judge(evidence(Site(ports={(V6, 443): DEAD}))))
    assert found.coverage == 1.0
    assert found.families["REACH"].points == 20  # REACH-01 fails, 02 passes, 04 fails, 10 passes
    assert found.families["REACH"].maximum == 40
    assert found.percent is not None
    assert 85 < found.percent < 100


def test_a_verdict_without_its_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="reason"):
        replace(judge(Evidence())["DNS-02"], reason=None)


def test_the_clock_judges_dates_at_the_time_of_the_exchange() -> None:
    leaf = f.certificate(days=1, now=f.DURING - timedelta(days=2))
    assert says(evidence(bad(leaf)), "WEB-04") == "fail:expired"


def test_run_conditions_set_how_many_tries_are_enough() -> None:
    run: RunFacts = f.run(tries=1)
    assert says(evidence(Site(ports={(V6, 443): ("timeout",)}), run=run), "REACH-01") == "fail"


def test_an_unanswered_aaaa_question_leaves_what_rests_on_ipv4() -> None:
    half = lookups(DOMAIN, f.unseen(DOMAIN, "AAAA"), f.lookup(DOMAIN, "A", V4))
    seen = evidence(Site(v6=()), dns=dns(half))
    found = {id_: says(seen, id_) for id_ in ("REACH-01", "REACH-03", "REACH-10", "WEB-01", "WEB-02", "WEB-12", "WEB-13")}
    unseen = "nm:resolver-error"
    assert found == {
        "REACH-01": unseen,
        "REACH-03": "pass",
        "REACH-10": unseen,
        "WEB-01": "pass",
        "WEB-02": "pass",
        "WEB-12": unseen,
        "WEB-13": unseen,
    }
    assert judge(seen)["WEB-01"].args["v6"] == "unseen"


def test_a_handshake_that_fails_is_named() -> None:
    seen = evidence(Site(https={V6: failing(V6, f.fail("tls", f.Stage.TLS))}))
    assert judge(seen)["REACH-05"].args["failures"] == [f"{V6} 443: tls"]
