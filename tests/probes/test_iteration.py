"""From the root by IPv6 alone: what is asked on the way, and which zone is the first that cannot be passed."""

import asyncio
import time
import timeit
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

import pytest

from ipv6check.facts import Answer, DnsTry, Iteration
from ipv6check.model import Failure, Reason
from ipv6check.net.network import QUESTIONS_PER_TARGET, Network, NetworkSettings
from ipv6check.net.question import Question
from ipv6check.net.talk import now
from ipv6check.probes import delegation
from ipv6check.probes import iteration as iteration_module
from ipv6check.probes.iteration import ADDRESSES, DEPTH, NAMES, SERVERS, STEPS, Iterator
from ipv6check.probes.nameservers import is_iteration_unsettled
from ipv6check.rules.delegation import passage
from ipv6check.scales import Scales
from ipv6check.tries import State
from tests.factories import RESOLVER
from tests.probes.tree import (
    DOMAIN,
    NO_REPLY,
    ROOT4,
    ROOT6,
    Spoil,
    Tree,
    Zone,
    closed,
    evidence,
    first,
    healthy,
    mute,
    of_servers,
    only,
    refuse,
    say,
    session,
)

HANOI, HANOI_SERVERS = "hanoi.gov.vn", ("2400:c::1", "2400:c::2")
OWN_SERVERS = ("2400:d::1", "2400:d::2")


def scales(tries: int = 3) -> Scales:
    return Scales(evidence(tries), open_ended=True)


async def resolve(tree: Tree, name: str = DOMAIN, rdtype: str = "AAAA", earlier: tuple[Iteration, ...] = ()) -> Iteration:
    return await Iterator(session(tree), scales(), earlier).resolve(name, rdtype)


async def in_passes(tree: Tree, name: str = DOMAIN, wanted: int = 3) -> tuple[list[Iteration], Scales]:
    """Pass after pass until it is settled."""
    weigh, passes = scales(wanted), []
    while not passes or is_iteration_unsettled(passes[-1], weigh):
        passes.append(await Iterator(session(tree), weigh, passes[-1:]).resolve(name, "AAAA"))
        assert len(passes) < 10, "it never ends"
    return passes, weigh


def reasons(iteration: Iteration) -> dict[str, str]:
    return dict(iteration.steps[-1].unusable)


# A healthy tree


async def test_the_way_down() -> None:
    found = await resolve(healthy())
    assert [step.zone for step in found.steps] == [".", "vn", "gov.vn", HANOI, DOMAIN]
    assert (found.rcode, found.records, found.broken, found.aliases) == ("NOERROR", ("2400:1::1",), "", ())
    assert all(step.is_answered and step.rounds == 1 and len(step.asked) == 1 for step in found.steps)


async def test_upper_zones_are_asked_no_more_than_they_need_to_know() -> None:
    tree = healthy()
    await resolve(tree, f"www.{DOMAIN}")
    assert of_servers(tree) == [
        (ROOT6, "vn", "NS"),
        ("2400:a::1", "gov.vn", "NS"),
        ("2400:b::1", HANOI, "NS"),
        ("2400:c::1", DOMAIN, "NS"),
        ("2400:d::1", f"www.{DOMAIN}", "AAAA"),
    ]


async def test_only_ipv6_is_asked() -> None:
    tree = healthy()
    await resolve(tree)
    assert of_servers(tree, 4) == []


async def test_by_ipv4_alone_when_that_is_wanted() -> None:
    tree = healthy()
    found = await Iterator(session(tree), scales(), family=4).resolve(DOMAIN, "A")
    assert (found.records, found.family, of_servers(tree, 6)) == (("11.0.0.1",), 4, [])


async def test_a_name_that_is_no_zone() -> None:
    found = await resolve(healthy(), "khac.hanoi.gov.vn")
    assert ([step.zone for step in found.steps], found.records) == ([".", "vn", "gov.vn", HANOI], ("2400:1::9",))


async def test_a_name_deep_in_a_zone_is_asked_label_by_label() -> None:
    tree = healthy()
    tree.zones[DOMAIN].records |= {(f"a.b.c.{DOMAIN}", "AAAA"): ("2400:1::7",)}
    found = await resolve(tree, f"a.b.c.{DOMAIN}")
    assert found.records == ("2400:1::7",)
    assert [a[1] for a in of_servers(tree)][-3:] == [f"c.{DOMAIN}", f"b.c.{DOMAIN}", f"a.b.c.{DOMAIN}"]


async def test_a_server_that_denies_what_lies_between_is_asked_for_the_name() -> None:
    """Some deny empty non-terminals, though RFC 8020 forbids it."""
    tree = healthy()
    tree.zones[DOMAIN].records |= {(f"a.b.c.{DOMAIN}", "AAAA"): ("2400:1::7",)}
    denial = Answer(rcode="NXDOMAIN", authoritative=True, soa=DOMAIN)
    for server in OWN_SERVERS:
        tree.spoil[server] = only("NS", say(denial))
    found = await resolve(tree, f"a.b.c.{DOMAIN}")
    assert (found.rcode, found.records) == ("NOERROR", ("2400:1::7",))


NOT_BELOW_THE_APEX = {
    "mute": mute,
    "refuse": refuse,
    "SERVFAIL": say(Answer(rcode="SERVFAIL")),
    "NOTIMP": say(Answer(rcode="NOTIMP")),
}


@pytest.mark.parametrize("trick", NOT_BELOW_THE_APEX.values(), ids=NOT_BELOW_THE_APEX)
async def test_servers_that_cannot_be_asked_what_lies_between_are_asked_for_the_name(trick: Spoil) -> None:
    """Load balancers that know A and AAAA alone (RFC 9156 2.3)."""
    tree, name = healthy(), f"www.x.{DOMAIN}"
    tree.zones[DOMAIN].records |= {(name, "AAAA"): ("2400:1::7",)}
    tree.spoil |= dict.fromkeys(OWN_SERVERS, only("NS", trick))
    passes, weigh = await in_passes(tree, name)
    assert [(p.broken, p.records) for p in passes] == [("", ("2400:1::7",))]
    assert passage(passes[-1], weigh).state is State.WORKED


async def test_where_the_name_is_not_answered_either_the_zone_is_broken() -> None:
    tree, name = healthy(), f"www.x.{DOMAIN}"
    tree.spoil |= dict.fromkeys(OWN_SERVERS, mute)
    passes, weigh = await in_passes(tree, name)
    assert [p.broken for p in passes] == [DOMAIN] * 3
    assert passage(passes[-1], weigh).failed == tuple(f"ns{i}.{DOMAIN} (2400:d::{i}): no reply" for i in (1, 2))
    assert {tree.asked[s, q, t, "udp", ""] for s in OWN_SERVERS for q, t in ((name, "AAAA"), (f"x.{DOMAIN}", "NS"))} == {3}


async def test_root_servers_are_not_told_the_name_when_they_are_silent() -> None:
    """That is our own IPv6, most likely, and would be so for every target."""
    tree = healthy()
    tree.spoil[ROOT6] = mute
    passes, _ = await in_passes(tree)
    assert {p.broken for p in passes} == {"."}
    assert set(of_servers(tree)) == {(ROOT6, "vn", "NS")}


async def test_a_pass_asks_no_question_twice() -> None:
    """One server of the zone is silent and the other's name is lost: asking for the whole name does not seek that anew."""
    tree = healthy()
    tree.zones[HANOI].servers = {"ns1.hanoi.gov.vn": ("2400:c::1",), "dns1.provider.vn": ()}
    tree.spoil |= {"2400:c::1": mute, "2400:e::1": mute}
    await resolve(tree, f"www.x.{DOMAIN}")
    assert max(tree.asked.values()) == 1


@pytest.mark.parametrize(("name", "rcode"), [(f"kk.{DOMAIN}", "NXDOMAIN"), (f"mail.{DOMAIN}", "NOERROR")])
async def test_what_does_not_exist_is_an_end_too(name: str, rcode: str) -> None:
    found = await Iterator(session(healthy()), scales()).resolve(name, "TXT")
    assert (found.rcode, found.records, found.broken) == (rcode, (), "")


async def test_parent_and_child_on_one_server() -> None:
    """gov.vn's server serves hanoi.gov.vn too: it answers the NS question in place of referring."""
    tree = healthy()
    tree.zones[HANOI].servers = {"ns.gov.vn": ("2400:b::1", "11.2.0.1"), "ns1.hanoi.gov.vn": ("2400:c::1",)}
    found = await resolve(tree)
    assert ([step.zone for step in found.steps], found.records) == ([".", "vn", "gov.vn", HANOI, DOMAIN], ("2400:1::1",))
    assert found.steps[3].asked[0].server == ip_address("2400:b::1")


async def test_a_server_of_both_is_not_asked_for_hundreds_of_hosts() -> None:
    tree = healthy()
    hosts = {f"n{i}.hanoi.gov.vn": (f"2400:c::{i + 1:x}",) for i in range(300)}
    tree.zones[HANOI].servers = {"ns.gov.vn": ("2400:b::1",)} | hosts
    assert (await resolve(tree)).records == ("2400:1::1",)
    assert sum(tree.asked.values()) < 2 * SERVERS


async def test_an_alias_out_of_the_zone() -> None:
    tree = healthy()
    tree.zones[DOMAIN].records |= {(f"www.{DOMAIN}", "CNAME"): ("so.provider.vn.",)}
    tree.zones["provider.vn"].records |= {("so.provider.vn", "AAAA"): ("2400:1::8",)}
    del tree.zones[DOMAIN].records[f"www.{DOMAIN}", "AAAA"]
    found = await resolve(tree, f"www.{DOMAIN}")
    assert (found.aliases, found.records, found.broken) == (("so.provider.vn",), ("2400:1::8",), "")
    assert [step.zone for step in found.steps] == [".", "vn", "gov.vn", HANOI, DOMAIN, ".", "vn", "provider.vn"]


async def test_aliases_that_bite_their_tail_end() -> None:
    tree = healthy()
    tree.zones[DOMAIN].records |= {(f"a.{DOMAIN}", "CNAME"): ("a.provider.vn.",)}
    tree.zones["provider.vn"].records |= {("a.provider.vn", "CNAME"): (f"a.{DOMAIN}.",)}
    found = await resolve(tree, f"a.{DOMAIN}")
    assert (found.records, len(found.aliases)) == ((), DEPTH + 1)


async def test_servers_out_of_the_zone_are_resolved_from_the_root() -> None:
    tree = healthy()
    tree.zones[DOMAIN].servers = {"dns1.provider.vn": ()}
    found = await resolve(tree)
    assert (found.records, found.broken) == (("2400:1::1",), "")
    assert ("2400:e::1", "dns1.provider.vn", "AAAA") in of_servers(tree)


async def test_sibling_glue_with_ipv4_only_does_not_hide_the_ipv6() -> None:
    """The server lies in another zone below the same parent: the glue is a hint, the name is asked."""
    tree = healthy()
    tree.zones["ban.hanoi.gov.vn"] = Zone({"ns.ban.hanoi.gov.vn": ("2400:d::1", "11.4.0.1")})
    tree.zones[DOMAIN].servers = {"ns.ban.hanoi.gov.vn": ()}
    tree.zones[DOMAIN].glue = {"ns.ban.hanoi.gov.vn": ("11.4.0.1",)}
    assert (await resolve(tree)).records == ("2400:1::1",)


async def test_glue_of_names_that_are_not_the_parents_is_not_believed() -> None:
    tree = healthy()
    tree.zones[DOMAIN].servers = {"dns1.provider.vn": ()}
    tree.zones[DOMAIN].glue = {"dns1.provider.vn": ("2400:bad::1",)}
    assert (await resolve(tree)).records == ("2400:1::1",)
    assert not [asked for asked in of_servers(tree) if asked[0] == "2400:bad::1"]


async def test_a_truncated_referral_is_read_over_tcp() -> None:
    tree = healthy()
    cut = Answer(rcode="NOERROR", truncated=True, referral=HANOI, referral_servers=("ns1.hanoi.gov.vn",))
    tree.spoil["2400:b::1"] = lambda q, transport, said, time: cut if transport == "udp" else said
    found = await resolve(tree)
    assert (found.records, found.steps[2].asked[0].tries[0].truncated) == (("2400:1::1",), True)


@pytest.mark.parametrize("dead", HANOI_SERVERS)
@pytest.mark.parametrize("trick", [mute, closed, refuse], ids=["mute", "closed", "refuse"])
async def test_one_server_of_two_is_enough(dead: str, trick: Spoil) -> None:
    tree = healthy()
    tree.spoil[dead] = trick
    found = await resolve(tree)
    assert (found.records, found.broken, found.steps[3].rounds) == (("2400:1::1",), "", 1)


async def test_a_round_that_was_lost_is_told() -> None:
    tree = healthy()
    for server in HANOI_SERVERS:
        tree.spoil[server] = first(1, mute)
    passes, _ = await in_passes(tree)
    assert [p.broken for p in passes] == [HANOI, ""]
    assert [step.rounds for step in passes[-1].steps] == [1, 1, 1, 2, 1]


# Referrals without glue


def bare(question: Question, transport: str, said: Answer | Failure, time: int) -> Answer | Failure:
    """The same referral without its AAAA glue."""
    return replace(said, glue=tuple(g for g in said.glue if ":" not in g[1])) if isinstance(said, Answer) else said


def two_parents(first_says: Spoil, second_says: Spoil | None = None) -> Tree:
    """A tree in which gov.vn has two servers, each with a trick."""
    tree = healthy()
    tree.zones["gov.vn"].servers = {"ns.gov.vn": ("2400:b::1",), "ns2.gov.vn": ("2400:b::2",)}
    tree.spoil |= {"2400:b::1": first_says} | ({"2400:b::2": second_says} if second_says else {})
    return tree


@pytest.mark.parametrize("trick", [bare, first(1, bare)], ids=["always", "once"])
async def test_of_a_referral_without_glue_the_parents_other_servers_are_asked(trick: Spoil) -> None:
    passes, weigh = await in_passes(two_parents(trick))
    assert [(p.broken, p.records) for p in passes] == [("", ("2400:1::1",))]
    assert passage(passes[-1], weigh).state is State.WORKED, "the next server is no retry"


async def test_that_glue_is_missing_is_heard_of_two_servers() -> None:
    tree = two_parents(bare, bare)
    tree.zones["gov.vn"].servers = {**tree.zones["gov.vn"].servers, "ns3.gov.vn": ("2400:b::3",)}
    looked, weigh = await in_passes(tree)
    assert [p.broken for p in looked] == [HANOI]
    assert [tree.asked[f"2400:b::{n}", HANOI, "NS", "udp", ""] for n in (1, 2, 3)] == [1, 1, 0]
    before = sum(tree.asked.values())
    again = await Iterator(session(tree), weigh, looked).resolve(DOMAIN, "AAAA")
    assert (again.broken, sum(tree.asked.values())) == (HANOI, before)
    assert (passage(looked[-1], weigh).state, reasons(looked[-1])["ns1.hanoi.gov.vn"]) == (State.FAILED, "no-glue")


def one_parent(trick: Spoil) -> Tree:
    """A zone whose parent has one server, which refers to it in a way of its own."""
    tree = healthy()
    tree.spoil["2400:b::1"] = trick
    return tree


@pytest.mark.parametrize(("wanted", "passes"), [(1, 1), (2, 2), (3, 2)])
async def test_that_glue_is_missing_is_heard_in_two_passes_of_one_server(wanted: int, passes: int) -> None:
    tree = one_parent(bare)
    looked, weigh = await in_passes(tree, wanted=wanted)
    assert [p.broken for p in looked] == [HANOI] * passes
    assert tree.asked["2400:b::1", HANOI, "NS", "udp", ""] == passes
    assert (passage(looked[-1], weigh).state, reasons(looked[-1])["ns1.hanoi.gov.vn"]) == (State.FAILED, "no-glue")


async def test_glue_that_was_missing_once_says_nothing_yet() -> None:
    looked = (await in_passes(one_parent(bare)))[0][0]
    seen = passage(looked, scales())
    assert (seen.state, seen.reason) == (State.UNSEEN, Reason.OWN_TIMEOUT_BUDGET)


async def test_a_referral_without_glue_and_silence_after_it_say_nothing() -> None:
    tree = one_parent(lambda q, transport, said, time: (bare if time == 1 else mute)(q, transport, said, time))
    looked, weigh = await in_passes(tree)
    assert passage(looked[-1], weigh).state is State.UNSEEN


async def test_glue_that_came_in_the_second_round_came_after_a_retry() -> None:
    looked, weigh = await in_passes(one_parent(first(1, bare)))
    assert [p.broken for p in looked] == [HANOI, ""]
    way = passage(looked[-1], weigh)
    assert (way.state, way.parent, way.broken) == (State.UNSTABLE, "gov.vn", HANOI)
    assert way.failed == ("ns1.hanoi.gov.vn: no-glue", "ns2.hanoi.gov.vn: no-glue")


async def test_a_server_that_refuses_after_a_referral_without_glue_gave_no_answer() -> None:
    tree = one_parent(
        lambda q, transport, said, time: bare(q, transport, said, time) if time == 1 else refuse(q, transport, said, time)
    )
    looked, _ = await in_passes(tree)
    assert {(p.broken, p.rcode) for p in looked} == {(HANOI, "")}


async def test_glue_that_was_missing_once_on_the_way_to_a_servers_name() -> None:
    tree = healthy()
    tree.zones[HANOI].servers = {"dns1.provider.vn": ()}
    tree.zones["provider.vn"].records |= {("dns1.provider.vn", "AAAA"): ("2400:c::1",)}
    tree.zones["vn"].servers = {"a.dns.vn": ("2400:a::1",)}
    tree.spoil["2400:a::1"] = lambda q, t, said, time: bare(q, t, said, time) if "provider" in q.name and time == 1 else said
    looked, _ = await in_passes(tree)
    assert [p.broken for p in looked] == [HANOI, ""]


# Broken trees


def no_glue(tree: Tree) -> None:
    tree.zones[HANOI].glue = {"ns1.hanoi.gov.vn": ("11.3.0.1",), "ns2.hanoi.gov.vn": ("11.3.0.2",)}


def spoiled(*servers: str, trick: Spoil) -> Callable[[Tree], None]:
    return lambda tree: tree.spoil.update(dict.fromkeys(servers, trick))


def ipv4_only(tree: Tree) -> None:
    tree.zones[HANOI].servers = {"ns1.hanoi.gov.vn": ("11.3.0.1",), "ns2.hanoi.gov.vn": ("11.3.0.2",)}


def ipv4_only_outside(tree: Tree) -> None:
    tree.zones[HANOI].servers = {"ns4.provider.vn": ()}
    tree.zones["provider.vn"].records |= {("ns4.provider.vn", "A"): ("11.3.0.1",)}


def provider_of_ipv4_only(tree: Tree) -> None:
    tree.zones[HANOI].servers = {"dns1.provider.vn": ()}
    tree.zones["provider.vn"].servers = {"ns.provider.vn": ("11.5.0.1",)}


def circle(tree: Tree) -> None:
    tree.zones[HANOI].servers = {"ns.provider.vn": ()}
    tree.zones["provider.vn"].servers = {f"ns.{HANOI}": ()}


def not_authoritative(tree: Tree) -> None:
    spoiled(*HANOI_SERVERS, trick=say(Answer(rcode="NOERROR", records=("ns1.hanoi.gov.vn.",))))(tree)


def upward(tree: Tree) -> None:
    up = Answer(rcode="NOERROR", referral=".", referral_servers=("a.root",), glue=(("a.root", ROOT6),))
    spoiled(*HANOI_SERVERS, trick=say(up))(tree)


def to_itself(tree: Tree) -> None:
    itself = Answer(rcode="NOERROR", referral=HANOI, referral_servers=("ns1.hanoi.gov.vn",))
    spoiled(*HANOI_SERVERS, trick=say(itself))(tree)


def sideways(tree: Tree) -> None:
    aside = Answer(rcode="NOERROR", referral="provider.vn", referral_servers=("ns.provider.vn",))
    spoiled(*HANOI_SERVERS, trick=say(aside))(tree)


def special(tree: Tree) -> None:
    bad = ("::1", "fe80::1", "2001:db8::1", "64:ff9b::b03:1", "fd00::1", "::ffff:11.3.0.1")
    tree.zones[HANOI].glue = {"ns1.hanoi.gov.vn": bad, "ns2.hanoi.gov.vn": ("ff02::1",)}


def truncated_for_ever(tree: Tree) -> None:
    cut = Answer(rcode="NOERROR", truncated=True)
    trick: Spoil = lambda q, transport, said, time: cut if transport == "udp" else closed(q, transport, said, time)  # noqa: E731
    spoiled(*HANOI_SERVERS, trick=trick)(tree)


def alias_to_a_broken_zone(tree: Tree) -> None:
    del tree.zones[DOMAIN].records[DOMAIN, "AAAA"]
    tree.zones[DOMAIN].records |= {(DOMAIN, "CNAME"): ("so.provider.vn.",)}
    spoiled("2400:e::1", trick=mute)(tree)


def no_servers(tree: Tree) -> None:
    tree.zones[HANOI].servers = {}


def host_that_does_not_exist(tree: Tree) -> None:
    tree.zones[HANOI].servers = {"khong-co.provider.vn": ()}


BROKEN: dict[str, tuple[Callable[[Tree], None], str, dict[str, str]]] = {
    "no AAAA glue": (no_glue, HANOI, {"ns1.hanoi.gov.vn": "no-glue", "ns2.hanoi.gov.vn": "no-glue"}),
    "all silent": (spoiled(*HANOI_SERVERS, trick=mute), HANOI, {}),
    "all closed": (spoiled(*HANOI_SERVERS, trick=closed), HANOI, {}),
    "servers of IPv4 only": (ipv4_only, HANOI, {"ns1.hanoi.gov.vn": "no-glue", "ns2.hanoi.gov.vn": "no-glue"}),
    "servers of IPv4 only, outside": (ipv4_only_outside, HANOI, {"ns4.provider.vn": "no-address"}),
    "a provider of IPv4 only": (provider_of_ipv4_only, HANOI, {"dns1.provider.vn": "unresolved"}),
    "zones that need each other": (circle, HANOI, {"ns.provider.vn": "unresolved"}),
    "REFUSED": (spoiled(*HANOI_SERVERS, trick=refuse), HANOI, {}),
    "SERVFAIL": (spoiled(*HANOI_SERVERS, trick=say(Answer(rcode="SERVFAIL"))), HANOI, {}),
    "not authoritative": (not_authoritative, HANOI, {}),
    "an upward referral": (upward, HANOI, {}),
    "a referral to itself": (to_itself, HANOI, {}),
    "a referral to a sibling": (sideways, HANOI, {}),
    "special addresses": (special, HANOI, {"ns1.hanoi.gov.vn": "special", "ns2.hanoi.gov.vn": "special"}),
    "truncated and no TCP": (truncated_for_ever, HANOI, {}),
    "an alias to a broken zone": (alias_to_a_broken_zone, "provider.vn", {}),
    "no servers at all": (no_servers, HANOI, {}),
    "a server that does not exist": (host_that_does_not_exist, HANOI, {"khong-co.provider.vn": "no-address"}),
    "vn is silent": (spoiled("2400:a::1", "2400:a::2", trick=mute), "vn", {}),
    "gov.vn is silent": (spoiled("2400:b::1", trick=mute), "gov.vn", {}),
    "the root is silent": (spoiled(ROOT6, trick=mute), ".", {}),
    "its own servers are silent": (spoiled(*OWN_SERVERS, trick=mute), DOMAIN, {}),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_the_first_broken_zone(name: str) -> None:
    spoil, zone, why = BROKEN[name]
    tree = healthy()
    spoil(tree)
    passes, _ = await in_passes(tree)
    found = passes[-1]
    assert (found.broken, found.records) == (zone, ())
    assert reasons(found) == why
    assert len(passes) <= 3
    assert found.steps[-1].zone == zone
    assert not found.steps[-1].is_answered
    asked = Counter(a[:3] for a in tree.asked.elements())
    assert max(asked.values()) <= 3 * 2, "no question more often than tries are wanted, over UDP and over TCP"


@pytest.mark.parametrize(
    ("spoil", "via"), [(provider_of_ipv4_only, "dns1.provider.vn: provider.vn"), (circle, "ns.provider.vn: provider.vn")]
)
async def test_the_zone_behind_is_told(spoil: Callable[[Tree], None], via: str) -> None:
    tree = healthy()
    spoil(tree)
    assert (await resolve(tree)).steps[-1].via == (via,)


async def test_what_was_lost_on_the_way_to_a_servers_name_is_asked_again() -> None:
    """A zone whose servers' own name was not resolved once is no broken zone yet."""
    tree = healthy()
    tree.zones[HANOI].servers = {"dns1.provider.vn": ()}
    tree.zones["provider.vn"].records |= {("dns1.provider.vn", "AAAA"): ("2400:c::1",)}
    tree.spoil["2400:e::1"] = first(2, mute)
    passes, _ = await in_passes(tree)
    assert [p.broken for p in passes] == [HANOI, HANOI, ""]


async def test_it_is_settled_after_the_wanted_tries() -> None:
    tree = healthy()
    spoiled(*HANOI_SERVERS, trick=mute)(tree)
    passes, weigh = await in_passes(tree)
    assert len(passes) == 3
    assert not is_iteration_unsettled(passes[-1], weigh)
    assert [tree.asked[s, DOMAIN, "AAAA", "udp", ""] for s in HANOI_SERVERS] == [3, 3]
    assert tree.asked[ROOT6, "vn", "NS", "udp", ""] == 1, "what was answered is not asked again"


async def test_one_answer_of_three_passes_is_enough() -> None:
    tree = healthy()
    spoiled(*HANOI_SERVERS, trick=first(2, mute))(tree)
    passes, _ = await in_passes(tree)
    assert ([p.broken for p in passes], passes[-1].steps[3].rounds) == ([HANOI, HANOI, ""], 3)


# Amounts


async def test_of_many_servers_and_addresses_a_few_are_asked() -> None:
    tree = healthy()
    tree.zones[HANOI].servers = {f"n{i}.hanoi.gov.vn": tuple(f"2400:c:{i:x}::{j + 1:x}" for j in range(20)) for i in range(100)}
    for host in tree.zones[HANOI].servers.values():
        spoiled(*host, trick=mute)(tree)
    assert (await resolve(tree)).broken == HANOI
    assert sum(a[1] == DOMAIN for a in of_servers(tree)) == SERVERS * ADDRESSES


async def test_a_way_that_never_ends_ends() -> None:
    """A server that refers deeper and deeper."""
    tree, name = healthy(), ".".join(["a"] * 60) + f".{DOMAIN}"

    def deeper(question: Question, transport: str, said: Answer | Failure, time: int) -> Answer:
        return Answer(
            rcode="NOERROR",
            referral=question.name,
            referral_servers=(f"ns.{question.name}",),
            glue=((f"ns.{question.name}", OWN_SERVERS[0]),),
        )

    spoiled(*OWN_SERVERS, trick=deeper)(tree)
    found = await resolve(tree, name)
    assert len(found.steps) == STEPS
    assert found.broken


def mutual(tree: Tree, count: int) -> None:
    """Zones each of which is served by hosts in all the others, without glue: nothing can be resolved."""
    for i in range(count):
        tree.zones[f"z{i}.vn"] = Zone({f"h.z{j}.vn": () for j in range(count)})


@pytest.mark.usefixtures("no_collections")
async def test_zones_that_lean_on_each_other_cost_little() -> None:
    """Thirteen of them can be gone through in over a million ways, none of which sends a packet."""
    tree = healthy()
    mutual(tree, 13)
    began, late = time.thread_time(), 0.0

    async def watch() -> None:
        nonlocal late
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            late = max(late, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    found = await resolve(tree, "www.z0.vn")
    watching.cancel()
    assert found.broken == "z0.vn"
    assert time.thread_time() - began < 5
    assert late < 0.3
    assert sum(tree.asked.values()) < 40


async def test_a_name_that_helps_several_is_resolved_once() -> None:
    """Zones in a row, each served from the next: a resolver that forgets would go down every time."""
    tree = healthy()
    for i in range(5):
        tree.zones[f"z{i}.vn"] = Zone({f"h{j}.z{i + 1}.vn": (f"2400:5:{i + 1}::{j + 1}",) for j in range(6)})
    tree.zones["z5.vn"] = Zone({"ns.z5.vn": ("2400:6::1",)})
    tree.zones["z0.vn"].records = {("www.z0.vn", "AAAA"): ("2400:1::3",)}
    iterator = Iterator(session(tree), scales())
    found = await iterator.resolve("www.z0.vn", "AAAA")
    assert found.records == ("2400:1::3",)
    assert NAMES - iterator._names_left <= 5 * 6


async def test_thousands_of_glue_records_stop_nothing() -> None:
    answer = Answer(rcode="NOERROR", glue=tuple((f"ns{i % 2}.vn", f"2400::{i:x}") for i in range(4000)))
    assert min(timeit.repeat(lambda: iteration_module._glue(answer, "vn"), timer=time.thread_time, number=1, repeat=5)) < 0.1
    glue = iteration_module._glue(answer, "vn")
    assert [len(addresses) for addresses in glue.values()] == [2000, 2000]


# The real session: memory and budget


class Described:
    """Stands in for the sockets of the real `Network`."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    async def udp(self, question: Question, host: str = "") -> DnsTry:
        await asyncio.sleep(0.001)
        said = self.tree.dns(question, "udp")
        tried = DnsTry(start=now(), end=now(), server=question.server)
        return (
            replace(tried, failure=said) if isinstance(said, Failure) else replace(tried, answer=said, seconds_to_answer=0.001)
        )

    tcp = udp


@pytest.mark.parametrize("tries", [1, 2])
async def test_what_was_lost_at_the_parent_is_asked_once_more_and_the_rest_is_remembered(tries: int) -> None:
    """The run remembers losses too: who asks again must say so, and pays for nothing that was answered."""
    tree = healthy()
    tree.spoil |= dict.fromkeys(("2400:b::1", "11.2.0.1"), first(1, mute))
    tree.spoil_lookups |= {("gov.vn", "SOA"): first(1, mute), ("ns.gov.vn", "AAAA"): first(1, mute)}
    net = remembering(tree).session()
    found = []
    for looks in range(1, tries + 1):
        parent, _ = await delegation.find_zone("gov.vn", net, tries=looks)
        tried = await delegation.at_parent(HANOI, "gov.vn", net, looks)
        found.append((parent, tried.answer.referral if tried and tried.answer else ""))
    assert found == [("gov.vn", ""), ("gov.vn", HANOI)][:tries], "vn's servers tell where the zone begins"
    counts = {
        key: tree.looked_up[*key, False]
        for key in (("gov.vn", "SOA"), ("ns.gov.vn", "AAAA"), ("ns.gov.vn", "A"), ("gov.vn", "NS"))
    }
    assert counts == {("gov.vn", "SOA"): tries, ("ns.gov.vn", "AAAA"): tries, ("ns.gov.vn", "A"): 1, ("gov.vn", "NS"): 1}


def remembering(tree: Tree) -> Network:
    roots = (ip_address(ROOT6), ip_address(ROOT4))
    made = Network(NetworkSettings(resolvers=(RESOLVER,), root_servers=roots))
    made.dns = Described(tree)  # type: ignore[assignment]
    return made


async def test_fifty_targets_ask_the_upper_zones_each_question_once() -> None:
    tree = healthy()
    names = [f"don-vi-{i}.{HANOI}" for i in range(50)]
    for i, name in enumerate(names):
        tree.zones[name] = Zone({f"ns.{name}": (f"2400:2:{i + 1:x}::1",)}, {(name, "AAAA"): (f"2400:1:{i + 1:x}::1",)})
    made = remembering(tree)
    found = await asyncio.gather(*(Iterator(made.session(), scales()).resolve(name, "AAAA") for name in names))
    assert [iteration.records for iteration in found] == [(f"2400:1:{i + 1:x}::1",) for i in range(50)]
    asked = Counter(of_servers(tree))
    assert {asked[ROOT6, "vn", "NS"], asked["2400:a::1", "gov.vn", "NS"], asked["2400:b::1", HANOI, "NS"]} == {1}
    assert asked.total() == 3 + 2 * 50


async def test_names_within_names_cannot_cost_more_than_the_budget() -> None:
    """Every zone is served by thirteen names in thirteen other zones, which are made up as they are asked for (NXNS)."""
    tree, numbers = healthy(), iter(range(10**6))

    def more(question: Question, transport: str, said: Answer | Failure, time: int) -> Answer:
        zone = ".".join(question.name.split(".")[-3:])
        hosts = tuple(f"ns.q{next(numbers)}.evil.vn" for _ in range(SERVERS))
        return Answer(rcode="NOERROR", referral=zone, referral_servers=hosts)

    tree.zones["evil.vn"] = Zone({"ns.evil.vn": ("2400:66::1",)})
    spoiled("2400:66::1", trick=more)(tree)
    net = remembering(tree).session()
    found = await asyncio.wait_for(Iterator(net, scales()).resolve("www.z.evil.vn", "AAAA"), 20)
    assert found.broken == "z.evil.vn"
    assert sum(tree.asked.values()) <= QUESTIONS_PER_TARGET


def test_silence_is_what_it_says() -> None:
    assert NO_REPLY.kind == "timeout"
