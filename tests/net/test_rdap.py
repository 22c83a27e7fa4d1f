"""RDAP: what a registry says is believed only where it says it, and nothing it says can stop us."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ipv6check.facts import RegistrationFacts
from ipv6check.net.download import DownloadError
from ipv6check.net.rdap import DEADLINE, LARGEST, NO_SERVICE, Rdap

SERVICE, NAME = "https://rdap.example/v1", "hanoi.gov.vn"
GOOD = {
    "objectClassName": "domain",
    "ldhName": NAME,
    "events": [
        {"eventAction": "registration", "eventDate": "2009-03-01T00:00:00Z"},
        {"eventAction": "expiration", "eventDate": "2027-03-01T00:00:00Z"},
        {"eventAction": "last changed", "eventDate": "2028-01-01T00:00:00Z"},
    ],
}


class Service:
    """Answers with some octets, or raises; remembers what was asked."""

    def __init__(self, reply: bytes | Exception) -> None:
        self.reply = reply
        self.asked: list[tuple[str, int, Any]] = []

    def fetch(self, url: str, limit: int, *, deadline: float) -> Any:
        self.asked.append((url, limit, deadline))
        if isinstance(self.reply, Exception):
            raise self.reply
        if len(self.reply) > limit:
            raise DownloadError(f"more than {limit:,} bytes")
        return iter((self.reply[:100], self.reply[100:]))


async def ask(reply: bytes | Exception) -> RegistrationFacts:
    return await Rdap(SERVICE, Service(reply).fetch).domain(NAME)


def at(when: object) -> bytes:
    """A reply with this date of expiration."""
    return json.dumps({"events": [{"eventAction": "expiration", "eventDate": when}]}).encode()


async def test_a_good_reply() -> None:
    service = Service(json.dumps(GOOD).encode())
    facts = await Rdap(SERVICE + "/", service.fetch).domain(NAME)
    assert facts == RegistrationFacts(name=NAME, source=SERVICE, expires=datetime(2027, 3, 1, tzinfo=UTC))
    assert service.asked == [(f"{SERVICE}/domain/{NAME}", LARGEST, DEADLINE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-01T00:00:00+07:00", datetime(2027, 3, 1, tzinfo=timezone(timedelta(hours=7)))),
        ("2027-03-01T00:00:00.123Z", datetime(2027, 3, 1, 0, 0, 0, 123000, tzinfo=UTC)),
        ("2027-03-01T00:00:00", datetime(2027, 3, 1, tzinfo=UTC)),
        ("2027-03-01", datetime(2027, 3, 1, tzinfo=UTC)),
    ],
)
async def test_the_ways_a_date_is_written(text: str, expected: datetime) -> None:
    facts = await ask(at(text))
    assert (facts.expires, facts.problem) == (expected, "")
    assert facts.expires is not None
    assert facts.expires.tzinfo is not None


def nested(depth: int) -> bytes:
    return b'{"events":' + b"[" * depth + b"]" * depth + b"}"


NOTHING: dict[str, bytes] = {
    "no events": b"{}",
    "events of none": b'{"events": []}',
    "another event": json.dumps({"events": GOOD["events"][:1]}).encode(),  # type: ignore[index]
    "events that are none": b'{"events": [1, null, "expiration", [], {"eventAction": 7}]}',
    "the expiration of a nameserver": json.dumps({"nameservers": [{"events": GOOD["events"]}]}).encode(),
}
BROKEN: dict[str, bytes | Exception] = {
    "empty": b"",
    "not JSON": b"<html>404</html>",
    "cut": json.dumps(GOOD).encode()[:-9],
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16 without a mark": "{}".encode("utf-16-be")[:-1],
    "a list": b"[]",
    "a word": b'"expiration"',
    "null": b"null",
    "events that are an object": b'{"events": {}}',
    "events that are null": b'{"events": null}',
    "a bomb of lists": nested(100_000),
    "a bomb of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number without end": b'{"a": ' + b"9" * 10_000 + b"}",
    "huge": b'{"a": "' + b"x" * LARGEST + b'"}',
    "a date that is none": at("soon"),
    "no date": b'{"events": [{"eventAction": "expiration"}]}',
    "a date of null": at(None),
    "a date that is a list": at(["2027-03-01"]),
    "the year 99999": at("99999-01-01T00:00:00Z"),
    "the year 0": at("0000-01-01T00:00:00Z"),
    "a date with control characters": at("2027\x1b[31m"),
    "a long date": at("2027" * 10_000),
    "HTTP 404": DownloadError("the server answered 404"),
    "HTTP 429": DownloadError("the server answered 429"),
    "HTTP 500": DownloadError("the server answered 500"),
    "a connection that is refused": DownloadError("All connection attempts failed"),
    "silence": DownloadError("not done within 20 s"),
    "a redirect elsewhere": DownloadError("a redirect to another host, evil.example"),
    "an error with control characters": DownloadError("\x1b]8;;x\x07 \u202e"),
}


@pytest.mark.parametrize("name", NOTHING)
async def test_without_an_expiration_nothing_is_said(name: str) -> None:
    facts = await ask(NOTHING[name])
    assert (facts.expires, facts.problem, facts.source) == (None, "no expiration given", SERVICE)


@pytest.mark.parametrize("name", BROKEN)
async def test_what_cannot_be_read_is_a_problem(name: str) -> None:
    facts = await ask(BROKEN[name])
    assert facts.expires is None
    assert facts.name == NAME
    assert facts.problem
    assert facts.problem != "no expiration given"
    assert facts.problem.isprintable()
    assert len(facts.problem) <= 200


@pytest.mark.parametrize("reply", [json.dumps(GOOD).encode(), b"{}", DownloadError("the server answered 503")])
async def test_each_name_is_asked_once(reply: bytes | Exception) -> None:
    service = Service(reply)
    rdap = Rdap(SERVICE, service.fetch)
    found = await asyncio.gather(*(rdap.domain(name) for name in (NAME, "vn", NAME, NAME)))
    again = await rdap.domain(NAME)
    assert [url.rpartition("/")[2] for url, *_ in service.asked] == [NAME, "vn"]
    assert found[0] is found[2] is found[3] is again


async def test_one_question_at_a_time() -> None:
    together, most = 0, 0

    def slow(url: str, limit: int, *, deadline: float) -> Any:
        nonlocal together, most
        together += 1
        most = max(most, together)

        time.sleep(0.01)
        together -= 1
        return iter((b"{}",))

    rdap = Rdap(SERVICE, slow)
    await asyncio.gather(*(rdap.domain(f"n{i}.vn") for i in range(5)))
    assert most == 1


async def test_without_a_service_nobody_is_asked() -> None:
    service = Service(json.dumps(GOOD).encode())
    facts = await Rdap("", service.fetch).domain(NAME)
    assert (facts, service.asked) == (RegistrationFacts(name=NAME, problem=NO_SERVICE), [])
