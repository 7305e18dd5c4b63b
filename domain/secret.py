"""A value that must not be seen."""

from __future__ import annotations

from typing import final


@final
class Secret:
    """Wraps a credential so that no log line, traceback or f-string can show it.

    Only `reveal` gives the text; call it at the last moment, where the request is built.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the wrapped text."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(********)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # Pickled, copied into a worker process or dumped by a debugger, only the mask travels.
        return (str, ("********",))
