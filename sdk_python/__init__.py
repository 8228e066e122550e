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

import importlib
from typing import TYPE_CHECKING

from bridge.errors import (
    ConnectionFailedError,
    GhostHandsError,
    InputError,
    PlaybackRefusedError,
    ProtocolError,
    RecordingError,
    TimedOutError,
)
from bridge.protocol.joints import FINGERS, JOINT_NAMES, KEYPOINT_NAMES, Side
from bridge.protocol.lesson import Anchor, PlaybackState
from bridge.protocol.messages import Status
from bridge.protocol.provenance import CameraUncertainty, Device
from bridge.protocol.recording import RecordingMetadata
from sdk_python import features
from sdk_python.blocking import BlockingPoseStream, connect_blocking
from sdk_python.blocking_parts import BlockingMailbox, BlockingRemote
from sdk_python.comparison import CompareParameters, Comparison, compare
from sdk_python.connecting import connect
from sdk_python.control import PlaybackRemote
from sdk_python.editing import concatenate
from sdk_python.follower import Followed, Follower
from sdk_python.importers import from_bvh, from_freemocap, from_mediapipe, from_xr_joints
from sdk_python.learner import LearnerPose, LiveScore, openxr_keypoints
from sdk_python.live import PoseStream
from sdk_python.lost import Lost
from sdk_python.mailbox import Mailbox
from sdk_python.playback import play
from sdk_python.pose import Pose
from sdk_python.recording import Recording
from sdk_python.recording_file import RecordingFile
from sdk_python.waiting import wait_mode

if TYPE_CHECKING:
    from types import ModuleType

    from sdk_python import export, report

__all__ = [
    "FINGERS",
    "JOINT_NAMES",
    "KEYPOINT_NAMES",
    "Anchor",
    "BlockingMailbox",
    "BlockingPoseStream",
    "BlockingRemote",
    "CameraUncertainty",
    "CompareParameters",
    "Comparison",
    "ConnectionFailedError",
    "Device",
    "Followed",
    "Follower",
    "GhostHandsError",
    "InputError",
    "LearnerPose",
    "LiveScore",
    "Lost",
    "Mailbox",
    "PlaybackRefusedError",
    "PlaybackRemote",
    "PlaybackState",
    "Pose",
    "PoseStream",
    "ProtocolError",
    "Recording",
    "RecordingError",
    "RecordingFile",
    "RecordingMetadata",
    "Side",
    "Status",
    "TimedOutError",
    "compare",
    "concatenate",
    "connect",
    "connect_blocking",
    "export",
    "features",
    "from_bvh",
    "from_freemocap",
    "from_mediapipe",
    "from_xr_joints",
    "openxr_keypoints",
    "play",
    "report",
    "wait_mode",
]


def __getattr__(name: str) -> ModuleType:
    """What few programs need is imported when it is first named."""
    if name in ("export", "report"):
        return importlib.import_module(f"sdk_python.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
