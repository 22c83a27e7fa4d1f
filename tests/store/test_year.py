"""A long history: every answer is what counting by hand gives, an older database says the same, judging again changes nothing."""

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import alembic.command
import pytest

from benchmarks.nights import START, Year, run_id_of, store
from ipv6check.changes import LEVEL, Change, Kind, Standing, follow, looks
from ipv6check.facts import RunFacts
from ipv6check.model import Observation, Verdict
from ipv6check.nightly import judge_run, save_verdicts
from ipv6check.plan import make_plan
from ipv6check.rules import RULES
from ipv6check.score import Card
from ipv6check.store import Archive, Completion, Database, StorageError, Writer
from ipv6check.store.codec import DICTIONARIES, FACTS, decode_verdicts, encode_verdicts
from ipv6check.store.database import _alembic
from ipv6check.store.upkeep import let_go
from tests.factories import NO_V6, V6, Site, evidence, sample
from tests.store import nights

YEAR = Year(20, 40)
DERIVED = ("verdict", "tally", "agency_tally", "latest", "standing", "change", "run")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, list[list[Card]]]]:
    """A small year in a database, and its cards night by night."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('year') / 'year.db'}")
    database.ready()
    cards = list(YEAR)
    with database.writing():
        for night, of_night in enumerate(cards):
            store(database, YEAR, night, of_night)
    yield Archive(database), cards
    database.close()


def level_of(card: Card) -> str:
    return f"{card.score.level.number}{'+' * card.score.level.is_minimum}" if card.score.is_measured else "nm"


def counted(cards: list[Card], check: str) -> Counter[str]:
    if check == LEVEL:
        return Counter(level_of(card) for card in cards)
    return Counter(card.verdicts[check].outcome.value for card in cards)


def test_the_year_has_what_it_is_made_for(made: tuple[Archive, list[list[Card]]]) -> None:
    _, cards = made
    assert {len(of_night) for of_night in cards} == {YEAR.domains}
    assert len({level_of(card) for of_night in cards for card in of_night}) >= 3
    assert any(all(card.verdicts["OPS-01"].outcome == "fail" for card in of_night) for of_night in cards)


def test_cards_are_those_that_were_stored(made: tuple[Archive, list[list[Card]]]) -> None:
    archive, cards = made
    for night in (0, 17, YEAR.nights - 1):
        assert archive.cards(run_id_of(night)) == cards[night]
    some = [cards[17][12], cards[17][3]]
    assert archive.cards(run_id_of(17), [card.target.domain for card in some]) == some[::-1]
    assert archive.cards(run_id_of(17), []) == []
    assert {archive.latest_run_of(card.target.domain) for card in cards[0]} == {run_id_of(YEAR.nights - 1)}


@pytest.mark.parametrize("check", [LEVEL, *(rule.id for rule in RULES)])
def test_trends_are_what_counting_gives(made: tuple[Archive, list[list[Card]]], check: str) -> None:
    archive, cards = made
    agency = YEAR.targets[2].agency
    of_agency = [[card for card in of_night if card.target.agency == agency] for of_night in cards]
    assert len(of_agency[0]) > 1
    for found, counts_of in (
        (archive.history.tally(check), cards),
        (archive.history.tally(check, agency), of_agency),
    ):
        expected = [(START + timedelta(days=n), run_id_of(n), counted(c, check)) for n, c in enumerate(counts_of)]
        assert found == expected


def followed(cards: list[list[Card]]) -> list[Change]:
    """Every change, by holding night against night in memory."""
    standing: dict[tuple[str, str], Standing] = {}
    changes = []
    for night, of_night in enumerate(cards):
        versions, at = YEAR.versions(night), START + timedelta(days=night)
        for card in of_night:
            for check, look in looks(card.verdicts, card.score, versions, run_id_of(night), at).items():
                key = card.target.domain, check
                standing[key], change = follow(card.target.domain, standing.get(key), look)
                changes += [change] if change else []
    return changes


def test_changes_are_what_holding_night_against_night_gives(made: tuple[Archive, list[list[Card]]]) -> None:
    archive, cards = made
    every = followed(cards)
    told = [change for change in every if change.kind is not Kind.RULES]
    assert len(told) > YEAR.nights
    assert sorted(map(str, archive.history.changes())) == sorted(map(str, told))
    middle = run_id_of(YEAR.nights // 2)
    assert sorted(map(str, archive.history.moved_by_rules(middle))) == sorted(
        str(change) for change in every if change.kind is Kind.RULES and change.run_id == middle
    )
    for run_id in {change.run_id for change in told}:
        assert sorted(map(str, archive.history.changes([run_id]))) == sorted(str(c) for c in told if c.run_id == run_id)
    domain = told[0].domain
    assert sorted(map(str, archive.history.changes(domains={domain}))) == sorted(str(c) for c in told if c.domain == domain)


def test_a_domains_levels_are_those_of_its_cards(made: tuple[Archive, list[list[Card]]]) -> None:
    archive, cards = made
    levels = [of_night[4].score.level for of_night in cards]
    expected = [(START + timedelta(days=n), run_id_of(n), lv.number, lv.is_minimum) for n, lv in enumerate(levels)]
    domain = YEAR.targets[4].domain
    assert archive.history.levels(domain) == expected
    assert archive.history.levels(domain, limit=7) == expected[-7:]


def test_runs_know_how_far_they_came_without_counting_what_is_done(made: tuple[Archive, list[list[Card]]]) -> None:
    archive, _ = made
    runs = archive.runs()
    assert [run.id for run in runs] == [run_id_of(night) for night in reversed(range(YEAR.nights))]
    assert {(run.planned, run.finished, run.is_complete) for run in runs} == {(YEAR.domains, YEAR.domains, True)}
    assert archive.run() == runs[0]
    assert archive.run(run_id_of(3)) == runs[-4]


def test_a_run_that_was_broken_off_knows_what_is_left(database: Database) -> None:
    archive = Archive(database)
    with database.writing():
        archive.start_run(RunFacts(id="r", started=START, vantage="lab", country="VN", tries=3, version="0"), PLAN)
        complete(database, "r", [nights.LIST[1].domain])
    assert (archive.run("r").planned, archive.run("r").finished) == (3, 1)
    assert archive.runs() == [archive.run("r")]


PLAN = make_plan(nights.LIST, lambda domain: False)


def complete(database: Database, run_id: str, domains: list[str], observations: tuple[Observation, ...] = ()) -> None:
    writer = Writer(database, run_id, lambda completed: None)
    writer.start()
    for item in (*observations, *map(Completion, domains)):
        writer.put(item)
    writer.close()


# From an older shape

OLD_RUN = "old-1"


def old_encoding(verdicts: dict[str, Verdict]) -> bytes:
    """As the second shape had it: without a dictionary."""
    entries = {}
    for id_, v in verdicts.items():
        entry = [v.outcome.value, "" if v.case == v.outcome.value else v.case, v.reason and v.reason.value, dict(v.args)]
        while len(entry) > 1 and not entry[-1]:
            entry.pop()
        entries[id_] = entry
    return zlib.compress(json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def make_old(path: Path, cards: list[Card]) -> Database:
    """A database of the second shape with one run."""
    old = Database(f"sqlite:///{path}")
    with old.engine.begin() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0002")
    run = (OLD_RUN, "lab", "VN", START.isoformat(), START.isoformat(), "0", "1", "{}", '{"started": 0}')
    columns = "id, vantage, country, started_at, finished_at, version, rules_version, rule_versions, facts"
    tally: Counter[tuple[str, str, str]] = Counter()
    with sqlite3.connect(path) as connection:
        connection.execute(f"INSERT INTO run ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", run)
        for position, card in enumerate(cards):
            target = json.dumps({"domain": card.target.domain, "agency": card.target.agency})
            done = START.isoformat() if position else None
            connection.execute(
                "INSERT INTO target VALUES (?, ?, ?, ?, 0, ?)", (OLD_RUN, card.target.domain, position, target, done)
            )
            level, is_minimum = card.score.level.number, card.score.level.is_minimum
            row = (level, is_minimum, card.score.percent, card.score.coverage, "", old_encoding(dict(card.verdicts)))
            connection.execute(
                "INSERT INTO verdict VALUES (?, ?, NULL, '1', ?, ?, ?, ?, ?, ?)", (OLD_RUN, card.target.domain, *row)
            )
            connection.execute("INSERT INTO latest VALUES (?, ?)", (card.target.domain, OLD_RUN))
            tally.update((card.target.agency, id_, verdict.outcome.value) for id_, verdict in card.verdicts.items())
            tally[card.target.agency, LEVEL, level_of(card)] += 1
        connection.executemany("INSERT INTO tally VALUES (?, ?, ?, ?, ?)", [(OLD_RUN, *key, n) for key, n in tally.items()])
    return old


def dumped(database: Database, tables: tuple[str, ...] = DERIVED) -> dict[str, list[Any]]:
    with sqlite3.connect(database.path) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in tables}


def test_an_older_database_says_the_same_after_its_upgrade(tmp_path: Path) -> None:
    cards = next(iter(YEAR))
    old = make_old(tmp_path / "old.db", cards)
    kept = ("verdict", "latest", "target", "change", "standing")
    before = dumped(old, kept)
    with old.writing():
        old.upgrade()
    assert dumped(old, kept) == before
    archive = Archive(old)
    assert [card.verdicts for card in archive.cards(OLD_RUN)] == [card.verdicts for card in cards]
    assert (archive.run().planned, archive.run().finished) == (len(cards), len(cards) - 1)
    for check in (LEVEL, "REACH-01", "WEB-04"):
        ((_, run_id, counts),) = archive.history.tally(check)
        assert (run_id, counts) == (OLD_RUN, counted(cards, check))
        for agency in {card.target.agency for card in cards}:
            ((_, _, counts),) = archive.history.tally(check, agency)
            assert counts == counted([card for card in cards if card.target.agency == agency], check)
    old.close()


def test_an_upgraded_database_takes_further_nights(tmp_path: Path) -> None:
    old = make_old(tmp_path / "old.db", next(iter(YEAR)))
    with old.writing():
        old.upgrade()
    nights.night(old, 1, nights.NIGHTS[0])
    assert {run.id for run in Archive(old).runs()} == {"night-01", OLD_RUN}
    assert len(Archive(old).cards(OLD_RUN)) == YEAR.domains
    old.close()


def test_an_upgrade_knows_which_runs_were_of_a_part(tmp_path: Path) -> None:
    old = make_old(tmp_path / "old.db", next(iter(YEAR)))
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("UPDATE run SET id = 'whole'")
        connection.execute("INSERT INTO run SELECT 'part', vantage, country, started_at, finished_at, version, rules_version, "
                           """'{"is_partial": true}', rule_versions FROM run""")  # fmt: skip
    with old.writing():
        old.upgrade()
    assert {run.id: (run.is_partial, run.digest) for run in Archive(old).runs()} == {"whole": (False, ""), "part": (True, "")}
    assert Archive(old).whole_run() == Archive(old).run("whole")
    old.close()


def test_dictionaries_are_never_changed() -> None:
    assert [zlib.adler32(dictionary) for dictionary in DICTIONARIES] == [0x85E10B29]


def test_what_the_dictionary_does_not_know_is_kept_as_well() -> None:
    for card in next(iter(YEAR)):
        odd = {f"X-{id_}": Verdict(id=f"X-{id_}", outcome=v.outcome, reason=v.reason, case="khác", args={"tên": "Sở Thử"})
               for id_, v in card.verdicts.items()}  # fmt: skip
        assert decode_verdicts(encode_verdicts(odd)) == odd
        assert decode_verdicts(old_encoding(dict(card.verdicts))) == card.verdicts
        assert len(encode_verdicts(dict(card.verdicts))) < len(old_encoding(dict(card.verdicts))) / 2


# Judged again

SEEN = (
    evidence(),
    evidence(Site(ports={(V6, 443): ("timeout",) * 3})),
    evidence(Site(v6=())),
)
WATCHED = ((sample(),) * 2, (sample(),) * 2, NO_V6, (sample(),) * 2)


@pytest.fixture
def observed(database: Database) -> Database:
    """Four judged nights with evidence of three targets, that take turns in what was seen of them."""
    archive = Archive(database)
    for night, watched in enumerate(WATCHED):
        run_id, at = f"night-{night}", START + timedelta(days=night)
        facts = RunFacts(id=run_id, started=at, vantage="lab", country="VN", tries=3, version="0", planned=3)
        looked = [
            Observation(subject="vantage", probe="vantage", sequence=n, made_at=at, facts=v) for n, v in enumerate(watched)
        ]
        for number, target in enumerate(nights.LIST):
            seen = SEEN[(number + night // 2) % len(SEEN)]
            for probe in FACTS:
                if probe != "vantage" and getattr(seen, probe) is not None:
                    facts_of = getattr(seen, probe)
                    looked.append(Observation(subject=target.domain, probe=probe, sequence=1, made_at=at, facts=facts_of))
        with database.writing():
            archive.start_run(facts, PLAN)
            complete(database, run_id, [target.domain for target in nights.LIST], tuple(looked))
            judge_run(archive, run_id)
    return database


def test_judging_again_leaves_an_equal_database(observed: Database) -> None:
    before, archive = dumped(observed), Archive(observed)
    assert all(before.values())
    for run_id in ("night-1", "night-3"):
        with observed.writing():
            judge_run(archive, run_id)
        assert dumped(observed) == before
    with observed.writing():
        for run in archive.runs():
            save_verdicts(archive, run.id)
        archive.history.follow("night-0")
    assert dumped(observed) == before


def test_what_has_no_evidence_any_more_is_not_judged_again(observed: Database) -> None:
    archive = Archive(observed)
    with observed.writing():
        let_go(observed, START + timedelta(days=1, hours=1))
        before = dumped(observed)
        with pytest.raises(StorageError, match="night-0"):
            judge_run(archive, "night-0")
    assert dumped(observed) == before
    assert [archive.can_be_judged(f"night-{night}") for night in range(4)] == [False, False, True, True]
