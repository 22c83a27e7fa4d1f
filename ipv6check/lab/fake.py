"""A world without sockets: the answers of its servers, as `FakeNetwork` wants them."""

from functools import partial
from ipaddress import ip_address
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import Answer, Certificate
from ipv6check.lab import authority, paper
from ipv6check.lab.certificates import PATH_ERRORS, Authority
from ipv6check.lab.nameservers import WITHOUT_EDNS, reply_to
from ipv6check.lab.sites import http_date, respond, site_of
from ipv6check.lab.world import Site, World
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net import wire
from ipv6check.net.certificate import read_certificate
from ipv6check.net.fake import FakeNetwork, Served, Shown, Transport, refused, silent
from ipv6check.net.guard import OptOut
from ipv6check.net.network import NetworkSettings
from ipv6check.net.question import Question
from ipv6check.net.url import Url

RESOLVER: Final = ip_address(paper.RESOLVER)

MESSAGE_ID: Final = 1

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
        if transport == "tcp" and not question.recursion and (closed := self._closed_to_dns(question.server)):
            return closed
        message = question.message(wire.question(question.name, question.type), MESSAGE_ID)
        reply = reply_to(message, partial(self._reply, question), limit=WITHOUT_EDNS if transport == "udp" else 0)
        return wire.read(reply, question.name, question.type) if reply is not None else silent(Stage.DNS)

    def _reply(self, question: Question, query: authority.Message) -> authority.Message | None:
        if not question.recursion:
            return authority.answer(self._world, question.server, query)
        return self._resolver.answer(query) if question.server == RESOLVER else None

    def _closed_to_dns(self, address: Address) -> Failure | None:
        server = self._world.servers.get(address)
        door = server.door if server is not None else "refused"
        return silent(Stage.TCP) if door == "silent" else refused() if door == "refused" else None

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
