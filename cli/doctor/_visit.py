"""One visit: all checks at once, each with a deadline, shown as they end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
import trio

from reeld.cli.doctor import _daemon, _database, _folders, _machine, _qbittorrent, _sources
from reeld.cli.doctor._findings import Finding, Status, failed, warned, worst_of
from reeld.cli.doctor._patient import Patient, find_running
from reeld.cli.doctor._report import Report, report_for
from reeld.cli.doctor._settings import check_file, check_variables, read
from reeld.cli.endings import EXIT_DEGRADED, EXIT_FAILED
from reeld.cli.settings import secrets_of
from reeld.domain.errors import ReeldError
from reeld.telemetry import configure_logs, redaction

log = structlog.get_logger("reeld.cli")

EXIT_CODES: Final = {Status.PASS: 0, Status.WARN: EXIT_DEGRADED, Status.FAIL: EXIT_FAILED}

LOCAL_SECONDS: Final = 20.0
REMOTE_SECONDS: Final = 60.0
"""A little more than any client's own deadline: its sentence says more than ours."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        name: Its name in findings, in snake case.
        examine: Looks, and says what it found.
        seconds: How long it may take.
    """

    name: str
    examine: Callable[[], Awaitable[list[Finding]]]
    seconds: float = LOCAL_SECONDS


def run_doctor(environ: Mapping[str, str], *, as_json: bool) -> int:
    """Check everything, and print what was found.

    Args:
        environ: Where settings come from.
        as_json: Whether to print one JSON document at the end instead of a line for each finding.

    Returns:
        0 when all is well, 3 when something could be better, 1 when something must be mended.
    """
    configure_logs(level="critical")
    report = report_for(as_json=as_json)
    findings = trio.run(_interruptible, environ, report)
    report.close(findings)
    return EXIT_CODES[worst_of(findings)]


async def _interruptible(environ: Mapping[str, str], report: Report) -> list[Finding]:
    """Visit until Ctrl-C, which ends all checks.

    Python would raise it in whatever code runs just then, which may be a finalizer that nobody hears of it from.
    """
    async with trio.open_nursery() as nursery:
        if threading.current_thread() is threading.main_thread():  # no other one hears signals
            await nursery.start(_raise_interrupt)
        findings = await visit(environ, report)
        nursery.cancel_scope.cancel(reason="all was looked at")
    return findings


async def _raise_interrupt(
    *, task_status: trio.TaskStatus[object] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT) as interrupts:
        task_status.started()
        async for _ in interrupts:
            raise KeyboardInterrupt


async def visit(environ: Mapping[str, str], report: Report) -> list[Finding]:
    """Run all checks, tell the report what each found, and return everything in the order of the checks."""
    settings, first = await trio.to_thread.run_sync(read, environ)
    checks = [
        Check("python", _machine.check_python),
        Check("libexpat", _machine.check_expat),
        Check("mediainfo", _machine.check_mediainfo),
        Check("variables", partial(check_variables, environ)),
    ]
    if settings is not None:
        redaction.register(secrets_of(settings))
        patient = Patient(environ, settings, await find_running(settings.data_dir))
        checks += [
            Check("settings_file", partial(check_file, environ, settings)),
            *_checks(patient),
        ]
    first = _redacted(first)
    report.tell(first)
    found: dict[str, list[Finding]] = {}
    async with trio.open_nursery() as nursery:
        for check in checks:
            nursery.start_soon(_examine, check, found, report)
    return [first, *(finding for check in checks for finding in found[check.name])]


def _checks(patient: Patient) -> list[Check]:
    def of(
        name: str,
        examine: Callable[[Patient], Awaitable[list[Finding]]],
        seconds: float = LOCAL_SECONDS,
    ) -> Check:
        return Check(name, partial(examine, patient), seconds)

    return [
        of("data_directory", _folders.check_data_directory),
        of("database", _database.check_database),
        of("daemon", _daemon.check_daemon),
        of("address", _daemon.check_address),
        of("library", _folders.check_library),
        of("recycle_folder", _folders.check_recycle_folder),
        of("tmdb", _sources.check_tmdb, REMOTE_SECONDS),
        of("hdbits", _sources.check_hdbits, REMOTE_SECONDS),
        of("feeds", _sources.check_feeds, REMOTE_SECONDS),
        of("qbittorrent", _qbittorrent.check_qbittorrent, REMOTE_SECONDS),
    ]


async def _examine(check: Check, found: dict[str, list[Finding]], report: Report) -> None:
    findings = [_redacted(finding) for finding in await _result(check)]
    found[check.name] = findings
    for finding in findings:
        report.tell(finding)


async def _result(check: Check) -> list[Finding]:
    with trio.move_on_after(check.seconds):
        try:
            return await check.examine()
        except ReeldError as error:
            return [failed(check.name, error.sentence, reason=error.reason)]
        except OSError as error:
            where = error.filename or "A file or a network address"
            sentence = f"{where} cannot be used ({error.strerror or error}): give reeld's user access to it."
            return [failed(check.name, sentence, reason="unusable")]
        except Exception as error:
            log.critical("check_crashed", check=check.name, exc_info=True)
            sentence = (
                f"This check itself failed ({type(error).__name__}): please report what it logged."
            )
            return [warned(check.name, sentence, reason="check_crashed")]
    sentence = f"This took longer than {check.seconds:g} s: a disk or a network does not answer."
    return [failed(check.name, sentence, reason="timeout")]


def _redacted(finding: Finding) -> Finding:
    """Return a finding in which every secret is masked, should one have slipped in."""
    observed = {
        name: redaction.text(value) if isinstance(value, str) else value
        for name, value in finding.observed.items()
    }
    return Finding(finding.check, finding.status, redaction.text(finding.sentence), observed)
