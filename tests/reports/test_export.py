"""JSON lines, JSON and CSV have the pinned form, whatever was seen."""

import csv
import json
from dataclasses import replace
from datetime import date
from io import StringIO
from typing import Any

import pytest

from ipv6check.model import Dispute, Exemption, Outcome, Reason
from ipv6check.reports import full
from ipv6check.reports.export import PROFILES, write_csv, write_json, write_jsonl
from ipv6check.rules import RULES
from tests.reports.sample_world import Vantage
from tests.reports.samples import city, good, unseen_card, verdict, with_verdicts

RUN, CARD, EVIDENCE = good()
KEYS = [
    *("domain", "agency", "run", "vantage", "measured_at", "rules_version", "level", "level_is_minimum", "percent"),
    *("coverage", "flags", "exempt", "disputed", "checks"),
]
OUTCOMES = {"pass", "warn", "fail", "info", "n/a", "nm"}


def lines(run: Any, cards: Any) -> list[dict[str, Any]]:
    out = StringIO()
    write_jsonl(run, cards, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def table(run: Any, cards: Any, **more: Any) -> list[list[str]]:
    out = StringIO()
    write_csv(run, cards, out, bom=False, **more)
    return list(csv.reader(StringIO(out.getvalue(), newline=""), delimiter=more.get("delimiter", ",")))


def test_a_line_has_the_pinned_keys() -> None:
    (found,) = lines(RUN, [CARD])
    assert list(found) == KEYS
    assert found["domain"] == "cong.hanoi.gov.vn"
    assert found["agency"] == CARD.target.agency
    assert (found["run"], found["vantage"], found["rules_version"]) == (RUN.id, RUN.vantage, RUN.rules_version)
    assert found["measured_at"] == "2026-11-21T18:30:05Z"
    assert (found["level"], found["level_is_minimum"]) == ("L3", True)
    assert (found["percent"], found["coverage"], found["flags"]) == (100.0, 1.0, [])


@pytest.mark.parametrize("here", [Vantage(), Vantage(v6=False), Vantage(lost_v6=True), Vantage(validates=False)])
def test_every_check_is_there_for_every_domain(here: Vantage) -> None:
    seen = city(here=here)
    found = lines(seen.run, seen.cards)
    assert [line["domain"] for line in found] == [card.target.domain for card in seen.cards]
    for line in found:
        assert list(line["checks"]) == [rule.id for rule in RULES]
        for check in line["checks"].values():
            assert set(check) == {"outcome", "reason", "case", "args"}
            assert check["outcome"] in OUTCOMES
            assert (check["reason"] is not None) == (check["outcome"] == "nm")
            assert check["reason"] is None or Reason(check["reason"])


def test_flags_and_arguments_are_there() -> None:
    seen = city("vuonuom.hanoi.gov.vn", "phocu.hanoi.gov.vn", "lophoc.hanoi.gov.vn")
    broken, bogus, partial = lines(seen.run, seen.cards)
    assert (broken["flags"], bogus["flags"], partial["flags"]) == (["broken-v6"], ["bogus"], ["partial"])
    aaaa = broken["checks"]["DNS-02"]
    assert (aaaa["outcome"], aaaa["args"]["usable"]) == ("pass", 1)
    assert aaaa["args"]["addresses"] == ["2402:800:6105:20::80"]


def test_what_was_not_looked_at_is_null_and_not_nought() -> None:
    (found,) = lines(RUN, [unseen_card(CARD, Reason.OPT_OUT)])
    assert (found["measured_at"], found["percent"], found["coverage"]) == (None, None, 0.0)
    assert (found["level"], found["level_is_minimum"]) == ("L0", True)


def test_a_check_that_the_judge_did_not_know_is_not_built() -> None:
    known = {id_: v for id_, v in CARD.verdicts.items() if id_ != "MAIL-13"}
    (found,) = lines(RUN, [replace(CARD, verdicts=known)])
    assert found["checks"]["MAIL-13"] == {"outcome": "nm", "reason": "not-built", "case": "nm", "args": {}}


def test_the_same_results_give_the_same_bytes() -> None:
    ahead = with_verdicts(CARD, verdict("WEB-01", "pass", name="x", v6="yes", v4="yes"))
    back = with_verdicts(CARD, verdict("WEB-01", "pass", v4="yes", v6="yes", name="x"))
    turned = replace(back, verdicts=dict(reversed(list(back.verdicts.items()))))
    outs = [StringIO(), StringIO()]
    write_jsonl(RUN, [ahead], outs[0])
    write_jsonl(RUN, [turned], outs[1])
    assert outs[0].getvalue() == outs[1].getvalue()


def test_json_is_the_run_and_the_same_domains() -> None:
    seen = city()
    out = StringIO()
    write_json(seen.run, iter(seen.cards), out)
    found = json.loads(out.getvalue())
    assert list(found) == ["run", "domains"]
    assert found["domains"] == lines(seen.run, seen.cards)
    assert found["run"]["id"] == seen.run.id
    assert found["run"]["started_at"] == "2026-11-20T18:30:05Z"
    assert found["run"]["is_complete"] is True


def test_a_run_without_domains_is_still_json() -> None:
    out = StringIO()
    write_json(replace(RUN, finished_at=None), [], out)
    found = json.loads(out.getvalue())
    assert (found["domains"], found["run"]["finished_at"]) == ([], None)


@pytest.mark.parametrize("profile", PROFILES)
def test_csv_is_bom_comma_and_crlf(profile: str) -> None:
    out = StringIO()
    write_csv(RUN, [CARD], out, profile=profile)
    text = out.getvalue()
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    assert text.count("\r\n") == text.count("\n") == 2
    assert text.splitlines()[0].lstrip("\ufeff") == ",".join(PROFILES[profile].columns)


def test_csv_without_bom_and_by_semicolon() -> None:
    seen = city()
    out = StringIO()
    write_csv(seen.run, seen.cards, out, delimiter=";", bom=False)
    assert out.getvalue().startswith("ngay_do;thoi_diem_do;")
    assert table(seen.run, seen.cards, delimiter=";") == table(seen.run, seen.cards)


def test_rows_keep_the_order_and_the_width() -> None:
    seen = city()
    for profile, shape in PROFILES.items():
        head, *rows = table(seen.run, seen.cards, profile=profile)
        at = head.index("ten_mien" if profile == "vnnic" else "domain")
        assert [row[at] for row in rows] == [card.target.domain for card in seen.cards]
        assert {len(row) for row in rows} == {len(shape.columns)}


def test_the_full_profile_tells_each_outcome() -> None:
    head, row = table(RUN, [unseen_card(CARD, Reason.OPT_OUT)], profile="full")
    found = dict(zip(head, row, strict=True))
    assert found["DNS-02"] == "nm:opt-out"
    assert (found["percent"], found["level_is_minimum"]) == ("", "true")
    assert dict(zip(head, table(RUN, [CARD], profile="full")[1], strict=True))["DNS-02"] == Outcome.PASS.value


def test_what_people_say_stands_beside_the_results_and_not_in_the_registrys_form() -> None:
    """A plain fail would be read as one that nobody knows of; what was answered is over."""
    accepted = Exemption(domain="cong.hanoi.gov.vn", check="WEB-07", until=date(2026, 12, 31), by="Sở Mẫu", why="thay máy chủ")
    doubted = Dispute(domain="cong.hanoi.gov.vn", check="NS-05", since=date(2026, 11, 1), by="Sở Mẫu", says="vẫn chạy")
    answered = replace(doubted, check="DNS-02", answered=date(2026, 11, 3), answer="đã đo lại")
    card = replace(CARD, exemptions={"WEB-07": accepted}, disputes={"NS-05": doubted, "DNS-02": answered})
    (line,) = lines(RUN, [card])
    assert (line["exempt"], line["disputed"]) == (["WEB-07"], ["NS-05"])
    head, row = table(RUN, [card], profile="full")
    found = dict(zip(head, row, strict=True))
    assert (found["exempt"], found["disputed"]) == ("WEB-07", "NS-05")
    assert {"exempt", "disputed"} <= {row[0] for row in full.dictionary()}
    assert table(RUN, [card]) == table(RUN, [CARD])
    assert (lines(RUN, [CARD])[0]["exempt"], lines(RUN, [CARD])[0]["disputed"]) == ([], [])


def test_an_unknown_profile_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        write_csv(RUN, [CARD], StringIO(), profile="none")
