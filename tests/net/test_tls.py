"""TLS against eighty servers at once: broken ones, silent ones, and such as have a fault in their certificates."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from ipv6check.facts import Certificate, Fetch
from ipv6check.net import tls
from ipv6check.net.http import HANDSHAKES_AT_ONCE, SILENT_AFTER, Handshakes
from ipv6check.net.network import Network, NetworkSettings
from ipv6check.net.tls import build_contexts, chain_of
from ipv6check.net.url import Url
from tests.net import clock
from tests.net.authority import Authority, issue, issuer_at, server_context
from tests.net.hostile_tls import CASES, HOST, OK, address_of, by_hand, proper, serve
from tests.net.inside import Namespace
from tests.net.stubs import Watch, elsewhere, silent, tcp_server

lab = pytest.mark.lab
AT_ONCE = 6
GROWTH = 50 << 20
TALKS_APART = (False, False, True)
"""For each round, whether another process talks; twice the same, so that what leaks shows."""


def settings(folder: str, authority: Authority) -> NetworkSettings:
    """A network that trusts the authority."""
    Path(folder, "root.pem").write_bytes(authority.root_pem)
    return NetworkSettings(resolvers=(ip_address("11.9.9.9"),), ca_file=f"{folder}/root.pem")


def told(fetch: Fetch, certificates: tuple[Certificate, ...]) -> dict[str, Any]:
    """An exchange in plain values."""
    failure, shaken = fetch.failure, fetch.tls
    return {
        "status": fetch.status,
        "failure": str(failure.kind) if failure else "",
        "stage": str(failure.stage) if failure else "",
        "detail": failure.detail if failure else "",
        "cut": fetch.cut,
        "path": shaken.path_error if shaken else None,
        "version": shaken.version if shaken else "",
        "cipher": shaken.cipher if shaken else "",
        "chain": len(shaken.chain) if shaken else 0,
        "kept": [c.sha256 for c in certificates] == list(dict.fromkeys(shaken.chain if shaken else ())),
        "malformed": [c.malformed for c in certificates if c.malformed],
        "names": list(certificates[0].names[:3]) if certificates else [],
        "ours": failure.is_ours if failure else False,
        "seconds": fetch.seconds,
    }


async def fetch(network: Network, address: str, host: str = HOST, again: int = 0) -> dict[str, Any]:
    return told(*await network.session().fetch(Url("https", host), ip_address(address), again=again))


async def fetch_all(made: NetworkSettings) -> dict[str, Any]:
    async with Network(made) as network:
        await asyncio.sleep(0.1)
        async with Watch() as watch:
            found = await asyncio.gather(*(fetch(network, address_of(number)) for number in range(len(CASES))))
        await asyncio.sleep(1.2)
        return {
            "cases": dict(zip(CASES, found, strict=True)),
            "lag": watch.p99,
            "worst": watch.worst,
            "grown": watch.grown,
            "left": len(network.pace._at_once._places),
            "places": network._apart._here._handshakes._places._value,
        }


def hostile(folder: str) -> list[dict[str, Any]]:
    authority = Authority()
    assert authority.intermediate
    made, kept = settings(folder, authority), []

    async def open_servers() -> None:
        kept.append(await serve(authority))

    with elsewhere(open_servers):
        return [asyncio.run(fetch_all(replace(made, talks_apart=talks_apart))) for talks_apart in TALKS_APART]


@pytest.fixture(scope="module")
def rounds(inside: Namespace, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return inside("hostile", str(tmp_path_factory.mktemp("hostile")))


@lab
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_server(rounds: list[dict[str, Any]], name: str) -> None:
    case = CASES[name]
    for seen in (found["cases"][name] for found in rounds):
        assert (seen["status"], seen["failure"], seen["stage"]) == (case.status, case.failure, case.failure and case.stage), (
            seen
        )
        assert case.path is None or seen["path"] == case.path
        assert {key: seen[key] for key in case.more} == case.more
        assert not seen["ours"]
        assert case.seconds - 0.1 <= seen["seconds"] <= (case.seconds + 1 if case.seconds else AT_ONCE)
        assert seen["detail"].isprintable()
        if case.failure != "" and case.stage == "tls":
            assert (seen["version"], seen["chain"]) == ("", 0)


@lab
def test_there_are_eighty() -> None:
    assert len(CASES) >= 80


@lab
def test_every_certificate_shown_is_handed_out(rounds: list[dict[str, Any]]) -> None:
    for found in rounds:
        answered = {name: seen for name, seen in found["cases"].items() if seen["status"] == 200}
        assert len(answered) >= 25
        assert [name for name, seen in answered.items() if not seen["kept"] or not seen["chain"] or seen["malformed"]] == []


@lab
def test_memory_and_the_loop_bear_it(rounds: list[dict[str, Any]]) -> None:
    assert max(found["grown"] for found in rounds) < GROWTH
    assert max(found["lag"] for found in rounds) < 0.1
    assert max(found["worst"] for found in rounds) < 0.25
    assert [(found["left"], found["places"]) for found in rounds] == [(0, HANDSHAKES_AT_ONCE)] * len(TALKS_APART)


# Names


async def two_names(folder: str) -> dict[str, Any]:
    """Two agencies with two certificates on one address."""
    authority = Authority()
    contexts = {name: server_context(authority.leaf(name)) for name in ("a.example.vn", "b.example.vn")}
    shown, offered, asked = server_context(issue("none.example", authority.root)), [], []

    def choose(sock: ssl.SSLObject, name: str, context: ssl.SSLContext) -> None:
        offered.append(name)
        if name in contexts:
            sock.context = contexts[name]

    async def by_name(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(request.partition("Host: ")[2].partition("\r\n")[0])
        writer.write(OK)
        await writer.drain()

    shown.sni_callback = choose
    found = {}
    async with tcp_server("2400:1::1", 443, by_name, ssl=shown), Network(settings(folder, authority)) as network:
        session = network.session()
        await session.connect(ip_address("2400:1::1"), 443, name="a.example.vn")
        for name in ("a.example.vn", "b.example.vn", "c.example.vn"):
            found[name] = (await fetch(network, "2400:1::1", name))["names"]
        found["address"] = (await fetch(network, "2400:1::1", "2400:1::1"))["names"]
    return {"found": found, "offered": offered, "asked": asked}


@lab
def test_two_names_on_one_address_get_each_its_own(inside: Namespace, tmp_path: Path) -> None:
    said = inside("two_names", str(tmp_path))
    assert said["found"] == {
        "a.example.vn": ["a.example.vn"],
        "b.example.vn": ["b.example.vn"],
        "c.example.vn": [],
        "address": [],
    }
    assert said["offered"] == ["a.example.vn", "b.example.vn", "c.example.vn", None]
    assert said["asked"] == ["a.example.vn", "b.example.vn", "c.example.vn", "[2400:1::1]"]


async def offers(folder: str) -> dict[str, Any]:
    """What our ClientHello offers, as a server sees it."""
    authority, seen = Authority(), []
    context = server_context(authority.leaf(HOST))
    context.set_alpn_protocols(["h2", "http/1.1"])

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls_object = writer.get_extra_info("ssl_object")
        seen.append(tls_object.selected_alpn_protocol())
        await proper(reader, writer)

    async with tcp_server("2400:1::1", 443, note, ssl=context), Network(settings(folder, authority)) as network:
        status = (await fetch(network, "2400:1::1"))["status"]
    return {"status": status, "alpn": seen}


@lab
def test_http_2_is_not_offered(inside: Namespace, tmp_path: Path) -> None:
    assert inside("offers", str(tmp_path)) == {"status": 200, "alpn": ["http/1.1"]}


async def issuer_asked(folder: str) -> dict[str, Any]:
    """A certificate that says where its issuer and its revocation are to be had: nobody may ask there."""
    authority, hits = Authority(), []
    made = authority.leaf(HOST, extensions=[(issuer_at("http://[2400:66::66]/ca.cer"), False)]).alone()

    async def trapped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(1)

    async with (
        tcp_server("2400:1::1", 443, proper, ssl=server_context(made)),
        tcp_server("2400:66::66", 80, trapped),
        Network(settings(folder, authority)) as network,
    ):
        seen = await fetch(network, "2400:1::1")
    return {"path": seen["path"], "hits": len(hits)}


@lab
def test_addresses_in_certificates_are_never_asked(inside: Namespace, tmp_path: Path) -> None:
    assert inside("issuer_asked", str(tmp_path)) == {"path": "unable to get local issuer certificate", "hits": 0}


# TLS 1.0 and 1.1


async def legacy(folder: str) -> dict[str, Any]:
    """A handshake that offers 1.0 and 1.1 only, with servers of every age."""
    authority = Authority()
    made = authority.leaf(HOST)
    contexts = {
        "1.0": server_context(made, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1),
        "1.1": server_context(made, minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1),
        "1.0 to 1.3": server_context(made, minimum_version=ssl.TLSVersion.TLSv1),
        "1.2 and 1.3": server_context(made, minimum_version=ssl.TLSVersion.TLSv1_2),
        "1.3": server_context(made, minimum_version=ssl.TLSVersion.TLSv1_3),
        "1.0, self-signed": server_context(
            issue(HOST), minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1
        ),
    }
    found: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        for number, context in enumerate(contexts.values()):
            await stack.enter_async_context(tcp_server(f"2400:{number + 1}::1", 443, by_hand(context)))
        stack.enter_context(silent("2400:a::1", 443))
        network = await stack.enter_async_context(Network(settings(folder, authority)))
        addresses = {name: f"2400:{number + 1}::1" for number, name in enumerate(contexts)}
        addresses |= {"nobody": "2400:b::1", "silent": "2400:a::1"}
        tries = await asyncio.gather(
            *(network.session().legacy_handshake(ip_address(address), HOST) for address in addresses.values())
        )
        for name, tried in zip(addresses, tries, strict=True):
            failure = tried.failure
            found[name] = [tried.version, str(failure.kind) if failure else "", str(failure.stage) if failure else ""]
        found["offers"] = network.session().offers_legacy_tls
    return found


@lab
def test_legacy_handshakes(inside: Namespace, tmp_path: Path) -> None:
    assert inside("legacy", str(tmp_path)) == {
        "1.0": ["TLSv1", "", ""],
        "1.1": ["TLSv1.1", "", ""],
        "1.0 to 1.3": ["TLSv1.1", "", ""],
        "1.2 and 1.3": ["", "tls", "tls"],
        "1.3": ["", "tls", "tls"],
        "1.0, self-signed": ["TLSv1", "", ""],
        "nobody": ["", "refused", "tcp"],
        "silent": ["", "timeout", "tcp"],
        "offers": True,
    }


# Places


def test_no_more_than_sixteen_handshakes_at_once() -> None:
    async def crowd() -> tuple[int, float]:
        places, now, most = Handshakes(), 0, 0

        async def shake() -> None:
            nonlocal now, most
            async with places.place():
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.5)
                now -= 1

        await asyncio.gather(*(shake() for _ in range(100)))
        assert places._places._value == HANDSHAKES_AT_ONCE
        return most, clock.now()

    assert clock.run(crowd()) == (HANDSHAKES_AT_ONCE, 3.5)


@pytest.mark.parametrize("silence", [0.999, 1.0, 1.001, 8.0])
def test_a_silent_one_gives_its_place_back_after_a_second_and_only_once(silence: float) -> None:
    async def crowd() -> tuple[float, int]:
        places = Handshakes()

        async def shake(seconds: float) -> float:
            async with places.place():
                at = clock.now()
                await asyncio.sleep(seconds)
                return at

        dark = [asyncio.create_task(shake(silence)) for _ in range(HANDSHAKES_AT_ONCE)]
        await asyncio.sleep(0)
        at = await shake(0.01)
        await asyncio.gather(*dark)
        await asyncio.sleep(5)
        return at, places._places._value

    at, places = clock.run(crowd())
    assert at == min(silence, SILENT_AFTER)
    assert places == HANDSHAKES_AT_ONCE


def test_a_place_comes_back_when_a_handshake_fails_or_is_cancelled() -> None:
    async def crowd() -> int:
        places = Handshakes()

        async def fail(seconds: float) -> None:
            async with places.place():
                await asyncio.sleep(seconds)
                raise OSError

        tasks = [asyncio.create_task(fail(0.5 + i % 3)) for i in range(40)]
        await asyncio.sleep(1.2)
        for task in tasks[::3]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return places._places._value

    assert clock.run(crowd()) == HANDSHAKES_AT_ONCE


# Contexts


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> ssl.SSLObject:
    """Shake hands in memory. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=HOST)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours


def test_the_chain_is_der_leaf_first() -> None:
    authority = Authority()
    made = authority.leaf(HOST)
    chain = chain_of(handshake(build_contexts().unverified, server_context(made)))
    assert chain == [made.der, authority.intermediate.der]


def test_a_bad_file_of_authorities_is_an_error_of_the_operator(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nonsense")
    for path in (tmp_path / "missing.pem", tmp_path / "bad.pem"):
        with pytest.raises(OSError):  # noqa: PT011 - ssl.SSLError is one
            build_contexts(str(path))


def test_our_own_authority_replaces_the_public_ones(tmp_path: Path) -> None:
    authority = Authority()
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    server = server_context(authority.leaf(HOST))
    assert handshake(build_contexts(str(tmp_path / "root.pem")).path, server).version() == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(build_contexts().path, server)


def test_without_old_versions_in_our_library_nothing_is_said_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_speaks", lambda context: False)
    assert build_contexts().legacy is None


def test_the_legacy_context_speaks_nothing_newer() -> None:
    legacy = build_contexts().legacy
    assert legacy is not None
    modern = server_context(issue(HOST), minimum_version=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError):
        handshake(legacy, modern)
