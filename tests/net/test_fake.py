"""FakeNetwork: what a scan notices of it is what it would notice of the real network."""

from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from ipv6check.addressing import Address
from ipv6check.facts import Answer, Certificate
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.api import RunNetwork, Variant
from ipv6check.net.fake import FakeNetwork, Served, Shown, Transport, refused, silent
from ipv6check.net.guard import OptOut
from ipv6check.net.network import NetworkSettings
from ipv6check.net.question import Question
from ipv6check.net.url import Url

V6, V4, ROOT = ip_address("2400:c1:1::1"), ip_address("11.0.1.1"), ip_address("2400:c1:2::53")
RESOLVERS = (ip_address("127.0.0.1"), ip_address("127.0.0.2"))
LEAF = Certificate(sha256="ab", names=("s.vn",))
NO_ANSWER = Answer(rcode="NOERROR")


@dataclass
class Described:
    """A world in tables; what is not in them is silent, refused or empty."""

    answers: dict[tuple[str, str, Transport], Answer] = field(default_factory=dict)
    closed: dict[tuple[Address, int], Failure] = field(default_factory=dict)
    served: dict[str, Served] = field(default_factory=dict)
    legacy: Shown | Failure = field(default_factory=lambda: silent(Stage.TLS))
    asked: list[Question] = field(default_factory=list)

    def dns(self, question: Question, transport: Transport) -> Answer | Failure:
        self.asked.append(question)
        return self.answers.get((question.name, question.type, transport), silent(Stage.DNS))

    def tcp(self, address: Address, port: int) -> Failure | None:
        return self.closed.get((address, port))

    def http(self, url: Url, address: Address) -> Served:
        return self.served[str(url)]

    def legacy_tls(self, address: Address, name: str) -> Shown | Failure:
        return self.legacy


def network(source: Described, *opted_out: str) -> FakeNetwork:
    settings = NetworkSettings(resolvers=RESOLVERS, root_servers=(ROOT,), opt_out=OptOut.parse(opted_out))
    made = FakeNetwork(source, settings)
    as_a_scan_sees_it: RunNetwork = made
    assert as_a_scan_sees_it.session().is_first_pass
    return made


async def test_the_resolver_is_asked_in_turn_with_recursion() -> None:
    source = Described(answers={("s.vn", "AAAA", "udp"): Answer(rcode="NOERROR", records=(str(V6),))})
    async with network(source) as net:
        first = await net.session().lookup("s.vn", "AAAA")
        second = await net.session().lookup("s.vn", "AAAA", again=1, checking_disabled=True)
    assert first.answer is not None
    assert first.answer.addresses == (V6,)
    assert (first.server, second.server) == RESOLVERS
    assert [(q.recursion, q.checking_disabled) for q in source.asked] == [(True, False), (True, True)]
    assert second.checking_disabled
    assert net.counts["questions"] == 2


async def test_name_servers_are_asked_without_recursion() -> None:
    source = Described(answers={(".", "SOA", "tcp"): NO_ANSWER})
    async with network(source) as net:
        session = net.session()
        over_tcp = await session.ask(session.root_servers[0], ".", "SOA", transport="tcp")
        over_udp = await session.ask(ROOT, ".", "SOA")
    assert (over_tcp.answer, over_tcp.transport, over_tcp.failure) == (NO_ANSWER, "tcp", None)
    assert over_udp.failure == Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS, detail="no reply")
    assert not source.asked[0].recursion


async def test_a_question_that_is_not_like_others_says_so() -> None:
    source = Described(answers={("s.vn", "SOA", "udp"): NO_ANSWER})
    session = network(source).session()
    variants: tuple[Variant, ...] = ("", "edns-1", "recursion")
    for variant in variants:
        await session.ask(V6, "s.vn", "SOA", variant=variant)
    assert tuple(question.variant for question in source.asked) == variants
    assert not any(question.recursion for question in source.asked)


async def test_what_is_truncated_is_asked_over_tcp() -> None:
    cut, whole = Answer(rcode="NOERROR", truncated=True), Answer(rcode="NOERROR", records=("x",))
    source = Described(answers={("s.vn", "MX", "udp"): cut, ("s.vn", "MX", "tcp"): whole})
    tried = await network(source).session().ask(V6, "s.vn", "MX")
    assert (tried.answer, tried.truncated, tried.transport) == (whole, True, "udp")


async def test_a_bad_name_is_malformed() -> None:
    tried = await network(Described()).session().lookup("a..vn", "A")
    assert tried.failure is not None
    assert tried.failure.kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    ("address", "kind", "detail"),
    [
        ("::1", FailureKind.UNSAFE_TARGET, "loopback"),
        ("10.0.0.1", FailureKind.UNSAFE_TARGET, "private-10"),
        ("2001:db8::1", FailureKind.UNSAFE_TARGET, "documentation"),
        ("127.0.0.1", FailureKind.UNSAFE_TARGET, "loopback"),
        ("2400:c1:9::1", FailureKind.OPT_OUT, "opt-out list"),
    ],
)
async def test_the_guard_refuses_what_it_refuses(address: str, kind: FailureKind, detail: str) -> None:
    session, unsafe = network(Described(), "2400:c1:9::/48").session(), ip_address(address)
    tried = [
        await session.connect(unsafe, 443),
        (await session.fetch(Url("https", "s.vn"), unsafe))[0],
        await session.legacy_handshake(unsafe, "s.vn"),
    ]
    assert [t.failure for t in tried] == [Failure(kind=kind, stage=Stage.TCP, detail=detail)] * 3


async def test_name_servers_are_guarded_but_the_resolver_is_not() -> None:
    session = network(Described(answers={("s.vn", "A", "udp"): NO_ANSWER}), "left.vn").session()
    private = await session.ask(ip_address("10.0.0.1"), "s.vn", "A")
    opted_out = await session.ask(V6, "s.vn", "A", host="ns1.left.vn")
    resolver = await session.lookup("s.vn", "A")
    assert private.failure == Failure(kind=FailureKind.UNSAFE_TARGET, stage=Stage.DNS, detail="private-10")
    assert opted_out.failure is not None
    assert opted_out.failure.kind is FailureKind.OPT_OUT
    assert resolver.failure is None


async def test_a_family_that_is_down_is_not_tried_but_for_the_vantage() -> None:
    source = Described(answers={(".", "SOA", "udp"): NO_ANSWER}, served={"https://s.vn/": Served(status=200)})
    net = network(source)
    net.down = {6}
    session, ours = net.session(), net.session(for_vantage=True)
    tried = [
        await session.ask(V6, ".", "SOA"),
        await session.connect(V6, 443),
        (await session.fetch(Url("https", "s.vn"), V6))[0],
        await session.legacy_handshake(V6, "s.vn"),
    ]
    assert {(t.failure.kind, t.failure.detail) for t in tried if t.failure} == {(FailureKind.LOCAL, "no IPv6 here")}
    assert all(t.failure for t in tried)
    assert (await session.connect(V4, 443)).failure is None
    assert (await ours.connect(V6, 443)).failure is None
    assert (await ours.ask(V6, ".", "SOA")).failure is None


async def test_ports_are_open_refused_or_silent() -> None:
    net = network(Described(closed={(V6, 80): refused(), (V4, 80): silent(Stage.TCP)}))
    session = net.session()
    is_open, is_refused, is_silent = [await session.connect(*place) for place in ((V6, 443), (V6, 80), (V4, 80))]
    assert is_open.failure is None
    assert is_open.source_port
    assert is_refused.failure == Failure(kind=FailureKind.REFUSED, stage=Stage.TCP, detail="ECONNREFUSED", code=111)
    assert is_silent.failure == Failure(kind=FailureKind.TIMEOUT, stage=Stage.TCP, detail="no answer in time")
    assert net.counts == {"questions": 0, "connections": 3, "timeouts": 1}


async def test_a_page_comes_with_its_certificates() -> None:
    shown = Shown(certificates=(LEAF,), path_error="self-signed certificate")
    served = Served(tls=shown, status=200, headers=(("server", "x"),), body_bytes=3, challenge="captcha")
    session = network(Described(served={"https://s.vn/": served})).session()
    fetch, certificates = await session.fetch(Url("https", "s.vn"), V6)
    assert certificates == (LEAF,)
    assert fetch.tls is not None
    assert (fetch.tls.chain, fetch.tls.path_error, fetch.tls.server_name) == (("ab",), "self-signed certificate", "s.vn")
    assert (fetch.status, fetch.header("server"), fetch.body_bytes, fetch.challenge) == (200, "x", 3, "captcha")
    assert fetch.failure is None


@pytest.mark.parametrize(
    ("served", "stage", "has_handshake"),
    [
        (Served(tls=silent(Stage.TLS)), Stage.TLS, True),
        (Served(tls=Shown(certificates=(LEAF,)), failure=silent(Stage.HTTP)), Stage.HTTP, True),
    ],
)
async def test_a_page_that_does_not_come_fails_where_it_fails(served: Served, stage: Stage, has_handshake: bool) -> None:
    fetch, _ = await network(Described(served={"https://s.vn/": served})).session().fetch(Url("https", "s.vn"), V6)
    assert fetch.failure is not None
    assert fetch.failure.stage is stage
    assert (fetch.tls is not None) == has_handshake
    assert not fetch.answered


async def test_a_closed_port_has_no_handshake() -> None:
    session = network(Described(closed={(V6, 443): refused()})).session()
    fetch, certificates = await session.fetch(Url("https", "s.vn"), V6)
    assert (fetch.failure, fetch.tls, certificates) == (refused(), None, ())
    assert (await session.legacy_handshake(V6, "s.vn")).failure == refused()


async def test_an_old_handshake_does_not_look_at_the_path() -> None:
    session = network(Described(legacy=Shown(version="TLSv1.1", certificates=(LEAF,), path_error="x"))).session()
    tried = await session.legacy_handshake(V6, "s.vn")
    assert (tried.version, tried.chain, tried.path_error, tried.failure) == ("TLSv1.1", ("ab",), None, None)


async def test_trouble_in_a_row_is_told() -> None:
    closed = {(V6, 443): silent(Stage.TCP), (V6, 80): refused()}
    net, told = network(Described(closed=closed)), []
    net.on_trouble = told.append
    session = net.session()
    for _ in range(4):
        await session.connect(V6, 443)
    await session.connect(V6, 80)
    for _ in range(4):
        await session.connect(V6, 443)
    assert told == []
    await session.connect(V6, 443)
    assert told == [6]
    for _ in range(5):
        await session.lookup("s.vn", "A")
    assert told == [6, "resolver"]


async def test_a_handshake_that_hangs_is_trouble_too() -> None:
    net, told = network(Described(served={"https://s.vn/": Served(tls=silent(Stage.TLS))})), []
    net.on_trouble = told.append
    for _ in range(5):
        await net.session().fetch(Url("https", "s.vn"), V6)
    assert told == [6]


def test_it_is_never_late() -> None:
    assert network(Described()).lag.percentile(0.99) == 0.0
