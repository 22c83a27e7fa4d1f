"""Runs of the real command over the lab, measured from outside; its database is read without the program's own code."""

import csv
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.country import CANARIES, Agency
from benchmarks.lab import FILES_AT_ONCE, Lab
from ipv6check.store.codec import verdicts_as_json
from tests.interop.lab_addresses import RESOLVER

DEFAULT_CONCURRENCY: Final = 200
TEN_TIMES: Final = 10 * DEFAULT_CONCURRENCY
SUMMARY: Final = re.compile(
    r"loop lag p99 (?P<lag>[\d.]+) s, \{'questions': (?P<questions>\d+), 'connections': (?P<connections>\d+)"
)
DONE: Final = frozenset({0, 3})
"""How a scan ends that went through."""

HIGH_WATER: Final = re.compile(r"VmHWM:\s+(\d+) kB")
MEMORY_TICK: Final = 0.1
"""Seconds between looks at the memory of children."""

Verdicts = Mapping[str, Mapping[str, str]]
"""By domain and check: the outcome, with its reason."""


@dataclass(frozen=True)
class Summary:
    """What the command says of itself at the end: seconds, counts."""

    lag: float
    questions: int
    connections: int


@dataclass(frozen=True)
class Run:
    """One scan: wall clock and CPU in seconds, peak memory in MB, of all its processes, and the database it left."""

    domains: tuple[str, ...]
    wall: float
    cpu: float
    peak: float
    summary: Summary
    database: Path

    @property
    def rate(self) -> float:
        """Domains per second, from the start of the program to its end."""
        return len(self.domains) / self.wall

    @property
    def cpu_per_domain(self) -> float:
        """Milliseconds."""
        return self.cpu / len(self.domains) * 1000

    @cached_property
    def first_pass(self) -> float:
        """Seconds from the start of the run until the first pass over the last domain was through."""
        ((started,),) = self._query("select started_at from run")
        ((ended,),) = self._query("select max(made_at) from observation where sequence = 1 and subject <> 'vantage'")
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()

    @property
    def first_pass_rate(self) -> float:
        """Domains per second of the first pass."""
        return len(self.domains) / self.first_pass

    @cached_property
    def handshakes(self) -> int:
        """TLS handshakes that were completed, as the stored facts have them; turned down old versions do not count."""
        return sum(_is_shaken(fetch) for facts in self._facts("web") for fetch in _fetches(facts))

    @cached_property
    def fetches(self) -> int:
        """HTTP exchanges, HTTPS included."""
        return sum(1 for facts in self._facts("web") for _ in _fetches(facts))

    @cached_property
    def verdicts(self) -> Verdicts:
        """What was judged."""
        rows = self._query("select domain, verdicts from verdict")
        return {domain: outcomes(verdicts_as_json(stored)) for domain, stored in rows}

    def seconds_in_first_pass(self, domain: str) -> float:
        """How long a domain took from its first question to the end of its first pass."""
        (stored,) = [
            row for (row,) in self._query("select facts from observation where probe = 'dns' and subject = ?", domain)
        ][:1]
        begun = json.loads(zlib.decompress(stored))["listed"]["aaaa"]["tries"][0]["start"]
        ((ended,),) = self._query("select max(made_at) from observation where sequence = 1 and subject = ?", domain)
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()

    def _facts(self, probe: str) -> Iterator[Any]:
        newest = "select facts, max(sequence) from observation where probe = ? group by subject"
        for stored, _ in self._query(newest, probe):
            yield json.loads(zlib.decompress(stored))

    def _query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, parameters).fetchall()


class Scanner:
    """Makes runs in a lab, each with a database and a resolver of its own."""

    def __init__(self, lab: Lab, spacing: tuple[float, float] | None = None) -> None:
        self._lab = lab
        self._tries = f"[tries]\nspacing = {list(spacing)}\n" if spacing else ""
        self._count = 0

    def scan(self, agencies: Sequence[Agency], concurrency: int = DEFAULT_CONCURRENCY, only: str = "") -> Run:
        """Scan these domains with every setting at its default but the concurrency (and the pauses between tries, if given).

        `only` names families of checks (see `ipv6check scan --only`).
        """
        self._lab.fresh_resolver()
        return self._end(*self._begin(agencies, concurrency, only))

    def judge(self, run: Run) -> float:
        """Judge a run once more: milliseconds of CPU a domain, the program's start included."""
        own = run.database.parent
        with (own / "judge.log").open("wb") as log:
            process = self._start(["judge"], own, log, log)
        used, _ = _used(process, own / "judge.log")
        return (used.ru_utime + used.ru_stime) / len(run.domains) * 1000

    def scan_one_by_one(self, agencies: Sequence[Agency], lanes: int) -> Verdicts:
        """Verdicts at concurrency 1, by a few programs beside each other that share the list."""
        self._lab.fresh_resolver()
        begun = [self._begin(agencies[lane::lanes], 1) for lane in range(lanes)]
        return {domain: verdicts for run in begun for domain, verdicts in self._end(*run).verdicts.items()}

    def _begin(
        self, agencies: Sequence[Agency], concurrency: int, only: str = ""
    ) -> tuple[tuple[str, ...], Path, float, "subprocess.Popen[bytes]"]:
        self._count += 1
        own = self._lab.directory / f"run-{self._count}"
        own.mkdir()
        (own / "ipv6check.toml").write_text(self._configuration(own, concurrency))
        domains = tuple(agency.domain for agency in agencies)
        with (own / "targets.csv").open("w", newline="") as out:
            csv.writer(out).writerows([("domain", "agency", "kind"), *((domain, domain, "so") for domain in domains)])
        began = time.monotonic()
        with (own / "stderr.log").open("wb") as err, (own / "stdout.log").open("wb") as out:
            process = self._start(["scan", "targets.csv", *(["--only", only] if only else [])], own, out, err)
        return domains, own, began, process

    def _start(self, command: Sequence[str], own: Path, out: IO[bytes], err: IO[bytes]) -> "subprocess.Popen[bytes]":
        program = [str(Path(sys.executable).with_name("ipv6check")), "-v", "--config", "ipv6check.toml"]
        return subprocess.Popen(
            [*program, *command], stdout=out, stderr=err, cwd=own, env=environment(), preexec_fn=_allow_files
        )

    def _end(self, domains: tuple[str, ...], own: Path, began: float, process: "subprocess.Popen[bytes]") -> Run:
        with _peaks_of_children(process.pid) as peaks:
            used, said = _used(process, own / "stderr.log")
        wall = time.monotonic() - began
        cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6 + sum(peaks.values())
        return Run(domains, wall, cpu, peak, read_summary(said), own / "ipv6check.db")

    def _configuration(self, own: Path, concurrency: int) -> str:
        zones = self._lab.directory / "zones"
        return f"""
[network]
resolver = ["{RESOLVER}"]
root_hints = "{zones}/root.hints"
trust_anchor = "{zones}/root.ds"
ca_file = "{self._lab.directory}/certificates/root.pem"
concurrency = {concurrency}
[vantage]
name = "lab"
canaries = {json.dumps(CANARIES)}
[store]
url = "sqlite:///{own}/ipv6check.db"
{self._tries}"""


def _used(process: "subprocess.Popen[bytes]", log: Path) -> tuple[resource.struct_rusage, str]:
    """Wait for a program: what it used, and what it said. Raises RuntimeError when it did not go through."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text()
    if process.returncode not in DONE or "bug in probe" in said:
        raise RuntimeError(f"{log.stem} ended with {process.returncode}: {said[-2000:]}")
    return used, said


@contextmanager
def _peaks_of_children(parent: int) -> Iterator[dict[int, float]]:
    """Watch the children of a process: the peak memory of each in MB. What is said of a process by `wait4` leaves them out."""
    peaks: dict[int, float] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(MEMORY_TICK):
            with suppress(OSError):  # it has ended
                for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                    if found := HIGH_WATER.search(Path(f"/proc/{child}/status").read_text()):
                        peaks[int(child)] = int(found[1]) * 1024 / 1e6

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


def environment() -> dict[str, str]:
    """The environment of the command: this tree's code, no setting of the caller's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[1]), "LC_ALL": "C.UTF-8"}


def _allow_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, FILES_AT_ONCE), most))


def read_summary(said: str) -> Summary:
    """The last summary in what the command said. Raises ValueError when there is none."""
    found = list(SUMMARY.finditer(said))
    if not found:
        raise ValueError("the command said nothing of itself")
    return Summary(float(found[-1]["lag"]), int(found[-1]["questions"]), int(found[-1]["connections"]))


def outcomes(stored: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Stored verdicts (id to outcome, case, reason, arguments) as outcomes with their reasons."""
    return {id_: ":".join([entry[0], *(entry[2:3] if len(entry) > 2 and entry[2] else [])]) for id_, entry in stored.items()}


def _fetches(facts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in facts.get("names", ()):
        for at in name.get("addresses", ()):
            yield from at.get("https", ())
            yield from at.get("http", ())


def _is_shaken(fetch: Mapping[str, Any]) -> bool:
    return bool((fetch.get("tls") or {}).get("version"))
