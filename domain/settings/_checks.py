"""How settings complain."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from reeld.domain.errors import Refused
from reeld.domain.release import NO_FLAGS, IndexerFlag


class InvalidSetting(Refused):
    """A setting has a value that cannot work.

    Args:
        setting: Its dotted name, such as `hdbits.url`.
        complaint: What is wrong and what to do; never holds a secret's value.
    """

    default_reason = "invalid_setting"

    def __init__(self, setting: str, complaint: str) -> None:
        super().__init__(f"{setting}: {complaint}")
        self.setting = setting
        self.complaint = complaint


def require(holds: bool, setting: str, complaint: str) -> None:
    """Raise `InvalidSetting` unless it holds."""
    if not holds:
        raise InvalidSetting(setting, complaint)


def require_between(setting: str, value: float, least: float, most: float = float("inf")) -> None:
    """Check that a number lies between two others, both included."""
    limits = f"at least {least:g}" if most == float("inf") else f"between {least:g} and {most:g}"
    require(least <= value <= most, setting, f"is {value:g}, but must be {limits}.")


def require_absolute(setting: str, path: Path) -> None:
    """Check that a path is absolute."""
    require(path.is_absolute(), setting, f"is {str(path)!r}, but must be an absolute path.")


def require_url(setting: str, url: str) -> None:
    """Check that an address is one of HTTP; what it holds is never repeated."""
    complaint = "must be an address such as https://host.example/path."
    require(scheme(url) in {"http", "https"} and bool(_host(url)), setting, complaint)


def scheme(url: str) -> str:
    """Return the scheme of an address in lower case; empty when there is none."""
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    """Whether an address names this machine."""
    host = _host(url)
    return host in {"localhost", "::1"} or (
        host.startswith("127.") and host.replace(".", "").isdigit()
    )


def flags_named(setting: str, names: Iterable[str]) -> IndexerFlag:
    """Return the flags with these names, in any case.

    Raises:
        InvalidSetting: There is none of a name.
    """
    flags, known = NO_FLAGS, IndexerFlag.__members__
    for name in names:
        complaint = f"must be among {', '.join(each.lower() for each in known)}."
        require(name.upper() in known, setting, complaint)
        flags |= known[name.upper()]
    return flags
