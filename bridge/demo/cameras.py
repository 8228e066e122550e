"""The two cameras of the demo: a phone on the teacher's left, a tablet on the right.

They differ in lens, shape of the picture, height and distance. The bridge is told none of it;
only the score knows.
"""

from __future__ import annotations

from types import MappingProxyType

from bridge.model.render import Camera

__all__ = ["CAMERAS"]

CAMERAS = MappingProxyType(
    {
        "phone": Camera.look_at(
            (-0.080, 0.560, -0.240),
            (0.325, 0.005, 0.020),
            size_px=(1280, 720),
            focal_px=985.0,
            distortion=(0.035, -0.020),
            roll_rad=0.03,
        ),
        "tablet": Camera.look_at(
            (0.760, 0.560, 0.130),
            (0.325, 0.005, 0.005),
            size_px=(960, 720),
            focal_px=905.0,
            centre_px=(484.0, 352.0),
            distortion=(-0.055, 0.015),
            roll_rad=-0.02,
        ),
    }
)
"""By view name, in the order in which they join the room: the first one's axes are the stage."""
