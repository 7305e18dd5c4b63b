"""Custom formats: what a person likes or dislikes about releases, in the words of Radarr."""

from reeld.domain.custom_format._conditions import Condition
from reeld.domain.custom_format._format import CustomFormat, FormatMatch, InvalidFormat
from reeld.domain.custom_format._importing import Change, PlannedFormat, plan_formats
from reeld.domain.custom_format._judge import (
    ConditionVerdict,
    FormatVerdict,
    Judgement,
    explain_format,
    explain_formats,
    formats_of,
    judge_formats,
)
from reeld.domain.custom_format._radarr import IMPLEMENTATIONS, from_radarr, probe_format, to_radarr
from reeld.domain.custom_format._subject import Subject

__all__ = [
    "IMPLEMENTATIONS",
    "Change",
    "Condition",
    "ConditionVerdict",
    "CustomFormat",
    "FormatMatch",
    "FormatVerdict",
    "InvalidFormat",
    "Judgement",
    "PlannedFormat",
    "Subject",
    "explain_format",
    "explain_formats",
    "formats_of",
    "from_radarr",
    "judge_formats",
    "plan_formats",
    "probe_format",
    "to_radarr",
]
