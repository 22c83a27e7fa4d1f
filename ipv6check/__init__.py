"""ipv6check measures how ready the public services of a city are for IPv6, and says what to do about it.

    from ipv6check import Target, Evidence, Verdict, judge, look

`await look("so-hoa-sen.hanoi.gov.vn")` returns the evidence, `judge(evidence)` the verdicts; both without a database.
"""

from ipv6check.facts import Evidence
from ipv6check.judge import judge
from ipv6check.model import Target, Verdict
from ipv6check.version import __version__

__all__ = ["Evidence", "Target", "Verdict", "__version__", "judge", "look"]


async def look(domain: str) -> Evidence:
    """Look at one domain now, with the settings of the environment and ./ipv6check.toml. Contacts the network."""
    from ipv6check.config import load
    from ipv6check.nightly import look_at
    from ipv6check.wiring import make_network

    settings = load()
    _, seen = await look_at(settings, make_network(settings), [Target(domain=domain)])
    return seen[0]
