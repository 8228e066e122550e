"""Capture to pixels: from the moment a camera's picture exists until its pose is on a canvas.

    python benchmarks/pixels.py [--seconds 60] [--views 2] [--dry]

Every picture of the fake cameras carries its number (_time_code.py). The capture pages, in one
Chromium a device, note when each number came from the camera; a real bridge in its own process
notes which numbers each pose was made from; the viewer page, in a Chromium of its own, notes when
the pose came and, after each animation frame, what moment its canvas shows. A pose is on the
canvas after the first frame that shows its moment or a later one. All times are brought to one
clock, the machine's monotonic one, by asking each page for its own; neither the bridge's idea of
capture times nor the viewer's of the bridge's clock is used, but to tell poses apart.

The viewer's own figures, which it shows people, are sampled beside them after every frame: how long
after its capture the canvas shows something, and how old poses are when they come. Everything,
encoders and software rendering included, shares this machine. The desk recording is filmed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import shutil
import tempfile
import time
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from _desk import videos
from _peers import CHROMIUM_ARGUMENTS
from _report import write_report
from _time_code import READ_IN_PAGE, coded_motion_jpeg, read_code
from playwright.async_api import Page, Playwright, async_playwright

from bridge.config import Settings
from bridge.demo.processes import Part, _bridge
from bridge.protocol import PosePacket, decode

ROOM = "pixels"
VIEWS = ("phone", "tablet")
WARM_UP_S = 10.0
MOST_LATE_MS = 5000.0

NOTE_CAPTURES = """
(() => {
  const read = READ;
  const seen = (window.captured = []);
  const canvas = new OffscreenCanvas(16, 1);
  const pencil = canvas.getContext("2d", { willReadFrequently: true });
  const follow = (video) => {
    const look = (now, { captureTime, presentationTime }) => {
      const { videoWidth: width, videoHeight: height } = video;
      pencil.drawImage(video, 0, height / 120, width, height / 60, 0, 0, 16, 1);
      const number = read(pencil.getImageData(0, 0, 16, 1).data);
      seen.push([number, captureTime ?? null, presentationTime, now]);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  };
  addEventListener("DOMContentLoaded", () => follow(document.querySelector("#preview")));
})();
""".replace("READ", READ_IN_PAGE)

NOTE_PIXELS = """
(() => {
  window.arrived = [];
  window.shown = [];
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        const bytes = new Uint8Array(data);
        if ((bytes[0] & 0xf0) !== 0x90) return; // A compact pose is a list; the rest are maps.
        const text = btoa(String.fromCharCode(...bytes));
        window.arrived.push([performance.now(), text]);
      });
    }
  };
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const hook = window.ghosthands;
    if (hook?.shownMs != null) {
      window.shown.push([performance.now(), hook.shownMs, hook.delayMs, hook.latencyMs]);
    }
  };
  // A message comes after all of the frame's callbacks, whichever was asked for first.
  const frame = () => { port2.postMessage(0); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
})();
"""


def coded_bridge(settings: Settings, folder: Path, notes: Path, pipe: Connection) -> None:
    """A bridge that also notes the numbers in the pictures of each pose."""
    from bridge.model import reconstruct

    step = reconstruct.Reconstructor.step
    file = notes.open("w", buffering=1, encoding="utf-8")

    def noting(self: Any, time_ns: int, images: Any) -> Any:
        result = step(self, time_ns, images)
        hands = sum(hand is not None for view in result.views for hand in view.hands)
        numbers = {view: read_code(image) for view, image in images.items()}
        file.write(json.dumps([time_ns, numbers, hands]) + "\n")
        return result

    reconstruct.Reconstructor.step = noting  # type: ignore[method-assign]
    _bridge(settings, folder, pipe)


async def clock_offset_ms(page: Page) -> float:
    """What to add to a page's ``performance.now()`` for the machine's monotonic clock, ms.

    The answer of the quickest of several questions, in the middle of its time.
    """
    answers = []
    for _ in range(30):
        before = time.monotonic_ns()
        theirs = await page.evaluate("performance.now()")
        after = time.monotonic_ns()
        answers.append((after - before, (before + after) / 2e6 - theirs))
    return min(answers)[1]


async def open_page(
    playwright: Playwright, stack: AsyncExitStack, url: str, script: str, *arguments: str
) -> Page:
    """A page in a Chromium of its own."""
    browser = await playwright.chromium.launch(
        executable_path=shutil.which("chromium") or "/usr/bin/chromium",
        args=[*CHROMIUM_ARGUMENTS, "--no-sandbox", "--enable-unsafe-swiftshader", *arguments],
    )
    stack.push_async_callback(browser.close)
    page = await browser.new_page(viewport={"width": 800, "height": 500})
    await page.add_init_script(script)
    await page.goto(url)
    return page


async def measure(views: tuple[str, ...], seconds: float) -> dict[str, Any]:
    """Runs everything for so long, and puts the notes together."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cameras = {view: folder / f"{view}.mjpeg" for view in views}
        lengths = {
            view: await asyncio.to_thread(coded_motion_jpeg, video, cameras[view])
            for view, video in zip(VIEWS, videos(), strict=True)
            if view in views
        }
        settings = Settings(host="127.0.0.1", port=0, insecure=True, rooms=(ROOM,))
        notes = folder / "notes.jsonl"
        part = await stack.enter_async_context(Part(coded_bridge, settings, folder, notes))
        bridge = f"http://127.0.0.1:{await part.ready()}"
        playwright = await stack.enter_async_context(async_playwright())
        devices = {
            view: await open_page(
                playwright,
                stack,
                f"{bridge}/capture?room={ROOM}&view={view}&autostart=1",
                NOTE_CAPTURES,
                f"--use-file-for-fake-video-capture={camera}",
            )
            for view, camera in cameras.items()
        }
        viewer = await open_page(playwright, stack, f"{bridge}/viewer?room={ROOM}", NOTE_PIXELS)
        await viewer.wait_for_function("() => window.shown.length > 0", timeout=60_000)
        await asyncio.sleep(WARM_UP_S)
        begin_ms = time.monotonic_ns() / 1e6
        await asyncio.sleep(seconds)
        end_ms = time.monotonic_ns() / 1e6
        await asyncio.sleep(1.0)  # The last poses of that time come to the canvas.
        captured, clock = {}, ""
        for view, page in devices.items():
            offset = await clock_offset_ms(page)
            rows = await page.evaluate("window.captured")
            exact = all(row[1] is not None for row in rows)
            clock = "captureTime" if exact else "presentationTime"
            captured[view] = [
                (number, (at if exact else presented) + offset)
                for number, at, presented, _ in rows
                if number is not None
            ]
            unread = sum(row[0] is None for row in rows) / max(1, len(rows))
        offset = await clock_offset_ms(viewer)
        arrived = {}
        for at, text in await viewer.evaluate("window.arrived"):
            pose = decode(base64.b64decode(text))
            if isinstance(pose, PosePacket):
                arrived.setdefault(pose.time_ns, at + offset)
        shown = np.array(
            [
                (at + offset, moment, *(np.nan if one is None else one for one in figures))
                for at, moment, *figures in await viewer.evaluate("window.shown")
            ],
            dtype=float,
        )
        poses = [json.loads(line) for line in notes.read_text().splitlines()]
    in_time = (shown[:, 0] >= begin_ms) & (shown[:, 0] <= end_ms)
    found = _latencies(poses, captured, arrived, shown, lengths, (begin_ms, end_ms))
    own, own_arrival = (_spread(column[np.isfinite(column)]) for column in shown[in_time, 2:].T)
    pixels, to_page = (_spread(found[name]) for name in ("to_pixels", "to_page"))
    return {
        "views": len(views),
        "seconds": seconds,
        "poses": len(found["to_pixels"]) // len(views),
        "poses_without_hands": found["without_hands"],
        "poses_not_shown": found["not_shown"],
        "pose_rate_hz": round(len(found["to_pixels"]) / len(views) / seconds, 2),
        "viewer_frames_hz": round(int(in_time.sum()) / seconds, 1),
        "captured_by": clock,
        "strips_not_read": round(unread, 4),
        "capture_to_pixels_ms": pixels,
        "capture_to_page_ms": to_page,
        "page_to_pixels_ms": _spread(found["on_page"]),
        "viewer_says_to_pixels_ms": own,
        "viewer_says_to_page_ms": own_arrival,
        "off_to_pixels_ms": {key: round(own[key] - pixels[key], 1) for key in pixels},
        "off_to_page_ms": {key: round(own_arrival[key] - to_page[key], 1) for key in pixels},
    }


def _latencies(
    poses: list[Any],
    captured: dict[str, list[tuple[int, float]]],
    arrived: dict[int, float],
    shown: np.ndarray,
    lengths: dict[str, int],
    span_ms: tuple[float, float],
) -> dict[str, Any]:
    """Puts captures, poses and pixels together, one value a picture that a pose was made from."""
    times = {
        view: {number: np.array([at for n, at in rows if n == number]) for number, _ in rows}
        for view, rows in captured.items()
    }
    found: dict[str, Any] = {"to_pixels": [], "to_page": [], "on_page": []}
    found |= {"not_shown": 0, "without_hands": 0}
    for time_ns, numbers, hands in poses:
        arrival_ms = arrived.get(time_ns)
        if not span_ms[0] <= time_ns / 1e6 <= span_ms[1]:
            continue
        if not hands:
            found["without_hands"] += 1
            continue
        after = (
            np.nonzero((shown[:, 1] >= time_ns / 1e6 - 0.01) & (shown[:, 0] >= arrival_ms))[0]
            if arrival_ms is not None
            else []
        )
        if arrival_ms is None or len(after) == 0:
            found["not_shown"] += 1
            continue
        pixels_ms = shown[after[0], 0]
        for view, number in numbers.items():
            moments = times.get(view, {}).get(number)
            # The clip begins again: of the moments of this number, the last before the pixels.
            if number is None or number >= lengths[view] or moments is None:
                continue
            before = moments[moments < arrival_ms]
            if len(before) and arrival_ms - before[-1] < MOST_LATE_MS:
                found["to_pixels"].append(pixels_ms - before[-1])
                found["to_page"].append(arrival_ms - before[-1])
                found["on_page"].append(pixels_ms - arrival_ms)
    return found


def _spread(values: Any) -> dict[str, float]:
    if len(values) == 0:
        return {"p50": float("nan"), "p95": float("nan")}
    return {f"p{q}": round(float(np.percentile(values, q)), 1) for q in (50, 95)}


def main() -> None:
    """Measures, and writes ``benchmarks/results/pixels.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--views", type=int, choices=(1, 2), default=2)
    parser.add_argument("--note", default="", help="kept with the results, as: under load")
    parser.add_argument("--dry", action="store_true", help="print only")
    given = parser.parse_args()
    results = asyncio.run(measure(VIEWS[: given.views], given.seconds))
    if given.note:
        results["note"] = given.note
    print(json.dumps(results, indent=2))
    if not given.dry:
        write_report("pixels", results)


if __name__ == "__main__":
    main()
