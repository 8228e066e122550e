"""GhostHands for Python: open recordings, watch live rooms, play recordings into them.

::

    import sdk_python as sdk

    lesson = sdk.Recording.open("lesson.mcap")
    lesson.joints_m  # (T, 2, 21, 3) metres in the stage, left hand first, NaN where absent

    async with sdk.connect("https://bridge.local:8443", room="lesson") as poses:
        async for pose in poses:
            print(pose.age_s, pose.joints_m[1, 8])  # the right index fingertip
"""

from __future__ import annotations

from bridge.errors import (
    ConnectionFailedError,
    GhostHandsError,
    InputError,
    ProtocolError,
    RecordingError,
)
from bridge.protocol.joints import FINGERS, JOINT_NAMES, KEYPOINT_NAMES, Side
from bridge.protocol.recording import RecordingMetadata
from sdk_python.live import PoseStream, connect
from sdk_python.playback import play
from sdk_python.pose import Pose
from sdk_python.recording import Recording

__all__ = [
    "FINGERS",
    "JOINT_NAMES",
    "KEYPOINT_NAMES",
    "ConnectionFailedError",
    "GhostHandsError",
    "InputError",
    "Pose",
    "PoseStream",
    "ProtocolError",
    "Recording",
    "RecordingError",
    "RecordingMetadata",
    "Side",
    "connect",
    "play",
]
