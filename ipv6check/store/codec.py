"""Facts, targets and verdicts to JSON and back. Old rows load for ever: fields are only added, with defaults."""

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from ipv6check.changes import Standing
from ipv6check.facts import (
    AuthorityFacts,
    DnsFacts,
    DnssecFacts,
    MailZoneFacts,
    NameserverFacts,
    ReachabilityFacts,
    RegistrationFacts,
    ResolutionFacts,
    ResourceFacts,
    RunFacts,
    VantageFacts,
    WebFacts,
)
from ipv6check.model import Outcome, Reason, Target, Verdict

FACTS: Final[dict[str, type[Any]]] = {
    "vantage": VantageFacts,
    "dns": DnsFacts,
    "nameservers": NameserverFacts,
    "dnssec": DnssecFacts,
    "authority": AuthorityFacts,
    "resolution": ResolutionFacts,
    "mail_zones": MailZoneFacts,
    "resources": ResourceFacts,
    "server_resources": ResourceFacts,
    "registration": RegistrationFacts,
    "reachability": ReachabilityFacts,
    "web": WebFacts,
}
"""What each probe's rows hold."""

LEVEL: Final = 1
"""Of compression: JSON of this kind shrinks about eightfold at it; more is not worth its time."""


_adapters: Final[dict[Any, TypeAdapter[Any]]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Readers and writers of a shape are costly to make: each is made once."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def encode_facts(facts: object) -> bytes:
    """Facts as compressed JSON, without what is at its default."""
    return zlib.compress(_adapter(type(facts)).dump_json(facts, exclude_defaults=True), LEVEL)


def decode_facts(probe: str, stored: bytes) -> Any:
    """The facts of a probe's row."""
    return _adapter(FACTS[probe]).validate_json(zlib.decompress(stored))


def facts_as_json(facts: object) -> Any:
    """Facts as plain data, for output."""
    return _adapter(type(facts)).dump_python(facts, mode="json", exclude_defaults=True)


def encode(value: Target | RunFacts) -> str:
    """A target or a run's conditions as JSON text."""
    return _adapter(type(value)).dump_json(value, exclude_defaults=True).decode()


def decode_target(stored: str) -> Target:
    """The target in a row."""
    target: Target = _adapter(Target).validate_json(stored)
    return target


def decode_run_facts(stored: str) -> RunFacts:
    """A run's conditions."""
    facts: RunFacts = _adapter(RunFacts).validate_json(stored)
    return facts


def encode_verdicts(verdicts: dict[str, Verdict]) -> bytes:
    """All verdicts of a target as compressed JSON: id to [outcome, case, reason, arguments], short where it can be."""
    compact: dict[str, list[Any]] = {}
    for id_, verdict in verdicts.items():
        case = "" if verdict.case == verdict.outcome.value else verdict.case
        compact[id_] = [verdict.outcome.value, case, verdict.reason.value if verdict.reason else None, dict(verdict.args)]
        while len(compact[id_]) > 1 and not compact[id_][-1]:
            compact[id_].pop()
    return zlib.compress(json.dumps(compact, ensure_ascii=False, separators=(",", ":")).encode(), LEVEL)


def decode_verdicts(stored: bytes) -> dict[str, Verdict]:
    """The verdicts in a row."""
    return {id_: _verdict(id_, *entry) for id_, entry in json.loads(zlib.decompress(stored)).items()}


def encode_standings(standings: Mapping[str, Standing]) -> bytes:
    """What stands of a domain, by check, as compressed JSON."""
    return zlib.compress(_adapter(dict[str, Standing]).dump_json(dict(standings), exclude_defaults=True), LEVEL)


def decode_standings(stored: bytes) -> dict[str, Standing]:
    """What stands of a domain, by check."""
    standings: dict[str, Standing] = _adapter(dict[str, Standing]).validate_json(zlib.decompress(stored))
    return standings


def _verdict(id_: str, outcome: str, case: str = "", reason: str | None = None, args: dict[str, Any] | None = None) -> Verdict:
    return Verdict(
        id=id_, outcome=Outcome(outcome), case=case or outcome, reason=Reason(reason) if reason else None, args=args or {}
    )
