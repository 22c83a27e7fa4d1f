"""The day's run: of several on one day, the one that curves, strips and tallies show."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from ipv6check.changes import LEVEL
from ipv6check.nightly import courses_of, past_of
from ipv6check.plan import make_plan
from ipv6check.programme import load
from ipv6check.reports.past import one_a_day
from ipv6check.store import Archive, Database
from ipv6check.store.tables import TARGET
from tests.store.nights import DEAD, FALLEN, GOOD, LIST, START, night

WELL, ILL = (GOOD, GOOD, GOOD), (DEAD, DEAD, DEAD)

Again = Sequence[tuple[int, dict]]
"""Runs after the night's own: so many hours later, of such a kind."""

BLIND, PART = {"canaries": "fail"}, {"is_partial": True}


@pytest.mark.parametrize(
    ("own", "again", "stands"),
    [
        ({}, [], 0),
        ({}, [(2, {})], 2),
        ({}, [(2, BLIND)], 0),
        ({}, [(2, {"canaries": "nm"})], 0),
        ({}, [(2, PART)], 0),
        ({}, [(2, {}), (4, BLIND), (6, PART)], 2),
        (BLIND, [(2, {})], 2),
        (BLIND, [(2, BLIND)], 2),
        (BLIND, [(2, PART)], 0),
        (PART, [(2, BLIND)], 2),
        (PART, [(2, PART)], None),
        ({}, [(22, {})], 22),
    ],
    ids=[
        "one run",
        "the last of two",
        "a blind one hides nothing",
        "nor one that did not look at itself",
        "nor one of a part",
        "the last that saw, of four",
        "one that saw after a blind one",
        "the last of blind ones",
        "the blind one, though one of a part saw",
        "whichever of them was first",
        "nothing but parts: no point",
        "23:00 in Hanoi is the same day",
    ],
)
def test_a_days_run_is_the_last_of_the_whole_that_saw(database: Database, own: dict, again: Again, stands: int | None) -> None:
    """In the programme's curve, in the strips of domains and in the curves of checks alike."""
    night(database, 0, WELL, **own)
    for hours, kind in again:
        night(database, 0, WELL, hours=hours, **kind)
    night(database, 1, WELL)
    archive = Archive(database)
    wanted = [START + timedelta(days=1)] if stands is None else [START + timedelta(hours=stands), START + timedelta(days=1)]
    runs = archive.runs()
    assert [run.started_at for run in reversed(one_a_day(runs))] == wanted
    past = past_of(archive, runs[0], load())
    assert {domain: [at for at, *_ in levels] for domain, levels in past.levels.items()} == {t.domain: wanted for t in LIST}
    assert {check: [at for at, _ in tallies] for check, tallies in past.tallies.items()} == dict.fromkeys(past.tallies, wanted)
    assert LEVEL in past.tallies
    for course in past.courses:
        assert [point.on for point in course.curve] == [(at + timedelta(hours=7)).date() for at in wanted]
        assert [point.is_blind for point in course.curve] == [run.is_blind for run in reversed(one_a_day(runs))]


def test_it_is_so_for_an_agency_too(database: Database) -> None:
    night(database, 0, WELL)
    night(database, 0, ILL, hours=2, canaries="fail")
    archive = Archive(database)
    for agencies in ((), (FALLEN.agency,)):
        past = past_of(archive, archive.run(), load(), agencies)
        assert [len(course.curve) for course in past.courses] == [1, 1]
        assert [counts["pass"] for _, counts in past.tallies["REACH-01"]] == [3]
    assert [len(course.curve) for course in courses_of(archive, archive.runs(), load(), ["Sở Khác"])] == [0, 0]


def test_a_site_knows_no_run_after_its_own(database: Database) -> None:
    night(database, 0, WELL, canaries="fail")
    night(database, 0, WELL, hours=2)
    archive = Archive(database)
    past = past_of(archive, archive.run("night-00"), load())
    assert [[point.is_blind for point in course.curve] for course in past.courses] == [[True], [True]]


def test_what_was_not_judged_stands_for_no_day(database: Database) -> None:
    night(database, 0, WELL)
    before = Archive(database).runs()
    with database.writing():
        archive = Archive(database)
        facts = archive.conditions("night-00")
        later = replace(facts, id="going-on", started=START + timedelta(hours=3))
        archive.start_run(later, make_plan(LIST, lambda domain: False))
    assert [run.id for run in one_a_day(archive.runs())] == [run.id for run in before]


def test_a_run_that_was_broken_off_hides_no_whole_one(database: Database) -> None:
    """Where it was judged all the same, most of its domains were never looked at."""
    night(database, 0, WELL)
    with database.writing():
        Archive(database).finish_run("night-00")
        with database.engine.begin() as connection:
            connection.execute(update(TARGET).values(done_at=START.isoformat()))
    night(database, 0, WELL, hours=2)
    assert [run.id for run in one_a_day(Archive(database).runs())] == ["night-00"]
