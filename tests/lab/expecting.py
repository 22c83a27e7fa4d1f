"""Holds what came out for an agency against what the catalogue says of it."""

from ipv6check.lab.world import Agency
from ipv6check.rules import BY_ID
from tests.lab.observing import Result

AT_LEAST = "at least "


def differences(agency: Agency, result: Result, without: frozenset[str] = frozenset()) -> list[str]:
    """Every check (but those `without`), level and flags that came out otherwise than expected; empty when all is right."""
    found = [
        f"{id_}: expected {expected}, got {result.outcomes[id_]} {result.reasons.get(id_, '')} {result.arguments[id_]}"
        for id_, expected in agency.expect.items()
        if id_ not in without and result.outcomes[id_] != expected
    ]
    if not _is_level(agency.level, result):
        got = f"{AT_LEAST if result.is_minimum else ''}L{result.level} for {', '.join(result.missing)}"
        found.append(f"level: expected {agency.level}, got {got}")
    if set(agency.flags) != set(result.flags):
        found.append(f"flags: expected {agency.flags}, got {result.flags}")
    return found


def _is_level(expected: str, result: Result) -> bool:
    """Whether the level is the expected one, as far as the checks that are built can tell."""
    number = int(expected.removeprefix(AT_LEAST).removeprefix("L"))
    if expected.startswith(AT_LEAST):
        return result.is_minimum and result.level == number
    if result.is_minimum:
        return result.level <= number and not any(BY_ID[id_].is_built for id_ in result.missing)
    return result.level == number
