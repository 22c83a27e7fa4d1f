"""What happens on the way and what no real server does: rules of nftables, and which stubs stand where."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.interop import lab_addresses as addresses
from tests.interop.lab_certificates import Authority
from tests.interop.lab_country import Host, World, upstream_of
from tests.interop.lab_web_server import STUBBED
from tests.interop.rows import Row

REJECTED: Final = {
    "prohibited": "reject with icmpv6 type admin-prohibited",
    "unreachable": "reject with icmpv6 type no-route",
    "silent": "drop",
    "refused": "reject with tcp reset",
}


def firewall(rows: Sequence[Row], world: World) -> str:
    """The rules of nftables: what is dropped or rejected, and counters of what must never leave."""
    dropped = [rule for host in world.hosts.values() for rule in _rules_of_host(host)]
    dropped += [rule for row in rows for rule in _rules(row)]
    ours = "\n".join(
        f"    ip{'6' if ':' in address else ''} saddr {address} return"
        for address in (addresses.RESOLVER_OUT4, addresses.RESOLVER_OUT6)
    )
    return f"""
table inet lab {{
  counter outside4 {{ }}
  counter outside6 {{ }}
  counter loopback {{ }}
  counter resolver_as_server {{ }}
  chain cut {{ }}
  chain arriving {{
    type filter hook input priority 0; policy accept;
    jump cut
{chr(10).join(dropped)}
  }}
  chain leaving {{
    type filter hook output priority 0; policy accept;
{ours}
    ip daddr {addresses.RESOLVER} udp dport 53 @th,80,16 & 0x0100 == 0 counter name resolver_as_server
    ip daddr {addresses.RESOLVER} udp dport 53 return
    ip saddr {addresses.RESOLVER} udp sport 53 return
    ip daddr {addresses.RESOLVER} tcp dport 53 return
    ip saddr {addresses.RESOLVER} tcp sport 53 return
    ip daddr 127.0.0.0/8 counter name loopback return
    ip6 daddr ::1 counter name loopback return
    ip daddr != {addresses.SPACE4} counter name outside4
    ip6 daddr != {addresses.SPACE6} counter name outside6
  }}
}}
"""


def _rules(row: Row) -> Iterator[str]:
    for place, what in row.get("wire", {}).items():
        if what not in STUBBED:
            token, _, port = place.partition(":")
            yield f"    {_to(row.address(token))}{f' tcp dport {port}' if port else ''} {REJECTED[what]}"


def _rules_of_host(host: Host) -> Iterator[str]:
    """`6`, `6:udp` or `6:tcp`: all packets to the address of a family, or those of one transport."""
    for place, what in host.wire.items():
        family, _, transport = place.partition(":")
        yield f"    {_to(host.at[int(family)])}{f' {transport} dport 53' if transport else ''} {REJECTED[what]}"


def _to(address: str) -> str:
    return f"ip{'6' if ':' in address else ''} daddr {address}"


def stubs(rows: Sequence[Row], world: World, authority: Authority) -> list[dict[str, object]]:
    """What the stub process serves: web servers that fall silent, name servers that spoil answers."""
    wanted: list[dict[str, object]] = []
    for row in rows:
        for place, what in row.get("wire", {}).items():
            if what in STUBBED:
                token, _, port = place.partition(":")
                chain, key = authority.issue("good", row.domain)
                wanted.append(
                    {"kind": what, "address": row.address(token), "port": int(port), "chain": str(chain), "key": str(key)}
                )
    for host in world.hosts.values():
        for family, twist in host.twists.items():
            wanted.append({"kind": twist, "address": host.at[family], "port": 53, "upstream": upstream_of(host, world)})
    return wanted


def services(world: World, wanted_stubs: Sequence[Mapping[str, object]]) -> list[list[object]]:
    """What must answer before a lab is ready: kind, address, port."""
    name_servers = [
        ["dns", address, 53]
        for host in world.hosts.values()
        for family, address in host.at.items()
        if host.group and host.is_open(family) and family not in host.twists
    ]
    web = [["tcp", address, 443] for host in world.canaries for address in host.at.values()]
    cut_off = {host.at[int(place[0])] for host in world.hosts.values() for place in host.wire}
    others = [["tcp", stub["address"], stub["port"]] for stub in wanted_stubs if stub["address"] not in cut_off]
    return [*name_servers, *web, *others, ["dns", addresses.RESOLVER, 53]]
