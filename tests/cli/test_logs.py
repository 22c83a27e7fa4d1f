"""The program's log: what is not to be in it."""

import logging

import pytest

from ipv6check.cli.logs import start


@pytest.mark.parametrize("verbose", [0, 1, 2, 3])
def test_no_url_is_logged_whole(verbose: int) -> None:
    """A hook's has its secret in the path."""
    try:
        start(verbose)
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert logging.getLogger("ipv6check").isEnabledFor(logging.INFO) is (verbose > 0)
    finally:
        start(0)
