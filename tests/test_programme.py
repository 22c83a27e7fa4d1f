"""The line to a goal, the measured curve, and what the trend says of the date."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ipv6check.programme import Goal, ProgrammeError, course, load, measured

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
GOAL = Goal.model_validate(
    {
        "id": "half",
        "title": {"vi": "Một nửa", "en": "Half"},
        "level": 3,
        "milestones": [{"date": date(2026, 1, 1), "share": 0}, {"date": date(2027, 1, 1), "share": 1}],
    }
)


def test_the_shipped_goals_can_be_read() -> None:
    assert [(goal.id, goal.level, goal.milestones[-1].date) for goal in load()] == [
        ("dual-stack", 3, date(2025, 12, 31)),
        ("ipv6-only", 4, date(2030, 12, 31)),
    ]
    assert not any(goal.confirmed for goal in load())


@pytest.mark.parametrize(
    ("on", "share"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), 0),
        (date(2026, 7, 2), 182 / 365),
        (date(2027, 1, 1), 1),
        (date(2030, 1, 1), 1),
    ],
)
def test_the_line_between_milestones(on: date, share: float | None) -> None:
    assert GOAL.target(on) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("levels", "share", "at_most", "coverage"),
    [
        ({"3": 1, "1": 1}, 0.5, 0.5, 1.0),
        ({"4": 1, "3+": 1, "2+": 1, "0": 1}, 0.5, 0.75, 1.0),
        ({"3": 1, "nm": 3}, 1.0, 1.0, 0.25),
        ({"nm": 3}, None, None, 0.0),
        ({}, None, None, 0.0),
    ],
)
def test_what_is_not_measured_is_neither_good_nor_bad(
    levels: dict[str, int], share: float | None, at_most: float | None, coverage: float
) -> None:
    point = measured(NOW, levels, 3)
    assert (point.share, point.share_at_most, point.coverage) == (share, at_most, coverage)


def series(shares: list[float]) -> list[tuple[datetime, dict[str, int]]]:
    start = NOW - timedelta(days=len(shares) - 1)
    return [(start + timedelta(days=n), {"3": round(1000 * s), "1": 1000 - round(1000 * s)}) for n, s in enumerate(shares)]


def test_a_steady_rise_is_drawn_on() -> None:
    found = course(GOAL, series([0.1 + 0.01 * day for day in range(41)]))
    assert found.share == pytest.approx(0.5)
    assert found.reached_on == NOW.date() + timedelta(days=50)
    assert found.is_on_course is False


@pytest.mark.parametrize("shares", [[0.5] * 40, [0.9 - 0.01 * day for day in range(40)], [0.1, 0.2], [0.1]])
def test_without_a_rise_or_a_trend_there_is_no_date(shares: list[float]) -> None:
    assert course(GOAL, series(shares)).reached_on is None


def test_a_goal_that_is_reached_says_when() -> None:
    found = course(GOAL, series([0.5, 1.0, 1.0]))
    assert found.reached_on == NOW.date() - timedelta(days=1)
    assert found.is_on_course is True


@pytest.mark.parametrize(("levels", "on_course"), [({"3": 9, "1": 1}, True), ({"1": 10}, False), ({"3": 5, "2+": 5}, None)])
def test_what_is_open_may_be_on_course(levels: dict[str, int], on_course: bool | None) -> None:
    assert course(GOAL, [(NOW, levels)]).target == pytest.approx(324 / 365)
    assert course(GOAL, [(NOW, levels)]).is_on_course is on_course


def test_nothing_measured_is_no_course() -> None:
    found = course(GOAL, [(NOW, {"nm": 5})])
    assert (found.share, found.is_on_course, found.reached_on) == (None, None, None)
    assert course(GOAL, []).target is None


def test_a_night_on_which_we_were_blind_is_no_fall() -> None:
    """The last night without IPv6 of our own says nothing, and neither bends the trend nor ends it."""
    nights = series([0.1 + 0.01 * day for day in range(41)])
    blind = {nights[10][0], nights[-1][0]}
    darkened = [(at, {"0+": 1000} if at in blind else levels) for at, levels in nights]
    found = course(GOAL, darkened, blind)
    assert [point.is_blind for point in found.curve].count(True) == 2
    assert found.share == pytest.approx(0.49)
    assert found.target == GOAL.target(NOW.date() - timedelta(days=1)), "the day that was seen is held against its own target"
    assert found.reached_on == NOW.date() + timedelta(days=50)


def test_where_we_were_always_blind_something_may_be_known() -> None:
    """The names without AAAA are known even so; there is no trend."""
    nights = [(NOW - timedelta(days=back), {"0": 6, "0+": 4}) for back in range(30, 0, -1)]
    found = course(GOAL, nights, {at for at, _ in nights})
    assert (found.share, found.is_on_course, found.reached_on) == (0, False, None)
    assert found.seen == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no"),
        ("[[goal]]\nid = 'x'", "title"),
        ("goal = 3", "goal"),
        ("[[goal]", "line 1"),
        ("[[goal]]\nid='x'\nlevel=9\ntitle={vi='a',en='b'}\nmilestones=[]", "level"),
        (
            "[[goal]]\nid='x'\nlevel=3\ntitle={vi='a',en='b'}\n"
            "milestones=[{date=2027-01-01,share=1.0},{date=2026-01-01,share=0.0}]",
            "order",
        ),
        (
            "[[goal]]\nid='x'\nlevel=3\ntitle={vi='a'}\nmilestones=[{date=2026-01-01,share=0.0},{date=2027-01-01,share=1.0}]",
            "vi and en",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProgrammeError, match=message):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgrammeError, match=r"none\.toml"):
        load(tmp_path / "none.toml")
