"""Since when a finding stands, and whether it is confirmed: said beside it on the scorecard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile, islice, takewhile

from ipv6check.changes import LEVEL, Standing
from ipv6check.reports.history import state_of
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech
from ipv6check.reports.nights import UNKNOWN
from ipv6check.reports.past import Night, Past
from ipv6check.rules import words
from ipv6check.score import Card, Level


@dataclass(frozen=True, slots=True)
class Note:
    """A few words on how long something stands; `is_open` where it is not confirmed yet."""

    text: str
    is_open: bool = False


def notes(card: Card, past: Past, run_id: str, speech: Speech) -> dict[str, Note]:
    """The notes on a card, by check for what asks for action, and under `LEVEL` for the level.

    A level that rests on a finding that is not confirmed is not confirmed either.
    """
    standings, nights = past.standings.get(card.target.domain, {}), past.levels.get(card.target.domain, ())
    shown = {id_: verdict.outcome.value for id_, verdict in card.verdicts.items() if words.needs_action(verdict)}
    started = past.started()
    found = {id_: _note(standings[id_], outcome, started, run_id, speech) for id_, outcome in shown.items() if id_ in standings}
    open_ = (note for id_ in card.score.level.missing if (note := found.get(id_)) and note.is_open)
    found[LEVEL] = next(open_, None) or _level_note(card.score.level, standings.get(LEVEL), nights, speech)
    return {id_: note for id_, note in found.items() if note is not None}


def _level_note(level: Level, standing: Standing | None, nights: Sequence[Night], speech: Speech) -> Note | None:
    """By the nights themselves, for a standing may know more of the level than a night says; nights that say nothing are passed
    over."""
    if standing and standing.suspect == level.mark != standing.outcome:
        return Note(_unconfirmed(standing, speech), is_open=True)
    known = [(at, state) for at, _, *state in nights if tuple(state) != UNKNOWN]
    same = list(takewhile(lambda night: night[1] == [level.number, level.is_minimum], reversed(known)))
    if not same or len(known) == 1:
        return None
    on = speech.date(same[-1][0])
    if len(same) < len(known):
        return Note(speech.gettext("since %(date)s", date=on))
    return Note(speech.gettext("since %(date)s or earlier", date=on))


def _note(standing: Standing, outcome: str, started: Mapping[str, datetime], run_id: str, speech: Speech) -> Note | None:
    if standing.suspect == outcome != standing.outcome:
        return Note(_unconfirmed(standing, speech), is_open=True)
    if standing.outcome != outcome or standing.since not in started:
        return None
    on = speech.date(started[standing.since])
    if standing.flips:
        return Note(speech.gettext("since %(date)s", date=on))
    return Note(speech.gettext("since %(date)s or earlier", date=on)) if standing.since != run_id else None


def _unconfirmed(standing: Standing, speech: Speech) -> str:
    if standing.sightings <= 1:
        return speech.gettext("not confirmed: seen once")
    return speech.gettext(
        "not confirmed: seen %(n)s times since %(date)s", n=standing.sightings, date=speech.date(standing.suspect_at)
    )


def moved_level(domain: str, past: Past, speech: Speech) -> str:
    """That a domain's level moved with the rules, from what to what, where it still stands as they left it; else ""."""
    standing = past.standings.get(domain, {}).get(LEVEL)
    change = past.moved.get((domain, standing.since)) if standing else None
    if change is None:
        return ""
    new, old = islice(dropwhile(lambda run: run.id != change.run_id, past.runs), 2)
    return speech.gettext(
        "The level moved from %(before)s to %(after)s on %(date)s, when the rules changed (%(old)s to %(new)s);"
        " that is not counted as a change of the site.",
        before=state_of(LEVEL, change.before, speech.code),
        after=state_of(LEVEL, change.after, speech.code),
        date=speech.date(new.started_at),
        old=for_terminal(old.rules_version),
        new=for_terminal(new.rules_version),
    )
