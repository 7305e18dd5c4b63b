"""Actors: which one is behind, which one fails, and how near it is to being parked."""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Board, Colour, Drawn, Query, Row, Step, Unit
from reeld.grafana.links import see
from reeld.grafana.looks import ACTOR_WORDS, warn_from
from reeld.grafana.panels import bars, events, graph, heatmap, states
from reeld.grafana.promql import least, most, pick, quantile, rate, ratio, times

_state = (
    f"{most(pick('reeld_actors_running'), 'actor')}"
    f" + 2 * {most(pick('reeld_actor_parked'), 'actor')}"
)

STATES: Final = Row(
    "States",
    (
        states(
            "Actors",
            "What each actor was over time; one that is parked has used up its restarts and rests.",
            see("ReeldActorParked", "ReeldActorRestartLoop"),
            Query(_state, "{{actor}}"),
            ACTOR_WORDS,
            width=16,
            height=10,
        ),
        bars(
            "Restarts left",
            Unit.COUNT,
            "Restarts that each actor has left before it is parked, or before its supervisor gives up.",
            see("ReeldActorRestartLoop", "ReeldActorParked"),
            Query(least(pick("reeld_actor_restart_budget"), "actor"), "{{actor}}"),
            height=10,
            steps=(Step(None, Colour.BAD), Step(1, Colour.WARNING), Step(2, Colour.GOOD)),
        ),
    ),
)

MAILBOXES: Final = Row(
    "Mailboxes",
    (
        graph(
            "Mailbox depth",
            Unit.COUNT,
            "Messages that wait for each actor.",
            see("ReeldActorMailboxBacklog", "ReeldActorStalled"),
            Query(most(pick("reeld_actor_mailbox_depth"), "actor"), "{{actor}}"),
        ),
        graph(
            "Mailbox fill",
            Unit.SHARE,
            "Share of each mailbox that is taken; when it is full, asks are refused and hints are dropped.",
            see("ReeldActorMailboxBacklog"),
            Query(
                most(
                    ratio(pick("reeld_actor_mailbox_depth"), pick("reeld_actor_mailbox_capacity")),
                    "actor",
                ),
                "{{actor}}",
            ),
            steps=warn_from(0.8),
            highest=1,
        ),
        graph(
            "Wait, p99",
            Unit.SECONDS,
            "Time from send to start that all but one in a hundred messages stay below.",
            see("ReeldActorMailboxBacklog", "runtime"),
            Query(
                quantile(0.99, "reeld_actor_message_wait_seconds", "actor"),
                "{{actor}}",
                with_exemplars=True,
            ),
        ),
        graph(
            "Coalesced",
            Unit.MESSAGES_PER_SECOND,
            "Messages that were merged into one of the same kind that waited already: saved work, no loss.",
            see("ReeldActorMailboxBacklog"),
            Query(rate("reeld_actor_messages_coalesced_total", "actor"), "{{actor}}"),
            width=12,
        ),
        events(
            "Rows without a hint",
            "Rows of work that an actor found by its own sweep; many mean that hints get lost.",
            see("ReeldJobQueueStuck", "jobs"),
            Query(times("reeld_unhinted_rows_total", "actor"), "{{actor}}"),
            width=12,
        ),
    ),
)

WORK: Final = Row(
    "Work",
    (
        graph(
            "Messages by actor",
            Unit.MESSAGES_PER_SECOND,
            "Messages that each actor finished.",
            see("ReeldActorStalled"),
            Query(rate("reeld_actor_messages_total", "actor"), "{{actor}}"),
            drawn=Drawn.STACKED,
        ),
        heatmap(
            "Processing time",
            "How long handlers ran, all actors together; the dots lead to traces.",
            see("ReeldActorErrorBudgetBurn"),
            rate("reeld_actor_message_processing_seconds_bucket", "le"),
        ),
        graph(
            "Processing time, p95",
            Unit.SECONDS,
            "Time of a handler that all but one in twenty messages stay below.",
            see("ReeldActorStalled"),
            Query(
                quantile(0.95, "reeld_actor_message_processing_seconds", "actor"),
                "{{actor}}",
                with_exemplars=True,
            ),
        ),
        graph(
            "Busy share",
            Unit.SHARE,
            "Share of the time in which an actor runs a handler; at 100 % a sequential actor cannot do more.",
            see("ReeldActorMailboxBacklog"),
            Query(
                rate("reeld_actor_message_processing_seconds_sum", "actor"),
                "{{actor}}",
            ),
            width=24,
        ),
    ),
)

FAILURES: Final = Row(
    "Failures",
    (
        graph(
            "Messages that did not end well",
            Unit.MESSAGES_PER_SECOND,
            "Messages with any outcome but ok, by actor.",
            see("ReeldActorErrorBudgetBurn"),
            Query(
                rate("reeld_actor_messages_total", "actor,outcome", 'outcome!="ok"'),
                "{{actor}} {{outcome}}",
            ),
            width=12,
        ),
        events(
            "Restarts",
            "Restarts by a supervisor, by cause: a crash, a request, or a sibling that was restarted.",
            see("ReeldActorRestartLoop"),
            Query(times("reeld_actor_restarts_total", "actor,cause"), "{{actor}} {{cause}}"),
            width=12,
        ),
        events(
            "Dead letters",
            "Messages that could not be delivered or handled, by reason; they can be read and replayed.",
            see("ReeldDeadLetters"),
            Query(times("reeld_actor_dead_letters_total", "actor,reason"), "{{actor}} {{reason}}"),
        ),
        events(
            "Escalations",
            "Failures that a supervisor passed to its parent; one that reaches the root ends the daemon.",
            see("ReeldSupervisorEscalation"),
            Query(times("reeld_supervisor_escalations_total", "supervisor"), "{{supervisor}}"),
        ),
        events(
            "Refused circles",
            "Asks refused because the actors would have waited for each other: a fault of reeld's own.",
            see("ReeldAskCircles"),
            Query(times("reeld_ask_circles_total", "actor"), "{{actor}}"),
        ),
    ),
)

ACTORS: Final = Board(
    "actors",
    "Which actor is behind, which one fails, and how near is it to being parked?",
    (STATES, MAILBOXES, WORK, FAILURES),
)
