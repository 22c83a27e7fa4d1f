"""The words of every check, Vietnamese and English: kept in a .toml beside each rule's .py, filled with a verdict's arguments.

An entry's `title`, `why`, `fix` and `verify` are a text in both languages (`title.vi`, `title.en`), or a table of cases, each
such a text: `[WEB-02.fix.self-signed]`. `found` is always a table of cases: `pass`, `warn`, `fail`, or a finer one. `who` names
the party that must act, or is a table of cases. `terms.toml` holds what is said everywhere: outcomes, reasons, parties.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from ipv6check.model import Outcome, Verdict

Language = Literal["vi", "en"]
LANGUAGES: Final[tuple[Language, Language]] = ("vi", "en")

MODULES: Final = (
    "vantage",
    "naming",
    "dns",
    "records",
    "nameservers",
    "delegation",
    "answers",
    "networks",
    "dnssec",
    "keys",
    "addresses",
    "reachability",
    "certificates",
    "redirects",
    "web",
    "page",
    "mail",
)
DEFAULT: Final = "default"
"""The case that stands for all cases not named."""

NOTHING: Final = "-"
DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


@cache
def entries() -> Mapping[str, Mapping[str, Any]]:
    """Every check's entry, by id."""
    return {id_: entry for module in MODULES for id_, entry in _read(f"{module}.toml").items()}


@cache
def terms() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """What is said everywhere: kind of term, key, language."""
    return _read("terms.toml")


def term(kind: str, key: str, language: Language) -> str:
    """One term: `term("reason", "no-v6-here", "vi")`."""
    return terms()[kind][key][language]


def title(id_: str, language: Language) -> str:
    """What a check is called."""
    text: str = entries()[id_]["title"][language]
    return text


def found(verdict: Verdict, language: Language, **more: object) -> str:
    """What was found, in a sentence; for what was not measured, why."""
    if verdict.reason is not None:
        return term("reason", verdict.reason.value, language)
    return _filled(verdict, "found", language, more)


def why(verdict: Verdict, language: Language, **more: object) -> str:
    """Why it matters to citizens."""
    return _filled(verdict, "why", language, more)


def fix(verdict: Verdict, language: Language, **more: object) -> str:
    """What exactly to do; "" when nothing is to be done."""
    return _filled(verdict, "fix", language, more) if needs_action(verdict) else ""


def verify(verdict: Verdict, language: Language, **more: object) -> str:
    """How to see it oneself: commands, one a line."""
    return _filled(verdict, "verify", language, more)


def who(verdict: Verdict) -> str:
    """The party that must act, a key of the terms `party`; "" when nobody must."""
    if not needs_action(verdict):
        return ""
    chosen = entries()[verdict.id].get("who", "")
    if isinstance(chosen, str):
        return chosen
    return next((str(chosen[case]) for case in _cases(verdict) if case in chosen), "")


def needs_action(verdict: Verdict) -> bool:
    """Whether something should be done about it."""
    return verdict.outcome in {Outcome.WARN, Outcome.FAIL}


def _filled(verdict: Verdict, field: str, language: Language, more: Mapping[str, object]) -> str:
    """The text of a field for this verdict's case, with its arguments in place."""
    text = _text(entries()[verdict.id].get(field, {}), verdict)
    values = {key: _shown(value, language) for key, value in (*verdict.args.items(), *more.items())}
    return text[language].format_map(values) if text else ""


def _text(field: Mapping[str, Any], verdict: Verdict) -> Mapping[str, str]:
    if "vi" in field:
        return field
    chosen: Mapping[str, str] = next((field[case] for case in _cases(verdict) if case in field), {})
    return chosen


def _cases(verdict: Verdict) -> tuple[str, str, str]:
    """The cases under which words may stand, the most exact first."""
    return verdict.case, verdict.outcome.value, DEFAULT


def _shown(value: object, language: Language) -> str:
    """A value as it stands in a sentence: a list by commas, our own words translated, "-" for what is empty.

    `2001:db8::1 443: timeout` is translated in its last part. Vietnamese has a decimal comma and the day first.
    """
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(part, language) for part in value) or NOTHING
    if language == "vi" and isinstance(value, float):
        return str(value).replace(".", ",")
    text = "" if value is None else str(value)
    if language == "vi" and (day := DAY.fullmatch(text)):
        return "/".join(reversed(day.groups()))
    subject, colon, word = text.rpartition(": ")
    said = terms()["value"].get(word) or terms()["failure"].get(word) or {language: word}
    return subject + colon + said[language] or NOTHING


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("ipv6check.rules").joinpath(name).read_text(encoding="utf-8"))
