"""The web's probe on paper: what it tries again, and where it follows redirects."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ipv6check.facts import Answer, DnsFacts, Evidence, TlsTry
from ipv6check.judge import judge
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.fake import FakeNetwork, Served, Shown, silent
from ipv6check.net.network import NetworkSettings
from ipv6check.net.url import Url
from ipv6check.probes import reachability, web
from tests import factories as f
from tests.factories import DOMAIN, RESOLVER, V4, V6


def seen(*failures: tuple[FailureKind, str] | None) -> Evidence:
    """A healthy site whose handshakes with old versions ended like this."""
    given = f.evidence(run=f.run(tries=3))
    refused = f.refused_legacy(V6)

    def tried(failure: tuple[FailureKind, str] | None) -> TlsTry:
        stage = Stage.TCP if failure == CLOSED else Stage.TLS
        made = None if failure is None else Failure(kind=failure[0], stage=stage, detail=failure[1])
        return replace(refused, failure=made)

    assert given.web is not None
    name = given.web.names[0]
    addresses = tuple(replace(at, legacy=tuple(map(tried, failures)) if str(at.address) == V6 else ()) for at in name.addresses)
    return replace(given, web=replace(given.web, names=(replace(name, name=DOMAIN, addresses=addresses),)))


LOST, SILENT, REFUSED = (FailureKind.LOCAL, "limit"), (FailureKind.TIMEOUT, ""), (FailureKind.TLS, "")
CLOSED = (FailureKind.REFUSED, "")


@pytest.mark.parametrize(
    ("failures", "is_unsettled", "is_tried_again"),
    [
        ((LOST,), True, True),
        ((LOST, LOST), True, True),
        ((LOST, LOST, LOST), True, True),
        ((SILENT, SILENT, SILENT), False, False),
        ((LOST, REFUSED), False, False),
        ((SILENT,), True, True),
        ((REFUSED,), False, False),
        ((CLOSED,), True, True),
        ((CLOSED, REFUSED), False, False),
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


@pytest.mark.parametrize(("kind", "is_unsettled"), [("local", True), ("timeout", False)])
def test_a_fault_seen_once_is_looked_at_again_however_often_we_failed_meanwhile(kind: str, is_unsettled: bool) -> None:
    faulty = f.fetch(DOMAIN, V6, leaf=f.certificate("other.vn"))
    failed = f.fetch(DOMAIN, V6, failure=f.fail(kind))
    site = f.Site(v4=(), https={V6: (faulty, failed, failed)}, others=(f.certificate("other.vn"),))
    assert web.is_unsettled(f.evidence(site, run=f.run(tries=3))) is is_unsettled


# Whole looks

WWW, PORTAL = f"www.{DOMAIN}", "cong.hanoi.gov.vn"
W6, P6, P4 = "2400:1::2", "2400:9::9", "11.0.0.77"
NOW = datetime.now(UTC)
LEAF = f.certificate(DOMAIN, WWW, PORTAL, now=NOW)
UNKNOWN_NAME = Failure(kind=FailureKind.TLS, stage=Stage.TLS, detail="tlsv1_unrecognized_name")
REFUSED_OLD = Failure(kind=FailureKind.TLS, stage=Stage.TLS, detail="tlsv1_alert_protocol_version")

Serve = Callable[[Url, str, int], Served | None]
"""What an address serves at a URL, and which time it is asked; None for what a healthy site does."""


def page(status: int = 200, to: str = "") -> Served:
    return Served(tls=Shown(certificates=(LEAF,)), status=status, headers=(("location", to),) if to else ())


class Paper:
    """Sites on paper. `portal` are the AAAA records of the portal, each time that it is asked for."""

    def __init__(self, serve: Serve, *, portal: Callable[[int], Answer | Failure], old: Shown | Failure) -> None:
        self._serve, self._portal, self._old = serve, portal, old
        self.asked: Counter[tuple[str, str]] = Counter()

    def dns(self, question, transport) -> Answer | Failure:
        key = (question.name, question.type)
        self.asked[key] += 1
        if question.name != PORTAL:
            return Answer(rcode="NXDOMAIN")
        return self._portal(self.asked[key]) if question.type == "AAAA" else Answer(rcode="NOERROR", records=(P4,))

    def tcp(self, address, port) -> None:
        return None

    def http(self, url, address) -> Served:
        key = (str(url), str(address))
        self.asked[key] += 1
        secure = page() if url.scheme == "https" else page(301, f"https://{url.host}/")
        served = self._serve(url, str(address), self.asked[key]) or secure
        return served if url.scheme == "https" else replace(served, tls=None)

    def legacy_tls(self, address, name) -> Shown | Failure:
        return self._old


def has_aaaa(time: int) -> Answer:
    return Answer(rcode="NOERROR", records=(P6,))


async def looked_at(
    serve: Serve,
    *,
    portal: Callable[[int], Answer | Failure] = has_aaaa,
    old: Shown | Failure = REFUSED_OLD,
    v6: tuple[str, ...] = (V6,),
    www: bool = False,
) -> tuple[Evidence, int]:
    """Look until nothing is unsettled; the evidence and the number of passes."""
    names = f.names(DOMAIN, v6, [V4]), f.names(WWW, v6, [V4]) if www else f.names(WWW, rcode="NXDOMAIN")
    net = FakeNetwork(Paper(serve, portal=portal, old=old), NetworkSettings(resolvers=(RESOLVER,))).session()
    seen = f.evidence(dns=DnsFacts(listed=names[0], www=names[1]), vantage=(f.sample(NOW - timedelta(minutes=1)),))
    seen, passes = replace(seen, reachability=None, web=None), 0
    assert seen.target is not None
    while not passes or reachability.is_unsettled(seen) or web.is_unsettled(seen):
        seen = seen.with_facts("reachability", await reachability.look(seen.target, seen, net))
        seen = seen.with_facts("web", await web.look(seen.target, seen, net))
        passes += 1
        assert passes < 6, "it never ends"
    return replace(seen, vantage=(*seen.vantage, f.sample(datetime.now(UTC) + timedelta(minutes=5)))), passes


def front(served: Served, *, at: tuple[str, ...] = (V6, V4), times: int = 9) -> Serve:
    """At these addresses the front page is this, the first so many times."""
    is_front = lambda url: (url.scheme, url.host, url.target) == ("https", DOMAIN, "/")  # noqa: E731
    return lambda url, address, time: served if is_front(url) and address in at and time <= times else None


def says(seen: Evidence, id_: str) -> str:
    verdict = judge(seen)[id_]
    return f"nm:{verdict.reason}" if verdict.reason is not None else str(verdict.outcome)


def beyond(portal: Callable[[int], Served]) -> Serve:
    """The front page leads to the portal, which serves this over IPv6."""

    def serve(url: Url, address: str, time: int) -> Served | None:
        to_portal = front(TO_PORTAL)(url, address, time)
        return to_portal or (portal(time) if (url.host, address) == (PORTAL, P6) else None)

    return serve


def front_by_v6(*pages: Served) -> Serve:
    """The front page over IPv6 is one page after the other."""
    return lambda url, address, time: front(pages[min(time, len(pages)) - 1], at=(V6,))(url, address, time)


SILENT_PAGE = Served(tls=Shown(certificates=(LEAF,)), failure=silent(Stage.HTTP))
TO_PORTAL = page(302, f"https://{PORTAL}/")
NOTHING = Answer(rcode="NOERROR")


@pytest.mark.parametrize(
    ("serve", "more", "passes", "expected"),
    [
        (front(page()), {}, 1, {"WEB-09": "pass", "WEB-12": "pass", "WEB-13": "n/a"}),
        (front(page(404), at=(V6,), times=1), {}, 2, {"WEB-12": "pass"}),
        (front(page(404), at=(V6,)), {}, 2, {"WEB-12": "fail"}),
        (front(page(403), at=(V6,)), {}, 1, {"WEB-12": "nm:blocked"}),
        (lambda url, address, time: page() if url.scheme == "http" and time == 1 else None, {}, 2, {"WEB-09": "pass"}),
        (lambda url, address, time: page() if url.scheme == "http" else None, {}, 2, {"WEB-09": "fail"}),
        (front(TO_PORTAL), {}, 1, {"WEB-13": "pass"}),
        (front(TO_PORTAL), {"portal": lambda time: NOTHING if time == 1 else has_aaaa(time)}, 1, {"WEB-13": "pass"}),
        (front(TO_PORTAL), {"portal": lambda time: silent(Stage.DNS) if time == 1 else has_aaaa(time)}, 1, {"WEB-13": "pass"}),
        (front(TO_PORTAL), {"portal": lambda time: NOTHING}, 1, {"WEB-12": "n/a", "WEB-13": "fail"}),
        (front(TO_PORTAL, at=(W6,)), {"portal": lambda time: NOTHING, "v6": (V6, W6)}, 1, {"WEB-13": "fail"}),
        (front(TO_PORTAL, at=(V6,)), {"portal": lambda time: NOTHING, "v6": (V6, W6)}, 1, {"WEB-13": "fail"}),
        (front(page(503), at=(W6,)), {"v6": (V6, W6)}, 2, {"WEB-12": "nm:blocked"}),
        (beyond(lambda time: page(404) if time == 1 else page()), {}, 2, {"WEB-12": "pass", "WEB-13": "pass"}),
        (beyond(lambda time: page(404)), {}, 2, {"WEB-12": "fail", "WEB-13": "pass"}),
        (front_by_v6(page(404), SILENT_PAGE, page(404)), {}, 3, {"WEB-12": "fail"}),
        (front_by_v6(page(404), SILENT_PAGE, page()), {}, 3, {"WEB-12": "pass"}),
    ],
)
async def test_what_is_looked_at_twice_and_what_is_followed(serve: Serve, more: dict, passes: int, expected: dict) -> None:
    seen, took = await looked_at(serve, **more)
    assert {id_: says(seen, id_) for id_ in expected} == expected
    assert took == passes


async def test_silence_to_old_tls_under_both_names_of_an_address_is_settled() -> None:
    lost = Served(tls=silent(Stage.TLS), failure=silent(Stage.TLS))
    is_listed = lambda url: (url.scheme, url.host) == ("https", DOMAIN)  # noqa: E731
    seen, passes = await looked_at(
        lambda url, address, time: lost if is_listed(url) and time == 1 else None, old=silent(Stage.TLS), www=True
    )
    assert (says(seen, "WEB-07"), passes) == ("pass", 4)


async def test_old_tls_is_offered_under_www_where_the_listed_name_shakes_no_hands() -> None:
    def serve(url: Url, address: str, time: int) -> Served | None:
        is_listed = (url.scheme, url.host) == ("https", DOMAIN)
        return Served(tls=UNKNOWN_NAME, failure=UNKNOWN_NAME) if is_listed else None

    seen, _ = await looked_at(serve, old=Shown(version="TLSv1"), www=True)
    assert says(seen, "WEB-07") == "fail"
