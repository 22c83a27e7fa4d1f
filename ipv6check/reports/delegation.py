"""The way from the root to a name, zone by zone: who serves each, by which family, what is signed, where IPv6 alone ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import Final

from ipv6check.facts import AuthorityTries, DnssecFacts, Evidence, Iteration, NameserverFacts, ZoneStep
from ipv6check.model import Outcome
from ipv6check.reports.failures import failed
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.inventory import STATES, state_by
from ipv6check.reports.language import N_, Speech
from ipv6check.rules.delegation import passage
from ipv6check.scales import Scales
from ipv6check.score import Card
from ipv6check.tries import State

ROOT: Final = "."
MOST_SERVERS: Final = 8
MOST_REASONS: Final = 6
TEXT: Final = 100

SAID: Final = {
    "good": N_("serves"),
    "bad": N_("does not serve"),
    "none": N_("no address"),
    "unsteady": N_("serves at times"),
    "unseen": N_("not measured"),
}
WEIGHED: Final = {State.WORKED: "good", State.UNSTABLE: "unsteady", State.FAILED: "bad", State.UNSEEN: "unseen"}

UNUSABLE: Final = {
    "no-glue": ("none", N_("no AAAA glue at the parent zone")),
    "no-address": ("none", N_("no IPv6 address")),
    "unresolved": ("bad", N_("its own name cannot be found over IPv6 alone")),
    "special": ("bad", N_("its address is not a public one")),
}
"""Why a server could not be asked: the state of its mark, and the reason in words."""

SIGNED: Final = ("signed", N_("Signed (DS and keys)"))
NO_DS: Final = ("half", N_("Keys, but no DS at the parent"))
NO_KEYS: Final = ("half", N_("DS at the parent, but no keys"))
UNSIGNED: Final = ("unsigned", N_("Not signed (no DS)"))
UNSEEN: Final = ("unseen", N_("Signature not measured"))

ENDS: Final = N_("Here IPv6 alone ends:")
OPEN: Final = N_("Beyond this, IPv6 alone was not concluded:")


@dataclass(frozen=True, slots=True)
class Mark:
    """How a server does by one family: a key for the shape, and a word."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Server:
    """One name server."""

    host: str
    v6: Mark
    v4: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone. `seal` says whether it is signed and joined to its parent, None at the root. `reasons` tell why IPv6 alone
    ends here; `is_concluded` is false where that may be for want of our own."""

    name: str
    servers: tuple[Server, ...]
    more: int = 0
    seal: Mark | None = None
    is_broken: bool = False
    is_concluded: bool = True
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegation:
    """The whole way, from the root down, and how it ends."""

    domain: str
    zones: tuple[Zone, ...]
    end: Mark


def delegation(card: Card, evidence: Evidence, speech: Speech) -> Delegation | None:
    """The way to the listed name; None where nothing was seen of it."""
    way = next(iter(evidence.resolution.iterations), None) if evidence.resolution else None
    facts = evidence.nameservers
    if way is None and (facts is None or not facts.hosts):
        return None
    scales = Scales(evidence)
    zones = [_step(zone, steps, scales, speech) for zone, steps in _descent(way)]
    if facts is not None:
        zones = _with_own(zones, facts, evidence, speech)
    is_secure = card.verdicts["SEC-01"].outcome is Outcome.PASS
    zones = [_sealed(zone, is_secure, evidence.dnssec, speech) for zone in zones]
    if way is not None and way.broken:
        is_certain = passage(way, scales).state is State.FAILED
        zones = [_broken(zone, way, is_certain, scales, speech) if zone.name == way.broken else zone for zone in zones]
    shown = tuple(replace(zone, name=for_terminal(zone.name, TEXT)) for zone in zones)
    return Delegation(for_terminal(card.target.domain, TEXT), shown, _end(way, scales, speech))


def _descent(way: Iteration | None) -> list[tuple[str, list[ZoneStep]]]:
    """The zones in their order, each with its steps; where an alias begins anew at the root, the way of the name has ended."""
    by_zone = [(zone, list(steps)) for zone, steps in groupby(way.steps if way else (), key=lambda step: step.zone)]
    return [*by_zone[:1], *takewhile(lambda part: part[0] != ROOT, by_zone[1:])]


def _step(zone: str, steps: Sequence[ZoneStep], scales: Scales, speech: Speech) -> Zone:
    """A zone above: only what was asked by IPv6 is known of it."""
    states: dict[str, str] = {}
    for step in steps:
        for asked in step.asked:
            if asked.zone not in {"", zone}:  # a question on the way to a server's own name
                continue
            state = WEIGHED[scales.referral(asked).state]
            states[asked.host] = max(states.get(asked.host, state), state, key=STATES.index)
        states |= {host: UNUSABLE[why][0] if why in UNUSABLE else "unseen" for host, why in step.unusable if host not in states}
    unseen = _mark("unseen", speech)
    servers = [Server(_host(host, zone, speech), _mark(state, speech), unseen) for host, state in states.items()]
    return _zone(zone, servers)


def _host(host: str, zone: str, speech: Speech) -> str:
    return speech.gettext("root servers") if zone == ROOT and "." not in host else for_terminal(host, TEXT)


def _zone(name: str, servers: Sequence[Server]) -> Zone:
    return Zone(name=name, servers=tuple(servers[:MOST_SERVERS]), more=max(len(servers) - MOST_SERVERS, 0))


def _mark(key: str, speech: Speech) -> Mark:
    return Mark(key, speech.gettext(SAID[key]))


def _with_own(zones: list[Zone], facts: NameserverFacts, evidence: Evidence, speech: Speech) -> list[Zone]:
    """The target's own zone as its servers were seen by both families, in its place or at the end."""
    scales = Scales(evidence, zone=facts.zone)
    servers = [
        Server(
            for_terminal(host.name, TEXT),
            _mark(state_by(host, 6, scales), speech),
            _mark(state_by(host, 4, scales), speech),
        )
        for host in facts.hosts
    ]
    own = _zone(facts.zone, servers)
    if any(zone.name == facts.zone for zone in zones):
        return [own if zone.name == facts.zone else zone for zone in zones]
    above = zones or ([Zone(name=facts.parent, servers=())] if facts.parent else [])
    return [*above, own]


def _sealed(zone: Zone, is_secure: bool, facts: DnssecFacts | None, speech: Speech) -> Zone:
    """Whether a zone is signed and its parent vouches for it; a name that validates is signed all the way up."""
    if zone.name == ROOT:
        return zone
    key, text = UNSEEN
    if facts is not None and facts.zone == zone.name and facts.ds is not None and facts.ds.answer is not None:
        both = {(True, True): SIGNED, (True, False): NO_KEYS, (False, True): NO_DS, (False, False): UNSIGNED}
        key, text = both[facts.has_ds, facts.is_signed]
    elif is_secure:
        key, text = SIGNED
    return replace(zone, seal=Mark(key, speech.gettext(text)))


def _broken(zone: Zone, way: Iteration, is_certain: bool, scales: Scales, speech: Speech) -> Zone:
    steps = [step for step in way.steps if step.zone == way.broken]
    reasons = [f"• {reason}" for step in steps[-1:] for reason in _reasons(step, scales, speech)]
    head = speech.gettext(ENDS if is_certain else OPEN)
    return replace(zone, is_broken=True, is_concluded=is_certain, reasons=(head, *reasons[:MOST_REASONS]))


def _reasons(step: ZoneStep, scales: Scales, speech: Speech) -> Iterable[str]:
    for host, why in step.unusable:
        text = speech.gettext(UNUSABLE[why][1]) if why in UNUSABLE else for_terminal(why, TEXT)
        lost = [zone for server, zone in step.lost if server == host]
        where = f" ({', '.join(for_terminal(zone, TEXT) for zone in lost)})" if lost else ""
        yield f"{_host(host, step.zone, speech)}: {text}{where}"
    for asked in step.asked:
        yield f"{_host(asked.host, asked.zone, speech)} ({asked.server}): {_went(asked, scales, speech)}"


def _went(asked: AuthorityTries, scales: Scales, speech: Speech) -> str:
    weighing = scales.referral(asked)
    detail = for_terminal(weighing.failure.detail, TEXT) if weighing.failure else ""
    text = failed(weighing.failure, speech).text
    return f"{text} ({detail})" if detail else text


def _end(way: Iteration | None, scales: Scales, speech: Speech) -> Mark:
    """How the way ends for whoever has IPv6 alone."""
    if way is None:
        return Mark("unseen", speech.gettext("The way by IPv6 alone was not measured."))
    if not way.broken:
        return Mark("good", speech.gettext("Found by IPv6 alone."))
    zone = for_terminal(way.broken, TEXT)
    if passage(way, scales).state is State.FAILED:
        return Mark("bad", speech.gettext("Not found by IPv6 alone: the way ends in the zone %(zone)s.", zone=zone))
    return Mark("unseen", speech.gettext("Not concluded: in the zone %(zone)s the measuring point saw too little.", zone=zone))
