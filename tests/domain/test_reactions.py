from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reeld.domain.history import Event, EventKind
from reeld.domain.reactions import work_after
from reeld.domain.work import Queue, WorkKind

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def event(kind: EventKind, number: int = 7, **payload: object) -> Event:
    return Event(number, kind, payload, NOW)


def kinds(*events: Event) -> list[tuple[Queue, WorkKind]]:
    return [(work.queue, work.kind) for one in events for work in work_after(one)]


def discarded(work: WorkKind, **args: object) -> Event:
    return Event(7, EventKind.WORK_DISCARDED, {"kind": str(work), "args": args}, NOW)


def test_an_added_movie_is_refreshed_searched_and_looked_for_among_what_came_before() -> None:
    assert kinds(event(EventKind.MOVIE_ADDED, movie_id=3)) == [
        (Queue.TMDB, WorkKind.REFRESH_MOVIE),
        (Queue.HDBITS, WorkKind.SEARCH_MOVIE),
        (Queue.INDEXERS, WorkKind.SEARCH_MOVIE),
        (Queue.DECISION, WorkKind.MATCH_MOVIE),
    ]


def test_an_added_movie_that_is_not_to_be_searched_is_only_refreshed() -> None:
    added = event(EventKind.MOVIE_ADDED, movie_id=3, search=False)
    assert kinds(added) == [(Queue.TMDB, WorkKind.REFRESH_MOVIE)]


def test_found_releases_are_matched() -> None:
    (work,) = work_after(event(EventKind.RELEASES_FOUND, release_ids=[1, 2], source="rss"))
    assert (work.queue, work.kind) == (Queue.DECISION, WorkKind.MATCH_RELEASES)
    assert work.args == {"release_ids": [1, 2]}


def test_two_findings_are_two_pieces_of_work() -> None:
    first, second = (
        work_after(event(EventKind.RELEASES_FOUND, number, release_ids=[1])) for number in (7, 8)
    )
    assert first[0].unique_key != second[0].unique_key


def test_a_complete_download_is_imported() -> None:
    (work,) = work_after(event(EventKind.DOWNLOAD_COMPLETED, movie_id=3, acquisition_id=9))
    assert (work.queue, work.kind) == (Queue.IMPORTER, WorkKind.IMPORT)
    assert work.args == {"acquisition_id": 9}


def test_a_failed_download_makes_the_movie_be_decided_again() -> None:
    (work,) = work_after(
        event(EventKind.DOWNLOAD_FAILED, movie_id=3, acquisition_id=9, reason="stalled")
    )
    assert (work.queue, work.kind) == (Queue.DECISION, WorkKind.DECIDE_MOVIE)


def test_what_a_person_discarded_is_given_up_and_not_decided_again_at_once() -> None:
    for kind in (WorkKind.FETCH_TORRENT, WorkKind.ADD_TORRENT, WorkKind.IMPORT):
        (work,) = work_after(discarded(kind, acquisition_id=9))
        assert (work.queue, work.kind) == (Queue.DECISION, WorkKind.ABANDON)
        assert work.args == {"acquisition_id": 9, "kind": kind}
    for other in (WorkKind.MARK_IMPORTED, WorkKind.REFRESH_MOVIE):
        assert kinds(discarded(other)) == []
    failed = event(EventKind.DOWNLOAD_FAILED, movie_id=3, acquisition_id=9, reason="discarded")
    assert kinds(failed) == []


def test_every_request_carries_a_key_so_that_a_repeated_event_is_harmless() -> None:
    about = {"acquisition_id": 9}
    payload = {"movie_id": 3, "release_ids": [1], "reason": "stalled", "kind": "import"}
    payload |= about | {"args": about}
    for kind in EventKind:
        for work in work_after(Event(1, kind, payload, NOW)):
            assert work.unique_key


def test_an_event_without_its_payload_is_a_fault() -> None:
    with pytest.raises(KeyError):
        work_after(event(EventKind.MOVIE_ADDED))
