"""MAIL: mail by IPv6 and what protects it."""

from ipv6check.model import Severity
from ipv6check.rules.rule import not_built

M, R = Severity.MANDATORY, Severity.RECOMMENDED

RULES = (
    not_built("MAIL-01", "Are the MX records sound?", R, "RFC 5321", "RFC 7505"),
    not_built("MAIL-02", "Does every mail server have a usable IPv6 address?", M, "Internet.nl"),
    not_built("MAIL-03", "Does every mail server answer over IPv6?", M, "RFC 5321"),
    not_built("MAIL-04", "Does every mail server answer over IPv4?", R),
    not_built("MAIL-05", "Does every mail server offer encryption (STARTTLS)?", M, "RFC 3207"),
    not_built("MAIL-06", "Are the mail servers' certificate and TLS version good?", R, "RFC 9325"),
    not_built("MAIL-07", "Do TLSA records of the mail servers match (DANE)?", R, "RFC 7672"),
    not_built("MAIL-08", "Are MTA-STS and TLS reports set up?", R, "RFC 8461", "RFC 8460"),
    not_built("MAIL-09", "Is there one sound SPF record?", R, "RFC 7208"),
    not_built("MAIL-10", "Does SPF cover senders with IPv6?", R),
    not_built("MAIL-11", "Is there a DMARC policy?", R, "RFC 9989"),
    not_built("MAIL-12", "Is there a good DKIM key?", R, "RFC 6376", "RFC 8301"),
    not_built("MAIL-13", "Is a name without mail protected against misuse?", R, "RFC 7505", "RFC 7208"),
)
