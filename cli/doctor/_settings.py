"""Where settings come from: the file, its permissions, and variables that nobody reads."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import trio

from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.cli.settings import PREFIX, config_file, known_variables, read_settings, secrets_of
from reeld.domain.settings import InvalidSetting, Settings

_OTHERS: Final = frozenset(
    {"REELD_CONFIG", "REELD_URL", "REELD_TEST_DATABASE_URL", "REELD_REQUIRE_SERVICES"}
)
"""Variables that are no settings."""


def read(environ: Mapping[str, str]) -> tuple[Settings | None, Finding]:
    """Return the settings, None when they cannot be read, and the finding that says so."""
    try:
        settings = read_settings(environ)
        file = config_file(environ)
    except InvalidSetting as error:
        return None, failed("settings", error.sentence, setting=error.setting)
    except OSError as error:
        return None, failed("settings", _unreadable(error), file=str(error.filename))
    if file is None:
        return settings, passed("settings", "Settings come from variables and defaults.", file=None)
    return settings, passed("settings", f"Settings come from {file}.", file=str(file))


def _unreadable(error: OSError) -> str:
    return (
        f"{error.filename} cannot be read ({error.strerror}): let the user that runs reeld read it."
    )


async def check_variables(environ: Mapping[str, str]) -> list[Finding]:
    """Look for `REELD_` variables that nothing reads."""
    known = known_variables() | _OTHERS
    unknown = sorted(name for name in environ if name.upper().startswith(PREFIX))
    unknown = [name for name in unknown if name.upper() not in known]
    if not unknown:
        return [passed("variables", "Every REELD_ variable is a setting.")]
    return [warned("variables", _about_variable(name, known), variable=name) for name in unknown]


def _about_variable(name: str, known: frozenset[str]) -> str:
    alike = difflib.get_close_matches(name.upper(), sorted(known), n=1)
    guess = f"did you mean {alike[0]}?" if alike else "remove it."
    return f"{name} is no setting of reeld: {guess}"


async def check_file(environ: Mapping[str, str], settings: Settings) -> list[Finding]:
    """See whether the file keeps its secrets to its owner."""
    file = config_file(environ)
    if file is None:
        return []
    return await trio.to_thread.run_sync(_judge_file, file, settings, abandon_on_cancel=True)


def _judge_file(file: Path, settings: Settings) -> list[Finding]:
    mode = stat.S_IMODE(file.stat().st_mode)
    text = file.read_text(encoding="utf-8")
    if not any(secret in text for secret in secrets_of(settings)):
        return []
    observed = {"file": str(file), "mode": f"{mode:04o}"}
    if mode & 0o077:
        sentence = f"{file} holds secrets, and others on this machine may read it: chmod 600 {file}"
        return [warned("settings_file", sentence, **observed)]
    return [passed("settings_file", f"Only its owner may read {file}.", **observed)]
