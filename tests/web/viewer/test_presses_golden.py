"""The strokes that the viewer's port is tested with are those that the SDK finds."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bridge.pages import STATIC_FOLDER
from bridge.protocol import Side
from sdk_python.features import key_presses

GOLDEN = STATIC_FOLDER.parent / "test" / "viewer" / "presses.json"


def test_the_sdk_finds_the_strokes_that_the_viewers_port_must_find() -> None:
    golden = json.loads(GOLDEN.read_text())
    times = np.array(golden["time_s"])
    height = np.full((len(times), 2, 5), np.nan)
    height[:, Side.LEFT, 1] = golden["height_m"]
    found = [(press.time_s, press.depth_m, press.speed_m_s) for press in key_presses(height, times)]
    assert len(found) >= 3
    assert np.array(found) == pytest.approx(np.array(golden["presses"]), abs=1e-4)
