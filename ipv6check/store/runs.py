"""Runs as they are read: what their rows have, and what others know of them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, func, select

from ipv6check.model import Outcome, Run
from ipv6check.store.tables import RUN, TALLY, TARGET

CONDITIONS: Final = (
    RUN.c.id,
    RUN.c.vantage,
    RUN.c.country,
    RUN.c.started_at,
    RUN.c.finished_at,
    RUN.c.version,
    RUN.c.rules_version,
    RUN.c.planned,
    RUN.c.is_partial,
    RUN.c.digest,
)
"""What of a run's row `Run` is made of."""

OWN_IPV6: Final = "OPS-01"
SEEING: Final = frozenset({Outcome.PASS.value, Outcome.WARN.value})
"""The check of the measuring point's own IPv6, and how it comes out where that was there."""


def newest_first(query: Select[Any]) -> Select[Any]:
    """A query for the conditions of runs, with how many targets of each are left to do and whether it was blind."""
    runs = query.subquery()
    pending = (
        select(TARGET.c.run_id, func.count().label("n")).where(TARGET.c.done_at.is_(None)).group_by(TARGET.c.run_id).subquery()
    )
    blind = select(TALLY.c.run_id).where(TALLY.c.check == OWN_IPV6, TALLY.c.outcome.not_in(SEEING))
    known = func.coalesce(pending.c.n, 0).label("pending"), runs.c.id.in_(blind).label("is_blind")
    return select(runs, *known).outerjoin(pending, pending.c.run_id == runs.c.id).order_by(runs.c.started_at.desc())


def run_of(row: Row[Any]) -> Run:
    """The run in a row of such a query."""
    return Run(
        id=row.id,
        vantage=row.vantage,
        country=row.country,
        started_at=datetime.fromisoformat(row.started_at),
        finished_at=datetime.fromisoformat(row.finished_at) if row.finished_at else None,
        planned=row.planned,
        finished=row.planned - row.pending,
        version=row.version,
        rules_version=row.rules_version,
        is_partial=row.is_partial,
        is_blind=bool(row.is_blind),
        digest=row.digest,
    )
