"""From the root to an answer by one family alone, zone by zone, as a resolver without the other family would have to go.

What lies above a zone is asked for with names no longer than needed (RFC 9156), so that root, vn and gov.vn are asked the same
few questions by every target, and the run's memory answers them after the first.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ipv6check.addressing import Address, is_usable, parse_addresses
from ipv6check.facts import (
    NO_GLUE,
    UNRESOLVED,
    Answer,
    AuthorityTries,
    DnsTry,
    Family,
    Iteration,
    ZoneStep,
    family_of,
    is_within,
)
from ipv6check.net.api import Net
from ipv6check.scales import Scales
from ipv6check.tries import wants_try

DEPTH: Final = 6
"""Names of name servers within names of name servers, and aliases, followed at most."""

STEPS: Final = 32
SERVERS: Final = 13
ADDRESSES: Final = 4
NAMES: Final = 500
"""Names of servers resolved in one pass: zones that lean on each other would lead round and round without a packet sent."""


NO_ADDRESS: Final = "no-address"
SPECIAL: Final = "special"
LOOP: Final = "loop"

ROOT_SERVERS: Final = "root servers"


@dataclass(frozen=True, slots=True)
class Cut:
    """A zone as its parent told it: its servers' names and the addresses that came along with them.

    `doubtful` is the question whose answer told so, where nobody can be asked and that was not heard often enough to be true.
    """

    zone: str
    hosts: tuple[str, ...]
    glue: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    doubtful: tuple[AuthorityTries, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A server's usable addresses, or why it has none; `broken` is the iteration that its name was lost on."""

    addresses: tuple[Address, ...] = ()
    why: str = ""
    broken: Iteration | None = None


class Iterator:
    """Resolves from the root by one family, in one pass over a target: `earlier` are the iterations of the pass before."""

    def __init__(self, net: Net, scales: Scales, earlier: Sequence[Iteration] = (), family: Family = 6) -> None:
        self._net = net
        self._scales = scales
        self._family = family
        self._type = "AAAA" if family == 6 else "A"
        self._earlier = {_key(asked): asked for past in earlier for step in past.steps for asked in step.asked}
        self._known = dict(self._earlier)
        self._resolved: dict[str, tuple[Address, ...]] = {}
        self._names_left = NAMES

    async def resolve(self, name: str, rdtype: str, above: tuple[str, ...] = ()) -> Iteration:
        """Resolve one question; the zone that could not be passed stands in `broken`. `above` are the names it is asked for."""
        cut, count = self._root(), 1
        steps: list[ZoneStep] = []
        iteration = Iteration(name=name, type=rdtype, family=self._family)
        while len(steps) < STEPS:
            question = ".".join(name.split(".")[-count:])
            is_last = question == name
            step, answer = await self._ask_zone(cut, question, rdtype if is_last else "NS", above)
            steps.append(step)
            iteration = replace(iteration, steps=tuple(steps))
            if answer is None:
                if is_last or cut.zone == "." or not any(asked.zone == cut.zone for asked in step.asked):
                    return replace(iteration, broken=cut.zone)
                count = name.count(".") + 1  # who cannot be asked what lies between may still know the name (RFC 9156 2.3)
                continue
            below = self._below(answer, step) or (None if is_last else await self._served_here(answer, question, step))
            if below is not None:
                cut, count = below, min(name.count(".") + 1, below.zone.count(".") + 2)
            elif is_last:
                return await self._end(iteration, answer, cut.zone, above)
            else:  # no zone begins here; what denies a name above the question may still know the question
                count = name.count(".") + 1 if answer.rcode == "NXDOMAIN" else count + 1
        return replace(iteration, broken=cut.zone)

    def _root(self) -> Cut:
        addresses = tuple(address for address in self._net.root_servers if family_of(address) == self._family)
        return Cut(".", (ROOT_SERVERS,), {ROOT_SERVERS: addresses})

    def _below(self, answer: Answer, step: ZoneStep) -> Cut | None:
        """The zone that a referral leads down to."""
        if not answer.referral or answer.authoritative:
            return None
        nowhere = [asked for asked in step.asked if (said := self._good(asked)) is not None and _leads_nowhere(said, asked)]
        doubtful = (
            [asked for asked in nowhere if is_doubtful(asked, self._scales)] if len(nowhere) < self._scales.definitive else []
        )
        return Cut(answer.referral, answer.referral_servers, _glue(answer, step.zone), tuple(doubtful))

    async def _served_here(self, answer: Answer, zone: str, step: ZoneStep) -> Cut | None:
        """The zone below, where the servers of this one serve it too and answer in place of referring: they know its hosts."""
        if not answer.records or answer.aliases:
            return None
        hosts, glue = answer.names[:SERVERS], _glue(answer, zone)
        for host in hosts:
            if is_within(host, zone) and host not in glue:
                told = self._good(await self._try(step.zone, step.asked[-1].host, step.asked[-1].server, host, self._type))
                glue[host] = told.addresses if told is not None else ()
        return Cut(zone, hosts, glue)

    async def _end(self, iteration: Iteration, answer: Answer, zone: str, above: tuple[str, ...]) -> Iteration:
        """The end of the way, or the way on to where an alias leads: what servers say of other zones is not believed."""
        outside = next((n for n, alias in enumerate(answer.aliases) if not is_within(alias, zone)), len(answer.aliases))
        aliases = answer.aliases[: outside + 1]
        ended = replace(iteration, rcode=answer.rcode, records=answer.records, aliases=aliases)
        is_whole = outside == len(answer.aliases) and bool(answer.records)
        if not aliases or is_whole or len(above) >= DEPTH:
            return ended
        further = await self.resolve(aliases[-1], iteration.type, (*above, iteration.name))
        return replace(
            ended,
            steps=(*ended.steps, *further.steps),
            rcode=further.rcode,
            records=further.records,
            aliases=(*ended.aliases, *further.aliases),
            broken=further.broken,
        )

    async def _ask_zone(self, cut: Cut, question: str, rdtype: str, above: tuple[str, ...]) -> tuple[ZoneStep, Answer | None]:
        """Ask the first server of a zone, and when it fails the others, until one gives an answer or a referral to go on with.

        A pass is one round; the next goes on with what no server answered. Where all that is said is a referral to nobody who
        could be asked, that is the answer.
        """
        servers: list[tuple[str, Address]] = []
        step = ZoneStep(zone=cut.zone)
        for host in cut.hosts[:SERVERS]:
            found = await self._addresses(host, cut, above)
            servers += [(host, address) for address in found.addresses]
            if not found.addresses:
                via = (f"{host}: {found.broken.broken}",) if found.broken else ()
                behind = found.broken.steps[-1].asked if found.broken and found.broken.steps else ()
                step = replace(
                    step,
                    unusable=(*step.unusable, (host, found.why)),
                    via=(*step.via, *via),
                    asked=(*step.asked, *behind),
                )
        nowhere: list[tuple[AuthorityTries, Answer]] = []
        for _, server in servers:
            known = self._known.get((cut.zone, question, rdtype, server))
            if known is not None and (answer := self._good(known)) is not None:
                if not _leads_nowhere(answer, known):
                    return _answered(step, (), known), answer
                nowhere.append((known, answer))
        if len(nowhere) >= self._scales.definitive:  # settled in an earlier pass
            return _answered(step, tuple(known for known, _ in nowhere), nowhere[-1][0]), nowhere[-1][1]
        asked: tuple[AuthorityTries, ...] = ()
        for some in (servers[:1], servers[1:]):
            some = (
                some[:1] if any(self._good(tried) is not None for tried in asked) else some
            )  # it led nowhere: does another say so?
            asked += tuple(await asyncio.gather(*(self._try(cut.zone, *server, question, rdtype) for server in some)))
            for tried in asked:
                if (answer := self._good(tried)) is not None and not _leads_nowhere(answer, tried):
                    return _answered(step, asked, tried), answer
        for tried in sorted(asked, key=lambda tried: len(tried.tries), reverse=True):
            if (answer := self._good(tried)) is not None:
                return _answered(step, asked, tried), answer
        asked += (*step.asked, *cut.doubtful)
        return replace(step, asked=asked, rounds=max((len(a.tries) for a in asked), default=1)), None

    async def _try(self, zone: str, host: str, server: Address, question: str, rdtype: str) -> AuthorityTries:
        asked = AuthorityTries(host=host, server=server, name=question, type=rdtype, purpose="iteration", zone=zone)
        asked = self._known.get(_key(asked), asked)
        is_of_this_pass = asked is not self._earlier.get(_key(asked))
        is_wanted = wants_try(self._scales.referral(asked)) or wants_better(asked, self._scales)
        if asked.tries and (is_of_this_pass or not is_wanted):
            return asked
        tried = await self._net.ask(server, question, rdtype, host="" if host == ROOT_SERVERS else host, again=len(asked.tries))
        asked = replace(asked, tries=(*asked.tries, without_message(tried)))
        self._known[_key(asked)] = asked
        return asked

    def _good(self, asked: AuthorityTries) -> Answer | None:
        """The answer of a server that answered as it should."""
        good = (t.answer for t in reversed(asked.tries) if self._scales.referral(replace(asked, tries=(t,))).is_up)
        return next((answer for answer in good if answer is not None), None)

    async def _addresses(self, host: str, cut: Cut, above: tuple[str, ...]) -> Found:
        """A server's addresses of this family: from the glue, or where its name is outside the zone by resolving it too."""
        is_inside = is_within(host, cut.zone) and cut.zone != "."
        glue = tuple(address for address in cut.glue.get(host, ()) if family_of(address) == self._family)
        if not glue and not is_inside and host != ROOT_SERVERS:
            if host not in self._resolved:
                iteration = await self._resolve_server(host, above)
                if iteration.broken:
                    return Found(why=UNRESOLVED, broken=iteration)
                self._resolved[host] = Answer(rcode=iteration.rcode, records=iteration.records).addresses
            glue = self._resolved[host]
        usable = tuple(address for address in glue if is_usable(address))[:ADDRESSES]
        return Found(usable, "" if usable else SPECIAL if glue else NO_GLUE if is_inside else NO_ADDRESS)

    async def _resolve_server(self, host: str, above: tuple[str, ...]) -> Iteration:
        """Resolve a server's name, unless that leads in a circle, too deep or too far."""
        if host in above or len(above) >= DEPTH or self._names_left <= 0:
            return Iteration(name=host, type=self._type, broken=LOOP)
        self._names_left -= 1
        await asyncio.sleep(0)  # where all is known nothing waits, and others shall have their turn
        return await self.resolve(host, self._type, (*above, host))


def is_doubtful(asked: AuthorityTries, scales: Scales) -> bool:
    """Whether a server referred to nobody who could be asked, and was not heard to say so as often as it takes to believe it.

    One referral may lack the glue that the next has.
    """
    answers = [tried.answer for tried in asked.tries if tried.answer is not None]
    return 0 < len(answers) < scales.definitive and _leads_nowhere(answers[-1], asked)


def wants_better(asked: AuthorityTries, scales: Scales) -> bool:
    """Whether to ask once more for a referral that leads on: after one try more than it takes, silence has had its chance."""
    return is_doubtful(asked, scales) and len(asked.tries) <= scales.definitive


def _leads_nowhere(answer: Answer, asked: AuthorityTries) -> bool:
    """Whether a referral names nobody who can be asked by this family: servers in the zone below, without glue of any use."""
    if not answer.referral or answer.authoritative:
        return False
    glue, family = _glue(answer, asked.zone), family_of(asked.server)
    told = {host: [a for a in glue.get(host, ()) if family_of(a) == family] for host in answer.referral_servers[:SERVERS]}
    return not any(any(map(is_usable, own)) if own else not is_within(host, answer.referral) for host, own in told.items())


def _answered(step: ZoneStep, asked: tuple[AuthorityTries, ...], tried: AuthorityTries) -> ZoneStep:
    """The step with the question that was answered last."""
    others = tuple(other for other in asked if other is not tried)
    return replace(step, asked=(*others, tried), rounds=len(tried.tries), is_answered=True)


def _glue(answer: Answer, bailiwick: str) -> dict[str, tuple[Address, ...]]:
    """The addresses that came along, of names the answering zone may speak for."""
    glue: dict[str, list[str]] = {}
    for host, text in answer.glue:
        if is_within(host, bailiwick):
            glue.setdefault(host, []).append(text)
    return {host: parse_addresses(texts) for host, texts in glue.items()}


def _key(asked: AuthorityTries) -> tuple[str, str, str, Address]:
    return asked.zone, asked.name, asked.type, asked.server


def without_message(tried: DnsTry) -> DnsTry:
    """A try without the message as it came: what many targets share is stored by each, and the outcome is enough."""
    answer = tried.answer
    return tried if answer is None else replace(tried, answer=replace(answer, wire=""))
