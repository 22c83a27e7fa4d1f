"""Signed JSON: the receiver's recipe of docs/operations.md verifies it, and nothing goes where it was not meant to."""

import asyncio
import hmac
import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any

import pytest
from pydantic import ValidationError

from ipv6check.config import Webhook
from ipv6check.net.webhook import WebhookError, post
from ipv6check.notices.digest import CITY, Audience, digest
from ipv6check.notices.night import read
from ipv6check.notices.webhook import SIGNATURE, Hook, deliver, payload, signature
from ipv6check.store import Archive
from tests.notices.nights import DEAD, FALLING, Seen, renamed
from tests.notices.receivers import HookReceiver

SECRET, BODY = b"chia khoa", b'{"a": 1}'
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
Verify = Callable[[bytes, str, bytes], bool]


@pytest.fixture(scope="module")
def verify() -> Verify:
    """The recipe, as the document has it."""
    code = re.search(r"```python\n(.*?def is_ours.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)
    found: Verify = names["is_ours"]
    return found


def hook_to(receiver: HookReceiver, tries: int = 4) -> Hook:
    return Hook(url=receiver.url, secret=SECRET, waits=(0.0,) * (tries - 1))


def test_the_signature_is_hmac_sha256_over_time_and_body() -> None:
    expected = hmac.new(SECRET, b"1700000000." + BODY, sha256).hexdigest()
    assert signature(SECRET, 1_700_000_000, BODY) == f"t=1700000000,v1={expected}"


@pytest.mark.loopback
async def test_the_recipe_takes_what_is_sent(hook: HookReceiver, verify: Verify) -> None:
    await deliver(hook_to(hook), BODY)
    ((_, headers, body),) = hook.got
    assert body == BODY
    assert verify(body, headers[SIGNATURE], SECRET)


@pytest.mark.parametrize(
    ("body", "secret", "age"),
    [(BODY + b" ", SECRET, 0), (BODY, b"another", 0), (BODY, SECRET, 3600), (BODY, SECRET, -3600)],
    ids=["another body", "another secret", "old", "from the future"],
)
def test_the_recipe_refuses_what_is_not_ours(verify: Verify, body: bytes, secret: bytes, age: int) -> None:
    said = signature(SECRET, int(time()) - age, BODY)
    assert not verify(body, said, secret)


@pytest.mark.parametrize("said", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=é", "nonsense"])
def test_the_recipe_refuses_what_is_no_signature(verify: Verify, said: str) -> None:
    assert not verify(BODY, said, SECRET)


@pytest.mark.loopback
@pytest.mark.parametrize("first", [500, 503, 429, 408])
async def test_what_may_pass_is_tried_again_signed_anew(hook: HookReceiver, verify: Verify, first: int) -> None:
    hook.answers = [(first, "")] * 3
    await deliver(hook_to(hook), BODY)
    assert len(hook.got) == 4
    assert all(verify(body, headers[SIGNATURE], SECRET) for _, headers, body in hook.got)


@pytest.mark.loopback
async def test_after_three_more_tries_it_is_given_up(hook: HookReceiver) -> None:
    hook.answers = [(500, "")] * 9
    with pytest.raises(WebhookError, match="500"):
        await deliver(hook_to(hook), BODY)
    assert len(hook.got) == 4


@pytest.mark.loopback
@pytest.mark.parametrize("status", [400, 401, 404, 410])
async def test_what_will_not_pass_is_not_tried_again(hook: HookReceiver, status: int) -> None:
    hook.answers = [(status, "")]
    with pytest.raises(WebhookError, match=str(status)):
        await deliver(hook_to(hook), BODY)
    assert len(hook.got) == 1


@pytest.mark.loopback
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(hook: HookReceiver, status: int) -> None:
    with HookReceiver() as other:
        hook.answers = [(status, other.url)]
        with pytest.raises(WebhookError, match="redirects are not followed"):
            await deliver(hook_to(hook), BODY)
        assert other.got == []
    assert len(hook.got) == 1


@pytest.mark.loopback
async def test_a_receiver_that_is_down_may_pass() -> None:
    with HookReceiver() as gone:
        url = gone.url
    with pytest.raises(WebhookError) as caught:
        await post(url, BODY, {})
    assert caught.value.may_pass


@pytest.mark.loopback
async def test_a_receiver_that_keeps_silent_is_given_up() -> None:
    is_gone = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        is_gone.set()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(WebhookError, match="no answer within"):
            await post(f"http://127.0.0.1:{port}/", BODY, {}, deadline=0.2)
        await is_gone.wait()


@pytest.mark.parametrize("url", ["https://hook.example/x", "http://127.0.0.1:8/x", "http://[::1]/x", "http://localhost:80/"])
def test_urls_that_are_taken(url: str) -> None:
    assert Webhook(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "ftp://127.0.0.1/",
        "https://user:password@hook.example/",
        "https://",
        "hook.example",
        "http://10.0.0.1/",
    ],
)
def test_urls_that_would_be_spoken_to_in_the_clear_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Webhook(url=url)


@pytest.mark.parametrize("port", ["x", "99999", "-1", "0"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ValidationError, match=r"(?i)port"):
        Webhook(url=f"https://hook.example:{port}/")


@pytest.mark.parametrize("url", ["https://hook.example:x/", "https://hook\x00.example/", "https://-ü.example/"])
async def test_a_url_that_nobody_can_use_is_an_error_that_will_not_pass(url: str) -> None:
    """Whatever was let through when the settings were read."""
    with pytest.raises(WebhookError) as caught:
        await post(url, BODY, {})
    assert not caught.value.may_pass


def test_a_hostile_name_stays_a_string(archive: Archive, nights: Callable[..., str]) -> None:
    agency = 'Sở "},{"x":1}\r\nX-Y: 1 \u202e\x1b[31m'
    targets = (renamed(FALLING, agency),)
    nights(Seen(), *[Seen({targets[0]: DEAD})] * 2, targets=targets)
    night = read(archive)
    body = payload(digest(night, Audience(CITY)), night)
    assert not re.search(rb"[\x00-\x1f\x7f]|\xe2\x80\xae", body)
    named = {change["agency"] for change in json.loads(body)["changes"]}
    assert len(named) == 1
    assert named.pop().startswith('Sở "},{"x":1} X-Y: 1')
