"""DNS over UDP and TCP against servers that lie, are silent, or say too much."""

import asyncio
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import dns.message
import dns.rcode
import pytest

from ipv6check.facts import DnsTry
from ipv6check.net import udp, wire
from ipv6check.net.guard import Guard, OptOut
from ipv6check.net.pace import Pace, PaceLimits
from ipv6check.net.question import Question
from ipv6check.net.resolver import Dns
from ipv6check.net.udp import UdpSocket
from tests.net.inside import Namespace
from tests.net.stubs import NameServer, Query, Watch, answer, bound, elsewhere, framed, in_thread, read_query, reset

pytestmark = pytest.mark.lab

NAME, TRUE, FALSE = "www.so-hoa-sen.hanoi.gov.vn", "11.0.0.1", "11.66.66.66"
FAST = PaceLimits(connections_per_address=100, new_per_second=1e6, connections_per_prefix=100, queries_per_second=1e6)
LITTLE = 0.1
"""Seconds without a tick of the loop that are borne."""

NOBODY = OptOut()
RESOLVER, OTHER_RESOLVER = "11.9.9.9", "11.9.9.10"


def new_dns(limits: PaceLimits = FAST, opt_out: OptOut = NOBODY) -> Dns:
    return Dns(Guard(opt_out, [ip_address(RESOLVER), ip_address(OTHER_RESOLVER)]), Pace(limits))


def question(server: str, name: str = NAME, rdtype: str = "A") -> Question:
    return Question(server=ip_address(server), name=name, type=rdtype, recursion=server == RESOLVER)


def told(tried: DnsTry) -> dict[str, Any]:
    """A try in plain values."""
    failure, said = tried.failure, tried.answer
    return {
        "records": list(said.records) if said else None,
        "rcode": said.rcode if said else None,
        "failure": [failure.kind, failure.stage, failure.detail] if failure else None,
        "transport": tried.transport,
        "truncated": tried.truncated,
        "edns": tried.edns,
        "edns_refused": tried.edns_refused,
        "sends": tried.sends,
        "seconds": tried.seconds,
        "to_answer": tried.seconds_to_answer,
    }


def ok(query: bytes, reply: Callable[[bytes], None]) -> None:
    """Answer properly."""
    reply(answer(query, TRUE))


def no_word(query: bytes, reply: Callable[[bytes], None]) -> None:
    """Say nothing."""


async def ask(server: NameServer, *, over: str = "udp", name: str = NAME, rdtype: str = "A") -> dict[str, Any]:
    """Ask one question of one server, and tell what came and what it saw."""
    dns_client = new_dns()
    async with server:
        asking = dns_client.udp if over == "udp" else dns_client.tcp
        tried = await asking(question(server.address, name, rdtype))
    left = sum(len(sock.waiting) for pool in dns_client._pools.values() for sock in pool._sockets)
    dns_client.close()
    return told(tried) | {"queries": len(server.queries), "left": left, "ports": len({q.source[1] for q in server.queries})}


# Plain answers


async def plainly() -> list[dict[str, Any]]:
    return [await ask(NameServer(address, ok)) for address in ("2400:1::1", "11.1.0.1", RESOLVER)]


def test_a_proper_answer(inside: Namespace) -> None:
    for said in inside("plainly"):
        assert (said["records"], said["failure"], said["transport"]) == ([TRUE], None, "udp")
        assert (said["sends"], said["queries"], said["edns"], said["truncated"]) == (1, 1, True, False)
        assert 0 < said["to_answer"] <= said["seconds"] < 0.5
        assert said["left"] == 0


async def mixed_case() -> dict[str, list[str]]:
    """The names as servers and the resolver saw them."""
    seen: dict[str, list[str]] = {}
    for address in ("2400:1::1", RESOLVER):
        dns_client = new_dns()
        async with NameServer(address, ok) as server:
            await asyncio.gather(*(dns_client.udp(question(address, f"n{i}.example")) for i in range(20)))
        dns_client.close()
        seen[address] = [dns.message.from_wire(q.message).question[0].name.to_text() for q in server.queries]
    return seen


def test_letters_are_mixed_for_servers_only(inside: Namespace) -> None:
    seen = inside("mixed_case")
    assert all(name == name.lower() for name in seen[RESOLVER])
    assert len({"".join("x" if c.isupper() else "." for c in name[2:]) for name in seen["2400:1::1"]}) > 10


# Forgers


def forgeries(query: bytes) -> list[bytes]:
    """Forty false replies that come from the right place: not one may be believed."""
    message_id, section = int.from_bytes(query[:2], "big"), query[12 : query.index(b"\0", 12) + 5]
    false = answer(query, FALSE)
    other_name = answer(wire.query(wire.question("other.vn", "A"), message_id, recursion=False), FALSE)
    other_type = answer(wire.query(section[:-4] + b"\0\x1c\0\x01", message_id, recursion=False), "2400:66::66", rdtype="AAAA")
    other_case = false[:12] + section[:-4].swapcase() + false[12 + len(section) - 4 :]
    broken = struct.pack("!6H", message_id, 0x8400, 1, 1, 0, 0) + section
    wrong_ids = [((message_id + i) & 0xFFFF).to_bytes(2, "big") + false[2:] for i in range(1, 11)]
    return [
        *wrong_ids,
        *[other_name, other_type] * 5,
        *[other_case] * 5,
        *[broken, broken + b"\xff" * 30, broken + b"\xc0\xff", false[:-3], broken + section * 3] * 2,
        *[false[:2] + b"\0" + false[3:], false[:11], b"", query, false[:4] + b"\0\x02" + false[6:]],
    ]


async def forged(delay: float) -> dict[str, Any]:
    """Fifty forgeries, ten of them from elsewhere, then the true reply after a while."""
    elsewhere = [bound("2400:1::2", 53, 2), bound("2400:1::1", 5353, 2)]

    def lie(query: bytes, reply: Callable[[bytes], None]) -> None:
        for sock in elsewhere * 5:
            sock.sendto(answer(query, FALSE), server.queries[-1].source)
        for false in forgeries(query):
            reply(false)
        asyncio.get_running_loop().call_later(delay, reply, answer(query, TRUE))

    server = NameServer("2400:1::1", lie)
    try:
        return await ask(server) | {"forged": 10 + len(forgeries(server.queries[0].message))}
    finally:
        for sock in elsewhere:
            sock.close()


def test_the_true_reply_wins_over_fifty_forged_ones(inside: Namespace) -> None:
    said = inside("forged", 0.2)
    assert said["forged"] >= 50
    assert (said["records"], said["failure"], said["sends"]) == ([TRUE], None, 1)
    assert 0.2 <= said["to_answer"] < 0.4


def test_the_true_reply_may_come_after_a_retry(inside: Namespace) -> None:
    said = inside("forged", 1.2)
    assert (said["records"], said["failure"], said["ports"]) == ([TRUE], None, 2)
    assert 1.2 <= said["to_answer"] < 1.4


async def forged_large() -> dict[str, Any]:
    """A large broken reply and a large true one after it."""
    make = large(200)

    def lie(query: bytes, reply: Callable[[bytes], None]) -> None:
        reply(make(query)[:-7])
        asyncio.get_running_loop().call_later(0.1, reply, make(query))

    return await ask(NameServer("2400:1::1", lie), rdtype="AAAA")


def test_a_large_true_reply_wins_over_a_large_broken_one(inside: Namespace) -> None:
    said = inside("forged_large")
    assert (len(said["records"] or ()), said["failure"]) == (200, None)
    assert said["to_answer"] >= 0.1


# The schedule, and EDNS


def without_edns_only(query: bytes, reply: Callable[[bytes], None]) -> None:
    if dns.message.from_wire(query).edns < 0:
        reply(answer(query, TRUE))


def refusing_edns(rcode: str, *, then: bool = True) -> Callable[[bytes, Callable[[bytes], None]], None]:
    """Say an error to EDNS, and answer (or not) without."""

    def answer_or_refuse(query: bytes, reply: Callable[[bytes], None]) -> None:
        if dns.message.from_wire(query).edns >= 0:
            reply(answer(query, rcode=rcode, edns=rcode == "BADVERS"))
        elif then:
            reply(answer(query, TRUE))

    return answer_or_refuse


def bare_formerr(query: bytes, reply: Callable[[bytes], None]) -> None:
    """An old server: the header alone, with FORMERR."""
    if dns.message.from_wire(query).edns >= 0:
        reply(query[:2] + b"\x80\x01" + b"\0" * 8)
    else:
        reply(answer(query, TRUE))


def second_only() -> Callable[[bytes, Callable[[bytes], None]], None]:
    """Lose the first packet."""
    count = Counter[str]()

    def lossy(query: bytes, reply: Callable[[bytes], None]) -> None:
        count["seen"] += 1
        if count["seen"] > 1:
            reply(answer(query, TRUE))

    return lossy


def in_lower_case(query: bytes, reply: Callable[[bytes], None]) -> None:
    """Not give mixed case back, as a few load balancers do."""
    end = query.index(b"\0", 12)
    said = answer(query, TRUE)
    reply(said[:12] + said[12:end].lower() + said[end:])


async def slowly() -> dict[str, Any]:
    """Servers that are silent, late, or want it otherwise."""
    cases: dict[str, NameServer] = {
        "silent": NameServer("2400:a::1", no_word),
        "silent-v4": NameServer("11.10.0.1", no_word),
        "silent-resolver": NameServer(RESOLVER, no_word),
        "drops-edns": NameServer("2400:a1::1", without_edns_only),
        "FORMERR": NameServer("2400:a2::1", refusing_edns("FORMERR")),
        "NOTIMP": NameServer("2400:a3::1", refusing_edns("NOTIMP")),
        "BADVERS": NameServer("2400:a4::1", refusing_edns("BADVERS")),
        "FORMERR-then-silent": NameServer("2400:a5::1", refusing_edns("FORMERR", then=False)),
        "bare-FORMERR": NameServer("2400:a6::1", bare_formerr),
        "REFUSED": NameServer("2400:a7::1", lambda q, reply: reply(answer(q, rcode="REFUSED"))),
        "loses-one": NameServer("2400:a8::1", second_only()),
        "lower-case": NameServer("2400:ab::1", in_lower_case),
        "broken-only": NameServer("2400:a9::1", lambda q, reply: reply(q[:2] + b"\x84\0" + q[4:-11] + b"\xff")),
        "late": NameServer(
            "2400:aa::1", lambda q, reply: asyncio.get_running_loop().call_later(5.2, reply, answer(q, TRUE)) and None
        ),
    }
    found = await asyncio.gather(*map(ask, cases.values()))
    told_all = {}
    for (name, server), said in zip(cases.items(), found, strict=True):
        first = server.queries[0].at
        told_all[name] = said | {
            "at": [round(q.at - first, 2) for q in server.queries],
            "with": [dns.message.from_wire(q.message).edns >= 0 for q in server.queries],
        }
    return told_all


async def all_that_is_slow() -> dict[str, Any]:
    """What takes seconds of waiting, at the same time."""
    looks = {"udp": slowly, "tcp": over_tcp, "paced": paced, "refused": refused}
    return dict(zip(looks, await asyncio.gather(*(look() for look in looks.values())), strict=True))


@pytest.fixture(scope="module")
def patiently(inside: Namespace) -> dict[str, Any]:
    return inside("all_that_is_slow")


@pytest.fixture(scope="module")
def slow(patiently: dict[str, Any]) -> dict[str, Any]:
    return patiently["udp"]


def near(times: list[float], wanted: list[float]) -> bool:
    return len(times) == len(wanted) and all(abs(t - w) < 0.25 for t, w in zip(times, wanted, strict=True))


@pytest.mark.parametrize("name", ["silent", "silent-v4"])
def test_a_silent_server_is_asked_three_times_from_three_ports(slow: dict[str, Any], name: str) -> None:
    said = slow[name]
    assert said["failure"] == ["timeout", "dns", "no reply"]
    assert near(said["at"], [0, 1, 3])
    assert said["with"] == [True, True, False]
    assert (said["ports"], said["sends"]) == (3, 3)
    assert 5 <= said["seconds"] < 5.5


def test_a_silent_resolver_is_asked_twice(slow: dict[str, Any]) -> None:
    said = slow["silent-resolver"]
    assert said["failure"] == ["timeout", "dns", "no reply"]
    assert near(said["at"], [0, 5])
    assert said["with"] == [True, True]
    assert said["ports"] == 2
    assert 15 <= said["seconds"] < 15.5


def test_a_server_that_drops_edns_is_heard_without(slow: dict[str, Any]) -> None:
    said = slow["drops-edns"]
    assert (said["records"], said["edns"], said["edns_refused"], said["sends"]) == ([TRUE], False, "", 3)
    assert said["to_answer"] < 0.3


@pytest.mark.parametrize("name", ["FORMERR", "NOTIMP", "BADVERS", "bare-FORMERR"])
def test_a_server_that_refuses_edns_is_asked_without(slow: dict[str, Any], name: str) -> None:
    said = slow[name]
    assert (said["records"], said["edns"], said["edns_refused"]) == ([TRUE], False, name.removeprefix("bare-"))
    assert said["with"] == [True, False]
    assert said["sends"] == 2
    assert said["seconds"] < 0.5


def test_what_refuses_edns_and_is_silent_without_is_a_timeout(slow: dict[str, Any]) -> None:
    said = slow["FORMERR-then-silent"]
    assert said["failure"] == ["timeout", "dns", "no reply"]
    assert said["edns_refused"] == "FORMERR"
    assert near(said["at"], [0, 0, 2])
    assert said["sends"] == 3


def test_a_refusal_is_an_answer(slow: dict[str, Any]) -> None:
    said = slow["REFUSED"]
    assert (said["rcode"], said["failure"], said["sends"], said["edns"]) == ("REFUSED", None, 1, True)


def test_a_lost_packet_is_sent_again_and_timed_from_the_answered_one(slow: dict[str, Any]) -> None:
    said = slow["loses-one"]
    assert (said["records"], said["sends"], said["ports"]) == ([TRUE], 2, 2)
    assert said["to_answer"] < 0.3
    assert 1 <= said["seconds"] < 1.3


def test_a_server_that_does_not_keep_the_case_is_heard_in_the_end(slow: dict[str, Any]) -> None:
    said = slow["lower-case"]
    assert (said["records"], said["failure"], said["sends"], said["edns"]) == ([TRUE], None, 3, False)


def test_broken_replies_alone_are_malformed_at_the_deadline(slow: dict[str, Any]) -> None:
    said = slow["broken-only"]
    assert said["failure"][:2] == ["malformed", "dns"]
    assert 5 <= said["seconds"] < 5.5


def test_an_answer_after_the_deadline_is_none(slow: dict[str, Any]) -> None:
    assert slow["late"]["failure"] == ["timeout", "dns", "no reply"]


def test_nothing_is_left_waiting(slow: dict[str, Any]) -> None:
    assert {name: said["left"] for name, said in slow.items() if said["left"]} == {}


# Truncated, and TCP


def truncating(query: bytes, reply: Callable[[bytes], None]) -> None:
    reply(answer(query, tc=True))


async def properly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(framed(answer(await read_query(reader), TRUE)))
    await writer.drain()


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for octet in framed(answer(await read_query(reader), TRUE)):
        writer.write(bytes([octet]))
        await asyncio.sleep(0.001)


async def slower_than_that(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_query(reader)
    writer.write(b"\xff\xff")
    while True:
        writer.write(b"\0")
        await asyncio.sleep(0.5)


def saying(make: Callable[[bytes], bytes]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Say what is made of the query, unframed, and close."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(make(await read_query(reader)))
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.1)

    return say


async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_query(reader)
    reset(writer)


OVER_TCP = {
    "proper": (properly, None),
    "in-pieces": (in_pieces, None),
    "stalled": (stall, ["timeout", "no answer in time"]),
    "drip": (slower_than_that, ["timeout", "no answer in time"]),
    "closed": (saying(lambda q: b""), ["reset", "closed early"]),
    "closed-in-length": (saying(lambda q: b"\0"), ["reset", "closed early"]),
    "closed-in-message": (saying(lambda q: framed(answer(q, TRUE))[:-5]), ["reset", "closed early"]),
    "reset": (breaking, ["reset", "ECONNRESET"]),
    "empty": (saying(lambda q: b"\0\0"), ["protocol", "not the reply to this question"]),
    "other-id": (
        saying(lambda q: framed(bytes([q[0] ^ 1]) + answer(q, TRUE)[1:])),
        ["protocol", "not the reply to this question"],
    ),
    "a-query": (saying(framed), ["protocol", "not the reply to this question"]),
    "garbage": (saying(lambda q: framed(b"HTTP/1.1 400 Bad Request\r\n\r\n")), ["protocol", "not the reply to this question"]),
    "broken": (saying(lambda q: framed(answer(q, TRUE)[:-16] + b"\xff" * 5)), ["malformed", None]),
    "more-after": (saying(lambda q: framed(answer(q, TRUE)) + b"x" * 70_000), None),
    "other-answer": (saying(lambda q: framed(answer(q, rcode="SERVFAIL"))), None),
}


async def over_tcp() -> dict[str, Any]:
    """Each TCP server asked straight, and after a truncated reply."""
    names, asked = [], []
    for number, (name, (serve, _)) in enumerate(OVER_TCP.items()):
        names += [name, f"truncated-{name}"]
        asked += [
            ask(NameServer(f"2400:b:{number:x}::1", no_word, serve), over="tcp"),
            ask(NameServer(f"2400:c:{number:x}::1", truncating, serve)),
        ]
    names += ["refused", "truncated-refused"]
    asked += [ask(NameServer("2400:b:ffff::1", no_word), over="tcp"), ask(NameServer("2400:c:ffff::1", truncating))]
    return dict(zip(names, await asyncio.gather(*asked), strict=True))


@pytest.fixture(scope="module")
def tcp(patiently: dict[str, Any]) -> dict[str, Any]:
    return patiently["tcp"]


@pytest.mark.parametrize("way", ["", "truncated-"])
@pytest.mark.parametrize("name", [*OVER_TCP, "refused"])
def test_answers_over_tcp(tcp: dict[str, Any], name: str, way: str) -> None:
    said, wanted = tcp[way + name], OVER_TCP[name][1] if name in OVER_TCP else ["refused", "ECONNREFUSED"]
    if wanted is None:
        assert said["failure"] is None
        assert said["records"] == ([] if name == "other-answer" else [TRUE])
    else:
        kind, stage, detail = said["failure"]
        assert (kind, stage) == (wanted[0], "dns")
        assert wanted[1] in {None, detail}
    assert said["truncated"] is bool(way)
    assert said["transport"] == ("udp" if way else "tcp")
    assert said["sends"] == (2 if way else 1)
    assert (said["to_answer"] is None) is (said["records"] is None)
    late = 8.5 if wanted and wanted[0] == "timeout" else 0
    assert late <= said["seconds"] < late + 1


# Large answers


def large(count: int) -> Callable[[bytes], bytes]:
    """An answer of so many addresses, made beforehand so that its making costs no time."""
    query = wire.query(wire.question(NAME, "AAAA"), 0, recursion=False)
    made = answer(query, *(f"2400:1::{i:x}" for i in range(1, count + 1)), rdtype="AAAA")

    def fit(query: bytes) -> bytes:
        return query[:2] + made[2:12] + query[12 : query.index(b"\0", 12) + 5] + made[12 + len(NAME) + 6 :]

    return fit


async def large_over_tcp() -> dict[str, Any]:
    make = large(2330)
    async with Watch() as watch:
        said = await ask(NameServer("2400:1::1", truncating, saying(lambda q: framed(make(q)))), rdtype="AAAA")
    return {"count": len(said["records"]), "lag": watch.worst}


def test_a_large_answer_over_tcp_stops_nothing(inside: Namespace) -> None:
    said = inside("large_over_tcp")
    assert said["count"] == 2330
    assert said["lag"] < LITTLE


def large_over_udp(count: int, questions: int) -> dict[str, Any]:
    """Large replies to many questions at the same moment, from a process of its own."""
    make, asked = large(count), []

    def gather(query: bytes, reply: Callable[[bytes], None]) -> None:
        asked.append((reply, make(query)))
        if len(asked) == questions:
            for say, message in asked:
                say(message)

    async def ask_all() -> dict[str, Any]:
        dns_client = new_dns()
        async with Watch() as watch:
            tries = await asyncio.gather(*(dns_client.udp(question("2400:1::1", rdtype="AAAA")) for _ in range(questions)))
        dns_client.close()
        sizes = [tried.answer.size for tried in tries if tried.answer]
        return {"answered": len(sizes), "size": max(sizes), "lag": watch.worst, "sends": max(tried.sends for tried in tries)}

    with elsewhere(NameServer("2400:1::1", gather).__aenter__):
        return asyncio.run(ask_all())


@pytest.mark.parametrize(("count", "questions"), [(290, 30), (280, 1), (40, 200), (2300, 2)])
def test_large_answers_over_udp_stop_nothing(inside: Namespace, count: int, questions: int) -> None:
    said = inside("large_over_udp", count, questions)
    assert said["answered"] == questions
    assert said["lag"] < LITTLE


# Many


async def many(count: int) -> dict[str, Any]:
    """Very many questions to the resolver at once; it answers late, so that many are in flight."""
    dns_client = new_dns()
    in_flight, most, clashes = Counter[int](), Counter[int](), 0
    keys: set[tuple[int, int]] = set()

    def hold(query: bytes, reply: Callable[[bytes], None]) -> None:
        nonlocal clashes
        arrived: Query = server.queries[-1]
        key = (arrived.source[1], arrived.id)
        clashes += key in keys
        keys.add(key)
        in_flight[key[0]] += 1
        most[key[0]] = max(most[key[0]], in_flight[key[0]])
        asyncio.get_running_loop().call_later(0.1, let_go, key, query, reply)

    def let_go(key: tuple[int, int], query: bytes, reply: Callable[[bytes], None]) -> None:
        number = int(query[14:18])
        keys.discard(key)
        in_flight[key[0]] -= 1
        reply(answer(query, f"11.2.{number >> 8}.{number & 255}"))

    server = NameServer(RESOLVER, hold)
    with in_thread(server):
        tries = await asyncio.gather(*(dns_client.udp(question(RESOLVER, f"n{i:04}.example")) for i in range(count)))
    dns_client.close()
    right = sum(t.answer is not None and t.answer.records == (f"11.2.{i >> 8}.{i & 255}",) for i, t in enumerate(tries))
    return {
        "right": right,
        "sockets": len(most),
        "most": max(most.values()),
        "clashes": clashes,
        "queries": len(server.queries),
        "ids": len({q.id for q in server.queries}),
    }


def test_two_thousand_questions_at_once_over_few_sockets(inside: Namespace) -> None:
    said = inside("many", 2000)
    assert said["right"] == 2000
    assert said["sockets"] == udp.SOCKETS_PER_FAMILY
    assert said["most"] <= udp.IN_FLIGHT_PER_SOCKET
    assert said["clashes"] == 0
    assert said["queries"] < 2050
    assert said["ids"] > 1900


async def ids_taken() -> int:
    """A free id is found when all but one are in flight."""
    sock = UdpSocket(Guard().udp_socket(6), asyncio.get_running_loop())
    sock.waiting = dict.fromkeys((("2400:1::1", 53, i) for i in range(65536) if i != 4711), None)  # type: ignore[arg-type]
    key = sock.free_key("2400:1::1", 53)
    sock.close()
    return key[2]


def test_an_id_in_flight_is_never_taken(inside: Namespace) -> None:
    assert inside("ids_taken") == 4711


async def renewed(each: int) -> dict[str, Any]:
    """Sockets, and so ports, are renewed after so many sends, also while questions are always in flight."""
    udp.SENDS_PER_SOCKET = each
    dns_client, server = (
        new_dns(),
        NameServer(RESOLVER, lambda q, r: asyncio.get_running_loop().call_later(0.05, r, answer(q, TRUE)) and None),
    )

    async def keep_asking() -> int:
        return sum([(await dns_client.udp(question(RESOLVER))).answer is not None for _ in range(20)])

    async with server:
        answered = sum(await asyncio.gather(*(keep_asking() for _ in range(64))))
        open_sockets = len(dns_client._pools[4]._sockets)
    dns_client.close()
    per_port = Counter(q.source[1] for q in server.queries)
    udp.SENDS_PER_SOCKET = 4096
    return {"answered": answered, "ports": len(per_port), "most": max(per_port.values()), "open": open_sockets}


def test_ports_are_renewed_under_load(inside: Namespace) -> None:
    said = inside("renewed", 40)
    assert said["answered"] == 64 * 20
    assert said["ports"] >= 64 * 20 / 40
    assert said["most"] <= 40
    assert said["open"] <= 8


# Pace


async def paced() -> dict[str, Any]:
    """Forty questions to one server that answers half of them, beside two servers in one network."""
    dns_client = new_dns(PaceLimits())

    def answer_even(query: bytes, reply: Callable[[bytes], None]) -> None:
        if dns.message.from_wire(query).question[0].name.to_text()[1] in "02468":
            reply(answer(query, TRUE))

    alone, pair = NameServer("2400:d::1", answer_even), [NameServer(f"2400:e::{i}", ok) for i in (1, 2)]
    async with alone, pair[0], pair[1]:
        tries = await asyncio.gather(
            *(dns_client.udp(question("2400:d::1", f"n{i % 10}{i}.example")) for i in range(40)),
            *(dns_client.udp(question(f"2400:e::{1 + i % 2}", f"n{i}.example")) for i in range(40)),
        )
    dns_client.close()
    return {
        "alone": [q.at for q in alone.queries],
        "pair": sorted(q.at for server in pair for q in server.queries),
        "timeouts": sum(t.failure is not None for t in tries),
    }


def most_in(times: list[float], seconds: float) -> int:
    """The most of them in any window so long."""
    return max(sum(start <= t < start + seconds for t in times) for start in times)


def test_no_server_gets_more_than_ten_questions_a_second(patiently: dict[str, Any]) -> None:
    seen = patiently["paced"]
    assert len(seen["alone"]) == 20 + 3 * 20
    assert seen["timeouts"] == 20
    assert most_in(seen["alone"], 1.0) <= 12
    assert sum(b - a < 0.05 for a, b in pairwise(seen["alone"])) <= 8
    assert len(seen["pair"]) == 40
    first = seen["pair"][0]
    assert all(number <= 12 + 10 * (at - first) for number, at in enumerate(seen["pair"], 1))
    assert most_in([at for at in seen["pair"] if at > first + 1.5], 1.0) <= 12


async def behind_a_crowd() -> dict[str, float]:
    """A question to an idle server, while many wait for the pace of another, over UDP and over TCP."""
    dns_client, loop = new_dns(PaceLimits()), asyncio.get_running_loop()
    crowd = NameServer("2400:d::1", ok, properly)
    idle = NameServer("2400:f::1", ok, properly)
    async with crowd, idle:
        waiting = [asyncio.create_task(dns_client.udp(question("2400:d::1", f"n{i}.example"))) for i in range(1100)]
        waiting += [asyncio.create_task(dns_client.tcp(question("2400:d::1", f"n{i}.example"))) for i in range(70)]
        await asyncio.sleep(0.1)
        took = {}
        for transport, asking in (("udp", dns_client.udp), ("tcp", dns_client.tcp)):
            start = loop.time()
            async with asyncio.timeout(3):
                await asking(question("2400:f::1"))
            took[transport] = loop.time() - start
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    dns_client.close()
    return took


def test_who_waits_for_one_servers_pace_holds_up_nobody_else(inside: Namespace) -> None:
    took = inside("behind_a_crowd")
    assert took["udp"] < 0.5
    assert took["tcp"] < 0.5


# Refusals and cancellation


async def refused() -> list[Any]:
    dns_client = new_dns(opt_out=OptOut(frozenset({"example.vn"})))
    seen = []
    for server, host in (("127.0.0.1", ""), ("64:ff9b::1", ""), ("2400:1::1", "ns1.example.vn"), (OTHER_RESOLVER, "")):
        for asking in (dns_client.udp, dns_client.tcp):
            tried = await asking(replace(question(server), recursion=False), host)
            seen.append([tried.failure.kind if tried.failure else None, tried.sends if asking == dns_client.udp else None])
    dns_client.close()
    return seen


def test_the_guard_holds_for_questions(patiently: dict[str, Any]) -> None:
    kinds = ("unsafe-target", 0), ("unsafe-target", 0), ("opt-out", 0)
    refusals = [[kind, sends] for kind, count in kinds for sends in (count, None)]
    assert patiently["refused"] == [*refusals, ["timeout", 3], ["refused", None]]


async def cancelled() -> dict[str, Any]:
    """Questions broken off at every moment leave nothing behind."""
    dns_client = new_dns(replace(FAST, queries_per_second=50.0))
    async with NameServer("2400:1::1", no_word, stall):
        for over in (dns_client.udp, dns_client.tcp):
            tasks = [asyncio.create_task(over(question("2400:1::1", f"n{i}.example"))) for i in range(40)]
            for task in tasks:
                await asyncio.sleep(0.01)
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    left = sum(len(sock.waiting) for pool in dns_client._pools.values() for sock in pool._sockets)
    places = dns_client._pools[6].places._value, dns_client._tcp_places._value
    tasks_left = len(asyncio.all_tasks()) - 1
    dns_client.close()
    return {"left": left, "places": places, "tasks": tasks_left}


def test_cancelled_questions_leave_nothing_behind(inside: Namespace) -> None:
    said = inside("cancelled")
    assert said["left"] == 0
    assert said["places"] == [8 * 128, 64]
    assert said["tasks"] == 0


async def short_of_descriptors() -> dict[str, Any]:
    """When no further socket can be opened, those that are open serve; with none, it is our limit."""
    dns_client, guard = new_dns(), Guard()

    def none_left(version: int) -> Any:
        raise OSError(24, "EMFILE")

    async with NameServer(RESOLVER, ok):
        await dns_client.udp(question(RESOLVER))
        pool = dns_client._pools[4]
        pool._guard, guard.udp_socket = guard, none_left  # type: ignore[method-assign]
        pool._sockets.pop().close()
        dns_client._guard = Guard(resolvers=[ip_address(RESOLVER)])
        with_some = told(await dns_client.udp(question(RESOLVER)))
        while pool._sockets:
            pool._sockets.pop().close()
        with_none = told(await dns_client.udp(question(RESOLVER)))
    dns_client.close()
    return {"some": with_some, "none": with_none}


def test_without_descriptors_the_open_sockets_serve(inside: Namespace) -> None:
    said = inside("short_of_descriptors")
    assert said["some"]["records"] == [TRUE]
    assert said["none"]["failure"] == ["local", "dns", "limit"]
    assert said["none"]["sends"] == 0
