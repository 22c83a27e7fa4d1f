"""Probes look and record; they draw no conclusion. `PROBES` look at a target by the network alone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ipv6check.data import Tables
from ipv6check.facts import Evidence
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.net.rdap import Rdap
from ipv6check.probes import (
    authority,
    dns,
    dnssec,
    nameservers,
    reachability,
    registration,
    resolution,
    resources,
    web,
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One look: `name` is also the field of Evidence it fills; `subject` says what it is about ("" when there is nothing
    to look at); `look` makes one pass, trying again what `seen` holds as failed; `is_unsettled` asks for another pass;
    `after` names the probes that it comes after: whose facts of the same pass it reads, or who have a target's questions first
    where its budget is short. They stand before it."""

    name: str
    subject: Callable[[Target, Evidence], str]
    look: Callable[[Target, Evidence, Net], Awaitable[Any]]
    is_unsettled: Callable[[Evidence], bool]
    after: tuple[str, ...] = ("dns",)


def _target(target: Target, seen: Evidence) -> str:
    return target.domain


def _zone(target: Target, seen: Evidence) -> str:
    return f"zone:{seen.dns.zone}" if seen.dns is not None and seen.dns.zone else ""


def _target_of_zone(target: Target, seen: Evidence) -> str:
    return target.domain if seen.nameservers is not None else ""


def _zone_with_servers(target: Target, seen: Evidence) -> str:
    return _zone(target, seen) if seen.nameservers is not None else ""


def _target_with_dns(target: Target, seen: Evidence) -> str:
    return target.domain if seen.dns is not None else ""


def _mail_service(target: Target, seen: Evidence) -> str:
    return target.domain if seen.dns is not None and seen.dns.mail_hosts else ""


def _never(seen: Evidence) -> bool:
    return False


def _web_service(target: Target, seen: Evidence) -> str:
    return target.domain if seen.dns is not None and seen.dns.names else ""


PROBES = (
    Probe("dns", _target, dns.look, dns.is_unsettled, after=()),
    Probe("nameservers", _zone, nameservers.look, nameservers.is_unsettled),
    Probe("dnssec", _zone_with_servers, dnssec.look, dnssec.is_unsettled, after=("nameservers",)),
    Probe("authority", _target_of_zone, authority.look, authority.is_unsettled, after=("nameservers", "dnssec")),
    Probe("resolution", _target_with_dns, resolution.look, resolution.is_unsettled, after=("dns", "authority")),
    Probe("mail_zones", _mail_service, resolution.look_at_mail, resolution.is_mail_unsettled, after=("dns", "resolution")),
    Probe("reachability", _web_service, reachability.look, reachability.is_unsettled),
    Probe("web", _web_service, web.look, web.is_unsettled, after=("reachability",)),
)
"""A zone is looked at once per run and shared by all its targets. `vantage` stands apart: it looks at ourselves."""


def resource_probes(tables: Tables, rdap: Rdap) -> tuple[Probe, ...]:
    """The probes that look things up in tables and registries."""
    return (
        Probe("resources", _target_with_dns, partial(resources.look, tables=tables), resources.is_unsettled),
        Probe(
            "server_resources",
            _zone_with_servers,
            partial(resources.look_at_servers, tables=tables),
            _never,
            after=("nameservers",),
        ),
        Probe("registration", _target, partial(registration.look, rdap=rdap), _never, after=()),
    )
