"""The sample city, and its site written once for all tests."""

from pathlib import Path

import pytest

from ipv6check.reports.site import write_site
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import City, sample_city
from tests.reports.sample_past import Months, months
from tests.reports.sample_vantage import Vantage


@pytest.fixture(scope="session")
def city() -> City:
    """A city seen from a good measuring point."""
    return sample_city()


@pytest.fixture(scope="session")
def city_without_ipv6() -> City:
    """The same city seen from a measuring point that has no IPv6 and whose resolver does not validate."""
    return sample_city(Vantage(v6=False, validates=False))


@pytest.fixture(scope="session")
def site(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the sample city."""
    return write_site(city.run, city.cards, tmp_path_factory.mktemp("site") / "site", evidence_of=city.evidence_of).parent


@pytest.fixture(scope="session")
def public_site(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for the public."""
    output = tmp_path_factory.mktemp("public") / "site"
    return write_site(city.run, city.cards, output, evidence_of=city.evidence_of, audience="public").parent


@pytest.fixture(scope="session")
def past_nights(tmp_path_factory: pytest.TempPathFactory) -> Months:
    """The sample city over some weeks."""
    return months(tmp_path_factory.mktemp("nights"))


@pytest.fixture(scope="session")
def grown(past_nights: Months, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the newest of those nights, which knows the others."""
    city, output = past_nights.city, tmp_path_factory.mktemp("grown") / "site"
    return write_site(
        city.run, city.cards, output, evidence_of=city.evidence_of, past=past_nights.past, bodies=("UBND xã Chưa Có Tên",)
    ).parent


@pytest.fixture(scope="session")
def grown_pages(grown: Path) -> list[Page]:
    """Every page of that site, parsed."""
    return pages_of(grown)


@pytest.fixture(scope="session")
def pages(site: Path) -> list[Page]:
    """Every page of the site, parsed."""
    return pages_of(site)
