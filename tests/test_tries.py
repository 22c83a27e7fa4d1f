"""What tries amount to: tables of tries, looks at ourselves, and the state they make."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest

from ipv6check.facts import TcpTry, VantageFacts
from ipv6check.model import Failure, FailureKind, Reason, Stage
from ipv6check.tries import (
    WITNESSES,
    State,
    Timeline,
    Weighing,
    falsifies_answers,
    is_good,
    resolver_answers,
    share_of_canaries,
    weigh,
)
from tests import factories as f

START = f.START
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
V6 = ip_address("2400:1::1")

DETAILS = {"limit": ("local", "limit"), "no-family": ("local", "no IPv6 here"), "time": ("budget", "time")}
DETAILS |= {"connections": ("budget", "connections"), "questions": ("budget", "questions"), "route": ("local", "no route here")}


def made(kind: str | None) -> Failure | None:
    """A failure by its kind, or by a word that stands for a kind with a detail."""
    if kind is None:
        return None
    name, detail = DETAILS.get(kind, (kind, ""))
    return Failure(kind=FailureKind(name), stage=Stage.TCP, detail=detail)


def attempt(kind: str | None, minute: float = 5, seconds: float = 1) -> TcpTry:
    """A try so many minutes after the start."""
    at = START + minute * MINUTE
    return TcpTry(start=at, end=at + seconds * SECOND, address=V6, port=443, failure=made(kind))


def look(minute: float, good: bool = True, **more) -> VantageFacts:
    """A look at ourselves so many minutes after the start; it takes a second."""
    return f.sample(START + minute * MINUTE, **({} if good else {"v6": 0, "roots": ()}) | more)


GOOD = (look(0), look(10))


def weighed(
    kinds: Sequence[str | None],
    samples: Sequence[VantageFacts] = GOOD,
    *,
    wanted: int = 3,
    open_ended: bool = False,
    at: Sequence[float] | None = None,
) -> Weighing:
    tries = [attempt(kind, minute) for kind, minute in zip(kinds, at or [2 + i for i in range(len(kinds))], strict=True)]
    timeline = Timeline(tuple(samples), open_ended=open_ended)
    return weigh(tries, wanted=wanted, timeline=timeline, witness="v6", failed=lambda t: t.failure)


# States

STATES = [
    ([None], "worked"),
    ([None, None, None], "worked"),
    (["timeout", None], "unstable"),
    (["timeout", "timeout", None], "unstable"),
    (["refused", None], "unstable"),
    ([None, "reset"], "unstable"),
    (["local", None], "worked"),
    (["limit", None], "worked"),
    (["time", None], "worked"),
    (["opt-out", None], "worked"),
    (["timeout", "timeout", "timeout"], "failed"),
    (["timeout", "unreachable", "prohibited"], "failed"),
    (["timeout", "reset", "tls"], "failed"),
    (["timeout"], "unseen"),
    (["timeout", "timeout"], "unseen"),
    (["refused", "refused"], "failed"),
    (["protocol", "protocol"], "failed"),
    (["refused", "protocol"], "failed"),
    (["refused"], "unseen"),
    (["timeout", "refused"], "unseen"),
    (["timeout", "refused", "refused"], "failed"),
    (["refused", "timeout", "timeout"], "failed"),
    (["reset", "reset"], "unseen"),
    (["local", "refused", "refused"], "failed"),
    (["local", "timeout", "timeout"], "unseen"),
    (["local", "timeout", "timeout", "timeout"], "failed"),
    (["local", "local", "local"], "unseen"),
    (["time", "time", "time"], "unseen"),
    (["opt-out"], "unseen"),
    ([], "unseen"),
]


@pytest.mark.parametrize(("kinds", "state"), STATES, ids=str)
def test_what_three_wanted_tries_amount_to(kinds: list[str | None], state: str) -> None:
    assert weighed(kinds).state == state


@pytest.mark.parametrize(("kinds", "state"), STATES, ids=str)
def test_the_order_of_tries_does_not_matter(kinds: list[str | None], state: str) -> None:
    assert weighed(kinds[::-1]).state == state


@pytest.mark.parametrize(
    ("kinds", "wanted", "state"),
    [
        (["timeout"], 1, "failed"),
        (["refused"], 1, "failed"),
        (["timeout"], 2, "unseen"),
        (["timeout", "timeout"], 2, "failed"),
        (["refused", "refused"], 5, "failed"),
        (["timeout"] * 4, 5, "unseen"),
        (["timeout"] * 5, 5, "failed"),
        (["local"], 1, "unseen"),
    ],
)
def test_other_numbers_of_wanted_tries(kinds: list[str], wanted: int, state: str) -> None:
    assert weighed(kinds, wanted=wanted).state == state


def test_the_failure_that_stands_for_it() -> None:
    assert weighed([None]).failure is None
    assert weighed(["timeout", None, "refused"]).failure == made("timeout")
    assert weighed(["timeout", "timeout", "unreachable"]).failure == made("unreachable")
    assert weighed(["refused", "refused", "timeout"]).failure == made("refused")
    assert weighed(["timeout", "local"]).failure == made("local")
    assert weighed(["local", "timeout"]).failure == made("local")
    assert weighed([]).failure is None


def test_worked_once_is_up() -> None:
    assert [weighed(kinds).is_up for kinds in ([None], ["timeout", None], ["timeout"] * 3, ["timeout"], [])] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_the_question_picks_the_failure() -> None:
    """What failed after the stage that is asked about does not count."""
    tries = [attempt("tls")] * 3
    timeline = Timeline(GOOD)
    asked = weigh(tries, wanted=3, timeline=timeline, witness="v6", failed=lambda t: None)
    assert asked.state == "worked"


# Reasons

REASONS = [
    (["opt-out"], "opt-out"),
    (["timeout", "opt-out"], "opt-out"),
    (["connections"], "limit"),
    (["questions"], "limit"),
    (["limit"], "limit"),
    (["time"], "own-timeout-budget"),
    (["timeout", "time"], "own-timeout-budget"),
    (["timeout"], "own-timeout-budget"),
    (["timeout", "timeout"], "own-timeout-budget"),
    (["route"], "canary-failed"),
    (["no-family"], "canary-failed"),
    (["route", "timeout"], "canary-failed"),
    ([], "dependency-failed"),
]


@pytest.mark.parametrize(("kinds", "reason"), REASONS, ids=str)
def test_why_it_was_not_seen(kinds: list[str], reason: str) -> None:
    found = weighed(kinds)
    assert (found.state, found.reason) == (State.UNSEEN, reason)


@pytest.mark.parametrize("kinds", [["timeout"], ["timeout"] * 3, ["refused"] * 3, ["route"], ["no-family"]])
def test_a_vantage_that_never_had_the_family_says_so(kinds: list[str]) -> None:
    found = weighed(kinds, (look(0, good=False), look(10, good=False)))
    assert (found.state, found.reason) == (State.UNSEEN, Reason.NO_V6_HERE)


@pytest.mark.parametrize("kinds", [["timeout"] * 3, ["refused"] * 3])
def test_a_vantage_that_lost_the_family_says_so(kinds: list[str]) -> None:
    found = weighed(kinds, (look(0), look(10, good=False)))
    assert (found.state, found.reason) == (State.UNSEEN, Reason.CANARY_FAILED)


def test_the_reason_of_ipv4_and_of_the_resolver() -> None:
    no_v4 = Timeline((f.sample(START, v4=0), f.sample(START + 10 * MINUTE, v4=0)))
    assert no_v4.reason("v4") is Reason.NO_V4_HERE
    assert no_v4.reason("dns4-udp") is Reason.NO_V4_HERE
    assert no_v4.reason("v6") is Reason.CANARY_FAILED
    assert no_v4.reason("resolver") is Reason.RESOLVER_ERROR
    assert Timeline(()).reason("v6") is Reason.CANARY_FAILED


# Witnesses


def minute(at: float) -> datetime:
    return START + at * MINUTE


VOUCHES = [
    ("before and after", (look(0), look(10)), 5, True),
    ("the last before and the first after", (look(0, good=False), look(1), look(10), look(20, good=False)), 5, True),
    ("bad before", (look(0), look(4, good=False), look(10)), 5, False),
    ("bad after", (look(0), look(6, good=False), look(10)), 5, False),
    ("bad before, good long before", (look(0), look(1), look(4, good=False), look(10)), 5, False),
    ("only before", (look(0),), 5, False),
    ("only after", (look(10),), 5, False),
    ("nothing", (), 5, False),
    ("a bad one far before and far after", (look(0, good=False), look(4), look(6), look(10, good=False)), 5, True),
]


@pytest.mark.parametrize(("case", "samples", "at", "vouched"), VOUCHES, ids=[case[0] for case in VOUCHES])
def test_looks_before_and_after(case: str, samples: tuple[VantageFacts, ...], at: float, vouched: bool) -> None:
    timeline = Timeline(samples)
    assert timeline.vouches("v6", minute(at), minute(at) + 10 * SECOND) is vouched


@pytest.mark.parametrize(("good", "vouched"), [(True, True), (False, False)])
def test_a_look_during_a_try(good: bool, vouched: bool) -> None:
    during = (look(0), look(5, good=good), look(10))
    assert Timeline(during).vouches("v6", minute(5) - SECOND, minute(5) + 10 * SECOND) is vouched
    assert Timeline(during).vouches("v6", minute(5) - SECOND, minute(5) + SECOND / 2) is vouched
    assert Timeline(during).vouches("v6", minute(5) + SECOND / 2, minute(5) + 10 * SECOND) is vouched
    assert Timeline(during).vouches("v6", minute(5) + SECOND / 2, minute(5) + SECOND / 2) is vouched


def test_a_look_during_that_outlasts_the_try_is_the_look_after_it() -> None:
    assert Timeline((look(0), look(5))).vouches("v6", minute(5) - SECOND, minute(5) + SECOND / 2)
    assert not Timeline((look(0), look(5))).vouches("v6", minute(5) - SECOND, minute(5) + 2 * SECOND)


def test_looks_that_touch_the_try_are_before_and_after() -> None:
    touching = Timeline((look(5), look(6)))
    assert touching.vouches("v6", minute(5) + SECOND, minute(6))
    assert not Timeline((look(5, good=False), look(6))).vouches("v6", minute(5) + SECOND, minute(6))
    assert not Timeline((look(5), look(6, good=False))).vouches("v6", minute(5) + SECOND, minute(6))


@pytest.mark.parametrize(
    ("samples", "vouched"),
    [((look(0),), True), ((look(0, good=False),), False), ((), False), ((look(0), look(6, good=False)), False)],
)
def test_while_the_scan_runs_the_next_look_is_yet_to_come(samples: tuple[VantageFacts, ...], vouched: bool) -> None:
    assert Timeline(samples, open_ended=True).vouches("v6", minute(5), minute(5) + SECOND) is vouched


def test_tries_count_each_by_its_own_looks() -> None:
    samples = (look(0), look(3, good=False), look(6), look(9))
    assert weighed(["timeout"] * 3, samples, at=[7, 7.3, 7.6]).state == "failed"
    assert weighed(["timeout"] * 3, samples, at=[2, 7, 8]).state == "unseen"
    assert weighed(["timeout"] * 3, samples, at=[2, 4, 7]).state == "unseen"
    assert weighed(["timeout", "timeout", None], samples, at=[2, 4, 7]).state == "worked"


SAMPLES = [
    ({"v6": 5}, "v6", True),
    ({"v6": 3}, "v6", True),
    ({"v6": 2}, "v6", False),
    ({"v6": 0}, "v6", False),
    ({"v6": 0}, "v4", True),
    ({"v4": 2}, "v4", False),
    ({"v4": 2}, "v6", True),
    ({"roots": ("6udp",)}, "dns6-udp", True),
    ({"roots": ("6udp",)}, "dns6-tcp", False),
    ({"roots": ("4udp",)}, "dns6-udp", False),
    ({"roots": ("4tcp",)}, "dns4-tcp", True),
    ({"v6": 2}, "dns6-udp", False),
    ({"v4": 2}, "dns6-udp", True),
    ({"v6": 2}, "dns4-udp", True),
    ({"resolver": False}, "resolver", False),
    ({"invents": True}, "resolver", False),
    ({"validates": False}, "resolver", True),
    ({"resolver": False}, "v6", True),
    ({"v6": 0, "v4": 0, "roots": ()}, "resolver", True),
    ({"seconds": 3.1}, "v6", False),
    ({"seconds": 3.1}, "dns6-udp", False),
    ({"seconds": 3.1}, "resolver", True),
    ({"seconds": 1.1}, "v6", True),
]


@pytest.mark.parametrize(("seen", "witness", "good"), SAMPLES, ids=str)
def test_what_a_look_vouches_for(seen: dict, witness: str, good: bool) -> None:
    assert is_good(f.sample(START, **seen), witness) is good  # type: ignore[arg-type]


def test_canaries_that_answer_late_answer_and_vouch_for_nothing() -> None:
    late = f.sample(START, seconds=3.1)
    assert share_of_canaries(late.canaries, 6) == 1.0
    assert share_of_canaries(late.canaries, 6, within=2.0) == 0.0


def test_who_answers_for_root_servers_on_our_own_path_vouches_for_nothing() -> None:
    good = f.sample(START)
    forged = replace(good, roots=tuple(replace(t, answer=replace(t.answer, authoritative=False)) for t in good.roots))
    assert {w for w in WITNESSES if not is_good(forged, w)} == {w for w in WITNESSES if w.startswith("dns")}


@pytest.mark.parametrize(("is_forged", "state"), [(False, "failed"), (True, "unseen")])
def test_a_wrong_answer_of_a_name_server_counts_unless_somebody_answers_in_its_place(is_forged: bool, state: str) -> None:
    lame = Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail="not authoritative")
    tries = [f.dns_try(f.answered("x"), server="2400:1::53", at=START + n * MINUTE) for n in (2, 3, 4)]
    forged = replace(look(10), roots=(f.dns_try(f.answered("soa"), server="2400:f::1"),))
    timeline = Timeline((look(0), forged if is_forged else look(10, good=False)))
    assert weigh(tries, wanted=3, timeline=timeline, witness="dns6-udp", failed=lambda t: lame).state == state


SILENT, CLOSED, WRONG = ("timeout", Stage.TLS), ("timeout", Stage.TCP), ("protocol", Stage.HTTP)


@pytest.mark.parametrize(
    ("talks", "failed", "state"),
    [
        ((True, True), SILENT, "failed"),
        ((False, True), SILENT, "unseen"),
        ((False, True), WRONG, "unseen"),
        ((False, True), CLOSED, "failed"),
        ((False, False), SILENT, "failed"),  # hosts that speak by no family say nothing
        ((None, True), SILENT, "failed"),
        ((False, None), SILENT, "failed"),
        ((True, False), SILENT, "failed"),
    ],
    ids=str,
)
def test_where_https_stalls_by_our_own_path_failures_after_the_handshake_do_not_count(
    talks: tuple, failed: tuple, state: str
) -> None:
    failure = Failure(kind=FailureKind(failed[0]), stage=failed[1])
    tries = [replace(attempt("timeout", minute), failure=failure) for minute in (2, 3, 4)]
    during = f.sample(START + 3.5 * MINUTE, when="during", talks=(None, None))
    timeline = Timeline((f.sample(START, talks=talks), during, f.sample(START + 10 * MINUTE, when="after")))
    weighing = weigh(tries, wanted=3, timeline=timeline, witness="v6", failed=lambda t: t.failure)
    assert weighing.state == state
    assert weighing.reason == ("canary-failed" if state == "unseen" else None)


def test_root_servers_alone_vouch_where_no_canary_is_known() -> None:
    bare = replace(f.sample(START), canaries=())
    assert share_of_canaries(bare.canaries, 6) is None
    assert is_good(bare, "dns6-udp")
    assert not is_good(bare, "v6")
    assert not is_good(replace(bare, roots=()), "dns6-udp")


def test_a_canary_without_an_address_of_the_family_does_not_answer_by_it() -> None:
    canaries = tuple(replace(canary, v6=None) for canary in f.sample(START).canaries)
    assert share_of_canaries(canaries, 6) == 0.0
    assert share_of_canaries(canaries, 4) == 1.0


def test_the_resolver() -> None:
    good = f.sample(START)
    assert resolver_answers(good)
    assert not falsifies_answers(good)
    assert not resolver_answers(replace(good, signed=None))
    assert not resolver_answers(replace(good, signed=f.dns_try(f.answered(rcode="SERVFAIL"))))
    assert resolver_answers(replace(good, random=None))
    assert resolver_answers(replace(good, random=f.dns_try(failure=f.fail("timeout"))))
    assert falsifies_answers(replace(good, random=f.dns_try(f.answered(aliases=("portal.example",)))))
    assert not falsifies_answers(replace(good, random=f.dns_try(f.answered())))
    assert not falsifies_answers(replace(good, synthetic=f.dns_try(f.answered(rcode="NXDOMAIN"))))
    assert falsifies_answers(f.sample(START, synthesizes=True))


def test_a_resolver_that_keeps_aaaa_records_back() -> None:
    seen = f.sample(START, strips=True)
    assert falsifies_answers(seen)
    one_has = replace(seen, canaries=(*seen.canaries[1:], f.sample(START).canaries[0]))
    assert not falsifies_answers(one_has)
    nowhere = replace(seen, canaries=tuple(replace(canary, v4=None) for canary in seen.canaries))
    assert not falsifies_answers(nowhere), "hosts without any address say nothing"
