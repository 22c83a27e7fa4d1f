"""The application over four nights, for each test anew, or once for those that only read."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from ipv6check.store import Database
from tests.serve.made import serving
from tests.store.nights import NIGHTS, night


@pytest.fixture(scope="session")
def four_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights: the second domain breaks in the second night, the third domain works again from the third on."""
    path = tmp_path_factory.mktemp("serve") / "four.db"
    made = Database(f"sqlite:///{path}")
    made.ready()
    for number, tries in enumerate(NIGHTS):
        night(made, number, tries)
    made.close()
    return path


@pytest.fixture
def database(four_nights: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of the four nights."""
    shutil.copy(four_nights, tmp_path / "test.db")
    made = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield made
    made.close()


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application for internal use."""
    async with serving(database) as made:
        yield made


@pytest.fixture
async def public(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application for the public."""
    async with serving(database, "public") as made:
        yield made
