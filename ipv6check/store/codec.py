"""Facts, targets and verdicts to JSON and back. Old rows load for ever: fields are only added, with defaults."""

import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from ipv6check.changes import Standing
from ipv6check.facts import (
    AuthorityFacts,
    DnsFacts,
    DnssecFacts,
    EffortFacts,
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

STORED: Final[dict[str, type[Any]]] = FACTS | {"effort": EffortFacts}
"""The same with what a scan itself notes."""

LEVEL: Final = 1
"""Of compression: JSON of this kind shrinks about eightfold at it; more is not worth its time."""

VERDICTS_LEVEL: Final = 6
"""Verdicts are kept for ever, a row for each night: here more is worth its time."""

DICTIONARIES: Final = tuple(Path(__file__).with_name(f"verdicts-{number}.txt").read_bytes() for number in (1,))
"""What verdicts mostly say, so that rows need not. A row names the one it was made with: none is ever changed or removed."""

BY_CHECKSUM: Final = {zlib.adler32(dictionary): dictionary for dictionary in DICTIONARIES}
HAS_DICTIONARY: Final = 0x20
"""The bit of the second octet (RFC 1950) that says that the checksum of a dictionary follows."""

JSON: Final = json.JSONDecoder()
OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
REASONS: Final[dict[str | None, Reason | None]] = {None: None} | {reason.value: reason for reason in Reason}

Counts = dict[str, dict[str, int]]
"""How many domains have an outcome: by check and outcome."""

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
    return _adapter(STORED[probe]).validate_json(zlib.decompress(stored))


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
    compressor = zlib.compressobj(VERDICTS_LEVEL, zdict=DICTIONARIES[-1])
    return compressor.compress(_json(compact)) + compressor.flush()


def decode_verdicts(stored: bytes) -> dict[str, Verdict]:
    """The verdicts in a row, compressed with a dictionary or, as they once were, without."""
    return {id_: _verdict(id_, *entry) for id_, entry in verdicts_as_json(stored).items()}


def verdicts_as_json(stored: bytes) -> dict[str, list[Any]]:
    """The same as plain data: id to [outcome, case, reason, arguments], without what is empty at the end."""
    if not stored[1] & HAS_DICTIONARY:
        return json.loads(zlib.decompress(stored))  # type: ignore[no-any-return]
    decompressor = zlib.decompressobj(zdict=BY_CHECKSUM[int.from_bytes(stored[2:6], "big")])
    return json.loads(decompressor.decompress(stored) + decompressor.flush())  # type: ignore[no-any-return]


def encode_counts(counts: Counts) -> bytes:
    """The counts of an agency as compressed JSON."""
    return zlib.compress(_json(counts), LEVEL)


def decode_counts(stored: bytes, check: str) -> dict[str, int]:
    """The counts of one check, by outcome. The others are not read: that takes ten times as long."""
    text, key = zlib.decompress(stored).decode(), f'"{check}":'
    start = text.find(key)
    return {} if start < 0 else JSON.raw_decode(text, start + len(key))[0]


def decode_all_counts(stored: bytes) -> Counts:
    """The counts of every check."""
    return json.loads(zlib.decompress(stored))  # type: ignore[no-any-return]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encode_standings(standings: Mapping[str, Standing]) -> bytes:
    """What stands of a domain, by check, as compressed JSON."""
    return zlib.compress(_adapter(dict[str, Standing]).dump_json(dict(standings), exclude_defaults=True), LEVEL)


def decode_standings(stored: bytes) -> dict[str, Standing]:
    """What stands of a domain, by check."""
    standings: dict[str, Standing] = _adapter(dict[str, Standing]).validate_json(zlib.decompress(stored))
    return standings


def _verdict(id_: str, outcome: str, case: str = "", reason: str | None = None, args: dict[str, Any] | None = None) -> Verdict:
    if not args:
        return _bare_verdict(id_, outcome, case, reason)
    return Verdict(id=id_, outcome=OUTCOMES[outcome], case=case or outcome, reason=REASONS[reason], args=args)


@lru_cache(1_000)
def _bare_verdict(id_: str, outcome: str, case: str, reason: str | None) -> Verdict:
    """Without arguments there are few different ones: they are shared."""
    return Verdict(id=id_, outcome=OUTCOMES[outcome], case=case or outcome, reason=REASONS[reason])
