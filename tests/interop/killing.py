"""Scans that are killed at random instants and resumed, in a few lanes beside each other."""

import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.interop.rows import Row
from tests.interop.scans import Scan

LANES: Final = 3
KILLS_PER_LANE: Final = 10
LONGEST_LIFE: Final = 5.0
LONGEST_REST: Final = 1.0
MOST_DONE_IN_A_LIFE: Final = 4
"""A scan is killed within so many seconds of its start, or, however slow the computer, within so many of the moment when it
has done one to four domains more."""

SET_UPS: Final = 12
SET_UP_LASTS: Final = 0.1
"""Seconds from the making of the file to the last of its tables, about."""

POLLS: Final = 0.05


@dataclass
class Killed:
    """A scan that was killed and resumed: how often and how far on, what was lost or done again, which would not go on, and
    what came out at last."""

    rows: tuple[Row, ...]
    kills: int = 0
    done_at_kills: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    redone: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)


def kill_scans(rows: tuple[Row, ...], make: Callable[[str], Scan]) -> Killed:
    """Kill scans of these rows again and again and resume them; `make` makes one, of a name."""
    found = Killed(rows)
    with ThreadPoolExecutor(LANES) as lanes:
        for one in lanes.map(lambda lane: _lane(rows, make, lane), range(LANES)):
            found.kills += one.kills
            found.done_at_kills += one.done_at_kills
            found.lost += one.lost
            found.redone += one.redone
            found.broken += one.broken
            found.scans += one.scans
    return found


def kill_set_ups(make: Callable[[str], Scan]) -> list[str]:
    """Kill the making of tables at random instants; what says no when it is done again."""
    with ThreadPoolExecutor(LANES) as lanes:
        return [said for said in lanes.map(lambda number: _killed_set_up(make, number), range(SET_UPS)) if said]


def _killed_set_up(make: Callable[[str], Scan], number: int) -> str:
    scan = make(f"set-up-{number}")
    process = scan.popen("db", "init")
    while process.poll() is None and not scan.database.exists():
        time.sleep(POLLS / 50)
    time.sleep(random.Random(f"set-up {number}").uniform(0.0, SET_UP_LASTS))
    process.kill()
    process.communicate()
    done = scan.run("db", "init")
    return f"{scan.directory.name} ended with {done.returncode}: {done.stderr.strip()}" if done.returncode else ""


def _lane(rows: tuple[Row, ...], make: Callable[[str], Scan], lane: int) -> Killed:
    chance, found = random.Random(f"lane {lane}"), Killed(rows)
    number = 0
    while found.kills < KILLS_PER_LANE:
        scan = make(f"killed-{lane}-{number}")
        number += 1
        ended = None
        while ended is None:
            ended = _one_life(scan, _fate(chance) if found.kills < KILLS_PER_LANE else None, found)
        code, said = ended
        if code in {0, 3}:
            scan.ended(code, said)
            found.scans.append(scan)
        else:
            found.broken.append(f"{scan.directory.name} ended with {code}: {scan.log.read_text().splitlines()[-1:]}")
    return found


def _fate(chance: random.Random) -> tuple[int, float]:
    """When to die: so many seconds after so many more domains are done."""
    more = chance.randint(0, MOST_DONE_IN_A_LIFE)
    return more, chance.uniform(0.0, LONGEST_REST if more else LONGEST_LIFE)


def _one_life(scan: Scan, fate: tuple[int, float] | None, found: Killed) -> tuple[int, str] | None:
    """Start or resume a scan and let its fate overtake it; None when it died, else how it ended by itself."""
    known = scan.done()
    more, rest = fate if fate is not None else (len(found.rows) + 1, 0.0)
    enough = len(known) + more
    started = scan.query("select id from run") if _has_runs(scan) else []
    process = scan.popen("scan", *(["--resume", started[0][0]] if started else [str(scan.targets_file)]))
    last = time.monotonic()
    while process.poll() is None and (len(known) < enough or time.monotonic() < last + rest):
        if len(known) < enough:
            last = time.monotonic()
        known |= {domain: at for domain, at in scan.done().items() if domain not in known}
        time.sleep(POLLS)
    is_killed = process.poll() is None
    if is_killed:
        process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    after = scan.done()
    found.lost += [domain for domain in known if domain not in after]
    found.redone += [domain for domain, at in known.items() if domain in after and after[domain] != at]
    if is_killed:
        found.kills += 1
        found.done_at_kills.append(len(after))
        return None
    return process.returncode, said


def _has_runs(scan: Scan) -> bool:
    return bool(scan.query("select name from sqlite_master where name = 'run'"))
