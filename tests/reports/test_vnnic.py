"""The registry's CSV: pinned columns, three states, and never a failure made of what was not seen."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest

from ipv6check.judge import judge
from ipv6check.model import Reason, Target, Verdict
from ipv6check.reports.export import write_dictionary
from ipv6check.reports.vnnic import COLUMNS, NAMES, STRICT, row, state_of
from ipv6check.rules import RULES
from ipv6check.score import Card
from tests.factories import DOMAIN, Site, evidence
from tests.reports.sample_world import Vantage
from tests.reports.samples import city, good, unseen_card, verdict, with_verdicts

RUN, CARD, EVIDENCE = good()
PINNED = (
    "ngay_do,thoi_diem_do,ma_dinh_danh,co_quan,loai_co_quan,ten_mien,dich_vu,dung_ten_mien_vn,ban_ghi_aaaa,dia_chi_ipv6,"
    "truy_cap_ipv6,truy_cap_chi_ipv6,https_ipv4,https_ipv6,chung_thu_het_han,chuyen_huong_https,may_chu_ten_mien_ipv6,"
    "thu_dien_tu_ipv6,dnssec,as_goc,roa,muc,diem,ty_le_do_duoc,trang_thai,ghi_chu,diem_do,phien_ban"
)
STATES = {"dat", "khong_dat", "chua_do_duoc", "khong_ap_dung"}
STATE_COLUMNS = (
    *("dung_ten_mien_vn", "ban_ghi_aaaa", "truy_cap_ipv6", "truy_cap_chi_ipv6", "https_ipv4", "https_ipv6"),
    *("chuyen_huong_https", "may_chu_ten_mien_ipv6", "thu_dien_tu_ipv6", "dnssec", "roa", "trang_thai"),
)


def cells(card: Card, run=RUN) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return dict(zip(NAMES, row(run, card), strict=True))


def cell(column: str, *verdicts: Verdict) -> str:
    return cells(with_verdicts(CARD, *verdicts))[column]


def test_the_columns_are_pinned() -> None:
    assert ",".join(NAMES) == PINNED


def test_a_good_row() -> None:
    found = cells(CARD)
    assert found["ngay_do"] == "2026-11-22"
    assert found["thoi_diem_do"] == "2026-11-22T01:30:05+07:00"
    assert found["ten_mien"] == "cong.hanoi.gov.vn"
    assert found["loai_co_quan"] == "ubnd"
    assert found["dich_vu"] == "portal"
    assert found["dia_chi_ipv6"] == "2402:800:6105:20::80"
    assert found["chung_thu_het_han"] == "2027-06-22"
    good_ones = ("dung_ten_mien_vn", "ban_ghi_aaaa", "truy_cap_ipv6", "https_ipv4", "https_ipv6", "chuyen_huong_https")
    assert {found[name] for name in (*good_ones, "may_chu_ten_mien_ipv6", "dnssec", "trang_thai")} == {"dat"}
    assert (found["muc"], found["diem"], found["ty_le_do_duoc"]) == ("L3", "100.0", "1.0")
    assert found["diem_do"] == "hanoi-1"
    assert found["phien_ban"] == f"vnnic/1 rules/{RUN.rules_version}"


def test_the_resources_of_a_good_row() -> None:
    found = cells(CARD)
    assert (found["as_goc"], found["roa"]) == ("AS7552", "dat")


def test_what_is_not_built_is_not_measured_and_says_so() -> None:
    found = cells(CARD)
    unbuilt = ("truy_cap_chi_ipv6", "thu_dien_tu_ipv6")
    assert {found[name] for name in unbuilt} == {"chua_do_duoc"}
    assert ", ".join(unbuilt) in found["ghi_chu"]
    assert "mức ít nhất là L3" in found["ghi_chu"]


@pytest.mark.parametrize("here", [Vantage(), Vantage(v6=False), Vantage(lost_v6=True), Vantage(validates=False)])
def test_state_columns_hold_one_of_the_states(here: Vantage) -> None:
    seen = city(here=here)
    for card in seen.cards:
        found = cells(card, seen.run)
        assert {found[name] for name in STATE_COLUMNS} <= STATES
        assert found["muc"] in {"L0", "L1", "L2", "L3", "L4", "chua_do_duoc"}


def test_without_ipv6_here_nothing_over_ipv6_is_failed() -> None:
    found = cells(city("cong.hanoi.gov.vn", here=Vantage(v6=False)).cards[0])
    assert {found[name] for name in ("truy_cap_ipv6", "https_ipv6", "trang_thai")} == {"chua_do_duoc"}
    assert (found["https_ipv4"], found["ban_ghi_aaaa"]) == ("dat", "dat")
    assert "điểm đo không có kết nối IPv6: truy_cap_ipv6, truy_cap_chi_ipv6, https_ipv6" in found["ghi_chu"]
    assert (found["muc"], "mức ít nhất là L0" in found["ghi_chu"]) == ("chua_do_duoc", True)


def test_a_target_not_looked_at_is_not_measured_throughout() -> None:
    found = cells(unseen_card(CARD, Reason.OPT_OUT))
    assert {found[name] for name in STATE_COLUMNS} == {"chua_do_duoc"}
    not_seen = ("dia_chi_ipv6", "chung_thu_het_han", "as_goc", "muc", "diem")
    assert {found[name] for name in not_seen} == {"chua_do_duoc"}
    assert (found["ngay_do"], found["thoi_diem_do"]) == ("2026-11-21", "")
    assert "nằm trong danh sách không đo: dung_ten_mien_vn" in found["ghi_chu"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_states_of_each_check(rule) -> None:  # type: ignore[no-untyped-def]
    expected = {"pass": "dat", "info": "dat", "fail": "khong_dat", "n/a": "khong_ap_dung", "nm:limit": "chua_do_duoc"}
    expected["warn"] = "khong_dat" if rule.id in STRICT else "dat"
    assert {outcome: state_of(verdict(rule.id, outcome)) for outcome in expected} == expected


def test_a_warning_counts_and_is_told() -> None:
    warned = verdict("WEB-09", "warn", host="khac.vn", name="x", address="2402::1", status=301)
    found = cells(with_verdicts(CARD, warned))
    assert found["chuyen_huong_https"] == "dat"
    assert "WEB-09: " in found["ghi_chu"]
    assert "khac.vn" in found["ghi_chu"]


def test_an_unsigned_zone_is_not_secured() -> None:
    found = cells(city("honuoc.hanoi.gov.vn").cards[0])
    assert found["dnssec"] == "khong_dat"
    assert "SEC-01: " in found["ghi_chu"]


@pytest.mark.parametrize(
    ("outcome", "said", "port", "expected"),
    [
        ("pass", "yes", "pass", "dat"),
        ("warn", "unstable", "pass", "dat"),
        ("warn", "no", "pass", "khong_dat"),
        ("pass", "unseen", "nm:canary-failed", "chua_do_duoc"),
        ("pass", "none", "fail", "khong_dat"),
        ("pass", "none", "nm:canary-failed", "chua_do_duoc"),
        ("pass", "none", "n/a", "khong_ap_dung"),
        ("pass", "none", "pass", "dat"),
        ("pass", "none", "warn", "dat"),
        ("warn", "none", "pass", "chua_do_duoc"),
        ("fail", "none", "pass", "chua_do_duoc"),
    ],
)
def test_https_by_family(outcome: str, said: str, port: str, expected: str) -> None:
    for family, column, check in (("v6", "https_ipv6", "REACH-01"), ("v4", "https_ipv4", "REACH-03")):
        other = "v4" if family == "v6" else "v6"
        web = verdict("WEB-01", outcome, **{"name": "x", family: said, other: "yes"})
        ports = verdict(check, port, name="x", up=1, total=1, failed=[])
        assert cell(column, web, ports) == expected


@pytest.mark.parametrize("family", ["v6", "v4"])
@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "www"])
def test_https_at_one_of_two_names_applies(family: str, is_listed: bool) -> None:
    """The other name has no address of the family, and no fault."""
    listed, www = Site(), Site(name=f"www.{DOMAIN}")
    sites = (listed, replace(www, **{family: ()})) if is_listed else (replace(listed, **{family: ()}), www)
    found = cells(replace(CARD, verdicts=judge(evidence(*sites))))
    assert (found["https_ipv4"], found["https_ipv6"], found["truy_cap_ipv6"]) == ("dat", "dat", "dat")


@pytest.mark.parametrize(("outcome", "expected"), [("nm:limit", "chua_do_duoc"), ("n/a", "khong_ap_dung")])
def test_https_without_an_answer(outcome: str, expected: str) -> None:
    ports = [verdict(id_, "n/a", name="x") for id_ in ("REACH-01", "REACH-03")]
    for column in ("https_ipv4", "https_ipv6"):
        assert cell(column, verdict("WEB-01", outcome), *ports) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("pass", "pass", "dat"),
        ("pass", "nm:limit", "chua_do_duoc"),
        ("fail", "nm:limit", "khong_dat"),
        ("n/a", "pass", "dat"),
        ("n/a", "n/a", "khong_ap_dung"),
    ],
)
def test_two_checks_in_one_column(first: str, second: str, expected: str) -> None:
    assert cell("truy_cap_chi_ipv6", verdict("NS-12", first), verdict("PAGE-01", second)) == expected
    assert cell("thu_dien_tu_ipv6", verdict("MAIL-02", first), verdict("MAIL-03", second)) == expected


def test_addresses_none_and_unusable() -> None:
    assert cell("dia_chi_ipv6", verdict("DNS-02", "fail", name="x")) == ""
    assert cell("dia_chi_ipv6", verdict("DNS-02", "n/a", name="x")) == "khong_ap_dung"
    assert (
        cell("dia_chi_ipv6", verdict("DNS-02", "fail", "unusable", name="x", addresses=["fd00::1", "fd00::2"]))
        == "fd00::1 fd00::2"
    )


def test_certificate_dates() -> None:
    assert cell("chung_thu_het_han", verdict("WEB-04", "fail", "expired", until="2026-01-02")) == "2026-01-02"
    assert cell("chung_thu_het_han", verdict("WEB-04", "fail", "unreadable", name="x")) == ""
    assert cell("chung_thu_het_han", verdict("WEB-04", "nm:clock")) == "chua_do_duoc"
    assert cell("chung_thu_het_han", verdict("WEB-04", "n/a")) == "khong_ap_dung"


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("cong.hanoi.gov.vn", "dat"),
        ("vuonuom.hanoi.gov.vn", "khong_dat"),
        ("gioto.hanoi.gov.vn", "khong_dat"),
        ("xatre.hanoi.gov.vn", "khong_ap_dung"),
        ("chotet.hanoi.gov.vn", "chua_do_duoc"),
    ],
)
def test_status(domain: str, expected: str) -> None:
    assert cells(city(domain).cards[0])["trang_thai"] == expected


def test_remarks_name_flags_and_an_incomplete_run() -> None:
    card = city("vuonuom.hanoi.gov.vn").cards[0]
    assert "IPv6 đã công bố nhưng không hoạt động" in cells(card)["ghi_chu"]
    assert cells(card, replace(RUN, finished=0))["ghi_chu"].startswith("lượt đo chưa hoàn tất")


def test_codes_stay_text_and_times_cross_midnight() -> None:
    target = Target(domain="x.vn", agency_code="000.00.07.H26", services=("portal", "mail"))
    late = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    found = cells(replace(CARD, target=target, measured_at=late))
    assert found["ma_dinh_danh"] == "000.00.07.H26"
    assert found["dich_vu"] == "portal mail"
    assert (found["ngay_do"], found["thoi_diem_do"]) == ("2027-01-01", "2027-01-01T00:00:00+07:00")


def test_the_dictionary_explains_every_column_in_both_languages() -> None:
    out = StringIO()
    write_dictionary(out)
    assert out.getvalue().startswith("\ufeff")
    head, proposal, *rows = list(csv.reader(StringIO(out.getvalue().lstrip("\ufeff"), newline="")))
    assert head == ["cot", "nhan", "y_nghia", "meaning", "gia_tri", "nguon"]
    assert "Đề xuất" in proposal[2]
    assert "proposal" in proposal[3]
    assert [row[0] for row in rows] == list(NAMES)
    assert all(all(row[:5]) for row in rows)
    assert {id_ for row in rows for id_ in row[5].split()} == {id_ for column in COLUMNS for id_ in column.checks}
    assert {row[0] for row in rows if "khong_dat" in row[4]} == set(STATE_COLUMNS)


def test_cells_of_a_strict_grammar_need_no_apostrophe() -> None:
    seen = city()
    free = {"co_quan", "ghi_chu", "diem_do", "ma_dinh_danh"}
    for card in seen.cards:
        for name, text in cells(card, seen.run).items():
            assert name in free or not text or text[0].isalnum()
