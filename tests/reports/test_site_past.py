"""The site of a night that knows the nights before: pages of changes and of the programme, strips, notes, feed, badges."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ipv6check.reports.site import write_site
from tests.reports import test_site_pages as every_page
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_past import EXPIRED, GAINED, LOST, RESTLESS, SILENT, SUSPECT, Months, months

ATOM = "{http://www.w3.org/2005/Atom}"


def page(pages: list[Page], root: Path, name: str) -> Page:
    return next(one for one in pages if one.path == root / name)


@pytest.mark.parametrize(
    "holds",
    [
        every_page.test_pages_are_whole,
        every_page.test_nothing_needs_a_script_or_a_style_of_its_own,
        every_page.test_nothing_is_fetched_from_elsewhere,
        every_page.test_links_out_lead_to_the_measured_name_only,
        every_page.test_headings_are_in_order,
        every_page.test_tables_and_charts_speak,
    ],
)
def test_what_holds_for_every_page_holds_here(holds, grown_pages: list[Page]) -> None:
    holds(grown_pages)


def test_links_and_languages_hold_here_too(grown: Path, grown_pages: list[Page]) -> None:
    every_page.test_internal_links_resolve(grown_pages, grown)
    every_page.test_languages_point_to_each_other(grown_pages, grown)
    assert {"programme.html", "changes.html", "changes.atom", "changes.csv", "changes.json", "badges"} <= {
        path.name for path in grown.iterdir()
    }


def test_changes_are_told_by_day_bad_news_first(grown: Path, grown_pages: list[Page]) -> None:
    told = page(grown_pages, grown, "changes.html")
    days = [told.text.find(day) for day in ("21/11/2026 (", "17/11/2026 (", "13/11/2026 (")]
    assert days == sorted(days)
    assert -1 not in days
    assert "Có thể bản ghi AAAA đã bị gỡ" in told.text
    assert "Có thể chứng thư số chưa được gia hạn" in told.text
    assert "thấy lần đầu 12/11/2026" in told.text, "confirmed a night after it showed first"
    assert "Perhaps the AAAA record was removed" in page(grown_pages, grown, "en/changes.html").text
    of_day = told.text[days[2] :]
    assert 0 <= of_day.find("Mất") < (of_day.find("Mới đạt") % len(of_day))
    for domain in (SILENT, EXPIRED, LOST, RESTLESS, GAINED):
        assert domain in told.text
    assert SUSPECT not in told.text, "seen once: not told"


def test_the_overview_has_last_nights_changes_and_bodies(grown: Path, grown_pages: list[Page]) -> None:
    text = page(grown_pages, grown, "index.html").text
    lately = text[text.index("Thay đổi được xác nhận ở lượt đo mới nhất") : text.index("Tên miền theo mức")]
    assert SILENT in lately
    assert LOST not in lately
    assert "Có 1 cơ quan, đơn vị chưa xác định được tên miền" in text
    assert "UBND xã Chưa Có Tên" in text


def test_a_scorecard_says_since_when(grown: Path, grown_pages: list[Page]) -> None:
    lost = page(grown_pages, grown, f"domain/{LOST}.html").text
    assert "Mức này: từ 12/11/2026 IPv6 hỏng" in lost, "the level was another on the night before"
    assert "Không đạt từ 12/11/2026" in lost
    assert "Fail since 12 Nov 2026" in page(grown_pages, grown, f"en/domain/{LOST}.html").text


def test_what_always_was_is_not_given_a_day(grown: Path, grown_pages: list[Page], past_nights: Months) -> None:
    """What failed on the first night already may be older than our nights."""
    first = min(past_nights.past.started().values()) + timedelta(hours=7)
    text = page(grown_pages, grown, "domain/tuoicay.hanoi.gov.vn.html").text
    assert f"từ {first:%d/%m/%Y} hoặc sớm hơn" in text


def test_what_was_seen_once_is_not_confirmed(grown: Path, grown_pages: list[Page]) -> None:
    text = page(grown_pages, grown, f"domain/{SUSPECT}.html").text
    assert "Không đạt chưa xác nhận: mới thấy một lần" in text
    assert "Mức này: chưa xác nhận" in text, "a level that rests on it is not confirmed either"
    assert "chưa xác nhận" not in page(grown_pages, grown, f"domain/{LOST}.html").text


def test_the_strip_has_a_column_a_night_and_says_the_same_in_words(grown: Path, grown_pages: list[Page]) -> None:
    one = page(grown_pages, grown, f"domain/{LOST}.html")
    assert "24 đêm có đo: L0: 10; chưa đo được hoặc chưa kết luận được: 1; ít nhất L3: 13." in one.text
    (plot,) = (e for e in one.all("svg") if e["viewbox"].endswith(" 60"))
    assert plot["viewbox"] == "0 0 240 60", "thirty days at least"
    columns = {e["class"]: e["d"] for e in one.all("path") if e["class"].startswith("piece")}
    assert {key: path.count("M") for key, path in columns.items()} == {"piece l0": 10, "piece l3": 13}
    assert "L0 12/11/2026 – 21/11/2026 (10 đêm có đo)" in one.text


def test_the_feed_is_atom(grown: Path, past_nights: Months) -> None:
    """RFC 4287: what a feed and an entry must have, dates of RFC 3339, ids that no two share."""
    for language, folder in (("vi", grown), ("en", grown / "en")):
        feed = ElementTree.parse(folder / "changes.atom").getroot()
        assert feed.tag == f"{ATOM}feed"
        assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
        entries = feed.findall(f"{ATOM}entry")
        assert len(entries) == len(past_nights.past.changes)
        for one in (feed, *entries):
            assert one.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
            assert one.findtext(f"{ATOM}title")
            assert datetime.fromisoformat(one.findtext(f"{ATOM}updated", "")).tzinfo
        assert feed.findtext(f"{ATOM}author/{ATOM}name") == "hanoi-1"
        assert len({one.findtext(f"{ATOM}id") for one in entries}) == len(entries)
        assert all((folder / one.find(f"{ATOM}link").get("href")).is_file() for one in entries)


def test_changes_are_data_too(grown: Path, past_nights: Months) -> None:
    rows = list(csv.DictReader((grown / "changes.csv").read_text(encoding="utf-8-sig").splitlines()))
    objects = json.loads((grown / "changes.json").read_text(encoding="utf-8"))
    told = {(one.domain, one.check, one.kind.value) for one in past_nights.past.changes}
    assert {(row["domain"], row["check"], row["kind"]) for row in rows} == told
    assert [row["domain"] for row in rows] == [row["domain"] for row in objects]


def test_the_programme_answers_and_draws(grown: Path, grown_pages: list[Page]) -> None:
    one = page(grown_pages, grown, "programme.html")
    assert "Chậm so với mục tiêu" in one.text
    assert "Chưa xác định được" in one.text, "IPv6 only: what is certain is below the line, what may be is above"
    assert "chưa được VNNIC xác nhận" in one.text
    assert "mục tiêu tính đến ngày này: 100,0%" in one.text
    charts = [e for e in one.all("svg") if e["role"] == "img"]
    assert len(charts) == 6, "for each goal the whole time, the time since measuring began, and what changes would do"
    assert "1 lượt đo không tính vào xu hướng vì chính điểm đo khi đó không có IPv6" in one.text
    fewest = [e for e in one.all("table") if e["class"] == "fewest cards"]
    assert len(fewest) == 2
    assert "Địa chỉ web dùng chung 2402:800:6105:20::80" in one.text
    assert "đơn vị cung cấp máy chủ hoặc CDN" in one.text
    assert {"goal-curve", "goal-target", "goal-band"} <= {e["class"] for e in one.all("path")}


def test_the_first_night_works_and_says_what_is_missing(tmp_path: Path) -> None:
    first = months(tmp_path, 1)
    write_site(first.city.run, first.city.cards, tmp_path / "site", past=first.past)
    pages = pages_of(tmp_path / "site")
    every_page.test_pages_are_whole(pages)
    programme = page(pages, tmp_path / "site", "programme.html")
    assert "Cần ít nhất hai tuần số liệu đo" in programme.text
    assert len([e for e in programme.all("svg") if e["role"] == "img"]) == 2
    assert [e for e in programme.all("path") if e["class"] == "goal-target"]
    assert [e for e in programme.all("circle") if e["class"] == "goal-dot"]
    assert "Đây là lượt đo đầu tiên" in page(pages, tmp_path / "site", "changes.html").text
    assert "hoặc sớm hơn" not in page(pages, tmp_path / "site", f"domain/{LOST}.html").text


def test_a_badge_has_level_and_day(grown: Path, grown_pages: list[Page]) -> None:
    badge = ElementTree.parse(grown / "badges" / f"{LOST}.svg").getroot()
    assert badge.get("aria-label") == "IPv6 L0 2026-11-21"
    assert "IPv6 ≥L3 2026-11-21" in (grown / "badges" / "cong.hanoi.gov.vn.svg").read_text(encoding="utf-8")
    assert "IPv6 ?" in (grown / "badges" / "chotet.hanoi.gov.vn.svg").read_text(encoding="utf-8")
    assert f'/badges/{LOST}.svg" alt="IPv6 L0 2026-11-21"' in page(grown_pages, grown, f"domain/{LOST}.html").text


def test_the_public_sees_programme_and_strips_only(past_nights: Months, tmp_path: Path) -> None:
    city = past_nights.city
    write_site(
        city.run, city.cards, tmp_path / "site", evidence_of=city.evidence_of, past=past_nights.past, audience="public",
        bodies=("UBND xã Chưa Có Tên",),
    )  # fmt: skip
    assert not list((tmp_path / "site").rglob("changes.*"))
    pages = pages_of(tmp_path / "site")
    every_page.test_pages_are_whole(pages)
    every_page.test_internal_links_resolve(pages, tmp_path / "site")
    assert "Chậm so với mục tiêu" in page(pages, tmp_path / "site", "programme.html").text
    assert any(e["class"] == "strip-small" for one in pages for e in one.all("svg"))
    for one in pages:
        for hidden in ("AAAA đã bị gỡ", "chưa xác nhận:", "Chưa Có Tên", "changes.atom", "changes.html"):
            assert hidden not in one.source or one.path.name == "checks.html", (one.path, hidden)
