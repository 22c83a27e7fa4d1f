"""Where a database is, by its URL: what path it has, and what of it is shown."""

from pathlib import Path

import pytest

from ipv6check.store import Archive, Database, StorageError
from ipv6check.store.upkeep import back_up
from tests.store.nights import GOOD, night


@pytest.mark.parametrize("name", ["a#b?x.db", "100%.db", "a%41.db", "hai chữ.db", "x.db?mode=ro", "&=+.db"])
def test_a_path_may_hold_any_character(name: str, tmp_path: Path) -> None:
    encoded = name.replace("%41", "%2541")  # what is encoded already is taken as such
    database = Database(f"sqlite:///{tmp_path / encoded}")
    database.ready()
    night(database, 0, (GOOD, GOOD, GOOD))
    assert database.path == tmp_path / name
    assert back_up(database, tmp_path / "copy") > 0
    database.close()
    beside = {f"{name}{end}" for end in (".lock", "-shm", "-wal")}
    assert {path.name for path in tmp_path.iterdir()} - beside == {name, "copy"}
    again = Database(database.url.render_as_string())
    assert [run.id for run in Archive(again).runs()] == ["night-00"]
    again.close()


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://me:geheim@db/x?password=geheim", "postgresql+psycopg://db/x?passfile=geheim"]
)
def test_no_password_is_shown(url: str) -> None:
    pytest.importorskip("psycopg")
    assert "geheim" not in Database(url).shown


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg//me:geheim@db/x", "postgresql://me:geheim@db:port/x", "mine://me:geheim@db/x"]
)
def test_a_url_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(StorageError, match=r"store\.url") as told:
        Database(url)
    assert "geheim" not in str(told.value)
