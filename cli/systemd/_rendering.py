"""The units of deploy/systemd/ with the paths of a place in them."""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from reeld.cli.systemd._place import BESIDE, Place

SERVICE: Final = "reeld.service"
BACKUP: Final = "reeld-backup.service"
TIMER: Final = "reeld-backup.timer"
MEDIA: Final = "reeld.service.d/media.conf"
UNITS: Final = (SERVICE, BACKUP, TIMER, MEDIA)


def units_for(place: Place) -> dict[str, str]:
    """Return the text of each unit by its name below the folder of units."""
    units = {
        SERVICE: _service(_template(SERVICE), place, "run"),
        BACKUP: _service(_template(BACKUP), place, "backup create"),
        TIMER: _template(TIMER),
    }
    if place.media is not None:
        path = quoted(str(place.media))
        lines = {"RequiresMountsFor": [path], "ReadWritePaths": [path]}
        units[MEDIA] = _filled(_template(MEDIA), lines)
    return units


def quoted(text: str) -> str:
    """Return a word as units want it (systemd.syntax(7), systemd.unit(5)): a `%` begins a specifier.

    Quotes are only put where they are needed, so that what people read stays plain.
    """
    text = text.replace("%", "%%")
    if re.fullmatch(r"[\w%+,./:@=-]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _service(template: str, place: Place, arguments: str) -> str:
    command = " ".join([*(quoted(word) for word in place.command), arguments])
    lines = {"ExecStart": [command], "User": [place.user]}
    if place.is_in_a_home:
        lines["ProtectHome"] = ["read-only"]
    return _with_data_directory(_filled(template, lines), place)


def _with_data_directory(template: str, place: Place) -> str:
    if place.state_directory is not None:
        # The others for the key file and for backups, which lie beside the data.
        folders = " ".join(f"{place.state_directory}{end}" for end in ("", *BESIDE))
        return _filled(template, {"StateDirectory": [folders]})
    data_dir = str(place.data_dir)
    writable = " ".join([quoted(data_dir), *(quoted(f"-{data_dir}{end}") for end in BESIDE)])
    other = f"Environment={quoted(f'REELD_DATA_DIR={data_dir}')}\nReadWritePaths={writable}"
    bare = _filled(template, {"StateDirectoryMode": []})
    return _replaced(bare, "StateDirectory", other)


def _filled(template: str, lines: dict[str, list[str]]) -> str:
    """Return the template with other values for some keys; a key without one goes."""
    for key, values in lines.items():
        template = _replaced(template, key, "\n".join(f"{key}={value}" for value in values))
    return template


def _replaced(template: str, key: str, text: str) -> str:
    made, count = re.subn(
        rf"^{key}=.*\n", lambda _: f"{text}\n" if text else "", template, flags=re.MULTILINE
    )
    assert count == 1, f"the template has {count} lines {key}="
    return made


def _template(name: str) -> str:
    folder = resources.files("reeld.deploy.systemd")
    return folder.joinpath(*name.split("/")).read_text(encoding="utf-8")
