"""The scorecard and the summary in the terminal: at 80 columns, plain when piped, trouble of our own first."""

import re
from dataclasses import replace
from typing import Any

import pytest
from rich.text import Text

from ipv6check.model import Outcome, Severity
from ipv6check.reports.language import speech
from ipv6check.reports.levels import badge, flags
from ipv6check.reports.terminal import print_doctor, print_scorecard, print_summary
from ipv6check.rules import BY_ID, words
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.score import Card
from tests.reports.sample_city import CITY
from tests.reports.sample_world import Vantage
from tests.reports.samples import city, console, good, verdict, with_verdicts

RUN, CARD, EVIDENCE = good()
BROKEN = "vuonuom.hanoi.gov.vn"
SELF_SIGNED = "trungthu.hanoi.gov.vn"
NOT_LOOKED_AT = "chotet.hanoi.gov.vn"


LEVEL = re.compile(r"^  (≥?L\d|\?) +█* +(\d+)  ", re.MULTILINE)
COMMAND = re.compile(r"\s+(Tự kiểm\s+|Verify\s+)?(#|dig|curl|openssl|for|nc|echo|ipv6check)")


def scorecard(domain: str, language: Language = "vi", *, here: Vantage | None = None, verbose: bool = False) -> str:
    seen = city(domain, here=here)
    screen, out = console()
    print_scorecard(seen.cards[0], seen.run, screen, language, verbose=verbose)
    return out.getvalue()


def summary(language: Language = "vi", *, here: Vantage | None = None, width: int = 80) -> str:
    seen = city(here=here)
    screen, out = console(width)
    print_summary(seen.run, seen.cards, screen, language)
    return out.getvalue()


def flowing(text: str) -> str:
    """The text as one line, however it was wrapped."""
    return " ".join(text.split())


def prose(text: str) -> list[str]:
    """The lines that may be wrapped: all but commands."""
    return [line for line in text.splitlines() if not COMMAND.match(line)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", [row[0] for row in CITY])
def test_every_state_of_a_domain_fits_and_ends_clean(domain: str, language: Language) -> None:
    text = scorecard(domain, language)
    assert text.startswith(domain)
    assert all(line == line.rstrip() for line in text.splitlines())
    assert max(len(line) for line in prose(text)) <= 80
    assert "\n\n\n" not in text


def test_level_and_what_is_in_its_way_come_first() -> None:
    text = scorecard("hoihe.hanoi.gov.vn")
    assert "\nL2  Kết nối được qua IPv6\n" in text
    assert "Chưa lên L3 vì: WEB-03" in text
    assert text.index("Chưa lên L3") < text.index("NAME-01")


def test_at_least_names_what_was_not_measured() -> None:
    text = scorecard("cong.hanoi.gov.vn", "en")
    assert "at least L3" in text
    assert "L4 is open, not measured: PAGE-01, MAIL-02, MAIL-03" in text


def test_flags_are_said() -> None:
    (flag,) = flags(city(BROKEN).cards[0].score, speech("en"))
    assert f"! {flag.name}: {flag.meaning}" in flowing(scorecard(BROKEN, "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_has_who_fix_and_commands(language: Language) -> None:
    seen = city(BROKEN)
    text = flowing(scorecard(BROKEN, language))
    for found in seen.cards[0].verdicts.values():
        if words.needs_action(found):
            assert flowing(words.fix(found, language, domain=BROKEN)) in text
            assert flowing(words.verify(found, language, domain=BROKEN)) in text
            assert words.term("party", words.who(found), language) in text


def test_what_decides_the_level_is_done_first_and_failures_before_warnings() -> None:
    card = with_verdicts(
        CARD,
        verdict("WEB-04", "warn", name="x", address="::", days=20, until="2026-12-11", since="2026-01-01"),
        verdict("WEB-10", "fail", name="x", address="::"),
        verdict("WEB-03", "fail", name="x", address="::", names=["y"]),
    )
    screen, out = console()
    print_scorecard(card, RUN, screen, "vi")
    actions = out.getvalue().partition("Việc cần làm")[2]
    assert re.findall(r"^[✕!] (\S+)", actions, re.MULTILINE) == ["WEB-03", "WEB-10", "WEB-04"]


def test_commands_stand_whole_on_their_line() -> None:
    commands = [line for line in scorecard(SELF_SIGNED, "en").splitlines() if "openssl s_client" in line]
    assert commands
    assert all(line.rstrip().endswith("</dev/null") for line in commands)
    assert max(map(len, commands)) > 80


def test_not_measured_is_apart_from_failed_and_has_its_reason() -> None:
    text = scorecard("cong.hanoi.gov.vn", here=Vantage(v6=False))
    judged, _, apart = text.partition("Chưa đo được (không phải là không đạt)")
    assert "REACH-01" not in judged.partition("Tên miền\n")[2]
    assert flowing(words.term("reason", "no-v6-here", "vi")) in flowing(apart)
    assert "REACH-01, REACH-02" in apart
    assert "✕" not in text


def test_at_least_nought_is_not_called_unready() -> None:
    here = Vantage(v6=False)
    text = scorecard("cong.hanoi.gov.vn", here=here)
    shown = badge(city("cong.hanoi.gov.vn", here=here).cards[0].score, speech("vi"))
    assert f"\nít nhất L0  {shown.name}\n" in text
    assert words.term("level", "0", "vi") not in text


def test_nothing_looked_at_says_so_once() -> None:
    text = scorecard(NOT_LOOKED_AT, "en")
    assert text.count("\nNot measured\n") == 1
    assert "opt-out list" in flowing(text)


def test_not_built_is_one_line() -> None:
    unbuilt = sum(not rule.is_built for rule in BY_ID.values())
    plain, verbose = scorecard("cong.hanoi.gov.vn", "en"), scorecard("cong.hanoi.gov.vn", "en", verbose=True)
    assert f"Not built yet, left out of the score: {unbuilt}\n" in plain
    assert "MAIL-13" not in plain
    assert "MAIL-13" in verbose


def test_verbose_adds_why_and_what_does_not_apply() -> None:
    seen = city(BROKEN)
    plain, verbose = (flowing(scorecard(BROKEN, "en", verbose=more)) for more in (False, True))
    why = flowing(words.why(seen.cards[0].verdicts["REACH-10"], "en", domain=BROKEN))
    assert why in verbose
    assert why not in plain
    moot = [id_ for id_, found in seen.cards[0].verdicts.items() if found.outcome is Outcome.NOT_APPLICABLE]
    assert f"Does not apply here: {len(moot)} ({', '.join(moot)})" in plain


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("here", [Vantage(v6=False), Vantage(lost_v6=True), Vantage(validates=False), Vantage(clock=300)])
def test_trouble_of_our_own_comes_first(here: Vantage, language: Language) -> None:
    for text in (summary(language, here=here), scorecard("cong.hanoi.gov.vn", language, here=here)):
        assert text.startswith("! ")
        assert re.search(r"^  OPS-0\d  ", text, re.MULTILINE)


def test_no_trouble_is_not_mentioned() -> None:
    assert "OPS-" not in summary()
    assert not scorecard("cong.hanoi.gov.vn").startswith("!")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [72, 80, 140])
def test_the_summary_fits(width: int, language: Language) -> None:
    text = summary(language, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_summary_counts_levels_without_demo_hosts() -> None:
    seen = city()
    counted = [card for card in seen.cards if not card.target.is_demo]
    assert len(counted) < len(seen.cards)
    rows = dict(LEVEL.findall(summary()))
    for number in range(5):
        expected = sum(card.score.is_measured and card.score.level.number == number for card in counted)
        assert int(rows[f"L{number}"]) == expected
    assert int(rows["?"]) == sum(not card.score.is_measured for card in counted)


def test_a_level_of_which_nothing_is_known_stands_apart() -> None:
    rows = LEVEL.findall(summary(here=Vantage(v6=False)))
    assert [label for label, _ in rows] == ["L4", "L3", "L2", "L1", "L0", "≥L0", "?"]
    assert sum(int(number) for _, number in rows) == sum(not card.target.is_demo for card in city().cards)


def test_the_longest_bar_belongs_to_the_most_and_none_is_lost() -> None:
    bars = re.findall(r"^  (?:L\d|\?) +(█*) +(\d+)  ", summary(), re.MULTILINE)
    lengths = {int(number): len(bar) for bar, number in bars}
    assert [length for _, length in sorted(lengths.items())] == sorted(lengths.values())
    assert all(bool(length) == bool(number) for number, length in lengths.items())


def test_broken_ipv6_is_named() -> None:
    text = flowing(summary("en"))
    assert "IPv6 is published but broken: 2" in text
    assert "vuonuom.hanoi.gov.vn, benhvien-mau.vn" in text


def test_problems_are_mandatory_failures_most_first() -> None:
    text = summary("en").partition("Mandatory checks failed most")[2].partition("Some check")[0]
    rows = [(id_, int(number)) for id_, number in re.findall(r"^  (\S+-\d\d) +█+ +(\d+)  ", text, re.MULTILINE)]
    assert rows == sorted(rows, key=lambda item: (-item[1], item[0]))
    assert rows[0] == ("DNS-03", 15)
    assert all(BY_ID[id_].severity is Severity.MANDATORY for id_, _ in rows)


def test_an_incomplete_run_says_so() -> None:
    seen = city("cong.hanoi.gov.vn")
    screen, out = console()
    print_summary(replace(seen.run, finished_at=None), seen.cards, screen, "en")
    assert "! The run is not complete" in out.getvalue()
    assert "not ended" in out.getvalue()


def test_a_run_without_domains_has_a_summary() -> None:
    screen, out = console()
    print_summary(RUN, [], screen, "vi")
    assert "Tên miền theo mức" in out.getvalue()


def test_piped_output_has_no_escapes_and_colour_only_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    card = city(BROKEN).cards[0]
    plain = printed(card)
    colour = printed(card, force_terminal=True, color_system="standard")
    assert "\x1b" not in plain
    assert "\x1b[32m" in colour
    assert re.search(r"\x1b\[2m  Thấy +\x1b\[0m[^\x1b]+$", colour, re.MULTILINE), "a label's style must not reach its text"
    assert Text.from_ansi(colour).plain.splitlines() == plain.splitlines()


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(CARD, force_terminal=True, color_system="standard")
    assert not re.search(r"\x1b\[[0-9;]*3\d", text)


def printed(card: Card, **more: Any) -> str:
    screen, out = console(**more)
    print_scorecard(card, RUN, screen, "vi")
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_doctor_shows_each_look_and_what_it_costs(language: Language) -> None:
    for here, costs in ((Vantage(), 0), (Vantage(v6=False), 2), (Vantage(clock=300, validates=False), 2)):
        seen = city("cong.hanoi.gov.vn", here=here)
        screen, out = console()
        sample = next(iter(seen.evidence.values())).vantage[0]
        print_doctor(sample, seen.cards[0].verdicts, screen, language)
        text = out.getvalue()
        assert "canary0.example  v6 " in text
        assert "OPS-07" not in text
        heading = {"vi": "Sẽ chưa đo được", "en": "Will not be measured"}[language]
        assert len(re.findall(r"^  OPS-0\d  ", text.partition(heading)[2], re.MULTILINE)) == costs
