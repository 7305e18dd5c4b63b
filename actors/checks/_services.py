"""Services outside, by the last call that went well; nobody is called for that."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from reeld.actors.kernel import Breaker, BreakerState
from reeld.telemetry import Check, Status


def check_service(name: str, breaker: Breaker | None, last_ok: float) -> Check:
    """Judge a service.

    Args:
        name: Its name.
        breaker: That of its actor; None while there is none.
        last_ok: Unix time of the last call that went well; 0 when there was none.
    """
    check = f"service:{name}"
    last_success = datetime.fromtimestamp(last_ok, UTC) if last_ok else None
    observed = round(max(0.0, time.time() - last_ok)) if last_ok else None
    status, sentence = _judge(breaker)
    return Check(
        check,
        status,
        "component",
        sentence,
        observed,
        "s",
        last_success=last_success,
        is_figure=True,
    )


def _judge(breaker: Breaker | None) -> tuple[Status, str]:
    if breaker is None:
        return Status.PASS, ""
    snapshot = breaker.snapshot()
    match snapshot.state:
        case BreakerState.CLOSED | BreakerState.DISABLED:
            return Status.PASS, ""
        case BreakerState.FORCED_OPEN:
            return Status.FAIL, snapshot.sentence
        case _:
            return Status.WARN, snapshot.sentence
