"""Who is told of what, asked of Alertmanager's own programs."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reeld.deploy.prometheus import ALERTS, Severity, alertmanager

RECEIVERS: Final = {
    Severity.CRITICAL: "pager",
    Severity.WARNING: "ticket",
    Severity.INFO: "none",
}


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alertmanager") / "alertmanager.yml"
    path.write_text(alertmanager())
    return path


def test_alertmanager_takes_the_configuration(
    amtool: Callable[..., str], configuration: Path
) -> None:
    assert "3 receivers" in amtool("check-config", str(configuration))


@pytest.mark.parametrize("severity", Severity)
def test_each_severity_has_its_receiver(
    severity: Severity, amtool: Callable[..., str], configuration: Path
) -> None:
    rows = {alert.name for alert in ALERTS if alert.severity is severity}
    for name in sorted(rows)[:2]:
        labels = [f"alertname={name}", f"severity={severity}", "job=reeld"]
        verify = f"--verify.receivers={RECEIVERS[severity]}"
        amtool("config", "routes", "test", f"--config.file={configuration}", verify, *labels)


def test_what_has_no_severity_of_ours_becomes_a_ticket(
    amtool: Callable[..., str], configuration: Path
) -> None:
    file = f"--config.file={configuration}"
    amtool("config", "routes", "test", file, "--verify.receivers=ticket", "alertname=Other")


# Inhibition: no tool knows it, so the server is asked -------------------------------------------------------------------


class Server:
    """An Alertmanager that holds alerts and tells nobody."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def fire(self, *labels: dict[str, str]) -> None:
        body = json.dumps([{"labels": each} for each in labels]).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/api/v2/alerts", body, headers)
        with urllib.request.urlopen(request, timeout=10):
            pass

    def told(self, job: str) -> set[str]:
        """The names of the alerts of a job that somebody is told of."""
        address = f"{self._url}/api/v2/alerts?inhibited=false&filter=job%3D%22{job}%22"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found: list[Any] = json.load(answer)
        return {f"{each['labels']['alertname']} {each['labels']['severity']}" for each in found}


@pytest.fixture(scope="module")
def server(
    alertmanager_command: list[str],
    configuration: Path,
    free_port: Callable[[], int],
    wait_until: Callable[..., None],
) -> Iterator[Server]:
    port = free_port()
    command = [*alertmanager_command, f"--config.file={configuration}"]
    command += [f"--storage.path={configuration.parent / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    log = configuration.parent / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        running = Server(port)
        wait_until(lambda: running.answers() or process.poll() is not None, 30.0, "starting")
        assert process.poll() is None, log.read_text()
        yield running
    finally:
        process.kill()
        process.wait()


def firing(name: str, job: str, severity: Severity | None = None, **labels: str) -> dict[str, str]:
    row = next(a for a in ALERTS if a.name == name and severity in {None, a.severity})
    return {"alertname": name, "job": job, "severity": str(row.severity), **labels}


def test_a_daemon_that_is_down_is_all_there_is_to_say(
    server: Server, wait_until: Callable[..., None]
) -> None:
    others = [firing(alert.name, "down", alert.severity) for alert in ALERTS]
    server.fire(*others)
    wait_until(lambda: server.told("down") == {"ReeldDown critical"}, 30.0, "inhibiting")


def test_a_database_that_is_down_explains_what_needs_it_and_nothing_else(
    server: Server, wait_until: Callable[..., None]
) -> None:
    dependents = [firing(a.name, "database", a.severity) for a in ALERTS if a.needs_database]
    assert len(dependents) > 10
    server.fire(
        firing("ReeldDatabaseDown", "database"),
        *dependents,
        firing("ReeldBreakerOpen", "database", service="postgresql"),
        firing("ReeldLibraryDiskAlmostFull", "database"),
        firing("ReeldCredentialsRejected", "database", service="hdbits"),
    )
    told = {
        "ReeldDatabaseDown critical",
        "ReeldLibraryDiskAlmostFull critical",
        "ReeldCredentialsRejected critical",
    }
    wait_until(lambda: server.told("database") == told, 30.0, "inhibiting")


def test_another_breaker_is_told_of_while_the_database_is_down(
    server: Server, wait_until: Callable[..., None]
) -> None:
    server.fire(
        firing("ReeldDatabaseDown", "breaker"),
        firing("ReeldBreakerOpen", "breaker", service="qbit"),
    )
    told = {"ReeldDatabaseDown critical", "ReeldBreakerOpen warning"}
    wait_until(lambda: server.told("breaker") == told, 30.0, "telling")


def test_a_fast_burn_says_it_for_the_slow_one(
    server: Server, wait_until: Callable[..., None]
) -> None:
    burn = "ReeldAPIErrorBudgetBurn"
    server.fire(firing(burn, "burn", Severity.WARNING, long="1d"), firing("ReeldJobsDead", "burn"))
    both = {f"{burn} warning", "ReeldJobsDead warning"}
    wait_until(lambda: server.told("burn") == both, 30.0, "telling")
    server.fire(firing(burn, "burn", Severity.CRITICAL, long="1h"))
    told = {f"{burn} critical", "ReeldJobsDead warning"}
    wait_until(lambda: server.told("burn") == told, 30.0, "inhibiting")


def test_another_daemon_is_not_silenced(server: Server, wait_until: Callable[..., None]) -> None:
    server.fire(firing("ReeldDown", "one"), firing("ReeldJobsDead", "another"))
    wait_until(lambda: server.told("another") == {"ReeldJobsDead warning"}, 30.0, "telling")
