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


def test_who_holds_up_many_is_named_once_and_of_many_some_are() -> None:
    same = [PutOff("hdbits", "search-movie", words) for words in ("", "It is slow.", "It is late.")]
    assert told(same) == "hdbits cannot be asked now, and is asked again by itself: It is slow."
    many = told([PutOff(f"feed {number}", "poll-feed", "") for number in range(13)])
    assert many is not None
    assert many.count("cannot be asked now") == 10
    assert many.endswith("So it is with 3 more.")


def test_a_command_fails_without_what_only_one_service_can_do() -> None:
    assert PutOff("tmdb", "refresh-movie", "").is_failure
    assert PutOff("importer", "rename-files", "").is_failure
    assert not PutOff("torznab:1", "poll-recent", "").is_failure
