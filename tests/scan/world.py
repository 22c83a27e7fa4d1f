"""The city in a box on paper, with switches: its IPv6 or its resolver can be taken away while a scan runs."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any

from ipv6check.facts import Evidence, RunFacts
from ipv6check.lab.fake import WorldSource, fake_network
from ipv6check.lab.reading import load
from ipv6check.model import FailureKind, Observation, Stage, Target
from ipv6check.net.fake import FakeNetwork, silent
from ipv6check.probes.vantage import Controls
from ipv6check.scan import Rhythm, Scanner
from tests.factories import START

world = cache(load)


class Switched:
    """A source whose IPv6, IPv4 or resolver can be switched off; counts what is asked."""

    def __init__(self) -> None:
        self._source = WorldSource(world())
        self.off: set[Any] = set()
        self.asked: dict[str, int] = defaultdict(int)
        self.on_asked: Callable[[int], None] = lambda count: None

    def dns(self, question, transport):
        self._count("dns")
        if question.recursion and "resolver" in self.off:
            return silent(Stage.DNS)
        if not question.recursion and question.server.version in self.off:
            return silent(Stage.DNS)
        return self._source.dns(question, transport)

    def tcp(self, address, port):
        self._count("tcp")
        return silent(Stage.TCP) if address.version in self.off else self._source.tcp(address, port)

    def http(self, url, address):
        return self._source.http(url, address)

    def legacy_tls(self, address, name):
        return self._source.legacy_tls(address, name)

    def _count(self, what: str) -> None:
        self.asked[what] += 1
        self.on_asked(self.asked[what] if what == "tcp" else 0)


class Memory:
    """A keeper that remembers, and can be told to fail."""

    def __init__(self) -> None:
        self.kept: list[Observation] = []
        self.done: list[str] = []
        self.on_complete: Callable[[str], None] = lambda domain: None

    async def keep(self, observation: Observation) -> None:
        await asyncio.sleep(0)
        self.kept.append(observation)

    async def complete(self, domain: str) -> None:
        self.done.append(domain)
        self.on_complete(domain)

    async def recall(self, subject: str) -> dict[str, tuple[Any, int]]:
        return {o.probe: (o.facts, o.sequence) for o in self.kept if o.subject == subject}

    def evidence(self, target: Target, run: RunFacts) -> Evidence:
        """All that was kept for a target."""
        vantage = tuple(o.facts for o in self.kept if o.subject == "vantage")
        seen = Evidence(target=target, run=run, vantage=vantage)
        for subject in (target.domain, "zone"):
            where = f"zone:{seen.dns.zone}" if subject == "zone" and seen.dns else subject
            for observation in self.kept:
                if observation.subject == where:
                    seen = seen.with_facts(observation.probe, observation.facts)
        return seen


def targets() -> list[Target]:
    return [agency.target for agency in world().agencies]


def run_of(count: int) -> RunFacts:
    return RunFacts(id="r1", started=START, vantage="lab", country="VN", tries=3, version="0", planned=count, finished=count)


def scanner(keeper: Memory, source: Switched | None = None, count: int = 50, **more: Any) -> Scanner:
    network = fake_network(world())
    if source is not None:
        network = FakeNetwork(source, network.settings)
    controls = Controls(canaries=world().canaries)
    given = {"concurrency": 20, "spacing": (0.0, 0.0), "canary_interval": 60.0, "admitted_per_second": 1000}
    return Scanner(run_of(count), network, controls, keeper, Rhythm(**(given | more)))


__all__ = ["FailureKind", "Memory", "Switched", "run_of", "scanner", "targets", "world"]
