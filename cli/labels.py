"""The values of the labels that rooms own: their series exist from the start, and nothing else becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reeld.actors.decision import ParseOutcome
from reeld.actors.importer import FAILURE_REASONS, LinkRefusal
from reeld.actors.kernel import BreakerState, CallOutcome, DeadReason, Outcome
from reeld.actors.qbit import DOWNLOAD_STATES
from reeld.actors.worker import JOB_OUTCOMES
from reeld.domain.acquisition import AcquisitionState, LinkKind
from reeld.domain.decision import Reason
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.release import Source
from reeld.domain.reputation import Band, EvidenceKind, GroupRule
from reeld.domain.searching import SearchCause
from reeld.domain.topics import Topic
from reeld.domain.work import Queue
from reeld.http.events import Ending
from reeld.http.ops.audit import COUNTED, OUTCOMES
from reeld.services.operations import OPERATIONS
from reeld.services.transport import Outcome as ServiceOutcome
from reeld.storage.errors import SQLSTATE_CLASSES
from reeld.storage.observer import PoolError, StageOutcome, TransactionOutcome
from reeld.storage.repositories.pending import PendingReason
from reeld.storage.work import WorkState
from reeld.telemetry import RESTART_CAUSES, Status

ACTORS: Final = (
    "backup",
    "database",
    "decision",
    "dispatcher",
    "hdbits",
    "health",
    "importer",
    "indexers",
    "qbit",
    "rss",
    "scheduler",
    "tmdb",
    "torznab",
)
SUPERVISORS: Final = ("root", "surface", "core", "sources", "torznab", "pipeline")
REPOSITORIES: Final = (
    *ACTORS,
    "audit",
    "breakers",
    "counts",
    "events",
    "groups",
    "http",
    "identity",
    "limits",
    "metadata",
    "presence",
    "vault",
    "work",
    "other",
)
"""Under whose name the database is asked."""

KNOWN_LABELS: Final[Mapping[str, tuple[str | tuple[str, ...], ...]]] = {
    "actor": ACTORS,
    "child": (*ACTORS, "web", "ops", "events"),
    "supervisor": SUPERVISORS,
    "restart_cause": RESTART_CAUSES,
    "message_outcome": tuple(Outcome),
    "dead_reason": tuple(DeadReason),
    "health_status": tuple(Status),
    "breaker_state": tuple(BreakerState),
    "breaker_outcome": tuple(CallOutcome),
    "service": tuple(OPERATIONS),
    "service+operation": tuple(
        (service, each) for service, all_ in OPERATIONS.items() for each in all_
    ),
    "call_outcome": tuple(ServiceOutcome),
    "repository": REPOSITORIES,
    "sqlstate_class": SQLSTATE_CLASSES,
    "transaction_outcome": tuple(TransactionOutcome),
    "pool_error": tuple(PoolError),
    "queue": tuple(Queue),
    "work_state": tuple(WorkState),
    "job_outcome": JOB_OUTCOMES,
    "acquisition_state": tuple(AcquisitionState),
    "stage_outcome": tuple(StageOutcome),
    "source": tuple(Source),
    "parse_outcome": tuple(ParseOutcome),
    "rejection": tuple(Reason),
    "pending_reason": tuple(PendingReason),
    "download_state": DOWNLOAD_STATES,
    "import_failure": FAILURE_REASONS,
    "link_kind": tuple(LinkKind),
    "link_refusal": tuple(LinkRefusal),
    "movie_stage": tuple(Stage),
    "evidence": tuple(EvidenceKind),
    "group_rule": ("none", *GroupRule),
    "reputation": tuple(Band),
    "control_action": COUNTED,
    "control_outcome": OUTCOMES,
    "event_topic": tuple(Topic),
    "event_ending": tuple(Ending),
    "search_cause": tuple(SearchCause),
    "quality": tuple(quality.label for quality in Quality),
}
"""By the name of the domain in the catalogue. The routes are named when the application is made."""
