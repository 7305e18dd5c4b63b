"""The endpoints below `torrents/` for categories and tags."""

from __future__ import annotations

from typing import Any

from reeld.simulators.qbittorrent._core import ApiError, Call, Core


def categories(core: Core, _call: Call) -> dict[str, Any]:
    """All categories."""
    return {
        name: {"name": name, "savePath": path} for name, path in sorted(core.categories.items())
    }


def create_category(core: Core, call: Call) -> None:
    """Create a category."""
    name = call.get("category")
    if not name:
        raise ApiError(400, "Category cannot be empty")
    if not _valid(name):
        raise ApiError(409, "Incorrect category name")
    if name in core.categories:
        raise ApiError(409, "Unable to create category")
    core.categories[name] = call.get("savePath")
    core.save()


def _valid(name: str) -> bool:
    return "\\" not in name and "//" not in name and name.strip("/") == name


def edit_category(core: Core, call: Call) -> None:
    """Give a category another save path."""
    name = call.get("category")
    if not name:
        raise ApiError(400, "Category cannot be empty")
    if name not in core.categories:
        raise ApiError(409, "Unable to edit category")
    core.categories[name] = call.get("savePath")
    core.save()


def remove_categories(core: Core, call: Call) -> None:
    """Remove categories, also from their torrents."""
    for name in call.get("categories").split("\n"):
        core.categories.pop(name, None)
        for torrent in core.engine.torrents.values():
            torrent.category = "" if torrent.category == name else torrent.category
    core.save()


def set_category(core: Core, call: Call) -> None:
    """Put torrents into a category that exists; under automatic management they move there."""
    category = call.get("category")
    for torrent in core.select(call.get("hashes")):
        if category and category not in core.categories:
            raise ApiError(409, "Incorrect category name")
        torrent.category = category
        target = core.category_path(category)
        if torrent.auto_tmm and target != torrent.save_path:
            core.engine.relocate(torrent, torrent.root, target)
    core.save()


def tags(core: Core, _call: Call) -> list[str]:
    """All tags."""
    return sorted(core.tags)


def add_tags(core: Core, call: Call) -> None:
    """Give tags to torrents; unknown ones are created."""
    named = _named(call)
    _create(core, named)
    for torrent in core.select(call.get("hashes")):
        torrent.tags.extend(tag for tag in named if tag not in torrent.tags)
    core.save()


def remove_tags(core: Core, call: Call) -> None:
    """Take tags from torrents; all of them when none is named."""
    named = _named(call)
    for torrent in core.select(call.get("hashes")):
        torrent.tags = [tag for tag in torrent.tags if named and tag not in named]
    core.save()


def set_tags(core: Core, call: Call) -> None:
    """Give torrents exactly these tags."""
    named = _named(call)
    _create(core, named)
    for torrent in core.select(call.get("hashes")):
        torrent.tags = list(named)
    core.save()


def create_tags(core: Core, call: Call) -> None:
    """Create tags."""
    _create(core, _named(call))
    core.save()


def delete_tags(core: Core, call: Call) -> None:
    """Delete tags, also from their torrents."""
    for tag in _named(call):
        if tag in core.tags:
            core.tags.remove(tag)
        for torrent in core.engine.torrents.values():
            torrent.tags = [one for one in torrent.tags if one != tag]
    core.save()


def _named(call: Call) -> list[str]:
    return [tag.strip() for tag in call.get("tags").split(",") if tag.strip()]


def _create(core: Core, named: list[str]) -> None:
    core.tags.extend(tag for tag in named if tag not in core.tags)
