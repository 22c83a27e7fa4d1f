"""What others say of the rows, inside the lab: dig, curl and openssl of the faults, delv of DNSSEC, openssl of certificates."""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from tests.interop.lab import Lab
from tests.interop.lab_country import shared_lines
from tests.interop.lab_web_server import served
from tests.interop.rows import Row

T = TypeVar("T")

AT_ONCE: Final = 4
PATIENCE: Final = 90.0
HTTPS: Final = 443
NEXT: Final = "---next---"
SECURE, INSECURE, BOGUS = "pass", "warn", "fail"
NOT_YET_OR_NO_MORE: Final = {"9", "10"}
"""Openssl's numbers for a certificate that is not yet valid, and one that has expired."""


def _each(lab: Lab, rows: Iterable[Row], look: Callable[[Lab, Row], T]) -> dict[str, T]:
    chosen = list(rows)
    with ThreadPoolExecutor(AT_ONCE) as hands:
        return dict(zip((row.domain for row in chosen), hands.map(lambda row: look(lab, row), chosen), strict=True))


def faults_not_shown(lab: Lab) -> list[str]:
    """The faults of the table that a person at the keyboard does not see."""
    return [said for lines in _each(lab, lab.files.rows, _not_shown).values() for said in lines]


def _not_shown(lab: Lab, row: Row) -> list[str]:
    missing = []
    for command, pattern in row.shows:
        said = lab.by_hand(row.filled(command), PATIENCE)
        if not re.search(row.filled(pattern), said, re.MULTILINE):
            missing.append(f"{row.domain} ({row.about}): {row.filled(command)}\n  should show {pattern!r}, said:\n{said}")
    return missing


def by_delv(lab: Lab) -> Mapping[str, str]:
    """SEC-01 as delv has it, by domain; rows whose resolver cannot say anything are left out."""
    tag, algorithm, digest, text = (lab.files.zones / "root.ds").read_text().split()[4:]
    keys = lab.own / "delv.keys"
    keys.write_text(f'trust-anchors {{ "." static-ds {tag} {algorithm} {digest} "{text}"; }};\n')
    return _each(lab, _answered(lab), _ask_delv)


def _answered(lab: Lab) -> list[Row]:
    return [row for row in lab.files.rows if "nm" not in row.expected.checks["SEC-01"]]


def _asked(lab: Lab, row: Row) -> list[tuple[str, str]]:
    """What SEC-01 rests on: the zone's SOA and the name's and www's A and AAAA."""
    zone = row.domain if row.get("zone") else lab.files.world.zone_above(row.domain).name
    return [(zone, "SOA"), *((name, rdtype) for name in names(row) for rdtype in ("A", "AAAA"))]


def by_unbound(lab: Lab) -> Mapping[str, str]:
    """SEC-01 as the resolver has it when dig asks: AD, no AD, or SERVFAIL that CD=1 lifts."""
    return _each(lab, _answered(lab), _ask_unbound)


def _ask_unbound(lab: Lab, row: Row) -> str:
    asked = _asked(lab, row)
    said = lab.by_hand("; ".join(f"said {rdtype} {name}; echo {NEXT}" for name, rdtype in asked), PATIENCE)
    answers = said.split(f"{NEXT}\n")[: len(asked)]
    found = [BOGUS if "SERVFAIL" in s else SECURE if re.search("flags:[a-z ]* ad", s) else INSECURE for s in answers]
    return max(found, key=[SECURE, INSECURE, BOGUS].index)


def _ask_delv(lab: Lab, row: Row) -> str:
    """The worst of what it says."""
    asked = _asked(lab, row)
    command = "; ".join(f"judged {lab.own}/delv.keys {name} {rdtype}; echo {NEXT}" for name, rdtype in asked)
    said = lab.by_hand(command, PATIENCE).split(f"{NEXT}\n")[: len(asked)]
    return max(map(_status, said), key=[SECURE, INSECURE, BOGUS].index)


def _status(said: str) -> str:
    if re.search("^; .*unsigned (answer|additional data)", said, re.MULTILINE):
        return INSECURE
    return SECURE if re.search("^; .*fully validated", said, re.MULTILINE) else BOGUS


def by_openssl(lab: Lab) -> Mapping[str, Mapping[str, bool]]:
    """Whether path (WEB-02), names (WEB-03) and dates (WEB-04) are good wherever a row's names are served over TLS."""
    found = _each(lab, lab.files.rows, _ask_openssl)
    return {domain: said for domain, said in found.items() if said}


def _ask_openssl(lab: Lab, row: Row) -> Mapping[str, bool]:
    home = next((other for one, other in shared_lines(lab.files.rows) if one is row), row)
    addresses = [home.address(token) for family in (4, 6) for token in served(home, family, HTTPS)]
    told = [lab.by_hand(f"certificate {address} {' '.join(names(row))}") for address in addresses]
    told = [said for said in told if "match certificate" in said]
    if not told:
        return {}
    dates = [re.findall("^dates (.*)", said, re.MULTILINE)[0] for said in told]
    return {
        "WEB-02": all("path 0" in said.splitlines() for said in told),
        "WEB-03": all("NOT match" not in said for said in told),
        "WEB-04": all("will not expire" in said for said in told) and not NOT_YET_OR_NO_MORE & set(dates),
    }


def names(row: Row) -> list[str]:
    """The names of a row that exist: the listed one, and www."""
    has_listed = row.addresses("a") or row.addresses("aaaa") or row.get("cname") or row.get("zone")
    return [row.domain] * bool(has_listed) + [f"www.{row.domain}"] * (row.get("www") != "none")
