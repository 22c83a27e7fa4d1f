"""The city in a box: small servers of our own, good and faulty, for `demo` and for tests.

`world` reads what there is, `authority` and `sites` say what each server would answer, `servers` puts it on sockets inside a
`namespace` without uplink, and `fake` answers the same questions without any.
"""

from ipv6check.lab.fake import fake_network
from ipv6check.lab.reading import load
from ipv6check.lab.world import World

__all__ = ["World", "fake_network", "load"]
