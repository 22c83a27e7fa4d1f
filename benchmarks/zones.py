"""What the checks of DNS cost, and what sharing a zone's results saves: `python -m benchmarks.zones`.

Three runs in turns, in the lab of the benchmark: targets that have a zone each; the same with the families REACH and WEB alone
(and the look-ups these need); and as many targets, two to a zone.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import table
from benchmarks.lab import Lab, enter
from benchmarks.scans import Run, Scanner

PAIRS: Final = 60
ROUNDS: Final = 2
WITHOUT_DNS: Final = "REACH,WEB"


@dataclass(frozen=True)
class Name:
    """A target."""

    domain: str


def main() -> None:
    """Measure and report."""
    enter()
    with tempfile.TemporaryDirectory(prefix="ipv6check-zones-") as directory:
        lab = Lab(Path(directory) / "lab", 2 * PAIRS, 0)
        lab.make()
        with lab:
            print(report(measured(lab)))


def measured(lab: Lab) -> dict[str, list[Run]]:
    """The runs of each kind, in turns."""
    scanner, began = Scanner(lab), time.monotonic()
    names = [agency.domain for agency in lab.answering]
    listed, of_same, of_others = (list(map(Name, some)) for some in (names[:PAIRS], www(names[:PAIRS]), www(names[PAIRS:])))
    apart, together = [*listed, *of_others], [*listed, *of_same]
    kinds: dict[str, tuple[list[Name], str]] = {
        "a zone each": (apart, ""),
        f"a zone each, --only {WITHOUT_DNS}": (apart, WITHOUT_DNS),
        "two to a zone": (together, ""),
    }
    runs: dict[str, list[Run]] = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for kind, (targets, only) in kinds.items():
            runs[kind].append(scanner.scan(targets, only=only))
            sys.stderr.write(f"[{time.monotonic() - began:6.0f} s] {kind}: {runs[kind][-1].cpu_per_domain:.1f} ms\n")
    return runs


def www(domains: list[str]) -> list[str]:
    """The www names of domains, as targets of their own."""
    return [f"www.{domain}" for domain in domains]


def report(runs: dict[str, list[Run]]) -> str:
    """The figures as Markdown: medians."""
    rows = [
        (kind, f"{median(run.cpu_per_domain for run in some):.1f}", f"{median(map(questions, some)):.1f}")
        for kind, some in runs.items()
    ]
    return table((f"{2 * PAIRS} targets", "CPU ms/target", "questions/target"), rows)


def questions(run: Run) -> float:
    """Questions for each target."""
    return run.summary.questions / len(run.domains)


if __name__ == "__main__":
    main()
