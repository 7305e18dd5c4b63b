"""What Radarr's clients change in `config`, as changes of reeld's settings.

Radarr's settings that reeld has too are changed; what has no meaning in reeld is refused by name, and nothing is kept
that has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reeld.domain.settings import Settings
from reeld.http.radarr_v3._asked import Body
from reeld.http.radarr_v3._config_written import MIB, PROPERS
from reeld.http.radarr_v3._errors import Failure, Invalid, invalid
from reeld.http.radarr_v3._values import MASK, Json

_FIXED: Final = "reeld has no such setting: this is how it works."


@dataclass(frozen=True, slots=True)
class _Knob:
    """How one of Radarr's settings is changed.

    Attributes:
        read: Returns the value of ours, as JSON has it; None for the default.
        settings: The names of ours that take it.
    """

    read: Callable[[Body, str], object]
    settings: tuple[str, ...]


def changes_in(body: Body, document: Json, settings: Settings) -> dict[str, dict[str, object]]:
    """Return what a client wants otherwise: by Radarr's names, the settings of ours with their values.

    Args:
        body: What it sent.
        document: What it was shown.
        settings: Those in force.

    Raises:
        Invalid: Something cannot be changed, or not here; each failure says why.
    """
    wanted = [name for name, held in document.items() if _differs(name, body.get(name), held)]
    failures = [Failure(_called(name), _advice(name), body.get(name)) for name in _fixed(wanted)]
    if failures:
        raise Invalid(*failures)
    found = {}
    for name in wanted:
        knob = _KNOBS[name]
        value = knob.read(body, name)
        found[_called(name)] = dict.fromkeys(_settings_of(name, knob, settings), value)
    return found


def _differs(name: str, sent: Any, held: Any) -> bool:
    """Whether something else is wanted. Nothing, or a mask, means: as it is."""
    if sent in (None, MASK, held):
        return False
    if name not in _KNOBS and isinstance(sent, str) and isinstance(held, str):
        return sent.casefold() != held.casefold()
    return True


def _fixed(names: list[str]) -> list[str]:
    return [name for name in names if name not in _KNOBS]


def _called(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}"


def _advice(name: str) -> str:
    setting = _IN_THE_FILE.get(name)
    return _FIXED if setting is None else f"Set {setting} in reeld's settings file."


def _settings_of(name: str, knob: _Knob, settings: Settings) -> tuple[str, ...]:
    if name == "rssSyncInterval":
        return ("hdbits.poll_seconds" if settings.hdbits else "torznab.poll_seconds",)
    return knob.settings


def _text(body: Body, name: str) -> object:
    return body.text(name) or None


def _flag(body: Body, name: str) -> object:
    return body.flag(name)


def _number(body: Body, name: str) -> object:
    return body.integer(name)


def _times(factor: int) -> Callable[[Body, str], object]:
    return lambda body, name: body.integer(name) * factor


def _interval(body: Body, name: str) -> object:
    """Return the seconds of so many minutes; Radarr's 0, which is never, is refused."""
    minutes = body.integer(name)
    if minutes < 1:
        raise invalid(
            _called(name), "Must be 1 or more: pause an actor to have it look at nothing."
        )
    return minutes * 60


def _words(body: Body, name: str) -> object:
    return [word.strip() for word in body.text(name).split(",") if word.strip()]


def _propers(body: Body, name: str) -> object:
    word = body.word(name, dict(enumerate(PROPERS.values())))
    known = {theirs.lower(): ours for ours, theirs in PROPERS.items()}
    if word not in known:
        raise invalid(_called(name), f"'{word[:40]}' must be among {', '.join(PROPERS.values())}.")
    return known[word]


def _folder_mode(body: Body, _name: str) -> object:
    """Return permission bits: of two settings of Radarr's, whether there are any, and which."""
    digits = body.text("chmodFolder")
    if not body.flag("setPermissionsLinux", default=bool(digits)):
        return None
    if not 0 < len(digits) <= 4 or not set(digits) <= set("01234567"):
        raise invalid("ChmodFolder", "Must be a valid permission: octal digits, such as 755.")
    return int(digits, 8)


_KNOBS: Final[Mapping[str, _Knob]] = {
    "standardMovieFormat": _Knob(_text, ("library.file_template",)),
    "movieFolderFormat": _Knob(_text, ("library.folder_template",)),
    "downloadPropersAndRepacks": _Knob(_propers, ("decision.propers",)),
    "setPermissionsLinux": _Knob(_folder_mode, ("library.folder_mode",)),
    "chmodFolder": _Knob(_folder_mode, ("library.folder_mode",)),
    "chownGroup": _Knob(_text, ("library.group",)),
    "minimumFreeSpaceWhenImporting": _Knob(
        _times(MIB), ("decision.minimum_free_bytes", "library.free_bytes")
    ),
    "maximumSize": _Knob(_times(MIB), ("decision.maximum_bytes",)),
    "rssSyncInterval": _Knob(_interval, ("hdbits.poll_seconds", "torznab.poll_seconds")),
    "preferIndexerFlags": _Knob(_flag, ("decision.prefer_indexer_flags",)),
    "availabilityDelay": _Knob(_number, ("decision.availability_delay_days",)),
    "allowHardcodedSubs": _Knob(_flag, ("decision.hardcoded_subs_allowed",)),
    "whitelistedHardcodedSubs": _Knob(_words, ("decision.hardcoded_subs_whitelist",)),
    "backupInterval": _Knob(_times(24), ("backup.every_hours",)),
    "backupRetention": _Knob(_number, ("backup.keep",)),
}
_IN_THE_FILE: Final = {
    "recycleBin": "library.recycle_folder",
    "bindAddress": "bind",
    "port": "bind",
    "apiKey": "api_key",
    "backupFolder": "backup.folder",
}
