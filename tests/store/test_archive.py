"""The store: what was seen survives it, verdicts can be made again, one program writes, trouble is told in words."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipv6check.config import Settings, load
from ipv6check.facts import Evidence, VantageFacts
from ipv6check.judge import judge
from ipv6check.lab.fake import fake_network
from ipv6check.nightly import judge_run, observe
from ipv6check.plan import make_plan
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.store import Archive, Database, StorageError, Writer
from ipv6check.store.codec import FACTS, decode_facts, decode_verdicts, encode_facts, encode_verdicts
from tests import factories as f
from tests.factories import V6, Site, evidence
from tests.scan.world import targets, world
from tests.store import nights


def settings_of(database: Database) -> Settings:
    options = {
        "store": {"url": database.url.render_as_string(hide_password=False)},
        "tries": {"spacing": [0.0]},
        "vantage": {"canaries": world().canaries},
    }
    return load(None, options)


def scanned(database: Database, count: int | None = None) -> str:
    """Scan the city on paper into a database and judge it; return the run's id."""
    plan = make_plan(targets(), lambda domain: domain == targets()[3].domain, count)
    with database.writing():
        observed = observe(settings_of(database), database, fake_network(world()), plan)
        judge_run(Archive(database), observed.run_id)
    return observed.run_id


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, str]]:
    """A database with one run of the whole city."""
    made = Database(f"sqlite:///{tmp_path_factory.mktemp('store') / 'test.db'}")
    made.ready()
    run_id = scanned(made)
    yield made, run_id
    made.close()


SPOILT = [evidence(), evidence(Site(ports={(V6, 443): ("timeout", "refused", None)})), evidence(vantage=f.V6_LOST)]


@pytest.mark.parametrize("seen", SPOILT)
def test_facts_survive_the_store(seen: Evidence) -> None:
    for probe in FACTS:
        facts = seen.vantage[0] if probe == "vantage" else getattr(seen, probe)
        if facts is None:
            continue
        assert decode_facts(probe, encode_facts(facts)) == facts


def test_a_scan_notes_what_it_took(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    archive = Archive(database)
    (effort,) = archive.conditions(run_id).efforts
    assert effort.questions > effort.connections > 0
    assert effort.timeouts > 0, "silent hosts are in the city"
    assert effort.start <= effort.end
    assert 0 <= effort.lag_median <= effort.lag_p99
    assert {type(look) for look in archive.timeline(run_id)} == {VantageFacts}, "no look at ourselves"


def test_a_scan_that_goes_on_notes_its_part_too(database: Database) -> None:
    run_id = scanned(database)
    with database.writing():
        observe(settings_of(database), database, fake_network(world()), None, resume=run_id)
    assert len(Archive(database).conditions(run_id).efforts) == 2


def test_verdicts_survive_the_store() -> None:
    verdicts = judge(evidence(Site(ports={(V6, 443): ("timeout",) * 3})))
    assert decode_verdicts(encode_verdicts(verdicts)) == verdicts


def test_every_target_has_a_card_with_every_check_in_the_order_of_the_list(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    cards = Archive(database).cards(run_id)
    assert [card.target for card in cards] == targets()
    assert {tuple(card.verdicts) for card in cards} == {tuple(rule.id for rule in RULES)}


def test_a_run_knows_how_far_it_came(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    run = Archive(database).run()
    assert (run.id, run.planned, run.finished, run.is_complete) == (run_id, len(targets()), len(targets()), True)
    assert run.rules_version == RULES_VERSION


def test_who_opted_out_is_done_and_not_measured(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    card = Archive(database).cards(run_id)[3]
    assert card.verdicts["DNS-02"].reason == "opt-out"
    assert card.measured_at is None
    assert Archive(database).recall(run_id, card.target.domain) == {}


def test_judging_again_makes_equal_verdicts(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    before = [card.verdicts for card in Archive(database).cards(run_id)]
    with database.writing():
        judge_run(Archive(database), run_id)
    assert [card.verdicts for card in Archive(database).cards(run_id)] == before


def test_the_tally_counts_every_domain_that_is_no_demo(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    history = Archive(database).history
    expected = Counter(target.agency for target in targets() if not target.is_demo)
    for agency, domains in expected.items():
        ((_, run, counts),) = history.tally("DNS-02", agency)
        assert (run, sum(counts.values())) == (run_id, domains)
    ((_, _, counts),) = history.tally("DNS-02")
    assert sum(counts.values()) == expected.total()


def test_latest_is_the_newest_run_even_when_an_older_one_is_judged_again(database: Database) -> None:
    first, second = scanned(database, 5), scanned(database, 3)
    archive = Archive(database)
    assert archive.latest_run_of(targets()[0].domain) == second
    assert archive.latest_run_of(targets()[4].domain) == first
    with database.writing():
        judge_run(archive, first)
    assert archive.latest_run_of(targets()[0].domain) == second


def test_other_verdicts_are_told_by_a_runs_digest(database: Database) -> None:
    """Also where the rules are the same and the counts too: two domains may have changed places."""
    run_id = nights.night(database, 0, (nights.GOOD, nights.DEAD, nights.GOOD))
    archive = Archive(database)
    first, cards = archive.run(run_id), archive.cards(run_id)
    swapped = [replace(cards[0], target=cards[1].target), replace(cards[1], target=cards[0].target), cards[2]]
    digests = []
    for again in (cards, swapped, cards):
        with database.writing():
            archive.save_verdicts(run_id, first.rules_version, again)
        digests.append(archive.run(run_id).digest)
    assert first.digest == digests[0] == digests[2]
    assert digests[1] not in {"", first.digest}


def test_a_run_that_is_not_there_is_told_with_the_newest(kept: tuple[Database, str]) -> None:
    database, run_id = kept
    with pytest.raises(StorageError, match=run_id):
        Archive(database).run("nosuch")


def test_a_second_writer_is_refused_with_the_holders_process(database: Database) -> None:
    url = database.url.render_as_string()
    script = (
        "import sys; from ipv6check.store import Database, StorageError\n"
        f"try:\n  with Database({url!r}).writing(): print('in')\nexcept StorageError as e: print(e)"
    )
    with database.writing():
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert f"process {os.getpid()}" in said
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "in\n"


def test_an_unknown_shape_is_refused(database: Database) -> None:
    with sqlite3.connect(database.path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="does not know"):
        database.check()
    with pytest.raises(StorageError, match="does not know"):
        database.upgrade()


def test_what_is_no_database_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database at all, but long enough to be looked at " * 50)
    with pytest.raises(StorageError, match="something else, or damaged"):
        Database(f"sqlite:///{path}").check()


def test_a_missing_database_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no database"):
        Database(f"sqlite:///{tmp_path / 'none.db'}").check()


@pytest.mark.parametrize("url", ["nonsense", "oracle://x/y", ""])
def test_a_url_that_is_none_is_told_so(url: str) -> None:
    with pytest.raises(StorageError, match=r"store\.url"):
        Database(url)


def test_the_tables_are_those_that_the_migrations_make(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlmodel import SQLModel

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_full_disk_stops_the_writer_and_keeps_what_is_committed(database: Database) -> None:
    with database.engine.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    settings, network = settings_of(database), fake_network(world())

    def small(connection, _) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 20}").close()

    from sqlalchemy import event

    event.listen(database.engine, "connect", small)
    database.engine.dispose()
    with database.writing(), pytest.raises(StorageError, match="resume"):
        observe(settings, database, network, make_plan(targets(), lambda domain: False))
    run = Archive(database).run()
    assert 0 <= run.finished < run.planned
    event.remove(database.engine, "connect", small)
    database.engine.dispose()
    with database.writing():
        observe(settings, database, network, None, resume=run.id)
    assert Archive(database).run(run.id).is_complete


def test_a_writer_that_cannot_write_says_so_to_whoever_brings_more(database: Database) -> None:
    writer = Writer(database, "r", lambda domains: None)
    writer.error = StorageError("full")
    with pytest.raises(StorageError, match="full"):
        writer.put(object())  # type: ignore[arg-type]
