"""What each probe asks in its first pass, what it asks again in a later one, and what never."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from ipv6check.data import Tables
from ipv6check.facts import Answer, AuthorityTries, Evidence, NameserverHost, RegistrationFacts, Signature
from ipv6check.judge import judge
from ipv6check.net.rdap import Rdap
from ipv6check.probes import PROBES, Probe, resource_probes
from ipv6check.probes.nameservers import FOREIGN_NAME, HOSTS_LOOKED_AT
from ipv6check.probes.records import MAIL_HOSTS
from ipv6check.probes.registration import registered_name
from tests.factories import sample
from tests.probes.tree import DOMAIN, Spoil, Tree, closed, evidence, first, healthy, mute, only, refuse, say, session

SERVERS6, SERVERS4 = ("2400:d::1", "2400:d::2"), ("11.4.0.1", "11.4.0.2")
SERVERS = (*SERVERS6, *SERVERS4)
MUTE_TCP: Spoil = lambda q, transport, said, time: mute(q, transport, said, time) if transport == "tcp" else said  # noqa: E731
MUTE_UDP: Spoil = lambda q, transport, said, time: mute(q, transport, said, time) if transport == "udp" else said  # noqa: E731
NO_TABLES = Tables(Path("/nonexistent"), datetime.now(UTC))
OF = {probe.name: probe for probe in (*PROBES, *resource_probes(NO_TABLES, Rdap("", lambda *a, **k: None)))}  # type: ignore[arg-type,return-value]


class Look:
    """One target looked at by some probes, pass after pass."""

    def __init__(self, tree: Tree, *names: str, tries: int = 3) -> None:
        self.tree = tree
        self.probes: list[Probe] = [OF[name] for name in names]
        self.seen = evidence(tries)

    async def go(self) -> Evidence:
        """Make one pass, as a scan does."""
        net, news = session(self.tree), set[str]()
        for probe in self.probes:
            before = getattr(self.seen, probe.name)
            if before is None or news & set(probe.after) or probe.is_unsettled(self.seen):
                assert self.seen.target is not None
                facts = await probe.look(self.seen.target, self.seen, net)
                self.seen = self.seen.with_facts(probe.name, facts)
                news |= {probe.name} if facts != before else set()
        return self.seen

    async def until_settled(self) -> int:
        """Make passes until nothing wants another, and say how many it took."""
        passes = 0
        while not passes or any(probe.is_unsettled(self.seen) for probe in self.probes):
            await self.go()
            passes += 1
            assert passes < 10, "it never ends"
        return passes

    def asked(self, *, name: str = "", rdtype: str = "", transport: str = "", variant: str | None = None) -> Counter[str]:
        """How often each server was asked such a question."""
        found: Counter[str] = Counter()
        for key, count in self.tree.asked.items():
            wanted = (name, rdtype, transport)
            if all(w in ("", k) for w, k in zip(wanted, key[1:4], strict=True)) and variant in (None, key[4]):
                found[key[0]] += count
        return found


async def settled(tree: Tree, *names: str, tries: int = 3) -> Look:
    look = Look(tree, *names, tries=tries)
    await look.until_settled()
    return look


BOTH = ("dns", "nameservers")


def spoil(*servers: str, trick: Spoil) -> Tree:
    tree = healthy()
    tree.spoil.update(dict.fromkeys(servers, trick))
    return tree


# A healthy target


async def test_a_healthy_target_is_settled_at_once() -> None:
    look = Look(healthy(), *BOTH, "dnssec", "authority", "resolution", "mail_zones")
    assert await look.until_settled() == 1
    before = (look.tree.asked.copy(), look.tree.looked_up.copy())
    await look.go()
    assert (look.tree.asked, look.tree.looked_up) == before, "a second pass asks nothing"


async def test_what_every_server_is_asked() -> None:
    look = await settled(healthy(), *BOTH)
    for transport in ("udp", "tcp"):
        soa = look.asked(name=DOMAIN, rdtype="SOA", transport=transport, variant="")
        assert {s: soa[s] for s in SERVERS} == dict.fromkeys(SERVERS, 1)
    assert set(look.asked(name=DOMAIN, rdtype="SOA", variant="edns-1")) == set(SERVERS)
    assert set(look.asked(name=FOREIGN_NAME, variant="recursion")) == set(SERVERS)
    facts = look.seen.nameservers
    assert facts is not None
    assert (facts.zone, facts.parent, facts.from_parent, facts.from_child) == (
        DOMAIN,
        "hanoi.gov.vn",
        (f"ns1.{DOMAIN}", f"ns2.{DOMAIN}"),
        (f"ns1.{DOMAIN}", f"ns2.{DOMAIN}"),
    )


async def test_parent_and_child_that_differ() -> None:
    tree = healthy()
    tree.spoil["2400:c::1"] = only(
        "NS", say(replace(tree.referral(DOMAIN, "hanoi.gov.vn"), referral_servers=(f"ns1.{DOMAIN}", "cu.vn")))
    )
    facts = (await settled(tree, *BOTH)).seen.nameservers
    assert facts is not None
    assert facts.from_parent == ("cu.vn", f"ns1.{DOMAIN}")
    assert facts.from_child == (f"ns1.{DOMAIN}", f"ns2.{DOMAIN}")
    assert {host.name for host in facts.hosts} == {f"ns1.{DOMAIN}", f"ns2.{DOMAIN}", "cu.vn"}


# Name servers, pass after pass


@pytest.mark.parametrize(("trick", "passes"), [(mute, 3), (closed, 2), (refuse, 2)], ids=["mute", "closed", "refuse"])
async def test_one_lost_server_is_asked_again_alone(trick: Spoil, passes: int) -> None:
    """A silent one as often as tries are wanted, one that refuses twice; the others not again."""
    look = Look(spoil(SERVERS6[0], trick=trick), *BOTH)
    assert await look.until_settled() == passes
    soa = look.asked(name=DOMAIN, rdtype="SOA", transport="udp", variant="")
    assert {s: soa[s] for s in SERVERS} == {SERVERS6[0]: passes} | dict.fromkeys(SERVERS[1:], 1)


async def test_a_server_that_comes_back_is_settled() -> None:
    look = Look(spoil(SERVERS6[0], trick=only("SOA", first(1, mute))), *BOTH)
    assert await look.until_settled() == 2
    facts = look.seen.nameservers
    assert facts is not None
    tries = {str(s.server): len(s.tries) for h in facts.hosts for s in h.soa if s.transport == "udp"}
    assert tries == {SERVERS6[0]: 2} | dict.fromkeys(SERVERS[1:], 1)


async def test_only_the_transport_that_was_lost_is_asked_again() -> None:
    look = Look(spoil(SERVERS4[1], trick=MUTE_TCP), *BOTH)
    assert await look.until_settled() == 3
    assert look.asked(name=DOMAIN, rdtype="SOA", transport="tcp")[SERVERS4[1]] == 3
    assert look.asked(name=DOMAIN, rdtype="SOA", transport="udp", variant="")[SERVERS4[1]] == 1


@pytest.mark.parametrize("tries", [1, 2, 3, 5])
async def test_the_wanted_tries_are_the_last(tries: int) -> None:
    look = Look(spoil(*SERVERS, trick=mute), *BOTH, tries=tries)
    assert await look.until_settled() == tries
    assert set(look.asked(name=DOMAIN, rdtype="SOA", transport="udp", variant="").values()) == {tries}
    assert look.asked(name=FOREIGN_NAME) == {}, "who does not answer for the zone is not asked more"


async def test_of_hundreds_of_servers_thirteen_are_looked_at() -> None:
    tree = healthy()
    tree.zones[DOMAIN].servers = {f"n{i:03}.{DOMAIN}": (f"2400:d:{i + 1:x}::1",) for i in range(300)}
    facts = (await settled(tree, *BOTH)).seen.nameservers
    assert facts is not None
    assert (len(facts.hosts), facts.over_cap) == (HOSTS_LOOKED_AT, 300 - HOSTS_LOOKED_AT)


def verdict(look: Look, check: str) -> str:
    """What the evidence of a settled look amounts to, with a good look at ourselves after it."""
    after = sample(datetime.now(UTC) + timedelta(seconds=1))
    found = judge(replace(look.seen, vantage=(*look.seen.vantage, after)))[check]
    return f"{found.outcome}:{found.reason}" if found.reason else str(found.outcome)


PARENTS = ("2400:c::1", "2400:c::2", "11.3.0.1", "11.3.0.2")


def lose_the_zones_own_word(tree: Tree, times: int) -> None:
    tree.spoil_lookups[DOMAIN, "NS"] = first(times, mute)


def lose_the_parent(tree: Tree, times: int) -> None:
    tree.spoil_lookups |= {(name, "SOA"): first(times, mute) for name in ("hanoi.gov.vn", "gov.vn", "vn")}


def lose_the_parents_word(tree: Tree, times: int) -> None:
    tree.spoil |= dict.fromkeys(PARENTS, only("NS", first(times, mute)))


def lose_both(tree: Tree, times: int) -> None:
    lose_the_zones_own_word(tree, times)
    lose_the_parent(tree, times)


LOSSES = [lose_the_zones_own_word, lose_the_parent, lose_the_parents_word, lose_both]


@pytest.mark.parametrize("lose", LOSSES)
async def test_a_delegation_that_was_lost_is_asked_for_again(lose: Callable[[Tree, int], None]) -> None:
    """A look that fell into a bad moment, of ours or the resolver's, is no look."""
    tree = healthy()
    lose(tree, 1)
    look = Look(tree, *BOTH, "dnssec")
    assert await look.until_settled() == 2
    facts = look.seen.nameservers
    assert facts is not None
    assert facts.from_parent == facts.from_child == (f"ns1.{DOMAIN}", f"ns2.{DOMAIN}")
    assert {check: verdict(look, check) for check in ("NS-02", "NS-03", "NS-05", "NS-08", "NS-09", "NS-10")} == dict.fromkeys(
        ("NS-02", "NS-03", "NS-05", "NS-08", "NS-09", "NS-10"), "pass"
    )
    soa = look.asked(name=DOMAIN, rdtype="SOA", transport="udp", variant="")
    assert {s: soa[s] for s in SERVERS} == dict.fromkeys(SERVERS, 1), "servers that were known are not asked anew"


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("tries", [1, 2, 3])
async def test_a_delegation_that_stays_lost_is_given_up(lose: Callable[[Tree, int], None], tries: int) -> None:
    tree = healthy()
    lose(tree, 99)
    look = Look(tree, *BOTH, tries=tries)
    assert await look.until_settled() == tries
    assert look.seen.nameservers is not None
    assert look.seen.nameservers.child is not None
    assert len(look.seen.nameservers.child.tries) == tries


NODATA: Spoil = say(Answer(rcode="NOERROR", soa=DOMAIN))


@pytest.mark.parametrize(("rdtype", "checks"), [("AAAA", ("NS-03", "NS-08")), ("A", ("NS-04", "NS-07"))])
@pytest.mark.parametrize("trick", [NODATA, mute], ids=["nodata", "mute"])
async def test_a_servers_address_that_was_missing_once_is_asked_for_again(
    rdtype: str, checks: tuple[str, ...], trick: Spoil
) -> None:
    tree = healthy()
    tree.spoil_lookups[f"ns1.{DOMAIN}", rdtype] = first(1, trick)
    look = Look(tree, *BOTH)
    assert await look.until_settled() == 1
    assert [verdict(look, check) for check in checks] == ["pass"] * len(checks)
    assert tree.looked_up[f"ns1.{DOMAIN}", rdtype, False] == 2


@pytest.mark.parametrize(("tries", "asked"), [(1, 1), (2, 2), (3, 2)])
async def test_a_server_without_aaaa_costs_one_more_question(tries: int, asked: int) -> None:
    tree = healthy()
    tree.zones[DOMAIN].servers = {f"ns1.{DOMAIN}": ("11.4.0.1",), f"ns2.{DOMAIN}": ("2400:d::2", "11.4.0.2")}
    look = Look(tree, *BOTH, tries=tries)
    assert await look.until_settled() == 1
    assert tree.looked_up[f"ns1.{DOMAIN}", "AAAA", False] == asked
    assert {tree.looked_up[f"ns{i}.{DOMAIN}", rdtype, False] for i, rdtype in ((1, "A"), (2, "AAAA"), (2, "A"))} == {1}
    assert verdict(look, "NS-03") == "fail"


async def test_a_servers_missing_address_in_a_bogus_zone_is_settled_too() -> None:
    tree = healthy()
    empty = Answer(rcode="NOERROR", soa=DOMAIN)
    tree.spoil_lookups[f"ns1.{DOMAIN}", "AAAA"] = lambda q, t, said, time: (
        empty if q.checking_disabled else Answer(rcode="SERVFAIL")
    )
    look = Look(tree, *BOTH)
    assert await look.until_settled() == 1
    assert tree.looked_up[f"ns1.{DOMAIN}", "AAAA", False] == 2


async def test_missing_glue_is_asked_for_once_more_over_tcp() -> None:
    tree = healthy()
    tree.zones[DOMAIN].glue = {f"ns1.{DOMAIN}": ("11.4.0.1",), f"ns2.{DOMAIN}": ("2400:d::2",)}
    look = await settled(tree, *BOTH)
    await look.go()
    assert look.seen.nameservers is not None
    assert look.seen.nameservers.glue_over_tcp is not None
    assert sum(look.asked(name=DOMAIN, rdtype="NS", transport="tcp").values()) == 1


# DNSSEC and authority


async def test_keys_over_tcp_after_udp_was_lost() -> None:
    look = Look(spoil(SERVERS6[0], trick=only("DNSKEY", MUTE_UDP)), *BOTH, "dnssec")
    await look.until_settled()
    assert look.asked(rdtype="DNSKEY", transport="udp")[SERVERS6[0]] == 3
    assert look.asked(rdtype="DNSKEY", transport="tcp") == {SERVERS6[0]: 1}
    assert {look.asked(rdtype="DNSKEY", transport="udp")[s] for s in SERVERS[1:]} == {1}


async def test_without_keys_nobody_is_asked_for_parameters() -> None:
    look = await settled(healthy(), *BOTH, "dnssec")
    assert look.asked(rdtype="NSEC3PARAM") == {}
    assert (DOMAIN, "CDS", False) not in look.tree.looked_up


async def test_with_keys_one_server_is_asked_for_parameters() -> None:
    tree = healthy()
    tree.zones[DOMAIN].records |= {(DOMAIN, "DNSKEY"): ("257 3 13 " + "A" * 86 + "==",)}
    look = await settled(tree, *BOTH, "dnssec")
    assert look.seen.dnssec is not None
    assert len(look.seen.dnssec.keys) == 1
    assert sum(look.asked(rdtype="NSEC3PARAM").values()) == 1
    assert look.tree.looked_up[DOMAIN, "CDS", False] == look.tree.looked_up[DOMAIN, "CDNSKEY", False] == 1


@pytest.mark.parametrize(("lost", "asked"), [(0, 1), (1, 2), (9, 3)])
async def test_the_ds_is_asked_until_answered_or_often_enough(lost: int, asked: int) -> None:
    tree = healthy()
    tree.spoil_lookups[DOMAIN, "DS"] = first(lost, mute)
    look = await settled(tree, *BOTH, "dnssec")
    assert tree.looked_up[DOMAIN, "DS", False] == asked
    assert look.seen.dnssec is not None


async def test_a_server_that_came_late_is_asked_for_its_keys() -> None:
    look = Look(spoil(SERVERS6[1], trick=only("SOA", first(1, mute))), *BOTH, "dnssec")
    await look.go()
    assert SERVERS6[1] not in look.asked(rdtype="DNSKEY")
    await look.until_settled()
    assert look.asked(rdtype="DNSKEY")[SERVERS6[1]] == 1
    assert look.asked(rdtype="DNSKEY")[SERVERS6[0]] == 1


def without_edns(host: NameserverHost) -> NameserverHost:
    """The same host, each address of which answered only what was sent without EDNS, as when the first packets are lost."""
    return replace(host, soa=tuple(replace(s, tries=tuple(replace(t, edns=False) for t in s.tries)) for s in host.soa))


async def test_what_a_server_says_of_its_zone_later_is_looked_at_too() -> None:
    look = Look(healthy(), *BOTH)
    facts = (await look.go()).nameservers
    assert facts is not None
    look.seen = look.seen.with_facts("nameservers", replace(facts, hosts=tuple(map(without_edns, facts.hosts))))
    look.probes = [OF["dnssec"]]
    await look.go()
    look.probes = [OF[name] for name in (*BOTH, "dnssec")]
    await look.until_settled()
    assert look.seen.dnssec is not None
    found = {str(a.server): [t.edns for t in a.tries] for a in look.seen.dnssec.asked if a.purpose == "soa"}
    assert found == {server: [False, True] for server in SERVERS}
    assert look.asked(name=DOMAIN, rdtype="SOA", transport="udp", variant="") == dict.fromkeys(SERVERS, 2)


def wrongly_signed(asked: AuthorityTries) -> AuthorityTries:
    """The same question, each answer to which has a signature that no key of the zone made."""
    now = datetime.now(UTC)
    wrong = Signature(
        covered="SOA", owner=DOMAIN, signer=DOMAIN, key_tag=1, algorithm=13, inception=now, expiration=now, verifies=False
    )
    answers = (replace(t, answer=replace(t.answer, signatures=(wrong,))) for t in asked.tries if t.answer)
    return replace(asked, tries=tuple(answers))


async def test_a_wrong_signature_over_the_soa_is_asked_for_once_more() -> None:
    look = await settled(healthy(), *BOTH, "dnssec")
    facts = look.seen.dnssec
    assert facts is not None
    asked = [a if (str(a.server), a.purpose) != (SERVERS[0], "soa") else wrongly_signed(a) for a in facts.asked]
    look.seen = look.seen.with_facts("dnssec", replace(facts, asked=tuple(asked)))
    assert await look.until_settled() == 1
    assert look.asked(name=DOMAIN, rdtype="SOA", transport="udp", variant="")[SERVERS[0]] == 2


async def test_servers_are_asked_for_the_targets_names() -> None:
    look = await settled(healthy(), *BOTH, "authority")
    for name in (DOMAIN, f"www.{DOMAIN}"):
        for rdtype in ("AAAA", "A"):
            assert {s: look.asked(name=name, rdtype=rdtype)[s] for s in SERVERS} == dict.fromkeys(SERVERS, 1)


async def test_a_server_that_drops_aaaa_questions_is_asked_for_them_alone() -> None:
    look = Look(spoil(SERVERS4[0], trick=only("AAAA", mute)), *BOTH, "authority")
    assert await look.until_settled() == 3
    assert look.asked(name=DOMAIN, rdtype="AAAA")[SERVERS4[0]] == 3
    assert look.asked(name=DOMAIN, rdtype="A")[SERVERS4[0]] == 1
    assert look.asked(name=DOMAIN, rdtype="AAAA")[SERVERS6[0]] == 1


# Records through the resolver


def with_records(records: dict[tuple[str, str], tuple[str, ...]]) -> Tree:
    tree = healthy()
    tree.zones[DOMAIN].records |= records
    return tree


async def test_what_the_resolver_answered_is_not_asked_again() -> None:
    look = Look(healthy(), "dns")
    await look.until_settled()
    for rdtype in ("AAAA", "A", "MX", "HTTPS", "CAA"):
        assert look.tree.looked_up[DOMAIN, rdtype, False] == 1, rdtype


@pytest.mark.parametrize("rdtype", ["AAAA", "A", "MX", "HTTPS", "CAA"])
async def test_one_lost_look_up_is_asked_again_alone(rdtype: str) -> None:
    tree = healthy()
    tree.spoil_lookups[DOMAIN, rdtype] = first(1, mute)
    look = Look(tree, "dns")
    assert await look.until_settled() == 2
    counts = {t: tree.looked_up[DOMAIN, t, False] for t in ("AAAA", "A", "MX", "HTTPS", "CAA")}
    assert counts == dict.fromkeys(counts, 1) | {rdtype: 2}


async def test_a_missing_aaaa_is_asked_for_twice() -> None:
    tree = healthy()
    del tree.zones[DOMAIN].records[DOMAIN, "AAAA"]
    look = Look(tree, "dns")
    assert await look.until_settled() == 2
    assert tree.looked_up[DOMAIN, "AAAA", False] == 2
    assert tree.looked_up[DOMAIN, "A", False] == 1


async def test_bogus_is_asked_with_cd_and_twice() -> None:
    tree = healthy()
    tree.spoil_lookups[DOMAIN, "MX"] = lambda q, t, said, time: said if q.checking_disabled else Answer(rcode="SERVFAIL")
    look = Look(tree, "dns")
    await look.until_settled()
    assert look.seen.dns is not None
    assert look.seen.dns.mx is not None
    assert look.seen.dns.mx.is_bogus
    assert tree.looked_up[DOMAIN, "MX", False] == 2


BOGUS: Spoil = lambda q, t, said, time: said if q.checking_disabled else Answer(rcode="SERVFAIL")  # noqa: E731


@pytest.mark.parametrize(
    ("trick", "passes", "sec_01"),
    [(BOGUS, 2, "fail"), (first(1, BOGUS), 2, "pass"), (first(1, mute), 2, "pass"), (mute, 3, "nm:resolver-error")],
    ids=["bogus", "bogus once", "lost once", "lost"],
)
async def test_the_zones_soa_is_asked_for_like_the_names(trick: Spoil, passes: int, sec_01: str) -> None:
    """The zone's own status counts as the names' do: refused twice is bogus, once is not."""
    tree = healthy()
    tree.spoil_lookups[DOMAIN, "SOA"] = trick
    look = Look(tree, "dns")
    assert await look.until_settled() == passes
    assert verdict(look, "SEC-01") == sec_01
    assert tree.looked_up["hanoi.gov.vn", "SOA", False] <= 1, "the climb is not made again"


async def test_alias_mode_is_followed_and_service_mode_is_not() -> None:
    look = await settled(with_records({(DOMAIN, "HTTPS"): ("0 cdn.provider.vn.", "1 khac.provider.vn. alpn=h2")}), "dns")
    assert look.seen.dns is not None
    assert [names.name for names in look.seen.dns.https_targets] == ["cdn.provider.vn"]


async def test_an_alias_to_itself_is_followed_nowhere() -> None:
    look = await settled(with_records({(DOMAIN, "HTTPS"): ("0 .",)}), "dns")
    assert look.seen.dns is not None
    assert look.seen.dns.https_targets == ()


async def test_of_many_mail_servers_ten_are_looked_at() -> None:
    look = await settled(with_records({(DOMAIN, "MX"): tuple(f"{i} mx{i:03}.provider.vn." for i in range(100))}), "dns")
    assert look.seen.dns is not None
    assert [names.name for names in look.seen.dns.mail_hosts] == [f"mx{i:03}.provider.vn" for i in range(MAIL_HOSTS)]


async def test_a_null_mx_names_no_host() -> None:
    look = await settled(with_records({(DOMAIN, "MX"): ("0 .",)}), "dns")
    assert look.seen.dns is not None
    assert (look.seen.dns.mail_hosts, OF["mail_zones"].subject(look.seen.target, look.seen)) == ((), "")  # type: ignore[arg-type]


async def test_caa_is_asked_all_the_way_up() -> None:
    look = await settled(healthy(), "dns")
    asked = [name for name, rdtype, _ in look.tree.looked_up if rdtype == "CAA"]
    assert sorted(asked) == sorted([f"www.{DOMAIN}", DOMAIN, "hanoi.gov.vn", "gov.vn", "vn"])
    assert {look.tree.looked_up[name, "CAA", False] for name in asked} == {1}


async def test_the_random_name_stays_the_same() -> None:
    tree = healthy()
    tree.spoil_lookups[DOMAIN, "MX"] = first(1, mute)
    look = Look(tree, "dns")
    names = []
    for _ in range(2):
        seen = await look.go()
        assert seen.dns is not None
        assert seen.dns.wildcard is not None
        names.append(seen.dns.wildcard.name)
    assert names[0] == names[1]
    assert names[0].endswith(f".{DOMAIN}")


@pytest.mark.parametrize("tries", [1, 2, 3])
async def test_a_resolver_that_never_answers_is_given_up(tries: int) -> None:
    tree = healthy()
    for rdtype in ("MX", "CAA", "HTTPS"):
        tree.spoil_lookups[DOMAIN, rdtype] = mute
    look = Look(tree, "dns", tries=tries)
    assert await look.until_settled() == tries
    assert tree.looked_up[DOMAIN, "MX", False] == tries


# Resources and registration


def reverse(tree: Tree) -> str:
    """Give the web address a reverse name that leads back."""
    pointer = ip_address("2400:1::1").reverse_pointer
    tree.zones["."].records = {(pointer, "PTR"): (f"{DOMAIN}.",)}
    return pointer


async def test_reverse_names_are_followed_and_asked_until_answered() -> None:
    tree = healthy()
    pointer = reverse(tree)
    tree.spoil_lookups[pointer, "PTR"] = first(1, mute)
    look = Look(tree, "dns", "resources")
    await look.until_settled()
    assert look.seen.resources is not None
    facts = next(a for a in look.seen.resources.addresses if str(a.address) == "2400:1::1")
    assert (facts.leads_back, facts.roles, facts.hosts) == (True, ("web",), (DOMAIN, f"www.{DOMAIN}"))
    assert tree.looked_up[pointer, "PTR", False] == 2


async def test_a_reverse_name_is_given_up_after_the_wanted_tries() -> None:
    tree = healthy()
    pointer = reverse(tree)
    tree.spoil_lookups[pointer, "PTR"] = mute
    look = Look(tree, "dns", "resources")
    assert await look.until_settled() == 3
    assert tree.looked_up[pointer, "PTR", False] == 3


async def test_where_a_reverse_name_leads_is_asked_until_answered_and_no_more() -> None:
    tree = healthy()
    pointer, host = reverse(tree), f"may-chu.{DOMAIN}"
    tree.zones["."].records = {(pointer, "PTR"): (f"{host}.",)}
    other = ip_address("11.0.0.1").reverse_pointer
    tree.spoil_lookups[other, "PTR"] = mute
    tree.spoil_lookups[host, "AAAA"] = first(1, mute)
    look = Look(tree, "dns", "resources")
    assert await look.until_settled() == 3
    assert (tree.looked_up[host, "AAAA", False], tree.looked_up[other, "PTR", False]) == (2, 3)


async def test_tables_that_are_not_there_are_told() -> None:
    look = await settled(healthy(), "dns", "resources")
    assert look.seen.resources is not None
    assert {str(a.address) for a in look.seen.resources.addresses} >= {"2400:1::1", "11.0.0.1", "2400:1::5"}
    assert all(not a.has("routes") or a.problems for a in look.seen.resources.addresses)
    assert all(a.routes == () for a in look.seen.resources.addresses)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        (DOMAIN, "hanoi.gov.vn"),
        ("hanoi.gov.vn", "hanoi.gov.vn"),
        ("a.b.c.com.vn", "c.com.vn"),
        ("sotttt.hanoi.vn", "hanoi.vn"),
        ("hanoi.vn", "hanoi.vn"),
        ("gov.vn", "gov.vn"),
        ("vn", "vn"),
    ],
)
def test_the_registered_name(domain: str, name: str) -> None:
    assert registered_name(domain) == name


async def test_a_registration_is_asked_once() -> None:
    asked: list[str] = []

    class Registry:
        async def domain(self, name: str) -> RegistrationFacts:
            asked.append(name)
            return RegistrationFacts(name=name, expires=datetime(2027, 1, 1, tzinfo=UTC))

    probe = next(p for p in resource_probes(NO_TABLES, Registry()) if p.name == "registration")  # type: ignore[arg-type]
    seen = evidence()
    assert seen.target is not None
    for _ in range(3):
        seen = seen.with_facts("registration", await probe.look(seen.target, seen, session(healthy())))
    assert asked == ["hanoi.gov.vn"]
    assert not probe.is_unsettled(seen)
