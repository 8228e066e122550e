"""The way of a person who has never seen it, from ``ghosthands serve`` to streaming.

The test that counts the taps and the command that makes the pictures of docs/pages.md both go it.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.qr_reader import read_qr
from tests.serving import COMMAND, environment
from tests.web.waiting import wait_until

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "light",
    "user_agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36",
}

Shot = Callable[[str, Page], object]


@contextmanager
def serve(home: Path, *arguments: str) -> Iterator[str]:
    """``ghosthands serve`` as a person starts it, on a free port; yields its own page's address."""
    with subprocess.Popen(
        (*COMMAND, "serve", "--port", "0", *arguments),
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            printed = ""
            for line in process.stdout:
                printed += line
                if line.startswith("Overview"):
                    break
            found = re.search(r"^Overview +(https://localhost:\d+)", printed, re.MULTILINE)
            assert found is not None, printed
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def scan(page: Page, invited_to: str) -> str:
    """What a phone's camera reads of the code for one page, on the computer's screen."""
    code = page.locator(f"[data-page={invited_to}] svg").first
    picture = cv2.imdecode(np.frombuffer(code.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    text = read_qr(picture)
    assert text, f"the code for {invited_to} cannot be read"
    return text


def open_lobby(browser: Browser, own_page: str) -> Page:
    """The bridge's own page on its own computer, whose warning was accepted before."""
    context = browser.new_context(
        viewport={"width": 900, "height": 820}, color_scheme="light", ignore_https_errors=True
    )
    page = context.new_page()
    page.goto(own_page)
    page.locator(".room-card").wait_for()
    return page


def phone(browser: Browser) -> BrowserContext:
    """A phone that has never been here: no certificate was accepted."""
    return browser.new_context(**PHONE)  # type: ignore[arg-type]


def accept_and_send(page: Page, link: str, shot: Shot = lambda *_: None) -> list[str]:
    """Opens the teacher's link on a phone and goes on until it sends.

    The browser answers its question for the camera by itself here: it counts as a tap.

    Returns:
        What was tapped.
    """
    taps = []
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(link)
    for name, target in (("Advanced", "#details-button"), ("Proceed to …", "#proceed-link")):
        page.locator(target).wait_for()
        shot(f"phone_{len(taps) + 1}", page)
        assert page.locator(target).inner_text().startswith(name.rstrip("…"))
        page.locator(target).tap()
        taps.append(name)
    taps.append("Allow")
    page.wait_for_url("https://*/capture?*")
    wait_until(lambda: page.locator("#state").inner_text() == "Sending", "the phone to send")
    shot("phone_3", page)
    return taps
