"""Text can be read, and the map's colours can be told apart, by every kind of eye."""

from __future__ import annotations

import itertools
import re
from importlib import resources

import numpy as np
import pytest

CSS = resources.files("sdk_python.report").joinpath("report.css").read_text("utf-8")
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#\w{6});", part)) for part in CSS.split("@media")[:2])
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
MAP = ("in", "l1", "l2", "l3", "m1", "m2", "m3")

# Machado, Oliveira and Fernandes 2009, table of severity 1.0, for linear RGB.
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    """sRGB to linear RGB (IEC 61966-2-1)."""
    value = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB, white point D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    ratio = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@THEMES
def test_text_has_contrast_on_every_ground(theme):
    pairs = list(
        itertools.product(("text", "soft", "accent", "bad"), ("page", "surface", "raised"))
    )
    for ink, ground in [*pairs, ("on-accent", "accent")]:
        light, dark = sorted((luminance(theme[ink]), luminance(theme[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)  # WCAG 2.2, 1.4.3


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_colours_of_the_map_are_told_apart(theme, eye):
    seen = {name: lab(EYES[eye] @ linear(theme[name])) for name in MAP}
    for one, other in itertools.combinations(MAP, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 12, (one, other)
