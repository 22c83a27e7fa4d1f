"""Probes look and record; they draw no conclusion. `PROBES` is every one that looks at a target, in order."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ipv6check.facts import Evidence
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes import authority, dns, nameservers, reachability, web


@dataclass(frozen=True, slots=True)
class Probe:
    """One look: `name` is also the field of Evidence it fills; `subject` says what it is about ("" when there is nothing
    to look at); `look` makes one pass, trying again what `seen` holds as failed; `is_unsettled` asks for another pass."""

    name: str
    subject: Callable[[Target, Evidence], str]
    look: Callable[[Target, Evidence, Net], Awaitable[Any]]
    is_unsettled: Callable[[Evidence], bool]


def _target(target: Target, seen: Evidence) -> str:
    return target.domain


def _zone(target: Target, seen: Evidence) -> str:
    return f"zone:{seen.dns.zone}" if seen.dns is not None and seen.dns.zone else ""


def _target_of_zone(target: Target, seen: Evidence) -> str:
    return target.domain if seen.nameservers is not None else ""


def _web_service(target: Target, seen: Evidence) -> str:
    return target.domain if seen.dns is not None and seen.dns.names else ""


PROBES = (
    Probe("dns", _target, dns.look, dns.is_unsettled),
    Probe("nameservers", _zone, nameservers.look, nameservers.is_unsettled),
    Probe("authority", _target_of_zone, authority.look, authority.is_unsettled),
    Probe("reachability", _web_service, reachability.look, reachability.is_unsettled),
    Probe("web", _web_service, web.look, web.is_unsettled),
)
"""A zone is looked at once per run and shared by all its targets. `vantage` stands apart: it looks at ourselves."""
