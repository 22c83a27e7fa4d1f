"""What a year of history costs: `python -m benchmarks.year [--small]` makes it, stores it night by night and asks it questions.

1,000 domains, 365 nights, 113 checks (see `benchmarks.nights`), no evidence. Prints what a night takes to store, how large each
table becomes, and what CPU each question takes at 36 nights and at the end: the median of several, from a database that was
read before. `--small` is to see that it works, not for figures.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.nights import START, Year, run_id_of, store
from ipv6check.changes import LEVEL
from ipv6check.store import Archive, Database

CHECK: Final = "REACH-01"
ROUNDS: Final = 9
FIRST: Final = 36
MEGABYTE: Final = 1_000_000

Question = Callable[[Archive], Any]


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="50 domains, 48 nights")
    parser.add_argument("--keep", type=Path, help="file to make the database in (default: one that is thrown away)")
    given = parser.parse_args()
    year = Year(50, 48) if given.small else Year(1_000, 365)
    with tempfile.TemporaryDirectory() as directory:
        measure(given.keep or Path(directory) / "year.db", year)


def measure(path: Path, year: Year) -> None:
    """Make the year in a new file, and print what it costs."""
    database = Database(f"sqlite:///{path}")
    database.ready()
    seconds: list[float] = []
    times: list[dict[str, float]] = []
    with database.writing():
        for night, cards in enumerate(year):
            began = time.perf_counter()
            store(database, year, night, cards)
            seconds.append(time.perf_counter() - began)
            if night + 1 in {FIRST, year.nights}:
                times.append(ask(database, questions(path, year, night)))
    database.close()
    print(f"{year.domains} domains, {year.nights} nights\n")
    print(f"storing a night: {median(seconds[:FIRST]):.2f} s at first, {median(seconds[-FIRST:]):.2f} s at the end\n")
    print_sizes(path)
    print_times(times, year)


def questions(path: Path, year: Year, night: int) -> dict[str, Question]:
    """What is asked after a night."""
    recent = [run_id_of(n) for n in range(night - 29, night + 1)]
    run_id, before = run_id_of(night), run_id_of(night - 10)
    since = START + timedelta(days=night - FIRST + 1)
    domain, agency = year.targets[0].domain, year.targets[0].agency
    of_agency = [target.domain for target in year.targets if target.agency == agency]
    return {
        "latest of all: the cards of the newest run": lambda archive: archive.cards(archive.run().id),
        "latest of all: its rows alone": lambda archive: _rows_of_newest(path),
        "latest of one domain": lambda archive: archive.cards(str(archive.latest_run_of(domain)), [domain]),
        "trend of one check": lambda archive: archive.history.tally(CHECK),
        f"trend of one check, the newest {FIRST} nights": lambda archive: archive.history.tally(CHECK, since=since),
        "trend of the level": lambda archive: archive.history.tally(LEVEL),
        "trend of one check, one agency": lambda archive: archive.history.tally(CHECK, agency),
        "changes of a night": lambda archive: archive.history.changes([run_id]),
        "changes of ten nights": lambda archive: archive.history.changes([run_id_of(n) for n in range(night - 9, night + 1)]),
        "one domain: 90 levels and its changes": lambda archive: (
            archive.history.levels(domain),
            archive.history.changes(domains={domain}),
        ),
        f"an agency's page ({len(of_agency)} domains)": lambda archive: (
            archive.cards(run_id, of_agency),
            archive.history.changes(recent, domains=of_agency),
            archive.history.tally(LEVEL, agency),
        ),
        "one card of an old run": lambda archive: archive.cards(before, [domain]),
        "levels of all domains on 30 nights": lambda archive: archive.history.levels_of_all(recent),
        "the runs": lambda archive: archive.runs(),
    }


def _rows_of_newest(path: Path) -> list[Any]:
    """What `cards` reads, as it is stored."""
    newest = "select id from run order by started_at desc limit 1"
    with closing(sqlite3.connect(path)) as connection:
        query = f"select * from verdict join target using (run_id, domain) where run_id = ({newest})"
        return connection.execute(query).fetchall()


def ask(database: Database, questions: Mapping[str, Question]) -> dict[str, float]:
    """Milliseconds of CPU that each question takes: other work beside it changes those least."""
    archive = Archive(database)
    found = {}
    for name, question in questions.items():
        taken = []
        for _ in range(ROUNDS):
            began = time.process_time()
            question(archive)
            taken.append((time.process_time() - began) * 1000)
        found[name] = median(taken)
    return found


def print_sizes(path: Path) -> None:
    """Octets of each table with its indexes."""
    query = (
        "select m.tbl_name, sum(s.pgsize) from dbstat s join sqlite_master m on m.name = s.name "
        "group by m.tbl_name having sum(s.pgsize) > 100000 order by 2 desc"
    )
    with closing(sqlite3.connect(path)) as connection:
        for table, octets in connection.execute(query):
            (rows,) = connection.execute(f'select count(*) from "{table}"').fetchone()
            print(f"{table}: {octets / MEGABYTE:.1f} MB, {rows:,} rows")
    print(f"all: {path.stat().st_size / MEGABYTE:.1f} MB\n")


def print_times(times: Sequence[Mapping[str, float]], year: Year) -> None:
    """A table of milliseconds."""
    first, last = times
    print(f"| question | at {FIRST} nights, ms | at {year.nights} nights, ms | ratio |\n| --- | --- | --- | --- |")
    for name in last:
        print(f"| {name} | {first[name]:.1f} | {last[name]:.1f} | {last[name] / first[name]:.1f} |")


if __name__ == "__main__":
    main()
