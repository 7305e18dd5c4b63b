from __future__ import annotations

import pytest
import structlog.testing
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from reeld.cli.labels import KNOWN_LABELS
from reeld.telemetry import Metrics
from reeld.telemetry.catalogue import CATALOGUE, Given, Kind, Known, Living, Metric

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def sampled(*, flags: int = TraceFlags.SAMPLED) -> NonRecordingSpan:
    context = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(flags))
    return NonRecordingSpan(context)


def exemplars_of(metrics: Metrics, name: str) -> list[dict[str, str]]:
    body = metrics.render(OPENMETRICS)[0].decode()
    return [
        sample.exemplar.labels
        for family in openmetrics_families(body)
        for sample in family.samples
        if family.name == name and sample.exemplar is not None
    ]


def series_of(metrics: Metrics, name: str) -> set[tuple[str, ...]]:
    body = metrics.render("text/plain")[0].decode()
    return {
        tuple(sample.labels.values())
        for family in text_string_to_metric_families(body)
        for sample in family.samples
        if sample.name == name
    }


@pytest.fixture(scope="module")
def fresh() -> dict[str, list[float]]:
    """The values of every series of metrics that nothing happened to."""
    body = Metrics(KNOWN_LABELS).render("text/plain")[0].decode()
    found: dict[str, list[float]] = {}
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.value)
    return found


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_every_series_whose_values_are_known_exists_from_the_start_with_0(
    metric: Metric, fresh: dict[str, list[float]]
) -> None:
    number = 1
    for label in metric.about:
        match label.domain:
            case Known(values):
                number *= len(values)
            case Given(name) if name in KNOWN_LABELS:
                number *= len(KNOWN_LABELS[name])
            case _:
                number = 0
    if metric.absent:
        number = 0
    name = f"{metric.name}_count" if metric.kind is Kind.HISTOGRAM else metric.name
    assert fresh.get(name, []) == [0.0] * number


def test_a_value_that_is_none_of_its_labels_counts_as_other() -> None:
    metrics = Metrics(KNOWN_LABELS)
    before = series_of(metrics, "reeld_import_failures_total")
    with structlog.testing.capture_logs() as logs:
        for made_up in ("'; DROP TABLE", "a" * 500, "x"):
            metrics.add("reeld_import_failures_total", reason=made_up)
    # Once, and without the value: who made it up may have meant it for the log.
    assert [(each["event"], each["metric"]) for each in logs] == [
        ("label_value_unknown", "reeld_import_failures_total")
    ]
    assert "DROP" not in str(logs)
    assert metrics.value("reeld_import_failures_total", reason="other") == 3
    assert series_of(metrics, "reeld_import_failures_total") == before


def test_a_status_of_http_is_taken_although_its_series_does_not_exist_before() -> None:
    metrics = Metrics(KNOWN_LABELS)
    metrics.know("method+route", [("GET", "/api/movies"), ("POST", "/api/movies")])
    there = series_of(metrics, "reeld_http_requests_total")
    assert len(there) == 4
    metrics.add("reeld_http_requests_total", method="GET", route="/api/movies", status="418")
    metrics.add("reeld_http_requests_total", method="HEAD", route="/api/movies", status="200")
    metrics.add("reeld_http_requests_total", method="BREW", route="/made/up", status="200")
    value = metrics.value
    assert value("reeld_http_requests_total", method="GET", route="/api/movies", status="418") == 1
    assert value("reeld_http_requests_total", method="HEAD", route="/api/movies", status="200") == 1
    assert value("reeld_http_requests_total", method="other", route="other", status="200") == 1


def test_services_and_operations_come_in_pairs() -> None:
    there = series_of(Metrics(KNOWN_LABELS), "reeld_external_request_duration_seconds_count")
    assert ("movie", "tmdb") in there
    assert ("movie", "hdbits") not in there


def test_series_of_what_comes_and_goes_come_and_go() -> None:
    metrics = Metrics(KNOWN_LABELS)
    metrics.follow("indexer", ["hdbits", "open-movies"])
    assert series_of(metrics, "reeld_rss_gaps_total") == {("hdbits",), ("open-movies",)}
    metrics.add("reeld_rss_gaps_total", indexer="open-movies")
    metrics.follow("indexer", ["hdbits"])
    assert series_of(metrics, "reeld_rss_gaps_total") == {("hdbits",)}
    # A poll that was under way when the feed went.
    metrics.add("reeld_rss_gaps_total", indexer="open-movies")
    metrics.follow("indexer", ["hdbits"])
    assert series_of(metrics, "reeld_rss_gaps_total") == {("hdbits",)}
    metrics.follow("indexer", ["hdbits", "open-movies"])
    assert metrics.value("reeld_rss_gaps_total", indexer="open-movies") == 0


def test_what_is_replaced_and_always_exists_is_0_again() -> None:
    metrics = Metrics(KNOWN_LABELS)
    metrics.replace("reeld_jobs", {("qbit", "dead"): 3, ("rss", "available"): 1})
    metrics.replace("reeld_jobs", {("rss", "available"): 2})
    assert metrics.value("reeld_jobs", queue="rss", state="available") == 2
    assert ("qbit", "dead") in series_of(metrics, "reeld_jobs")
    assert metrics.value("reeld_jobs", queue="qbit", state="dead") == 0


def test_what_is_absent_while_there_is_nothing_to_say_goes_again() -> None:
    metrics = Metrics(KNOWN_LABELS)
    name = "reeld_job_oldest_due_timestamp_seconds"
    assert series_of(metrics, name) == set()
    metrics.replace(name, {("qbit",): 1_700_000_000.0})
    assert series_of(metrics, name) == {("qbit",)}
    metrics.replace(name, {})
    assert series_of(metrics, name) == set()


def test_a_label_value_that_is_gone_is_no_longer_exported() -> None:
    metrics = Metrics(KNOWN_LABELS)
    name = "reeld_health_check_status"
    metrics.replace(name, {("disk:a", "pass"): 1, ("disk:b", "pass"): 1})
    metrics.replace(name, {("disk:b", "pass"): 1})
    assert series_of(metrics, name) == {("disk:b", "pass")}


def test_every_living_domain_is_followed_or_replaced() -> None:
    living = {
        label.domain.name
        for metric in CATALOGUE
        for label in metric.about
        if isinstance(label.domain, Living)
    }
    assert living == {"check", "breaker", "indexer", "root", "task"}


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
    body, content_type = Metrics().render(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_no_created_series_doubles_every_counter() -> None:
    metrics = Metrics()
    metrics.add("reeld_releases_seen_total", source="rss")
    assert b"_created" not in metrics.render(OPENMETRICS)[0]


def test_an_unknown_metric_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        Metrics().add("reeld_no_such_total")


def test_labels_that_a_metric_does_not_have_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="reeld_grabs_total has the labels source, outcome"):
        Metrics().add("reeld_grabs_total", source="rss")
    with pytest.raises(KeyError):
        Metrics().add("reeld_grabs_total", source="rss", result="ok")


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


def test_a_gauge_can_be_read() -> None:
    metrics = Metrics(KNOWN_LABELS)
    metrics.set("reeld_library_free_bytes", 7, root="/movies")
    metrics.set("reeld_leader", 1)
    assert metrics.read("reeld_library_free_bytes", root="/movies") == 7
    assert metrics.read("reeld_leader") == 1


def test_the_build_is_described() -> None:
    metrics = Metrics()
    metrics.describe_build("1.2.3", "abc123")
    body = metrics.render("text/plain")[0]
    assert b'version="1.2.3"' in body
    assert b'revision="abc123"' in body


# Exemplars


def observe_one(metrics: Metrics) -> None:
    metrics.observe("reeld_http_request_duration_seconds", 0.2, area="movies")


def test_a_duration_shows_the_trace_that_it_came_from() -> None:
    metrics = Metrics()
    with use_span(sampled()):
        observe_one(metrics)
    leads_to = {"trace_id": f"{0xABC:032x}", "span_id": f"{0xDEF:016x}"}
    assert exemplars_of(metrics, "reeld_http_request_duration_seconds") == [leads_to]


def test_the_classic_format_has_no_exemplars() -> None:
    metrics = Metrics()
    with use_span(sampled()):
        observe_one(metrics)
    assert b"trace_id" not in metrics.render("text/plain")[0]


def test_a_trace_that_nobody_keeps_is_not_shown() -> None:
    metrics = Metrics()
    with use_span(sampled(flags=TraceFlags.DEFAULT)):
        observe_one(metrics)
    observe_one(metrics)
    assert exemplars_of(metrics, "reeld_http_request_duration_seconds") == []


def test_only_the_histograms_that_say_so_have_exemplars() -> None:
    metrics = Metrics()
    with use_span(sampled()):
        metrics.observe("reeld_job_duration_seconds", 0.2, queue="qbit")
    assert exemplars_of(metrics, "reeld_job_duration_seconds") == []
