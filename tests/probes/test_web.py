"""The web's probe on paper: what it tries again."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ipv6check.facts import Evidence, TlsTry
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.probes import web
from tests import factories as f
from tests.factories import DOMAIN, V6


def seen(*failures: tuple[FailureKind, str] | None) -> Evidence:
    """A healthy site whose handshakes with old versions ended like this."""
    given = f.evidence(run=f.run(tries=3))
    refused = f.refused_legacy(V6)

    def tried(failure: tuple[FailureKind, str] | None) -> TlsTry:
        made = None if failure is None else Failure(kind=failure[0], stage=Stage.HTTP, detail=failure[1])
        return replace(refused, failure=made)

    assert given.web is not None
    name = given.web.names[0]
    addresses = tuple(replace(at, legacy=tuple(map(tried, failures)) if str(at.address) == V6 else ()) for at in name.addresses)
    return replace(given, web=replace(given.web, names=(replace(name, name=DOMAIN, addresses=addresses),)))


LOST, SILENT, REFUSED = (FailureKind.LOCAL, "limit"), (FailureKind.TIMEOUT, ""), (FailureKind.TLS, "")


@pytest.mark.parametrize(
    ("failures", "is_unsettled", "is_tried_again"),
    [
        ((LOST,), True, True),
        ((LOST, LOST), True, True),
        ((LOST, LOST, LOST), False, False),
        ((LOST, REFUSED), False, False),
        ((SILENT,), False, True),
        ((REFUSED,), False, False),
        ((None,), False, False),
        ((), False, True),
    ],
)
async def test_a_handshake_that_failed_by_us_is_made_again(failures: tuple, is_unsettled: bool, is_tried_again: bool) -> None:
    evidence, asked = seen(*failures), []

    async def handshake(address: object, name: str, *, again: int) -> TlsTry:
        asked.append((str(address), again))
        return f.refused_legacy(V6)

    assert web.is_unsettled(evidence) is is_unsettled
    net = SimpleNamespace(legacy_handshake=handshake, offers_legacy_tls=True)
    assert evidence.web is not None
    tries = next(at.legacy for at in evidence.web.names[0].addresses if str(at.address) == V6)
    looker = web._Looker(evidence, net)  # type: ignore[arg-type]
    await looker._legacy(tries, DOMAIN, f.refused_legacy(V6).address)
    assert asked == ([(V6, len(failures))] if is_tried_again else [])
