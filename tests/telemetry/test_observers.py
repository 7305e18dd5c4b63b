"""What the hooks of the rooms become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from reeld.cli.labels import KNOWN_LABELS
from reeld.storage.observer import StageLeft, StageOutcome
from reeld.telemetry import DatabaseObserver, KernelObserver, Metrics, ServiceObserver

SPAN = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


@dataclass
class Told:
    metrics: Metrics
    kernel: KernelObserver
    database: DatabaseObserver
    services: ServiceObserver

    def exemplars(self, name: str) -> set[str]:
        body = self.metrics.render("application/openmetrics-text; version=1.0.0")[0].decode()
        return {
            sample.exemplar.labels["trace_id"]
            for family in text_string_to_metric_families(body)
            for sample in family.samples
            if family.name == name and sample.exemplar is not None
        }


@pytest.fixture
def told() -> Told:
    metrics = Metrics(KNOWN_LABELS)
    return Told(
        metrics, KernelObserver(metrics), DatabaseObserver(metrics), ServiceObserver(metrics)
    )


@pytest.fixture
def value(told: Told) -> Any:
    return told.metrics.value


def test_a_message_is_counted_with_its_times_and_its_trace(told: Told, value: Any) -> None:
    told.kernel.message_handled("rss", "Sweep", "ok", 0.1, 0.2, SPAN)
    told.kernel.message_handled("rss", "Sweep", "ok", 0.1, 0.2)
    assert value("reeld_actor_messages_total", actor="rss", outcome="ok") == 2
    assert value("reeld_actor_message_processing_seconds_sum", actor="rss") == pytest.approx(0.4)
    assert told.exemplars("reeld_actor_message_processing_seconds") == {f"{0xABC:032x}"}


def test_what_an_actor_did_not_handle_is_counted(told: Told, value: Any) -> None:
    told.kernel.message_coalesced("rss")
    told.kernel.ask_circle("qbit")
    told.kernel.dead_letter("tmdb", "overflow")
    assert value("reeld_actor_messages_coalesced_total", actor="rss") == 1
    assert value("reeld_ask_circles_total", actor="qbit") == 1
    assert value("reeld_actor_dead_letters_total", actor="tmdb", reason="overflow") == 1


def test_the_database_tells_how_it_is(told: Told, value: Any) -> None:
    with use_span(NonRecordingSpan(SPAN)):
        told.database.statement_ended("rss", 0.02)
    told.database.transaction_ended("committed")
    told.database.pool_failed("lost")
    told.database.failed("99")
    assert value("reeld_db_query_duration_seconds_count", repository="rss") == 1
    assert told.exemplars("reeld_db_query_duration_seconds") == {f"{0xABC:032x}"}
    assert value("reeld_db_transactions_total", outcome="committed") == 1
    assert value("reeld_db_pool_errors_total", kind="lost") == 1
    assert value("reeld_db_errors_total", **{"class": "other"}) == 1


def test_an_acquisition_that_goes_on_is_counted(told: Told, value: Any) -> None:
    told.database.stage_left(StageLeft("fetched", StageOutcome.OK, 2.0))
    told.database.stage_left(StageLeft("downloading", StageOutcome.OK, 60.0, 70.0))
    assert value("reeld_workflow_transitions_total", stage="fetched", outcome="ok") == 1
    assert value("reeld_workflow_stage_duration_seconds_sum", stage="downloading") == 60
    assert value("reeld_download_duration_seconds_sum", client="qbittorrent") == 70
    assert value("reeld_download_duration_seconds_count", client="qbittorrent") == 1


def test_a_call_to_a_service_is_counted(told: Told, value: Any) -> None:
    told.services.call_finished("tmdb", "movie", "down", 0.5)
    assert value("reeld_external_last_success_timestamp_seconds", service="tmdb") == 0
    told.services.call_finished("tmdb", "movie", "ok", 0.5)
    told.services.retried("tmdb")
    requests = "reeld_external_requests_total"
    assert value(requests, service="tmdb", operation="movie", outcome="down") == 1
    assert value("reeld_external_last_success_timestamp_seconds", service="tmdb") > 1.7e9
    assert value("reeld_external_retries_total", service="tmdb") == 1
