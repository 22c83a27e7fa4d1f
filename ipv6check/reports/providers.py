"""Whom the city's domains hang on, as rows: operators of name servers, and networks in which its web servers stand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ipv6check.reports.hostile import for_json
from ipv6check.reports.inventory import Inventory
from ipv6check.score import GOAL_LEVEL, Card

PROVIDER_KINDS: Final = ("dns", "network")
COLUMNS: Final = (
    *("kind", "name", "country", "domains", "agencies", "measured", "at_goal"),
    *("servers", "servers_over_ipv6"),
)
"""`at_goal` of the `measured` domains stand at L3 or higher; `servers` are name servers, of operators only."""


def provider_rows(inventory: Inventory, cards: Iterable[Card]) -> list[dict[str, Any]]:
    """One row a provider, those that most domains hang on first among their kind."""
    by_domain = {card.target.domain: card for card in cards}
    rows = [
        _row("dns", one.name, "", one.domains, by_domain)
        | {"servers": len(one.states), "servers_over_ipv6": sum(state == "good" for state in one.states.values())}
        for one in inventory.operators()
    ]
    for number in inventory.numbers():
        if number.hosted:
            name = f"AS{number.number} {number.name}".strip()
            rows.append(_row("network", name, number.country, sorted(number.hosted), by_domain))
    return [{name: row.get(name) for name in COLUMNS} for row in rows]


def providers_as_json(inventory: Inventory, cards: Iterable[Card]) -> str:
    """The same as a file."""
    return for_json(json.dumps(provider_rows(inventory, cards), ensure_ascii=False, indent=1)) + "\n"


def _row(kind: str, name: str, country: str, domains: Iterable[str], by_domain: Mapping[str, Card]) -> dict[str, Any]:
    own = [by_domain[domain] for domain in domains if domain in by_domain]
    return {
        "kind": kind,
        "name": name,
        "country": country,
        "domains": len(own),
        "agencies": len({card.target.agency for card in own}),
        "measured": sum(card.score.is_measured for card in own),
        "at_goal": at_goal(own),
    }


def at_goal(cards: Sequence[Card]) -> int:
    """How many surely stand at the programme's goal or above."""
    return sum(card.score.is_measured and card.score.level.number >= GOAL_LEVEL for card in cards)
