from __future__ import annotations

import pytest
import yaml

from reeld.deploy.prometheus import rules
from reeld.deploy.prometheus.scale import Scale, duration_of, milliseconds


@pytest.mark.parametrize("written", ["500ms", "1s", "90s", "5m", "30m", "1h", "60h", "1d", "8d"])
def test_a_duration_is_read_and_written_without_loss(written: str) -> None:
    assert milliseconds(duration_of(milliseconds(written))) == milliseconds(written)


@pytest.mark.parametrize("written", ["", "5", "m", "5 m", "-5m", "5w", "٣m"])
def test_what_is_no_duration_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        milliseconds(written)


@pytest.mark.parametrize(("factor", "scrape"), [(0.0, 15.0), (-1.0, 15.0), (1.0, 0.0)])
def test_time_cannot_stand_still(factor: float, scrape: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Scale(factor, scrape)


def test_ranges_offsets_and_seconds_are_divided_and_other_numbers_are_not() -> None:
    expression = 'predict_linear(a{x="1h"}[1d], {3d}) > 20 and up offset 2h > 2.5 * b'
    faster = Scale(60, 1).expression(expression)
    assert faster == 'predict_linear(a{x="1h"}[24m], 4320) > 20 and up offset 2m > 2.5 * b'


def test_seconds_may_be_parts_of_one() -> None:
    assert Scale(120, 1).expression("x > {30m}") == "x > 15"
    assert Scale(7200, 1).expression("x > {30m}") == "x > 0.25"


def test_a_range_is_no_shorter_than_four_scrapes_and_an_interval_no_shorter_than_one() -> None:
    faster = Scale(60, 2)
    assert faster.range("5m") == "8s"
    assert faster.range("1h") == "1m"
    assert faster.interval("30s") == "2s"
    assert faster.duration("1m") == "1s"


def test_the_scaled_rules_keep_their_names_labels_and_texts() -> None:
    def kept(document: str) -> list[object]:
        return [
            {key: value for key, value in rule.items() if key not in {"expr", "for"}}
            for group in yaml.safe_load(document)["groups"]
            for rule in group["rules"]
        ]

    assert kept(rules(60, scrape_seconds=1)) == kept(rules())


def test_alerts_last_a_sixtieth_when_time_runs_sixty_times_faster() -> None:
    def lasts(document: str) -> list[int]:
        groups = yaml.safe_load(document)["groups"]
        return [milliseconds(r["for"]) for g in groups for r in g["rules"] if "for" in r]

    assert lasts(rules(60, scrape_seconds=1)) == [each / 60 for each in lasts(rules())]
