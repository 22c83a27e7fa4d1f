"""Runs a plan: many targets at once, confirmation tries in the background, a watch on ourselves.

The only concurrency above `net`. A target goes through a first pass over all probes, further passes over what failed, spaced;
when a good look at ourselves vouches for its failures it is done. A scan knows nothing of databases: what it sees it hands to a
`Keeper`.
"""

from ipv6check.scan.progress import Progress
from ipv6check.scan.scanner import Keeper, Rhythm, Scanner, VantageError

__all__ = ["Keeper", "Progress", "Rhythm", "Scanner", "VantageError"]
