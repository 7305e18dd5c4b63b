from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reeld.telemetry import Exportarr


def test_every_name_says_which_radarr_it_is_of() -> None:
    view = Exportarr("http://127.0.0.1:7878")
    view.show(
        {
            "radarr_movie_total": {(): 3.0},
            "radarr_movie_quality_total": {("Bluray-1080p", "19"): 2.0},
            "exportarr_app_info": {("reeld", "1.0", "", ""): 1.0},
        }
    )
    body, content_type = view.render("text/plain")
    found = {
        sample.name: (sample.labels, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    url = {"url": "http://127.0.0.1:7878"}
    assert content_type.startswith("text/plain")
    assert found["radarr_movie_total"] == (url, 3.0)
    quality = {"quality": "Bluray-1080p", "weight": "19"}
    assert found["radarr_movie_quality_total"] == ({**quality, **url}, 2.0)
    assert "url" not in found["exportarr_app_info"][0]


def test_what_is_not_shown_any_more_is_gone() -> None:
    view = Exportarr("u")
    view.show({"radarr_queue_total": {("queued", "ok", "downloading"): 1.0}})
    view.show({})
    assert view.render("text/plain")[0] == b""


def test_a_name_that_exportarr_does_not_have_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        Exportarr("u").show({"radarr_surprise": {(): 1.0}})
