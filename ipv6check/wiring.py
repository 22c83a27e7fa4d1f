"""From settings to what a scan needs: the network, the canaries, the rhythm, a run's conditions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from ipv6check.config import ConfigurationError, Settings
from ipv6check.data import Tables
from ipv6check.facts import RunFacts
from ipv6check.net.download import Downloaded, fetch
from ipv6check.net.guard import OptOut
from ipv6check.net.network import Network, NetworkSettings
from ipv6check.net.pace import PaceLimits
from ipv6check.net.rdap import Rdap
from ipv6check.net.roots import built_in_roots, read_roots, require_trust_anchor, system_resolvers
from ipv6check.probes import PROBES, Probe, resource_probes
from ipv6check.probes.vantage import Controls
from ipv6check.programme import Goal, ProgrammeError
from ipv6check.programme import load as load_goals
from ipv6check.scan import Rhythm
from ipv6check.store import new_run_id
from ipv6check.targets import Mistake
from ipv6check.targets.register import Register, read_register
from ipv6check.targets.rows import NOT_UTF8
from ipv6check.version import __version__

PROBES_OF: Final = {
    "NAME": ("dns", "nameservers", "reachability", "web", "resources", "server_resources", "registration"),
    "DNS": ("dns", "nameservers", "authority", "reachability", "web"),
    "NS": ("dns", "nameservers", "dnssec", "authority", "resolution", "mail_zones", "server_resources"),
    "SEC": ("dns", "nameservers", "dnssec", "authority"),
    "ADDR": ("dns", "nameservers", "authority", "resources"),
    "REACH": ("dns", "reachability"),
    "WEB": ("dns", "reachability", "web"),
}
"""What has to be looked at for each family of checks."""

FEWEST_CANARIES: Final = 5
"""Of different operators: with fewer, one that has a bad night looks like a measuring point that has."""


def probes_for(settings: Settings, families: Sequence[str] = ()) -> tuple[Probe, ...]:
    """The probes that some families need (see `PROBES_OF`), all when none is named.

    The tables are those in force now: an update meanwhile does not touch a run.
    """
    wanted = {name for family in families for name in PROBES_OF[family]}
    tables = Tables(settings.data.directory, datetime.now(UTC))
    every = (*PROBES, *resource_probes(tables, Rdap(settings.data.rdap, fetcher(settings))))
    return tuple(probe for probe in every if not families or probe.name in wanted)


def read_opt_out(settings: Settings) -> OptOut:
    """Read the opt-out list; a list that is not there is empty unless it was asked for. Raises ConfigurationError."""
    path = _unless_absent(settings.network.opt_out, type(settings.network)().opt_out)
    try:
        return OptOut.read(path) if path else OptOut()
    except UnicodeDecodeError:
        raise ConfigurationError(f"network.opt_out: {path} {NOT_UTF8}") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"network.opt_out: {error}") from None


def network_settings(settings: Settings, *, talks_apart: bool = False) -> NetworkSettings:
    """What the network needs of the settings. Raises ConfigurationError when a file cannot be used."""
    hints, pace = settings.network.root_hints, settings.pace
    try:
        roots = read_roots(hints) if hints else built_in_roots()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"network.root_hints: {error}") from None
    try:
        if settings.network.trust_anchor:
            require_trust_anchor(settings.network.trust_anchor)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"network.trust_anchor: {error}") from None
    resolvers = settings.network.resolver or system_resolvers()
    if not resolvers:
        raise ConfigurationError("no resolver: set network.resolver to a validating one, for instance a local Unbound")
    return NetworkSettings(
        resolvers=resolvers,
        root_servers=roots,
        ca_file=settings.network.roots,
        user_agent_url=settings.network.user_agent_url,
        opt_out=read_opt_out(settings),
        pace=PaceLimits(**pace.model_dump()),
        talks_apart=talks_apart,
    )


def make_network(settings: Settings, *, talks_apart: bool = False) -> Network:
    """The real network. Raises ConfigurationError when the CA file cannot be used."""
    try:
        return Network(network_settings(settings, talks_apart=talks_apart))
    except OSError as error:
        raise ConfigurationError(f"network.ca_file: {error}") from None


def controls(settings: Settings) -> Controls:
    """What the watch on ourselves looks at."""
    vantage = settings.vantage
    return Controls(canaries=vantage.canaries, signed_name=vantage.signed_name, bogus_name=vantage.bogus_name)


def rhythm(settings: Settings) -> Rhythm:
    """How fast a scan goes."""
    return Rhythm(
        concurrency=settings.network.concurrency,
        spacing=settings.tries.spacing,
        canary_interval=settings.vantage.canary_interval,
    )


def new_run(settings: Settings, planned: int, is_partial: bool = False) -> RunFacts:
    """The conditions of a run that begins now."""
    now = datetime.now(UTC)
    return RunFacts(
        id=new_run_id(now),
        started=now,
        vantage=settings.vantage.name,
        country=settings.vantage.country,
        tries=settings.tries.count,
        version=__version__,
        planned=planned,
        is_partial=is_partial,
    )


def register(settings: Settings, domains: frozenset[str] | None = None) -> tuple[Register, tuple[Mistake, ...]]:
    """What stands beside the target lists, and what is wrong in it; a list that is not there is empty unless it was asked for.

    With `domains`, exceptions and disputes about others are named.
    """
    chosen, usual = settings.targets, type(settings.targets)()
    return read_register(
        _unless_absent(chosen.agencies, usual.agencies),
        _unless_absent(chosen.exceptions, usual.exceptions),
        _unless_absent(chosen.disputes, usual.disputes),
        domains,
    )


def _unless_absent(path: Path, usual: Path) -> Path | None:
    return path if path != usual or path.exists() else None


def goals(settings: Settings) -> tuple[Goal, ...]:
    """The goals of the programme. Raises ConfigurationError when their file cannot be used."""
    try:
        return load_goals(settings.programme.file)
    except ProgrammeError as error:
        raise ConfigurationError(f"programme.file: {error}") from None


def fetcher(settings: Settings) -> Callable[..., Downloaded]:
    """What fetches bulk files, with the operator's CA and contact page."""
    network = settings.network
    return partial(fetch, ca_file=network.roots, contact=network.user_agent_url)
