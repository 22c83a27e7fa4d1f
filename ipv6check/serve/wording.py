"""The words of the live tables, in both languages (`words.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from ipv6check.rules.words import Language


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files("ipv6check.serve").joinpath("words.toml").read_text(encoding="utf-8"))


def word(kind: str, key: str, language: Language) -> str:
    """One word: `word("column", "agency", "vi")`."""
    text: str = _words()[kind][key][language]
    return text


def of_listing(name: str, key: str, language: Language) -> str:
    """A text of a table (`title`, `lede`, `found`)."""
    text: str = _words()["listing"][name][key][language]
    return text
