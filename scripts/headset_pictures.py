"""Makes the pictures of docs/pages.md, "Headset": an emulated headset at a scripted bridge.

    python scripts/headset_pictures.py [--out docs/images]

The headset is that of the tests (tests/web/headset/emulator.py), in a drawn room, since an emulator
has no real one to show.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from page_pictures import chromium, keep  # noqa: E402

from bridge.protocol import Anchor, PlaybackState  # noqa: E402
from tests.web.headset.emulator import DEPTH_M, KEYS_M, Headset  # noqa: E402
from tests.web.scripted_bridge import ScriptedBridge  # noqa: E402

WIDTH_M = KEYS_M["piano-61"]
SIZE = {"width": 900, "height": 640}


def main() -> None:
    """Takes three pictures: touching, checking, following with the menu."""
    parser = argparse.ArgumentParser(description="Makes the headset's pictures of docs/pages.md.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    out = parser.parse_args().out
    with ScriptedBridge() as bridge, sync_playwright() as playwright:
        place = np.array([-WIDTH_M / 2, -0.1, -0.37])
        bridge.greeting = (
            Anchor("piano-61", np.array([WIDTH_M, DEPTH_M]), place, np.array([0, 0, 0, 1.0])),
            PlaybackState(bridge.now_ns, "etude", 95.0, 12.0, True, 0.75, recordings=("etude",)),
        )
        with chromium(playwright, None) as browser:
            page = browser.new_page(color_scheme="dark")
            headset = Headset(page, modes=["inline", "immersive-vr"])
            page.goto(f"{bridge.url}/learn")
            page.select_option("#instrument", "piano-61")
            page.set_viewport_size(SIZE)
            headset.enter()
            headset.touch((-WIDTH_M / 2, 0.75, -0.3))
            headset.tip("right", (WIDTH_M / 2, 0.76, -0.3))
            headset.wait("g.words.guide.includes('Hold still')")
            keep(page.screenshot(), out / "headset_touch.jpg", width=720)
            headset.wait("g.corner === 'backLeft'")
            headset.touch((-WIDTH_M / 2, 0.75, -0.3 - DEPTH_M))
            headset.wait("g.flow === 'check'")
            headset.poke("guide", "keep")
            headset.wait("g.flow === 'done'")
            headset.tip("right", (0.2, 0.78, -0.42), "default")
            headset.menu()
            headset.wait("g.hands.left && g.hands.right")
            page.wait_for_timeout(500)
            keep(page.screenshot(), out / "headset_follow.jpg", width=720)


if __name__ == "__main__":
    main()
