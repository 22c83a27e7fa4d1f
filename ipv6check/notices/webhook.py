"""A digest as signed JSON for a program. How the receiver verifies it stands in docs/operations.md."""

import asyncio
import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import Any, Final

from ipv6check.changes import Change
from ipv6check.net.webhook import WebhookError, post
from ipv6check.notices.digest import Digest
from ipv6check.notices.night import Ending, Night
from ipv6check.reports.export import utc
from ipv6check.reports.hostile import for_json, for_terminal

FORM: Final = 1
"""Changes when a receiver must; fields are only added within one."""

SIGNATURE: Final = "X-Ipv6check-Signature"
WAITS: Final = (2.0, 10.0, 60.0)
"""Seconds before the second, third and fourth try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where the JSON goes, and the secret it is signed with."""

    url: str
    secret: bytes = field(repr=False)
    ca_file: str | None = None
    contact: str = ""
    waits: tuple[float, ...] = WAITS


def payload(digest: Digest, night: Night) -> bytes:
    """The digest as JSON, in ASCII."""
    run, agencies = night.run, {card.target.domain: card.target for card in digest.cards}
    started = {one.id: utc(one.started_at) for one in night.runs}

    def whose(domain: str) -> dict[str, str]:
        target = agencies[domain]
        named = {"domain": domain, "agency": target.agency, "agency_code": target.agency_code}
        return {key: for_terminal(value) for key, value in named.items()}

    def changed(change: Change) -> dict[str, Any]:
        return whose(change.domain) | {
            "check": change.check,
            "kind": change.kind.value,
            "before": change.before,
            "after": change.after,
            "run": change.run_id,
            "confirmed_at": started.get(change.run_id),
            "first_seen_at": started.get(change.since),
        }

    def ends(ending: Ending) -> dict[str, Any]:
        until = {"check": ending.check, "until": ending.until.isoformat(), "has_ended": ending.has_ended}
        return whose(ending.domain) | until

    document = {
        "type": "ipv6check.digest",
        "form": FORM,
        "id": digest.id,
        "run": run.id,
        "vantage": for_terminal(run.vantage),
        "measured_at": utc(run.started_at),
        "rules_version": run.rules_version,
        "changes": [changed(change) for change in digest.changes],
        "endings": [ends(ending) for ending in digest.endings],
    }
    return for_json(json.dumps(document, ensure_ascii=False)).encode()


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """The header's value: `t=` Unix seconds, `v1=` HMAC-SHA256 in hexadecimal over the timestamp, a full stop and the body."""
    return f"t={timestamp},v1={hmac.new(secret, f'{timestamp}.'.encode() + body, sha256).hexdigest()}"


async def deliver(hook: Hook, body: bytes) -> None:
    """Post a body, again where that may help. Raises WebhookError when it was not taken."""
    for wait in hook.waits:
        try:
            return await _post(hook, body)
        except WebhookError as error:
            if not error.may_pass:
                raise
        await asyncio.sleep(wait)
    return await _post(hook, body)


async def _post(hook: Hook, body: bytes) -> None:
    """Post once, signed as of now."""
    headers = {"Content-Type": "application/json", SIGNATURE: signature(hook.secret, int(time()), body)}
    await post(hook.url, body, headers, ca_file=hook.ca_file, contact=hook.contact)
