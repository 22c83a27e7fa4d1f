"""What is told as a change: bad news seen twice, good news at once, nothing for what was not measured or newly judged."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from ipv6check.changes import LEVEL, Change, Kind, Look, Standing, follow, looks
from ipv6check.judge import judge
from ipv6check.model import Verdict
from ipv6check.score import score
from tests.factories import DOMAIN, V6, Site, evidence

START = datetime(2026, 11, 1, 18, tzinfo=UTC)
NIGHT = timedelta(days=1)
PATH, RECORD = "REACH-01", "DNS-02"


def told(check: str, outcomes: Iterable[str], *, apart: timedelta = NIGHT, versions: Iterable[str] = ()) -> list[str]:
    """The changes that a sequence of outcomes makes, as `run kind since`; "nm" is not measured and not looked at."""
    standing: Standing | None = None
    changes: list[Change] = []
    for number, (outcome, version) in enumerate(zip(outcomes, [*versions, *["1"] * 99], strict=False)):
        if outcome == "nm":
            continue
        look = Look(check=check, outcome=outcome, version=version, run_id=str(number), at=START + number * apart)
        standing, change = follow(DOMAIN, standing, look)
        changes += [change] if change else []
    return [f"{change.run_id} {change.kind} {change.since}" for change in changes]


P, W, F, N, A = "pass", "warn", "fail", "nm", "n/a"


@pytest.mark.parametrize(
    ("check", "outcomes", "changes"),
    [
        (PATH, [P, P, P], []),
        (PATH, [P, F, P, P], []),
        (PATH, [P, F, F], ["2 lost 1"]),
        (PATH, [P, F, N, F], ["3 lost 1"]),
        (PATH, [P, W, W], []),
        (PATH, [P, W, W, W], ["3 degraded 1"]),
        (PATH, [P, W, F, F], ["3 lost 2"]),
        (PATH, [P, F, W, W], ["3 degraded 1"]),
        (PATH, [P, F, W, P], []),
        (PATH, [P, F, F, P], ["2 lost 1", "3 recovered 3"]),
        (PATH, [F, P], ["1 gained 1"]),
        (PATH, [F, W, P], ["1 gained 1"]),
        (PATH, [F, W, W, W, P], ["1 gained 1", "4 gained 4"]),
        (PATH, [W, P], []),
        (PATH, [F, F, F], []),
        (PATH, [P, N, N, P], []),
        (PATH, [N, N, F], []),
        (RECORD, [P, F], ["1 lost 1"]),
        (RECORD, [P, F, P], ["1 lost 1", "2 recovered 2"]),
        (RECORD, [P, A, F], []),
        (RECORD, [A, P], []),
        (RECORD, [P, F, P, F, P, F], ["1 lost 1", "2 recovered 2", "3 unstable 3"]),
        (LEVEL, ["3", "1", "1"], ["2 lost 1"]),
        (LEVEL, ["3", "1", "3"], []),
        (LEVEL, ["0", "2", "3"], ["1 gained 1", "2 gained 2"]),
        (LEVEL, ["3+", "1", "1"], ["2 lost 1"]),
        (LEVEL, ["3+", "1", "3+"], []),
        (LEVEL, ["3+", "1", "1+", "1"], ["3 lost 1"]),
        (LEVEL, ["3+", "1", "2+", "1"], []),
        (LEVEL, ["1", "3+"], ["1 gained 1"]),
        (LEVEL, ["3+", "1", "1", "3+"], ["2 lost 1", "3 recovered 3"]),
        (LEVEL, ["3+", "3", "3+", "4"], ["3 gained 3"]),
        (LEVEL, ["3+", "4", "3+", "4"], []),
        (LEVEL, ["2+", "3+", "2", "2"], ["3 lost 2"]),
        (LEVEL, ["3+", "2+", "3+"], []),
        (LEVEL, ["3", "1+", "4"], ["2 gained 2"]),
        (LEVEL, ["3+", "2", "2+", "3+"], []),
    ],
)
def test_what_is_told(check: str, outcomes: list[str], changes: list[str]) -> None:
    assert told(check, outcomes) == changes


def test_a_second_look_too_soon_confirms_nothing() -> None:
    assert told(PATH, [P, F, F], apart=timedelta(hours=2)) == []
    assert told(PATH, [P, F, F, F, F], apart=timedelta(hours=2)) == ["4 lost 1"]


def test_a_new_version_of_a_rule_makes_no_entry() -> None:
    assert told(RECORD, [P, F, F], versions=["1", "2", "2"]) == []
    assert told(PATH, [P, F, F, F], versions=["1", "1", "2", "2"]) == []


def test_a_level_that_new_rules_moved_is_told_as_that() -> None:
    assert told(LEVEL, ["3", "2"], versions=["1", "2"]) == ["1 rules 1"]
    assert told(LEVEL, ["3", "3"], versions=["1", "2"]) == []
    assert told(LEVEL, ["3+", "4"], versions=["1", "2"]) == []
    assert told(LEVEL, ["3+", "2"], versions=["1", "2"]) == ["1 rules 1"]


def test_after_a_quiet_time_unstable_is_forgotten() -> None:
    restless = [P, F, P, F, P]
    assert told(RECORD, [*restless, *[P] * 20, F])[-1] == "25 lost 25"


def test_what_is_looked_at() -> None:
    seen = evidence()
    verdicts = judge(seen)
    found = looks(verdicts, score(verdicts), {}, "run", START)
    assert not any(id_.startswith("OPS-") for id_ in found)
    assert set(found) - {LEVEL} == {id_ for id_, v in verdicts.items() if v.outcome != "nm" and not id_.startswith("OPS-")}


# Thirty nights

NIGHTS, HOSTS, TRUE_CHANGES, LOSS = 30, 200, 10, 0.02


@cache
def verdicts_of(tries: tuple[str | None, ...]) -> dict[str, Verdict]:
    return dict(judge(evidence(Site(ports={(V6, 443): tries}))))


def tries_of_a_night(chance: random.Random, is_broken: bool) -> tuple[str | None, ...]:
    """Tries of port 443 over IPv6 as a scan makes them: until one works, three at most; some packets are lost."""
    tries: list[str | None] = []
    while len(tries) < 3 and (not tries or tries[-1] is not None):
        tries.append("timeout" if is_broken or chance.random() < LOSS else None)
    return tuple(tries)


@pytest.mark.parametrize("seed", range(3))
def test_thirty_nights_with_loss_tell_every_true_change_and_hardly_a_false_one(seed: int) -> None:
    chance = random.Random(seed)
    broken_from = {host: chance.randrange(5, NIGHTS - 3) for host in range(TRUE_CHANGES)}
    standings: dict[tuple[int, str], Standing] = {}
    lost: dict[int, int] = {}
    false: Counter[str] = Counter()
    for night in range(NIGHTS):
        for host in range(HOSTS):
            is_broken = night >= broken_from.get(host, NIGHTS)
            verdicts = verdicts_of(tries_of_a_night(chance, is_broken))
            for look in looks(verdicts, score(verdicts), {}, str(night), START + night * NIGHT).values():
                standings[host, look.check], change = follow(str(host), standings.get((host, look.check)), look)
                if change is None:
                    continue
                if is_broken and change.check == PATH:
                    assert change.kind is Kind.LOST
                    lost[host] = night
                elif not is_broken:
                    false[change.check] += 1
    assert {host: night - broken_from[host] for host, night in lost.items()} == dict.fromkeys(broken_from, 1)
    assert false.total() <= 1
