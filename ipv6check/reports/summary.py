"""A run's summary in the terminal: trouble of our own first, then levels, broken IPv6, problems, what was not measured."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from ipv6check.model import Outcome, Reason, Run, Severity
from ipv6check.reports.drawing import LEVEL_STYLES, STYLES, bars, heading, line, row, say
from ipv6check.reports.findings import is_built
from ipv6check.reports.health import health
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.reports.levels import OPEN, UNMEASURED, badge_by, key_of
from ipv6check.rules import BY_ID, words
from ipv6check.rules.words import Language
from ipv6check.score import BROKEN_V6, GOAL_LEVEL, Card, roll_up

MOST_PROBLEMS: Final = 8
MOST_NAMES: Final = 10


def print_summary(run: Run, cards: Iterable[Card], console: Console, language: Language) -> None:
    """Print what a run found; demo hosts are left out of the counts."""
    said, every = speech(language), list(cards)
    counted = [card for card in every if not card.target.is_demo]
    print_health(every, console, said)
    _print_head(run, console, said)
    _print_levels(counted, console, said)
    _print_broken(counted, console, said)
    _print_problems(counted, console, said)
    _print_reasons(counted, console, said)


def print_health(cards: Sequence[Card], console: Console, said: Speech) -> None:
    """Print what is wrong with the measuring point; nothing when all is well."""
    state = health(cards, said)
    if not state.troubles:
        return
    title = say(said, "Điểm đo có vấn đề: đọc trước khi xem kết quả", "Trouble at the measuring point: read this first")
    line(console, f"! {title}", STYLES["fail" if state.is_bad else "warn"])
    for trouble in state.troubles:
        row(console, Text(f"  {trouble.id}  "), Text(trouble.said))
        if trouble.found != trouble.said:
            line(console, trouble.found, "dim", indent=10)
    console.print()


def _print_head(run: Run, console: Console, said: Speech) -> None:
    finished = say(said, f"xong {run.finished}/{run.planned} tên miền", f"{run.finished} of {run.planned} names finished")
    end = said.moment(run.finished_at) if run.finished_at else say(said, "chưa kết thúc", "not ended")
    line(console, say(said, "Lượt đo", "Run") + " " + for_terminal(run.id), "bold")
    line(console, f"{for_terminal(run.vantage)} · {said.moment(run.started_at)} → {end} · {finished}", "dim")
    if not run.is_complete:
        line(console, say(said, "! Lượt đo chưa hoàn tất", "! The run is not complete"), STYLES["warn"])


def _print_levels(cards: Sequence[Card], console: Console, said: Speech) -> None:
    rows = []
    for key in (*reversed(LEVEL_STYLES), OPEN, UNMEASURED):
        scores = [card.score for card in cards if key_of(card.score) == key]
        shown = badge_by(key, said)
        minimum = sum(score.is_measured and score.level.is_minimum for score in scores) if key in LEVEL_STYLES else 0
        note = say(said, f" ({minimum} là “ít nhất”)", f" ({minimum} “at least”)") if minimum else ""
        if scores or key in LEVEL_STYLES:
            label = f"≥{shown.short}" if key == OPEN else shown.short
            rows.append((label, len(scores), shown.name + note, LEVEL_STYLES.get(key, STYLES["nm"])))
    heading(console, say(said, "Tên miền theo mức", "Domain names by level"))
    bars(console, rows)
    total = roll_up(card.score for card in cards)
    goal = say(said, f"từ L{GOAL_LEVEL} trở lên", f"at L{GOAL_LEVEL} or above") + f" {said.share(total.share_at_goal)}"
    measured = say(said, f"đo được {total.measured}/{total.domains} tên", f"{total.measured} of {total.domains} names measured")
    coverage = say(said, "tỷ lệ mục đo được", "coverage of checks") + f" {said.share(total.coverage)}"
    line(console, f"{goal} · {measured} · {coverage}", indent=2)


def _print_broken(cards: Sequence[Card], console: Console, said: Speech) -> None:
    names = [for_terminal(card.target.domain) for card in cards if BROKEN_V6 in card.score.flags]
    if names:
        more = len(names) - MOST_NAMES
        tail = say(said, f" và {more} tên nữa", f" and {more} more") if more > 0 else ""
        heading(console, f"! {words.term('flag_in_full', BROKEN_V6, said.code)}: {len(names)}", STYLES["fail"])
        line(console, words.term("flag_meaning", BROKEN_V6, said.code), indent=2)
        line(console, ", ".join(names[:MOST_NAMES]) + tail, indent=2)


def _print_problems(cards: Sequence[Card], console: Console, said: Speech) -> None:
    failed = Counter(
        id_
        for card in cards
        for id_, verdict in card.verdicts.items()
        if verdict.outcome is Outcome.FAIL and BY_ID[id_].severity is Severity.MANDATORY
    )
    if failed:
        most_first = sorted(failed.items(), key=lambda item: (-item[1], item[0]))[:MOST_PROBLEMS]
        heading(console, say(said, "Mục bắt buộc không đạt nhiều nhất (số tên miền)", "Mandatory checks failed most (names)"))
        bars(console, [(id_, number, words.title(id_, said.code), STYLES["fail"]) for id_, number in most_first])


def _print_reasons(cards: Sequence[Card], console: Console, said: Speech) -> None:
    """How many names have a check that was not measured, by the reason."""
    reasons: Counter[Reason] = Counter()
    for card in cards:
        reasons.update({v.reason for v in card.verdicts.values() if v.reason is not None and is_built(v)})
    if reasons:
        heading(console, say(said, "Có mục chưa đo được (số tên miền)", "Some check not measured (names)"))
        for reason, number in reasons.most_common():
            sentence = words.term("reason", reason.value, said.code).partition(". ")[0]
            row(console, Text(f"  {reason.value:<18}  {number:>4}  ", STYLES["nm"]), Text(sentence))
