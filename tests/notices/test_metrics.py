"""A run's figures, as Prometheus reads them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ipv6check.config import Settings
from ipv6check.notices.metrics import as_text, figures, write
from ipv6check.store import Archive, StorageError
from tests.factories import Site
from tests.notices.nights import BLIND, DEAD, FALLING, LIST, OTHER, STEADY, Seen, renamed

Nights = Callable[..., str]
Figures = dict[tuple[str, ...], float]


def read_as_prometheus(archive: Archive, run_id: str | None = None) -> Figures:
    """Each figure by its name and the values of its labels."""
    families = text_string_to_metric_families(as_text(figures(archive, run_id)))
    return {
        (sample.name.removeprefix("ipv6check_"), *sample.labels.values()): sample.value
        for f in families
        for sample in f.samples
    }


def test_domains_levels_and_outcomes_are_counted(archive: Archive, nights: Nights) -> None:
    nights(Seen(), Seen({FALLING: DEAD, OTHER: Site(v6=())}), Seen({FALLING: DEAD, OTHER: Site(v6=())}))
    seen = read_as_prometheus(archive)
    assert seen["domains", "planned"] == seen["domains", "finished"] == 3
    assert (seen["judged_domains", "measured"], seen["judged_domains", "not_measured"]) == (3, 0)
    assert [seen["check_outcomes", "REACH-04", outcome] for outcome in ("pass", "warn", "fail", "n/a", "nm")] == [1, 0, 1, 1, 0]
    assert [seen["levels", "false", f"L{n}"] + seen["levels", "true", f"L{n}"] for n in range(5)] == [1, 1, 0, 1, 0]
    assert (seen["changes", "lost"], seen["changes", "recovered"]) == (4, 0)  # a check and the level of each
    assert ("changes", "rules") not in seen


def test_the_canaries_state_is_told(archive: Archive, nights: Nights) -> None:
    nights(Seen(), BLIND)
    good, blind = (read_as_prometheus(archive, run_id) for run_id in ("night-00", "night-01"))
    assert (good["vantage_state", "OPS-01", "pass"], good["vantage_state", "OPS-01", "fail"]) == (1, 0)
    assert (blind["vantage_state", "OPS-01", "pass"], blind["vantage_state", "OPS-01", "fail"]) == (0, 1)
    assert not [key for key in good if key[0] == "check_outcomes" and key[1].startswith("OPS")]


@pytest.mark.parametrize(
    "bad", [BLIND, Seen(is_complete=False), Seen(is_partial=True)], ids=["no IPv6", "incomplete", "partial"]
)
def test_a_night_that_was_no_success_leaves_the_last_one(archive: Archive, nights: Nights, bad: Seen) -> None:
    nights(Seen(), bad)
    ended = archive.run("night-00").finished_at
    assert ended
    assert read_as_prometheus(archive)["last_success_timestamp_seconds",] == ended.timestamp()
    assert read_as_prometheus(archive)["run_started_timestamp_seconds",] == archive.run("night-01").started_at.timestamp()


def test_without_a_success_there_is_no_time_of_one(archive: Archive, nights: Nights) -> None:
    nights(BLIND)
    assert ("last_success_timestamp_seconds",) not in read_as_prometheus(archive)


def test_how_long_it_took_is_told_once_it_is_over(archive: Archive, nights: Nights) -> None:
    nights(Seen(), Seen(is_complete=False))
    done = archive.run("night-00")
    assert done.finished_at
    seconds = (done.finished_at - done.started_at).total_seconds()
    assert read_as_prometheus(archive, "night-00")["run_duration_seconds",] == seconds
    assert ("run_duration_seconds",) not in read_as_prometheus(archive)


def test_no_figure_names_a_domain_or_an_agency_and_demonstrations_are_left_out(archive: Archive, nights: Nights) -> None:
    demo = replace(OTHER, services=("portal", "demo"))
    nights(Seen(), targets=(STEADY, FALLING, demo))
    text = as_text(figures(archive))
    assert not [target for target in LIST if target.domain in text or target.agency in text]
    assert read_as_prometheus(archive)["judged_domains", "measured"] == 2


def test_the_file_is_put_in_its_place_whole(archive: Archive, nights: Nights, tmp_path: Path) -> None:
    nights(Seen())
    path = tmp_path / "ipv6check.prom"
    path.write_text("old")
    write(figures(archive), path)
    assert path.read_text() == as_text(figures(archive))
    assert not [found for found in tmp_path.iterdir() if found.name.startswith("ipv6check.prom.")]
    with pytest.raises(OSError, match="No such file"):
        write(figures(archive), tmp_path / "not-there" / "ipv6check.prom")


def test_no_run_is_an_error_of_storage(archive: Archive) -> None:
    with pytest.raises(StorageError):
        figures(archive)


def test_a_hostile_name_of_the_vantage_stays_a_label(
    archive: Archive, nights: Nights, settings: Callable[..., Settings]
) -> None:
    nights(Seen(), targets=(renamed(STEADY, 'x"} 1\nipv6check_levels 9'),))
    assert "ipv6check_levels 9" not in as_text(figures(archive))
