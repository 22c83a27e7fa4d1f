"""The normal form of a domain: lower case, A-labels, no final dot. What has none is refused with what may have been meant."""

import re
import unicodedata
from ipaddress import ip_address
from typing import Final

import idna

from ipv6check.rules.naming import is_strange

LONGEST_NAME: Final = 253
"""Octets without the final dot (RFC 1035, 2.3.4)."""
LONGEST_LABEL: Final = 63
SHOWN: Final = 60
"""Characters of what was written that a message repeats."""

LDH: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//")
INVISIBLE: Final = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Joiners, direction marks, soft hyphens, variation selectors: UTS 46 drops most of them, a reader sees none."""
NUMBER: Final = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?(:[0-9]+)?", re.IGNORECASE)
"""A name whose last label is a number: software takes it for an IPv4 address (URL standard, 3.5)."""

NOT_PUBLIC: Final = frozenset({"localhost", "localdomain", "local", "internal", "invalid", "onion", "lan"})
"""Last labels that the public DNS does not have (RFC 6761, 6762, 7686)."""
SHARED: Final = frozenset(
    f"{label}.vn" for label in ("com", "net", "org", "gov", "edu", "ac", "biz", "info", "name", "pro", "health")
)
"""Second-level domains of the registry, under which names are given out."""


class UnfitError(ValueError):
    """What was written cannot be used: why, and what to write instead."""


def shown(text: str) -> str:
    """Quote hostile text for a message: short, without control, invisible or direction characters."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def host_of(text: str) -> str:
    """Return the host of a URL, scheme or not, and anything else as it is."""
    return re.split(r"[/?#]", SCHEME.sub("", text, count=1), maxsplit=1)[0] if re.search("[/?#]", text) else text


def domain_in(text: str) -> str:
    """Return the normal form of a domain, or of the host of a URL; UnfitError when it is none that could be measured."""
    return normal_form(host_of(text.strip()))


def normal_form(text: str) -> str:
    """Return the normal form of a domain (UTS 46, IDNA 2008); UnfitError when it is none that could be measured."""
    text = text.strip()
    _check_shape(text)
    try:
        mapped = text if text.isascii() else idna.uts46_remap(text, std3_rules=False)
    except UnicodeError as error:
        raise UnfitError(f"{shown(text)} is no domain: {_said(error)}") from None
    if mapped != text:
        _check_shape(mapped)
    name = mapped.lower().removesuffix(".")
    domain = ".".join(_a_label(label, name) for label in name.split("."))
    if len(domain) > LONGEST_NAME:
        raise UnfitError(f"{shown(text)} is longer than {LONGEST_NAME} octets: check it for text that ran together")
    _check_place(domain)
    return domain


def strange_letter(domain: str) -> str:
    """Return the first letter of a domain that is not of a Vietnamese name and may imitate one, described; else nothing."""
    for label in domain.split("."):
        letters = idna.ulabel(label) if label.startswith("xn--") else ""
        for letter in letters:
            if is_strange(letter):
                return f"{shown(letter)} ({unicodedata.name(letter, 'a letter without a name')})"
    return ""


def _check_shape(text: str) -> None:
    """Refuse what is not a name at all: the commonest slips, each with its hint."""
    if not text:
        raise UnfitError("the domain is empty")
    what = shown(text)
    if hidden := INVISIBLE.search(text):
        raise UnfitError(f"{what} holds the invisible character U+{ord(hidden[0]):04X}: type the name anew")
    if "@" in text:
        raise UnfitError(f"{what} holds an “@”: list the domain alone, {shown(text.rpartition('@')[2])}, with service mail")
    if NUMBER.fullmatch(text) or _is_address(text):
        raise UnfitError(f"{what} is an address: list the domain that points to it")
    if "*" in text:
        raise UnfitError(f"{what} is a wildcard: list each name by itself, such as {shown(text.replace('*.', ''))}")
    if any(character.isspace() for character in text):
        raise UnfitError(f"{what} holds a space: one name a row, perhaps {shown(''.join(text.split()))}")
    if any(character in ",;|" for character in text):
        raise UnfitError(f"{what} seems to be several names: give each a row of its own")
    if ":" in text:
        raise UnfitError(f"{what} has a port: list the name alone, {shown(text.partition(':')[0])}")
    if len(text) > LONGEST_NAME + 1:
        raise UnfitError(f"{what} is longer than {LONGEST_NAME} octets: check it for text that ran together")


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("]")[0].removeprefix("["))
    except ValueError:
        return False
    return True


def _a_label(label: str, name: str) -> str:
    """Check one label and return its A-label."""
    if not label:
        raise UnfitError(f"{shown(name)} has an empty label: perhaps {shown(re.sub(r'[.]+', '.', name).strip('.'))}")
    try:
        encoded = label if label.isascii() else idna.alabel(label).decode()
        if encoded.startswith("xn--") and idna.alabel(idna.ulabel(encoded)).decode() != encoded:
            raise UnfitError(f"{shown(name)} has a label that is not in its normal form: {shown(label)}")
    except UnicodeError as error:
        raise UnfitError(f"{shown(name)} has an invalid label {shown(label)}: {_said(error)}") from None
    if len(encoded) > LONGEST_LABEL:
        raise UnfitError(f"{shown(name)} has a label longer than {LONGEST_LABEL} octets: {shown(label)}")
    if not LDH.fullmatch(encoded):
        raise UnfitError(f"{shown(name)} has an invalid label {shown(label)}: letters, digits and inner hyphens only")
    return encoded


def _check_place(domain: str) -> None:
    """Refuse names that belong to no one in the public DNS, or to the registry."""
    above, _, last = domain.rpartition(".")
    if last in NOT_PUBLIC:
        raise UnfitError(f"{shown(domain)} is not a public name: list the one that citizens use")
    if not above:
        raise UnfitError(f"{shown(domain)} is a single label: write the whole name, such as 'hanoi.gov.vn'")
    if domain in SHARED:
        raise UnfitError(f"{shown(domain)} is the registry's, not an agency's: list the names below it")


def _said(error: Exception) -> str:
    return ascii(str(error))[1:-1][: 2 * SHOWN]
