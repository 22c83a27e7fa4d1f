"""A world of many zones at few servers: provinces under gov.vn, agencies under provinces. Names without a web service, so that a
scan of a thousand asks name servers and nobody else."""

import os
from typing import Any, Final

from tests.interop.lab_addresses import VANTAGE4, VANTAGE6
from tests.interop.lab_country import Host, World, Zone, made_host

DOMAINS: Final = int(os.environ.get("IPV6TEST_DOMAINS", "300"))
"""Agencies; set the variable IPV6TEST_DOMAINS for more (1000 before a release)."""

PROVINCES: Final = 20
HOSTERS: Final = DOMAINS // 25
QUESTIONS_PER_SECOND: Final = 10
BURST: Final = QUESTIONS_PER_SECOND + 1
"""One packet more at once than allowed in a second: the kernel may send one a little late and the next in time."""

ABOVE: Final = {".": "root", "vn": "registry", "gov.vn": "government"}
"""The zones above all agencies, and the group that serves each with servers of its own."""

SOFTWARE: Final = {"root": "nsd", "registry": "knot", "government": "nsd", "one": "nsd", "two": "knot"}

COUNTING: Final = f"""
table inet lab {{
  set asked4 {{ type ipv4_addr; size 4096; flags dynamic; counter; }}
  set asked6 {{ type ipv6_addr; size 4096; flags dynamic; counter; }}
  set pace4 {{ type ipv4_addr; size 4096; flags dynamic; }}
  set pace6 {{ type ipv6_addr; size 4096; flags dynamic; }}
  counter too_fast {{ }}
  chain question {{
    ip saddr {VANTAGE4} update @asked4 {{ ip daddr counter }}
    ip6 saddr {VANTAGE6} update @asked6 {{ ip6 daddr counter }}
    ip saddr {VANTAGE4} update @pace4 {{ ip daddr limit rate over {QUESTIONS_PER_SECOND}/second burst {BURST} packets }} counter name too_fast
    ip6 saddr {VANTAGE6} update @pace6 {{ ip6 daddr limit rate over {QUESTIONS_PER_SECOND}/second burst {BURST} packets }} counter name too_fast
  }}
  chain asking {{
    type filter hook output priority 1; policy accept;
    udp dport 53 jump question
    tcp dport 53 tcp flags & (syn | ack) == syn jump question
  }}
}}
"""
"""Counts the scanner's questions to every address, over UDP and TCP, and those that come too fast."""

FORGETTING: Final = """
flush set inet lab asked4
flush set inet lab asked6
flush set inet lab pace4
flush set inet lab pace6
reset counter inet lab too_fast
"""


def domains() -> list[str]:
    """Every agency's name, which is a zone."""
    return [f"co-quan-{number}.tinh-{number % PROVINCES}.gov.vn" for number in range(DOMAINS)]


def many_zones() -> World:
    """The world: two servers for each zone above, two of forty hosters for every other."""
    hosts: dict[str, Host] = {}

    def add(name: str, group: str) -> str:
        hosts[name] = made_host(len(hosts), {"name": name, "group": group})
        return name

    above = {zone: [add(f"{letter}.{group}.vn", group) for letter in "ab"] for zone, group in ABOVE.items()}
    hosters = [add(f"ns{number}.mekong.net.vn", ("one", "two")[number % 2]) for number in range(HOSTERS)]
    canaries = tuple(made_host(100 + number, {"name": f"{letter}.canaries.net"}) for number, letter in enumerate("abcde"))
    zones = {name: Zone(name, ns) for name, ns in above.items()}
    zones |= {name: Zone(name, above["vn"]) for name in ("net", "net.vn")}
    zones |= {name: Zone(name, hosters[:2]) for name in ("mekong.net.vn", "canaries.net", "hong.net")}
    provinces = [f"tinh-{number}.gov.vn" for number in range(PROVINCES)]
    for number, name in enumerate([*provinces, *domains()]):
        first = 2 * number % HOSTERS
        zones[name] = Zone(name, hosters[first : first + 2], "signed" if name in provinces else "unsigned")
    groups: dict[str, Any] = {
        group: {"name": group, "software": software, "zones": [zone for zone, own in ABOVE.items() if own == group]}
        for group, software in SOFTWARE.items()
    }
    groups["registry"]["zones"] += ["net", "net.vn"]
    for group in ("one", "two"):
        groups[group]["zones"] = ["*"]
    world = World(hosts, zones, groups, canaries)
    for host in [*hosts.values(), *canaries]:
        world.zone_above(host.name).lines.extend(world.records(host, None))
    return world
