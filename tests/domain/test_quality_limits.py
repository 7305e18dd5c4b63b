from __future__ import annotations

import pytest

from reeld.domain.quality import Quality
from reeld.domain.quality_limits import InvalidLimits, QualityLimits, limits_for

MIB = 1024 * 1024


def test_radarrs_limits_end_where_its_editor_shows_none() -> None:
    assert limits_for(Quality.HDTV_720P, {}) == QualityLimits(0, 95, 100)
    assert limits_for(Quality.WEBRIP_1080P, {}) == QualityLimits(0, 95, 100)
    assert limits_for(Quality.BLURAY_1080P, {}) == QualityLimits(0, None, None)
    assert limits_for(Quality.RAW_HD, {}) == QualityLimits(0, None, None)


def test_what_a_person_set_replaces_them() -> None:
    own = QualityLimits(10, 20, 30)
    assert limits_for(Quality.DVD, {Quality.DVD: own}) is own
    assert limits_for(Quality.SDTV, {Quality.DVD: own}) == QualityLimits()


def test_limits_are_for_each_minute() -> None:
    limits = QualityLimits(10, 20, 30)
    assert limits.smallest(90) == 900 * MIB
    assert limits.best(90) == 1800 * MIB
    assert limits.largest(90) == 2700 * MIB


@pytest.mark.parametrize("minutes", [None, 0])
def test_an_unknown_running_time_is_a_hundred_and_ten_minutes(minutes: int | None) -> None:
    assert QualityLimits(10, 20, 30).smallest(minutes) == 1100 * MIB


@pytest.mark.parametrize("none", [None, 0])
def test_no_maximum_is_no_limit(none: float | None) -> None:
    limits = QualityLimits(0, none, none)
    assert (limits.best(90), limits.largest(90)) == (None, None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ((-1, 95, 100), "minimum"),
        ((float("nan"), 95, 100), "minimum"),
        ((2001, None, None), "minimum"),
        ((50, 40, 100), "preferred"),
        ((0, 95, 90), "maximum"),
        ((0, None, 2001), "maximum"),
        ((50, None, 40), "maximum"),
    ],
)
def test_limits_out_of_order_name_the_field(
    values: tuple[float, float | None, float | None], field: str
) -> None:
    with pytest.raises(InvalidLimits) as caught:
        QualityLimits(*values)
    assert caught.value.field == field
