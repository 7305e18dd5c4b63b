from __future__ import annotations

import pytest

from reeld.domain.delay import NO_DELAY, DelayProfile, InvalidDelay, Protocol, delay_for


def test_the_first_profile_whose_tags_fit_counts() -> None:
    last = DelayProfile(1)
    kids = DelayProfile(2, place=2, tags=frozenset({7}))
    old = DelayProfile(3, place=1, tags=frozenset({8, 9}))
    profiles = [last, kids, old]
    assert delay_for(profiles, {7, 9}) is old
    assert delay_for(profiles, {7}) is kids
    assert delay_for(profiles, {1}) is last
    assert delay_for(profiles, ()) is last


def test_without_any_profile_nothing_waits() -> None:
    assert delay_for([], {1}) is NO_DELAY
    assert not NO_DELAY.delay(Protocol.TORRENT)
    assert NO_DELAY.enables(Protocol.TORRENT)


@pytest.mark.parametrize("minutes", [-1, 365 * 24 * 60 + 1])
@pytest.mark.parametrize("field", ["usenet_delay_minutes", "torrent_delay_minutes"])
def test_minutes_that_cannot_be_are_refused_by_their_field(field: str, minutes: int) -> None:
    with pytest.raises(InvalidDelay) as error:
        DelayProfile(**{field: minutes})
    assert error.value.field == field


def test_each_protocol_has_a_delay_of_its_own() -> None:
    profile = DelayProfile(enable_usenet=False, usenet_delay_minutes=5, torrent_delay_minutes=90)
    assert profile.delay(Protocol.USENET).total_seconds() == 300
    assert profile.delay(Protocol.TORRENT).total_seconds() == 5400
    assert not profile.enables(Protocol.USENET)
