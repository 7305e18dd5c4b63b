from __future__ import annotations

import pytest

from reeld.domain.custom_format import FormatMatch
from reeld.domain.profile import InvalidProfile, ProfileItem, QualityProfile, default_profiles
from reeld.domain.quality import Quality

PROFILES = default_profiles()


def test_the_six_default_profiles_come_in_their_order() -> None:
    assert list(PROFILES) == ["Any", "SD", "HD-720p", "HD-1080p", "Ultra-HD", "HD - 720p/1080p"]


@pytest.mark.parametrize("name", PROFILES)
def test_a_default_profile_lists_every_quality_once(name: str) -> None:
    listed = [quality for item in PROFILES[name].items for quality in item.qualities]
    assert sorted(listed, key=lambda q: q.number) == sorted(Quality, key=lambda q: q.number)


def test_any_refuses_only_what_is_unknown_and_raw() -> None:
    refused = {quality for quality in Quality if not PROFILES["Any"].allows(quality)}
    assert refused == {Quality.UNKNOWN, Quality.RAW_HD}


def test_full_hd_wants_no_smaller_and_no_larger_picture() -> None:
    profile = PROFILES["HD-1080p"]
    assert profile.allows(Quality.WEBRIP_1080P)
    assert not profile.allows(Quality.WEBDL_720P)
    assert not profile.allows(Quality.REMUX_2160P)


def test_the_members_of_a_group_are_equally_good() -> None:
    profile = PROFILES["Any"]
    assert profile.rank(Quality.WEBDL_720P) == profile.rank(Quality.WEBRIP_720P)
    assert profile.rank(Quality.BLURAY_720P) > profile.rank(Quality.WEBRIP_720P)


def test_with_upgrades_the_cutoff_decides_what_is_good_enough() -> None:
    profile = default_profiles(upgrades_allowed=True)["HD-1080p"]
    assert not profile.meets_cutoff(Quality.WEBDL_1080P)
    assert profile.meets_cutoff(Quality.BLURAY_1080P)
    assert profile.meets_cutoff(Quality.REMUX_1080P)


def test_without_upgrades_whatever_is_allowed_is_good_enough() -> None:
    assert PROFILES["HD-1080p"].meets_cutoff(Quality.HDTV_1080P)


def test_a_quality_that_the_profile_lacks_ranks_below_all() -> None:
    profile = QualityProfile("one", (ProfileItem((Quality.DVD,)),), Quality.DVD)
    assert profile.rank(Quality.SDTV) == -1
    assert not profile.allows(Quality.SDTV)


@pytest.mark.parametrize(
    ("items", "cutoff", "field"),
    [
        ((), Quality.DVD, "items"),
        ((ProfileItem((Quality.DVD,), allowed=False),), Quality.DVD, "items"),
        ((ProfileItem(()),), Quality.DVD, "items"),
        ((ProfileItem((Quality.DVD,)), ProfileItem((Quality.DVD,))), Quality.DVD, "items"),
        ((ProfileItem((Quality.DVD,)),), Quality.SDTV, "cutoff"),
    ],
)
def test_a_profile_that_contradicts_itself_names_the_field(items, cutoff, field) -> None:
    with pytest.raises(InvalidProfile) as caught:
        QualityProfile("wrong", items, cutoff)
    assert caught.value.field == field
    assert caught.value.sentence.startswith(f"{field}: ")


WEB = ProfileItem((Quality.WEBDL_720P, Quality.WEBRIP_720P), True, "WEB", 1000)
ITEMS = (ProfileItem((Quality.DVD,)), WEB, ProfileItem((Quality.BLURAY_720P,)))


def test_the_cutoff_may_be_a_group() -> None:
    profile = QualityProfile("own", ITEMS, WEB, upgrades_allowed=True)
    assert profile.cutoff.label == "WEB"
    assert not profile.meets_cutoff(Quality.DVD)
    assert profile.meets_cutoff(Quality.WEBRIP_720P)


def test_the_score_is_the_sum_of_the_points_of_the_formats() -> None:
    profile = QualityProfile("own", ITEMS, WEB, format_scores={1: 10, 2: -3})
    matches = [FormatMatch(1, "a"), FormatMatch(2, "b"), FormatMatch(3, "without points")]
    assert profile.score(matches) == 7
    assert profile.score([]) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cutoff": ProfileItem((Quality.SDTV,), True, "Other", 1001)}, "cutoff"),
        ({"cutoff": ProfileItem(WEB.qualities, True, "Renamed", 1000)}, "cutoff"),
        ({"min_upgrade_format_score": 0}, "min_upgrade_format_score"),
        ({"reputation_weight": -1}, "reputation_weight"),
        ({"language": "Klingon"}, "language"),
        ({"items": (*ITEMS, ProfileItem((Quality.SDTV,), True, "WEB", 1001))}, "items"),
    ],
)
def test_a_number_out_of_its_range_names_the_field(changes, field) -> None:
    with pytest.raises(InvalidProfile) as caught:
        QualityProfile(**{"name": "own", "items": ITEMS, "cutoff": Quality.DVD, **changes})
    assert caught.value.field == field
