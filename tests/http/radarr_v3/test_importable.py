"""What Radarr's clients are told of the files of a download."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reeld.domain.acquisition import Acquisition, AcquisitionState, DownloadedFile, FailureReason
from reeld.domain.custom_format import FormatMatch
from reeld.domain.parsing import parse_release_name
from reeld.domain.release import IndexerFlag, Release, Source
from reeld.http.radarr_v3._importable import import_records

TITLE = "Charade.1963.German.1080p.BluRay.x264-GROUP"
MOVIE = {"id": 7, "originalLanguage": {"id": 1}}
DOWNLOAD = Acquisition(
    id=3,
    movie_id=7,
    release_id=5,
    state=AcquisitionState.COMPLETE,
    infohash="ab" * 20,
    save_path="/downloads",
    files=(
        DownloadedFile("Charade/one.mkv", 10),
        DownloadedFile("Charade/two.MP4", 20),
        DownloadedFile("Charade/read me.txt", 1),
    ),
    formats=(FormatMatch(4, "Liked"),),
    format_score=20,
    release_group="GROUP",
)


def records(download: Acquisition, imported: str | None = None) -> list[dict[str, Any]]:
    release = Release(
        id=5,
        source=Source.HDBITS,
        indexer="hdbits",
        guid="g",
        title=TITLE,
        flags=IndexerFlag(33),
    )
    return import_records(download, release, parse_release_name(TITLE), MOVIE, imported)


def test_every_video_is_a_record_with_what_was_grabbed() -> None:
    one, two = records(DOWNLOAD)
    assert (one["path"], one["relativePath"]) == ("/downloads/Charade/one.mkv", "Charade/one.mkv")
    assert (two["folderName"], two["name"], two["size"]) == ("Charade", "two", 20)
    assert one["quality"]["quality"]["name"] == "Bluray-1080p"
    assert [each["name"] for each in one["languages"]] == ["German"]
    assert [each["name"] for each in one["customFormats"]] == ["Liked"]
    assert (one["customFormatScore"], one["indexerFlags"]) == (20, 33)
    assert (one["releaseGroup"], one["downloadId"]) == ("GROUP", "AB" * 20)
    assert one["rejections"] == []


def test_numbers_of_files_differ_and_stay() -> None:
    one, two = (each["id"] for each in records(DOWNLOAD))
    assert one != two
    assert [one, two] == [each["id"] for each in records(DOWNLOAD)]
    assert one not in {each["id"] for each in records(replace(DOWNLOAD, id=4))}
    assert all(0 <= each < 2**31 for each in (one, two))


@pytest.mark.parametrize("path", ["/etc/movie.mkv", "../movie.mkv", "a/../../movie.mkv"])
def test_a_path_that_leaves_the_download_is_not_shown(path: str) -> None:
    assert records(replace(DOWNLOAD, files=(DownloadedFile(path, 1),))) == []


def test_a_note_rejects_for_now_while_it_waits_and_for_good_once_it_failed() -> None:
    waits = replace(DOWNLOAD, note="The disk is full.")
    failed = replace(
        waits,
        state=AcquisitionState.FAILED,
        failure=FailureReason.WRONG_CONTENT,
        note="Two videos.",
    )
    assert records(waits)[0]["rejections"] == [{"reason": "The disk is full.", "type": "temporary"}]
    assert records(failed)[0]["rejections"] == [{"reason": "Two videos.", "type": "permanent"}]


def test_of_an_imported_download_only_the_file_that_went_is_told_as_imported() -> None:
    done = replace(DOWNLOAD, state=AcquisitionState.IMPORTED)
    one, two = records(done, imported="/mnt/here/Charade/two.MP4")
    assert two["rejections"] == [{"reason": "Movie file already imported", "type": "permanent"}]
    assert one["rejections"] == [
        {"reason": "Another file of this download was imported", "type": "permanent"}
    ]
