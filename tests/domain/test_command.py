from __future__ import annotations

from reeld.domain.command import PutOff, told


def test_what_is_put_off_is_named_with_its_reason() -> None:
    put_off = [
        PutOff("hdbits", "search-movie", "It did not answer in time."),
        PutOff("Quick", "poll-feed", ""),
    ]
    assert told(put_off) == (
        "hdbits cannot be asked now, and is asked again by itself: It did not answer in time."
        " Quick cannot be asked now, and is asked again by itself."
    )
    assert told([]) is None


def test_a_command_fails_without_what_only_one_service_can_do() -> None:
    assert PutOff("tmdb", "refresh-movie", "").is_failure
    assert PutOff("importer", "rename-files", "").is_failure
    assert not PutOff("torznab:1", "poll-recent", "").is_failure
