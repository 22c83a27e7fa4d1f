"""A run as figures for Prometheus, in the text format. No label names a domain: a city has more of them than a database of
series should hold, and their results stand elsewhere."""

from collections import Counter
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest, write_to_textfile

from ipv6check.changes import LEVEL, MINIMUM, Kind
from ipv6check.model import Outcome, Run
from ipv6check.rules import RULES
from ipv6check.score import HIGHEST_LEVEL
from ipv6check.store import Archive

PREFIX: Final = "ipv6check_"
OWN: Final = tuple(rule.id for rule in RULES if rule.is_built and rule.family == "OPS")
BUILT: Final = tuple(rule.id for rule in RULES if rule.is_built and rule.family != "OPS")
"""The checks that judge the measuring point itself, and those of domains."""


def figures(archive: Archive, run_id: str | None = None) -> CollectorRegistry:
    """The figures of a run that was judged, the newest such by default. Raises StorageError when there is none."""
    run, registry = archive.judged_run(run_id), CollectorRegistry()
    _run(registry, run)
    _counts(registry, archive.history.counts(run.id))
    kinds = Counter(change.kind for change in archive.history.changes([run.id]))
    changes = _gauge(registry, "changes", "Confirmed changes of the run.", "kind")
    for kind in Kind:
        if kind is not Kind.RULES:
            changes.labels(kind.value).set(kinds[kind])
    if succeeded := _last_success(archive, run):
        _gauge(registry, "last_success_timestamp_seconds", "End of the newest run that was complete and saw IPv6.").set(
            succeeded
        )
    return registry


def as_text(registry: CollectorRegistry) -> str:
    """The figures as node_exporter reads them."""
    return generate_latest(registry).decode()


def write(registry: CollectorRegistry, path: Path) -> None:
    """Put them in a file, whole or not at all. Raises OSError."""
    write_to_textfile(str(path), registry)


def _gauge(registry: CollectorRegistry, name: str, help_: str, *labels: str) -> Gauge:
    return Gauge(PREFIX + name, help_, labels, registry=registry)


def _run(registry: CollectorRegistry, run: Run) -> None:
    info = _gauge(registry, "run_info", "The run: from where, by which program, rules.", "vantage", "version", "rules_version")
    info.labels(run.vantage, run.version, run.rules_version).set(1)
    _gauge(registry, "run_started_timestamp_seconds", "When the run started.").set(run.started_at.timestamp())
    if run.finished_at is not None:
        seconds = (run.finished_at - run.started_at).total_seconds()
        _gauge(registry, "run_duration_seconds", "How long the run took.").set(seconds)
    domains = _gauge(registry, "domains", "Domains of the run: planned, and finished.", "state")
    domains.labels("planned").set(run.planned)
    domains.labels("finished").set(run.finished)


def _counts(registry: CollectorRegistry, counts: Mapping[str, Mapping[str, int]]) -> None:
    """How many domains had each outcome, by check and level; demonstrations are left out, as in all totals."""
    levels = counts.get(LEVEL, {})
    unmeasured = levels.get(Outcome.NOT_MEASURED.value, 0)
    judged = _gauge(registry, "judged_domains", "Domains without demonstrations: measured, and not measured.", "state")
    judged.labels("measured").set(sum(levels.values()) - unmeasured)
    judged.labels("not_measured").set(unmeasured)
    by_level = _gauge(registry, "levels", "Measured domains by level; at_least: higher is open.", "level", "at_least")
    for number, mark in product(range(HIGHEST_LEVEL + 1), ("", MINIMUM)):
        by_level.labels(f"L{number}", str(bool(mark)).lower()).set(levels.get(f"{number}{mark}", 0))
    by_outcome = _gauge(registry, "check_outcomes", "Domains by the outcome of each check.", "check", "outcome")
    for id_, outcome in product(BUILT, Outcome):
        by_outcome.labels(id_, outcome.value).set(counts.get(id_, {}).get(outcome.value, 0))
    state = _gauge(registry, "vantage_state", "How the measuring point was (OPS checks): 1 at its outcome.", "check", "outcome")
    for id_, outcome in product((id_ for id_ in OWN if id_ in counts), Outcome):
        state.labels(id_, outcome.value).set(outcome.value in counts[id_])


def _last_success(archive: Archive, run: Run) -> float | None:
    """When the newest run up to this one ended that was whole and whose measuring point had IPv6 itself; in Unix seconds."""
    good = (one for one in archive.runs() if one.rules_version and one.is_complete and not (one.is_partial or one.is_blind))
    ends = (one.finished_at for one in good if one.started_at <= run.started_at)
    return next((end.timestamp() for end in ends if end), None)
