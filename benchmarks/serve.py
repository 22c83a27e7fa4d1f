"""What serving costs: `python -m benchmarks.serve [--domains N] [--requests N]`. Loopback only, nobody else is contacted.

Stores a run of made domains in every state, observations and all, and starts `ipv6check serve` on it. A client in this process
asks with 8 connections. Prints a Markdown table: requests a second, the middle and the slowest of a hundred answers, CPU of the
server's process a request (which other work beside it changes least), and its memory before and after many mixed requests.
"""

import argparse
import asyncio
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle, islice
from os import sysconf
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import httpx

from benchmarks.figures import table
from benchmarks.nights import AGENCIES
from benchmarks.writing import write
from ipv6check.facts import Evidence
from ipv6check.model import Observation, Target
from ipv6check.nightly import judge_run
from ipv6check.plan import make_plan
from ipv6check.store import Archive, Completion, Database
from tests import factories as f

CONNECTIONS: Final = 8
OF_TARGET: Final = ("dns", "authority", "resolution", "resources", "reachability", "web")
OF_ZONE: Final = ("nameservers", "dnssec", "mail_zones", "registration", "server_resources")
SITES: Final = (
    f.Site(),
    f.Site(v6=()),
    f.Site(ports={(f.V6, number): ("timeout",) * 3 for number in (80, 443)}),
    f.Site(ports={(f.V6, 443): ("refused",) * 3}),
    f.Site(leaf=f.certificate(days=-3)),
    f.Site(leaf=f.certificate("khac.hanoi.gov.vn")),
)
TICKS: Final = sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Took:
    """How many requests of a kind took how long: seconds of each, seconds of all, CPU seconds of the server."""

    seconds: Sequence[float]
    whole: float
    cpu: float
    size: int

    def row(self, name: str) -> tuple[str, ...]:
        """A line of the table."""
        n, parts = len(self.seconds), quantiles(self.seconds, n=100)
        return (
            name,
            f"{self.size / 1000:,.0f}",
            f"{n:,}",
            f"{n / self.whole:,.0f}",
            f"{parts[49] * 1000:.1f}",
            f"{parts[98] * 1000:.1f}",
            f"{self.cpu / n * 1000:.2f}",
        )


def main() -> None:
    """Make the run, serve it, ask."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--domains", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=20_000, help="mixed ones, for the memory (default: %(default)s)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ipv6check-bench-") as directory:
        database = Path(directory) / "bench.db"
        store(database, given.domains)
        port = free_port()
        command = [sys.executable, "-m", "ipv6check", "--db", f"sqlite:///{database}", "serve", "--port", str(port)]
        with subprocess.Popen(command) as server:
            try:
                asyncio.run(measure(f"http://[::1]:{port}", server.pid, given.domains, given.requests))
            finally:
                server.terminate()


def store(path: Path, domains: int) -> None:
    """Store and judge a run of so many domains."""
    seen = [f.evidence(site) for site in SITES]
    targets = [
        Target(domain=f"don-vi-{n:04}.hanoi.gov.vn", agency=f"Cơ quan số {n % AGENCIES}", kind="so") for n in range(domains)
    ]
    database = Database(f"sqlite:///{path}")
    database.ready()
    with database.writing():
        archive, run = Archive(database), replace(f.run(), planned=domains)
        archive.start_run(run, make_plan(targets, lambda domain: False))
        write(database, run.id, _items(seen, targets))
        archive.finish_run(run.id)
        judge_run(archive, run.id)
    database.close()


def _items(seen: Sequence[Evidence], targets: Sequence[Target]) -> Iterator[Observation | Completion]:
    """What a scan would have handed over."""
    now = datetime.now(UTC)
    for subject, probe, sequence, facts in _facts(seen, targets):
        yield Observation(subject=subject, probe=probe, sequence=sequence, made_at=now, facts=facts)
    yield from (Completion(target.domain) for target in targets)


def _facts(seen: Sequence[Evidence], targets: Sequence[Target]) -> Iterator[tuple[str, str, int, Any]]:
    """What is stored: subject, probe, sequence number, facts."""
    for probe in OF_ZONE:
        yield f"zone:{f.ZONE}", probe, 1, getattr(seen[0], probe)
    for number, look in enumerate(f.GOOD, start=1):
        yield "vantage", "vantage", number, look
    for target, evidence in zip(targets, cycle(seen), strict=False):
        for probe in OF_TARGET:
            yield target.domain, probe, 1, getattr(evidence, probe)


async def measure(root: str, server: int, domains: int, mixed: int) -> None:
    """Ask, and print what it took."""
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=root, limits=limits, timeout=60, trust_env=False) as client:
        began = time.monotonic()
        await _until_it_answers(client, "/api/v1/runs")
        run = (await client.get("/api/v1/runs")).json()["runs"][0]["id"]
        meanwhile = await ask(client, server, ["/api/v1/runs"] * 300)
        await _until_it_answers(client, "/")
        written = time.monotonic() - began
        rows = [
            ("`/api/v1/runs` while the site is being written", meanwhile),
            *[
                (f"`{url}`", await ask(client, server, [url] * count))
                for url, count in (
                    ("/", 2_000),
                    ("/domain/don-vi-0004.hanoi.gov.vn.html", 2_000),
                    ("/domains", 500),
                    ("/domains?check=REACH-01&outcome=fail", 500),
                    (f"/api/v1/runs/{run}/domains", 1_000),
                    (f"/api/v1/runs/{run}/domains?per_page=500", 200),
                    (f"/api/v1/runs/{run}/domains/don-vi-0002.hanoi.gov.vn", 500),
                )
            ],
        ]
        head = ("address", "kB", "requests", "requests/s", "p50 ms", "p99 ms", "server CPU ms")
        print(table(head, [took.row(name) for name, took in rows]))
        before = memory(server)
        await ask(client, server, mixture(run, domains, mixed))
        after = memory(server)
        print(f"\nSite whole after {written:.0f} s. Memory: {before:.0f} MB, after {mixed:,} mixed requests {after:.0f} MB.")


def mixture(run: str, domains: int, count: int) -> list[str]:
    """Addresses of every kind, most of them light."""
    chance = random.Random(6)
    names = [f"don-vi-{n:04}.hanoi.gov.vn" for n in range(domains)]
    kinds = (
        lambda: "/",
        lambda: f"/domain/{chance.choice(names)}.html",
        lambda: f"/en/domain/{chance.choice(names)}.html",
        lambda: f"/domains?per_page=20&q={chance.randrange(1000)}",
        lambda: f"/domains?format=csv&level=L{chance.randrange(5)}&q={chance.randrange(100)}",
        lambda: f"/api/v1/runs/{run}/domains?per_page=10&page={chance.randrange(1, 100)}",
        lambda: f"/api/v1/runs/{run}/domains/{chance.choice(names)}",
        lambda: "/changes?per_page=20",
        lambda: "/api/v1/trend",
        lambda: f"/nothing/{chance.randrange(10**9)}",
    )
    return [make() for make in islice(cycle(kinds), count)]


async def ask(client: httpx.AsyncClient, server: int, urls: Sequence[str]) -> Took:
    """Ask for all, so many at once; answers must be answers."""
    left, seconds, sizes = iter(urls), [], [0]

    async def asker() -> None:
        for url in left:
            began = time.perf_counter()
            answer = await client.get(url)
            seconds.append(time.perf_counter() - began)
            sizes.append(len(answer.content))
            assert answer.status_code == (404 if url.startswith("/nothing") else 200), (url, answer.text[:200])

    began, cpu = time.perf_counter(), cpu_of(server)
    await asyncio.gather(*(asker() for _ in range(CONNECTIONS)))
    return Took(seconds, time.perf_counter() - began, cpu_of(server) - cpu, max(sizes))


async def _until_it_answers(client: httpx.AsyncClient, url: str) -> None:
    for _ in range(600):
        try:
            if (await client.get(url)).status_code == 200:
                return
        except httpx.ConnectError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit(f"no answer from {url}")


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket(socket.AF_INET6) as one:
        one.bind(("::1", 0))
        port: int = one.getsockname()[1]
        return port


def memory(process: int) -> float:
    """Resident memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def cpu_of(process: int) -> float:
    """CPU seconds of a process so far, all threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
