"""Rows. Observations are append-only; what is right of them (verdicts, latest, tally) can be deleted and made again.

Times are ISO 8601 text in UTC, which sorts and reads alike on SQLite and PostgreSQL. JSON that is only ever read as a whole is
kept compressed.
"""

from typing import Any, Final

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

WITHOUT_ROWID: Final[dict[str, Any]] = {"sqlite_with_rowid": False}

UNDONE: Final = text("done_at IS NULL")
PENDING: Final = Index("target_pending", "run_id", sqlite_where=UNDONE, postgresql_where=UNDONE)
"""What is left to do, which is little: counting it tells how far every run came without a look at all that is done."""


class RunRow(SQLModel, table=True):
    """One scan: when, from where, under which conditions (`facts`: RunFacts as JSON), of how many targets (`planned`).

    `is_partial` is that of `facts`, where queries can ask for it. `rule_versions` are those it was judged by, as JSON: id to
    version; `digest` is that of its verdicts.
    """

    __tablename__ = "run"

    id: str = Field(primary_key=True)
    vantage: str
    country: str
    started_at: str = Field(index=True)
    finished_at: str | None = None
    version: str
    rules_version: str = ""
    rule_versions: str = ""
    planned: int = 0
    is_partial: bool = False
    digest: str = ""
    facts: str


class TargetRow(SQLModel, table=True):
    """One target of a run as the list had it; `done_at` is set in the commit that completes it."""

    __tablename__ = "target"
    __table_args__ = (PENDING, WITHOUT_ROWID)

    run_id: str = Field(primary_key=True)
    domain: str = Field(primary_key=True)
    position: int
    target: str
    is_opted_out: bool = False
    done_at: str | None = None


class ObservationRow(SQLModel, table=True):
    """What one probe saw of one subject in one pass: facts as compressed JSON of a numbered shape."""

    __tablename__ = "observation"
    __table_args__ = WITHOUT_ROWID

    run_id: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    probe: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    shape: int
    made_at: str
    facts: bytes


class VerdictRow(SQLModel, table=True):
    """All verdicts of one target in one run, with what the overview needs beside them."""

    __tablename__ = "verdict"
    __table_args__ = (Index("verdict_by_domain", "domain", "run_id"), WITHOUT_ROWID)

    run_id: str = Field(primary_key=True)
    domain: str = Field(primary_key=True)
    measured_at: str | None = None
    rules_version: str
    level: int
    level_is_minimum: bool
    percent: float | None = None
    coverage: float
    flags: str
    verdicts: bytes


class LatestRow(SQLModel, table=True):
    """The newest run that has verdicts of a domain."""

    __tablename__ = "latest"
    __table_args__ = WITHOUT_ROWID

    domain: str = Field(primary_key=True)
    run_id: str


class TallyRow(SQLModel, table=True):
    """How many domains, of all agencies together, had an outcome of a check in a run."""

    __tablename__ = "tally"
    __table_args__ = WITHOUT_ROWID

    check: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    n: int


class AgencyTallyRow(SQLModel, table=True):
    """The same of the domains of one agency: all checks together (`codec.Counts`, as compressed JSON)."""

    __tablename__ = "agency_tally"
    __table_args__ = WITHOUT_ROWID

    agency: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    counts: bytes


class StandingRow(SQLModel, table=True):
    """What stands of a domain after a run (`changes.Standing` by check, as compressed JSON); kept for the newest runs."""

    __tablename__ = "standing"
    __table_args__ = WITHOUT_ROWID

    run_id: str = Field(primary_key=True)
    domain: str = Field(primary_key=True)
    standings: bytes


class ChangeRow(SQLModel, table=True):
    """A change that a run confirmed (see `changes.Change`)."""

    __tablename__ = "change"
    __table_args__ = (Index("change_by_domain", "domain", "run_id"), WITHOUT_ROWID)

    run_id: str = Field(primary_key=True)
    domain: str = Field(primary_key=True)
    check: str = Field(primary_key=True)
    kind: str
    before: str
    after: str
    since: str


RUN: Final = RunRow.__table__  # type: ignore[attr-defined]
TARGET: Final = TargetRow.__table__  # type: ignore[attr-defined]
OBSERVATION: Final = ObservationRow.__table__  # type: ignore[attr-defined]
VERDICT: Final = VerdictRow.__table__  # type: ignore[attr-defined]
LATEST: Final = LatestRow.__table__  # type: ignore[attr-defined]
TALLY: Final = TallyRow.__table__  # type: ignore[attr-defined]
AGENCY_TALLY: Final = AgencyTallyRow.__table__  # type: ignore[attr-defined]
STANDING: Final = StandingRow.__table__  # type: ignore[attr-defined]
CHANGE: Final = ChangeRow.__table__  # type: ignore[attr-defined]
"""The tables as queries name them."""
