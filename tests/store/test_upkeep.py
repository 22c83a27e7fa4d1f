"""A copy can take the place of the database; what is let go of is evidence alone."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from ipv6check.model import Observation
from ipv6check.store import Archive, Database, StorageError
from ipv6check.store.upkeep import back_up, let_go
from ipv6check.store.writer import Writer
from tests.factories import evidence
from tests.store.nights import LIST, NIGHTS, START, night


@pytest.fixture
def filled(database: Database) -> Database:
    """Three nights with the evidence of one probe."""
    for number, tries in enumerate(NIGHTS[:3]):
        run_id = night(database, number, tries)
        writer = Writer(database, run_id, lambda domains: None)
        writer.start()
        for target in LIST:
            observed = Observation(subject=target.domain, probe="dns", sequence=1, made_at=START, facts=evidence().dns)
            writer.put(observed)
        writer.close()
    return database


def counted(database: Database, table: str) -> dict[str, int]:
    with sqlite3.connect(database.path) as connection:
        return dict(connection.execute(f"SELECT run_id, count(*) FROM {table} GROUP BY run_id"))


def test_the_file_alone_holds_all_once_a_writer_has_ended(database: Database, tmp_path: Path) -> None:
    night(database, 0, NIGHTS[0])
    alone = tmp_path / "alone.db"
    alone.write_bytes(database.path.read_bytes())
    with sqlite3.connect(alone) as connection:
        found = (
            connection.execute("SELECT count(*) FROM latest").fetchall(),
            connection.execute("PRAGMA integrity_check").fetchall(),
        )
    assert found == ([(len(LIST),)], [("ok",)])


def test_a_copy_takes_the_place_of_the_database(filled: Database, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "one.db"
    heard: list[tuple[int, int]] = []
    octets = back_up(filled, copy, lambda done, total: heard.append((done, total)))
    assert copy.stat().st_size == octets
    assert heard[-1][0] == heard[-1][1] > 0
    assert [path.name for path in copy.parent.iterdir()] == ["one.db"]
    restored = Archive(Database(f"sqlite:///{copy}"))
    archive = Archive(filled)
    for run in archive.runs():
        assert restored.cards(run.id) == archive.cards(run.id)
        assert list(restored.evidences(run.id)) == list(archive.evidences(run.id))
    assert restored.history.changes() == archive.history.changes()


def test_a_copy_can_be_made_while_a_scan_holds_the_database(filled: Database, tmp_path: Path) -> None:
    with filled.writing():
        back_up(filled, tmp_path / "copy.db")
    assert Archive(Database(f"sqlite:///{tmp_path / 'copy.db'}")).run().id == "night-02"


def test_no_file_is_overwritten(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(StorageError, match="there already"):
        back_up(filled, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text() == "mine"


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no database"):
        back_up(Database(f"sqlite:///{tmp_path / 'none.db'}"), tmp_path / "copy.db")


def test_old_evidence_goes_and_everything_else_stays(filled: Database) -> None:
    cards = {run.id: Archive(filled).cards(run.id) for run in Archive(filled).runs()}
    changes = Archive(filled).history.changes()
    with filled.writing():
        assert let_go(filled, START + timedelta(days=1, hours=1)) == (2, 2 * len(LIST))
        assert let_go(filled, START + timedelta(days=1, hours=1)) == (0, 0)
    assert counted(filled, "observation") == {"night-02": len(LIST)}
    assert {run.id: Archive(filled).cards(run.id) for run in Archive(filled).runs()} == cards
    assert Archive(filled).history.changes() == changes
