from __future__ import annotations

import pytest

from reeld.cli.exportarr import queue_status
from reeld.domain.acquisition import AcquisitionState as State


@pytest.mark.parametrize(
    ("state", "word", "said"),
    [
        (State.INTENT, None, ("queued", "ok", "downloading")),
        (State.SENT, "queuedDL", ("queued", "ok", "downloading")),
        (State.DOWNLOADING, "downloading", ("downloading", "ok", "downloading")),
        (State.DOWNLOADING, "stoppedDL", ("paused", "ok", "downloading")),
        (State.DOWNLOADING, "stalledDL", ("warning", "warning", "downloading")),
        (State.DOWNLOADING, "missingFiles", ("warning", "warning", "downloading")),
        (State.DOWNLOADING, "a word of tomorrow", ("downloading", "ok", "downloading")),
        (State.COMPLETE, "stalledUP", ("completed", "ok", "importPending")),
    ],
)
def test_a_download_is_called_what_radarr_calls_it(
    state: State, word: str | None, said: tuple[str, str, str]
) -> None:
    assert queue_status(state, word) == said
