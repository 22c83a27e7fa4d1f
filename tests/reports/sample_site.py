"""A short description of an invented site, and tries as a test makes them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from ipv6check.addressing import Address
from ipv6check.facts import Answer, DnsTry
from ipv6check.model import Failure, FailureKind, Stage
from tests.reports.sample_vantage import RESOLVER, START, TICK

Transport = Literal["udp", "tcp"]

SOA = "ns1 hostmaster 1 2 3 4 5"
NOON = START + timedelta(minutes=20)
TIMEOUT = Failure(kind=FailureKind.TIMEOUT, stage=Stage.TCP)
REFUSED = Failure(kind=FailureKind.REFUSED, stage=Stage.TCP)
SILENT = Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a site is like; the default is all that one could wish for."""

    aaaa: tuple[str, ...] = ("2402:800:6105:20::80",)
    a: tuple[str, ...] = ("103.124.60.80",)
    www: bool = True
    www_aaaa: bool = True
    v6: Failure | None = None
    v6_http: Failure | None = None
    nameservers: tuple[tuple[str, str, str], ...] = (
        ("ns1.hanoi.gov.vn", "2402:800:6105:1::53", "103.124.60.53"),
        ("ns2.hanoi.gov.vn", "2405:4800:2::53", "103.28.36.53"),
    )
    ns_silent: bool = False
    glue: bool = True
    signed: bool = True
    bogus: bool = False
    issuer: str = "CN=Sectigo RSA Domain Validation Secure Server CA,O=Sectigo Limited,C=GB"
    names: tuple[str, ...] = ()
    days_left: int = 214
    path_error: str = ""
    legacy_tls: bool = False
    tls: str = "TLSv1.3"
    status6: int = 200
    status4: int = 200
    headers: tuple[tuple[str, str], ...] = (("server", "nginx"), ("strict-transport-security", "max-age=31536000"))
    http_redirects: bool = True
    leads_to: str = ""
    leads_to_v6: bool = True


def at(**more: Any) -> dict[str, Any]:
    """Start and end of a try."""
    return {"start": NOON, "end": NOON + TICK, **more}


def dns_try(
    records: tuple[str, ...] = (), *, server: Address = RESOLVER, failure: Failure | None = None, **more: Any
) -> DnsTry:
    """One question and its answer, or its failure."""
    transport = more.pop("transport", "udp")
    answer = None if failure else Answer(**{"rcode": "NOERROR", "records": records, "ttl": 300, "edns": True, **more})
    took = None if failure else TICK.total_seconds()
    return DnsTry(**at(server=server, transport=transport, failure=failure, answer=answer, seconds_to_answer=took))
