"""Rules judge what probes saw. `RULES` is every check of the catalogue, OPS to MAIL, in the order of ids."""

from typing import Final

from ipv6check.rules import (
    addresses,
    answers,
    certificates,
    delegation,
    dns,
    dnssec,
    keys,
    mail,
    nameservers,
    naming,
    networks,
    page,
    reachability,
    records,
    redirects,
    vantage,
    web,
)
from ipv6check.rules.rule import Finding, Rule

__all__ = ["BY_ID", "FAMILIES", "RULES", "RULES_VERSION", "Finding", "Rule"]


def _number(rule: Rule) -> int:
    return int(rule.id.rpartition("-")[2])


RULES: Final[tuple[Rule, ...]] = (
    *vantage.RULES,
    *naming.RULES,
    *dns.RULES,
    *records.RULES,
    *sorted((*nameservers.RULES, *delegation.RULES, *answers.RULES, *networks.RULES), key=_number),
    *sorted((*dnssec.RULES, *keys.RULES), key=_number),
    *addresses.RULES,
    *reachability.RULES,
    *sorted((*certificates.RULES, *redirects.RULES, *web.RULES), key=_number),
    *page.RULES,
    *mail.RULES,
)

BY_ID: Final = {rule.id: rule for rule in RULES}
FAMILIES: Final = tuple(dict.fromkeys(rule.family for rule in RULES))
RULES_VERSION: Final = f"1.{sum(rule.version for rule in RULES)}"
"""Grows whenever a rule is built or corrected."""
