"""What was seen of one domain, for an engineer: addresses and what each answered, certificates, redirects, name servers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.addressing import GLOBAL, Address, kind_of
from ipv6check.facts import (
    AddressWeb,
    Certificate,
    Chain,
    Evidence,
    Fetch,
    NameLookups,
    NameserverHost,
    PortTries,
    ServerTries,
)
from ipv6check.reports.failures import State, failed
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import UNKNOWN, Speech
from ipv6check.rules.words import term

TEXT: Final = 120
NAMES_SHOWN: Final = 6
HEX_SHOWN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """One address of one name and what it answered."""

    name: str
    address: str
    version: int
    note: str
    https: State
    http: State
    tls: str
    status: str
    server: str
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One certificate."""

    names: str
    issuer: str
    since: str
    until: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """Where one name leads by one family."""

    name: str
    version: int
    hops: tuple[str, ...]
    end: State


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """One address of one name server and how it answered; `address` is "" where a host has none."""

    host: str
    address: str
    version: int
    answer: State
    time: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it."""

    zone: str
    addresses: tuple[AddressRow, ...]
    certificates: tuple[CertificateRow, ...]
    chains: tuple[ChainRow, ...]
    servers: tuple[ServerRow, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.addresses or self.certificates or self.chains or self.servers)


def seen(evidence: Evidence, speech: Speech) -> Seen:
    """Put the facts into rows."""
    return Seen(
        zone=for_terminal(evidence.dns.zone, TEXT) if evidence.dns else "",
        addresses=tuple(_addresses(evidence, speech)),
        certificates=tuple(_certificate(c, speech) for c in _leaves(evidence)),
        chains=tuple(_chains(evidence, speech)),
        servers=tuple(row for host in _hosts(evidence) for row in _server_rows(host, speech)),
    )


def _addresses(evidence: Evidence, speech: Speech) -> Iterable[AddressRow]:
    if evidence.dns is None:
        return
    for name in (evidence.dns.listed, evidence.dns.www):
        for address in dict.fromkeys((*name.aaaa.addresses, *name.a.addresses)):
            yield _address(name, address, evidence, speech)


def _address(name: NameLookups, address: Address, evidence: Evidence, speech: Speech) -> AddressRow:
    hosts = evidence.reachability.hosts if evidence.reachability else ()
    ports = {p.port: p for host in hosts if host.name == name.name for p in host.ports if p.address == address}
    webs = evidence.web.names if evidence.web else ()
    web = next((found for site in webs if site.name == name.name and (found := site.at(address))), None)
    fetch = _answered(web)
    tls = fetch.tls if fetch else None
    kind = kind_of(address)
    return AddressRow(
        name=for_terminal(name.name, TEXT),
        address=str(address),
        version=address.version,
        note="" if kind == GLOBAL else speech.gettext("not usable: %(kind)s", kind=term("value", kind, speech.code)),
        https=_port(ports.get(443), speech),
        http=_port(ports.get(80), speech),
        tls=for_terminal(tls.version, TEXT) if tls and tls.version else UNKNOWN,
        status=str(fetch.status) if fetch else UNKNOWN,
        server=_header(fetch, "server"),
        leads_to=_header(fetch, "location"),
    )


def _answered(web: AddressWeb | None) -> Fetch | None:
    """The last exchange that was answered, by HTTPS where there is one."""
    fetches = (*web.http, *web.https) if web else ()
    return next((fetch for fetch in reversed(fetches) if fetch.answered), None)


def _header(fetch: Fetch | None, name: str) -> str:
    value = fetch.header(name) if fetch else None
    return for_terminal(value, TEXT) if value else UNKNOWN


def _port(port: PortTries | None, speech: Speech) -> State:
    if port is None or not port.tries:
        return State("unseen", speech.gettext("not tried"))
    if port.is_open:
        return State("good", speech.gettext("open"))
    return failed(port.tries[-1].failure, speech)


def _leaves(evidence: Evidence) -> Sequence[Certificate]:
    """The certificates that addresses showed as their own, each once."""
    if evidence.web is None:
        return ()
    fetches = (f for name in evidence.web.names for at in name.addresses for f in at.https)
    hashes = dict.fromkeys(f.tls.chain[0] for f in fetches if f.tls and f.tls.chain)
    return [c for sha256 in hashes if (c := evidence.web.certificate(sha256)) is not None]


def _certificate(certificate: Certificate, speech: Speech) -> CertificateRow:
    names = ", ".join(for_terminal(name, TEXT) for name in certificate.names[:NAMES_SHOWN])
    more = len(certificate.names) - NAMES_SHOWN
    if more > 0:
        names += " " + speech.ngettext("and %(n)s more", "and %(n)s more", more)
    key = f"{for_terminal(certificate.key_type, TEXT)} {certificate.key_bits or ''}".strip()
    return CertificateRow(
        names=names or UNKNOWN,
        issuer=for_terminal(certificate.issuer, TEXT) or UNKNOWN,
        since=speech.date(certificate.not_before),
        until=speech.date(certificate.not_after),
        key=key or UNKNOWN,
        sha256=for_terminal(certificate.sha256[:HEX_SHOWN]),
    )


def _chains(evidence: Evidence, speech: Speech) -> Iterable[ChainRow]:
    for name in evidence.web.names if evidence.web else ():
        for chain in name.chains:
            if chain.hops or chain.stopped:
                hops = tuple(for_terminal(hop.url, TEXT) for hop in chain.hops)
                yield ChainRow(name=for_terminal(name.name, TEXT), version=chain.family, hops=hops, end=_end(chain, speech))


def _end(chain: Chain, speech: Speech) -> State:
    if chain.stopped is not None:
        state, detail = failed(chain.stopped, speech), for_terminal(chain.stopped.detail, TEXT)
        return State(state.key, f"{detail}: {state.text}" if detail else state.text)
    fetch = chain.hops[-1].fetch if chain.hops else None
    if fetch is not None and fetch.status is not None:
        return State("good", str(fetch.status))
    return failed(fetch.failure if fetch else None, speech)


def _hosts(evidence: Evidence) -> Sequence[NameserverHost]:
    return evidence.nameservers.hosts if evidence.nameservers else ()


def _server_rows(host: NameserverHost, speech: Speech) -> Iterable[ServerRow]:
    for version in (6, 4):
        asked = [s for s in host.soa if s.server.version == version and s.transport == "udp"]
        if not asked:
            yield _without_address(host, version, speech)
        yield from (_server(host, server, speech) for server in asked)


def _without_address(host: NameserverHost, version: int, speech: Speech) -> ServerRow:
    lookup = host.lookups.aaaa if version == 6 else host.lookups.a
    said = State("bad", speech.gettext("no address")) if lookup.is_empty else State("unseen", speech.gettext("not tried"))
    return ServerRow(host=for_terminal(host.name, TEXT), address="", version=version, answer=said, time=UNKNOWN)


def _server(host: NameserverHost, server: ServerTries, speech: Speech) -> ServerRow:
    good = next((t for t in server.tries if t.failure is None and t.answer is not None), None)
    took = good.seconds_to_answer if good else None
    answer = good.answer if good else None
    if answer is not None:
        is_right = answer.rcode == "NOERROR" and answer.authoritative
        state = State("good" if is_right else "bad", for_terminal(answer.rcode, TEXT))
    else:
        state = failed(server.tries[-1].failure if server.tries else None, speech)
    return ServerRow(
        host=for_terminal(host.name, TEXT),
        address=str(server.server),
        version=server.server.version,
        answer=state,
        time=speech.gettext("%(n)s ms", n=speech.number(took * 1000)) if took is not None else UNKNOWN,
    )
