from __future__ import annotations

import pytest

from reeld.domain.acquisition import FailureReason
from reeld.domain.history import Event, EventKind, HistoryKind
from reeld.domain.parting import InClient, Parting
from reeld.domain.reactions import work_after
from reeld.domain.work import Priority, Queue, WorkKind
from tests.domain.test_reactions import NOW


@pytest.mark.parametrize("in_client", InClient)
@pytest.mark.parametrize("blocklist", [False, True])
def test_an_order_survives_its_row(in_client: InClient, *, blocklist: bool) -> None:
    parting = Parting(in_client, blocklist=blocklist, again=False)
    work = parting.work(9)
    assert Parting.of_work(work.args) == parting
    assert (work.queue, work.kind, work.unique_key) == (
        Queue.DECISION,
        WorkKind.LET_GO,
        "acquisition:9",
    )
    assert work.priority is Priority.PERSON_WAITS


@pytest.mark.parametrize(
    ("parting", "reason", "kind"),
    [
        (Parting(), FailureReason.DISCARDED, HistoryKind.DOWNLOAD_FAILED),
        (Parting(InClient.LEFT), FailureReason.IGNORED, HistoryKind.DOWNLOAD_IGNORED),
        (Parting(InClient.MARKED), FailureReason.IGNORED, HistoryKind.DOWNLOAD_IGNORED),
        (
            Parting(InClient.LEFT, blocklist=True),
            FailureReason.REMOVED_BY_USER,
            HistoryKind.DOWNLOAD_FAILED,
        ),
    ],
)
def test_only_a_blocked_release_is_blamed(
    parting: Parting, reason: FailureReason, kind: HistoryKind
) -> None:
    assert (parting.reason, parting.history) == (reason, kind)
    assert parting.reason.blames_release is parting.blocklist


def test_the_sentence_says_what_became_of_the_torrent_and_of_the_movie() -> None:
    assert Parting().sentence == (
        "Somebody removed the download. The movie rests until its next search."
    )
    left = Parting(InClient.LEFT, blocklist=True, again=False).sentence
    assert "leave the torrent to qBittorrent" in left
    assert left.endswith("The release is blocked, and the movie rests until its next search.")


@pytest.mark.parametrize(
    ("payload", "decided"),
    [
        ({"reason": "removed_by_user"}, True),
        ({"reason": "removed_by_user", "again": False}, False),
        ({"reason": "ignored"}, False),
    ],
)
def test_nothing_else_is_looked_for_when_a_person_says_so(
    payload: dict[str, object], *, decided: bool
) -> None:
    event = Event(1, EventKind.DOWNLOAD_FAILED, {"movie_id": 3, **payload}, NOW)
    assert bool(work_after(event)) is decided
