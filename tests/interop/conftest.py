"""The labs and experiments of the interop tests: made once, and only those that the chosen tests look at."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import pytest

from tests.interop.experiments import ALL, Asked, Behind, Captured, Counted, Cut, Experiments
from tests.interop.killing import Killed
from tests.interop.lab import build, missing_tools, which
from tests.interop.rows import Row, load_rows
from tests.interop.scans import Scan


@pytest.fixture(scope="session")
def experiments(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiments]:
    """All experiments; those that the collected tests want begin at once."""
    if missing := missing_tools():
        _leave_out(f"not installed: {', '.join(missing)} (sh tests/servers.sh installs them)")
    if why := _no_namespaces():
        _leave_out(f"no network namespace to be had: {why}")
    directory = tmp_path_factory.mktemp("lab")
    made = Experiments(build(directory / "files", load_rows()), directory)
    try:
        made.start({name for item in request.session.items for name in getattr(item, "fixturenames", ()) if name in ALL})
        yield made
    finally:
        made.close()


def _no_namespaces() -> str:
    """Why this user gets no network namespace; "" when it does."""
    command = ["unshare", *(["-nm"] if os.geteuid() == 0 else ["-Urnm"]), which("nft") or "nft", "list", "ruleset"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


def _leave_out(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def rows(experiments: Experiments) -> tuple[Row, ...]:
    """The truth table."""
    return experiments.files.rows


@pytest.fixture(scope="session")
def main(experiments: Experiments) -> Scan:
    """All rows in one scan."""
    return _result(experiments, "main")


@pytest.fixture(scope="session")
def country(experiments: Experiments) -> Scan:
    """All rows of the second table in one scan."""
    return _result(experiments, "country")


@pytest.fixture(scope="session")
def country_rows(experiments: Experiments) -> tuple[Row, ...]:
    """The second table."""
    return experiments.lab("country").files.rows


@pytest.fixture(scope="session")
def country_shown(experiments: Experiments) -> list[str]:
    """Faults of the second table that are not there."""
    return _result(experiments, "country_shown")


@pytest.fixture(scope="session")
def country_delv(experiments: Experiments) -> Mapping[str, str]:
    """DNSSEC of the second table as delv has it."""
    return _result(experiments, "country_delv")


@pytest.fixture(scope="session")
def country_unbound(experiments: Experiments) -> Mapping[str, str]:
    """DNSSEC of the second table as Unbound has it."""
    return _result(experiments, "country_unbound")


@pytest.fixture(scope="session")
def many(experiments: Experiments) -> Asked:
    """A scan of a thousand agencies with a zone each, every question counted."""
    return _result(experiments, "many")


@pytest.fixture(scope="session")
def crowd(experiments: Experiments) -> Scan:
    """All rows at ten times the default concurrency."""
    return _result(experiments, "crowd")


@pytest.fixture(scope="session")
def alone(experiments: Experiments) -> Scan:
    """A sample of rows, one after the other."""
    return _result(experiments, "alone")


@pytest.fixture(scope="session")
def abroad(experiments: Experiments) -> Scan:
    """A few rows from another country."""
    return _result(experiments, "abroad")


@pytest.fixture(scope="session")
def without_v6(experiments: Experiments) -> Scan:
    """All rows from a measuring point without IPv6."""
    return _result(experiments, "without_v6")


@pytest.fixture(scope="session")
def cut(experiments: Experiments) -> Cut:
    """A scan that loses IPv6 in the middle, for good."""
    return _result(experiments, "cut")


@pytest.fixture(scope="session")
def restored(experiments: Experiments) -> Cut:
    """A scan that loses IPv6 in the middle and gets it back."""
    return _result(experiments, "restored")


@pytest.fixture(scope="session")
def portal(experiments: Experiments) -> Behind:
    """A scan from behind a portal."""
    return _result(experiments, "portal")


@pytest.fixture(scope="session")
def closed(experiments: Experiments) -> Counted:
    """A scan of forbidden addresses, every packet counted."""
    return _result(experiments, "closed")


@pytest.fixture(scope="session")
def polite(experiments: Experiments) -> Captured:
    """A scan at the default pace, every packet captured."""
    return _result(experiments, "polite")


@pytest.fixture(scope="session")
def killed(experiments: Experiments) -> Killed:
    """Scans killed at random instants and resumed."""
    return _result(experiments, "killed")


@pytest.fixture(scope="session")
def set_up(experiments: Experiments) -> list[str]:
    """Databases that would not be made after their making was killed."""
    return _result(experiments, "set_up")


@pytest.fixture(scope="session")
def shown(experiments: Experiments) -> list[str]:
    """Faults that are not there."""
    return _result(experiments, "shown")


@pytest.fixture(scope="session")
def delv(experiments: Experiments) -> Mapping[str, str]:
    """DNSSEC as delv has it."""
    return _result(experiments, "delv")


@pytest.fixture(scope="session")
def openssl(experiments: Experiments) -> Mapping[str, Mapping[str, bool]]:
    """Certificates as openssl has them."""
    return _result(experiments, "openssl")


def _result(experiments: Experiments, name: str) -> Any:
    return experiments.result(name)
