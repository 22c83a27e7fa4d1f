"""A JSON object read in pieces: its members one by one, and long lists element by element, so that it is never held whole."""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Final

LONGEST_VALUE: Final = 1 << 20
"""Characters of one element, or of one member that is no list."""

MOST_ELEMENTS: Final = 10_000_000
"""Elements of one list. The largest real one has about a million."""

SPACE: Final = " \t\r\n\ufeff"
AFTER_VALUE: Final = frozenset(f"{SPACE},:]}}")
"""What may follow a value: where anything else does, a number may only have begun."""

_decode: Final = json.JSONDecoder().raw_decode


class JsonError(ValueError):
    """Text that is no JSON object, ends too early, or holds a value that is too long or too deep."""


def members(pieces: Iterable[bytes]) -> Iterator[tuple[str, object]]:
    """The members of an object: name and value; of a list every element with the list's name. Raises JsonError."""
    text = _Text(pieces)
    text.expect("{")
    if text.peek() == "}":
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise JsonError("a member without a name")
        text.expect(":")
        if text.peek() == "[":
            for element in _elements(text):
                yield name, element
        else:
            yield name, text.value()
        if text.next() == "}":
            return


def _elements(text: "_Text") -> Iterator[object]:
    text.expect("[")
    if text.peek() == "]":
        text.expect("]")
        return
    for _ in range(MOST_ELEMENTS):
        yield text.value()
        if text.next() == "]":
            return
    raise JsonError(f"a list of more than {MOST_ELEMENTS:,} elements")


class _Text:
    """The text so far, and where we are in it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = codecs.iterdecode(pieces, "utf-8", "replace")
        self._text = ""
        self._at = 0

    def peek(self) -> str:
        """The next character that is no space, which stays; empty at the end."""
        while True:
            while self._at < len(self._text):
                if (character := self._text[self._at]) not in SPACE:
                    return character
                self._at += 1
            if not self._more():
                return ""

    def next(self) -> str:
        """Pass over the next character: a comma, or what closes a list or an object."""
        character = self.peek()
        if not character or character not in ",]}":
            raise JsonError("it ends too early" if not character else f"{character!r} where a comma is due")
        self._at += 1
        return character

    def expect(self, character: str) -> None:
        """Pass over a character that has to be there."""
        if (found := self.peek()) != character:
            raise JsonError("it ends too early" if not found else f"{found!r} where {character!r} is due")
        self._at += 1

    def value(self) -> object:
        """Read a value."""
        self.peek()
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except RecursionError:
                raise JsonError("a value that is too deep") from None
            except ValueError:
                end = -1
            if 0 <= end < len(self._text) and self._text[end] in AFTER_VALUE:
                self._at = end
                return value
            if len(self._text) - self._at > LONGEST_VALUE:
                raise JsonError("a value that is too long or no JSON")
            if not self._more():
                raise JsonError("it ends too early, or holds what is no JSON")

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._text = self._text[self._at :] + piece
        self._at = 0
        return True
