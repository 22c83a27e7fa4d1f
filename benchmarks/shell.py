"""The same looks by a pipeline of the shell: `xargs -P`, one dig per domain and server, one curl per domain and family.

It asks what the scanner asks of a domain that answers, and makes the same connections: 68 questions (22 of the resolver, 2 of
the parent's server, 10 of each of 4 addresses of name servers, one of them over TCP, and 4 more of one of these), 4 exchanges
over HTTPS, 4 over HTTP, 2 handshakes that offer TLS 1.0 and 1.1 only. It keeps no pace, tries nothing again, verifies no
signature, judges nothing and stores nothing.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.country import Agency, servers_above
from benchmarks.lab import Lab
from ipv6check.probes.nameservers import FOREIGN_NAME
from tests.interop.lab_addresses import RESOLVER

QUESTIONS: Final = 68
EXCHANGES: Final = 8
ENOUGH: Final = 0.99
"""The share of answers without which a run of the pipeline does not count."""

ANSWERED: Final = ("NOERROR", "NXDOMAIN", "REFUSED", "BADVERS")
"""What an answer may say: of the questions some ask for what is not there, or for what is to be turned down."""

LOOK: Final = """
set -f  # an address in brackets is no pattern of file names
d=$1 parent=$2 n1=$3 n2=$4 n3=$5 n4=$6 w4=$7 w6=$8
q="+dnssec +tries=1 +time=5 +noall +comments"
dig @{resolver} $q -q $d -t AAAA -q $d -t A -q www.$d -t AAAA -q www.$d -t A -q nowhere.$d -t AAAA -q nowhere.$d -t A \
  -q $d -t SOA -q $d -t NS -q $d -t MX -q $d -t CAA -q www.$d -t CAA -q $d -t HTTPS -q www.$d -t HTTPS \
  -q $d -t DS -q $d -t CDS -q $d -t CDNSKEY -x $w4 -x $w6 \
  -q ns1.$d -t AAAA -q ns1.$d -t A -q ns2.$d -t AAAA -q ns2.$d -t A
dig @$parent $q +norecurse -q $d -t NS -q $d -t AAAA
for server in $n1 $n2 $n3 $n4; do
  dig @$server $q +norecurse -q $d -t SOA -q $d -t AAAA -q $d -t A -q www.$d -t AAAA -q www.$d -t A -q $d -t NS \
    -q $d -t DNSKEY -q {stranger} -t A +recurse -q $d -t SOA +edns=1 +noednsneg -q $d -t SOA +tcp
done
dig @$n2 $q +norecurse -q $d -t NSEC3PARAM -q $d -t AAAA -q $d -t MX -q www.$d -t MX
for pair in "-4 $w4" "-6 [$w6]"; do
  set -- $pair
  to="$1 -sS --cacert {ca} --connect-timeout 4 --max-time 20 --resolve $d:443:$2 --resolve $d:80:$2"
  to="$to --resolve www.$d:443:$2 --resolve www.$d:80:$2"
  curl $to -w 'exchange %{{http_code}} %{{ssl_verify_result}} %header{{strict-transport-security}} %{{certs}}\\n' \
    -o /dev/null https://$d/ -o /dev/null http://$d/ -o /dev/null https://www.$d/ -o /dev/null http://www.$d/ \
    --next $to --tlsv1.0 --tls-max 1.1 -o /dev/null https://$d/
done
true
"""


@dataclass(frozen=True)
class Piped:
    """One run of the pipeline: seconds of wall clock and of CPU."""

    domains: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Domains per second."""
        return self.domains / self.wall

    @property
    def cpu_per_domain(self) -> float:
        """Milliseconds."""
        return self.cpu / self.domains * 1000


def look(lab: Lab, agencies: Sequence[Agency], at_once: int) -> Piped:
    """Look at these domains, so many at once. Raises RuntimeError when answers are missing."""
    lab.fresh_resolver()
    script, said, list_ = lab.directory / "look.sh", lab.directory / "look.out", lab.directory / "look.list"
    script.write_text(LOOK.format(resolver=RESOLVER, ca=lab.directory / "certificates" / "root.pem", stranger=FOREIGN_NAME))
    list_.write_text("".join(f"{' '.join(_words(agency))}\n" for agency in agencies))
    began = time.monotonic()
    with list_.open() as lines, said.open("w") as out:
        command = ["xargs", "-P", str(at_once), "-L", "1", "sh", str(script)]
        process = subprocess.Popen(command, stdin=lines, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    _require_answers(said, len(agencies))
    return Piped(len(agencies), wall, used.ru_utime + used.ru_stime)


def _words(agency: Agency) -> list[str]:
    parent = servers_above(agency.domain.partition(".")[2])[0][1][1]
    return [agency.domain, parent, *agency.name_server(1), *agency.name_server(2), *agency.web]


def _require_answers(said: Path, domains: int) -> None:
    text = said.read_text(errors="replace")
    answers = sum(text.count(f"status: {rcode}") for rcode in ANSWERED)
    exchanges = text.count("exchange 200 0") + text.count("exchange 301 0")
    if answers < ENOUGH * QUESTIONS * domains or exchanges < ENOUGH * EXCHANGES * domains:
        raise RuntimeError(f"the pipeline got {answers} answers and {exchanges} exchanges for {domains} domains")
