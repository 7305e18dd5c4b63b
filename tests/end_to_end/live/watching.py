"""A real Prometheus and a real Alertmanager that watch one reeld, with the rules and routes that are committed."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from reeld.deploy.prometheus import alertmanager, prometheus, rules

SCRAPE_SECONDS: Final = 1.0
SCALE: Final = 60
"""So much faster than life the rules run."""
LONG_SCALE: Final = 1440
LONG: Final = ("ReeldRSSGap", "ReeldHardlinkFallback")
"""These look back six hours, which are six minutes at the scale of the others: they run faster, so that one sees them resolve."""

Series = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Watch:
    """Asks the two servers; calls block, for seconds at most.

    Attributes:
        told: Says which alerts arrived, by status and receivers.
    """

    prometheus: str
    alertmanager: str
    told: Callable[..., set[str]]

    def now(self, promql: str, at: float | None = None) -> Series:
        """What a query answers now, or did at a time."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        return self._result("query", query=promql, **moment)

    def over(self, promql: str, start: float, end: float) -> Series:
        """What a query answers for each second of a time."""
        return self._result(
            "query_range", query=promql, start=f"{start:.3f}", end=f"{end:.3f}", step="1"
        )

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health."""
        groups = _get(f"{self.prometheus}/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def held(self) -> set[str]:
        """The names of the alerts that Alertmanager holds, silent ones too."""
        return {each["labels"]["alertname"] for each in _get(f"{self.alertmanager}/api/v2/alerts")}

    def _result(self, path: str, **fields: str) -> Series:
        url = f"{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(fields)}"
        series: Series = _get(url)["data"]["result"]
        return series


@contextmanager
def watching(
    folder: Path, target: str, inbox: str, told: Callable[..., set[str]], programs: Any
) -> Iterator[Watch]:
    """Run both for the length of the block.

    Args:
        folder: For their files.
        target: Where reeld answers, or will, as host:port.
        inbox: Where notifications are posted, each receiver to its own name below it.
        told: Says what arrived there.
        programs: Knows the programs and free ports.
    """
    ports = [programs.free_port() for _ in range(2)]
    watch = Watch(*(f"http://127.0.0.1:{port}" for port in ports), told)
    (folder / "reeld-rules.yml").write_text(rules_for_the_test())
    (folder / "prometheus.yml").write_text(
        prometheus(
            target=target,
            alertmanager=f"127.0.0.1:{ports[1]}",
            scrape_seconds=SCRAPE_SECONDS,
        )
    )
    (folder / "alertmanager.yml").write_text(routes_for_the_test(inbox))
    with ExitStack() as stack:
        for program, arguments in {
            "prometheus-alertmanager": (
                "--config.file=alertmanager.yml",
                "--storage.path=alertmanager",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--cluster.listen-address=",
            ),
            "prometheus": (
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=prometheus",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
            ),
        }.items():
            command = [*programs.command_of(program), *arguments]
            stack.enter_context(_running(command, folder, program))
        for url in (watch.prometheus, watch.alertmanager):
            programs.wait_until(lambda url=url: _is_ready(url), 60, f"starting {url}")
        yield watch


def rules_for_the_test() -> str:
    """The committed rules at the scale of the test."""
    document, faster = (
        yaml.safe_load(rules(scale, scrape_seconds=SCRAPE_SECONDS)) for scale in (SCALE, LONG_SCALE)
    )
    swift = {rule["alert"]: rule for rule in _rules_of(faster) if rule.get("alert") in LONG}
    for rule in _rules_of(document):
        rule |= swift.get(rule.get("alert"), {})
    return yaml.safe_dump(document, sort_keys=False)


def routes_for_the_test(inbox: str) -> str:
    """The committed routes; each receiver posts to its own name, and he who is told of nothing may listen, too."""
    document = yaml.safe_load(alertmanager(SCALE))
    for receiver in document["receivers"]:
        address = {"url": f"{inbox}/{receiver['name']}", "send_resolved": True}
        receiver["webhook_configs"] = [address]
    return yaml.safe_dump(document, sort_keys=False)


def _rules_of(document: Any) -> Iterator[dict[str, Any]]:
    for group in document["groups"]:
        yield from group["rules"]


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _running(command: list[str], folder: Path, name: str) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
