"""What ``import sdk_python`` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sdk_python as sdk

ROOT = Path(__file__).resolve().parents[2]

PUBLIC = {
    "FINGERS",
    "JOINT_NAMES",
    "KEYPOINT_NAMES",
    "Anchor",
    "BlockingMailbox",
    "BlockingPoseStream",
    "BlockingRemote",
    "CompareParameters",
    "Comparison",
    "CameraUncertainty",
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
    "from_bvh",
    "from_freemocap",
    "from_mediapipe",
    "from_xr_joints",
    "export",
    "features",
    "openxr_keypoints",
    "play",
    "report",
    "wait_mode",
}
HEAVY = {
    "torch",
    "aiortc",
    "av",
    "cv2",
    "aiohttp",
    "onnxruntime",
    "scipy",
    "websockets",
    "mcap",
    "pydantic",
}


def test_all_lists_the_public_names():
    assert set(sdk.__all__) == PUBLIC
    assert all(hasattr(sdk, name) for name in PUBLIC)


def test_import_is_light_and_silent(record_property):
    code = (
        "import time; start = time.perf_counter(); import sdk_python; "
        "print(time.perf_counter() - start); import sys; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, modules = done.stdout.splitlines()
    assert HEAVY.isdisjoint(modules.split())
    assert "sdk_python.recording" in modules.split()
    assert done.stderr == ""
    # Reported, not asserted: on a busy machine it says nothing of the package.
    record_property("import_s", float(seconds))
    print(f"import sdk_python took {float(seconds):.3f} s")  # noqa: T201
