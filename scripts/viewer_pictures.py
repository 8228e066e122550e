"""Makes the viewer's pictures of README.md and docs/pages.md, in Chromium.

    python scripts/viewer_pictures.py [--out docs/images]

``viewer.jpg`` is the demo as it runs: two rendered cameras, the whole bridge. For
``viewer_keyboard.jpg`` a scripted bridge (tests/web/scripted_bridge.py) has what a demo lacks: a
keyboard, a learner beside the teacher, a lesson with passages of a comparison.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from page_pictures import chromium, keep  # noqa: E402

from tests.web.scripted_bridge import ScriptedBridge  # noqa: E402
from tests.web.viewer.playing import (  # noqa: E402
    KEYBOARD,
    learner_hands,
    lesson,
    passages,
    scored,
    still,
    wait_for_hands,
)

LEARNER_S = 4.0


def demo_picture(browser: Browser, path: Path) -> None:
    """The demo's page some seconds after both hands came."""
    command = [sys.executable, "-m", "bridge.cli", "demo", "--seconds", "40", "--headless"]
    demo = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert demo.stderr is not None
        found = (
            re.search(r"http://127\.0\.0\.1:\d+/viewer\?room=\w+", line) for line in demo.stderr
        )
        address = next(match.group() for match in found if match)
        page = browser.new_page(viewport={"width": 1200, "height": 720}, color_scheme="dark")
        page.goto(address)
        wait_for_hands(page)
        page.wait_for_timeout(15_000)  # The cameras are known by then.
        keep(page.screenshot(), path, width=1000)
        page.close()
    finally:
        demo.kill()
        demo.wait()


def lesson_picture(browser: Browser, path: Path) -> None:
    """A lesson over a keyboard, seen from above, with the learner on a second one."""
    with ScriptedBridge() as bridge:
        bridge.greeting = (KEYBOARD, lesson(bridge.now_ns, loop_s=(10.0, 22.0)))
        bridge.hand_at = still
        page = browser.new_page(viewport={"width": 1100, "height": 760}, color_scheme="light")
        page.goto(f"{bridge.url}/viewer")
        wait_for_hands(page)
        page.locator("#beside").click()
        page.locator("[data-preset=top]").click()
        file = {"name": "c", "mimeType": "", "buffer": json.dumps(passages()).encode()}
        page.set_input_files("#comparison", files=[file])
        for seq in range(round(LEARNER_S * 30)):
            bridge.tell(learner_hands(bridge.now_ns, seq), scored(bridge.now_ns))
            page.wait_for_timeout(1000 / 30)
        keep(page.screenshot(), path, width=900)
        page.close()


def main() -> None:
    """Takes both pictures."""
    parser = argparse.ArgumentParser(description="Makes the viewer's pictures of the docs.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    out = parser.parse_args().out
    with sync_playwright() as playwright, chromium(playwright, None) as browser:
        lesson_picture(browser, out / "viewer_keyboard.jpg")
        demo_picture(browser, out / "viewer.jpg")


if __name__ == "__main__":
    main()
