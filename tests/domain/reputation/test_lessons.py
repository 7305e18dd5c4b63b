"""What an event teaches about a group."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reeld.domain.acquisition import FailureReason
from reeld.domain.history import Event, EventKind
from reeld.domain.reputation import EvidenceKind, evidence_after

NOW = datetime(2024, 5, 1, tzinfo=UTC)
IMPORTED = EventKind.MOVIE_IMPORTED
FIRST = {"real": 0, "version": 1, "is_repack": False}
PROPER = {"real": 0, "version": 2, "is_repack": False}
REPACK = {"real": 0, "version": 2, "is_repack": True}


def learned(kind: EventKind, **payload: object) -> list[tuple[EvidenceKind, int]]:
    event = Event(7, kind, {"movie_id": 3, "acquisition_id": 9, **payload}, NOW)
    found = evidence_after(event)
    assert all(each.at == NOW for each in found)
    return [(each.kind, each.acquisition_id) for each in found]


def imported(quality: str = "Bluray-1080p", **payload: object) -> list[tuple[EvidenceKind, int]]:
    return learned(IMPORTED, quality=quality, **{"promised": quality, **payload})


def old(quality: str = "Bluray-1080p", revision: dict[str, Any] = FIRST) -> dict[str, object]:
    return {"acquisition_id": 5, "quality": quality, "revision": revision}


def test_a_release_that_was_sent_and_came_whole_is_told() -> None:
    assert learned(EventKind.MOVIE_GRABBED) == [(EvidenceKind.GRABBED, 9)]
    assert learned(EventKind.DOWNLOAD_COMPLETED) == [(EvidenceKind.COMPLETED, 9)]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("stalled", EvidenceKind.STALLED),
        ("torrent_unavailable", EvidenceKind.FAILED),
        ("wrong_content", EvidenceKind.WRONG_CONTENT),
        ("sample_only", EvidenceKind.WRONG_CONTENT),
        ("dangerous_file", EvidenceKind.WRONG_CONTENT),
    ],
)
def test_a_failure_is_what_its_reason_says(reason: str, kind: EvidenceKind) -> None:
    assert learned(EventKind.DOWNLOAD_FAILED, reason=reason) == [(kind, 9)]


@pytest.mark.parametrize(
    "reason",
    [reason for reason in FailureReason if not reason.blames_release]
    + [FailureReason.REMOVED_BY_USER, FailureReason.CLIENT_REFUSED, FailureReason.TORRENT_TAKEN],
)
def test_nobody_is_blamed_for_what_a_person_or_the_client_did(reason: FailureReason) -> None:
    assert learned(EventKind.DOWNLOAD_FAILED, reason=str(reason)) == []


def test_a_picture_with_fewer_lines_than_named_is_a_fake_refused_or_imported() -> None:
    refused = learned(
        EventKind.DOWNLOAD_FAILED, reason="wrong_content", cause="worse_than_promised"
    )
    assert refused == [(EvidenceKind.FAKE_QUALITY, 9)]
    assert imported("Bluray-480p", promised="Bluray-1080p") == [(EvidenceKind.FAKE_QUALITY, 9)]
    assert imported("Bluray-1080p", promised="Bluray-720p") == [(EvidenceKind.KEPT, 9)]


def test_a_file_that_came_in_is_kept_until_something_else_is_heard() -> None:
    assert imported() == [(EvidenceKind.KEPT, 9)]
    assert learned(IMPORTED, path="/a", link="copy") == [(EvidenceKind.KEPT, 9)]


def test_a_better_revision_of_the_same_quality_blames_the_one_before() -> None:
    proper = imported(revision=PROPER, replaced=old())
    assert proper == [(EvidenceKind.KEPT, 9), (EvidenceKind.REPLACED_BY_PROPER, 5)]
    repack = imported(revision=REPACK, replaced=old())
    assert repack == [(EvidenceKind.KEPT, 9), (EvidenceKind.REPLACED_BY_REPACK, 5)]


@pytest.mark.parametrize(
    "replaced",
    [
        old("Bluray-720p"),
        old(revision=PROPER),
        old() | {"acquisition_id": None},
        None,
    ],
    ids=["a better quality", "the same revision", "a file of a person", "nothing"],
)
def test_an_ordinary_replacement_blames_nobody(replaced: object) -> None:
    assert imported(revision=PROPER, replaced=replaced) == [(EvidenceKind.KEPT, 9)]


def test_other_events_and_those_of_older_versions_teach_nothing() -> None:
    assert learned(EventKind.MOVIE_ADDED) == []
    assert evidence_after(Event(1, IMPORTED, {"movie_id": 7}, NOW)) == ()
