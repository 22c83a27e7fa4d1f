"""What storing costs: `python -m benchmarks.store DATABASE DIRECTORY DOMAINS ROUNDS`, on what a run in DATABASE has seen.

Writes observations, completions and verdicts of so many domains as a scan does (encoding, batches, one writer thread, verdicts
with tally and latest), and the very same tuples with sqlite3's `executemany` in one transaction. Encoding alone is timed too.
Prints seconds of CPU, all threads, as JSON: other work beside it changes those least.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from benchmarks.writing import write
from ipv6check.facts import Evidence, RunFacts
from ipv6check.model import Observation, Target
from ipv6check.nightly import card_of
from ipv6check.plan import make_plan
from ipv6check.rules import RULES_VERSION
from ipv6check.score import Card
from ipv6check.store import Archive, Completion, Database
from ipv6check.store.codec import encode_facts, encode_verdicts

DIFFERENT: Final = 200
"""Domains whose facts are really different; they are written again under other names."""

OWN: Final = ("dns", "authority", "reachability", "web")
TABLES: Final = ("run", "target", "observation", "verdict", "latest", "tally", "agency_tally")


def main(source: Path, directory: Path, domains: int, rounds: int) -> None:
    """Measure in turns."""
    archive = Archive(Database(f"sqlite:///{source}"))
    run = archive.conditions(archive.run().id)
    seen = list(islice(archive.evidences(run.id), DIFFERENT))
    evidences = [_renamed(evidence, number) for number, evidence in enumerate(islice(cycle(seen), domains))]
    cards = [card_of(evidence) for evidence in seen]
    renamed = [replace(card, target=evidence.target) for card, evidence in zip(cycle(cards), evidences, strict=False)]
    _store(directory / "first.db", run, evidences, renamed)
    rows = {table: _rows(directory / "first.db", table) for table in TABLES}
    ours, bare, encoding = [], [], []
    for number in range(rounds):
        ours.append(_store(directory / f"ours-{number}.db", run, evidences, renamed))
        bare.append(_insert(directory / f"bare-{number}.db", rows))
        encoding.append(_encode(evidences, renamed))
    counts = {table: len(rows[table]) for table in TABLES}
    size = (directory / "first.db").stat().st_size
    print(json.dumps({"ours": ours, "bare": bare, "encoding": encoding, "rows": counts, "size": size}))


def _renamed(evidence: Evidence, number: int) -> Evidence:
    assert evidence.target is not None
    return replace(evidence, target=replace(evidence.target, domain=f"{number:05}.{evidence.target.domain}"))


def _store(path: Path, run: RunFacts, evidences: Sequence[Evidence], cards: Sequence[Card]) -> float:
    """Store as a scan does; return the CPU seconds it took, without setting the database up."""
    database = Database(f"sqlite:///{path}")
    database.ready()
    targets = [evidence.target for evidence in evidences if evidence.target is not None]
    with database.writing():
        began = time.process_time()
        archive = Archive(database)
        archive.start_run(run, make_plan(targets, lambda domain: False))
        write(database, run.id, _items(evidences, targets))
        archive.save_verdicts(run.id, RULES_VERSION, iter(cards))
        seconds = time.process_time() - began
    database.close()
    return seconds


def _items(evidences: Sequence[Evidence], targets: Sequence[Target]) -> Iterator[Observation | Completion]:
    now = datetime.now(UTC)
    for evidence, target in zip(evidences, targets, strict=True):
        subjects = dict.fromkeys(OWN, target.domain) | {"nameservers": f"zone:{target.domain}"}
        for probe, subject in subjects.items():
            facts = getattr(evidence, probe)
            if facts is not None:
                yield Observation(subject=subject, probe=probe, sequence=1, made_at=now, facts=facts)
        yield Completion(target.domain)


def _encode(evidences: Sequence[Evidence], cards: Sequence[Card]) -> float:
    """Encode what `_store` encodes; return the CPU seconds it took."""
    targets = [evidence.target for evidence in evidences if evidence.target is not None]
    began = time.process_time()
    for item in _items(evidences, targets):
        if isinstance(item, Observation):
            encode_facts(item.facts)
    for card in cards:
        encode_verdicts(dict(card.verdicts))
    return time.process_time() - began


def _rows(path: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"select * from {table}").fetchall()


def _insert(path: Path, rows: dict[str, list[tuple[Any, ...]]]) -> float:
    """Insert the bare tuples into the same tables; return the CPU seconds it took."""
    database = Database(f"sqlite:///{path}")
    database.ready()
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        began = time.process_time()
        for table, tuples in rows.items():
            if tuples:
                connection.executemany(f"insert into {table} values ({', '.join('?' * len(tuples[0]))})", tuples)
        connection.commit()
        return time.process_time() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
