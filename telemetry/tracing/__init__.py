"""Spans: what reeld does, told by the semantic conventions of OpenTelemetry 1.44.

Everything here speaks the API alone. The SDK is imported by `exporting`, and only when an endpoint is set; until then
nothing is recorded, and asking costs a comparison.

A trace is one run of one thing: a request, a message, a piece of work. What takes hours is a chain of traces: each
run links to the span that asked for it, by the `traceparent` in its row, and to the request that it all began with.
What belongs to one movie carries `reeld.workflow.id`, see `workflow_id`.
"""

from reeld.telemetry.tracing._exporting import Export, exporting
from reeld.telemetry.tracing._failing import CANCELLED, DEADLINE_EXCEEDED, error_type, fail
from reeld.telemetry.tracing._recording import (
    TICK,
    is_on,
    is_recording,
    record,
    record_child,
    recorded_by,
    unsampled,
)
from reeld.telemetry.tracing._traceparent import (
    add_links,
    context_of,
    current_traceparent,
    links_to,
    parent_in,
)
from reeld.telemetry.tracing._urls import REDACTED, safe_url
from reeld.telemetry.tracing._workflow import (
    WORKFLOW_ID,
    followed_movie,
    following,
    note_workflow,
    workflow_id,
)

__all__ = [
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "REDACTED",
    "TICK",
    "WORKFLOW_ID",
    "Export",
    "add_links",
    "context_of",
    "current_traceparent",
    "error_type",
    "exporting",
    "fail",
    "followed_movie",
    "following",
    "is_on",
    "is_recording",
    "links_to",
    "note_workflow",
    "parent_in",
    "record",
    "record_child",
    "recorded_by",
    "safe_url",
    "unsampled",
    "workflow_id",
]
