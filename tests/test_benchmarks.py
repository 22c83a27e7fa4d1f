"""The benchmark's own arithmetic, and how it reads what a run left: no servers, no network."""

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.country import PROVINCES, agencies, servers_above, zones_above
from benchmarks.figures import Bar, bare_cost, median_ratio, most_per_second, share_of_equal, table_of_bars
from benchmarks.scans import Run, Summary, outcomes, read_summary
from benchmarks.shell import Piped

SAID = (
    '{"level": "INFO", "message": "run 20261121-1: Progress(planned=2, done=2), loop lag p99 0.054 s, '
    "{'questions': 46, 'connections': 20, 'timeouts': 0}\"}\n"
)


@pytest.mark.parametrize(
    ("relation", "asked", "measured", "is_reached"),
    [
        ("=", 1, 1.0, True),
        ("=", 1, 0.9999, False),
        ("<", 0.1, 0.1, False),
        ("<=", 8, 8.0, True),
        ("<=", 8, 8.01, False),
        (">=", 1.5, 1.5, True),
        (">=", 1.5, 1.49, False),
    ],
)
def test_a_bar_is_reached_or_not(relation: str, asked: float, measured: float, is_reached: bool) -> None:
    assert Bar(1, "what", relation, asked, measured).is_reached is is_reached


def test_a_bar_that_is_not_reached_says_so_in_the_table() -> None:
    lines = table_of_bars([Bar(2, "rate", ">=", 1.5, 0.8), Bar(4, "memory", "<=", 1.25, 1.0)]).splitlines()
    assert lines[2:] == ["| 2 | rate | >= 1.5 | 0.8 | **no** |", "| 4 | memory | <= 1.25 | 1 | yes |"]


def test_littles_law() -> None:
    assert most_per_second(200, 0.0, 8.0, 4.0) == 50
    assert most_per_second(200, 0.5, 8.0, 2.0) == 40
    assert most_per_second(190, 0.3, 8.0, 2.0) == pytest.approx(50)


def test_ratios_are_taken_side_by_side_before_their_median() -> None:
    assert median_ratio([10, 1, 30], [1, 1, 10]) == 3
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1, 2], [1])


def test_the_bare_cost_is_that_of_handshakes_and_questions() -> None:
    assert bare_cost(4, 2.0, 25) == pytest.approx(8.25)


def test_verdicts_are_compared_one_by_one() -> None:
    wanted = {"a": {"X-01": "pass", "X-02": "fail"}, "b": {"X-01": "nm:blocked", "X-02": "pass"}}
    assert share_of_equal(wanted, wanted) == (1.0, [])
    share, wrong = share_of_equal(wanted, {"a": {"X-01": "pass", "X-02": "pass"}})
    assert share == 0.25
    assert wrong == ["a X-02: fail, got pass", "b X-01: nm:blocked, got nothing", "b X-02: pass, got nothing"]
    assert share_of_equal({}, wanted)[0] == 0, "nothing compared is not the same"


def test_the_last_summary_is_read() -> None:
    assert read_summary(SAID.replace("0.054", "9.9") + SAID) == Summary(0.054, 46, 20)
    with pytest.raises(ValueError, match="said nothing"):
        read_summary("INFO nothing of the kind")


def test_outcomes_have_their_reason() -> None:
    stored = {"A": ["pass"], "B": ["nm", "", "blocked"], "C": ["fail", "expired"], "D": ["warn", "", None, {"n": 1}]}
    assert outcomes(stored) == {"A": "pass", "B": "nm:blocked", "C": "fail", "D": "warn"}


def test_rates_and_costs_are_per_domain() -> None:
    piped = Piped(100, 20.0, 9.0)
    assert (piped.rate, piped.cpu_per_domain) == (5.0, 90.0)


def test_what_a_run_left_is_read(tmp_path: Path) -> None:
    shaken, refused = {"tls": {"version": "TLSv1.3"}}, {"tls": {"failure": {"kind": "tls"}}}
    web = {"names": [{"addresses": [{"https": [refused, shaken], "http": [{}]}, {"https": [shaken]}]}]}
    dns = {"listed": {"aaaa": {"tries": [{"start": "2026-11-21T08:00:05Z"}]}}}
    verdicts = {"DNS-02": ["pass"], "REACH-01": ["nm", "", "blocked"]}
    database = tmp_path / "run.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("create table run (started_at)")
        connection.execute("create table observation (subject, probe, sequence, made_at, facts)")
        connection.execute("create table verdict (domain, verdicts)")
        connection.execute("insert into run values ('2026-11-21T08:00:00+00:00')")
        rows = [("web", 1, "08:00:10", {}), ("web", 2, "08:01:00", web), ("dns", 1, "08:00:06", dns)]
        for probe, sequence, at, facts in rows:
            stored = zlib.compress(json.dumps(facts).encode())
            values = ("a.gov.vn", probe, sequence, f"2026-11-21T{at}+00:00", stored)
            connection.execute("insert into observation values (?, ?, ?, ?, ?)", values)
        connection.execute("insert into verdict values ('a.gov.vn', ?)", (zlib.compress(json.dumps(verdicts).encode()),))
        connection.commit()
    run = Run(("a.gov.vn",), 20.0, 0.05, 100.0, read_summary(SAID), database)
    assert (run.handshakes, run.fetches) == (2, 4), "of the newest observation, and no handshake that was turned down"
    assert (run.first_pass, run.first_pass_rate) == (10.0, 0.1)
    assert run.seconds_in_first_pass("a.gov.vn") == 5.0
    assert (run.rate, run.cpu_per_domain) == (0.05, 50.0)
    assert run.verdicts == {"a.gov.vn": {"DNS-02": "pass", "REACH-01": "nm:blocked"}}


def test_every_domain_has_its_own_networks() -> None:
    everybody = agencies(4000, 300)
    assert len({agency.domain for agency in everybody}) == len(everybody)
    v4 = {agency.name_server(1)[0].rpartition(".")[0] for agency in everybody}
    v6 = {agency.name_server(1)[1].partition("::")[0] for agency in everybody}
    assert (len(v4), len(v6)) == (len(everybody), len(everybody))
    above = {address for zone in zones_above() for _, both in servers_above(zone) for address in both}
    assert len(above) == 4 * (3 + len(PROVINCES))
    assert not above & {address for agency in everybody for n in (1, 2) for address in agency.name_server(n)}


def test_silent_web_servers_stand_where_nobody_answers_and_their_name_servers_do_not() -> None:
    silent = agencies(1, 1)[1]
    assert silent.web == ("12.16.2.80", "2600:2001::80")
    assert silent.name_server(2) == ("11.16.2.54", "2400:2001::54")
