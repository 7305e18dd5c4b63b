"""Which spans are recorded. Imports the SDK."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from reeld.telemetry.tracing._recording import TICK
from reeld.telemetry.tracing._workflow import WORKFLOW_ID

_PROBES: Final = ("/health", "/ready", "/metrics", "/info")
"""Asked every few seconds by machines, answered from memory."""


class Rules(Sampler):
    """Drops probes and ticks; leaves the rest to the caller's decision, and what has no caller to a ratio.

    What belongs to a movie is kept or dropped as a whole, whichever trace it is in: the ratio is taken of the
    workflow's name, so each stage comes to the same decision, hours later and after a restart.
    """

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio
        self._by_trace = ParentBased(TraceIdRatioBased(ratio))

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide about one span, from what is known when it begins."""
        known = attributes or {}
        if known.get(TICK) or (kind is SpanKind.SERVER and _is_probe(str(known.get("url.path")))):
            return SamplingResult(Decision.DROP)
        decisive = trace_id
        if (workflow := known.get(WORKFLOW_ID)) is not None:
            decisive = _number_of(str(workflow))
        return self._by_trace.should_sample(
            parent_context, decisive, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Return what the sampler is, for people."""
        return f"reeld({self._ratio:g})"


def _is_probe(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in _PROBES)


def _number_of(workflow: str) -> int:
    return int.from_bytes(hashlib.blake2b(workflow.encode(), digest_size=8).digest())
