"""The city, read once."""

import pytest

from ipv6check.lab import World, load


@pytest.fixture(scope="package")
def city() -> World:
    """The city in a box."""
    return load()
