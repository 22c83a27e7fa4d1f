"""`python -m benchmarks [--small] [--out FILE]`: the whole benchmark, in a network namespace without uplink.

Figures are written as Markdown to stdout and as JSON to FILE; progress goes to stderr.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks import shell
from benchmarks.country import CANARIES, canary
from benchmarks.figures import Bar, bare_cost, median_ratio, most_per_second, share_of_equal, table, table_of_bars
from benchmarks.lab import Lab, enter
from benchmarks.scans import DEFAULT_CONCURRENCY, TEN_TIMES, Run, Scanner
from benchmarks.shell import Piped

OUT: Final = Path("results/bench.json")
AT_ONCE: Final = (2, 4, 8)
"""Processes of the pipeline."""

SILENT_SHARE: Final = 0.3
HANDSHAKE_SECONDS: Final = 2


@dataclass(frozen=True)
class Size:
    """How much is measured: domains of the growing runs, of the pipeline and of the store, samples, and how often."""

    growth: tuple[int, int, int]
    piped: int
    stored: int
    lanes: int
    per_lane: int
    rounds: int
    spacing: tuple[float, float] | None = None


FULL: Final = Size((250, 1000, 4000), 200, 10_000, 8, 4, 3)
SMALL: Final = Size((20, 40, 80), 20, 500, 4, 2, 1, (0.5, 1.0))


def main() -> None:
    """Read the command line, enter the namespace, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a few domains, once: to see that it works, not for figures")
    parser.add_argument("--out", type=Path, default=OUT, help="where the JSON goes (default: %(default)s)")
    given = parser.parse_args()
    enter()
    with tempfile.TemporaryDirectory(prefix="ipv6check-bench-") as directory:
        bench = Bench(SMALL if given.small else FULL, Path(directory) / "lab")
        bench.measure()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(bench.plain(), indent=1) + "\n")
    print(bench.report())


class Bench:
    """All steps, in order; every step says that it is done."""

    def __init__(self, size: Size, directory: Path) -> None:
        self._size = size
        small, middle, large = size.growth
        self._mixed = (middle - round(middle * SILENT_SHARE), round(middle * SILENT_SHARE))
        self._lab = Lab(directory, large, self._mixed[1])
        self._scanner = Scanner(self._lab, size.spacing)
        self._runs: dict[int, list[Run]] = {small: [], middle: [], large: []}
        self._piped: dict[int, list[Piped]] = {count: [] for count in AT_ONCE}
        self._handshake_ms: list[float] = []
        self._judging: list[float] = []
        self._bars: list[Bar] = []
        self._more: dict[str, Any] = {}
        self._began = time.monotonic()

    def measure(self) -> None:
        """Do everything."""
        self._lab.make()
        with self._lab:
            self._say(f"{len(self._lab.answering)} domains that answer and {len(self._lab.silent)} silent ones are served")
            for number in range(self._size.rounds):
                self._beside_the_shell(backwards=bool(number % 2))
            self._grow()
            self._with_silent_hosts()
        self._store()
        self._bars.sort(key=lambda bar: bar.number)

    def _beside_the_shell(self, *, backwards: bool) -> None:
        """One round of bars 2 and 3: the scanner at two sizes, the pipeline, bare handshakes; every other round in reverse."""
        small, middle, _ = self._size.growth
        steps = [
            lambda: self._run(small),
            lambda: self._run(middle),
            self._judge,
            *(lambda count=count: self._pipe(count) for count in AT_ONCE),
            self._shake,
        ]
        for step in reversed(steps) if backwards else steps:
            step()

    def _grow(self) -> None:
        """Bars 2 to 5 and 11, with one run of the largest size."""
        _, middle, large = self._size.growth
        grown, runs = self._run(large), self._runs[middle]
        at_best = max(AT_ONCE, key=lambda n: median(piped.rate for piped in self._piped[n]))
        best = [piped.rate for piped in self._piped[at_best]]
        costs = [
            bare_cost(run.handshakes / len(run.domains), ms, run.summary.questions / len(run.domains))
            for run, ms in zip(runs, self._handshake_ms, strict=True)
        ]
        self._bar(2, "domains/s, over the shell pipeline's best", ">=", 1.5, median_ratio([r.rate for r in runs], best))
        observing = [run.cpu_per_domain - judging for run, judging in zip(runs, self._judging, strict=True)]
        self._bar(3, "CPU per domain, over bare handshakes and questions", "<=", 8, median_ratio(observing, costs))
        self._bar(3, "the same with starting and judging", "<=", 8, median_ratio(map(_cpu, runs), costs))
        middle_peak, middle_cpu = median(run.peak for run in runs), median(map(_cpu, runs))
        self._bar(4, f"peak memory, {large:,} domains over {middle:,}", "<=", 1.25, grown.peak / middle_peak)
        self._bar(5, f"CPU per domain, {large:,} domains over {middle:,}", "<=", 1.15, grown.cpu_per_domain / middle_cpu)
        self._bar(11, "loop lag p99 at the default concurrency, s", "<", 0.1, median(run.summary.lag for run in runs))

    def _with_silent_hosts(self) -> None:
        """Bars 1, 6 and 7: a share of silent hosts at the default concurrency, at ten times it, and one by one."""
        answering, silent = self._lab.answering[: self._mixed[0]], self._lab.silent
        mixed = [*answering, *silent]
        without = self._runs[self._size.growth[1]]
        default = self._noted(self._scanner.scan(mixed), "with silent hosts")
        crowd = self._noted(self._scanner.scan(mixed, TEN_TIMES), "with silent hosts, ten times the concurrency")
        sample = [*answering[: self._size.lanes * (self._size.per_lane - 1)], *silent[: self._size.lanes]]
        alone = self._scanner.scan_one_by_one(sample, self._size.lanes)
        self._say(f"{len(sample)} domains one by one")
        calm = self._scanner.scan([*answering[:10], *silent[:10]])
        self._say("seconds in the system without a crowd")
        seconds = [
            median(calm.seconds_in_first_pass(agency.domain) for agency in some) for some in (silent[:10], answering[:10])
        ]
        allowed = most_per_second(DEFAULT_CONCURRENCY, SILENT_SHARE, *seconds)
        alike, wrong = share_of_equal(alone, crowd.verdicts)
        alike_default, wrong_default = share_of_equal(default.verdicts, crowd.verdicts)
        first_verdicts = {agency.domain: without[0].verdicts[agency.domain] for agency in answering}
        alike_without, wrong_without = share_of_equal(first_verdicts, default.verdicts)
        self._bar(1, f"verdicts at ten times the concurrency as one by one ({len(sample)} domains)", "=", 1, alike)
        self._bar(1, f"verdicts at ten times the concurrency as at the default ({len(mixed)} domains)", "=", 1, alike_default)
        self._bar(6, "peak memory at ten times the concurrency, over the default", "<=", 3, crowd.peak / default.peak)
        rate = median(run.first_pass_rate for run in without)
        measured = default.first_pass_rate / min(allowed, rate)
        self._bar(7, "30 % silent: domains/s of the first pass over min(Little's law, without them)", ">=", 0.8, measured)
        whole = default.rate / min(allowed, median(run.rate for run in without))
        self._bar(7, "30 % silent: the whole run with its confirmation tries, over the same", ">=", 0.8, whole)
        self._bar(7, "30 % silent: verdicts of the others as without them", "=", 1, alike_without)
        self._more["silent"] = {"seconds_silent": seconds[0], "seconds_answering": seconds[1], "allowed": allowed}
        self._more["changed"] = [*wrong, *wrong_default, *wrong_without][:50]

    def _store(self) -> None:
        """Bar 9, on what the last run of the middle size has seen."""
        directory = self._lab.directory / "store"
        directory.mkdir()
        counts = [str(self._size.stored), str(self._size.rounds)]
        source = str(self._runs[self._size.growth[1]][-1].database)
        command = [sys.executable, "-m", "benchmarks.store", source, str(directory), *counts]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        self._say(f"{self._size.stored} domains stored")
        self._more["store"] = found
        what = f"storing {self._size.stored:,} domains, encoding and all, over `executemany` of the same tuples"
        self._bar(9, what, "<=", 5, median_ratio(found["ours"], found["bare"]))
        writing = [ours - encoding for ours, encoding in zip(found["ours"], found["encoding"], strict=True)]
        self._bar(9, "the same, less the encoding into JSON", "<=", 5, median_ratio(writing, found["bare"]))

    def _run(self, count: int) -> Run:
        run = self._noted(self._scanner.scan(self._lab.answering[:count]), "")
        self._runs[count].append(run)
        return run

    def _noted(self, run: Run, what: str) -> Run:
        self._say(
            f"{len(run.domains)} domains{what and ' ' + what}: {run.wall:.0f} s, {run.rate:.1f} domains/s, "
            f"{run.cpu_per_domain:.1f} ms CPU each, {run.peak:.0f} MB, lag p99 {run.summary.lag:.3f} s"
        )
        self._more.setdefault("runs", []).append({"what": what, **plain(run)})
        return run

    def _judge(self) -> None:
        """What starting and judging take of the last run of the middle size."""
        self._judging.append(self._scanner.judge(self._runs[self._size.growth[1]][-1]))
        self._say(f"started and judged again: {self._judging[-1]:.1f} ms CPU each")

    def _pipe(self, at_once: int) -> None:
        piped = shell.look(self._lab, self._lab.answering[: self._size.piped], at_once)
        self._piped[at_once].append(piped)
        self._say(f"xargs -P {at_once}: {piped.rate:.1f} domains/s, {piped.cpu_per_domain:.1f} ms CPU each")

    def _shake(self) -> None:
        """What a bare handshake with a checked certificate costs: CPU of `openssl s_time`, milliseconds."""
        where, ca = f"{canary(0)[0]}:443", str(self._lab.directory / "certificates" / "root.pem")
        command = [
            "openssl",
            "s_time",
            "-new",
            "-connect",
            where,
            "-CAfile",
            ca,
            "-verify",
            "3",
            "-time",
            str(HANDSHAKE_SECONDS),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        count = next(int(line.split()[0]) for line in said.splitlines() if "connections in" in line and "user sec" in line)
        self._handshake_ms.append((used.ru_utime + used.ru_stime) / count * 1000)
        self._say(f"openssl s_time at {CANARIES[0]}: {self._handshake_ms[-1]:.2f} ms CPU a handshake")

    def _bar(self, number: int, what: str, relation: str, asked: float, measured: float) -> None:
        self._bars.append(Bar(number, what, relation, asked, measured))

    def _say(self, what: str) -> None:
        print(f"[{time.monotonic() - self._began:6.0f} s] {what}", file=sys.stderr, flush=True)

    def plain(self) -> dict[str, Any]:
        """Everything measured, as plain data."""
        return {
            "machine": machine(),
            "size": asdict(self._size),
            "bars": [asdict(bar) | {"is_reached": bar.is_reached} for bar in self._bars],
            "shell": {str(n): [asdict(piped) for piped in some] for n, some in self._piped.items()},
            "handshake_ms": self._handshake_ms,
            "judging_ms": self._judging,
            **self._more,
        }

    def report(self) -> str:
        """The figures as Markdown."""
        growth = [
            (f"{n:,}", len(some), *(f"{median(get(run) for run in some):.1f}" for get in (_rate, _cpu, _peak)), _lag(some))
            for n, some in self._runs.items()
        ]
        _, middle, _ = self._size.growth
        beside = [
            (f"ipv6check, {middle:,} domains", f"{median(map(_rate, self._runs[middle])):.1f}", _middle_cpu(self._runs[middle]))
        ]
        beside += [
            (f"`xargs -P {n}`, {self._size.piped} domains", f"{median(p.rate for p in some):.1f}", _middle_cpu(some))
            for n, some in self._piped.items()
        ]
        return "\n\n".join(
            (
                machine(),
                table_of_bars(self._bars),
                table(("domains", "runs", "domains/s", "CPU ms/domain", "peak MB", "lag p99 s"), growth),
                table(("beside the shell", "domains/s", "CPU ms/domain"), beside),
            )
        )


def machine() -> str:
    """What it was measured on."""
    return f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


def plain(run: Run) -> dict[str, Any]:
    """A run's figures."""
    return {
        "domains": len(run.domains),
        "wall": run.wall,
        "cpu": run.cpu,
        "peak_mb": run.peak,
        "first_pass": run.first_pass,
        "handshakes": run.handshakes,
        "exchanges": run.fetches,
        **asdict(run.summary),
    }


def _rate(run: Run) -> float:
    return run.rate


def _cpu(run: Run) -> float:
    return run.cpu_per_domain


def _peak(run: Run) -> float:
    return run.peak


def _lag(runs: list[Run]) -> str:
    return f"{median(run.summary.lag for run in runs):.3f}"


def _middle_cpu(some: list[Any]) -> str:
    return f"{median(one.cpu_per_domain for one in some):.1f}"


if __name__ == "__main__":
    main()
