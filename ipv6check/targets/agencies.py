"""The bodies of the city, `agencies.csv`: who stands above whom, from when to when, and who took over."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from ipv6check.model import Body, Target
from ipv6check.targets.names import UnfitError, shown
from ipv6check.targets.rows import day_of, kind_of, text_of
from ipv6check.targets.sheets import Sheet, Values, read_sheet

COLUMNS: Final = ("agency", "kind", "parent", "valid_from", "valid_to", "successor", "note")

Bodies = Mapping[str, Body]
"""By name; no parent and no successor leads back to where it began."""


def read_agencies(path: Path) -> Sheet[Body]:
    """Read the bodies. Refused is a row that names nobody or somebody unknown, or closes a circle of parents and successors."""
    sheet = read_sheet(path, COLUMNS, COLUMNS[:1], _body)
    _refuse_doubles(sheet)
    named = {body.name for _, body in sheet.rows}
    found: dict[str, Body] = {}

    def is_fit(line: int, body: Body) -> None:
        for column in ("parent", "successor"):
            _refuse_unknown(getattr(body, column), column, named)
        if circle := _circle(body, found):
            raise UnfitError(f"{' > '.join(map(shown, circle))} is a circle of parents and successors: put one of them right")
        found[body.name] = body

    return sheet.keep(is_fit)


def joined(bodies: Bodies, targets: Iterable[Target]) -> dict[str, Body]:
    """The bodies, and those that only the target lists name, under the parent that the lists have for them."""
    known, found = set(bodies), dict(bodies)
    for target in targets:
        body = found.setdefault(target.agency, Body(name=target.agency, kind=target.kind))
        if target.agency in known or body.parent or not target.parent:
            continue
        below = Body(name=body.name, kind=body.kind or target.kind, parent=target.parent)
        if not _circle(below, found):
            found[below.name] = below
            found.setdefault(target.parent, Body(name=target.parent))
    return found


def heir(name: str, bodies: Bodies, day: date) -> str:
    """Who stands for a body on a day: itself, or who took over when its last day had passed."""
    while name in bodies and bodies[name].successor in bodies and has_ended(bodies[name], day):
        name = bodies[name].successor
    return name


def stood_for(name: str, bodies: Bodies, day: date) -> Bodies:
    """The bodies that one stands for on a day: itself, and those that it took over from."""
    return {other: body for other, body in bodies.items() if heir(other, bodies, day) == name}


def known_as(targets: Iterable[Target]) -> dict[str, set[str]]:
    """What each agency may be called by: its name, and the codes that any of its rows has. In the order of the list."""
    found: dict[str, set[str]] = {}
    for target in targets:
        found.setdefault(target.agency, set()).update(filter(None, (target.agency, target.agency_code)))
    return found


def has_ended(body: Body, day: date) -> bool:
    """Whether a body's last day has passed."""
    return body.valid_to is not None and body.valid_to < day


def _body(values: Values) -> Body:
    body = Body(
        name=text_of(values["agency"]),
        kind=kind_of(values["kind"]),
        parent=text_of(values["parent"]),
        valid_from=day_of(values["valid_from"], "valid_from"),
        valid_to=day_of(values["valid_to"], "valid_to"),
        successor=text_of(values["successor"]),
        note=text_of(values["note"]),
    )
    if not body.name:
        raise UnfitError("has no agency: name the body")
    if body.valid_from and body.valid_to and body.valid_to < body.valid_from:
        raise UnfitError(f"valid_to {body.valid_to} is before valid_from {body.valid_from}: put the dates right")
    if body.successor and not body.valid_to:
        raise UnfitError(f"{shown(body.successor)} takes over without a day: give valid_to, the last day of {shown(body.name)}")
    return body


def _refuse_doubles(sheet: Sheet[Body]) -> None:
    first: dict[str, tuple[int, Body]] = {}

    def is_fit(line: int, body: Body) -> None:
        before, other = first.setdefault(body.name, (line, body))
        if before == line:
            return
        if body.successor and other.successor and body.successor != other.successor:
            raise UnfitError(
                f"{shown(body.name)} has two successors, {shown(body.successor)} here and {shown(other.successor)} in line"
                f" {before}: totals can follow one only, name the other in a note"
            )
        raise UnfitError(f"{shown(body.name)} is in line {before} already: one row a body")

    sheet.keep(is_fit)


def _refuse_unknown(name: str, column: str, named: set[str]) -> None:
    if not name or name in named:
        return
    if all(part.strip() in named for part in name.split(";")):
        raise UnfitError(f"{column} names several bodies, {shown(name)}: one only, name the others in a note")
    raise UnfitError(f"unknown {column} {shown(name)}: give it a row of its own, written alike")


def _circle(body: Body, found: Bodies) -> list[str]:
    """The way from a body up by parents and successors back to itself; empty where there is none."""
    ways = [[body.name, name] for name in (body.parent, body.successor) if name]
    passed: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == body.name:
            return way
        above = found.get(way[-1])
        if above is not None and above.name not in passed:
            passed.add(above.name)
            ways += [[*way, name] for name in (above.parent, above.successor) if name]
    return []
