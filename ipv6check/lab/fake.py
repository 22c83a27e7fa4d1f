"""A world without sockets: the answers of its servers, as `FakeNetwork` wants them."""

from ipaddress import ip_address
from typing import Final

import dns.flags
import dns.message

from ipv6check.addressing import Address
from ipv6check.facts import Answer, Certificate
from ipv6check.lab import authority, paper
from ipv6check.lab.certificates import PATH_ERRORS, Authority
from ipv6check.lab.sites import http_date, respond, site_of
from ipv6check.lab.world import Site, World
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.certificate import read_certificate
from ipv6check.net.fake import FakeNetwork, Served, Shown, Transport, refused, silent
from ipv6check.net.guard import OptOut
from ipv6check.net.network import NetworkSettings
from ipv6check.net.resolver import Question
from ipv6check.net.url import Url

RESOLVER: Final = ip_address(paper.RESOLVER)

VERSIONS: Final = {
    "1.0": ("TLSv1", "ECDHE-RSA-AES256-SHA"),
    "1.1": ("TLSv1.1", "ECDHE-RSA-AES256-SHA"),
    "1.2": ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
    "1.3": ("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
}
"""How a TLS version calls itself, and a cipher that is used with it."""

LEGACY_REFUSED: Final = Failure(kind=FailureKind.TLS, stage=Stage.TLS, detail="tlsv1_alert_protocol_version", code=1)


def fake_network(world: World, opt_out: OptOut | None = None) -> FakeNetwork:
    """Open a world without sockets; `opt_out` lists who asked to be left alone."""
    settings = NetworkSettings(
        resolvers=(RESOLVER,), root_servers=world.root_servers, opt_out=opt_out if opt_out is not None else OptOut()
    )
    return FakeNetwork(WorldSource(world), settings)


class WorldSource:
    """What each place of a world answers (see `net.fake.Source`)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._resolver = authority.Resolver(world)
        self._authority = Authority()
        self._certificates: dict[tuple[str, ...], tuple[Certificate, ...]] = {}

    def dns(self, question: Question, transport: Transport) -> Answer | Failure:
        """The answer of a name server, or of the resolver."""
        query = dns.message.make_query(question.name, question.type, use_edns=0, want_dnssec=True)
        if question.recursion:
            reply = self._resolver.answer(query) if question.server == RESOLVER else None
        else:
            query.flags &= ~dns.flags.RD
            reply = authority.answer(self._world, question.server, query)
        if reply is None:
            return silent(Stage.DNS)
        return wire.read(reply.to_wire(), question.name, question.type)

    def tcp(self, address: Address, port: int) -> Failure | None:
        """Why a handshake does not complete."""
        match self._world.doors.get((address, port), "refused"):
            case "refused":
                return refused()
            case "silent":
                return silent(Stage.TCP)
        return None

    def http(self, url: Url, address: Address) -> Served:
        """What an open port serves for a URL."""
        site = site_of(self._world.sites_at[address], url.host)
        is_mute = self._world.doors[address, url.port] == "mute"
        if is_mute:
            return Served(tls=silent(Stage.TLS)) if url.scheme == "https" else Served(failure=silent(Stage.HTTP))
        response = respond(site, url.scheme, url.host, url.target, address)
        return Served(
            tls=self._shown(site, site.tls[1]) if url.scheme == "https" else None,
            status=response.status,
            headers=(*response.headers, ("date", http_date())),
            body_bytes=len(response.body),
        )

    def legacy_tls(self, address: Address, name: str) -> Shown | Failure:
        """What a handshake that offers TLS 1.0 and 1.1 only comes to."""
        if self._world.doors[address, 443] == "mute":
            return silent(Stage.TLS)
        site = site_of(self._world.sites_at[address], name)
        return self._shown(site, "1.1") if site.tls[0] in {"1.0", "1.1"} else LEGACY_REFUSED

    def _shown(self, site: Site, version: str) -> Shown:
        certificates = self._certificates.get(site.names)
        if certificates is None:
            certificates = tuple(read_certificate(der) for der in self._authority.chain_for(site).der)
            self._certificates[site.names] = certificates
        name, cipher = VERSIONS[version]
        return Shown(version=name, cipher=cipher, certificates=certificates, path_error=PATH_ERRORS.get(site.certificate, ""))
