"""What stands beside the target lists: the bodies of the city, exceptions and disputes, read as one."""

from dataclasses import dataclass, field
from pathlib import Path

from ipv6check.model import Dispute, Exemption
from ipv6check.targets.agencies import Bodies, read_agencies
from ipv6check.targets.lines import Mistake
from ipv6check.targets.remarks import name_strangers, read_disputes, read_exceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The bodies by name, and what people say of results."""

    bodies: Bodies = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    disputes: tuple[Dispute, ...] = ()


def read_register(
    agencies: Path | None, exceptions: Path | None, disputes: Path | None, domains: frozenset[str] | None = None
) -> tuple[Register, tuple[Mistake, ...]]:
    """Read the lists that there are, and what is wrong in them; with `domains`, rows about others are named."""
    bodies = read_agencies(agencies) if agencies else None
    exempt = read_exceptions(exceptions) if exceptions else None
    doubted = read_disputes(disputes) if disputes else None
    for sheet in (exempt, doubted):
        if sheet and domains is not None:
            name_strangers(sheet, domains)
    register = Register(
        bodies={body.name: body for _, body in bodies.rows} if bodies else {},
        exemptions=tuple(row for _, row in exempt.rows) if exempt else (),
        disputes=tuple(row for _, row in doubted.rows) if doubted else (),
    )
    return register, tuple(mistake for sheet in (bodies, exempt, doubted) if sheet for mistake in sheet.mistakes)
