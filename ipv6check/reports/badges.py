"""The badge that an agency can show on its own site: IPv6, the level, the day. One for both languages."""

from html import escape
from typing import Final

from ipv6check.reports.language import HANOI
from ipv6check.reports.levels import OPEN, UNMEASURED, key_of
from ipv6check.reports.paths import domain_page
from ipv6check.score import Card

COLOURS: Final = {
    "l0": ("#9f3314", "#ffffff"),
    "l1": ("#edb061", "#2b1a00"),
    "l2": ("#bcd3e6", "#10263a"),
    "l3": ("#2a6fab", "#ffffff"),
    "l4": ("#0b3f73", "#ffffff"),
    OPEN: ("#e8ecf0", "#3d4954"),
    UNMEASURED: ("#e8ecf0", "#3d4954"),
}
"""Ground and text, those of the pages."""

WIDTH: Final = 172
PLACE: Final = "https://TRANG-BAO-CAO.example"
"""Stands in the snippet for where the site will be published, which nobody here knows."""


def badge_file(domain: str) -> str:
    """Where a domain's badge lies, from the root of the site."""
    return f"badges/{domain_page(domain).removeprefix('domain/').removesuffix('.html')}.svg"


def badge_text(card: Card) -> str:
    """`IPv6 L3 2026-11-21`; `≥L3` where it is at least that, `?` where nothing is known."""
    level, key = card.score.level, key_of(card.score)
    shown = "?" if key in {OPEN, UNMEASURED} else f"≥{level}" if level.is_minimum else str(level)
    return " ".join(("IPv6", shown, *([card.measured_at.astimezone(HANOI).date().isoformat()] if card.measured_at else ())))


def badge_svg(card: Card) -> str:
    """The badge as a picture that stands alone."""
    ground, ink = COLOURS[key_of(card.score)]
    text = escape(badge_text(card))
    _, _, right = text.partition(" ")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="24" role="img" aria-label="{text}">'
        f"<title>{text}</title>"
        f'<rect width="{WIDTH}" height="24" rx="5" fill="#0b3a6b"/>'
        f'<path d="M48 0h{WIDTH - 53}a5 5 0 0 1 5 5v14a5 5 0 0 1-5 5H48z" fill="{ground}"/>'
        '<g font-family="Verdana,DejaVu Sans,sans-serif" font-size="12" font-weight="700" text-anchor="middle">'
        f'<text x="24" y="16.5" fill="#ffffff">IPv6</text><text x="{(48 + WIDTH) // 2}" y="16.5" fill="{ink}">{right}</text>'
        "</g></svg>\n"
    )


def badge_snippet(card: Card) -> str:
    """HTML that shows the badge on another site."""
    return f'<img src="{PLACE}/{badge_file(card.target.domain)}" alt="{escape(badge_text(card))}" width="{WIDTH}" height="24">'
