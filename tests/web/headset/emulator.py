"""A headset in the browser for tests: IWER, Meta's emulator of WebXR, moved from Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from bridge.pages import STATIC_FOLDER

IWER = STATIC_FOLDER.parent / "node_modules" / "iwer" / "build" / "iwer.min.js"
TIP_RADIUS_M = 0.00658
"""Of the emulated hand's index fingertip, pointing."""

KEYS_M = {"piano-61": 36 * 0.0235, "piano-49": 29 * 0.0235}
DEPTH_M = 0.15
PALM_TO_FACE = (0.0, -0.5, 0.866, 0.0)
"""Turns an emulated left hand so that its palm looks up and back."""


class Headset:
    """An emulated headset and the hands in front of it; positions are metres in the room."""

    def __init__(self, page: Page, **options: Any) -> None:
        if not IWER.exists():
            pytest.skip("needs iwer: npm ci in bridge/web")
        self.page = page
        # What is drawn in software is drawn small.
        page.set_viewport_size({"width": 280, "height": 210})
        # One script: the order of several is not promised.
        page.add_init_script(
            script=f"window.emulated = {json.dumps(options)};\n"
            + IWER.read_text(encoding="utf-8")
            + (Path(__file__).parent / "emulator.js").read_text(encoding="utf-8")
        )

    def hook(self, expression: str) -> Any:
        """What the page tells of itself."""
        return self.page.evaluate(f"() => window.ghosthandsLearn.{expression}")

    def wait(self, condition: str, argument: Any = None) -> Any:
        """Waits until a condition on the page's hook ``g`` and an argument ``a`` holds.

        Returns its value.
        """
        return self.page.wait_for_function(
            f"(a) => {{ const g = window.ghosthandsLearn; return {condition}; }}",
            arg=argument,
            timeout=40_000,
        ).json_value()

    def ghost(self, side: str) -> NDArray[np.float64]:
        """A ghost hand's keypoints in the instrument's frame ``(21, 3)``, once it is shown."""
        return np.array(self.wait("g.hands[a]", side)).reshape(21, 3)

    def enter(self) -> None:
        """Presses Enter once one may, and waits for the first frames."""
        self.page.locator("#enter:enabled").click(timeout=15_000)
        self.wait("g.frames > 3")
        # As a learner looks at the keys.
        self.page.evaluate("headset.look([0, 1.2, 0], [-0.25, 0, 0, 0.968])")

    def tip(
        self,
        side: str,
        point_m: Sequence[float],
        pose: str = "point",
        quat: Sequence[float] = (0, 0, 0, 1),
    ) -> None:
        """Moves a hand's index fingertip to a point."""
        self.page.evaluate(
            "([side, point, pose, q]) => headset.tip(side, point, pose, q)",
            [side, list(point_m), pose, list(quat)],
        )

    def touch(self, point_m: Sequence[float]) -> None:
        """Touches a corner from above with the right hand, until it is taken."""
        x, y, z = point_m
        corner = self.hook("corner")
        self.tip("right", (x, y + TIP_RADIUS_M, z))
        self.wait("g.corner !== a", corner)

    def calibrate(
        self, instrument: str, *, middle: Sequence[float] = (0.0, 0.75, -0.3), keep: bool = True
    ) -> None:
        """Touches three corners of an instrument whose front edge has this middle."""
        width, (x, y, z) = KEYS_M[instrument], middle
        self.touch((x - width / 2, y, z))
        self.touch((x + width / 2, y, z))
        self.touch((x - width / 2, y, z - DEPTH_M))
        if keep:
            self.wait("g.flow === 'check'")
            self.poke("guide", "keep")
            self.wait("g.flow === 'done'")

    def poke(self, panel: str, button: str) -> None:
        """Pokes a button from the front with the right index finger."""
        self.wait("g.button(...a)", [panel, button])
        at = self.page.evaluate(
            "([panel, id]) => ghosthandsLearn.button(panel, id)", [panel, button]
        )
        for ahead_m in (0.05, 0.004, 0.09):
            point = [m + n * ahead_m for m, n in zip(at["middle"], at["normal"], strict=True)]
            self.tip("right", point)
            # Counted from here on: a frame that began before may not have seen it.
            frames = self.hook("frames")
            self.wait("g.frames > a + 1 || g.frames === 0", frames)

    def menu(self) -> None:
        """Turns the left palm to the face and waits for the menu."""
        self.tip("left", (-0.12, 1.0, -0.35), "default", PALM_TO_FACE)
        self.wait("g.words.menu")
