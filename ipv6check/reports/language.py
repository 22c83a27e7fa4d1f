"""The language of a page: its furniture's texts from gettext catalogues, dates and numbers as people there write them.

Texts in the code are English; `locale/vi` has them in Vietnamese. The words of checks are not here but in `rules.words`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - `Speech.date` is the word here
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from ipv6check.rules.words import Language
from ipv6check.score import Level

DOMAIN: Final = "ipv6check"
HANOI: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Asia/Ho_Chi_Minh: one offset since 1975, so no time zone table is needed."""

DATE: Final[dict[Language, str]] = {"vi": "dd/MM/yyyy", "en": "d MMM yyyy"}
MOMENT: Final[dict[Language, str]] = {"vi": "dd/MM/yyyy HH:mm", "en": "d MMM yyyy HH:mm"}
UNKNOWN: Final = "–"

KEPT: Final = 4_096
"""So many texts of a kind are kept: to write a number, or to clean a name, takes longer than the rest of its row."""


def N_(message: str) -> str:  # noqa: N802 - the name that catalogues are made by
    """Mark a text that is translated where it is shown."""
    return message


@dataclass(frozen=True)
class Speech:
    """One language. Texts hold their values as `%(name)s`."""

    code: Language
    catalogue: NullTranslations

    def gettext(self, message: str, **values: object) -> str:
        """A text of the furniture, with its values in place."""
        text = self.catalogue.gettext(message)
        return text % self._shown(values) if values else text

    def ngettext(self, singular: str, plural: str, n: int, **values: object) -> str:
        """A text that counts; `n` is among its values."""
        return self.catalogue.ngettext(singular, plural, n) % self._shown({"n": n, **values})

    def _shown(self, values: Mapping[str, object]) -> dict[str, object]:
        return {key: self.number(value) if type(value) is int else value for key, value in values.items()}

    def number(self, number: float, digits: int = 0) -> str:
        """A number with separators, at most so many decimals."""
        return _number(number, digits, self.code)

    def share(self, share: float | None, digits: int = 0) -> str:
        """A share of one as a percentage: `73,1%`."""
        if share is None:
            return UNKNOWN
        return format_percent(share, format="#,##0" + ("." + "0" * digits if digits else "") + "%", locale=self.code)

    def date(self, moment: datetime | None) -> str:
        """The day in Hanoi."""
        return self.day(moment.astimezone(HANOI).date()) if moment is not None else UNKNOWN

    def day(self, day: Day) -> str:
        """A day."""
        return _day(day, self.code)

    def moment(self, moment: datetime | None) -> str:
        """The day and minute in Hanoi."""
        if moment is None:
            return UNKNOWN
        return format_datetime(moment.astimezone(HANOI), MOMENT[self.code], locale=self.code)

    def level(self, level: Level) -> str:
        """`L2`, or `at least L2`."""
        return self.gettext("at least %(level)s", level=level) if level.is_minimum else str(level)


@lru_cache(KEPT)
def _number(number: float, digits: int, language: Language) -> str:
    return format_decimal(number, format="#,##0" + ("." + "#" * digits if digits else ""), locale=language)


@lru_cache(KEPT)
def _day(day: Day, language: Language) -> str:
    return format_date(day, DATE[language], locale=language)


@cache
def speech(language: Language) -> Speech:
    """The speech of a language."""
    if language == "en":
        return Speech(language, NullTranslations())
    path = files("ipv6check.reports").joinpath("locale", language, "LC_MESSAGES", f"{DOMAIN}.mo")
    with path.open("rb") as file:
        return Speech(language, GNUTranslations(file))
