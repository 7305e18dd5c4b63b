from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reeld.actors.qbit._watching import (
    LONGEST_GAP_SECONDS,
    RESTART_SECONDS,
    Finding,
    News,
    Wanted,
    Watch,
)
from reeld.domain.acquisition import FailureReason
from reeld.services.qbittorrent import Phase, TorrentStatus

HASH = "a" * 40
HOUR = 3600.0


def status(phase: Phase = Phase.DOWNLOADING, **changes: Any) -> TorrentStatus:
    values: dict[str, Any] = {
        "id": HASH,
        "infohashes": (),
        "name": "x",
        "phase": phase,
        "raw_state": str(phase),
        "progress": 0.5,
        "size": 100,
        "amount_left": 50,
        "downloaded": 50,
        "uploaded": 0,
        "download_speed": 0,
        "upload_speed": 0,
        "eta_seconds": None,
        "ratio": 0.0,
        "max_ratio": None,
        "max_seeding_minutes": None,
        "seeding_seconds": 0,
        "seeds": 0,
        "peers": 0,
        "category": "reeld",
        "tags": (),
        "save_path": "/d",
        "content_path": None,
        "auto_managed": False,
        "added_at": None,
        "completed_at": None,
    }
    return TorrentStatus(**{**values, **changes})


WANTED = {1: Wanted(HASH)}


class Looks:
    """Looks again and again, as the actor does: until the next call, at what the last one saw."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.now: float | None = None
        self.listed: tuple[TorrentStatus, ...] = ()

    def __call__(self, now: float, *listed: TorrentStatus) -> Finding:
        while self.now is not None and self.now + LONGEST_GAP_SECONDS < now:
            self.now += LONGEST_GAP_SECONDS
            self.watch.look(WANTED, self.listed, self.now)
        self.now, self.listed = now, listed
        return self.watch.look(WANTED, listed, now)[0]


@pytest.fixture
def look() -> Any:
    return Looks(Watch(6 * HOUR))


def test_a_torrent_that_is_not_listed_is_missing(look: Any) -> None:
    assert look(0.0).news is News.MISSING
    assert look(1.0, status(id="b" * 40)).news is News.MISSING


def test_a_torrent_is_found_under_any_of_its_hashes(look: Any) -> None:
    hybrid = status(id="b" * 40, infohashes=(HASH, "c" * 64))
    assert look(0.0, hybrid).news is News.PROGRESS


def test_a_complete_torrent_is_complete_whatever_was_before(look: Any) -> None:
    look(0.0, status(Phase.FAILED))
    done = status(Phase.SEEDING, progress=1.0, amount_left=0)
    assert look(99 * HOUR, done).news is News.COMPLETE


@pytest.mark.parametrize("phase", [Phase.SEEDING, Phase.FINISHED])
def test_a_torrent_with_bytes_left_is_not_complete(look: Any, phase: Phase) -> None:
    assert look(0.0, status(phase, progress=1.0, amount_left=1)).news is News.PROGRESS


@pytest.mark.parametrize("phase", [Phase.DOWNLOADING, Phase.STALLED, Phase.UNKNOWN])
def test_a_download_without_a_new_byte_fails_in_the_end(look: Any, phase: Phase) -> None:
    look(0.0, status(phase))
    assert look(5 * HOUR, status(phase, downloaded=51)).news is News.PROGRESS
    assert look(10.9 * HOUR, status(phase, downloaded=51)).news is News.PROGRESS
    found = look(11 * HOUR, status(phase, downloaded=51))
    assert (found.news, found.failure) == (News.FAILED, FailureReason.STALLED)
    assert "6.0 hours" in found.sentence


@pytest.mark.parametrize("phase", [Phase.PAUSED, Phase.QUEUED, Phase.CHECKING, Phase.MOVING])
def test_time_in_which_nothing_is_expected_is_no_stall(look: Any, phase: Phase) -> None:
    look(0.0, status())
    assert look(100 * HOUR, status(phase)).news is News.PROGRESS
    assert look(105 * HOUR, status()).news is News.PROGRESS
    assert look(110.9 * HOUR, status()).news is News.PROGRESS
    assert look(111.1 * HOUR, status()).news is News.FAILED


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.MISSING_FILES])
def test_an_error_is_told_and_tried_again_each_minute_for_as_long_as_it_lasts(
    look: Any, phase: Phase
) -> None:
    first = look(0.0, status(phase))
    assert (first.news, first.is_new, first.to_be_started) == (News.PROGRESS, True, False)
    assert "?" in first.sentence
    assert not look(RESTART_SECONDS - 1, status(phase)).to_be_started
    again = look(RESTART_SECONDS, status(phase))
    assert (again.to_be_started, again.is_new) == (True, False)
    assert not look(RESTART_SECONDS + 1, status(phase)).to_be_started
    later = look(100 * HOUR, status(phase))
    assert (later.news, later.failure) == (News.PROGRESS, None)


def test_a_stall_behind_an_error_begins_when_the_error_passes(look: Any) -> None:
    look(0.0, status(Phase.FAILED))
    look(50 * HOUR, status(Phase.FAILED))
    recovered = look(50.1 * HOUR, status())
    assert (recovered.news, recovered.is_new, recovered.sentence) == (News.PROGRESS, True, "")
    assert look(55.9 * HOUR, status()).news is News.PROGRESS
    assert look(56.1 * HOUR, status()).news is News.FAILED


def test_what_is_not_wanted_any_more_is_forgotten() -> None:
    watch = Watch(HOUR)
    watch.look(WANTED, [status()], 0.0)
    watch.look({}, [status()], 1.0)
    (found,) = watch.look(WANTED, [status()], 2 * HOUR)
    assert found.news is News.PROGRESS


def test_a_changed_patience_counts_at_once() -> None:
    watch = Watch(6 * HOUR)
    watch.look(WANTED, [status()], 0.0)
    watch.stalled_seconds = 10.0
    (found,) = watch.look(WANTED, [replace(status())], 11.0)
    assert found.news is News.FAILED
    assert "10 seconds" in found.sentence


def test_a_stall_goes_on_after_a_restart_where_its_row_stood() -> None:
    known = {1: Wanted(HASH, downloaded=50, still_seconds=5.9 * HOUR)}
    restarted = Looks(Watch(6 * HOUR))
    restarted.watch.look(known, [status()], 0.0)
    assert restarted(0.05 * HOUR, status()).news is News.PROGRESS
    assert restarted(0.2 * HOUR, status()).news is News.FAILED


def test_bytes_that_came_while_nobody_looked_end_a_stall() -> None:
    known = {1: Wanted(HASH, downloaded=40, still_seconds=5.9 * HOUR)}
    (found,) = Watch(6 * HOUR).look(known, [status()], 0.0)
    assert (found.news, found.still_seconds) == (News.PROGRESS, 0.0)


def test_time_in_which_nobody_could_look_is_no_stall() -> None:
    watch = Watch(6 * HOUR)
    watch.look(WANTED, [status()], 0.0)
    (found,) = watch.look(WANTED, [status()], 20 * HOUR)
    assert (found.news, found.still_seconds) == (News.PROGRESS, LONGEST_GAP_SECONDS)
