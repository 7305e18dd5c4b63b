"""The text of heads, series, values and exemplars, in both formats."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric as Family
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.utils import floatToGoString


def head_of(family: Family, *, is_open: bool) -> str:
    """Return the lines that come before a family's samples."""
    return "".join(_head_open(family) if is_open else _head_classic(family))


def series_text(sample: Sample) -> str:
    """Return the name of a sample and its labels."""
    if not sample.labels:
        return sample.name
    labels = ",".join(
        f'{name}="{_escaped(value)}"' for name, value in sorted(sample.labels.items())
    )
    return f"{sample.name}{{{labels}}}"


def line_of(series: str, value: float, exemplar: Exemplar | None) -> str:
    """Return one line; the classic format has no exemplars."""
    if exemplar is None:
        return f"{series} {_number(value)}\n"
    return f"{series} {_number(value)}{_exemplar(exemplar)}\n"


def _head_open(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.documentation)}\n"
    yield f"# TYPE {family.name} {family.type}\n"
    if family.unit:
        yield f"# UNIT {family.name} {family.unit}\n"


def _head_classic(family: Family) -> Iterator[str]:
    name, kind = family.name, family.type
    match kind:
        case "counter":
            name += "_total"
        case "info":
            name, kind = f"{name}_info", "gauge"
        case "unknown":
            kind = "untyped"
        case _:
            pass
    told = family.documentation.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {name} {told}\n"
    yield f"# TYPE {name} {kind}\n"


def _exemplar(exemplar: Exemplar) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(exemplar.labels.items()))
    at = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {{{labels}}} {_number(exemplar.value)}{at}"


def _number(value: float) -> str:
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return text


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
