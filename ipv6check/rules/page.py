"""PAGE: what a citizen on IPv6 gets of the page."""

from ipv6check.model import Severity
from ipv6check.rules.rule import not_built

M, R, INFORMATION = Severity.MANDATORY, Severity.RECOMMENDED, Severity.INFORMATION
IMC: str = "IMC 2025: Towards a Non-Binary View of IPv6 Adoption"

RULES = (
    not_built("PAGE-01", "Does the page load in full over IPv6 alone?", M, IMC),
    not_built("PAGE-02", "Which hosts does the page need that have no IPv6?", INFORMATION, IMC),
    not_built("PAGE-03", "Does the page work in a browser that has no IPv4?", M, "draft-ietf-v6ops-ipv6-app-testing"),
    not_built("PAGE-04", "Does the page work through NAT64 and DNS64?", R, "RFC 6146", "RFC 6147"),
    not_built("PAGE-05", "Are login, payment and upload hosts reachable over IPv6?", R),
    not_built("PAGE-06", "Do inner pages load over IPv6 alone?", R, "Aqeel et al."),
)
