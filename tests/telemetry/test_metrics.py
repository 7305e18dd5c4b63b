from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reeld.telemetry import CATALOGUE, Kind, Metric, Metrics


def test_every_name_in_the_catalogue_is_declared_once() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_names_follow_the_conventions_of_prometheus(metric: Metric) -> None:
    assert metric.name.startswith("reeld_")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.help
    assert not metric.help.endswith(".")
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)


def test_children_with_known_labels_exist_from_the_start() -> None:
    metrics = Metrics({"actor": ("tmdb", "qbit"), "outcome": ("ok", "error")})
    body = metrics.render("text/plain")[0].decode()
    assert 'reeld_actor_messages_total{actor="tmdb",outcome="error"} 0.0' in body
    assert 'reeld_actor_restarts_total{actor="tmdb"' not in body


def test_the_exposition_can_be_parsed_and_holds_what_was_recorded() -> None:
    metrics = Metrics()
    metrics.add("reeld_actor_restarts_total", actor="qbit", cause="crash")
    metrics.set("reeld_leader", 1)
    metrics.observe("reeld_job_duration_seconds", 0.2, queue="qbit")
    body, content_type = metrics.render("text/plain")
    assert content_type.startswith("text/plain")
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["reeld_actor_restarts_total", ("qbit", "crash")] == 1
    assert samples["reeld_leader", ()] == 1
    assert samples["reeld_job_duration_seconds_count", ("qbit",)] == 1


def test_a_scraper_that_asks_for_openmetrics_gets_it() -> None:
    body, content_type = Metrics().render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_no_created_series_doubles_every_counter() -> None:
    metrics = Metrics()
    metrics.add("reeld_releases_seen_total", source="rss")
    assert b"_created" not in metrics.render("application/openmetrics-text; version=1.0.0")[0]


def test_a_label_value_that_is_gone_is_no_longer_exported() -> None:
    metrics = Metrics()
    metrics.replace("reeld_jobs", {("qbit", "dead"): 3, ("rss", "available"): 1})
    metrics.replace("reeld_jobs", {("rss", "available"): 2})
    body = metrics.render("text/plain")[0].decode()
    assert 'reeld_jobs{queue="rss",state="available"} 2.0' in body
    assert 'queue="qbit"' not in body


def test_an_unknown_metric_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        Metrics().add("reeld_no_such_total")


def test_a_kept_child_counts_into_the_same_series() -> None:
    metrics = Metrics()
    child = metrics.counter("reeld_log_messages_total", level="error")
    child.inc()
    metrics.add("reeld_log_messages_total", level="error")
    assert metrics.value("reeld_log_messages_total", level="error") == 2


def test_a_kept_histogram_child_observes_into_the_same_series() -> None:
    metrics = Metrics()
    metrics.histogram("reeld_actor_message_wait_seconds", actor="rss").observe(0.1)
    assert metrics.value("reeld_actor_message_wait_seconds_count", actor="rss") == 1


def test_the_build_is_described() -> None:
    metrics = Metrics()
    metrics.describe_build("1.2.3")
    assert b'version="1.2.3"' in metrics.render("text/plain")[0]
