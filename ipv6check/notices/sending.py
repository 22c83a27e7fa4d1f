"""Telling a night: to whom, by mail or webhook, each thing once, and nothing when we ourselves were not well."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from ipv6check.config import ConfigurationError, Settings, Smtp, is_loopback
from ipv6check.net.download import verifying
from ipv6check.net.submission import MailServer, Submit, submission
from ipv6check.net.webhook import WebhookError
from ipv6check.notices.digest import CITY, Audience, Digest, audiences, digest
from ipv6check.notices.mail import Mail, mail, message
from ipv6check.notices.memory import Memory
from ipv6check.notices.night import Night, read, why_silent
from ipv6check.notices.webhook import Hook, deliver, payload
from ipv6check.reports.hostile import for_terminal
from ipv6check.score import Card
from ipv6check.store import Archive

log = logging.getLogger(__name__)

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The ways that are configured."""

    mail: MailServer | None = None
    webhook: Hook | None = None

    def __bool__(self) -> bool:
        return bool(self.mail or self.webhook)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: by which way, to whom ("" is the city), and why it was not sent ("" when it was)."""

    way: str
    to: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Notified:
    """How telling a night went. `silence` says why nothing was to be told at all."""

    notices: tuple[Notice, ...] = ()
    silence: str = ""

    @property
    def is_done(self) -> bool:
        """Whether all that was to be told was."""
        return not self.silence and not any(notice.error for notice in self.notices)


def channels(settings: Settings) -> Channels:
    """What is configured, its secrets read; to be asked before a night begins. Raises ConfigurationError."""
    notices, smtp, hook = settings.notices, settings.smtp, settings.webhook
    ca_file = settings.network.roots
    _check_roots(ca_file)
    has_readers = bool(audiences(notices))
    if has_readers and not (smtp.host and smtp.sender):
        raise ConfigurationError("notices names addresses: smtp.host and smtp.sender are needed to write to them")
    secret = _secret("webhook.secret", hook.secret, hook.secret_file)
    if hook.url and not secret:
        raise ConfigurationError("webhook.url needs webhook.secret_file (or IPV6CHECK_WEBHOOK__SECRET) to sign with")
    return Channels(
        mail=_mail_server(smtp, ca_file) if has_readers else None,
        webhook=Hook(url=hook.url, secret=secret.encode(), ca_file=ca_file, contact=settings.network.user_agent_url)
        if hook.url
        else None,
    )


def _check_roots(ca_file: str | None) -> None:
    try:
        verifying(ca_file)
    except OSError as error:
        raise ConfigurationError(str(error)) from None


def _mail_server(smtp: Smtp, ca_file: str | None) -> MailServer:
    if smtp.security == "none" and smtp.user and not is_loopback(smtp.host):
        raise ConfigurationError('smtp.user would be sent in the clear: set smtp.security to "starttls" or "tls"')
    password = _secret("smtp.password", smtp.password, smtp.password_file)
    return MailServer(
        host=smtp.host, port=smtp.port, security=smtp.security, user=smtp.user, password=password, ca_file=ca_file
    )


def _secret(key: str, given: SecretStr, file: Path | None) -> str:
    if file is None:
        return given.get_secret_value()
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{key}_file: {file}: {getattr(error, 'strerror', '') or 'not UTF-8'}") from None


def preview(
    settings: Settings, archive: Archive, run_id: str | None = None, cards: Iterable[Card] | None = None
) -> tuple[list[tuple[Audience, Mail]], str]:
    """The mails that would be sent now, and why there are none if we were not well. Sends and notes nothing."""
    night, memory = read(archive, run_id, cards), Memory(settings.notices.memory)
    if silence := why_silent(night):
        return [], silence
    readers = audiences(settings.notices) or [Audience(CITY)]
    return [(one.audience, mail(one, night, settings)) for one in _news(night, readers, memory, MAIL)], ""


def notify(
    settings: Settings, archive: Archive, ways: Channels, run_id: str | None = None, cards: Iterable[Card] | None = None
) -> Notified:
    """Tell a night, the newest by default; `cards` as `read` takes them.

    Raises StorageError when the memory of what was told cannot be used.
    """
    night = read(archive, run_id, cards)
    if silence := why_silent(night):
        log.warning("nothing is told: %s", silence)
        return Notified(silence=silence)
    with Memory.held(settings.notices.memory) as memory:
        return Notified(tuple(asyncio.run(_tell(settings, night, ways, memory))))


async def _tell(settings: Settings, night: Night, ways: Channels, memory: Memory) -> list[Notice]:
    told: list[Notice] = []
    if ways.mail:
        readers = audiences(settings.notices)
        async with submission(ways.mail) as submit:
            told += [
                _noted(memory, MAIL, one, await _mailed(submit, one, night, settings))
                for one in _news(night, readers, memory, MAIL)
            ]
    if ways.webhook:
        readers = [Audience(CITY)]
        told += [
            _noted(memory, WEBHOOK, one, await _posted(ways.webhook, one, night))
            for one in _news(night, readers, memory, WEBHOOK)
        ]
    return told


def _news(night: Night, readers: Iterable[Audience], memory: Memory, way: str) -> Iterator[Digest]:
    """What is news to each reader, where anything is."""
    for audience in readers:
        one = digest(night, audience, partial(memory.has, _reader(way, audience.name)))
        if not one.cards:
            log.warning("notices.agencies: run %s has no domain of %s", night.run.id, for_terminal(audience.name))
        if one.keys:
            yield one


async def _mailed(submit: Submit, one: Digest, night: Night, settings: Settings) -> str:
    try:
        refused = await submit(message(mail(one, night, settings), one, settings.smtp))
    except OSError as error:
        return str(error)
    if refused:
        log.warning("mail to %s: the server refused %s", for_terminal(one.audience.name), ", ".join(refused))
    return ""


async def _posted(hook: Hook, one: Digest, night: Night) -> str:
    try:
        await deliver(hook, payload(one, night))
    except WebhookError as error:
        return str(error)
    return ""


def _noted(memory: Memory, way: str, one: Digest, error: str) -> Notice:
    if not error:
        memory.note(_reader(way, one.audience.name), one.keys, datetime.now(UTC).date())
    return Notice(way, one.audience.name, error)


def _reader(way: str, name: str) -> str:
    return f"{way}:{name}"
