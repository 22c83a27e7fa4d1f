"""A scan as a whole, on a city on paper: nothing lost, nothing doubled, no agency blamed for our own trouble."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ipv6check.facts import Canary, Evidence, NameserverFacts, VantageFacts, When
from ipv6check.judge import judge
from ipv6check.model import Outcome, Stage, Target
from ipv6check.net import network
from ipv6check.net.fake import silent
from ipv6check.probes import PROBES, Probe
from ipv6check.scan import Scanner, VantageError, watch
from ipv6check.scan import scanner as scanner_module
from ipv6check.wiring import PROBES_OF
from tests.scan.world import Memory, Switched, run_of, scanner, targets

NEEDS_V6 = ("NS-05", "NS-08", "REACH-01", "REACH-02", "REACH-04", "REACH-10", "WEB-12", "WEB-13")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at ourselves follow each other at once, and patience is short."""
    monkeypatch.setattr(watch, "SHORTEST_GAP", 0.0)
    monkeypatch.setattr(watch, "GAP_IN_TROUBLE", 0.05)
    monkeypatch.setattr(scanner_module, "PATIENCE", 0.5)
    monkeypatch.setattr(scanner_module, "RESOLVER_PATIENCE", 0.5)


def outcomes(keeper: Memory) -> dict[str, dict[str, str]]:
    """Every target's outcomes (with reasons) but OPS, from what was kept."""
    return {target.domain: outcomes_of(keeper, target) for target in targets()}


def outcomes_of(keeper: Memory, target: Target) -> dict[str, str]:
    """One target's."""
    verdicts = judge(keeper.evidence(target, run_of(len(targets()))))
    return {i: f"{v.outcome}:{v.reason}" for i, v in verdicts.items() if not i.startswith("OPS")}


async def canaries_of(scan: Scanner) -> tuple[Canary, ...]:
    """What a look at ourselves sees of the canaries."""
    return (await scan.watch.take("before")).canaries


async def scanned(source: Switched | None = None, **more) -> Memory:
    keeper = Memory()
    await scanner(keeper, source, **more).scan(targets())
    return keeper


@pytest.fixture(scope="module")
def unbroken() -> dict[str, dict[str, str]]:
    keeper = Memory()
    asyncio.run(scanner(keeper).scan(targets()))
    return outcomes(keeper)


async def test_every_target_is_done_once_and_every_observation_has_its_own_number() -> None:
    keeper = await scanned()
    assert sorted(keeper.done) == sorted(t.domain for t in targets())
    keys = Counter((o.subject, o.probe, o.sequence) for o in keeper.kept)
    assert max(keys.values()) == 1
    assert next(o.facts.when for o in keeper.kept if o.subject == "vantage") == "before"
    assert [o.facts.when for o in keeper.kept if o.subject == "vantage"][-1] == "after"


async def test_a_healthy_target_is_seen_in_one_pass() -> None:
    keeper = await scanned()
    healthy = "so-hoa-sen.hanoi.gov.vn"
    assert {o.sequence for o in keeper.kept if o.subject == healthy} == {1}


async def test_a_shared_zone_is_looked_at_once() -> None:
    keeper = await scanned()
    zones = Counter((o.subject, o.probe) for o in keeper.kept if o.subject.startswith("zone:") and o.sequence == 1)
    assert zones["zone:hanoi.gov.vn", "nameservers"] == 1
    assert set(zones.values()) == {1}


@pytest.mark.parametrize("concurrency", [1, 200])
async def test_the_crowd_changes_no_verdict(concurrency: int, unbroken: dict) -> None:
    assert outcomes(await scanned(concurrency=concurrency)) == unbroken


async def test_without_ipv6_nothing_that_needs_it_fails(unbroken: dict) -> None:
    source = Switched()
    source.off.add(6)
    found = outcomes(await scanned(source))
    failed = [
        (d, i)
        for d, checks in found.items()
        for i in NEEDS_V6
        if checks[i].startswith("fail") and not unbroken[d][i].startswith("fail")
    ]
    assert failed == []
    reached = [
        i for checks in found.values() for i in ("REACH-01", "REACH-10") if checks[i].startswith(("fail", "pass", "warn"))
    ]
    assert reached == []
    reasons = {checks["REACH-01"] for checks in found.values()}
    assert reasons <= {"nm:no-v6-here", "n/a:None", "nm:resolver-error"}
    for checks in ("NAME-06", "DNS-02", "DNS-03", "NS-03", "ADDR-01", "REACH-03"):
        assert {d: found[d][checks] for d in found} == {d: unbroken[d][checks] for d in found}


async def test_ipv6_that_dies_for_good_makes_no_false_failure(unbroken: dict) -> None:
    source = Switched()
    source.on_asked = lambda count: source.off.add(6) if count > 120 else None
    keeper = await scanned(source, concurrency=5)
    assert 6 in source.off
    found = outcomes(keeper)
    false = [(d, i) for d, c in found.items() for i in c if c[i].startswith("fail") and not unbroken[d][i].startswith("fail")]
    assert false == []
    assert sorted(keeper.done) == sorted(found)
    assert any(c["REACH-01"] == "nm:canary-failed" for c in found.values())


async def test_ipv6_that_comes_back_changes_no_verdict(unbroken: dict) -> None:
    source = Switched()

    def cut(count: int) -> None:
        if count == 120:
            source.off.add(6)
            asyncio.get_running_loop().call_later(0.3, source.off.clear)

    source.on_asked = cut
    assert outcomes(await scanned(source, concurrency=5)) == unbroken


@pytest.mark.parametrize("cuts", ["before", "before during after"], ids=["once", "again and again"])
@pytest.mark.parametrize("domain", ["so-hoa-sen.hanoi.gov.vn", "so-hoa-nhai.hanoi.gov.vn"])
async def test_ipv6_lost_between_two_looks_fails_not_even_a_lone_target(
    domain: str, cuts: str, monkeypatch: pytest.MonkeyPatch, unbroken: dict
) -> None:
    """IPv6 is lost right after looks on the clock and there again for the next, whether that ends or goes on for ever."""
    monkeypatch.setattr(network, "IN_A_ROW", 1000)
    source, keeper = Switched(), Memory()
    scan = scanner(keeper, source, count=1, spacing=(0.02, 0.1))
    take = scan.watch.take

    async def cut_after(when: When) -> VantageFacts:
        source.off.clear()
        sample = await take(when)
        source.off.update({6} if when in cuts else ())
        return sample

    monkeypatch.setattr(scan.watch, "take", cut_after)
    target = next(target for target in targets() if target.domain == domain)
    async with asyncio.timeout(30):
        await scan.scan([target])
    assert (keeper.done, source.asked["tcp"] > 0) == ([domain], True)
    found = outcomes_of(keeper, target)
    assert [
        i for i, outcome in found.items() if outcome.startswith("fail") and not unbroken[domain][i].startswith("fail")
    ] == []
    assert found["REACH-01"] == ("nm:canary-failed" if "after" in cuts else "pass:None")


async def test_a_server_that_lets_us_in_no_more_has_had_enough_of_us() -> None:
    class Exhausting(Switched):
        """Port 443 of a target lets us in twice: for the handshakes with the listed name and www, which share an address."""

        def tcp(self, address, port):
            key = f"{address} {port}"
            self.asked[key] += 1
            is_enough = port == 443 and self.asked[key] > 2 and address not in canaries
            return silent(Stage.TCP) if is_enough else super().tcp(address, port)

    canaries = {canary.by(family).address for canary in await canaries_of(scanner(Memory(), count=1)) for family in (6, 4)}
    keeper, target = Memory(), targets()[0]
    await scanner(keeper, Exhausting(), count=1).scan([target])
    found = outcomes_of(keeper, target)
    assert found["REACH-01"] == "pass:None"
    assert {found[id_] for id_ in ("WEB-01", "WEB-02", "WEB-03", "WEB-07", "WEB-10")} == {"nm:rate-limited"}
    assert not any(outcome.startswith("fail") for outcome in found.values())


async def test_a_resolver_that_dies_ends_the_run_and_keeps_what_is_done(unbroken: dict) -> None:
    source, keeper = Switched(), Memory()
    keeper.on_complete = lambda domain: source.off.add("resolver") if len(keeper.done) > 10 else None
    with pytest.raises(VantageError, match="resume"):
        await scanner(keeper, source, concurrency=2).scan(targets())
    assert len(keeper.done) < len(targets())


async def test_without_a_resolver_a_scan_does_not_begin() -> None:
    source, keeper = Switched(), Memory()
    source.off.add("resolver")
    with pytest.raises(VantageError, match="resolver"):
        await scanner(keeper, source).scan(targets())
    assert keeper.done == []


async def test_stop_ends_soon_and_leaves_the_rest_pending() -> None:
    keeper = Memory()
    scan = scanner(keeper, concurrency=2)
    keeper.on_complete = lambda domain: scan.stop()
    await scan.scan(targets())
    assert 0 < len(keeper.done) < len(targets())


async def test_stop_ends_soon_though_all_places_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner_module, "IN_FLIGHT_GRACE", 0.2)
    keeper, begun = Memory(), []

    async def endless(target: Target, seen: Evidence, net: object) -> None:
        begun.append(target.domain)
        asyncio.get_running_loop().call_later(0.1, scan.stop)
        await asyncio.Event().wait()

    scan = scanner(keeper, concurrency=2)
    monkeypatch.setattr(scan, "_probes", tuple(replace(p, look=endless) if p.name == "dns" else p for p in PROBES))
    async with asyncio.timeout(5):
        await scan.scan(targets())
    assert (len(begun), keeper.done) == (2, [])


async def test_a_resumed_scan_does_only_what_is_left_and_ends_equal(unbroken: dict) -> None:
    keeper = Memory()
    first = scanner(keeper, concurrency=2)
    keeper.on_complete = lambda domain: first.stop() if len(keeper.done) == 15 else None
    await first.scan(targets())
    done = set(keeper.done)
    keeper.on_complete = lambda domain: None
    earlier = [o.facts for o in keeper.kept if o.subject == "vantage"]
    second = scanner(keeper)
    second = type(second)(second._run, second._network, second.watch._controls, keeper, second._rhythm, earlier=earlier)
    await second.scan([t for t in targets() if t.domain not in done])
    assert sorted(keeper.done) == sorted(t.domain for t in targets())
    assert outcomes(keeper) == unbroken


def seen_by_names(probe: Probe, chosen: Mapping[str, Probe]) -> set[str]:
    """A probe, those it comes after, and those before them; `dns` also reads what servers said in the pass before."""
    names, wanted = {probe.name, *["authority"] * (probe.name == "dns")}, [*probe.after]
    while wanted:
        if (name := wanted.pop()) in chosen:
            names.add(name)
            wanted += chosen[name].after
    return names


def seen_by(probe: Probe, seen: Evidence) -> Evidence:
    """What a probe says it reads."""
    names = seen_by_names(probe, {one.name: one for one in PROBES})
    return Evidence(target=seen.target, run=seen.run, vantage=seen.vantage, **{name: getattr(seen, name) for name in names})


def test_every_probe_stands_behind_those_it_reads() -> None:
    for number, probe in enumerate(PROBES):
        assert set(probe.after) <= {before.name for before in PROBES[:number]}


@pytest.mark.parametrize("family", PROBES_OF)
def test_every_family_has_what_its_probes_read(family: str) -> None:
    """A probe that is not there is waited for by nobody: what it reads itself must stand in between."""
    chosen = {probe.name: probe for probe in PROBES if probe.name in PROBES_OF[family]}
    assert all(probe.name == "dns" or set(probe.after) & chosen.keys() for probe in chosen.values())
    assert all("dns" in seen_by_names(probe, chosen) for probe in chosen.values())


async def test_a_look_reads_no_more_than_it_says(monkeypatch: pytest.MonkeyPatch, unbroken: dict) -> None:
    def blinkered(probe: Probe) -> Probe:
        async def look(target, seen, net):
            return await probe.look(target, seen_by(probe, seen), net)

        return replace(probe, look=look)

    keeper = Memory()
    scan = scanner(keeper)
    monkeypatch.setattr(scan, "_probes", tuple(map(blinkered, PROBES)))
    await scan.scan(targets())
    assert scan.progress.bugs == 0
    assert outcomes(keeper) == unbroken


async def test_the_web_is_looked_at_while_name_servers_are_asked() -> None:
    keeper = await scanned(concurrency=1)
    ends = {o.probe: number for number, o in enumerate(keeper.kept) if o.subject == "so-hoa-sen.hanoi.gov.vn"}
    assert ends["dns"] < ends["reachability"] < ends["web"]
    assert ends["reachability"] < ends["authority"]


async def test_what_rests_on_another_look_is_looked_at_again_when_that_saw_something_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def once_more(target, seen, net) -> NameserverFacts:
        return NameserverFacts(zone=seen.dns.zone, over_cap=seen.nameservers.over_cap + 1 if seen.nameservers else 0)

    async def reading(target, seen, net) -> NameserverFacts:
        return seen.nameservers

    zone_of = {probe.name: probe.subject for probe in PROBES}
    probes = (
        PROBES[0],
        Probe("nameservers", zone_of["nameservers"], once_more, lambda seen: seen.nameservers.over_cap < 2),
        Probe("dnssec", zone_of["dnssec"], reading, lambda seen: False, after=("nameservers",)),
    )
    keeper = Memory()
    scan = scanner(keeper)
    monkeypatch.setattr(scan, "_probes", probes)
    await scan.scan(targets()[:1])
    seen = keeper.evidence(targets()[0], run_of(1))
    assert seen.nameservers.over_cap == 2
    assert seen.dnssec == seen.nameservers


async def test_a_bug_in_a_probe_is_counted_and_costs_only_its_checks(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    keeper = Memory()
    scan = scanner(keeper)
    monkeypatch.setattr(scan, "_probes", tuple(replace(p, look=broken) if p.name == "web" else p for p in PROBES))
    await scan.scan(targets())
    assert scan.progress.bugs > 0
    assert "a bug" in caplog.text
    verdicts = judge(keeper.evidence(targets()[0], run_of(1)))
    assert verdicts["WEB-01"].reason == "dependency-failed"
    assert verdicts["REACH-01"].outcome is Outcome.PASS
    assert sorted(keeper.done) == sorted(t.domain for t in targets())


async def test_what_cannot_be_kept_ends_the_scan_soon() -> None:
    class Full(Memory):
        async def keep(self, observation) -> None:
            if len(self.kept) > 40:
                raise OSError("full")
            await super().keep(observation)

    keeper, source = Full(), Switched()
    with pytest.raises(OSError, match="full"):
        await scanner(keeper, source, concurrency=2).scan(targets())
    assert len(keeper.done) < len(targets()) / 2
    everything = Switched()
    await scanner(Memory(), everything, concurrency=2).scan(targets())
    assert source.asked["tcp"] < everything.asked["tcp"] / 2
