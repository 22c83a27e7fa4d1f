"""The look at ourselves: what the resolver is asked to show that it is honest."""

import pytest

from ipv6check.facts import Answer
from ipv6check.probes.vantage import Controls, look
from ipv6check.tries import invents_names
from tests.probes.tree import Tree, healthy, session

CONTROLS = Controls(canaries=(), signed_name=".")


@pytest.mark.parametrize(("records", "is_invented"), [((), False), (("2400:64::c000:aa",), True)])
async def test_a_resolver_that_makes_aaaa_records_of_ipv4_addresses_is_found_out(records: tuple, is_invented: bool) -> None:
    tree: Tree = healthy()
    tree.spoil_lookups["ipv4only.arpa", "AAAA"] = lambda *_: Answer(rcode="NOERROR", records=records)
    assert invents_names(await look(CONTROLS, session(tree), "before", 0)) is is_invented
    assert tree.looked_up["ipv4only.arpa", "AAAA", False] == 1
