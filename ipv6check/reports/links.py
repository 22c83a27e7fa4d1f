"""Names that lead to their pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech
from ipv6check.reports.paths import agency_page, domain_page
from ipv6check.reports.scorecard import agency_name


@dataclass(frozen=True, slots=True)
class Link:
    """A name and its page; `note` is a word that stands behind it."""

    text: str
    page: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """Names with pages, and how many more there are."""

    shown: tuple[Link, ...]
    more: int


def to_domain(domain: str, note: str = "") -> Link:
    """A domain with its page."""
    return Link(for_terminal(domain), domain_page(domain), note)


def to_agency(name: str, speech: Speech) -> Link:
    """An agency with its page."""
    return Link(agency_name(name, speech), agency_page(name))


def links(every: Sequence[Link], most: int) -> Links:
    """So many of them at most."""
    return Links(tuple(every[:most]), max(len(every) - most, 0))
