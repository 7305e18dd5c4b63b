"""Root folders and the formats of files, as rows have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_every_root_folder_is_shown_with_what_no_movie_owns(radarr: Any, tmp_path: Path) -> None:
    other = tmp_path / "more"
    (other / "Unknown (1999)").mkdir(parents=True)
    headers = {"X-Api-Key": radarr.key}
    body = {"path": str(other)}
    added = radarr.stranger.post("/api/rootfolders", json=body, headers=headers)
    assert added.status_code == 201, added.text
    shown = {each["path"]: each for each in radarr.get("rootfolder")}
    assert shown.keys() == {str(radarr.library), str(other)}
    assert [each["name"] for each in shown[str(other)]["unmappedFolders"]] == ["Unknown (1999)"]
    assert radarr.get(f"rootfolder/{shown[str(other)]['id']}")["path"] == str(other)
    assert {str(radarr.library), str(other)} < {each["path"] for each in radarr.get("diskspace")}
    radarr.get("rootfolder/99", status=404)


def test_a_file_has_the_formats_that_its_release_was_grabbed_with(radarr: Any) -> None:
    condition = {
        "name": "sharp",
        "implementation": "ResolutionSpecification",
        "negate": False,
        "required": True,
        "fields": [{"name": "value", "value": 1080}],
    }
    made = radarr.send(
        "POST", "customformat", {"name": "Sharp", "specifications": [condition]}, 201
    )
    profile = radarr.get("qualityprofile/1")
    profile["formatItems"] = [{"format": made["id"], "name": "Sharp", "score": 7}]
    radarr.send("PUT", "qualityprofile/1", profile, 202)
    movie = radarr.imported(radarr.add(radarr.films[0])["id"])
    file = movie["movieFile"]
    assert [each["name"] for each in file["customFormats"]] == ["Sharp"]
    assert file["customFormatScore"] == 7
