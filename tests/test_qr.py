"""QR codes, read back by a reader that others wrote."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from bridge.commands.invitation import qr_lines
from bridge.qr import half_blocks, matrix, svg_path

SHORT = "https://192.168.1.20:8443/viewer?room=lesson"
LONG = f"https://192.168.1.20:8443/capture?room=lesson&autostart=1#token={'aZ9_-' * 19}"


def read(modules: np.ndarray) -> str:
    """What a scanner reads from an array of modules, 1 where dark."""
    picture = np.kron(np.where(modules, 0, 255).astype(np.uint8), np.ones((8, 8), np.uint8))
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]


def from_blocks(lines: list[str]) -> np.ndarray:
    top = [[character in "▀█" for character in line] for line in lines]
    bottom = [[character in "▄█" for character in line] for line in lines]
    return np.array([row for pair in zip(top, bottom, strict=True) for row in pair])


@pytest.mark.parametrize("text", [SHORT, LONG])
def test_all_three_forms_read_as_the_text(text: str) -> None:
    modules = np.array(matrix(text))
    assert read(modules) == text
    drawn = np.zeros_like(modules)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path := svg_path(modules)):
        drawn[int(y), int(x) : int(x) + int(width)] = 1
    assert np.array_equal(drawn, modules)
    assert re.fullmatch(r"[Mhvz\d -]+", path)  # As the page asks of it.
    assert read(from_blocks(half_blocks(modules))) == text


def strip(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_terminal_gets_what_it_is_wide_enough_for() -> None:
    codes = [("Teacher", LONG), ("Learner", SHORT)]
    wide = [strip(line) for line in qr_lines(codes, columns=130)]
    narrow = [strip(line) for line in qr_lines(codes, columns=70)]
    size = len(matrix(LONG))
    assert wide[1].split() == ["Teacher", "Learner"]
    assert max(map(len, wide)) <= 130
    assert read(from_blocks([line[:size] for line in wide[2:]])) == LONG
    assert read(from_blocks([line[size:] for line in wide[2:]])) == SHORT
    assert max(map(len, narrow)) <= 70
    assert narrow[1].split() == ["Teacher"]
    assert len(narrow) > len(wide)
    assert qr_lines(codes, columns=50) == []
