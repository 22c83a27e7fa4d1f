"""A fresh database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipv6check.store import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh database."""
    made = Database(f"sqlite:///{tmp_path / 'results' / 'test.db'}")
    made.ready()
    yield made
    made.close()
