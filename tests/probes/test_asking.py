"""Which questions to a zone's servers are asked once more although they were answered."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ipv6check.facts import Answer, AuthorityTries, DnsTry
from ipv6check.probes.asking import doubtful
from ipv6check.scales import Scales
from tests.factories import RESOLVER
from tests.probes.tree import DOMAIN, evidence

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
ANSWERED = DnsTry(
    server=RESOLVER, start=NOW, end=NOW, seconds_to_answer=0.02, answer=Answer(rcode="NOERROR", records=("11.0.0.1",))
)
PLAIN = replace(ANSWERED, edns=False)
"""Answered only when it was sent without EDNS, as a third send is: it asked for no signatures."""


@pytest.mark.parametrize(
    ("tries", "is_doubtful"),
    [
        ((ANSWERED,), False),
        ((PLAIN,), True),
        ((PLAIN, PLAIN), False),
        ((PLAIN, ANSWERED), False),
        ((replace(PLAIN, edns_refused="FORMERR"),), False),
    ],
    ids=["answered", "without EDNS", "without EDNS twice", "with EDNS after all", "EDNS refused"],
)
def test_an_answer_without_edns_is_doubted_once(tries: tuple[DnsTry, ...], is_doubtful: bool) -> None:
    asked = AuthorityTries(host=f"ns1.{DOMAIN}", server=RESOLVER, name=DOMAIN, type="A", tries=tries)
    assert (doubtful([asked], Scales(evidence())) == [asked]) is is_doubtful
