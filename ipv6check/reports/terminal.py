"""The scorecard in the terminal, for an engineer: 80 columns are enough. `print_summary` is the one of a whole run."""

from rich.console import Console

from ipv6check.model import Reason, Run, Severity
from ipv6check.reports.doctor import print_doctor
from ipv6check.reports.drawing import LEVEL_STYLES, STYLES, commands, findings, heading, labelled, line, outcome, say
from ipv6check.reports.findings import is_built
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.reports.scorecard import Scorecard, scorecard
from ipv6check.reports.summary import print_health, print_summary
from ipv6check.rules import words
from ipv6check.rules.words import Language
from ipv6check.score import HIGHEST_LEVEL, Card

__all__ = ["print_doctor", "print_scorecard", "print_summary"]

APART = frozenset({"nm", "na"})
"""Outcomes that stand apart from the families: they are neither good nor bad."""


def print_scorecard(card: Card, run: Run, console: Console, language: Language, verbose: bool = False) -> None:
    """Print one domain: the level and why it is no higher, every check, what to do; `verbose` adds why and what is moot."""
    said = speech(language)
    shown = scorecard(card, None, said)
    print_health([card], console, said)
    _print_head(card, shown, run, console, said)
    _print_level(card, shown, console, said)
    families = [(family.name, [f for f in family.findings if f.sign.key not in APART]) for family in shown.families]
    width = max((len(outcome(found)) for _, judged in families for found in judged), default=0)
    for name, judged in families:
        if judged:
            heading(console, name)
            findings(console, judged, width)
    _print_unmeasured(card, console, said)
    _print_moot(shown, console, said, verbose)
    _print_actions(shown, console, said, verbose)


def _print_head(card: Card, shown: Scorecard, run: Run, console: Console, said: Speech) -> None:
    when = say(said, "đo lúc", "measured") + " " + said.moment(card.measured_at)
    point = say(said, "điểm đo", "from") + " " + for_terminal(run.vantage)
    rules = say(said, "bộ quy tắc", "rules") + " " + for_terminal(run.rules_version)
    line(console, shown.domain, "bold")
    line(console, shown.agency)
    line(console, f"{when} · {point} · {rules}", "dim")
    console.print()


def _print_level(card: Card, shown: Scorecard, console: Console, said: Speech) -> None:
    style = LEVEL_STYLES.get(shown.badge.key, STYLES["nm"])
    line(console, "  ".join(dict.fromkeys((shown.badge.text, shown.badge.name))), style)
    line(console, shown.badge.meaning, indent=4)
    for flag in shown.flags:
        line(console, f"! {flag.name}: {flag.meaning}", STYLES["fail"], indent=4)
    if card.score.is_measured and card.score.level.missing:
        following = f"L{min(card.score.level.number + 1, HIGHEST_LEVEL)}"
        if card.score.level.is_minimum:
            why = say(said, f"{following} còn bỏ ngỏ, chưa đo được", f"{following} is open, not measured")
        else:
            why = say(said, f"Chưa lên {following} vì", f"In the way of {following}")
        line(console, f"{why}: {', '.join(card.score.level.missing)}", indent=4)
    percent = said.share(shown.percent / 100 if shown.percent is not None else None, 1)
    scored = say(said, f"{percent} điểm các mục bắt buộc", f"{percent} of the points of mandatory checks")
    covered = say(said, "đo được", "measured") + f" {said.share(card.score.coverage)}"
    line(console, f"{scored} · {covered}", indent=4)


def _print_unmeasured(card: Card, console: Console, said: Speech) -> None:
    """Not measured is not failed: apart from the rest, by the reason."""
    reasons: dict[Reason, list[str]] = {}
    for id_, verdict in card.verdicts.items():
        if verdict.reason is not None and is_built(verdict) and not id_.startswith("OPS-"):
            reasons.setdefault(verdict.reason, []).append(id_)
    if reasons:
        heading(console, say(said, "Chưa đo được (không phải là không đạt)", "Not measured (which is not failed)"))
    for reason, ids in reasons.items():
        line(console, words.term("reason", reason.value, said.code), STYLES["nm"], indent=2)
        line(console, ", ".join(ids), indent=4)


def _print_moot(shown: Scorecard, console: Console, said: Speech, verbose: bool) -> None:
    """What does not apply and what is not built, in a line each."""
    moot = [found for family in shown.families for found in family.findings if found.sign.key == "na"]
    unbuilt = [id_ for id_, _ in shown.unbuilt]
    if moot and verbose:
        heading(console, say(said, "Không áp dụng ở đây", "Does not apply here"))
        findings(console, moot, len(outcome(moot[0])))
    console.print()
    if moot and not verbose:
        text = say(said, f"Không áp dụng ở đây: {len(moot)} mục", f"Does not apply here: {len(moot)}")
        line(console, f"{text} ({', '.join(found.id for found in moot)})", "dim")
    if unbuilt:
        count = len(unbuilt)
        text = say(said, f"Chưa xây dựng, không tính điểm: {count} mục", f"Not built yet, left out of the score: {count}")
        line(console, f"{text} ({', '.join(unbuilt)})" if verbose else text, "dim")


def _print_actions(shown: Scorecard, console: Console, said: Speech, verbose: bool) -> None:
    """For everything that could be better: who acts, what to do, how to see it; what stands in the way of the level first."""
    every = [found for family in shown.families for found in family.findings if found.sign.key in {"fail", "warn"}]
    every.sort(key=lambda found: (found.sign.key != "fail", found.severity != Severity.MANDATORY))
    ordered = {found.id: found for found in (*shown.steps, *every)}.values()
    if ordered:
        heading(console, say(said, "Việc cần làm", "What to do"))
    for found in ordered:
        console.print()
        line(console, f"{found.sign.symbol} {found.id}  {found.title}", STYLES[found.sign.key])
        labelled(console, say(said, "Thấy", "Found"), found.found)
        if verbose:
            labelled(console, say(said, "Vì sao", "Why"), found.why)
        labelled(console, say(said, "Ai làm", "Who"), found.party)
        labelled(console, say(said, "Cách sửa", "Fix"), found.fix)
        commands(console, say(said, "Tự kiểm", "Verify"), found.verify)
