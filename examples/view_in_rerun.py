"""Look at a recording in the Rerun viewer (pip install 'ghosthands[viewer]').

python examples/view_in_rerun.py lesson.mcap [lesson.rrd]

With a second name it writes a Rerun file instead of opening a window.
"""

from __future__ import annotations

import sys

import numpy as np

import sdk_python as sdk
from bridge.optional import require
from bridge.protocol.joints import BONES

COLOURS = {sdk.Side.LEFT: (86, 180, 233), sdk.Side.RIGHT: (230, 159, 0)}


def main(path: str, output: str | None) -> None:
    rr = require("rerun", extra="viewer")
    lesson = sdk.Recording.open(path)
    rr.init("ghosthands", spawn=output is None)
    if output is not None:
        rr.save(output)
    rr.log("/", rr.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
    bones = np.array(BONES)
    for time_s, joints in zip(lesson.time_s, lesson.joints_m, strict=True):
        rr.set_time("lesson", duration=time_s)
        for side, colour in COLOURS.items():
            name = f"hands/{side.name.lower()}"
            if np.isfinite(joints[side]).all():
                rr.log(name, rr.LineStrips3D(joints[side][bones], colors=[colour], radii=0.003))
            else:
                rr.log(name, rr.Clear(recursive=False))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
