"""The tables of Internet resources of the city."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipv6check.data import RouteValidation, TableProblem, Tables
from ipv6check.lab import World
from ipv6check.lab.tables import write
from ipv6check.lab.world import Holding


@pytest.fixture(scope="module")
def tables(city: World, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The city's tables, opened."""
    directory = tmp_path_factory.mktemp("data")
    write(city, directory)
    return Tables(directory, datetime.now(UTC))


def states(tables: Tables, holding: Holding, family: int) -> list[tuple[int | None, str]]:
    """Origins and how valid they are, of the most specific route."""
    routes = tables.covering_routes(holding.block.address(6 if family == 6 else 4, 1))
    assert not isinstance(routes, TableProblem)
    validations = [one for route in routes for one in _validated(tables.validate_route(route))]
    return [(one.origin, one.state.value) for one in validations]


def _validated(found: tuple[RouteValidation, ...] | TableProblem) -> tuple[RouteValidation, ...]:
    assert not isinstance(found, TableProblem)
    return found


def test_all_tables_can_be_asked(tables: Tables) -> None:
    assert tables.problems == ()


@pytest.mark.parametrize("family", [6, 4])
def test_routes_are_as_the_world_says(city: World, tables: Tables, family: int) -> None:
    seen = set()
    for holding in city.holdings:
        seen.add(holding.route)
        asn = holding.providers[6 if family == 6 else 4].asn
        found = states(tables, holding, family)
        match holding.route:
            case "good":
                assert found == [(asn, "Valid")]
            case "not-found":
                assert found == [(asn, "NotFound")]
            case "invalid":
                assert found == [(asn, "Invalid")]
            case "moas":
                assert len(found) == 2
                assert (asn, "Valid") in found
    assert seen >= {"good", "not-found", "invalid", "moas"}


def test_holders_and_countries_are_those_of_the_providers(city: World, tables: Tables) -> None:
    for holding in city.holdings:
        for family, provider in holding.providers.items():
            registration = tables.registration_of(holding.block.address(family, 1))
            assert registration is not None
            assert not isinstance(registration, TableProblem)
            assert (registration.country, registration.holder_name) == (provider.country, provider.name)


def test_networks_have_names(city: World, tables: Tables) -> None:
    for provider in city.providers:
        name, registered = tables.as_name(provider.asn), tables.registration_of_as(provider.asn)
        assert name is not None
        assert registered is not None
        assert not isinstance(name, TableProblem)
        assert not isinstance(registered, TableProblem)
        assert (name.name, name.country, registered.country) == (provider.name, provider.country, provider.country)


def test_they_can_be_made_again(city: World, tmp_path: Path) -> None:
    for _ in range(2):
        write(city, tmp_path)
    assert Tables(tmp_path, datetime.now(UTC)).problems == ()
