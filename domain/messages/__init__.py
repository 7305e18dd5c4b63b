"""The messages that actors exchange: frozen values with a declared type of reply."""

from reeld.domain.messages._base import Message, Overflow

__all__ = ["Message", "Overflow"]
