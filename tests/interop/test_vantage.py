"""What a scan says when it is our own measuring point that cannot see: no IPv6, IPv6 lost on the way, another country."""

from pathlib import Path

import pytest

from tests.interop.comparing import changes, differences, false_failures, table
from tests.interop.experiments import Behind, Cut, results_of
from tests.interop.rows import Row
from tests.interop.scans import Result, Scan

pytestmark = pytest.mark.interop

NOT_MEASURED_EXIT = 3

BY_DNS_ALONE = frozenset(
    {"NAME-01", "NAME-02", "NAME-03", "NAME-06", "DNS-01", "DNS-02", "DNS-03", "DNS-04", "DNS-05", "NS-01", "NS-02", "NS-03"}
    | {"NS-04", "SEC-01", "ADDR-01", "ADDR-02", "ADDR-03"}
)
BY_CONNECTIONS = frozenset({"REACH-01", "REACH-02", "REACH-03", "REACH-04"}) | {
    f"WEB-{number:02}" for number in (1, 2, 3, 4, 9, 10, 11)
}
BY_IPV4 = frozenset({"REACH-03"})
BY_IPV6 = frozenset({"NS-05", "NS-06", "NS-12", "REACH-01", "REACH-02", "REACH-04", "REACH-10", "WEB-12"})
"""What each check of the catalogue rests on: the resolver's answers, a connection by IPv4, or packets by IPv6."""

MOST_DONE = 0.8
"""An outage after so many domains came too late to test anything."""

MEASURED = frozenset({"pass", "warn", "fail", "info"})
ABOUT_OURSELVES = ("OPS-",)


def test_without_ipv6_the_command_says_that_it_measured_in_part(without_v6: Scan) -> None:
    assert without_v6.code == NOT_MEASURED_EXIT
    assert {result.outcome("OPS-01") for result in without_v6.results.values()} == {"fail"}
    assert {result.outcome("OPS-02") for result in without_v6.results.values()} == {"pass"}


def test_without_ipv6_the_doctor_says_so(without_v6: Scan) -> None:
    done = without_v6.run("--lang", "en", "doctor")
    assert done.returncode == NOT_MEASURED_EXIT
    assert "has no IPv6" in " ".join(done.stdout.split())


def test_without_ipv6_the_report_says_so_first(without_v6: Scan, tmp_path: Path) -> None:
    done = without_v6.run("report", "--output", str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    front = (tmp_path / "site" / "en" / "index.html").read_text(encoding="utf-8")
    assert 0 < front.find("has no IPv6") < front.find("<h1")


def test_without_ipv6_nothing_fails_that_would_have_needed_it(without_v6: Scan, rows: tuple[Row, ...]) -> None:
    lines = false_failures(rows, without_v6.results)
    needed_v6 = [f"{domain}: {sorted(bad)}" for domain, r in without_v6.results.items() if (bad := r.failed & BY_IPV6)]
    assert not lines, table(lines)
    assert not needed_v6


def test_without_ipv6_what_needs_it_is_not_measured_and_says_why(without_v6: Scan, main: Scan, rows: tuple[Row, ...]) -> None:
    wrong = [
        f"{row.domain} {id_}: {was} became {now}"
        for row in rows
        if not row.get("needs_v6")
        for id_ in sorted(BY_IPV6)
        if (was := main.results[row.domain].outcome(id_)) in MEASURED
        and (now := without_v6.results[row.domain].outcome(id_)) != "nm:no-v6-here"
    ]
    assert not wrong, "\n".join(wrong)


def test_without_ipv6_what_rests_on_dns_and_ipv4_is_unchanged(without_v6: Scan, main: Scan, rows: tuple[Row, ...]) -> None:
    wrong = [
        f"{row.domain} {id_}: {was} became {now}"
        for row in rows
        if not row.get("needs_v6")
        for id_ in sorted(BY_DNS_ALONE | BY_IPV4)
        if (was := main.results[row.domain].outcome(id_)) != (now := without_v6.results[row.domain].outcome(id_))
    ]
    assert not wrong, "\n".join(wrong)


def test_without_name_servers_on_ipv6_dns_alone_shows_it(without_v6: Scan) -> None:
    found = without_v6.results["khongaaaa.hanoi.gov.vn"]
    assert {id_: found.outcome(id_) for id_ in ("NS-03", "NS-05", "NS-08")} == {
        "NS-03": "fail",
        "NS-05": "n/a",
        "NS-08": "fail",
    }


def test_ipv6_lost_in_the_middle_makes_nothing_fail(cut: Cut) -> None:
    lines = false_failures(cut.rows, cut.scan.results)
    assert not lines, table(lines)


def test_ipv6_lost_in_the_middle_is_told(cut: Cut) -> None:
    spoilt = [d for d, r in cut.scan.results.items() if r.outcome("REACH-01") == "nm:canary-failed"]
    assert cut.scan.code == NOT_MEASURED_EXIT
    assert len(cut.scan.results) == len(cut.rows)
    assert 0 < len(cut.done_before) < len(cut.rows) * MOST_DONE
    assert spoilt
    assert not set(spoilt) & cut.done_before


def test_ipv6_lost_in_the_middle_turns_no_verdict_into_another(cut: Cut, main: Scan) -> None:
    wrong = [
        f"{row.domain} {id_}: {was} became {now}"
        for row in cut.rows
        for id_ in sorted(BY_DNS_ALONE | BY_IPV4 | BY_IPV6)
        if (was := main.results[row.domain].outcome(id_)) != (now := cut.scan.results[row.domain].outcome(id_))
        and not now.startswith("nm:")
    ]
    assert not wrong, "\n".join(wrong)


def test_ipv6_that_comes_back_changes_no_verdict(restored: Cut, main: Scan) -> None:
    assert 0 < len(restored.done_before) < len(restored.rows) * MOST_DONE
    lines = changes(_of_others(results_of(main.results, restored.rows)), _of_others(restored.scan.results))
    assert not lines, table(lines)


def _of_others(results: dict[str, Result]) -> dict[str, Result]:
    """The results without what is said of ourselves."""
    return {
        domain: Result(
            domain, r.level, r.flags, {id_: check for id_, check in r.checks.items() if not id_.startswith(ABOUT_OURSELVES)}
        )
        for domain, r in results.items()
    }


def test_behind_a_portal_no_site_is_judged_by_what_that_says(portal: Behind, main: Scan) -> None:
    assert "portal.example" in portal.shown.partition("HTTP/1.1 302")[0]
    assert "Location: http://portal.example/" in portal.shown
    assert portal.scan.code == NOT_MEASURED_EXIT
    assert not false_failures(portal.rows, portal.scan.results)
    for domain, found in portal.scan.results.items():
        assert {found.outcome("OPS-01"), found.outcome("OPS-02")} == {"fail"}
        assert {found.outcome(id_) for id_ in BY_CONNECTIONS} == {"nm:canary-failed"}
        assert {i: found.outcome(i) for i in BY_DNS_ALONE} == {i: main.results[domain].outcome(i) for i in BY_DNS_ALONE}


def test_silence_on_both_families_tells_nothing_from_abroad(abroad: Scan) -> None:
    silent = abroad.results["imcahai.hanoi.gov.vn"]
    assert (silent.outcome("REACH-01"), silent.outcome("REACH-03"), silent.level) == ("nm:blocked", "nm:blocked", "L0+")


def test_what_is_not_silent_on_both_families_is_judged_abroad_as_at_home(abroad: Scan, rows: tuple[Row, ...]) -> None:
    others = [row for row in rows if row.domain in abroad.results and row.domain != "imcahai.hanoi.gov.vn"]
    lines = [line for row in others for line in differences(row, abroad.results[row.domain])]
    assert not lines, table(lines)
