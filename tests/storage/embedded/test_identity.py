"""As whom PostgreSQL runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reeld.storage import TrioConnection
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.embedded import _identity as identity_module
from reeld.storage.embedded._identity import Identity, identity_for
from reeld.storage.errors import EmbeddedServerFailed

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_an_ordinary_user_stays_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert identity_for(tmp_path) == Identity()


@root_only
def test_root_runs_it_in_a_user_namespace(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare from util-linux")
    try:
        found = identity_for(tmp_path)
    except EmbeddedServerFailed:
        pytest.skip("user namespaces are switched off here")
    assert "--user" in found.prefix
    assert found.process_options() == {}


@root_only
def test_a_folder_of_an_ordinary_user_makes_that_user_run_it(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    found = identity_for(tmp_path)
    assert found.user == (65534, 65534)
    assert found.prefix == ()


@pytest.mark.parametrize("probe", [lambda prefix: False, None])
def test_without_user_namespaces_root_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: object
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        Path, "stat", lambda self, **_: os.stat_result((0o40700, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    )
    if probe is None:
        monkeypatch.setattr(shutil, "which", lambda program: None)
    else:
        monkeypatch.setattr(identity_module, "_works", probe)
    with pytest.raises(EmbeddedServerFailed, match=r"chown.*REELD_DATABASE_URL") as refused:
        identity_for(tmp_path)
    assert refused.value.reason == "no_user_namespace"


@root_only
async def test_root_serves_a_folder_of_an_ordinary_user_as_that_user() -> None:
    # pytest's own folders are closed to other users.
    base = Path("/tmp") / f"reeld-identity-{os.getpid()}"
    base.mkdir(mode=0o755)
    try:
        os.chown(base, 65534, 65534)
        server = EmbeddedServer(base, settings={"shared_buffers": "16MB"})
        try:
            await server.start()
        except EmbeddedServerFailed as failure:
            if "Permission denied" in failure.sentence:
                pytest.skip("the programs are installed where other users may not go")
            raise
        assert (base / "data").stat().st_uid == 65534
        connection = await TrioConnection.connect(server.conninfo)
        await connection.close()
        await server.stop()
    finally:
        shutil.rmtree(base)
