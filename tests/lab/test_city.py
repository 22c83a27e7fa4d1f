"""Every agency of the city through FakeNetwork: the verdicts are those that the catalogue gives."""

import asyncio

import pytest

from ipv6check.lab import World, fake_network, load
from tests.lab.expecting import differences
from tests.lab.observing import Result, observe


@pytest.fixture(scope="module")
def results(city: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What came out for every agency."""
    return asyncio.run(observe(city, fake_network(city), spacing=0, directory=tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize("domain", [agency.domain for agency in load().agencies])
def test_verdicts_are_those_of_the_catalogue(domain: str, city: World, results: dict[str, Result]) -> None:
    assert differences(city.agency(domain), results[domain]) == []
