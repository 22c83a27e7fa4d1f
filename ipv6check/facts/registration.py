"""What a registry says of a domain's registration (RDAP, RFC 9083)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFacts:
    """The registered name above a target, and when its registration ends. `problem` says why nothing was learned."""

    name: str = ""
    source: str = ""
    expires: datetime | None = None
    problem: str = ""
