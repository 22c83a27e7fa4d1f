"""Where each page lies in the site: file names that are safe on every system, made from names of our own pattern or a hash."""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ipv6check.reports.language import KEPT
from ipv6check.rules.words import Language

PREFIX: Final[dict[Language, str]] = {"vi": "", "en": "en/"}
"""Vietnamese stands at the root, English below it."""

LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
A_LABELS: Final = re.compile(rf"(?=.{{3,200}}\Z){LABEL}(?:\.{LABEL})+")
DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)\.")
"""First labels that some systems take for a device, whatever follows."""

NOT_IN_A_SLUG: Final = re.compile(r"[^a-z0-9]+")
SLUG_LENGTH: Final = 48


def live_page(name: str, language: Language) -> str:
    """The address of a page that is made when it is asked for, where the site is served live; a folder of files has none."""
    return f"/{PREFIX[language]}{name}"


def domain_page(domain: str) -> str:
    """The page of a domain, below the language's folder: the name itself when it is plainly one, else a hash (no dot in it)."""
    is_plain = A_LABELS.fullmatch(domain) and not DEVICES.match(domain)
    return f"domain/{domain if is_plain else _hash(domain, 16)}.html"


def check_page(id_: str) -> str:
    """The page of a check, below the language's folder."""
    return f"check/{id_}.html"


def paper_file(domain: str) -> str:
    """The scorecard of a domain as a PDF, which is in Vietnamese and stands beside the page."""
    return domain_page(domain).removesuffix(".html") + ".pdf"


def letter_file(domain: str, party: str) -> str:
    """The letter about a domain to a party (a key of the terms `party`), below the language's folder."""
    return f"letters/{domain_page(domain).removeprefix('domain/').removesuffix('.html')}-{party}.txt"


@lru_cache(KEPT)
def agency_page(agency: str) -> str:
    """The page of an agency, below the language's folder: its name without diacritics, and a hash that tells twins apart."""
    bare = unicodedata.normalize("NFD", agency.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    slug = NOT_IN_A_SLUG.sub("-", bare.lower())[:SLUG_LENGTH].strip("-") or "agency"
    return f"agency/{slug}-{_hash(agency, 8)}.html"


def is_linkable(domain: str) -> bool:
    """Whether a link to the name itself may be made."""
    return A_LABELS.fullmatch(domain) is not None


def to_root(page: str) -> str:
    """The way from a page of the site back to its root: "", "../", "../../"."""
    return "../" * page.count("/")


def _hash(text: str, length: int) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
