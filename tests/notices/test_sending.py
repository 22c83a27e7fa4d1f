"""Telling nights by a real mail server and a real HTTP receiver on loopback: once, and never after a night we could not see."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from pydantic import SecretStr

from ipv6check.config import ConfigurationError, Settings, Webhook
from ipv6check.notices.sending import Notice, Notified, channels, notify, preview
from ipv6check.store import Archive, StorageError
from tests.factories import NO_V6
from tests.notices.conftest import PASSWORD, SECRET
from tests.notices.nights import BLIND, DEAD, FALLING, JASMINE, LOTUS, OTHER, STEADY, Seen, ends_in
from tests.notices.receivers import HookReceiver, MailReceiver

pytestmark = pytest.mark.loopback

Nights = Callable[..., str]
Configured = Callable[..., Settings]
FALLEN = Seen({FALLING: DEAD})
LOTUS_MAIL, JASMINE_MAIL, CITY_MAIL = ("cntt@sen.example",), ("cntt@nhai.example",), ("ipv6@hanoi.example", "so@hanoi.example")
EVERYBODY: dict[str, Any] = {"city": CITY_MAIL, "agencies": {LOTUS: LOTUS_MAIL, "H26.2": JASMINE_MAIL}}


def tell(settings: Settings, archive: Archive) -> Notified:
    ways = channels(settings)
    if ways.webhook:
        ways = replace(ways, webhook=replace(ways.webhook, waits=(0.0, 0.0, 0.0)))
    return notify(settings, archive, ways)


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content


def test_each_reader_is_told_once_and_the_others_nothing(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver
) -> None:
    nights(Seen(), FALLEN, FALLEN)
    settings = by_mail(**EVERYBODY)
    assert tell(settings, archive) == Notified((Notice("mail", ""), Notice("mail", LOTUS)))
    assert [recipients for _, recipients in mailbox.envelopes] == [CITY_MAIL, LOTUS_MAIL]
    assert {sender for sender, _ in mailbox.envelopes} == {"ipv6@hanoi.gov.vn"}
    assert all(FALLING.domain in text_of(message) for message in mailbox.messages)
    assert mailbox.connections == 1
    assert tell(settings, archive) == Notified()
    assert len(mailbox.messages) == 2


def test_a_change_that_is_not_confirmed_is_told_to_nobody(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver
) -> None:
    nights(Seen(), FALLEN)
    assert tell(by_mail(**EVERYBODY), archive) == Notified()
    assert mailbox.connections == 0


def test_nothing_is_sent_after_a_night_with_bad_canaries(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    nights(Seen(), Seen({STEADY: ends_in(12.5)}, vantage=NO_V6))
    done = tell(by_mail(**EVERYBODY), archive)
    assert "OPS-01" in done.silence
    assert not done.is_done
    assert "OPS-01" in caplog.text
    assert mailbox.connections == 0


def test_what_such_a_night_could_not_tell_is_told_after_the_next(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver
) -> None:
    ending = {STEADY: ends_in(12.5)}
    nights(Seen(), Seen(ending, vantage=NO_V6), Seen(ending))
    assert tell(by_mail(**EVERYBODY), archive).is_done
    assert "WEB-04" in text_of(mailbox.messages[0])


def test_what_the_server_did_not_take_is_told_again(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver
) -> None:
    nights(Seen(), FALLEN, FALLEN)
    settings = by_mail(**EVERYBODY)
    mailbox.refusals = ["451 later"]
    assert tell(settings, archive) == Notified((Notice("mail", "", "451 later"), Notice("mail", LOTUS)))
    assert tell(settings, archive) == Notified((Notice("mail", ""),))
    assert [recipients for _, recipients in mailbox.envelopes] == [LOTUS_MAIL, CITY_MAIL]


def test_a_server_that_is_down_is_waited_for_once(
    archive: Archive, nights: Nights, settings: Configured, tmp_path: Path
) -> None:
    nights(Seen(), *[Seen({FALLING: DEAD, OTHER: DEAD})] * 2)
    smtp = {"host": "127.0.0.1", "port": 9, "security": "none", "sender": "a@b.example"}
    began = monotonic()
    done = tell(settings(notices=EVERYBODY, smtp=smtp), archive)
    assert [bool(notice.error) for notice in done.notices] == [True, True, True]
    assert monotonic() - began < 5
    assert not (tmp_path / "notices.json").exists()


def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver
) -> None:
    nights(Seen(), FALLEN, FALLEN)
    settings = by_mail(**EVERYBODY)
    strict = settings.model_copy(update={"network": settings.network.model_copy(update={"ca_file": None})})
    done = tell(strict, archive)
    assert "certificate verify failed" in done.notices[0].error
    assert (mailbox.logins, mailbox.messages) == ([], [])


def test_a_server_without_starttls_gets_neither(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver
) -> None:
    nights(Seen(), FALLEN, FALLEN)
    mailbox._context = None  # type: ignore[assignment]
    done = tell(by_mail(**EVERYBODY), archive)
    assert "STARTTLS" in done.notices[0].error
    assert (mailbox.logins, mailbox.messages) == ([], [])


def test_the_password_is_in_no_log(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    nights(Seen(), FALLEN, FALLEN)
    settings = by_mail(**EVERYBODY)
    ways = channels(settings)
    assert tell(settings, archive).is_done
    assert mailbox.logins == [PASSWORD.encode()] * mailbox.connections
    assert PASSWORD not in caplog.text + repr(ways) + repr(settings)


def test_an_agency_that_the_run_does_not_have_is_named(
    archive: Archive, nights: Nights, by_mail: Configured, caplog: pytest.LogCaptureFixture
) -> None:
    nights(Seen())
    tell(by_mail(agencies={"Sở Không Có": LOTUS_MAIL}), archive)
    assert "no domain of Sở Không Có" in caplog.text


def test_the_webhook_is_told_the_same_once_and_signed(
    archive: Archive, nights: Nights, settings: Configured, hook: HookReceiver
) -> None:
    nights(Seen(), FALLEN, Seen({FALLING: DEAD, STEADY: ends_in(12.5)}))
    configured = settings(webhook={"url": hook.url, "secret": SECRET})
    assert tell(configured, archive) == Notified((Notice("webhook", ""),))
    assert tell(configured, archive) == Notified()
    ((path, headers, body),) = hook.got
    assert path == "/nghe"
    assert headers["Content-Type"] == "application/json"
    told = json.loads(body)
    assert {key: told[key] for key in ("type", "form", "run", "vantage", "measured_at")} == {
        "type": "ipv6check.digest",
        "form": 1,
        "run": "night-02",
        "vantage": "hanoi-1",
        "measured_at": "2026-11-03T18:00:00Z",
    }
    lost = next(change for change in told["changes"] if change["check"] == "REACH-04")
    assert lost == {
        "domain": FALLING.domain,
        "agency": LOTUS,
        "agency_code": "H26.1",
        "check": "REACH-04",
        "kind": "lost",
        "before": "pass",
        "after": "fail",
        "run": "night-02",
        "confirmed_at": "2026-11-03T18:00:00Z",
        "first_seen_at": "2026-11-02T18:00:00Z",
    }
    assert told["endings"] == [
        {
            "domain": STEADY.domain,
            "agency": LOTUS,
            "agency_code": "H26.1",
            "check": "WEB-04",
            "until": "2026-12-04",
            "has_ended": False,
        }
    ]
    assert JASMINE not in body.decode()


def test_mail_and_webhook_do_not_hang_on_each_other(
    archive: Archive, nights: Nights, by_mail: Configured, hook: HookReceiver, mailbox: MailReceiver
) -> None:
    nights(Seen(), FALLEN, FALLEN)
    settings = by_mail(**EVERYBODY).model_copy(update={"webhook": Webhook(url=hook.url, secret=SecretStr(SECRET))})
    hook.answers = [(400, "")]
    assert [notice.error for notice in tell(settings, archive).notices] == ["", "", "the receiver answered 400"]
    assert tell(settings, archive) == Notified((Notice("webhook", ""),))
    assert len(mailbox.messages) == 2


def test_a_preview_sends_and_notes_nothing(
    archive: Archive, nights: Nights, by_mail: Configured, mailbox: MailReceiver, tmp_path: Path
) -> None:
    nights(Seen(), FALLEN, FALLEN)
    mails, silence = preview(by_mail(**EVERYBODY), archive)
    assert ([audience.name for audience, _ in mails], silence) == (["", LOTUS], "")
    assert mailbox.connections == 0
    assert not (tmp_path / "notices.json").exists()


def test_a_preview_after_a_night_with_bad_canaries_says_why_it_is_empty(
    archive: Archive, nights: Nights, settings: Configured
) -> None:
    nights(BLIND)
    mails, silence = preview(settings(), archive)
    assert mails == []
    assert "OPS-01" in silence


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ({"notices": EVERYBODY}, "smtp.host and smtp.sender are needed"),
        ({"webhook": {"url": "https://hook.example/"}}, "webhook.url needs webhook.secret_file"),
        ({"webhook": {"url": "https://hook.example/", "secret_file": "not-there"}}, "webhook.secret_file: not-there"),
        (
            {"notices": EVERYBODY, "smtp": {"host": "mail.example", "sender": "a@b.example", "user": "u", "security": "none"}},
            "in the clear",
        ),
        ({"network": {"ca_file": "not-there.pem"}}, "network.ca_file"),
    ],
    ids=["no server", "no secret", "no secret file", "password in the clear", "no CA file"],
)
def test_what_cannot_work_is_told_before_the_night(settings: Configured, tables: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        channels(settings(**tables))


def test_nothing_configured_is_no_way(settings: Configured) -> None:
    assert not channels(settings())


def test_no_run_is_an_error_of_storage(archive: Archive, settings: Configured) -> None:
    with pytest.raises(StorageError, match="no run"):
        preview(settings(), archive)
