"""pykka's contract, checked by pykka's own suite and by what that suite cannot see."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pykka
import pytest
import trio
import trio.testing

from reeld.actors.kernel import TrioActor, host_actors

HERE = Path(__file__).parent
CACHE = HERE.parents[2] / ".cache"


@pytest.fixture(scope="session")
def pykka_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Unpack the source distribution of the installed pykka; only it carries the suite."""
    release = f"pykka-{version('pykka')}"
    archive = CACHE / f"{release}.tar.gz"
    if not archive.exists():
        download(release.replace("-", "=="), tmp_path_factory.mktemp("download"), archive)
    folder = tmp_path_factory.mktemp("pykka")
    with tarfile.open(archive) as tar:
        # Python 3.11.2, which Debian 12 has, knows no filters yet.
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(folder, **safe)
    use_our_runtime(folder / release / "tests" / "conftest.py")
    return folder / release


def use_our_runtime(conftest: Path) -> None:
    """Swap the list of runtimes right before the fixture that reads it."""
    text = conftest.read_text()
    fixture = '@pytest.fixture(scope="session", params=RUNTIMES.values())'
    assert text.count(fixture) == 1
    conftest.write_text(
        text.replace(fixture, f"from pykka_conformance import RUNTIMES\n\n{fixture}")
    )


def download(requirement: str, folder: Path, archive: Path) -> None:
    """Fetch a source distribution through pip, which checks its hash, into the cache."""
    # pip asks the build backend for metadata, even though nothing is built: it is the one that reeld
    # is built with, so it is here, and pip need not fetch it into an environment of its own.
    flags = ["--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *flags, "--dest", str(folder), requirement]
    subprocess.run(command, check=True, timeout=100)
    archive.parent.mkdir(exist_ok=True)
    # In one step, so that two test runs at once never see half a file.
    (folder / archive.name).rename(archive)


def test_pykkas_own_suite_passes_against_trio_actors(pykka_source: Path) -> None:
    command = [
        *(sys.executable, "-m", "pytest", "-p", "pykka_conformance", "-p", "no:cacheprovider"),
        *("-c", "/dev/null", "--rootdir", str(pykka_source), "--timeout=60", "-q"),
        # One of pykka's tests leaves its asyncio loop open.
        *("-W", "error", "-W", "ignore:unclosed:ResourceWarning"),
        *("--deselect", "tests/test_threading_actor.py", "tests"),
    ]
    ran = subprocess.run(
        command,
        cwd=pykka_source,
        env={"PYTHONPATH": f"{HERE}:{pykka_source}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed, ran.stdout
    assert int(passed[1]) == 149, ran.stdout
    assert "failed" not in ran.stdout


# What the three tests of thread names and daemon flags say of threads, said of tasks


class RegularActor(TrioActor):
    pass


def task_names() -> list[str]:
    root = trio.lowlevel.current_root_task()
    assert root is not None
    found, nurseries = [], list(root.child_nurseries)
    while nurseries:
        for task in nurseries.pop().child_tasks:
            found.append(task.name)
            nurseries.extend(task.child_nurseries)
    return found


async def test_an_actors_task_is_named_after_its_class() -> None:
    async with host_actors():
        ref = RegularActor.start()
        assert any(name.startswith("RegularActor-") for name in task_names())
        await ref.stop(block=False)


async def test_a_host_waits_for_its_actors_by_default(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ended = False

    async def host() -> None:
        nonlocal ended
        async with host_actors():
            refs.append(RegularActor.start())
        ended = True

    refs: list[pykka.ActorRef[RegularActor]] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(host)
        await trio.sleep(60)
        assert not ended
        await refs[0].stop(block=False)
    assert ended


async def test_an_actor_ends_with_a_host_that_is_cancelled() -> None:
    with trio.CancelScope() as scope:
        async with host_actors():
            ref = RegularActor.start()
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
    assert not ref.is_alive()
    assert ref not in pykka.ActorRegistry.get_all()
