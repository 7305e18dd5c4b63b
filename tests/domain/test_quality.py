from __future__ import annotations

import pytest

from reeld.domain.quality import Modifier, Quality, QualitySource, Revision


def test_there_are_thirty_qualities_with_their_own_numbers_and_labels() -> None:
    assert len(Quality) == 30
    assert len({quality.number for quality in Quality}) == 30
    assert len({quality.label for quality in Quality}) == 30


def test_qualities_are_listed_by_weight() -> None:
    weights = [quality.weight for quality in Quality]
    assert weights == sorted(weights)


def test_a_web_download_and_a_web_rip_weigh_the_same() -> None:
    assert Quality.WEBDL_1080P.weight == Quality.WEBRIP_1080P.weight
    assert Quality.REMUX_2160P.weight > Quality.BLURAY_2160P.weight


def test_a_quality_is_found_by_label_and_by_number() -> None:
    for quality in Quality:
        assert Quality.by_label(quality.label) is quality
        assert Quality.by_number(quality.number) is quality
    with pytest.raises(KeyError):
        Quality.by_label("Bluray-4320p")


def test_no_two_qualities_mean_the_same_picture() -> None:
    pictures = {(q.source, q.resolution, q.modifier) for q in Quality}
    assert len(pictures) == 30
    assert (QualitySource.DVD, 480, Modifier.REMUX) in pictures


def test_revisions_are_ordered_by_real_then_by_version() -> None:
    assert Revision(version=2) > Revision(version=1)
    assert Revision(real=1) > Revision(version=3)


def test_a_repack_is_as_good_as_a_proper() -> None:
    assert Revision(version=2, is_repack=True) == Revision(version=2)
