"""How one thing on the network went, in two or three words."""

from dataclasses import dataclass

from ipv6check.model import Failure
from ipv6check.reports.language import Speech
from ipv6check.rules.words import term


@dataclass(frozen=True, slots=True)
class State:
    """How one thing went: `key` is `good`, `bad` or `unseen`, for the style sheet and the symbol."""

    key: str
    text: str


def failed(failure: Failure | None, speech: Speech) -> State:
    """The state of a try that failed; what failed for our own sake tells nothing of the other side."""
    if failure is None:
        return State("unseen", speech.gettext("not tried"))
    return State("unseen" if failure.is_ours else "bad", term("failure", failure.kind.value, speech.code))
