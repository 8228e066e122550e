"""When cameras are adjusted anew: seldom once they are known, soon again while they are not."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest

from bridge.model.pose import ViewHand, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.watch import Adjuster, KeyframeBuffer
from bridge.protocol.joints import Side

HAND = ViewHand(Side.RIGHT, np.zeros((21, 2)), np.zeros((21, 3)), 1.0)
VIEWS = tuple(ViewHands(name, (640, 480), (None, HAND)) for name in ("phone", "tablet"))


def calibration(*, second_usable: bool) -> Calibration:
    return Calibration(Cameras.unknown(2), np.zeros(30), (), 1.0, np.array([True, second_usable]))


def adjusted_at(result: Calibration | Exception | None, keyframes: int) -> list[int]:
    """How many keyframes there were whenever cameras were adjusted."""
    sizes: list[int] = []

    def run(snapshot, _names, _lenses) -> Future[Calibration | None]:
        sizes.append(len(snapshot))
        future: Future[Calibration | None] = Future()
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
        return future

    buffer, adjuster = KeyframeBuffer(), Adjuster(run, {})
    for k in range(keyframes):
        buffer.add(0.2 * k, VIEWS)
        adjuster.step(buffer, ("phone", "tablet"))
    return sizes


def test_known_cameras_are_adjusted_at_doubling_counts_and_then_rest():
    assert adjusted_at(calibration(second_usable=True), 400) == [12, 24, 48, 96, 192]


@pytest.mark.parametrize(
    "result",
    [None, calibration(second_usable=False), RuntimeError("singular")],
    ids=["none", "refused", "failed"],
)
def test_cameras_that_were_not_found_are_looked_for_again_soon(result):
    sizes = adjusted_at(result, 300)
    assert sizes[:5] == [12, 16, 21, 27, 35]
    assert len(sizes) > 12  # and it never gives up
