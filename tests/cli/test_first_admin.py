"""The first administrator: made once, with a password that nobody else has."""

from __future__ import annotations

import pytest

from reeld.cli.first_admin import FirstAdmin
from reeld.cli.running import _welcome
from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.http.identity.passwords import Passwords
from reeld.storage import Database
from reeld.storage.repositories import users

pytestmark = pytest.mark.usefixtures("quick_passwords")


async def fits(database: Database, password: Secret) -> bool:
    found = await users.named(database, "admin")
    assert found is not None
    assert found[0].role is Role.ADMIN
    return await Passwords().fits(password, found[1])


async def test_a_random_password_is_made_at_the_first_start_alone(database: Database) -> None:
    first, second = FirstAdmin(None), FirstAdmin(None)
    await first.ensure(database)
    await second.ensure(database)
    assert first.new is not None
    assert len(first.new.reveal()) >= 20
    assert second.new is None
    assert await fits(database, first.new)
    for default in ("", "admin", "password", "reeld"):
        assert not await fits(database, Secret(default))


async def test_the_password_of_the_settings_is_taken_and_never_shown(database: Database) -> None:
    first = FirstAdmin(Secret("from the credential"))
    await first.ensure(database)
    assert first.new is None
    assert await fits(database, Secret("from the credential"))
    # It is for the first start: a password that was changed since stays.
    await FirstAdmin(Secret("another one")).ensure(database)
    assert not await fits(database, Secret("another one"))


async def test_no_two_daemons_have_the_same_password(database: Database) -> None:
    first = FirstAdmin(None)
    await first.ensure(database)
    await database.execute("DELETE FROM person")
    second = FirstAdmin(None)
    await second.ensure(database)
    assert first.new != second.new


async def test_it_is_shown_once_on_the_console(
    run_daemon: object, capsys: pytest.CaptureFixture[str]
) -> None:
    from types import SimpleNamespace

    import trio

    started = SimpleNamespace(url="u", ops_url="u", new_key=None, new_password=Secret("s3cret pw"))
    with trio.move_on_after(0.1):
        await _welcome(started)  # type: ignore[arg-type]
    shown = capsys.readouterr().err
    assert shown.count("s3cret pw") == 1
    assert "reeld user password admin" in shown
