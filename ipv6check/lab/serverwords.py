"""The words by which a world file describes a name server, such as "good", "v6-silent" or "no-edns @may-chu.example".

Each is true of both families, or with `v6-` or `v4-` before it of one. What they mean is told at the head of `city.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipv6check.facts import FAMILIES, Family
from ipv6check.lab.world import Door

BEHAVIOURS: Final = frozenset({"silent", "lame", "hides-aaaa", "no-edns", "any-edns", "open", "stale", "partial"})
DOORS: Final[Mapping[str, Door]] = {"tcp-refused": "refused", "tcp-silent": "silent", "silent": "silent"}
"""Words that say something of TCP port 53; the first that is there counts."""

PLACES: Final = frozenset({"absent", "unglued", "misglued"})
OF_BOTH: Final = frozenset({"good", "beside", "only-in-zone", "only-at-parent"})
WORDS: Final = BEHAVIOURS | DOORS.keys() | PLACES


@dataclass(frozen=True, slots=True)
class Described:
    """A name server as a world file describes it: the domain it is named in ("" is its zone), and words by family."""

    under: str
    words: Mapping[Family, frozenset[str]]

    def door(self, family: Family) -> Door:
        """What its TCP port does."""
        return next((door for word, door in DOORS.items() if word in self.words[family]), "open")


def described(text: str) -> Described:
    """Read a description. Raises ValueError with the word that is not known."""
    under, words = "", dict[Family, frozenset[str]]({6: frozenset(), 4: frozenset()})
    for word in text.split():
        if word.startswith("@"):
            under = word[1:]
            continue
        family, _, rest = word.partition("-")
        chosen = {"v6": (6,), "v4": (4,)}.get(family)
        plain = rest if chosen else word
        if plain not in WORDS and (chosen or plain not in OF_BOTH):
            raise ValueError(f"unknown kind of name server {text!r}")
        for one in FAMILIES:
            if chosen is None or one in chosen:
                words[one] |= {plain}
    return Described(under, words)
