"""Levels and flags as they are shown: a key for the style sheet, a short text, and what it means to whoever is no engineer."""

from dataclasses import dataclass
from typing import Final

from ipv6check.reports.language import N_, Speech
from ipv6check.rules.words import term
from ipv6check.score import BOGUS, BROKEN_V6, GOAL_LEVEL, HIGHEST_LEVEL, PARTIAL, Score

OPEN: Final = "open"
"""The key of "at least L0": nothing that decides the level was seen, so it must not look like L0."""

UNMEASURED: Final = "unmeasured"
KEYS: Final = (*(f"l{number}" for number in range(HIGHEST_LEVEL + 1)), OPEN, UNMEASURED)
"""Every key a badge may have, in the order in which they are listed."""

CERTAIN: Final = N_("This level is certain; what decides the next one could not be measured.")
"""Said of "at least L1" and "at least L2": what these levels otherwise say of the next was not seen."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag in two or three words, to stand beside a level, and what it means."""

    name: str
    meaning: str


NOT_MEASURED: Final = Flag(N_("Not measured"), N_("Nothing could be seen of it in this run. That is no judgement of the site."))

NOT_CONCLUDED: Final = Flag(
    N_("Not concluded"), N_("What decides the level could not be measured. The site may well work over IPv6.")
)

FLAGS: Final = (BROKEN_V6, PARTIAL, BOGUS)
"""Every flag that may stand beside a level."""

SEVERITIES: Final = {"mandatory": N_("mandatory"), "recommended": N_("recommended"), "information": N_("for information")}
"""How much a check weighs, in a word or two."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A level as it is shown: `key` picks the colour, `text` is what is read, `short` is without "at least"."""

    key: str
    text: str
    short: str
    name: str
    meaning: str
    is_minimum: bool = False


def badge(score: Score, speech: Speech) -> Badge:
    """The badge of a result; what was not measured has one of its own."""
    if not score.is_measured:
        return unmeasured_badge(speech)
    level = score.level
    if not level.is_minimum:
        return badge_of(level.number, speech)
    text = speech.level(level)
    if level.number == 0:
        return open_badge(speech)
    plain = badge_of(level.number, speech)
    meaning = plain.meaning if level.number >= GOAL_LEVEL else speech.gettext(CERTAIN)
    return Badge(plain.key, text, plain.short, plain.name, meaning, is_minimum=True)


def badge_of(number: int, speech: Speech) -> Badge:
    """The badge of a level as such."""
    name, meaning = (term(kind, str(number), speech.code) for kind in ("level", "level_meaning"))
    return Badge(f"l{number}", f"L{number}", f"L{number}", name, meaning)


def open_badge(speech: Speech) -> Badge:
    """The badge of "at least L0"."""
    text = speech.gettext("at least %(level)s", level="L0")
    return Badge(OPEN, text, "L0", speech.gettext(NOT_CONCLUDED.name), speech.gettext(NOT_CONCLUDED.meaning), is_minimum=True)


def unmeasured_badge(speech: Speech) -> Badge:
    """The badge of what was not measured."""
    name = speech.gettext(NOT_MEASURED.name)
    return Badge(UNMEASURED, name, "?", name, speech.gettext(NOT_MEASURED.meaning))


def badge_by(key: str, speech: Speech) -> Badge:
    """The badge of a key of `KEYS`."""
    if key in {OPEN, UNMEASURED}:
        return open_badge(speech) if key == OPEN else unmeasured_badge(speech)
    return badge_of(int(key[1:]), speech)


def key_of(score: Score) -> str:
    """The key under which a result is counted."""
    if not score.is_measured:
        return UNMEASURED
    return OPEN if score.level.is_minimum and score.level.number == 0 else f"l{score.level.number}"


def flags(score: Score, speech: Speech) -> tuple[Flag, ...]:
    """The flags beside a level."""
    return tuple(Flag(term("flag", key, speech.code), term("flag_meaning", key, speech.code)) for key in score.flags)
