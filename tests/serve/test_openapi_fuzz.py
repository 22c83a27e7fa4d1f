"""The OpenAPI document held against the application by schemathesis: what it says may be asked, and what it says may not."""

import asyncio
import os
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import Case, GenerationMode

from ipv6check.config import Settings, Store
from ipv6check.reports.standing import Audience
from ipv6check.serve.api import operations
from ipv6check.serve.app import app
from tests.serve.made import API

EXAMPLES = int(os.environ.get("IPV6TEST_FUZZ_EXAMPLES", "15"))
"""For each operation, audience and mode."""

ASKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="IPV6TEST_FUZZ_EXAMPLES" not in os.environ,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
AUDIENCES: tuple[Audience, ...] = ("internal", "public")


class Conversation:
    """A client of the application in an event loop of its own, for questions that are made outside of one."""

    def __init__(self, served) -> None:
        self._loop = asyncio.new_event_loop()
        self._life = served.router.lifespan_context(served)
        self._loop.run_until_complete(self._life.__aenter__())
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://test", timeout=60)

    def ask(self, **request) -> httpx.Response:
        """One question."""
        return self._loop.run_until_complete(self._client.request(**request))

    def end(self) -> None:
        """No more questions."""
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._life.__aexit__(None, None, None))
        self._loop.close()


@pytest.fixture(scope="module", params=AUDIENCES)
def conversation(request: pytest.FixtureRequest, four_nights: Path) -> Iterator[Conversation]:
    made = Conversation(app(Settings(store=Store(url=f"sqlite:///{four_nights}")), request.param))
    yield made
    made.end()


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (one.name, mode)
        for one in operations("internal")
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or one.in_path or one.in_query
    ],
)
def test_every_operation_does_as_the_document_says(conversation: Conversation, name: str, mode: GenerationMode) -> None:
    """What has no parameters has nothing that could be asked wrongly; what is for internal use is not in the public's document.

    An empty value is as if left out (`allowEmptyValue`), and an address that is too long is told so: both are right.
    """
    document = conversation.ask(method="GET", url=f"{API}/openapi.json").json()
    described = {one["get"]["operationId"]: path for path, one in document["paths"].items()}
    if name not in described:
        assert conversation.ask(method="GET", url=f"{API}/{name}").status_code == HTTPStatus.NOT_FOUND
        return
    operation = schemathesis.openapi.from_dict(document)[described[name]]["GET"]

    @ASKED
    @given(case=operation.as_strategy(mode))
    def ask(case: Case) -> None:
        assume("" not in (case.query or {}).values())
        asked = case.as_transport_kwargs(base_url="http://test" + API)
        answer = conversation.ask(**{name: asked[name] for name in ("method", "url", "params", "headers")})
        if answer.status_code != HTTPStatus.REQUEST_URI_TOO_LONG:
            case.validate_response(answer)

    ask()
