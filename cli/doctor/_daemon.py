"""The daemon itself: whether one runs, where, and whether it is well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import trio

from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.cli.doctor._patient import Patient, RunningDaemon
from reeld.domain.errors import ReeldError
from reeld.domain.settings import ServerSettings
from reeld.http.server import bind


async def check_daemon(patient: Patient) -> list[Finding]:
    """Ask the daemon that runs which of its parts are not well."""
    if patient.daemon is None:
        sentence = "No daemon runs on the data directory; `reeld run` starts one."
        return [passed("daemon", sentence, running=False)]
    tree = await patient.daemon.get("/control/actors")
    if not isinstance(tree, dict) or "children" not in tree:
        sentence = "A daemon runs, but does not show its actors: look into its log."
        return [failed("daemon", sentence, running=True, url=patient.daemon.url)]
    troubles = [finding for node in tree["children"] for finding in _troubles(node)]
    ready = passed(
        "daemon", f"A daemon runs at {patient.daemon.url}.", running=True, url=patient.daemon.url
    )
    return troubles or [ready]


def _troubles(node: Any) -> Iterator[Finding]:
    if node["parked"]:
        sentence = (
            f"The actor {node['name']} crashed too often and rests: its log says why; POST"
            f" /control/actors/{node['name']}/restart starts it at once. {node['last_error'] or ''}"
        )
        yield failed("daemon", sentence.rstrip(), actor=node["name"], parked=True)
    for breaker in node["breakers"]:
        if breaker["state"] in {"open", "forced_open"}:
            sentence = f"The daemon does not call {breaker['name']} now. {breaker['sentence']}"
            yield warned(
                "daemon", sentence.rstrip(), breaker=breaker["name"], state=breaker["state"]
            )
    for child in node["children"]:
        yield from _troubles(child)


async def check_address(patient: Patient) -> list[Finding]:
    """See whether the daemon can listen where it is told to."""
    server = patient.settings.server
    if patient.daemon is not None:
        return [_judge_running(patient.daemon, server)]
    try:
        await trio.to_thread.run_sync(lambda: bind(server.host, server.port).close())
    except ReeldError as error:
        return [failed("address", error.sentence, reason=error.reason, port=server.port)]
    return [passed("address", f"{server.host}:{server.port} is free.", port=server.port)]


def _judge_running(daemon: RunningDaemon, server: ServerSettings) -> Finding:
    port = urlsplit(daemon.url).port
    if server.port in {0, port}:
        return passed("address", f"The daemon listens at {daemon.url}.", port=port)
    sentence = (
        f"The daemon listens at {daemon.url}, not on port {server.port} of REELD_BIND: restart it."
    )
    return warned("address", sentence, port=port)
