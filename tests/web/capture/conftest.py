"""A real bridge in a thread, and Chromium with a filmed desk for a camera."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.bridge_fixture import running_bridge
from tests.web.conftest import CHROMIUM, FLAGS

DESK = Path(__file__).resolve().parents[4] / "shared/data/desk_two_views/cam0_test.mp4"
FIRST, LAST, STILL = 18, 54, 120
"""Frames of the desk that play, and then copies of the last: long enough to be looked at."""


class ThreadedBridge:
    """A bridge with its own event loop in its own thread."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._folder = folder
        self._settings = settings
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.url = ""

    async def _run(self) -> None:
        async with running_bridge(self._folder, **self._settings) as self.url:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._started.set()
            await self._stop.wait()

    def __enter__(self) -> ThreadedBridge:
        self._thread.start()
        assert self._started.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)


@pytest.fixture(scope="session")
def desk_pictures() -> list[np.ndarray]:
    """What the camera sees: the film of a right hand, beside it in a mirror a left one."""
    if not DESK.exists():
        pytest.skip("needs shared/data/desk_two_views")
    with av.open(str(DESK)) as container:
        frames = [
            frame.to_ndarray(format="rgb24")
            for frame, _ in zip(container.decode(video=0), range(LAST), strict=False)
        ]
    film = [cv2.resize(f, (640, 640), interpolation=cv2.INTER_AREA) for f in frames[FIRST:]]
    both = [np.concatenate([f[:, ::-1], f], axis=1) for f in film]
    return both + [both[-1]] * STILL


@pytest.fixture(scope="session")
def desk_browser(
    playwright: Playwright,
    desk_pictures: list[np.ndarray],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """Chromium whose only camera shows the desk."""
    path = tmp_path_factory.mktemp("camera") / "desk.mjpeg"
    height, width = desk_pictures[0].shape[:2]
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=30, options={"qmin": "2", "qmax": "2"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for picture in desk_pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={path}"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


@contextmanager
def phone_page(browser: Browser) -> Iterator[Page]:
    """A phone's page, upright; it must log nothing."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda line: problems.append(line.text) if line.type in ("error", "warning") else None,
    )
    yield page
    context.close()
    # The browser itself logs what the bridge refused, as it should have.
    assert [line for line in problems if "Failed to load resource" not in line] == []


@pytest.fixture(scope="session")
def real_bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedBridge]:
    with ThreadedBridge(tmp_path_factory.mktemp("bridge")) as bridge:
        yield bridge
