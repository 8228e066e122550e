"""The playback bar and the recording button, with a real bridge that plays a real recording."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import sdk_python as sdk
from tests.web.viewer.playing import hook, passages, wait_for_hands
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser


def position(page: Page) -> float:
    return float(hook(page, "positionS"))


def value(page: Page, thumb: str) -> float:
    return float(page.locator(thumb).get_attribute("aria-valuenow") or "nan")


def reach(page: Page, expected_s: float) -> None:
    wait_until(lambda: abs(position(page) - expected_s) < 0.06, f"position {expected_s}")


def open_comparison(page: Page, content: Any) -> None:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    file = {"name": "c.json", "mimeType": "application/json", "buffer": text}
    page.set_input_files("#comparison", files=[file])


def load(page: Page, url: str) -> None:
    page.goto(f"{url}/viewer")
    page.locator("#pb-recording option[value=etude]").wait_for(state="attached")
    assert page.locator("#pb-play").is_disabled()
    page.select_option("#pb-recording", "etude")
    wait_until(lambda: page.locator("#pb-play").is_enabled(), "the recording")
    wait_for_hands(page)


def test_a_recording_is_played_by_mouse_and_by_keyboard(
    page: Page, lesson_bridge: Callable[..., str]
) -> None:
    load(page, lesson_bridge())
    assert page.locator("#notice").is_hidden()
    page.click("#pb-play")
    wait_until(lambda: position(page) > 0.5, "it to play")
    page.locator("#canvas").focus()
    page.keyboard.press("Space")
    wait_until(lambda: page.locator("#pb-play").inner_text() == "Play", "it to pause")
    page.select_option("#pb-rate", "0.5")

    track = page.locator("#pb-track").bounding_box()
    assert track is not None
    page.mouse.click(track["x"] + track["width"] / 2, track["y"] + 30)
    wait_until(lambda: 9.5 < position(page) < 10.5, "a seek by the mouse")
    before = position(page)
    page.locator("#canvas").focus()
    page.keyboard.press(".")
    wait_until(lambda: 0.005 < position(page) - before < 0.08, "a frame on")
    page.keyboard.press(",")
    reach(page, before)

    page.locator("#pb-head").focus()
    page.keyboard.press("Home")
    reach(page, 0)
    page.keyboard.press("PageUp")
    reach(page, 5)
    page.locator("#canvas").focus()
    page.keyboard.press("a")
    page.keyboard.press(";")
    reach(page, 10)
    page.keyboard.press("b")
    wait_until(lambda: page.locator("#pb-loop").is_visible(), "the loop")
    page.locator("#pb-a").focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: abs(value(page, "#pb-a") - 5.1) < 0.06, "A to move")
    mark = page.locator("#pb-b").bounding_box()
    assert mark is not None
    page.mouse.move(mark["x"] + 22, mark["y"] + 30)
    page.mouse.down()
    page.mouse.move(mark["x"] + 22 - track["width"] / 10, mark["y"] + 30, steps=4)
    page.mouse.up()
    wait_until(lambda: 7 < value(page, "#pb-b") < 9, "B to be dragged")
    assert page.locator("#pb-rate").input_value() == "0.5"
    page.locator("#canvas").focus()
    page.keyboard.press("x")
    wait_until(lambda: page.locator("#pb-loop").is_hidden(), "the loop to end")

    found = passages()
    found["passages"][0]["teacher_s"] = [3.0, 6.0]
    found["teachers"][0]["duration_s"] = 20.0
    open_comparison(page, found)
    markers = page.locator("#pb-markers button")
    wait_until(lambda: markers.count() == 1, "one marker: the other is after the lesson's end")
    assert page.locator(".passage").first.inner_text() == (
        "0:03.0 to 0:06.0. Right hand: index base flexion 22° more"
    )
    markers.click()
    wait_until(lambda: 3 <= position(page) < 6 and value(page, "#pb-b") == 6, "the passage")
    assert page.locator("#pb-play").inner_text() == "Pause"
    page.select_option("#pb-recording", "")
    wait_until(lambda: page.locator("#pb-play").is_disabled(), "it to be unloaded")


def test_a_file_that_is_no_comparison_is_refused(
    page: Page, lesson_bridge: Callable[..., str]
) -> None:
    page.goto(f"{lesson_bridge(playback_control='nobody')}/viewer")
    why = page.locator("#pb-why")
    wait_until(lambda: "may not play" in why.inner_text(), "why nothing can be played")
    assert page.locator("#pb-recording").is_disabled()
    said = page.locator("#comparison-why")
    for content, word in (
        (b"{", "not JSON"),
        (b"[]", "no comparison"),
        ({"passages": [{"hand": "<b>"}]}, "passages[0].hand"),
        (b" " * (4 << 20) + b"{}", "too large"),
    ):
        open_comparison(page, content)
        wait_until(lambda word=word: word in said.inner_text(), word)
    assert page.locator("#passages-part").is_hidden()


def test_a_room_is_recorded_and_downloaded(
    page: Page, lesson_bridge: Callable[..., str], tmp_path: Path
) -> None:
    load(page, lesson_bridge())
    page.click("#pb-play")
    why = page.locator("#record-why")
    wait_until(lambda: "until the bridge ends" in why.inner_text(), "what recording means")
    page.click("#record")
    wait_until(lambda: page.locator("#record").inner_text() == "Stop recording", "it to record")
    began = position(page)
    wait_until(lambda: position(page) > began + 1, "a second of it")
    page.click("#record")
    page.locator("#takes li").wait_for()
    for kind, words in (("mcap", "Recording"), ("glb", "3D (GLB)")):
        with page.expect_download(timeout=40_000) as download:
            page.get_by_role("button", name=f"as {words}").click()
        assert download.value.suggested_filename.endswith(f"-take.{kind}")
        download.value.save_as(tmp_path / f"take.{kind}")
    assert (tmp_path / "take.glb").read_bytes()[:4] == b"glTF"
    assert sdk.Recording.open(tmp_path / "take.mcap").duration_s > 0.5
