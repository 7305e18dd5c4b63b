from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.errors import ProtocolViolation
from reeld.services.qbittorrent import (
    Phase,
    PreferenceProblem,
    Preferences,
    TrackerState,
    problems_of,
)
from reeld.services.qbittorrent._reading import FileRow, TrackerRow, to_files, to_trackers
from reeld.services.qbittorrent._status import PHASES, TorrentRow

HASH = "AB" * 20


def status(**changes: Any) -> Any:
    row = {"hash": HASH, "save_path": "/dl", "content_path": "/dl/movie"} | changes
    return msgspec.convert(row, TorrentRow).to_status()


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("error", Phase.FAILED),
        ("missingFiles", Phase.MISSING_FILES),
        ("metaDL", Phase.STALLED),
        ("forcedMetaDL", Phase.STALLED),
        ("queuedDL", Phase.QUEUED),
        ("allocating", Phase.DOWNLOADING),
        ("downloading", Phase.DOWNLOADING),
        ("forcedDL", Phase.DOWNLOADING),
        ("stalledDL", Phase.STALLED),
        ("pausedDL", Phase.PAUSED),
        ("stoppedDL", Phase.PAUSED),
        ("checkingDL", Phase.CHECKING),
        ("checkingUP", Phase.CHECKING),
        ("checkingResumeData", Phase.CHECKING),
        ("moving", Phase.MOVING),
        ("uploading", Phase.SEEDING),
        ("stalledUP", Phase.SEEDING),
        ("queuedUP", Phase.SEEDING),
        ("forcedUP", Phase.SEEDING),
        ("pausedUP", Phase.FINISHED),
        ("stoppedUP", Phase.FINISHED),
        ("unknown", Phase.UNKNOWN),
        ("somethingOfTomorrow", Phase.UNKNOWN),
    ],
)
def test_each_state_has_a_phase(state: str, phase: Phase) -> None:
    assert status(state=state).phase is phase


@given(
    st.sampled_from([*PHASES, "unknown"]),
    st.sampled_from([0.0, 0.5, 0.9999, 1.0]),
    st.sampled_from([0, 1]),
)
def test_complete_is_only_what_is_whole_checked_and_at_rest(
    state: str, progress: float, left: int
) -> None:
    complete = status(state=state, progress=progress, amount_left=left).is_complete
    at_rest = state in {"uploading", "stalledUP", "queuedUP", "forcedUP", "pausedUP", "stoppedUP"}
    assert complete == (at_rest and progress == 1.0 and left == 0)


@pytest.mark.parametrize(
    ("content_path", "told"),
    [
        ("/dl/movie", True),
        ("/incomplete/movie", True),
        ("movie.mkv", False),
        ("", False),
        ("/elsewhere/movie", False),
        ("/dl/../etc", False),
        ("/dlx/movie", False),
    ],
)
def test_a_content_path_is_told_only_where_it_can_be_right(content_path: str, told: bool) -> None:
    found = status(content_path=content_path, download_path="/incomplete")
    assert (found.content_path == content_path) is told or (found.content_path is None and not told)


def test_signs_for_unknown_and_endless_become_none() -> None:
    found = status(eta=8640000, ratio=-1, max_ratio=-1, max_seeding_time=-1, completion_on=-1)
    assert (found.eta_seconds, found.ratio, found.max_ratio, found.max_seeding_minutes) == (
        None,
    ) * 4
    assert found.completed_at is None
    assert status(eta=2**70).eta_seconds is None
    assert status(eta=60).eta_seconds == 60
    assert status(added_on=10**15).added_at is None


def test_hashes_are_lower_case_and_every_one_of_them_names_the_torrent() -> None:
    found = status(infohash_v1=HASH, infohash_v2="CD" * 32)
    assert found.id == HASH.lower()
    assert found.infohashes == (HASH.lower(), "cd" * 32)
    for name in (HASH.lower(), "cd" * 32, "cd" * 20):
        assert found.is_called(frozenset({name}))
    assert not found.is_called(frozenset({"ef" * 20}))


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({"ratio": 2.0, "max_ratio": 1.0}, True),
        ({"ratio": 0.5, "max_ratio": 1.0}, False),
        ({"ratio": -1, "max_ratio": 1.0}, True),
        ({"ratio": 9.0, "max_ratio": -1}, False),
        ({"seeding_time": 3600, "max_seeding_time": 60}, True),
        ({"seeding_time": 3599, "max_seeding_time": 60}, False),
    ],
)
def test_a_seed_goal_is_met_by_ratio_or_by_time(changes: dict[str, Any], met: bool) -> None:
    done = {"state": "stalledUP", "progress": 1.0, "amount_left": 0}
    assert status(**done, **changes).seed_goal_met is met
    assert not status(**changes).seed_goal_met


def test_files_lose_the_suffix_of_incomplete_ones_and_count_themselves_where_need_be() -> None:
    files = to_files([FileRow("a/b.mkv.!qB", 5), FileRow("a/c.txt", 1, 1.0, 0)])
    assert [(file.index, str(file.path), file.incomplete, file.wanted) for file in files] == [
        (0, "a/b.mkv", True, True),
        (1, "a/c.txt", False, False),
    ]


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "a//b", "", "a\0b"])
def test_a_file_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ProtocolViolation, match="not imported") as caught:
        to_files([FileRow(name, 5)])
    assert caught.value.reason == "unsafe_file_name"


def test_trackers_lose_their_key_and_their_sticky_rows() -> None:
    rows = [
        TrackerRow("** [DHT] **", 2),
        TrackerRow("https://t.example:443/KEY/announce", 4, "Unregistered torrent"),
        TrackerRow("udp://u.example/KEY", 99),
    ]
    trackers = to_trackers(rows)
    assert [(one.host, one.state, one.message) for one in trackers] == [
        ("t.example", TrackerState.NOT_WORKING, "Unregistered torrent"),
        ("u.example", TrackerState.NOT_WORKING, ""),
    ]
    assert "KEY" not in repr(trackers)


@pytest.mark.parametrize(
    ("preferences", "problem"),
    [
        (Preferences(), None),
        (Preferences(max_ratio_act=0, max_ratio_enabled=True), None),
        (Preferences(max_ratio_act=2, max_ratio_enabled=True), None),
        (Preferences(max_ratio_act=1), PreferenceProblem.WOULD_REMOVE),
        (Preferences(max_ratio_act=1, max_ratio_enabled=True), PreferenceProblem.REMOVES_TORRENTS),
        (
            Preferences(max_ratio_act=3, max_seeding_time_enabled=True),
            PreferenceProblem.REMOVES_FILES,
        ),
    ],
)
def test_settings_that_would_spoil_the_work_are_named(
    preferences: Preferences, problem: PreferenceProblem | None
) -> None:
    warnings = problems_of(preferences)
    assert [one.problem for one in warnings] == ([problem] if problem else [])
    assert all("Stop torrent" in one.sentence for one in warnings)
