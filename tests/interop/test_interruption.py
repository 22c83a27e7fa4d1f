"""A scan that is killed loses nothing that it had acknowledged, does nothing twice, and comes out as if unbroken."""

import pytest

from tests.interop.comparing import changes, table
from tests.interop.experiments import results_of
from tests.interop.killing import Killed
from tests.interop.scans import Scan

pytestmark = pytest.mark.interop

KILLS_NEEDED = 30


def test_scans_were_killed_often_enough_and_in_their_middle(killed: Killed) -> None:
    assert killed.kills >= KILLS_NEEDED
    assert sum(0 < done < len(killed.rows) for done in killed.done_at_kills) >= KILLS_NEEDED / 3


def test_a_killed_scan_can_always_go_on(killed: Killed) -> None:
    assert killed.broken == []
    assert killed.scans


def test_a_database_whose_making_was_killed_can_be_made(set_up: list[str]) -> None:
    assert not set_up, "\n".join(set_up)


def test_no_acknowledged_domain_is_lost(killed: Killed) -> None:
    assert killed.lost == []


def test_no_acknowledged_domain_is_done_again(killed: Killed) -> None:
    assert killed.redone == []


def test_every_resumed_scan_holds_every_domain_once(killed: Killed) -> None:
    domains = sorted(row.domain for row in killed.rows)
    for scan in killed.scans:
        assert sorted(scan.results) == domains
        assert scan.query("select count(*) from run") == [(1,)]
        assert scan.query("select count(*) from verdict") == [(len(domains),)]
        assert scan.query("pragma integrity_check") == [("ok",)]


def test_verdicts_of_resumed_scans_are_those_of_an_unbroken_one(killed: Killed, main: Scan) -> None:
    unbroken = results_of(main.results, killed.rows)
    lines = [line for scan in killed.scans for line in changes(unbroken, scan.results)]
    assert not lines, table(lines)
