"""Profiles as other programs write them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.custom_format import CustomFormat, from_radarr
from reeld.domain.profile import (
    InvalidProfile,
    ProfileItem,
    QualityProfile,
    default_profiles,
    items_from_json,
    items_to_json,
    profile_from_radarr,
    profile_to_radarr,
)
from reeld.domain.quality import Quality


def custom_format(number: int, name: str, **more: Any) -> CustomFormat:
    condition = {
        "name": "condition",
        "implementation": "SourceSpecification",
        "fields": {"value": 7},
    }
    return from_radarr({"name": name, "specifications": [condition], **more}, format_id=number)


FORMATS = (
    custom_format(1, "HDR", trash_id="aa", trash_scores={"default": 500, "strict": 100}),
    custom_format(2, "Bad group", trash_id="bb", trash_scores={"default": -10000}),
    custom_format(3, "Own"),
)

TRASH: dict[str, Any] = {
    "trash_id": "cc",
    "name": "Ultra HD",
    "trash_score_set": "strict",
    "upgradeAllowed": True,
    "cutoff": "WEB 2160p",
    "minFormatScore": 0,
    "cutoffFormatScore": 10000,
    "minUpgradeFormatScore": 1,
    "language": "Original",
    "items": [
        {"name": "Bluray-2160p", "allowed": True},
        {"name": "WEB 2160p", "allowed": True, "items": ["WEBRip-2160p", "WEBDL-2160p"]},
        {"name": "Remux-2160p", "allowed": False},
    ],
    "formatItems": {"HDR": "aa", "Bad group": "bb"},
}


def radarr(**changes: Any) -> dict[str, Any]:
    profile = replace(default_profiles()["HD-1080p"], format_scores={3: 7})
    return {**profile_to_radarr(profile, FORMATS), **changes}


@pytest.mark.parametrize("name", default_profiles())
def test_a_profile_goes_through_radarrs_document_unharmed(name: str) -> None:
    profile = replace(default_profiles()[name], language="French", format_scores={1: 5, 2: -5})
    document = json.loads(json.dumps(profile_to_radarr(profile, FORMATS)))
    assert profile_from_radarr(document, FORMATS) == profile


def test_radarrs_document_lists_every_quality_and_every_format() -> None:
    document = radarr()
    qualities = [
        each["quality"]["id"] for item in document["items"] for each in item["items"] or [item]
    ]
    assert sorted(qualities) == sorted(quality.number for quality in Quality)
    assert document["formatItems"] == [
        {"format": 1, "name": "HDR", "score": 0},
        {"format": 2, "name": "Bad group", "score": 0},
        {"format": 3, "name": "Own", "score": 7},
    ]
    assert document["cutoff"] == 7
    assert document["language"] == {"id": -2, "name": "Original"}


def test_a_cutoff_may_be_a_group() -> None:
    read = profile_from_radarr(radarr(cutoff=1002, upgradeAllowed=True), FORMATS)
    assert read.cutoff.label == "WEB 1080p"
    assert profile_to_radarr(read, FORMATS)["cutoff"] == 1002
    assert read.meets_cutoff(Quality.WEBRIP_1080P)
    assert not read.meets_cutoff(Quality.HDTV_1080P)


def test_formats_go_by_their_name_since_the_number_is_another_radarrs() -> None:
    items = [{"format": 77, "name": "Own", "score": 5}, {"format": 3, "name": "Other", "score": 0}]
    assert profile_from_radarr(radarr(formatItems=items), FORMATS).format_scores == {3: 5}


def test_a_profile_of_the_trash_guides_has_the_best_first_and_the_scores_of_its_set() -> None:
    read = profile_from_radarr(TRASH, FORMATS)
    best = [item.label for item in read.items[-3:]]
    assert best == ["Remux-2160p", "WEB 2160p", "Bluray-2160p"]
    assert sum(len(item.qualities) for item in read.items) == len(Quality)
    assert read.cutoff == ProfileItem(
        (Quality.WEBRIP_2160P, Quality.WEBDL_2160P), True, "WEB 2160p", 1000
    )
    assert read.format_scores == {1: 100, 2: -10000}
    assert read.language == "original"


def test_a_profile_of_the_trash_guides_without_a_set_has_the_default_scores() -> None:
    without = {key: value for key, value in TRASH.items() if key != "trash_score_set"}
    assert profile_from_radarr(without, FORMATS).format_scores == {1: 500, 2: -10000}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"items": None}, "items"),
        ({"items": [5]}, "items[0]"),
        ({"items": [{"allowed": 1}]}, "items[0].allowed"),
        ({"items": [{"quality": {"id": 999}}]}, "items[0].quality.id"),
        ({"items": [{"quality": {"id": "7"}}]}, "items[0].quality.id"),
        ({"items": [{"items": [{"quality": {"id": 7}}]}]}, "items[0].name"),
        ({"items": []}, "items"),
        ({"cutoff": 999}, "cutoff"),
        ({"cutoff": 1}, "cutoff"),
        ({"cutoff": "Best"}, "cutoff"),
        ({"cutoff": None}, "cutoff"),
        ({"upgradeAllowed": "yes"}, "upgradeAllowed"),
        ({"minFormatScore": 1.5}, "minFormatScore"),
        ({"cutoffFormatScore": 2**40}, "cutoffFormatScore"),
        ({"language": {"id": 999}}, "language.id"),
        ({"language": "Klingon"}, "language"),
        ({"formatItems": 5}, "formatItems"),
        ({"formatItems": [5]}, "formatItems[0]"),
        ({"formatItems": [{"name": "Gone", "score": 5}]}, "formatItems[0].name"),
        ({"formatItems": [{"name": "Own", "score": "5"}]}, "formatItems[0].score"),
        ({"formatItems": {"Gone": "dd"}}, "formatItems.Gone"),
    ],
)
def test_a_wrong_document_names_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidProfile) as caught:
        profile_from_radarr(radarr(**changes), FORMATS)
    assert caught.value.field == field


def test_a_quality_that_stands_twice_is_refused() -> None:
    items = radarr()["items"]
    with pytest.raises(InvalidProfile, match="listed twice"):
        profile_from_radarr(radarr(items=[*items, items[0]]), FORMATS)


@pytest.mark.parametrize("name", default_profiles())
def test_items_come_back_from_their_json(name: str) -> None:
    items = default_profiles()[name].items
    assert items_from_json(json.loads(json.dumps(items_to_json(items)))) == items


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "items"),
        ([5], "items[0]"),
        ([{"allowed": True}], "items[0].qualities"),
        ([{"qualities": []}], "items[0].qualities"),
        ([{"qualities": ["Best"]}], "items[0].qualities[0]"),
        ([{"qualities": ["DVD", "SDTV"]}], "items[0].name"),
        ([{"qualities": ["DVD", "SDTV"], "name": "Old", "id": 5}], "items[0].id"),
        ([{"qualities": ["DVD"], "allowed": None}], "items[0].allowed"),
    ],
)
def test_wrong_items_name_the_field(document: Any, field: str) -> None:
    with pytest.raises(InvalidProfile) as caught:
        items_from_json(document)
    assert caught.value.field == field


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "items", "quality", "allowed"]), inner)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(radarr())), JSON), st.booleans())
def test_any_document_is_read_or_refused(changes: dict[str, Any], is_trash: bool) -> None:
    base = TRASH if is_trash else radarr()
    try:
        read = profile_from_radarr({**base, **changes}, FORMATS)
    except InvalidProfile:
        return
    assert isinstance(read, QualityProfile)
