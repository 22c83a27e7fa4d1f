"""Verdicts beside those of others: DNSSEC by delv, certificates by openssl."""

from collections.abc import Mapping

import pytest

from tests.interop.rows import Row
from tests.interop.scans import Scan

pytestmark = pytest.mark.interop

MEASURED = frozenset({"pass", "warn", "fail"})
MOST = 0.8
"""The share of rows that must be comparable, or the comparison says little."""


def test_dnssec_is_judged_as_delv_does(main: Scan, delv: Mapping[str, str], rows: tuple[Row, ...]) -> None:
    wrong = [
        f"{domain}: {outcome}, delv {said}"
        for domain, said in delv.items()
        if (outcome := main.results[domain].outcome("SEC-01")) in MEASURED and outcome != said
    ]
    assert len(delv) > len(rows) * MOST
    assert not wrong, "\n".join(wrong)


def test_certificates_are_judged_as_openssl_does(
    main: Scan, openssl: Mapping[str, Mapping[str, bool]], rows: tuple[Row, ...]
) -> None:
    wrong = []
    for domain, said in openssl.items():
        for id_, is_good in said.items():
            outcome = main.results[domain].outcome(id_)
            is_good_here = outcome == "pass" or (id_ == "WEB-04" and outcome == "warn")
            if outcome in MEASURED and is_good != is_good_here:
                wrong.append(f"{domain} {id_}: {outcome}, openssl {'good' if is_good else 'bad'}")
    assert len(openssl) > len(rows) * MOST
    assert not wrong, "\n".join(wrong)
