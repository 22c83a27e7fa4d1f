"""Runs one after the other: what changed is the same whether followed night by night or made again from the verdicts."""

from collections.abc import Sequence
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from sqlmodel import insert

from ipv6check.changes import LEVEL, Change, Kind
from ipv6check.rules import RULES
from ipv6check.store import Archive, Database
from ipv6check.store.history import Sought
from ipv6check.store.tables import CHANGE
from tests.store.nights import BACK, DEAD, FALLEN, GOOD, NIGHTS, STEADY, VERSIONS, night


def shown(changes: Sequence[Change]) -> list[str]:
    return [f"{c.run_id} {c.domain.partition('.')[0]} {c.check} {c.kind} {c.since}" for c in changes if c.check == "REACH-01"]


EXPECTED = ["night-02 lai REACH-01 gained night-02", "night-02 sap REACH-01 lost night-01"]


def test_changes_are_confirmed_night_by_night(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    assert shown(history.changes()) == EXPECTED
    assert shown(history.changes(["night-03"])) == []
    assert shown(history.changes(domains={FALLEN.domain})) == EXPECTED[1:]
    assert shown(history.changes(domains=[])) == []
    assert {change.check for change in history.changes() if change.domain == STEADY.domain} == set()


def test_changes_are_whole_and_filters_see_all_of_them(database: Database) -> None:
    """However many: what a filter leaves may stand behind 12,000 others, the lost one behind all gained ones."""
    night(database, 0, (GOOD, GOOD, GOOD))
    row = {"run_id": "night-00", "check": "REACH-01", "kind": "gained", "before": "fail", "after": "pass", "since": "night-00"}
    rows = [row | {"domain": f"a{number:05}.vn"} for number in range(12_000)]
    with database.engine.begin() as connection:
        connection.execute(insert(CHANGE), [*rows, row | {"domain": "z.vn", "check": "WEB-04", "kind": "lost"}])
    history = Archive(database).history
    assert len(history.changes()) == history.count(Sought()) == 12_001
    for what, count in (
        (Sought(check="WEB-04"), 1),
        (Sought(kind=Kind.LOST), 1),
        (Sought(check="WEB-04", kind=Kind.GAINED), 0),
        (Sought(run_ids=["night-00"], kind=Kind.GAINED), 12_000),
        (Sought(domains=["z.vn", "a00001.vn"]), 2),
    ):
        assert (len(history.sought(what)), history.count(what)) == (count, count)
    assert [change.domain for change in history.sought(Sought(kind=Kind.LOST))] == ["z.vn"]


@pytest.mark.parametrize("sort", ["", "domain", "check", "kind"])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_pieces_of_sorted_changes_put_together_are_all(database: Database, sort: str, is_reversed: bool) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    every = history.changes()
    assert len(every) > 6
    wanted = sorted(every, key=lambda change: str(getattr(change, sort)), reverse=is_reversed) if sort else every
    wanted = wanted if sort or not is_reversed else every[::-1]
    pieces = [history.sought(Sought(), sort=sort, is_reversed=is_reversed, start=start, most=3) for start in range(0, 99, 3)]
    assert [change for piece in pieces for change in piece] == wanted


def test_what_is_made_again_from_any_run_on_is_the_same(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    changes, standings = history.changes(), history.standings("night-03")
    for number in reversed(range(len(NIGHTS))):
        with database.writing():
            history.follow(f"night-{number:02}")
        assert history.changes() == changes
        assert history.standings("night-03") == standings


def test_a_city_is_followed_piece_by_piece(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One domain at a time and all at once come to the same: a city's standings are never all held."""
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    changes, standings = history.changes(), history.standings("night-03")
    assert len(standings) == 3
    monkeypatch.setattr("ipv6check.store.database.CHUNK", 1)
    with database.writing():
        history.follow("night-00")
    assert (history.changes(), history.standings("night-03")) == (changes, standings)


def test_a_run_that_was_not_followed_is_caught_up_with(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries, follows=number == len(NIGHTS) - 1)
    assert shown(Archive(database).history.changes()) == EXPECTED


def test_new_rules_make_no_change_and_a_level_they_moved_is_kept_apart(database: Database) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    newer = {id_: f"{version}+" for id_, version in VERSIONS.items()}
    for number in (1, 2):
        night(database, number, (GOOD, DEAD, GOOD), versions=newer)
    history = Archive(database).history
    assert history.changes() == []
    moved = {change.domain for change in history.moved_by_rules("night-01")}
    assert moved <= {FALLEN.domain}


def test_what_stands_after_the_newest_run_can_be_read(database: Database) -> None:
    for number, tries in enumerate(NIGHTS[:3]):
        night(database, number, tries)
    standing = Archive(database).history.standings("night-02")
    assert {domain: s["REACH-01"].outcome for domain, s in standing.items()} == {
        STEADY.domain: "pass",
        FALLEN.domain: "fail",
        BACK.domain: "pass",
    }
    assert standing[FALLEN.domain]["REACH-01"].since == "night-01"


def test_series_count_outcomes_and_levels(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    assert [counts for _, _, counts in history.tally("REACH-01")] == [
        {"fail": 1, "pass": 2},
        {"fail": 2, "pass": 1},
        {"fail": 1, "pass": 2},
        {"fail": 1, "pass": 2},
    ]
    assert [sum(counts.values()) for _, _, counts in history.tally(LEVEL)] == [3, 3, 3, 3]
    assert history.tally("REACH-01", "no such agency") == []
    assert [run for _, run, *_ in history.levels(FALLEN.domain, limit=2)] == ["night-02", "night-03"]


def test_a_database_of_the_first_shape_is_upgraded(tmp_path: Path) -> None:
    import alembic.command

    from ipv6check.store.database import _alembic

    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with old.engine.begin() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0001")
    assert old.revision() == "0001"
    with old.writing():
        old.upgrade()
    night(old, 0, NIGHTS[0])
    assert [run.id for run in Archive(old).runs()] == ["night-00"]
    old.close()


def test_the_levels_of_all_are_those_of_each(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history, runs = Archive(database).history, [f"night-{number:02}" for number in (1, 2, 3)]
    together = history.levels_of_all(runs)
    assert together == {target.domain: history.levels(target.domain, limit=3) for target in (STEADY, FALLEN, BACK)}
    assert history.levels_of_all([]) == {}


def test_levels_that_rules_moved_are_found_in_several_runs(database: Database) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    for number, mark in ((1, "+"), (2, "++")):
        newer = {id_: f"{version}{mark}" for id_, version in VERSIONS.items()}
        night(database, number, (GOOD, DEAD if number == 1 else GOOD, GOOD), versions=newer)
    history = Archive(database).history
    one_by_one = [*history.moved_by_rules("night-01"), *history.moved_by_rules("night-02")]
    assert history.moved_by_rules("night-01", "night-02") == one_by_one


@pytest.mark.parametrize(("canaries", "is_blind"), [("pass", False), ("warn", False), ("fail", True), ("nm", True)])
def test_a_run_without_ipv6_of_our_own_is_known_as_blind(database: Database, canaries: str, is_blind: bool) -> None:
    night(database, 0, (GOOD, GOOD, GOOD))
    night(database, 1, (GOOD, GOOD, GOOD), canaries=canaries)
    assert [run.is_blind for run in Archive(database).runs()] == [is_blind, False]


def test_what_stands_after_the_citys_newest_run_is_kept_beside_runs_of_parts(database: Database) -> None:
    """Its site is shown for as long as no other takes its place, with since when things stand."""
    for number, tries in enumerate(NIGHTS[:2]):
        night(database, number, tries)
    history = Archive(database).history
    standings = history.standings("night-01")
    assert standings
    for number in (2, 3, 4):
        night(database, number, NIGHTS[1], is_partial=True)
    assert history.standings("night-01") == standings
    with database.writing():
        history.follow("night-00")
    assert history.standings("night-01") == standings
    assert not history.standings("night-00")


def test_a_tally_of_every_check_is_what_the_tallies_of_each_are(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    some = ["night-01", "night-03"]
    for agencies in ((), (FALLEN.agency,)):
        every = history.tallies(some, agencies)
        assert set(every) == {rule.id for rule in RULES} | {LEVEL}
        for check, nights in every.items():
            each = history.tally(check, *agencies)
            assert nights == [(at, counts) for at, run_id, counts in each if run_id in some]
    assert history.tallies(some, ["Sở Khác"]) == {}
    assert history.tallies([]) == {}


def test_a_tally_since_a_time_leaves_out_what_was_before(database: Database) -> None:
    for number, tries in enumerate(NIGHTS):
        night(database, number, tries)
    history = Archive(database).history
    for agency in (None, FALLEN.agency):
        whole = history.tally("REACH-01", agency)
        assert [counts for _, _, counts in whole] == [
            {"pass": 2, "fail": 1},
            {"pass": 1, "fail": 2},
            *[{"pass": 2, "fail": 1}] * 2,
        ]
        begin = whole[2][0].astimezone(timezone(timedelta(hours=7)))
        assert history.tally("REACH-01", agency, since=begin) == whole[2:], "whatever zone it is told in"
