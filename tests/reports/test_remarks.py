"""Exceptions are shown and not scored, disputes are marked: neither changes what was measured."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ipv6check.model import Dispute, Exemption, Outcome
from ipv6check.reports.findings import steps
from ipv6check.reports.language import speech
from ipv6check.reports.letters import to_mend
from ipv6check.reports.problems import problems
from ipv6check.reports.remarks import ANSWER_SHOWN, remarked, remarks
from ipv6check.reports.site import write_site
from ipv6check.score import Card
from ipv6check.targets.register import Register
from tests.reports import samples
from tests.reports.hostile_payloads import PAYLOADS
from tests.reports.html_page import pages_of
from tests.reports.sample_city import City

DAY = date(2026, 11, 21)
VI, EN = speech("vi"), speech("en")
OLD, DEAD, BARE = "bendo.hanoi.gov.vn", "vuonuom.hanoi.gov.vn", "tuoicay.hanoi.gov.vn"
"""An expired certificate and nothing else; published IPv6 that does not answer; no AAAA."""


def exempt(domain: str = OLD, check: str = "WEB-04", until: date = DAY) -> Exemption:
    return Exemption(domain=domain, check=check, until=until, by="Sở Mẫu", why="đang gia hạn")


def doubt(answered: date | None = None, says: str = "vẫn chạy", since: date = DAY - timedelta(days=200)) -> Dispute:
    answer = "đã đo lại" if answered else ""
    return Dispute(domain=DEAD, check="REACH-10", since=since, by="Sở Mẫu", says=says, answered=answered, answer=answer)


def card(domain: str, *said: Exemption | Dispute, day: date = DAY) -> Card:
    one = samples.city(domain).cards[0]
    exemptions = tuple(remark for remark in said if isinstance(remark, Exemption))
    disputes = tuple(remark for remark in said if isinstance(remark, Dispute))
    return next(remarked([one], Register(exemptions=exemptions, disputes=disputes), day))


def test_an_exception_leaves_its_check_out_of_the_points_and_of_nothing_else() -> None:
    """Nothing but the expired certificate costs points: without it all are there. Level, flags, coverage, verdict stay."""
    before, after = card(OLD), card(OLD, exempt())
    assert before.verdicts["WEB-04"].outcome is Outcome.FAIL
    assert before.score.percent is not None
    assert before.score.percent < 100
    assert after.score.percent == 100
    assert after.score == replace(before.score, percent=100, families=after.score.families)
    assert after.verdicts == before.verdicts
    other = [family for family in before.score.families if family != "WEB"]
    assert [after.score.families[key] for key in other] == [before.score.families[key] for key in other]


def test_an_accepted_fault_is_not_asked_for() -> None:
    before, after = card(BARE), card(BARE, exempt(BARE, "DNS-02"), exempt(BARE, "DNS-03"))
    assert [v.id for v in steps(before)][:1] == ["DNS-02"]
    assert not {"DNS-02", "DNS-03"} & {v.id for v in steps(after)}
    assert {"DNS-02", "DNS-03"} <= {v.id for v in to_mend(before)}
    assert not {"DNS-02", "DNS-03"} & {v.id for v in to_mend(after)}
    assert "DNS-02" in {problem.id for problem in problems([before], EN)}
    assert "DNS-02" not in {problem.id for problem in problems([after], EN)}


@pytest.mark.parametrize(("days", "holds"), [(-1, True), (0, True), (1, False), (400, False)])
def test_an_exception_ends_by_itself_on_the_day_after_its_last(days: int, holds: bool) -> None:
    found = card(OLD, exempt(), day=DAY + timedelta(days=days))
    assert bool(found.exemptions) is holds
    assert (found.score.percent == 100) is holds


def test_what_is_no_fault_needs_no_exception() -> None:
    """A check that passes is scored as it is, though somebody would have accepted worse."""
    assert card(OLD, exempt(check="WEB-03")) == card(OLD)
    assert card(BARE, exempt(BARE, "WEB-12")) == card(BARE), "not applicable"


def test_a_dispute_is_marked_and_changes_no_figure() -> None:
    before, after = card(DEAD), card(DEAD, doubt())
    assert after.score == before.score
    assert steps(after) == steps(before), "it is asked for until it is decided otherwise"
    (remark,) = remarks(after, VI)
    assert (remark.key, remark.check) == ("disputed", "REACH-10")
    assert remark.short == "REACH-10 đang được xem xét lại"
    assert "“vẫn chạy”" in remark.text


@pytest.mark.parametrize(("days", "shown"), [(0, True), (90, True), (91, False)])
def test_an_answer_is_shown_for_ninety_days(days: int, shown: bool) -> None:
    assert ANSWER_SHOWN.days == 90
    found = remarks(card(DEAD, doubt(answered=DAY - timedelta(days=days))), VI)
    assert [remark.key for remark in found] == ["answered"] * shown
    assert all("“đã đo lại”" in remark.text for remark in found)


def test_what_is_open_counts_before_an_answer_and_the_newer_answer_before_the_older() -> None:
    answered = doubt(answered=DAY - timedelta(days=5), says="mới hơn", since=DAY - timedelta(days=9))
    older = doubt(answered=DAY - timedelta(days=20), says="cũ hơn")
    asked = doubt(says="hỏi lại", since=DAY - timedelta(days=30))
    assert [one.says for one in card(DEAD, answered, older).disputes.values()] == ["mới hơn"]
    assert [one.says for one in card(DEAD, asked, answered, older).disputes.values()] == ["hỏi lại"]


def test_others_are_left_as_they_are(city: City) -> None:
    register = Register(exemptions=(exempt(),), disputes=(doubt(),))
    pairs = zip(remarked(city.cards, register, DAY), city.cards, strict=True)
    assert [one.target.domain for one, before in pairs if one != before] == [DEAD, OLD]


def test_both_stand_beside_the_verdict_and_on_the_row(tmp_path: Path) -> None:
    city = samples.city(OLD, DEAD)
    register = Register(exemptions=(exempt(until=date(2026, 12, 31)),), disputes=(doubt(),))
    cards = list(remarked(city.cards, register, DAY))
    write_site(city.run, cards, tmp_path / "site", evidence_of=city.evidence_of)
    pages = {str(page.path.relative_to(tmp_path / "site")): page for page in pages_of(tmp_path / "site")}
    scorecard = pages[f"domain/{OLD}.html"]
    assert "Sở Mẫu chấp nhận đến hết ngày 31/12/2026: “đang gia hạn”" in scorecard.text
    assert "Không còn việc nào khác cần xử lý" in scorecard.text
    assert "Mục được chấp nhận theo ngoại lệ không tính vào điểm" in scorecard.text
    assert "accepted until 31 Dec 2026 by Sở Mẫu" in pages[f"en/domain/{OLD}.html"].text
    doubted = pages[f"domain/{DEAD}.html"]
    assert "Đang được xem xét lại" in doubted.text
    assert "“vẫn chạy”" in doubted.text
    overview = pages["index.html"].text
    assert "Ngoại lệ WEB-04 đến hết ngày 31/12/2026 (Sở Mẫu chấp nhận)" in overview
    assert "REACH-10 đang được xem xét lại" in overview


def test_pages_of_checks_mark_what_is_accepted_or_under_review(tmp_path: Path) -> None:
    city = samples.city(OLD, DEAD)
    answered = replace(doubt(answered=DAY), check="REACH-01")
    cards = list(remarked(city.cards, Register(exemptions=(exempt(),), disputes=(doubt(), answered)), DAY))
    write_site(city.run, cards, tmp_path / "site", evidence_of=city.evidence_of)

    def marked(check: str, language: str = "") -> dict[str, str]:
        source = (tmp_path / "site" / language / "check" / f"{check}.html").read_text()
        places = "".join(re.findall(r'<span class="places">(.*?)</td>', source))
        shown = re.findall(r'">([a-z.]+)</a>(?: <span class="tag tag-remark">([^<]+)</span>)?', places)
        return {domain: mark for domain, mark in shown if mark or domain == DEAD}

    assert marked("WEB-04")[OLD] == "Ngoại lệ"
    assert marked("WEB-04", "en")[OLD] == "Exception"
    assert marked("REACH-10") == {DEAD: "Đang được xem xét lại"}
    assert marked("REACH-10", "en") == {DEAD: "Under review"}
    assert marked("REACH-01") == {DEAD: ""}, "what was answered is told on the scorecard"


def test_the_public_is_told_levels_only(tmp_path: Path) -> None:
    city = samples.city(OLD, DEAD)
    cards = list(remarked(city.cards, Register(exemptions=(exempt(),), disputes=(doubt(),)), DAY))
    write_site(city.run, cards, tmp_path / "site", evidence_of=city.evidence_of, audience="public")
    for page in pages_of(tmp_path / "site"):
        assert "đang gia hạn" not in page.source
        assert "xem xét lại" not in page.source


def test_whatever_somebody_wrote_stays_text(tmp_path: Path) -> None:
    text = "".join(PAYLOADS)[:2000] + "<script>alert(1)</script>"
    city = samples.city(OLD, DEAD)
    said = Register(
        exemptions=(replace(exempt(), by="<b>x</b>", why=text),), disputes=(replace(doubt(), by="<i>y</i>", says=text),)
    )
    write_site(city.run, list(remarked(city.cards, said, DAY)), tmp_path / "site", evidence_of=city.evidence_of)
    for page in pages_of(tmp_path / "site"):
        assert "<b>x</b>" not in page.source
        assert "<script" not in page.source
        assert not samples.live_characters(page.source, "\n\t")
