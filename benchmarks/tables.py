"""What the tables cost: `python -m benchmarks.tables [--small]` makes tables of today's size and measures them.

Sizes: 1.0 million IPv4 and 0.2 million IPv6 routes as two RISwhois dumps, 600,000 VRPs as rpki-client writes them, 200,000
registry records. Prefix lengths are drawn as they are spread in the routing table of 2026. Opening and look-ups are measured in
a process of their own, beside py-radix when it is installed (its tree has to be built from text each time).

2 cores, busy with other work, Python 3.11; trust ratios:

| table    | entries   | import | peak memory | file    |
|----------|-----------|--------|-------------|---------|
| routes   | 1,223,904 | 12 s   | 136 MB      | 25.3 MB |
| vrps     | 600,000   | 8 s    | 85 MB       | 13.2 MB |
| registry | 200,000   | 3 s    | 116 MB      | 9.3 MB  |

Opening all three, hashes verified: 0.07 s, 48 MB. Look-ups per second: `origin_of` 123,000 (IPv4) and 285,000 (IPv6),
`covering_routes` 136,000 and 320,000, `validate` 162,000 and 125,000, `registration_of` 564,000 and 444,000.

What was weighed for the 1.2 million prefixes alone, bare look-ups without answers being made:

| form                                            | open   | memory | IPv4 look-ups |
|-------------------------------------------------|--------|--------|---------------|
| sorted columns with enclosing prefix (chosen)   | 0.02 s | 18 MB  | 700,000/s     |
| the same, mapped into memory in place of read   | 0.00 s | 16 MB  | 600,000/s     |
| py-radix, built from text                       | 2.4 s  | 737 MB | 294,000/s     |
| a dict for each length, built from integers     | 0.8 s  | 208 MB | 215,000/s     |
| SQLite, a query for each length                 | 0.13 s | 5 MB   | 7,500/s       |
"""

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from ipv6check.data import KINDS, Shelf, Source, Tables, update
from ipv6check.data.kinds import REGISTRY, ROUTES, VRPS, Kind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SPREAD = {
    32: "24:61 23:10 22:11 21:5 20:4 19:2.5 18:1.4 17:0.8 16:1.3 15:0.2 14:0.1 12:0.03 10:0.004 32:0.3",
    128: "48:46 32:11 44:9 40:10 36:4 29:2.5 33:2 47:3 46:3 42:1.5 45:2 64:0.8 56:0.4 128:0.1 28:0.3",
}
"""Lengths and how many of a hundred prefixes have them."""

TOPS = {
    32: [(n << 24, 8) for n in range(1, 224)],
    128: [(n << 112, 16) for n in (*range(0x2400, 0x2410), *range(0x2A00, 0x2A10))],
}
QUESTIONS = 20_000
Prefixes = list[tuple[int, int]]


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a hundredth of the size")
    parser.add_argument("--make", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    parser.add_argument("--radix", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        name, directory, *files = given.make
        make(next(kind for kind in KINDS if kind.name == name), Path(directory), [Path(file) for file in files])
    elif given.ask:
        ask(Path(given.ask))
    elif given.radix:
        ask_radix(Path(given.radix))
    else:
        measure(100 if given.small else 1)


def measure(divisor: int) -> None:
    """Everything, on files made now."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for kind, paths in generate(place, divisor):
            run("--make", kind.name, str(place / "tables"), *map(str, paths))
        run("--ask", str(place / "tables"))
        run("--radix", str(place / "prefixes.txt"))


def make(kind: Kind, directory: Path, paths: Sequence[Path]) -> None:
    """Import one table."""
    before, began = peak(), time.perf_counter()
    sources = [Source(name=path.name, pieces=pieces(path)) for path in paths]
    manifest = update(kind, sources, Shelf(directory), NOW, is_forced=True).manifest
    seconds, count = time.perf_counter() - began, manifest.entries
    print(f"import {kind.name:9} {count:>9,} entries {seconds:6.1f} s {count / seconds:>8,.0f}/s", end=" ")
    print(f"{sum(path.stat().st_size for path in paths) / 1e6:6.1f} MB read {manifest.size / 1e6:6.1f} MB kept", end=" ")
    print(f"{before:.0f} -> {peak():.0f} MB memory")


def run(*arguments: str) -> None:
    """Measure in a fresh process."""
    subprocess.run([sys.executable, "-m", "benchmarks.tables", *arguments], check=True)


def pieces(path: Path) -> Any:
    """A file's bytes in pieces of a mebibyte."""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def generate(place: Path, divisor: int) -> list[tuple[Kind, list[Path]]]:
    """Write the source files."""
    chance = random.Random(6811)
    v4, v6 = draw(chance, 1_000_000 // divisor, 32), draw(chance, 200_000 // divisor, 128)
    text4 = [f"{IPv4Address(start)}/{length}" for start, length in v4]
    text6 = [f"{IPv6Address(start)}/{length}" for start, length in v6]
    (place / "prefixes.txt").write_text("\n".join(text4 + text6))
    dumps = [dump(place / f"riswhoisdump.IPv{n}.gz", texts, chance) for n, texts in ((4, text4), (6, text6))]
    vrps = write_vrps(
        place / "vrps.json", chance.sample(text4, 450_000 // divisor) + chance.sample(text6, 150_000 // divisor), chance
    )
    return [(ROUTES, dumps), (VRPS, [vrps]), (REGISTRY, [write_registry(place / "delegated", chance, divisor)])]


def draw(chance: random.Random, count: int, bits: int) -> Prefixes:
    """Draw different prefixes."""
    pairs = [pair.split(":") for pair in SPREAD[bits].split()]
    lengths, weights = [int(length) for length, _ in pairs], [float(weight) for _, weight in pairs]
    found: set[tuple[int, int]] = set()
    while len(found) < count:
        (length,) = chance.choices(lengths, weights)
        top, fixed = chance.choice(TOPS[bits])
        shift = bits - length
        found.add(((top | chance.getrandbits(bits - fixed)) >> shift << shift, length))
    return sorted(found)


def dump(path: Path, prefixes: Sequence[str], chance: random.Random) -> Path:
    """Write a dump like those of RISwhois; one prefix in fifty has two origins."""
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write("%\n% This file was generated at Sat Nov 21 08:00:01 UTC 2026.\n%\n")
        for prefix in prefixes:
            for _ in range(1 + (chance.random() < 0.02)):
                file.write(f"{chance.randrange(1, 400_000)}\t{prefix}\t{chance.choice((1, 3, 200, 300, 380))}\n")
    return path


def write_vrps(path: Path, prefixes: Sequence[str], chance: random.Random) -> Path:
    """Write VRPs as rpki-client does."""
    with path.open("w") as file:
        file.write('{\n\t"metadata": {\n\t\t"buildtime": "2026-11-21T11:00:00Z"\n\t},\n\n\t"roas": [\n')
        for number, prefix in enumerate(prefixes):
            longest = min(int(prefix.partition("/")[2]) + chance.choice((0, 0, 0, 1, 8)), 128 if ":" in prefix else 32)
            vrp = {
                "asn": chance.randrange(1, 400_000),
                "prefix": prefix,
                "maxLength": longest,
                "ta": "apnic",
                "expires": 1795300000,
            }
            file.write(f"\t\t{json.dumps(vrp)}{',' if number + 1 < len(prefixes) else ''}\n")
        file.write("\t]\n}\n")
    return path


def write_registry(path: Path, chance: random.Random, divisor: int) -> Path:
    """Write statistics: 100,000 IPv4 ranges, 60,000 of IPv6, 40,000 AS numbers."""
    with path.open("w") as file:
        file.write("2|apnic|20261121|200000|19830613|20261120|+1000\n")
        for n in range(100_000 // divisor):
            holder = f"A91{chance.randrange(60_000):05X}"
            count = chance.choice((256, 512, 768, 1024, 1280, 4096))
            file.write(f"apnic|VN|ipv4|{IPv4Address((1 << 24) + n * 8192)}|{count}|20100101|allocated|{holder}\n")
        for n in range(60_000 // divisor):
            file.write(f"apnic|VN|ipv6|{IPv6Address((0x2400 << 112) + (n << 96))}|32|20120203|allocated|A91{n:05X}\n")
        for n in range(40_000 // divisor):
            file.write(f"apnic|VN|asn|{n * 3 + 1}|2|20110405|allocated|A91{n:05X}\n")
    return path


def ask(directory: Path) -> None:
    """Open the tables and ask them."""
    before, began = memory(), time.perf_counter()
    tables = Tables(directory, NOW)
    opened, more = time.perf_counter() - began, memory() - before
    print(f"open: {opened:.2f} s, {more:.0f} MB more memory, {memory():.0f} MB in all ({', '.join(map(str, tables.problems))})")
    chance = random.Random(8205)
    v4 = [ip_address(chance.randrange(1 << 24, 224 << 24)) for _ in range(QUESTIONS)]
    v6 = [ip_address(chance.choice(TOPS[128])[0] | chance.getrandbits(112)) for _ in range(QUESTIONS)]
    for family, addresses in (("IPv4", v4), ("IPv6", v6)):
        routes = [route for address in addresses if (route := tables.origin_of(address))]
        pairs = [(route.prefix, origin.asn) for route in routes for origin in route.origins]  # type: ignore[union-attr]
        report(f"origin_of {family}", lambda: [tables.origin_of(a) for a in addresses], len(addresses))  # noqa: B023
        report(f"covering_routes {family}", lambda: [tables.covering_routes(a) for a in addresses], len(addresses))  # noqa: B023
        report(f"validate {family}", lambda: [tables.validate(p, o) for p, o in pairs], len(pairs))  # noqa: B023
        report(f"registration_of {family}", lambda: [tables.registration_of(a) for a in addresses], len(addresses))  # noqa: B023
    print(f"memory after the questions: {memory():.0f} MB")


def ask_radix(path: Path) -> None:
    """The same prefixes in py-radix: nothing but the tree, each node with one number."""
    try:
        from radix import Radix  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        print("py-radix is not installed: left out")
        return
    before, began = memory(), time.perf_counter()
    tree = Radix()
    with path.open() as file:
        for number, line in enumerate(file):
            tree.add(line.rstrip()).data["row"] = number
    print(f"py-radix: built in {time.perf_counter() - began:.2f} s, {memory() - before:.0f} MB more memory")
    chance = random.Random(8205)
    addresses = [str(IPv4Address(chance.randrange(1 << 24, 224 << 24))) for _ in range(QUESTIONS)]
    report("py-radix search_best IPv4", lambda: [tree.search_best(a) for a in addresses], len(addresses))


def report(what: str, work: Callable[[], object], count: int) -> None:
    """Time some work, the best of three."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    print(f"{what:24} {count / best:>10,.0f}/s")


def memory() -> float:
    """Resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def peak() -> float:
    """Highest resident memory of this process so far, in MB."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
