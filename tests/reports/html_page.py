"""A page as a test sees it: its elements with their attributes, its text, and what nothing closes."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})


@dataclass(frozen=True)
class Element:
    """One start tag."""

    tag: str
    attributes: dict[str, str]
    line: int

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


@dataclass
class Page(HTMLParser):
    """One parsed page. `unbalanced` are tags that were closed out of turn."""

    path: Path
    elements: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)
        self.source = self.path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; `<rect/>` comes here too, and is closed at once."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, self.getpos()[0]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.pieces.append(data)

    @property
    def text(self) -> str:
        """All text, one space for any space."""
        return " ".join("".join(self.pieces).split())

    def all(self, *tags: str) -> list[Element]:
        """The elements of these tags, in their order."""
        return [element for element in self.elements if element.tag in tags]

    @property
    def ids(self) -> list[str]:
        """Every id."""
        return [element["id"] for element in self.elements if element["id"]]


def pages_of(site: Path) -> list[Page]:
    """Every page of a site."""
    return [Page(path) for path in sorted(site.rglob("*.html"))]
