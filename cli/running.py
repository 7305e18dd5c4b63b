"""`reeld run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import trio

from reeld.cli.daemon import Daemon, Started
from reeld.cli.reload import SettingsReader
from reeld.domain.errors import ReeldError
from reeld.supervisors import Escalated
from reeld.telemetry import configure_logs
from reeld.telemetry.logs import Format


def run_daemon(environ: Mapping[str, str], *, level: str, form: Format) -> int:
    """Run the daemon; return the exit code."""
    reader = SettingsReader(environ)
    settings = reader.read()
    configure_logs(level=level, form=form)
    if settings.library.root_folder == settings.data_dir / "library":
        # Nobody named a library: the one below the data directory is reeld's own to make.
        settings.library.root_folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    daemon = Daemon(settings, reader)
    failure: str | None = None
    try:
        trio.run(daemon.run, _welcome)
    except* (ReeldError, Escalated) as group:
        failure = sentence_of(group)
    if failure is None:
        return 0
    print(f"reeld: {failure}", file=sys.stderr)
    return 1


def sentence_of(error: BaseException) -> str:
    """Return what a person must know of a failure: the sentence of the innermost foreseen error."""
    found = str(error)
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, BaseExceptionGroup):
            current = current.exceptions[0]
            continue
        if isinstance(current, ReeldError):
            found = current.sentence
        current = current.__cause__
    return found


async def _welcome(started: Started) -> None:
    say = sys.stderr.write
    say(f"reeld is ready at {started.url}\n")
    if started.new_key is not None:
        say(
            f"API key of the administrator, shown this once: {started.new_key.reveal()}\n"
            "Send it in the X-Api-Key header. Commands on this machine need no key.\n"
        )
    await trio.sleep_forever()
