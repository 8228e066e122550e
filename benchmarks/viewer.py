"""The viewer page in Chromium, without a GPU: updates a second, first hands, bundles, heap.

``python benchmarks/viewer.py`` plays two hands over a keyboard at 60 poses a second from a scripted
bridge on loopback (tests/web/scripted_bridge.py), to a window of 800x500, and measures

- pictures drawn and poses taken a second, once per second, after a warm-up;
- the time from navigation until both hands are seen whole, with an empty cache;
- the pages' scripts and styles, gzipped;
- the heap once every ten seconds, after garbage was collected, for ten minutes (``--minutes``).

Results go to benchmarks/results/viewer.json. Numbers of a machine that is busy otherwise say
nothing: the load is written with them.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from _report import write_report
from playwright.sync_api import Browser, Page, sync_playwright

from bridge.pages import STATIC_FOLDER

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.web import scripted_bridge
from tests.web.conftest import CHROMIUM, FLAGS
from tests.web.viewer.playing import KEYBOARD, hook, pressing
from tests.web.waiting import wait_until

VIEWPORT = {"width": 800, "height": 500}
RATE_HZ = 60.0
WARM_UP_S = 5.0
NAVIGATIONS = 5
HEAP_EVERY_S = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of counting updates")
    parser.add_argument("--minutes", type=float, default=10.0, help="of watching the heap")
    parser.add_argument("--no-file", action="store_true", help="only print")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    scripted_bridge.RATE_HZ = RATE_HZ
    with scripted_bridge.ScriptedBridge() as bridge, sync_playwright() as playwright:
        bridge.greeting, bridge.hand_at = (KEYBOARD,), pressing
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        first = [first_hands_s(browser, bridge.url) for _ in range(NAVIGATIONS)]
        page = watching(browser, bridge.url)
        results = {
            "viewport": [VIEWPORT["width"], VIEWPORT["height"]],
            "poses_sent_hz": RATE_HZ,
            "load_average_before": round(before, 2),
            "updates": updates(page, options.seconds),
            "first_hands_s": {"median": middle(first), "worst": round(max(first), 2)},
            "bundles_gzipped_kb": bundles(),
            "heap": heap(page, options.minutes),
            "load_average_after": round(os.getloadavg()[0], 2),
        }
        browser.close()
    print(results)
    if not options.no_file:
        write_report("viewer", results)


def watching(browser: Browser, url: str) -> Page:
    """A page that shows both hands."""
    page = browser.new_context(viewport=VIEWPORT, color_scheme="dark").new_page()
    page.goto(f"{url}/viewer", wait_until="commit")
    both = "[h?.hands.left, h?.hands.right].every((hand) => hand?.opacity === 1)"
    shown = f"() => {{ const h = window.ghosthands; return {both}; }}"
    wait_until(lambda: page.evaluate(shown), "both hands")
    return page


def first_hands_s(browser: Browser, url: str) -> float:
    began = time.perf_counter()
    page = watching(browser, url)
    took = time.perf_counter() - began
    page.context.close()
    return took


def updates(page: Page, seconds: float) -> dict[str, Any]:
    """Pictures and poses in each second."""
    time.sleep(WARM_UP_S)
    frames, poses = [], []
    for _ in range(round(seconds)):
        began, counted = time.perf_counter(), (hook(page, "frames"), hook(page, "poses"))
        time.sleep(1.0)
        now = (hook(page, "frames"), hook(page, "poses"))
        took = time.perf_counter() - began
        frames.append((now[0] - counted[0]) / took)
        poses.append((now[1] - counted[1]) / took)
    low, _, high = statistics.quantiles(frames, n=4)
    return {
        "pictures_hz": {"median": middle(frames), "iqr": [round(low, 1), round(high, 1)]},
        "poses_hz": {"median": middle(poses)},
        "drawn": hook(page, "drawn"),
        "seconds": len(frames),
    }


def bundles() -> dict[str, float]:
    sizes = {
        path.name: round(len(gzip.compress(path.read_bytes(), 9)) / 1000, 1)
        for path in sorted(STATIC_FOLDER.iterdir())
        if path.suffix in (".js", ".css")
    }
    return dict(sorted(sizes.items()))


def heap(page: Page, minutes: float) -> dict[str, Any]:
    """The heap that is in use, and its slope by least squares over the last two thirds."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    began, times, used = time.perf_counter(), [], []
    while time.perf_counter() - began < minutes * 60 or len(used) < 6:
        session.send("HeapProfiler.collectGarbage")
        used.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
        times.append(time.perf_counter() - began)
        time.sleep(min(HEAP_EVERY_S, minutes * 60 / 6))
    tail = len(times) // 3
    slope = statistics.linear_regression(times[tail:], used[tail:]).slope
    return {
        "minutes": round(times[-1] / 60, 2),
        "first_mb": round(used[0], 2),
        "last_mb": round(used[-1], 2),
        "slope_mb_per_minute": round(slope * 60, 4),
    }


def middle(values: list[float]) -> float:
    return round(statistics.median(values), 2)


if __name__ == "__main__":
    main()
