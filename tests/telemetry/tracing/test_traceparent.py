"""Trace context in rows and headers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.trace import SpanContext, TraceFlags

from reeld.telemetry import tracing

STORED = f"00-{'ab' * 16}-{'cd' * 8}-03"


def test_what_a_row_keeps_leads_back_to_the_span(spans: Any) -> None:
    with tracing.record("first") as first:
        kept = tracing.current_traceparent()
    assert kept is not None
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", kept)
    with tracing.record("later", parent=Context(), links=tracing.links_to(kept)):
        pass
    (link,) = spans.one("later").links
    assert link.context.span_id == first.get_span_context().span_id
    assert link.context.trace_id == first.get_span_context().trace_id


def test_a_span_that_is_not_sampled_is_not_kept(spans: Any) -> None:
    dropped = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(0))
    with tracing.unsampled(dropped):
        assert tracing.current_traceparent() is None
        with tracing.record("inside"):
            pass
    assert spans.all == []


def test_links_are_made_once_each_and_not_to_what_is_none(spans: Any) -> None:
    links = tracing.links_to(STORED, None, "nonsense", STORED)
    assert [f"{link.context.span_id:016x}" for link in links] == ["cd" * 8]


def test_links_can_be_added_to_a_span_that_began_without_them(spans: Any) -> None:
    with tracing.record("decides"):
        tracing.add_links(STORED, None)
    assert len(spans.one("decides").links) == 1


def test_nobody_records_and_nobody_links() -> None:
    assert tracing.links_to(STORED) == []


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-0-0-00",
        f"00-{'0' * 32}-{'cd' * 8}-01",
        f"ff-{'ab' * 16}-{'cd' * 8}-01",
        STORED + "-more",
        "\x00" * 55,
        "9" * 100_000,
    ],
)
def test_a_header_that_says_nothing_sensible_begins_a_new_trace(header: str | None) -> None:
    assert tracing.parent_in(header) == Context()
