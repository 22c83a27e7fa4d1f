"""The namespace that a module's tests share."""

from collections.abc import Iterator

import pytest

from tests.net.inside import Namespace, way_in


@pytest.fixture(scope="module")
def inside(request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """Call functions of this test module in a network namespace of its own (see `tests.net.inside`)."""
    if not way_in():
        pytest.skip("no network namespace can be made here (unshare)")
    namespace = Namespace(request.module.__name__)
    yield namespace
    namespace.close()
