"""What only the whole daemon knows of its health: supervisors, settings, performance, uptime."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from reeld.actors.kernel import ActorState
from reeld.cli.labels import REPOSITORIES
from reeld.http.tls import Certificate
from reeld.supervisors import Control, Kind, NodeSnapshot
from reeld.telemetry import Check, Metrics, Status, kind_of
from reeld.telemetry.quantiles import Recent, buckets_of, quantile

EXPIRES_SOON: Final = timedelta(days=14)
SLOW_LOOP_SECONDS: Final = 0.25
SLOW_QUERY_SECONDS: Final = 1.0
SLOW_MESSAGE_SECONDS: Final = 5.0

_DOWN: Final = frozenset({ActorState.PARKED, ActorState.STOPPED})


class Vitals:
    """Tells how the daemon as a whole is. A look takes a few milliseconds, and waits for nothing.

    Args:
        control: Shows the tree.
        metrics: Where times were observed.
        started_at: When the daemon started (UTC).
        uptime: Seconds since then.
        certificate: What TLS is served with; None without TLS.
    """

    def __init__(
        self,
        control: Control,
        metrics: Metrics,
        started_at: datetime,
        uptime: Callable[[], float],
        certificate: Certificate | None = None,
    ) -> None:
        self._certificate = certificate
        self._control = control
        self._metrics = metrics
        self._started_at = started_at
        self._seconds_up = uptime
        self._lag, self._queries, self._waits = Recent(), Recent(), Recent()

    def checks(self) -> list[Check]:
        """Return what is known now."""
        tree = self._control.tree()
        nodes = tuple(_all(tree.children))
        root = check_supervisor("root", tree.restarts_left, tree.children)
        supervisors = [
            check_supervisor(node.name, node.restarts_left, node.children)
            for node in nodes
            if node.kind is Kind.SUPERVISOR
        ]
        actors = [node.name for node in nodes if node.mailbox is not None]
        return [
            root,
            *supervisors,
            self._configuration(),
            *self._performance(actors),
            *self._tls(),
            self._uptime(),
        ]

    def _configuration(self) -> Check:
        read = self._metrics.read
        at = read("reeld_config_last_reload_success_timestamp_seconds")
        last = datetime.fromtimestamp(at, UTC) if at else None
        if read("reeld_config_last_reload_successful"):
            age = round(time.time() - at)
            return Check(
                "configuration:reload", Status.PASS, observed=age, unit="s", last_success=last
            )
        sentence = (
            "The changed settings are faulty, the former ones hold: see the log, or `reeld doctor`."
        )
        return Check("configuration:reload", Status.WARN, sentence=sentence, last_success=last)

    def _tls(self) -> list[Check]:
        if self._certificate is None:
            return []
        is_good = bool(self._metrics.read("reeld_tls_last_reload_successful"))
        return [check_certificate(self._certificate.ends_at, datetime.now(UTC), is_good=is_good)]

    def _performance(self, actors: list[str]) -> list[Check]:
        histogram = self._metrics.histogram
        lag = [histogram("reeld_trio_loop_lag_seconds")]
        queries = [
            histogram("reeld_db_query_duration_seconds", repository=name) for name in REPOSITORIES
        ]
        kinds = sorted({kind_of(name) for name in actors})
        waits = [histogram("reeld_actor_message_wait_seconds", actor=kind) for kind in kinds]
        return [
            check_quantile(
                "loop:lag_p99", self._lag.take(buckets_of(lag)), 0.99, SLOW_LOOP_SECONDS
            ),
            check_quantile(
                "database:query_p95",
                self._queries.take(buckets_of(queries)),
                0.95,
                SLOW_QUERY_SECONDS,
            ),
            check_quantile(
                "messages:wait_p95", self._waits.take(buckets_of(waits)), 0.95, SLOW_MESSAGE_SECONDS
            ),
        ]

    def _uptime(self) -> Check:
        up = round(self._seconds_up())
        return Check(
            "process:uptime",
            Status.PASS,
            "system",
            observed=up,
            unit="s",
            since=self._started_at,
            is_figure=True,
        )


def check_supervisor(name: str, left: int, children: tuple[NodeSnapshot, ...]) -> Check:
    """Judge a supervisor by its children and by the restarts that it tolerates yet.

    Args:
        name: The supervisor's.
        left: How many more crashes it tolerates.
        children: Whom it looks after.
    """
    check = f"supervisor:{name}"
    down = sorted(child.name for child in children if child.state in _DOWN)
    if down:
        sentence = f"{', '.join(down)} under {name} rests: see `reeld status` for why."
    elif left <= 0:
        sentence = f"{name} tolerates no more crashes: with the next one it gives up what crashes."
    else:
        return Check(check, Status.PASS, observed=left, unit="restarts_left")
    return Check(check, Status.WARN, sentence=sentence, observed=left, unit="restarts_left")


def check_certificate(ends_at: datetime, now: datetime, *, is_good: bool) -> Check:
    """Judge the certificate that is served.

    Args:
        ends_at: When it expires.
        now: The time.
        is_good: Whether it is the one in the files.
    """
    left = ends_at - now
    days = round(left.total_seconds() / 86400, 1)
    status, sentence = Status.PASS, ""
    if not is_good:
        sentence = (
            "The changed certificate files cannot be used, the former ones are served: see the log."
        )
        status = Status.WARN
    if left <= EXPIRES_SOON:
        status = Status.WARN if left > timedelta(0) else Status.FAIL
        ends = f"{ends_at:%Y-%m-%d}"
        sentence = (
            f"The certificate ends on {ends}. Renew it: the files are read again when they change."
        )
    return Check("tls:certificate", status, sentence=sentence, observed=days, unit="d")


def check_quantile(name: str, buckets: Mapping[float, float], share: float, slow: float) -> Check:
    """Judge a time by a quantile of what was observed in the last minute.

    Args:
        name: The check's.
        buckets: What was observed.
        share: The quantile, 0 to 1.
        slow: Seconds above which it is too slow.
    """
    seconds = quantile(buckets, share)
    observed = None if seconds is None else round(seconds * 1000, 3)
    if seconds is None or seconds <= slow:
        return Check(name, Status.PASS, "system", observed=observed, unit="ms")
    sentence = (
        f"In the last minute {share:.0%} were done within {observed:.0f} ms, which is slow:"
        " is the machine busy, or its disk?"
    )
    return Check(name, Status.WARN, "system", sentence, observed, "ms")


def _all(nodes: tuple[NodeSnapshot, ...]) -> Iterator[NodeSnapshot]:
    for node in nodes:
        yield node
        yield from _all(node.children)
