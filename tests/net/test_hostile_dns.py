"""Name servers and resolvers that say anything at all: every question ends, every check has its verdict, nothing is held up."""

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import dns.message
import dns.rrset
import pytest

from ipv6check.facts import DnsTry, Evidence, RunFacts
from ipv6check.judge import judge
from ipv6check.model import Outcome, Target
from ipv6check.net import resolver
from ipv6check.net.lag import TICK
from ipv6check.net.network import QUESTIONS_PER_TARGET, Network, NetworkSettings
from ipv6check.net.pace import PaceLimits
from ipv6check.probes import PROBES
from ipv6check.rules import RULES
from ipv6check.store.codec import decode_facts, encode_facts
from tests.factories import sample
from tests.net.hostile_dns import CASES, Case, zone_of
from tests.net.inside import Namespace
from tests.net.stubs import NameServer, elsewhere, framed, read_query

pytestmark = pytest.mark.lab

TIMES = 10
ASKED_PER_SECOND, ADMITTED_PER_SECOND = 100, 20

LATE = 0.1
"""Seconds of lag of our event loop that 99 looks of 100 may find."""

LIES_OF_THE_RESOLVER = 3
"""One case in so many is told by the resolver too."""

RESOLVER, ROOT, POLITE = "11.9.9.9", "2400:79::1", "2400:7a::1"
FAST = PaceLimits(connections_per_address=100, new_per_second=1e6, connections_per_prefix=1000, queries_per_second=1e6)
NAMES = list(CASES)
DNS_PROBES = ("dns", "nameservers", "dnssec", "authority", "resolution", "mail_zones")


def settings() -> NetworkSettings:
    return NetworkSettings(resolvers=(ip_address(RESOLVER),), root_servers=(ip_address(ROOT),), pace=FAST)


def hurry(deadline: float) -> None:
    """Wait this long for a reply in place of seconds (the child's own, for one call)."""
    shares = (0.0, True), (deadline / 3, True), (deadline * 2 / 3, False)
    resolver.TO_SERVERS, resolver.WITH_EDNS = shares, tuple((at, True) for at, _ in shares)  # type: ignore[misc]
    resolver.WITHOUT_EDNS, resolver.TO_RESOLVER = ((0.0, False), (deadline / 2, False)), ((0.0, True), (deadline / 2, True))  # type: ignore[misc]
    resolver.SERVER_DEADLINE = resolver.RESOLVER_DEADLINE = resolver.TCP_DEADLINE = deadline  # type: ignore[misc]


# The servers: for each case one that is hostile in everything, one that gives a good SOA, and a zone `c7.vn` served by both;
# and a zone `d7.vn`, polite itself, of which the resolver tells lies


def hostile_address(number: int) -> str:
    return f"2400:77:{number + 1:x}::1"


def half_hostile_address(number: int) -> str:
    return f"2400:78:{number + 1:x}::1"


def truth(name: str, rdtype: str) -> list[str]:
    """The records of the zones of these tests."""
    labels = name.split(".")
    zone, number = ".".join(labels[-2:]), int(labels[-2][1:]) if len(labels) > 1 and labels[-2][1:].isdigit() else -1
    if name == "vn":
        return {"NS": ["a.vn."], "SOA": ["a.vn. b.vn. 1 2 3 4 5"]}.get(rdtype, [])
    if name == "a.vn":
        return [ROOT] if rdtype == "AAAA" else []
    if number < 0 or number >= len(CASES):
        return []
    servers = [hostile_address(number), half_hostile_address(number)] if zone[0] == "c" else [POLITE, POLITE]
    host = {f"ns1.{zone}": servers[:1], f"ns2.{zone}": servers[1:], f"mail.{zone}": ["2400:80::2"]}.get(name, [])
    if name != zone:
        return host if rdtype == "AAAA" else []
    return {
        "SOA": [f"ns1.{zone}. b.{zone}. 1 2 3 4 5"],
        "NS": [f"ns1.{zone}.", f"ns2.{zone}."],
        "AAAA": ["2400:80::1"],
        "A": ["11.0.0.1"],
        "MX": [f"10 mail.{zone}."],
        "DS": [f"1 8 2 {'ab' * 32}"],
    }.get(rdtype, [])


def polite(query: bytes, *, at_root: bool = False) -> bytes:
    """A proper reply: of the resolver, of the server of a zone, or of the root, which refers to zones of two labels."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked, our_payload=4096)
    owner, rdtype = asked.question[0].name, dns.rdatatype.to_text(asked.question[0].rdtype)
    name = owner.to_text(omit_final_dot=True).lower()
    zone = ".".join(name.split(".")[-2:])
    if at_root and truth(zone, "NS") and zone != "vn" and zone[0] in "cd":
        hosts = [host.rstrip(".") for host in truth(zone, "NS")]
        reply.authority.append(dns.rrset.from_text(f"{zone}.", 300, "IN", "NS", *truth(zone, "NS")))
        reply.additional += [dns.rrset.from_text(f"{host}.", 300, "IN", "AAAA", *truth(host, "AAAA")) for host in hosts]
        return reply.to_wire(max_size=65535)
    reply.flags |= 0x0480 if not asked.flags & 0x0100 else 0x00A0
    if records := truth(name, rdtype):
        reply.answer.append(dns.rrset.from_text(owner, 300, "IN", rdtype, *records))
    else:
        apex = zone if truth(zone, "SOA") else "vn"
        reply.authority.append(dns.rrset.from_text(f"{apex}.", 300, "IN", "SOA", *truth(apex, "SOA")))
    return reply.to_wire(max_size=65535)


def is_soa(query: bytes) -> bool:
    return query[12:].lower().startswith(zone_of(query) + b"\0\6")


def over_udp(case: Case, is_polite: Callable[[bytes], bool] = lambda query: False) -> Any:
    def serve(query: bytes, say: Callable[[bytes], None]) -> None:
        for datagram in [polite(query)] if is_polite(query) else case.replies(query):
            say(datagram)

    return serve


async def politely(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(framed(polite(await read_query(reader))))
    await writer.drain()


def resolve(query: bytes, say: Callable[[bytes], None]) -> None:
    """Be the resolver: polite, but for what is asked of the zones `d`."""
    zone = zone_of(query)
    lied_about = zone[1:2] == b"d" and query[query.index(b"\0", 12) + 1 : query.index(b"\0", 12) + 3] not in (b"\0\2", b"\0\6")
    number = int(zone[2 : zone[0] + 1]) if lied_about else 0
    for datagram in CASES[NAMES[number]].replies(query) if lied_about else [polite(query)]:
        say(datagram)


async def resolve_over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same over TCP: the case's own way, with what was read put back."""
    length = await reader.readexactly(2)
    query = await reader.readexactly(int.from_bytes(length, "big"))
    again = asyncio.StreamReader()
    again.feed_data(length + query)
    zone = zone_of(query)
    if zone[1:2] == b"d":
        await CASES[NAMES[int(zone[2 : zone[0] + 1])]].serve(again, writer)
    else:
        await politely(again, writer)


def servers() -> list[NameServer]:
    found = [
        NameServer(RESOLVER, resolve, resolve_over_tcp),
        NameServer(ROOT, lambda q, say: say(polite(q, at_root=True)), politely),
        NameServer(POLITE, lambda q, say: say(polite(q)), politely),
    ]
    for number, case in enumerate(CASES.values()):
        found += [
            NameServer(hostile_address(number), over_udp(case), case.serve),
            NameServer(half_hostile_address(number), over_udp(case, is_soa), case.serve),
        ]
    return found


KEPT: list[AsyncExitStack] = []


async def open_servers() -> None:
    """Open them all; they live as long as their process."""
    stack = AsyncExitStack()
    for server in servers():
        await stack.enter_async_context(server)
    KEPT.append(stack)


class OwnWork:
    """How long the loop's own thread works between two ticks: on a busy machine the clock tells of other programs too."""

    async def __aenter__(self) -> "OwnWork":
        self._spent: list[float] = []
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def p99(self) -> float:
        return sorted(self._spent)[int(len(self._spent) * 0.99)]

    async def _watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(TICK)
            self._spent.append(time.thread_time() - before)


# Questions


def outcome(tried: DnsTry) -> str:
    assert (tried.answer is None) != (tried.failure is None)
    return str(tried.failure.kind) if tried.failure is not None else "answer"


async def ask_all() -> dict[str, Any]:
    """Every hostile server asked ten times."""
    hurry(2.0)
    async with OwnWork() as work, Network(settings()) as network:
        sessions = [network.session() for _ in CASES]

        async def ask(number: int, again: int) -> DnsTry:
            await asyncio.sleep((again * len(CASES) + number) / ASKED_PER_SECOND)
            return await sessions[number].ask(ip_address(hostile_address(number)), f"www.c{number}.vn", "AAAA", again=again)

        asking = [ask(number, again) for number in range(len(CASES)) for again in range(TIMES)]
        tries = await asyncio.gather(*asking, return_exceptions=True)
        late = min(work.p99, network.lag.percentile(0.99))
    comes: dict[str, Counter[str]] = {name: Counter() for name in CASES}
    for number, tried in enumerate(tries):
        raised = "".join(traceback.format_exception(tried)) if isinstance(tried, BaseException) else ""
        comes[NAMES[number // TIMES]][raised or outcome(tried)] += 1  # type: ignore[arg-type]
    return {"comes": comes, "late": late}


def questions() -> dict[str, Any]:
    with elsewhere(open_servers):
        return asyncio.run(ask_all())


@pytest.fixture(scope="module")
def asked(inside: Namespace) -> dict[str, Any]:
    return inside("questions")


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize("case", NAMES)
def test_every_question_ends_as_it_should(asked: dict[str, Any], case: str) -> None:
    comes = asked["comes"][case]
    assert sum(comes.values()) == TIMES
    assert set(comes) <= set(CASES[case].comes), comes


def is_seldom_late(measured: dict[str, Any], inside: Namespace, what: str) -> bool:
    """Whether the loop keeps up. What else the machine does only ever adds: the best of three counts."""
    return measured["late"] < LATE or any(inside(what)["late"] < LATE for _ in range(2))


def test_nothing_is_held_up_by_questions(asked: dict[str, Any], inside: Namespace) -> None:
    assert is_seldom_late(asked, inside, "questions")


# Whole looks


async def look(network: Network, domain: str) -> Evidence:
    """Look at a target as a scan would, by the probes of DNS."""
    now = datetime.now(UTC)
    run = RunFacts(id="r", started=now, vantage="v", country="VN", tries=1, version="0")
    target = Target(domain=domain)
    seen = Evidence(target=target, run=run, vantage=(sample(now - timedelta(minutes=1)),))
    session = network.session()
    probes = [probe for probe in PROBES if probe.name in DNS_PROBES]
    for probe in probes:
        if probe.subject(target, seen):
            seen = seen.with_facts(probe.name, await probe.look(target, seen, session))
    return replace(seen, vantage=(*seen.vantage, sample(datetime.now(UTC))))


def is_kept_whole(probe: str, facts: Any) -> bool:
    """Whether the store gives back what it is given."""
    return facts is None or decode_facts(probe, encode_facts(facts)) == facts


def looked_at() -> list[str]:
    count = len(CASES)
    return [f"c{n}.vn" for n in range(count)] + [f"d{n}.vn" for n in range(0, count, LIES_OF_THE_RESOLVER)]


async def look_at_all() -> dict[str, Any]:
    hurry(0.5)
    names = looked_at()
    async with OwnWork() as work, Network(settings()) as network:

        async def admit(number: int, name: str) -> Evidence:
            await asyncio.sleep(number / ADMITTED_PER_SECOND)
            return await look(network, name)

        looking = [admit(number, name) for number, name in enumerate(names)]
        found = await asyncio.gather(*looking, return_exceptions=True)
        late, questions = min(work.p99, network.lag.percentile(0.99)), network.counts["questions"]
    escaped, verdicts, unreasoned, not_kept = {}, {}, {}, {}
    for name, seen in zip(names, found, strict=True):
        if isinstance(seen, BaseException):
            escaped[name] = "".join(traceback.format_exception(seen))
            continue
        judged = judge(seen)
        verdicts[name] = list(judged)
        unreasoned[name] = [i for i, v in judged.items() if (v.outcome is Outcome.NOT_MEASURED) != (v.reason is not None)]
        not_kept[name] = [probe for probe in DNS_PROBES if not is_kept_whole(probe, getattr(seen, probe))]
    return {
        "escaped": escaped,
        "verdicts": verdicts,
        "unreasoned": {name: ids for name, ids in unreasoned.items() if ids},
        "not kept": {name: probes for name, probes in not_kept.items() if probes},
        "late": late,
        "questions": questions,
    }


def looks() -> dict[str, Any]:
    with elsewhere(open_servers):
        return asyncio.run(look_at_all())


@pytest.fixture(scope="module")
def looked(inside: Namespace) -> dict[str, Any]:
    return inside("looks")


def test_no_look_raises(looked: dict[str, Any]) -> None:
    assert looked["escaped"] == {}


def test_every_check_has_its_verdict(looked: dict[str, Any]) -> None:
    planned = {rule.id for rule in RULES}
    assert set(looked["verdicts"]) == set(looked_at())
    assert {name: planned ^ set(verdicts) for name, verdicts in looked["verdicts"].items() if set(verdicts) != planned} == {}
    assert looked["unreasoned"] == {}


def test_what_was_seen_can_be_kept(looked: dict[str, Any]) -> None:
    assert looked["not kept"] == {}


def test_nothing_is_held_up_by_looks(looked: dict[str, Any], inside: Namespace) -> None:
    assert is_seldom_late(looked, inside, "looks")


def test_a_target_asks_no_more_than_its_budget(looked: dict[str, Any]) -> None:
    assert 10 * len(looked_at()) < looked["questions"] < QUESTIONS_PER_TARGET * len(looked_at())
