"""Measure posters and backdrops made anew, beside the originals they are made of: bytes, milliseconds, the loop's lag.

    python -m bench.pictures [--json]

The originals are JPEG files of quality 90 in TMDB's sizes, with soft shapes under grain, as scans of posters have it. Each
is made anew as the daemon does it, in a worker thread, in every size and format that is shown from it; `from_largest` is
what that would take of a 2000 by 3000 original instead of the nearest size. `kept` and `original` read both from the
cache on disk, in turns. The lag is that of a loop that wakes every millisecond while eight pictures are made at once.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import PIL.Image
import trio

from reeld.domain.pictures import Fit, PictureFormat
from reeld.services.images import Image, ImageCache, ImageType, rendered

CASES = {
    "poster 185": ((185, 278), 185),
    "poster 342": ((342, 513), 342),
    "poster 342 of 500": ((500, 750), 342),
    "poster 500": ((500, 750), 500),
    "poster 780": ((780, 1170), 780),
    "backdrop 780": ((780, 439), 780),
    "backdrop 1280": ((1280, 720), 1280),
}
LARGEST = (2000, 3000)
TURNS = 15
AT_ONCE = 8


def _original(size: tuple[int, int]) -> Image:
    """Return a picture that packs about as well as a poster."""
    shapes = PIL.Image.merge(
        "RGB", [PIL.Image.radial_gradient("L").rotate(turn).resize(size) for turn in (0, 120, 240)]
    )
    coarse = PIL.Image.effect_noise((size[0] // 8, size[1] // 8), 90).resize(size)
    grain = PIL.Image.effect_noise(size, 12)
    texture = PIL.Image.blend(coarse, grain, 0.4).convert("RGB")
    made = io.BytesIO()
    PIL.Image.blend(shapes, texture, 0.5).save(made, "JPEG", quality=90)
    return Image(ImageType.JPEG, made.getvalue())


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await call()
    return (time.perf_counter() - started) * 1000


async def _case(size: tuple[int, int], width: int, largest: Image) -> dict[str, float]:
    original, found = _original(size), {}
    for form in PictureFormat:
        made = await rendered(original, Fit(width=width), form)
        near, far = [], []
        for _ in range(TURNS):
            near.append(await _timed(lambda: rendered(original, Fit(width=width), form)))  # noqa: B023
            far.append(await _timed(lambda: rendered(largest, Fit(width=width), form)))  # noqa: B023
        name = form.name.lower()
        found[f"{name}_ms"] = round(statistics.median(near), 1)
        found[f"{name}_from_largest"] = round(statistics.median(far) / statistics.median(near), 1)
        found[f"{name}_bytes"] = round(len(made.data) / len(original.data), 2)
    return found


async def _reading(folder: Path) -> dict[str, float]:
    cache = ImageCache(folder, 2**26)
    await cache.open()
    original = _original((500, 750))
    await cache.put("original", original)
    await cache.put("kept", await rendered(original, Fit(width=342), PictureFormat.WEBP))
    times: dict[str, list[float]] = {"original": [], "kept": []}
    for _ in range(TURNS * 10):
        for name, spent in times.items():
            spent.append(await _timed(lambda: cache.get(name)))  # noqa: B023
    return {f"{name}_ms": round(statistics.median(spent), 2) for name, spent in times.items()}


async def _lag(original: Image) -> float:
    """Return the 99th percentile of how late the loop wakes, in milliseconds."""
    late: list[float] = []
    over = trio.Event()

    async def watch() -> None:
        while not over.is_set():
            due = time.perf_counter() + 0.001
            await trio.sleep(0.001)
            late.append((time.perf_counter() - due) * 1000)

    async with trio.open_nursery() as watching:
        watching.start_soon(watch)
        async with trio.open_nursery() as making:
            for _ in range(AT_ONCE):
                making.start_soon(rendered, original, Fit(width=500), PictureFormat.WEBP)
        over.set()
    return round(statistics.quantiles(late, n=100)[98], 2)


async def _run(folder: Path) -> dict[str, object]:
    largest = _original(LARGEST)
    found: dict[str, object] = {"load_at_start": os.getloadavg()[0]}
    for name, (size, width) in CASES.items():
        found[name] = await _case(size, width, largest)
    return found | {"reading": await _reading(folder), "lag_p99_ms": await _lag(largest)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(_run, Path(folder))
    if arguments.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        if isinstance(value, dict):
            shown = "   ".join(f"{key} {number:g}" for key, number in value.items())
            print(f"  {name:<18} {shown}")
        else:
            print(f"  {name:<18} {value:.2f}")


if __name__ == "__main__":
    main()
