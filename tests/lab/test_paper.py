"""The files that a scanner reads are ones it understands."""

from datetime import UTC, datetime
from pathlib import Path

from ipv6check import config, targets
from ipv6check.data import Tables
from ipv6check.lab import World
from ipv6check.lab.paper import RESOLVER, write
from ipv6check.net.guard import OptOut
from ipv6check.net.roots import read_roots
from ipv6check.wiring import register


def test_the_configuration_is_understood(city: World, tmp_path: Path) -> None:
    lab = write(city, tmp_path / "a folder")
    settings = config.load(lab.configuration)
    assert [str(address) for address in settings.network.resolver] == [RESOLVER]
    assert settings.network.ca_file == lab.ca_file
    assert settings.network.root_hints == lab.root_hints
    assert settings.data.directory == lab.data
    assert not Tables(settings.data.directory, datetime.now(UTC)).problems
    assert settings.vantage.name == "lab"
    assert settings.vantage.country == "VN"
    assert settings.vantage.canaries == city.canaries


def test_the_root_hints_are_understood(city: World, tmp_path: Path) -> None:
    assert set(read_roots(write(city, tmp_path).root_hints)) == set(city.root_servers)


def test_the_target_list_is_understood(city: World, tmp_path: Path) -> None:
    found = targets.read(write(city, tmp_path).targets)
    assert found.mistakes == ()
    assert found.targets == tuple(agency.target for agency in city.agencies)


def test_what_stands_beside_the_list_is_understood(city: World, tmp_path: Path) -> None:
    """A parent with others below it, one who took over, an exception, a dispute; all of bodies and domains that are there."""
    settings = config.load(write(city, tmp_path).configuration)
    found, mistakes = register(settings, frozenset(agency.domain for agency in city.agencies))
    assert mistakes == ()
    assert {body.name for body in found.bodies.values()} <= {agency.target.agency for agency in city.agencies}
    assert [(body.name, body.successor) for body in found.bodies.values() if body.successor] == [("Sở Mõm Sói", "Sở Hoa Sen")]
    assert sum(body.parent == "Ủy ban Hoa Ban" for body in found.bodies.values()) == 4
    assert [(one.domain, one.check) for one in found.exemptions] == [("xa-hoa-xoan.hanoi.gov.vn", "WEB-07")]
    assert [(one.domain, one.check, one.answered) for one in found.disputes] == [
        ("so-hai-duong.hanoi.gov.vn", "REACH-10", None)
    ]


def test_nobody_asked_to_be_left_alone(city: World, tmp_path: Path) -> None:
    assert OptOut.read(write(city, tmp_path).opt_out) == OptOut()


def test_the_world_is_kept_as_it_was(city: World, tmp_path: Path) -> None:
    assert write(city, tmp_path).world_file.read_text(encoding="utf-8") == city.text
