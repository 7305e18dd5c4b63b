"""The audit: each change is a row that says who made it, from where, and why.

A change must be possible while the database is away: that is when it is needed most. Its row waits in memory then, in a
bounded queue, and is written as soon as the database takes it; the log has it at once.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import psycopg
import structlog
import trio
from litestar import Request, get
from litestar.params import FromQuery, QueryParameter

from reeld.domain.errors import DatabaseUnavailable, ReeldError
from reeld.http.access import caller_of
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import audit
from reeld.storage.repositories.audit import AuditEntry
from reeld.telemetry import Metrics, redaction

if TYPE_CHECKING:
    from reeld.http.surface import Surface

AnyRequest: TypeAlias = Request[Any, Any, Any]

log = structlog.get_logger("reeld.http")

MOST_WAITING: Final = 1000
RETRY_SECONDS: Final = 5.0
BATCH: Final = 100


ACTIONS: Final = (
    "add_indexer",
    "add_key",
    "add_movie",
    "add_user",
    "change_format",
    "change_indexer",
    "change_profile",
    "change_quality_limits",
    "change_root_folders",
    "change_settings",
    "change_user",
    "clear_group_rule",
    "crash",
    "delete_delay_profile",
    "delete_exclusion",
    "delete_format",
    "delete_indexer",
    "delete_movie",
    "delete_profile",
    "delete_release_profile",
    "delete_tag",
    "disable_breaker",
    "discard_dead_letter",
    "discard_work",
    "drain",
    "edit_movie",
    "end_rehearsal",
    "end_session",
    "grab_release",
    "import_formats",
    "import_profiles",
    "login",
    "logout",
    "open_breaker",
    "order_download",
    "pause",
    "poll",
    "rehearse_outage",
    "reload",
    "remove_download",
    "remove_user",
    "replay_dead_letter",
    "reset_breaker",
    "reset_log_levels",
    "restart",
    "resume",
    "retry_work",
    "revoke_key",
    "run_command",
    "save_delay_profile",
    "save_exclusion",
    "save_release_profile",
    "save_tag",
    "search_movie",
    "set_group_rule",
    "set_limit",
    "set_log_level",
    "set_password",
    "tag_movie",
    "test_client",
    "test_indexer",
    "unblock_release",
    "unpark",
)
"""What may be done, as the rows of the audit name it."""


def counted_as(action: str) -> str:
    """Return the label of an action: its verb. The rows of the audit say what it was done to."""
    return action.partition("_")[0]


COUNTED: Final = tuple(sorted({counted_as(action) for action in ACTIONS}))
"""The labels of actions."""

OUTCOMES: Final = ("ok", "refused")

INTERVENTIONS: Final = frozenset(
    {
        "crash",
        "disable_breaker",
        "discard_dead_letter",
        "discard_work",
        "drain",
        "open_breaker",
        "pause",
        "rehearse_outage",
        "restart",
        "set_limit",
    }
)
"""What takes something out of service or throws it away: whoever reads warnings later must find it among them."""


class Audit:
    """Notes changes, and logins. `run` writes them; one task of it lives as long as the web server.

    Args:
        database: Where rows go.
        metrics: Counts changes.
    """

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._waiting: deque[AuditEntry] = deque(maxlen=MOST_WAITING)
        self._come = trio.Event()
        self._batch = BATCH

    @contextmanager
    def change(
        self,
        request: AnyRequest,
        action: str,
        target: str,
        reason: str = "",
        **detail: object,
    ) -> Iterator[None]:
        """Note what the block does, and how it ended.

        Args:
            request: Who asks, from where.
            action: What is done, in snake case.
            target: To what.
            reason: Why, in the caller's words.
            detail: Values that JSON can hold; no secret.
        """
        assert action in ACTIONS, action
        outcome = "failed"
        try:
            yield
            outcome = "ok"
        except ReeldError as error:
            outcome = error.reason
            raise
        finally:
            self._note(_entry(request, action, target, reason, outcome, detail))

    @property
    def waiting(self) -> int:
        """How many rows are not written yet."""
        return len(self._waiting)

    async def run(self, stop_asked: trio.Event | None = None) -> None:
        """Write what comes, until cancelled.

        Args:
            stop_asked: Once it is set, what waits is not kept waiting: the database is about to go away.
        """
        async with trio.open_nursery() as nursery:
            if stop_asked is not None:
                nursery.start_soon(self._hurry, stop_asked)
            while True:
                await self._come.wait()
                self._come = trio.Event()
                while self._waiting:
                    if not await self._write():
                        self._come = trio.Event()
                        with trio.move_on_after(RETRY_SECONDS):
                            await self._come.wait()

    async def _hurry(self, stop_asked: trio.Event) -> None:
        await stop_asked.wait()
        self._come.set()

    def _note(self, entry: AuditEntry) -> None:
        self._waiting.append(entry)
        self._come.set()
        self._metrics.add(
            "reeld_control_changes_total",
            action=counted_as(entry.action),
            outcome="ok" if entry.outcome == "ok" else "refused",
        )
        is_quiet = entry.outcome == "ok" and entry.action not in INTERVENTIONS
        log.log(
            logging.INFO if is_quiet else logging.WARNING,
            "control_change",
            action=entry.action,
            target=entry.target,
            who=entry.who,
            by=entry.by,
            origin=entry.origin,
            reason=entry.reason,
            outcome=entry.outcome,
        )

    async def _write(self) -> bool:
        batch = [self._waiting[index] for index in range(min(self._batch, len(self._waiting)))]
        if not batch:
            return True
        try:
            async with self._database.transaction() as conn:
                for entry in batch:
                    await audit.append(conn, entry)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("audit_waits", reason=error.reason, rows=len(self._waiting))
            return False
        except (psycopg.Error, ValueError) as error:
            if len(batch) > 1:
                # One of them is to blame: alone, each shows whether it is the one.
                self._batch = 1
                return True
            # The log has it; a row that the database will never take must not hold back those behind it.
            log.error("audit_not_written", fault=type(error).__name__)
        else:
            self._batch = BATCH
        for entry in batch:
            # What the bound has pushed out meanwhile is gone already.
            if self._waiting and self._waiting[0] is entry:
                self._waiting.popleft()
        return True


def _entry(
    request: AnyRequest,
    action: str,
    target: str,
    reason: str,
    outcome: str,
    detail: Mapping[str, object],
) -> AuditEntry:
    caller = caller_of(request)
    return AuditEntry(
        at=datetime.now(UTC),
        who=caller.name,
        origin=request.client.host if request.client else "unknown",
        action=action,
        target=redaction.text(target),
        reason=redaction.text(reason),
        outcome=outcome,
        detail={name: _clean(value) for name, value in detail.items()},
        by="person" if caller.is_person else "key",
    )


def _clean(value: object) -> object:
    return redaction.text(value) if isinstance(value, str) else value


def audit_routes(surface: Surface) -> list[Any]:
    """Return the route of the audit, below `/control`."""

    @get("/audit", operation_id="listAudit")
    async def entries(
        target: FromQuery[str | None] = None,
        before: FromQuery[int | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> list[AuditEntry]:
        """List what was done, newest first; pass the last id as `before` for more."""
        return await audit.page(surface.database, target=target, before=before, limit=limit)

    return [entries]
