"""Alerts on the systems outside and the breakers before them."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.table import Alert, Severity

_EXTERNAL: Final = "reeld-external"

SERVICES: Final = (
    Alert(
        name="ReeldCredentialsRejected",
        severity=Severity.CRITICAL,
        expr='max by (job, service) (reeld_breaker_credentials_rejected{job="reeld"}) == 1',
        lasts="1m",
        summary="A service rejects our credentials.",
        description="{{ $labels.service }} is not called any more, until its credentials are corrected.",
        dashboard=_EXTERNAL,
    ),
    Alert(
        name="ReeldBreakerOpen",
        severity=Severity.WARNING,
        # Over five minutes, since each probe half-opens it for a moment. Rejected credentials have an alert of their own.
        expr=(
            "max by (job, service) "
            '(max_over_time(reeld_breaker_state{job="reeld",state=~"open|forced_open"}[5m])) == 1\n'
            "unless on (job, service)\n"
            'max by (job, service) (reeld_breaker_credentials_rejected{job="reeld"}) == 1'
        ),
        lasts="15m",
        summary="A service does not answer, and is not called.",
        description="The breaker of {{ $labels.service }} stays open.",
        dashboard=_EXTERNAL,
    ),
    Alert(
        name="ReeldExternalErrors",
        severity=Severity.WARNING,
        expr=(
            "sum by (job, service) "
            '(rate(reeld_external_requests_total{job="reeld",outcome=~"down|protocol_violation|crashed"}[15m]))\n'
            "/\n"
            '(sum by (job, service) (rate(reeld_external_requests_total{job="reeld",outcome!~"waiting|cancelled"}[15m])) > 0)\n'
            "> 0.25\n"
            "and on (job, service)\n"
            "sum by (job, service) "
            '(increase(reeld_external_requests_total{job="reeld",outcome=~"down|protocol_violation|crashed"}[15m])) > 5'
        ),
        lasts="15m",
        summary="Calls to a service fail.",
        description="{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} fail.",
        dashboard=_EXTERNAL,
    ),
    Alert(
        name="ReeldExternalRateLimited",
        severity=Severity.WARNING,
        expr=(
            'sum by (job, service) (increase(reeld_external_requests_total{job="reeld",outcome="rate_limited"}[1h])) > 10'
        ),
        summary="A service tells reeld to slow down.",
        description=(
            "{{ $labels.service }} did so {{ $value | humanize }} times in an hour; a tracker may ban an account for it."
        ),
        dashboard=_EXTERNAL,
    ),
    Alert(
        name="ReeldFaultInjected",
        severity=Severity.INFO,
        expr='max by (job, service) (reeld_faults_injected{job="reeld"}) == 1',
        summary="An outage is being rehearsed.",
        description="Somebody makes {{ $labels.service }} fail on purpose: other alerts about it are part of that.",
        dashboard=_EXTERNAL,
    ),
)
