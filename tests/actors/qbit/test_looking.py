from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reeld.actors.qbit import DOWNLOAD_STATES
from reeld.actors.qbit._looking import state_of
from reeld.domain.acquisition import AcquisitionState as State
from reeld.storage.repositories.downloads import Download


def download(state: State, word: str | None) -> Download:
    return Download(
        id=1,
        movie_id=1,
        movie_title="Sintel",
        movie_year=2010,
        release_title="Sintel.2010",
        indexer="hdbits",
        state=state,
        infohash="a" * 40,
        size=1,
        progress=0.0,
        downloaded=0,
        speed=0,
        eta_seconds=None,
        client_state=word,
        save_path=None,
        note="",
        created_at=datetime.now(UTC),
    )


@pytest.mark.parametrize(
    ("state", "word", "shown"),
    [
        (State.INTENT, None, "intent"),
        (State.SENT, "queuedDL", "sent"),
        (State.DOWNLOADING, "downloading", "downloading"),
        (State.DOWNLOADING, "stalledDL", "stalled"),
        (State.SENT, "error", "error"),
        (State.DOWNLOADING, "missingFiles", "error"),
        (State.DOWNLOADING, "a word of tomorrow", "downloading"),
        # The client's word is of the past once the download is complete.
        (State.COMPLETE, "stalledDL", "complete"),
    ],
)
def test_a_download_that_stands_still_is_told_apart(
    state: State, word: str | None, shown: str
) -> None:
    assert state_of(download(state, word)) == shown
    assert shown in DOWNLOAD_STATES
