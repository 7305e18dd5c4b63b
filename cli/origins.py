"""Where each setting comes from: variables, credentials, the file, or nothing of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reeld.cli.settings import PREFIX, config_file, sources
from reeld.domain.settings import Origin, SettingSource

_AT_THE_TOP: Final[Mapping[str, tuple[str, ...]]] = {
    "bind": ("server.host", "server.port"),
    "ops_bind": ("server.ops_host", "server.ops_port"),
    "data_dir": ("data_dir",),
    "database_url": ("database_url",),
    "feeds": ("feeds",),
}
"""What stands at the top of the file, and is shown under another name or under none of a section."""


def origins(environ: Mapping[str, str] | None = None) -> dict[str, Origin]:
    """Return the settings that are no defaults, by their dotted names. Blocks on the disk.

    Args:
        environ: The environment; the process's own when left out.

    Raises:
        InvalidSetting: The file that is named is not there.
        ValueError: A source cannot be read; reading the settings says which.
    """
    environ = os.environ if environ is None else environ
    file = str(config_file(environ) or "")
    found: dict[str, Origin] = {}
    for place, source in sources(environ).items():
        for key, name in _names(source()):
            found.setdefault(name, Origin(place, _where(place, key, file)))
    return found


def _names(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is said, each as it is called there and by its dotted name."""
    for key, value in said.items():
        if isinstance(value, Mapping):
            for part in value:
                yield f"{key}.{part}", f"{key}.{part}"
        else:
            for name in _AT_THE_TOP.get(key, (f"server.{key}",)):
                yield key, name


def _where(source: SettingSource, key: str, file: str) -> str:
    if source is SettingSource.FILE:
        return file
    variable = f"{PREFIX}{key}".replace(".", "_")
    return variable.upper() if source is SettingSource.ENVIRONMENT else key.replace(".", "_")
