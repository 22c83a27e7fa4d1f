"""What a scorecard says of a level that moved together with the rules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ipv6check.changes import LEVEL, Change, Kind, Standing
from ipv6check.model import Run
from ipv6check.reports.language import speech
from ipv6check.reports.past import Past
from ipv6check.reports.since import moved_level
from tests.reports.sample_vantage import START

DOMAIN = "cong.hanoi.gov.vn"
BEFORE, AFTER, NOW = (
    Run(id=id_, vantage="hanoi-1", country="VN", started_at=START + timedelta(days=day), rules_version=rules)
    for day, (id_, rules) in enumerate((("a", "1.76"), ("b", "1.77"), ("c", "1.77")))
)
MOVED = Change(domain=DOMAIN, check=LEVEL, kind=Kind.RULES, before="3", after="2", run_id="b", since="b")
STANDING = Standing(outcome="2", since="b", version="1.77", best=2)
PAST = Past(runs=(NOW, AFTER, BEFORE), moved={(DOMAIN, "b"): MOVED}, standings={DOMAIN: {LEVEL: STANDING}})


def test_it_names_levels_and_versions_of_the_rules_old_and_new() -> None:
    assert moved_level(DOMAIN, PAST, speech("en")) == (
        "The level moved from L3 to L2 on 22 Nov 2026, when the rules changed (1.76 to 1.77);"
        " that is not counted as a change of the site."
    )
    said = moved_level(DOMAIN, PAST, speech("vi"))
    assert said.index("L3") < said.index("L2") < said.index("1.76") < said.index("1.77")
    assert "22/11/2026" in said


@pytest.mark.parametrize(
    "past",
    [
        replace(PAST, moved={}),
        replace(PAST, standings={}),
        replace(PAST, standings={DOMAIN: {LEVEL: replace(STANDING, outcome="3", since="c")}}),
        replace(PAST, moved={("khac.hanoi.gov.vn", "b"): replace(MOVED, domain="khac.hanoi.gov.vn")}),
    ],
    ids=["never", "long-ago", "moved-on", "of-another"],
)
def test_else_nothing_is_said(past: Past) -> None:
    assert moved_level(DOMAIN, past, speech("vi")) == ""
