"""Alerts on the actors and their supervisors."""

from __future__ import annotations

from typing import Final

from reeld.deploy.prometheus.table import Alert, Severity

_ACTORS: Final = "reeld-actors"

ACTORS: Final = (
    Alert(
        name="ReeldActorParked",
        severity=Severity.WARNING,
        # It is tried again every five minutes: what crashes at once must not look well in between.
        expr='max by (job, actor) (max_over_time(reeld_actor_parked{job="reeld"}[5m])) == 1',
        lasts="1m",
        summary="An actor crashed too often and rests.",
        description="{{ $labels.actor }} used up its restarts; it is tried again every 5 minutes.",
        dashboard=_ACTORS,
    ),
    Alert(
        name="ReeldActorRestartLoop",
        severity=Severity.WARNING,
        expr='sum by (job, actor) (increase(reeld_actor_restarts_total{job="reeld",cause!="requested"}[15m])) > 5',
        summary="An actor crashes again and again.",
        description="{{ $labels.actor }} was restarted {{ $value | humanize }} times in 15 minutes.",
        dashboard=_ACTORS,
    ),
    Alert(
        name="ReeldActorStalled",
        severity=Severity.CRITICAL,
        expr=(
            'reeld_actor_mailbox_depth{job="reeld"} > 0\n'
            "and on (job, instance, actor)\n"
            'sum by (job, instance, actor) (rate(reeld_actor_messages_total{job="reeld"}[5m])) == 0\n'
            "unless on (job, instance, actor)\n"
            'reeld_actor_parked{job="reeld"} == 1'
        ),
        lasts="10m",
        summary="An actor has messages and finishes none.",
        description="{{ $labels.actor }} has {{ $value }} messages waiting and has finished none for 5 minutes.",
        dashboard=_ACTORS,
        needs_database=True,
    ),
    Alert(
        name="ReeldActorMailboxBacklog",
        severity=Severity.WARNING,
        expr='reeld_actor_mailbox_depth{job="reeld"} / (reeld_actor_mailbox_capacity{job="reeld"} > 0) > 0.8',
        lasts="10m",
        summary="An actor's mailbox is nearly full.",
        description="The mailbox of {{ $labels.actor }} is {{ $value | humanizePercentage }} full.",
        dashboard=_ACTORS,
        needs_database=True,
    ),
    Alert(
        name="ReeldSupervisorEscalation",
        severity=Severity.WARNING,
        expr='sum by (job, supervisor) (increase(reeld_supervisor_escalations_total{job="reeld"}[15m])) > 0',
        summary="A supervisor could not help, and passed its failure on.",
        description="{{ $labels.supervisor }} gave up {{ $value | humanize }} times in 15 minutes.",
        dashboard=_ACTORS,
    ),
    Alert(
        name="ReeldDeadLetters",
        severity=Severity.WARNING,
        expr=(
            "sum by (job, actor, reason) "
            '(increase(reeld_actor_dead_letters_total{job="reeld",reason!="expired"}[15m])) > 10'
        ),
        lasts="15m",
        summary="Messages are not delivered or not handled.",
        description="{{ $value | humanize }} messages for {{ $labels.actor }} died in 15 minutes: {{ $labels.reason }}.",
        dashboard=_ACTORS,
    ),
    Alert(
        name="ReeldAskCircles",
        severity=Severity.WARNING,
        expr='sum by (job, actor) (increase(reeld_ask_circles_total{job="reeld"}[15m])) > 0',
        summary="Actors would have waited for one another for ever.",
        description=(
            "{{ $value | humanize }} asks of {{ $labels.actor }} were refused in 15 minutes; this is a fault of reeld's own."
        ),
        dashboard=_ACTORS,
    ),
)
