"""What is sent, and to whom: nothing to forbidden addresses, nothing faster than promised."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

import pytest

from tests.interop import forbidden
from tests.interop.comparing import differences, table
from tests.interop.experiments import Asked, Captured, Counted
from tests.interop.lab_addresses import VANTAGE4, VANTAGE6
from tests.interop.lab_capture import Packet
from tests.interop.lab_many import DOMAINS, PROVINCES

pytestmark = pytest.mark.interop

FORBIDDEN_NEEDED = 200
QUESTIONS_PER_SECOND = 10
CONNECTIONS_AT_ONCE = 2
HANDFUL = 20
"""Questions that a zone above everybody may get in a run for its own sake: looks at ourselves, its own servers' names."""

PER_ZONE_BELOW = 2
"""And for each zone below it that somebody is in: the way down, and the delegation."""
TIMER_SLACK = 0.05
"""What a busy computer may be late with one packet, seconds."""


def test_a_packet_to_a_forbidden_address_would_be_counted(closed: Counted) -> None:
    assert closed.before["outside4"] > 0
    assert closed.before["outside6"] > 0
    assert closed.before["loopback"] > 0


def test_no_packet_goes_to_two_hundred_forbidden_addresses(closed: Counted) -> None:
    assert sum(len(case.addresses) for case in forbidden.cases()) >= FORBIDDEN_NEEDED
    assert len(closed.scan.results) == len(forbidden.cases())
    assert set(closed.counters.values()) == {0}, closed.counters


def test_forbidden_records_are_judged_by_their_kind(closed: Counted) -> None:
    wrong = []
    for case in forbidden.cases():
        if case.way != "record":
            continue
        v6 = next(address for address in case.addresses if ":" in address)
        transition = forbidden.is_transition(v6)
        wanted = {
            "ADDR-01": "pass" if transition else "fail",
            "ADDR-02": "fail" if transition else "pass",
            "ADDR-03": "fail",
            "DNS-01": "pass",
            "DNS-02": "fail",
            "REACH-01": "n/a",
            "REACH-03": "n/a",
            "REACH-10": "n/a",
        }
        result = closed.scan.results[case.domain]
        got = {id_: result.outcome(id_) for id_ in wanted}
        wrong += [f"{case.addresses} {id_}: {wanted[id_]}, got {got[id_]}" for id_ in wanted if got[id_] != wanted[id_]]
        if (result.level, result.flags) != ("L0", ()):
            wrong.append(f"{case.addresses}: L0 without flags, got {result.level} {result.flags}")
    assert not wrong, "\n".join(wrong)


def test_a_name_server_at_a_forbidden_address_counts_for_nothing(closed: Counted) -> None:
    found = {closed.scan.results[c.domain].outcome("NS-03") for c in forbidden.cases() if c.way == "name server"}
    assert found == {"fail"}


def test_the_polite_scan_comes_out_right(polite: Captured) -> None:
    rows = [row for row in polite.scan.lab.files.rows if row.domain in polite.scan.results]
    assert rows
    lines = [line for row in rows for line in differences(row, polite.scan.results[row.domain])]
    assert not lines, table(lines)


def test_no_name_server_address_gets_more_than_ten_questions_a_second(polite: Captured) -> None:
    by_server = _times(polite.packets, "question")
    assert max(len(times) for times in by_server.values()) > QUESTIONS_PER_SECOND
    too_fast = {
        server: round(later - sooner, 3)
        for server, times in by_server.items()
        for sooner, later in zip(times, times[QUESTIONS_PER_SECOND:], strict=False)
        if later - sooner < 1 - TIMER_SLACK
    }
    assert not too_fast


def test_no_address_gets_more_than_one_new_connection_a_second(polite: Captured) -> None:
    by_address = _times(polite.packets, "open")
    assert by_address
    too_fast = {
        address: round(later - sooner, 3)
        for address, times in by_address.items()
        for sooner, later in pairwise(times)
        if later - sooner < 1 - TIMER_SLACK
    }
    assert not too_fast


def test_no_address_has_more_than_two_connections_at_once(polite: Captured) -> None:
    open_now: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    most: dict[str, int] = {}
    for packet in polite.packets:
        if packet.what == "open" and packet.source in {VANTAGE4, VANTAGE6}:
            open_now[packet.target].add((packet.port, packet.source_port))
            most[packet.target] = max(most.get(packet.target, 0), len(open_now[packet.target]))
        elif packet.what == "close":
            open_now[packet.target].discard((packet.port, packet.source_port))
            open_now[packet.source].discard((packet.source_port, packet.port))
    assert {address: count for address, count in most.items() if count > CONNECTIONS_AT_ONCE} == {}


def test_a_questioner_in_a_hurry_would_be_noticed(many: Asked) -> None:
    assert many.hurried > QUESTIONS_PER_SECOND


def test_zones_of_many_at_few_servers_are_all_judged(many: Asked) -> None:
    found = Counter(result.outcome("NS-12") for result in many.scan.results.values())
    assert found == {"pass": DOMAINS}


def test_no_server_of_many_zones_is_asked_faster_than_promised(many: Asked) -> None:
    assert max(many.questions.values()) > QUESTIONS_PER_SECOND * 10
    assert many.too_fast == 0


@pytest.mark.parametrize(("zone", "zones_below"), [(".", 2), ("vn", 2), ("gov.vn", PROVINCES)])
def test_zones_above_are_asked_a_handful_of_times_a_run_and_not_a_domain(many: Asked, zone: str, zones_below: int) -> None:
    world = many.scan.lab.files.world
    servers = [address for name in world.zones[zone].ns for address in world.hosts[name].at.values()]
    asked = {address: many.questions.get(address, 0) for address in servers}
    assert 0 < sum(asked.values()) < HANDFUL + PER_ZONE_BELOW * zones_below, asked


def _times(packets: Iterable[Packet], what: str) -> dict[str, list[float]]:
    """When each address got such a packet from the scanner; a SYN sent again by the kernel is no new connection."""
    seen: set[tuple[str, int, int]] = set()
    times: defaultdict[str, list[float]] = defaultdict(list)
    for packet in packets:
        connection = (packet.target, packet.port, packet.source_port)
        if packet.what != what or packet.source not in {VANTAGE4, VANTAGE6} or (what == "open" and connection in seen):
            continue
        seen.add(connection)
        times[packet.target].append(packet.at)
    return times
