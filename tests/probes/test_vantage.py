"""The look at ourselves: what the resolver is asked to show that it is honest."""

from ipaddress import ip_address

import pytest

from ipv6check.facts import Answer
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.probes.vantage import Controls, look
from ipv6check.tries import falsifies_answers
from tests.probes.tree import ROOT4, ROOT6, Tree, healthy, session

CONTROLS = Controls(canaries=(), signed_name=".")


@pytest.mark.parametrize(("records", "is_invented"), [((), False), (("2400:64::c000:aa",), True)])
async def test_a_resolver_that_makes_aaaa_records_of_ipv4_addresses_is_found_out(records: tuple, is_invented: bool) -> None:
    tree: Tree = healthy()
    tree.spoil_lookups["ipv4only.arpa", "AAAA"] = lambda *_: Answer(rcode="NOERROR", records=records)
    assert falsifies_answers(await look(CONTROLS, session(tree), "before", 0)) is is_invented
    assert tree.looked_up["ipv4only.arpa", "AAAA", False] == 1


async def test_a_look_asks_each_canary_and_root_server_once_whatever_they_answer() -> None:
    tree: Tree = healthy()
    silent = Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS)
    tree.spoil[ROOT6] = tree.spoil[ROOT4] = lambda *_: silent
    tree.spoil_lookups["canary.example", "AAAA"] = lambda *_: Answer(rcode="NOERROR", records=("2400:5::1",))
    seen = await look(Controls(canaries=("canary.example",)), session(tree), "before", 0)
    assert {(str(t.server), t.transport) for t in seen.roots} == {(at, way) for at in (ROOT6, ROOT4) for way in ("udp", "tcp")}
    assert set(tree.asked.values()) == {1}
    assert seen.canaries[0].v6 is not None
    assert (seen.canaries[0].v6.address, seen.canaries[0].v6.failure is None) == (ip_address("2400:5::1"), False)
