"""`sync/maindata`: whole state first, then what changed, per session."""

from __future__ import annotations

from typing import Any

from reeld.simulators.qbittorrent._door import Session

_LAST_RID = 1_000_000
_MAPS = ("torrents", "categories", "trackers")


def maindata(session: Session, rid: int, now: dict[str, Any]) -> dict[str, Any]:
    """The answer to a client that has applied the answer numbered `rid`.

    Args:
        session: Whose deltas are counted.
        rid: The last number that the client applied; 0 or one that is not known asks for everything.
        now: The whole state: `torrents`, `categories`, `trackers` (by key), `tags` (a list), `server_state`.
    """
    before = session.snapshots.get(rid) if rid else None
    fresh = session.rid % _LAST_RID + 1
    # The confirmed answer stays: if this one gets lost, the next delta is made from it again.
    session.snapshots = {fresh: now} if before is None else {rid: before, fresh: now}
    session.rid = fresh
    if before is None:
        return {"rid": fresh, "full_update": True, **now}
    return {"rid": fresh, **_difference(before, now)}


def _difference(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in _MAPS:
        changes[name] = _changed_entries(before[name], now[name])
        changes[f"{name}_removed"] = [key for key in before[name] if key not in now[name]]
    changes["tags"] = [tag for tag in now["tags"] if tag not in before["tags"]]
    changes["tags_removed"] = [tag for tag in before["tags"] if tag not in now["tags"]]
    changes["server_state"] = _changed_keys(before["server_state"], now["server_state"])
    return {name: value for name, value in changes.items() if value}


def _changed_entries(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _changed_keys(before.get(key, {}), value) if isinstance(value, dict) else value
        for key, value in now.items()
        if before.get(key) != value
    }


def _changed_keys(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in now.items() if before.get(key) != value}
