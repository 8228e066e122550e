"""Makes the pictures of docs/pages.md: Chromium as computer, phone and tablet, at a real bridge.

    python scripts/page_pictures.py [--out docs/images]

The phone and the tablet film the desk recording of the shared data beside the checkout; without it
Chromium's own test picture. The steps are those whose taps a test counts
(tests/web/lobby/first_steps.py).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from _peers import CHROMIUM_ARGUMENTS, motion_jpeg  # noqa: E402

from tests.web.lobby.first_steps import (  # noqa: E402
    accept_and_send,
    open_lobby,
    phone,
    scan,
    serve,
)

MAX_BYTES = 60_000
VIDEOS = [ROOT.parent / "shared" / "data" / "desk_two_views" / f"cam{k}_test.mp4" for k in range(2)]


@contextmanager
def chromium(playwright: Playwright, camera: Path | None) -> Iterator[Browser]:
    """A Chromium whose camera plays a video."""
    arguments = [*CHROMIUM_ARGUMENTS, "--no-sandbox"]
    if camera is not None:
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=arguments
    )
    try:
        yield browser
    finally:
        browser.close()


def keep(picture: bytes, path: Path, *, width: int, part: float = 1.0) -> None:
    """Writes a screenshot's upper part, as small as it must be: fewer colours, or less quality."""
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    pixels = pixels[: round(pixels.shape[0] * part)]
    height = round(pixels.shape[0] * width / pixels.shape[1])
    if pixels.shape[1] != width:
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    for quality in range(90, 30, -5):
        if path.suffix == ".jpg":
            data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        else:
            levels = quality // 2
            few = (np.round(pixels / 255 * levels) / levels * 255).astype(np.uint8)
            data = cv2.imencode(".png", few, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
        if len(data) <= MAX_BYTES:
            path.write_bytes(data.tobytes())
            print(f"{path}  {len(data) / 1000:.0f} kB")
            return
    raise SystemExit(f"{path} is larger than {MAX_BYTES} bytes however poor")


def go(out: Path, cameras: list[Path | None], home: Path) -> None:
    """Goes the steps and keeps the pictures."""

    def shot(name: str, page: Page) -> None:
        if name == "phone_3":  # With hands in it, if there are any.
            page.wait_for_timeout(4000)
        suffix = ".jpg" if name == "phone_3" else ".png"
        # Below that it names the fake camera's file.
        part = 0.86 if name == "phone_3" else 1.0
        keep(page.screenshot(), out / f"{name}{suffix}", width=390, part=part)

    with (
        sync_playwright() as playwright,
        chromium(playwright, cameras[0]) as first,
        chromium(playwright, cameras[1]) as second,
        serve(home) as own_page,
    ):
        lobby = open_lobby(first, own_page)
        teacher = scan(lobby, "capture")
        # A gradient would take most of the file.
        lobby.evaluate("document.body.style.background = 'var(--page)'")
        lobby.wait_for_timeout(500)
        keep(lobby.screenshot(), out / "lobby.png", width=900)
        second.new_context(ignore_https_errors=True).new_page().goto(teacher)
        accept_and_send(phone(first).new_page(), teacher, shot)


def main() -> None:
    """Makes all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cameras: list[Path | None] = [None, None]
        if all(video.is_file() for video in VIDEOS):
            cameras = [motion_jpeg(video, Path(folder)) for video in VIDEOS]
        home = Path(folder) / "home"
        home.mkdir()
        go(out, cameras, home)


if __name__ == "__main__":
    main()
