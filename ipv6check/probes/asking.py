"""Questions to a zone's own servers, asked again as long as it takes to know."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from ipv6check.addressing import Address
from ipv6check.facts import Answer, AuthorityTries, NameserverFacts
from ipv6check.net.api import Net, Variant
from ipv6check.scales import Scales
from ipv6check.tries import Weighing, wants_try

Weigh = Callable[[AuthorityTries], Weighing]


def answering_servers(facts: NameserverFacts, scales: Scales) -> list[tuple[str, Address]]:
    """The server addresses that gave a good SOA over UDP, as (host, address)."""
    return [
        (host.name, asked.server)
        for host in facts.hosts
        for asked in host.soa
        if asked.transport == "udp" and scales.soa(asked).is_up
    ]


def questions(
    servers: Iterable[tuple[str, Address]],
    name: str,
    rdtype: str,
    *,
    transport: Literal["udp", "tcp"] = "udp",
    purpose: str = "",
) -> list[AuthorityTries]:
    """The same question to each of some servers, not asked yet."""
    return [
        AuthorityTries(host=host, server=server, name=name, type=rdtype, transport=transport, purpose=purpose)
        for host, server in servers
    ]


async def ask_all(
    wanted: Sequence[AuthorityTries], earlier: Sequence[AuthorityTries], net: Net, weigh: Weigh, scales: Scales
) -> tuple[AuthorityTries, ...]:
    """Ask what is wanted, each continued from an earlier pass, unless it is settled."""
    known, doubted = {_key(asked): asked for asked in earlier}, {_key(asked) for asked in doubtful(earlier, scales)}

    async def ask(asked: AuthorityTries) -> AuthorityTries:
        asked = known.get(_key(asked), asked)
        is_wanted = not asked.tries or wants_try(weigh(asked)) or _key(asked) in doubted
        return await _ask(asked, net) if is_wanted else asked

    return tuple(await asyncio.gather(*(ask(asked) for asked in wanted)))


def doubtful(asked: Sequence[AuthorityTries], scales: Scales) -> list[AuthorityTries]:
    """The questions whose only answer is doubtful, is not what is expected of it, or is not what other servers say."""
    said: dict[tuple[str, str, str], set[tuple[str, ...]]] = {}
    for question in asked:
        for answer in _answers(question):
            said.setdefault(_subject(question), set()).add(_data(answer))
    return [
        question
        for question in asked
        if scales.is_doubtful_once(question.tries)
        or (
            0 < len(_answers(question)) < scales.definitive
            and (len(said[_subject(question)]) > 1 or any(_is_odd(question, answer) for answer in _answers(question)))
        )
    ]


def _subject(asked: AuthorityTries) -> tuple[str, str, str]:
    return asked.name, asked.type, asked.purpose


def _answers(asked: AuthorityTries) -> list[Answer]:
    return [tried.answer for tried in asked.tries if tried.answer is not None]


def _data(answer: Answer) -> tuple[str, ...]:
    """What an answer says, in an order of its own."""
    return (answer.rcode, str(answer.signed), *sorted(text.lower() for text in (*answer.records, *answer.aliases)))


def _is_odd(asked: AuthorityTries, answer: Answer) -> bool:
    """Whether an answer would be held against the server: EDNS 1 accepted, a stranger served, a bad signature."""
    if any(signature.verifies is False or signature.expiration < asked.tries[-1].end for signature in answer.signatures):
        return True
    if asked.purpose == "edns":
        return answer.rcode != "BADVERS"
    return asked.purpose == "recursion" and bool(answer.records)


async def _ask(asked: AuthorityTries, net: Net) -> AuthorityTries:
    tried = await net.ask(
        asked.server,
        asked.name,
        asked.type,
        transport=asked.transport,
        host=asked.host,
        again=len(asked.tries),
        variant=VARIANTS.get(asked.purpose, ""),
    )
    return replace(asked, tries=(*asked.tries, tried))


def _key(asked: AuthorityTries) -> tuple[object, ...]:
    return asked.server, asked.name, asked.type, asked.transport, asked.purpose


VARIANTS: dict[str, Variant] = {"edns": "edns-1", "recursion": "recursion"}
"""The purposes whose questions are not like others."""
