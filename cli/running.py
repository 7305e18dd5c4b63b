"""`reeld run`."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Mapping
from typing import Final

import trio

from reeld.cli.daemon import Daemon, Started
from reeld.cli.garbage import keep_what_is_loaded
from reeld.cli.notify import tell_failure, watchdog_seconds
from reeld.cli.output import complain
from reeld.cli.reload import SettingsReader
from reeld.domain.errors import ReeldError, Refused
from reeld.domain.settings import Settings
from reeld.supervisors import Escalated
from reeld.telemetry import configure_logs
from reeld.telemetry.logs import Format

DEEPEST: Final = 20
"""So many errors inside one another are looked through for one that a person understands."""


def run_daemon(environ: Mapping[str, str], *, level: str, form: Format) -> int:
    """Run the daemon until it is told to stop.

    Returns:
        0 after an orderly stop; 1, with a sentence on standard error, when it cannot run.
    """
    reader = SettingsReader(environ)
    try:
        settings = reader.read()
        configure_logs(level=level, form=form)
        make_folders(settings)
        daemon = Daemon(settings, reader, environ)
    except ReeldError as error:
        tell_failure(environ, error.sentence)
        raise
    if watchdog_seconds(environ) is not None:
        # The service manager ends a daemon that hangs with SIGABRT: say where it hung.
        faulthandler.enable()
    failure: BaseException | None = None
    try:
        trio.run(daemon.run, _welcome)
    except* (Escalated, ReeldError) as group:
        failure = group
    if failure is not None:
        sentence = sentence_of(failure)
        complain(sentence)
        tell_failure(environ, sentence)
        return 1
    return 0


def make_folders(settings: Settings) -> None:
    """Make the data directory, and the library in it when nobody named another: that one is reeld's own to make.

    Raises:
        Refused: They cannot be made.
    """
    library, folder = settings.library.root_folder, settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if library == folder / "library":
            library.mkdir(mode=0o755, exist_ok=True)
    except OSError as error:
        raise Refused(
            f"The data directory {folder} cannot be used ({error.strerror or error}). Set REELD_DATA_DIR to a folder"
            " that this user may write.",
            reason="data_directory_unusable",
        ) from error


def sentence_of(error: BaseException) -> str:
    """Return what a person must know of a failure: the sentence of the innermost foreseen error."""
    found, innermost = "", error
    current: BaseException | None = error
    for _ in range(DEEPEST):
        if current is None:
            break
        if isinstance(current, BaseExceptionGroup):
            current = current.exceptions[0]
            continue
        if isinstance(current, ReeldError):
            found = current.sentence
        innermost, current = current, current.__cause__
    return found or f"{type(innermost).__name__}: {innermost}"


async def _welcome(started: Started) -> None:
    keep_what_is_loaded()
    say = sys.stderr.write
    say(f"reeld is ready at {started.url}\n")
    if started.ops_url != started.url:
        say(f"Health, metrics and control are at {started.ops_url}\n")
    if started.new_key is not None:
        say(
            f"API key of the administrator, shown this once: {started.new_key.reveal()}\n"
            "Send it in the X-Api-Key header. Commands on this machine need no key.\n"
        )
    if started.new_password is not None:
        say(
            f"Password of the user admin, shown this once: {started.new_password.reveal()}\n"
            "`reeld user password admin` sets another.\n"
        )
    await trio.sleep_forever()
