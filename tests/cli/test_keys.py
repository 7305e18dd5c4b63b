from __future__ import annotations

from pathlib import Path

import pytest

from reeld.cli.keys import LOCAL_FILE, Keys, find_local
from reeld.domain.secret import Secret
from reeld.http.access import digest
from reeld.storage import Database
from reeld.storage.repositories import keys as rows


async def test_a_key_is_made_once(database: Database, tmp_path: Path) -> None:
    first, second = Keys(tmp_path, None), Keys(tmp_path, None)
    await first.ensure(database)
    await second.ensure(database)
    assert first.new is not None
    assert second.new is None
    found = await second.find(database, first.new)
    (row,) = await rows.every(database)
    assert found is not None
    assert (found.name, found.user_id, found.key_id) == ("administrator", None, row.id)
    assert not await second.find(database, Secret("reeld_another"))


async def test_no_key_is_made_when_the_settings_bring_one(
    database: Database, tmp_path: Path
) -> None:
    keys = Keys(tmp_path, Secret("from-the-settings"))
    await keys.ensure(database)
    assert keys.new is None
    assert await rows.every(database) == []
    assert digest("from-the-settings") in keys.fixed


async def test_a_key_that_was_revoked_does_not_hold(database: Database, tmp_path: Path) -> None:
    keys = Keys(tmp_path, None)
    await keys.ensure(database)
    assert keys.new is not None
    (row,) = await rows.every(database)
    async with database.transaction() as conn:
        await rows.revoke(conn, row.id)
    assert not await keys.find(database, keys.new)


async def test_a_key_holds_while_its_use_cannot_be_noted(
    database: Database, tmp_path: Path
) -> None:
    keys = Keys(tmp_path, None)
    await keys.ensure(database)
    assert keys.new is not None
    # Somebody else leads: reading goes on, and nothing is written.
    database.fence(4711)
    assert await keys.find(database, keys.new)


def test_the_local_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path, None)
    (tmp_path / LOCAL_FILE).write_text("left behind by a daemon that was killed")
    (tmp_path / LOCAL_FILE).chmod(0o644)
    key = keys.publish_local("http://127.0.0.1:7878", "http://127.0.0.1:8080")
    assert (tmp_path / LOCAL_FILE).stat().st_mode & 0o777 == 0o600
    found = find_local(tmp_path)
    assert found is not None
    assert (found.url, found.key.reveal()) == ("http://127.0.0.1:7878", key.reveal())
    assert digest(key.reveal()) in keys.fixed
    keys.withdraw_local()
    assert find_local(tmp_path) is None
    keys.withdraw_local()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"url": 1}', "\x00", '"x"'])
def test_a_note_that_makes_no_sense_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCAL_FILE).write_text(content)
    assert find_local(tmp_path) is None


def test_a_draft_of_somebody_else_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "daemon.tmp").symlink_to(victim)
    Keys(tmp_path, None).publish_local("http://x", "http://x")
    assert victim.read_text() == "precious"


def test_keys_do_not_show_themselves(tmp_path: Path) -> None:
    keys = Keys(tmp_path, Secret("from-the-settings"))
    key = keys.publish_local("http://x", "http://x")
    assert key.reveal() not in repr(key)
    assert "from-the-settings" not in repr(vars(keys))
