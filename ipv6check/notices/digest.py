"""What one reader is told of a night: nothing twice, and of other agencies nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ipv6check.changes import Change
from ipv6check.config import Notices
from ipv6check.notices.night import Ending, Night
from ipv6check.score import Card
from ipv6check.targets.agencies import known_as

CITY: Final = ""
"""The name of the reader who is told everything."""

IsTold = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told: an agency by name or code, or the city; and where."""

    name: str
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is news to one reader: changes and ends, and the cards they are about."""

    audience: Audience
    cards: tuple[Card, ...]
    changes: tuple[Change, ...]
    endings: tuple[Ending, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Each thing that is told with it."""
        return (*map(key_of, self.changes), *(ending.key for ending in self.endings))

    @property
    def id(self) -> str:
        """Names this digest: a second one with the same content to the same reader has the same."""
        return sha256("\n".join((self.audience.name, *sorted(self.keys))).encode("utf-8", "replace")).hexdigest()[:32]


def audiences(notices: Notices) -> list[Audience]:
    """Everybody who is named with an address: the city first."""
    named = ((CITY, notices.city), *notices.agencies.items())
    return [Audience(name, recipients) for name, recipients in named if recipients]


def digest(night: Night, audience: Audience, is_told: IsTold = lambda key: False) -> Digest:
    """Pick what a reader was not told yet."""
    called = known_as(card.target for card in night.cards)
    theirs = {name for name, own in called.items() if audience.name in (CITY, *own)}
    cards = tuple(card for card in night.cards if card.target.agency in theirs)
    domains = {card.target.domain for card in cards}
    return Digest(
        audience=audience,
        cards=cards,
        changes=tuple(c for c in night.changes if c.domain in domains and not is_told(key_of(c))),
        endings=tuple(e for e in night.endings if e.domain in domains and not is_told(e.key)),
    )


def key_of(change: Change) -> str:
    """What is told once: this change in this run."""
    return f"{change.run_id} {change.domain} {change.check}"
