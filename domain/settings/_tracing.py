"""Where traces go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from reeld.domain.secret import Secret
from reeld.domain.settings._checks import require, require_between, require_url

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """OpenTelemetry traces; needs a restart.

    Attributes:
        endpoint: The base address of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`; None records nothing.
        headers: Sent with each batch, as `name=value,name=value`, percent-encoded where needed.
        sample_ratio: The share of traces that is recorded, 0 to 1.
    """

    endpoint: str | None = None
    headers: Secret | None = None
    sample_ratio: float = 1.0

    def __post_init__(self) -> None:
        """Check the values."""
        if self.endpoint is not None:
            require_url("tracing.endpoint", self.endpoint)
            plain = "@" not in urlsplit(self.endpoint).netloc
            require(plain, "tracing.endpoint", "holds credentials; put them into tracing.headers.")
        well_formed = all(
            _NAME.fullmatch(name) and _VALUE.fullmatch(value)
            for name, value in self.header_fields().items()
        )
        require(well_formed, "tracing.headers", "must look like name=value,name=value.")
        require_between("tracing.sample_ratio", self.sample_ratio, 0, 1)

    def header_fields(self) -> dict[str, str]:
        """Return the headers by name; the values are secret."""
        text = "" if self.headers is None else self.headers.reveal()
        pairs = (part.partition("=") for part in text.split(",") if part.strip())
        return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
