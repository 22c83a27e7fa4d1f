"""What a large site costs: `python -m benchmarks.site [--domains N]` writes one after a year of nights, and asks for tables.

5,000 made domains of 170 agencies, judged from made evidence (`benchmarks.serve`). One night is measured; the 364 before it are
that night again, each a day earlier, with made changes: what is told differs from a real year, what it costs does not. Prints
the time to write the site, its largest pages of each kind, and the time and size of the first page of each table. No network.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from benchmarks.figures import table
from benchmarks.serve import store
from ipv6check.changes import LEVEL, Change, Kind
from ipv6check.config import Settings, Store
from ipv6check.model import Run
from ipv6check.nightly import in_order
from ipv6check.programme import course, load
from ipv6check.reports.past import RECENT, STRIP_DAYS, Past
from ipv6check.reports.site import write_site
from ipv6check.score import Card
from ipv6check.serve.app import app
from ipv6check.store import Archive, Database

NIGHTS: Final = 365
CHANGES: Final = 10_000
TABLES: Final = ("domains", "changes", "agencies", "checks", "runs")
ROUNDS: Final = 15


def main() -> None:
    """Make, write, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__)
    parser.add_argument("--domains", type=int, default=5_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ipv6check-bench-") as directory:
        path, site = Path(directory) / "bench.db", Path(directory) / "site"
        store(path, given.domains)
        database = Database(f"sqlite:///{path}")
        archive = Archive(database)
        run = archive.run()
        cards = archive.cards(run.id)
        past = year_before(archive, run, cards)
        began, cpu = time.monotonic(), time.process_time()
        write_site(run, cards, site, evidence_of=in_order(archive.evidences(run.id)), past=past, is_live=True)
        print(
            f"{len(cards):,} domains: written in {time.monotonic() - began:.0f} s ({time.process_time() - cpu:.0f} s of CPU)\n"
        )
        database.close()
        print_sizes(site)
        print(asyncio.run(first_pages(path)))


def year_before(archive: Archive, run: Run, cards: list[Card]) -> Past:
    """One night as if it had been every night of a year."""
    runs = tuple(
        replace(run, id=f"{run.id}-{n}" if n else run.id, started_at=run.started_at - timedelta(days=n)) for n in range(NIGHTS)
    )
    shown = runs[:STRIP_DAYS][::-1]
    tallies = archive.history.tallies([run.id])
    levels = [(one.started_at, tallies[LEVEL][0][1]) for one in runs[::-1]]
    return Past(
        runs=runs,
        changes=tuple(changes(runs, cards)),
        levels={card.target.domain: [(one.started_at, one.id, *_level(card)) for one in shown] for card in cards},
        tallies={check: [(one.started_at, counts) for one in shown] for check, ((_, counts),) in tallies.items()},
        courses=tuple(course(goal, levels) for goal in load()),
    )


def _level(card: Card) -> tuple[int, bool]:
    return card.score.level.number, card.score.level.is_minimum


def changes(runs: tuple[Run, ...], cards: list[Card]) -> Iterator[Change]:
    """Many, over the nights that are told."""
    for n in range(CHANGES):
        card, run = cards[n % len(cards)], runs[n % RECENT.days]
        yield Change(
            domain=card.target.domain,
            check="REACH-01",
            kind=Kind.LOST if n % 2 else Kind.GAINED,
            before="pass",
            after="fail",
            run_id=run.id,
            since=run.id,
        )


def print_sizes(site: Path) -> None:
    """The largest page of each kind, in Vietnamese, and how many there are."""
    kinds: dict[str, list[int]] = {}
    for path in site.rglob("*.html"):
        place = path.relative_to(site)
        if place.parts[0] != "en":
            kinds.setdefault(place.parts[0] if len(place.parts) == 1 else f"{place.parts[0]}/", []).append(path.stat().st_size)
    files = [path for path in site.rglob("*") if path.is_file()]
    print(f"{len(files):,} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB\n")
    rows = [(kind, f"{len(sizes):,}", f"{max(sizes) / 1000:,.0f}") for kind, sizes in sorted(kinds.items())]
    print(table(("page", "files", "largest, kB"), rows), "\n")


async def first_pages(path: Path) -> str:
    """The first page of each table: the very first time, then the middle of several."""
    served = app(Settings(store=Store(url=f"sqlite:///{path}")))
    rows = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://test", timeout=600) as client:
        for name in TABLES:
            seconds, size = [], 0
            for _ in range(ROUNDS + 1):
                began = time.perf_counter()
                answer = await client.get(f"/{name}")
                seconds.append(time.perf_counter() - began)
                size = len(answer.content)
            rows.append(
                (f"`/{name}`", f"{size / 1000:,.0f}", f"{seconds[0] * 1000:,.0f}", f"{median(seconds[1:]) * 1000:,.0f}")
            )
    return table(("address", "kB", "first, ms", "then, ms"), rows)


if __name__ == "__main__":
    main()
