"""What qBittorrent's answers mean, from version 4.1 to 5.2."""

from __future__ import annotations

import msgspec

from reeld.domain.errors import Refused, ServiceDown
from reeld.services.qbittorrent._adding import AddAnswer
from reeld.services.qbittorrent._session import not_qbittorrent
from reeld.services.qbittorrent._versions import LABEL, SERVICE
from reeld.services.transport import Answer, DownReason, decode_json, refuse_common


class _Counts(msgspec.Struct):
    """The answer to an addition since 5.2."""

    success_count: int = 0
    pending_count: int = 0


def require_success(answer: Answer) -> Answer:
    """Return a 2xx answer that is no page for people; raise what any other means."""
    refuse_common(answer, service=SERVICE, label=LABEL)
    if answer.is_html:
        raise not_qbittorrent(answer)
    if answer.is_success:
        return answer
    if answer.status in {400, 409}:
        raise Refused(
            f"{LABEL} refuses the request (HTTP {answer.status}: {answer.text[:120].strip()!r}). Asking"
            " again does not help; please report it.",
            reason="request_refused",
        )
    raise not_qbittorrent(answer)


def judge_add(answer: Answer) -> AddAnswer:
    """Return what the answer to an addition says: little.

    Raises:
        Refused: The file is no torrent.
    """
    if answer.status == 415:
        raise Refused(
            f"{LABEL} takes the .torrent file for invalid. Another release is tried.",
            reason="torrent_refused",
        )
    if answer.status == 409:
        return AddAnswer.UNCLEAR
    text = require_success(answer).text[:65536].strip()
    if not text.startswith("{"):
        return AddAnswer.UNCLEAR if text == "Fails." else AddAnswer.ACCEPTED
    try:
        counts = decode_json(text.encode(), _Counts)
    except msgspec.MsgspecError:
        return AddAnswer.UNCLEAR
    return AddAnswer.ACCEPTED if counts.success_count or counts.pending_count else AddAnswer.UNCLEAR


def may_have_acted(error: ServiceDown) -> bool:
    """Whether the request may have had its effect although no answer came."""
    return error.reason in {reason.value for reason in DownReason if reason.may_have_acted}
