"""What the tests look at: whole scans, each made once, several beside each other, in labs that nobody else disturbs.

A scan mostly waits, for silence to end and for its own pauses, so what is asked for starts as soon as it is known.
"""

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from tests.interop import forbidden
from tests.interop.killing import POLLS, Killed, kill_scans, kill_set_ups
from tests.interop.lab import Files, Lab, build_country, build_many, environment
from tests.interop.lab_capture import Packet, capturing
from tests.interop.lab_many import COUNTING, FORGETTING, domains
from tests.interop.lab_portal import INTERCEPTING
from tests.interop.other_judges import by_delv, by_openssl, by_unbound, faults_not_shown
from tests.interop.rows import Row, load_rows
from tests.interop.scans import HURRIED, Result, Scan, listed

AT_ONCE: Final = 4
APART: Final = 4.0
"""Seconds between the beginnings of two: each starts a lab and a burst of look-ups, and slowness is measured too."""

TEN_TIMES: Final = 2000
"""Ten times the default concurrency."""

ABROAD: Final = ("sotaichinh", "imcahai", "tuchoicahai", "imv6")
POLITE: Final = ("sotaichinh", "chungnha", "chidinh", "bidanh", "rsa", "vewww", "dong80", "tuchoiv6", "khackhoa", "hainam")
"""First labels of the rows that are looked at from another country, and at the default pace."""

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {}

UNHURRIED: Final = {"new_per_second": 4.0}
"""So that a scan lasts, and something can happen in its middle."""

HALF: Final = 0.5
OUTAGE: Final = 20.0
"""Seconds without IPv6, where it comes back."""

FEW_AT_ONCE: Final = 3


@dataclass(frozen=True)
class Cut:
    """A scan in the middle of which IPv6 went away, and what was done by then."""

    scan: Scan
    rows: tuple[Row, ...]
    done_before: frozenset[str]


@dataclass(frozen=True)
class Behind:
    """A scan of some rows from behind a portal, and what openssl and curl show there of the first."""

    scan: Scan
    rows: tuple[Row, ...]
    shown: str


@dataclass(frozen=True)
class Counted:
    """A scan and the packets that the way saw meanwhile, by counter."""

    scan: Scan
    before: Mapping[str, int]
    counters: Mapping[str, int]


@dataclass(frozen=True)
class Captured:
    """A scan and every packet that opened or closed a connection or asked a question."""

    scan: Scan
    packets: tuple[Packet, ...]


@dataclass(frozen=True)
class Asked:
    """A scan of many zones: questions by address, and how many came too fast; `hurried` when that was provoked before."""

    scan: Scan
    hurried: int
    too_fast: int
    questions: Mapping[str, int]


class Experiments:
    """Makes each experiment once. `start` those that will be wanted, then ask for their results."""

    def __init__(self, files: Files, directory: Path) -> None:
        self.files = files
        self._directory = directory
        self._stack = ExitStack()
        self._labs: dict[str, Lab] = {}
        self._lock = Lock()
        self._gate = Lock()
        self._has_begun = False
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self.running: dict[str, Future[Any]] = {}

    def close(self) -> None:
        """Stop every lab."""
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()

    def start(self, names: Iterable[str]) -> None:
        """Begin these experiments, the longest first, each once."""
        wanted = set(names)
        for name, make in ALL.items():
            if name in wanted and name not in self.running:
                self.running[name] = self._pool.submit(self._begin, make)

    def _begin(self, make: "Callable[[Experiments], Any]") -> Any:
        with self._gate:
            time.sleep(APART * self._has_begun)
            self._has_begun = True
        return make(self)

    def result(self, name: str) -> Any:
        """What an experiment found; its error if it failed."""
        self.start([name])
        return self.running[name].result()

    def lab(self, name: str, *, has_v6: bool = True) -> Lab:
        """A lab by its name, started when first asked for; `country` and `many` are other worlds."""
        with self._lock:
            if name not in self._labs:
                lab = Lab(self._files_of(name), self._directory / f"lab-{name}", has_v6=has_v6)
                self._labs[name] = self._stack.enter_context(lab)
            return self._labs[name]

    def _files_of(self, name: str) -> Files:
        match name:
            case "country":
                return build_country(self._directory / "country", load_rows("zones.toml"))
            case "many":
                return build_many(self._directory / "many")
        return self.files

    def scan(self, lab: Lab, name: str, rows: Iterable[Row], **settings: Mapping[str, Any]) -> Scan:
        """A scan of rows, not yet run, hurried but for what `settings` say."""
        return Scan(lab, self._directory / name, listed(rows), _over(HURRIED, settings))

    def rows(self, labels: Sequence[str]) -> tuple[Row, ...]:
        """Rows by the first label of their domains."""
        return tuple(row for row in self.files.rows if row.domain.partition(".")[0] in labels)


def _over(below: Mapping[str, Mapping[str, Any]], above: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {table: {**below.get(table, {}), **above.get(table, {})} for table in {*below, *above}}


def _main(these: Experiments) -> Scan:
    return these.scan(these.lab("city"), "main", these.files.rows).complete()


def _after_main(these: Experiments, look: Callable[[Lab], Any]) -> Any:
    """Look at the city when the main scan, if there is one, has left it."""
    if "main" in these.running:
        these.result("main")
    return look(these.lab("city"))


def _country(these: Experiments) -> Scan:
    """All rows of the second table, with tables of Internet resources."""
    lab = these.lab("country")
    scan = these.scan(lab, "country-scan", lab.files.rows)
    scan.import_tables(lab.files.tables)
    return scan.complete()


def _after_country(these: Experiments, look: Callable[[Lab], Any]) -> Any:
    """Look at the country when the scan, if there is one, has left it."""
    if "country" in these.running:
        these.result("country")
    return look(these.lab("country"))


def _many(these: Experiments) -> Asked:
    """A thousand agencies at the default pace, every question counted; first, that a hurried questioner would be noticed."""
    lab = these.lab("many")
    lab.nft(COUNTING)
    lab.by_hand(f"for n in $(seq 40); do dig +tries=1 +time=1 SOA vn @{lab.files.world.hosts['a.root.vn'].at[6]} & done; wait")
    hurried = lab.counters()["too_fast"]
    lab.nft(FORGETTING)
    targets = [(domain, "Cơ quan", "so") for domain in domains()]
    settings = {"tries": HURRIED["tries"]}
    scan = Scan(lab, these._directory / "many-scan", targets, settings).complete()
    questions = {address: count for family in (4, 6) for address, count in lab.counted(f"asked{family}").items()}
    return Asked(scan, hurried, lab.counters()["too_fast"], questions)


def _crowd(these: Experiments) -> Scan:
    return these.scan(these.lab("crowd"), "crowd", these.files.rows, network={"concurrency": TEN_TIMES}).complete()


def _alone(these: Experiments) -> Scan:
    rows = [row for row in these.files.rows if row.get("sample")]
    return these.scan(these.lab("crowd"), "alone", rows, network={"concurrency": 1}).complete()


def _abroad(these: Experiments) -> Scan:
    return these.scan(these.lab("crowd"), "abroad", these.rows(ABROAD), vantage={"country": "SG"}).complete()


def _without_v6(these: Experiments) -> Scan:
    return these.scan(these.lab("no-v6", has_v6=False), "no-v6", these.files.rows).complete()


def _cut(these: Experiments) -> Cut:
    return _with_outage(these, "cut", None)


def _restored(these: Experiments) -> Cut:
    return _with_outage(these, "restored", OUTAGE)


def _with_outage(these: Experiments, name: str, seconds: float | None) -> Cut:
    """Scan slowly, cut IPv6 when half of the domains are done, and give it back after so many seconds or never."""
    lab = these.lab(name)
    rows = tuple(row for row in these.files.rows if row.is_healthy or row.get("sample"))
    scan = these.scan(lab, name, rows, network={"concurrency": FEW_AT_ONCE}, pace=UNHURRIED)
    process = scan.popen("scan", str(scan.targets_file))
    while process.poll() is None and len(scan.done()) < len(rows) * HALF:
        time.sleep(POLLS)
    lab.cut_v6()
    done_before = frozenset(scan.done())
    if seconds is not None:
        time.sleep(seconds)
        lab.restore_v6()
    said, _ = process.communicate()
    scan.ended(process.returncode, said)
    return Cut(scan, rows, done_before)


def _portal(these: Experiments) -> Behind:
    """Scan a few domains while a portal answers in the place of every web site."""
    lab = these.lab("portal")
    lab.nft(INTERCEPTING)
    rows = these.rows(POLITE)
    shown = lab.by_hand(f"tls {rows[0].address('6')} {rows[0].domain}; get {rows[0].address('4')} http://{rows[0].domain}/")
    return Behind(these.scan(lab, "portal", rows).complete(), rows, shown)


def _closed(these: Experiments) -> Counted:
    """Scan two hundred forbidden addresses, and prove first that a packet to one would be counted."""
    lab = these.lab("closed")
    targets = [(case.domain, f"Cơ quan {number}", "so") for number, case in enumerate(forbidden.cases())]
    scan = Scan(lab, these._directory / "closed", targets, HURRIED)
    lab.by_hand("exec 3<>/dev/udp/10.9.8.7/9; echo >&3; exec 3<>/dev/udp/fd00::1/9; echo >&3; echo >/dev/tcp/127.0.0.1/9")
    before = lab.counters()
    lab.nft("reset counters table inet lab")
    scan.complete()
    return Counted(scan, before, lab.counters())


def _polite(these: Experiments) -> Captured:
    """Scan a few domains as the program comes: default pace, default tries."""
    lab = these.lab("polite")
    scan = Scan(lab, these._directory / "polite", listed(these.rows(POLITE)), DEFAULTS)
    with capturing(lab, these._directory / "polite" / "packets.jsonl") as packets:
        scan.complete()
    return Captured(scan, packets())


def _killed(these: Experiments) -> Killed:
    rows = tuple(row for row in these.files.rows if row.is_healthy)
    lab = these.lab("killed")
    return kill_scans(rows, lambda name: these.scan(lab, name, rows, network={"concurrency": FEW_AT_ONCE}, pace=UNHURRIED))


def _set_up(these: Experiments) -> list[str]:
    return kill_set_ups(lambda name: these.scan(these.lab("killed"), name, ()))


def judged_again(scan: Scan, directory: Path) -> tuple[list[Any], list[Any]]:
    """The verdicts of a scan as stored, and after `judge --all` in a namespace that has no network at all."""
    copy = directory / "copy.db"
    with closing(sqlite3.connect(scan.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    before = _stored_verdicts(copy)
    nowhere = ["unshare", "-n", "--"] if os.geteuid() == 0 else ["unshare", "-Urn", "--"]
    command = [*nowhere, *scan.command("--db", f"sqlite:///{copy}", "judge", "--all")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False, timeout=120, env=environment())
    assert done.returncode == 0, done.stderr
    return before, _stored_verdicts(copy)


def _stored_verdicts(database: Path) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return [
            connection.execute(f"select * from {table} order by {keys}").fetchall()
            for table, keys in (
                ("verdict", "run_id, domain"),
                ("latest", "domain"),
                ("tally", 'run_id, "check", outcome'),
                ("agency_tally", "run_id, agency"),
            )
        ]


def results_of(results: Mapping[str, Result], rows: Iterable[Row]) -> dict[str, Result]:
    """The results of these rows only."""
    return {row.domain: results[row.domain] for row in rows if row.domain in results}


ALL: Final[Mapping[str, Callable[[Experiments], Any]]] = {
    "main": _main,
    "country": _country,
    "many": _many,
    "crowd": _crowd,
    "cut": _cut,
    "without_v6": _without_v6,
    "restored": _restored,
    "killed": _killed,
    "set_up": _set_up,
    "alone": _alone,
    "polite": _polite,
    "portal": _portal,
    "closed": _closed,
    "abroad": _abroad,
    "shown": lambda these: _after_main(these, faults_not_shown),
    "delv": lambda these: _after_main(these, by_delv),
    "country_shown": lambda these: _after_country(these, faults_not_shown),
    "country_delv": lambda these: _after_country(these, by_delv),
    "country_unbound": lambda these: _after_country(these, by_unbound),
    "openssl": lambda these: _after_main(these, by_openssl),
}
"""Every experiment, in the order in which they begin."""
