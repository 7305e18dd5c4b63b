"""The spans of a movie's way: a trace for each run of work and each stage, linked to what led to it.

`RSS item -> decision -> grab -> download -> import -> notification` may take days and outlive the process. So no span
stays open: each stage is a trace of its own, and links to the span whose `traceparent` lies in its row (work, event,
acquisition, release) and to the request in which somebody wanted the movie. All carry `reeld.workflow.id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind

from reeld.domain.work import WorkKind
from reeld.storage.work import Job
from reeld.telemetry import tracing

STAGE: Final = "reeld.stage"

_STAGES: Final[Mapping[str, str]] = {
    WorkKind.SEARCH_MOVIE: "search",
    WorkKind.POLL_FEED: "read",
    WorkKind.POLL_RECENT: "read",
    WorkKind.MATCH_RELEASES: "match",
    WorkKind.MATCH_MOVIE: "match",
    WorkKind.DECIDE_MOVIE: "decide",
    WorkKind.FETCH_TORRENT: "fetch",
    WorkKind.ADD_TORRENT: "grab",
    WorkKind.IMPORT: "import",
}
"""Which stage of a movie's way a run of work is; the others (upkeep, pictures) are none."""


@contextmanager
def work_span(job: Job) -> Iterator[Span]:
    """Record a run of work as a trace of its own, about the job's movie."""
    attributes: dict[str, str | int] = {
        "messaging.system": "reeld",
        "messaging.operation.type": "process",
        "messaging.operation.name": "run",
        "messaging.destination.name": job.queue,
        "reeld.work.id": job.id,
        "reeld.work.kind": job.kind,
        "reeld.work.queue": job.queue,
        "reeld.work.attempt": job.attempt,
    }
    if (stage := _STAGES.get(job.kind)) is not None:
        attributes[STAGE] = stage
    with (
        tracing.following(job.movie_id),
        tracing.record(
            f"run {job.kind}",
            kind=SpanKind.CONSUMER,
            parent=Context(),
            links=tracing.links_to(job.traceparent, job.origin),
            attributes={**attributes, **_workflow(job.movie_id)},
        ) as span,
    ):
        yield span


@contextmanager
def stage_span(
    name: str, stage: str, movie_id: int | None, *led_here: str | None
) -> Iterator[Span]:
    """Record a stage that no row of work runs as a trace of its own.

    Args:
        name: What happens; of few different values.
        stage: Which stage of a movie's way it is.
        movie_id: The movie.
        led_here: The `traceparent`s of what led to it.
    """
    with (
        tracing.following(movie_id),
        tracing.record(
            name,
            parent=Context(),
            links=tracing.links_to(*led_here),
            attributes={STAGE: stage, **_workflow(movie_id)},
        ) as span,
    ):
        yield span


def _workflow(movie_id: int | None) -> dict[str, str]:
    return {} if movie_id is None else {tracing.WORKFLOW_ID: tracing.workflow_id(movie_id)}
