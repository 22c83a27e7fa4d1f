"""The ids and weights of the rules are those of the catalogue, written out here by hand: ids are permanent."""

from itertools import chain

import pytest

from ipv6check.model import Severity
from ipv6check.rules import BY_ID, FAMILIES, RULES

NUMBERS = {
    "OPS": 8,
    "NAME": 8,
    "DNS": 10,
    "NS": 20,
    "SEC": 9,
    "ADDR": 7,
    "REACH": 12,
    "WEB": 20,
    "PAGE": 6,
    "MAIL": 13,
}
"""So many checks each family has, numbered from 01 without a gap."""

MANDATORY = {
    "NAME": (2, 3, 4, 6),
    "DNS": (2, 3, 6),
    "NS": (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14),
    "SEC": (1, 2, 3, 4, 6, 8),
    "ADDR": (1, 2, 5),
    "REACH": (1, 2, 4, 7, 10),
    "WEB": (1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13),
    "PAGE": (1, 3),
    "MAIL": (2, 3, 5),
}
INFORMATION = {
    "OPS": (1, 2, 3, 4, 5, 6, 7, 8),
    "DNS": (1,),
    "ADDR": (4, 6),
    "REACH": (5, 6),
    "WEB": (15,),
    "PAGE": (2,),
}


def ids(numbers: dict[str, tuple[int, ...]]) -> set[str]:
    return {f"{family}-{number:02}" for family, ones in numbers.items() for number in ones}


EVERY = list(chain.from_iterable((f"{family}-{n:02}" for n in range(1, last + 1)) for family, last in NUMBERS.items()))


def test_every_id_is_declared_once_and_in_order() -> None:
    assert [rule.id for rule in RULES] == EVERY
    assert list(FAMILIES) == list(NUMBERS)


@pytest.mark.parametrize("id_", EVERY)
def test_weight(id_: str) -> None:
    mandatory, information = ids(MANDATORY), ids(INFORMATION)
    expected = Severity.MANDATORY if id_ in mandatory else Severity.INFORMATION if id_ in information else Severity.RECOMMENDED
    assert BY_ID[id_].severity is expected


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_check_asks_a_question(rule) -> None:  # type: ignore[no-untyped-def]
    assert rule.question.splitlines()[0].rstrip().partition("?")[1] == "?"
