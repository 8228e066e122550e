"""MediaPipe's files in the layouts people write, and one that MediaPipe itself wrote."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from tests.sdk.made_hands import keypoints, person

DATA = Path(__file__).resolve().parents[2] / "data"
COUNT = 12


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    """``(12, 2, 21, 3)`` bent hands around the origin, x right, y down, z away: as MediaPipe's."""
    pose = np.zeros((COUNT, 2, 16, 4))
    pose[..., 3] = 1
    bend = np.linspace(0.2, 0.5, COUNT)[:, None, None]
    for side, sign in ((0, -1), (1, 1)):  # about the axes across the fingers, towards the palm
        pose[:, side, 1:13, 2] = sign * np.sin(bend[:, 0] / 2)
        pose[:, side, 1:13, 3] = np.cos(bend[:, 0] / 2)
    joints = keypoints(person(), pose, np.zeros((COUNT, 2, 3)))
    joints -= joints.mean(axis=2, keepdims=True)
    return joints * [1, -1, -1]


def xyz(points: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip("xyz", point, strict=True)) for point in points.tolist()]


def javascript(world: np.ndarray) -> list:
    return [
        {
            "timestampMs": 1000 + 33 * k,
            "landmarks": [xyz(np.full((21, 3), 0.5))] * 2,
            "worldLandmarks": [xyz(hands[1]), xyz(hands[0])],
            "handedness": [
                [{"score": 0.9, "index": 1, "categoryName": "Right", "displayName": "Right"}],
                [{"score": 0.9, "index": 0, "categoryName": "Left", "displayName": "Left"}],
            ],
        }
        for k, hands in enumerate(world)
    ]


def python(world: np.ndarray) -> dict:
    return {
        "frames": [
            {
                "timestamp": (1000 + 33 * k) * 1000,
                "hands": [
                    {"handedness": "Left", "world_landmarks": hands[0].tolist()},
                    {"handedness": "Right", "world_landmarks": hands[1].ravel().tolist()},
                ],
            }
            for k, hands in enumerate(world)
        ]
    }


def solutions(world: np.ndarray) -> str:
    lines = (
        {
            "time_s": 1 + 0.033 * k,
            "results": {
                "multi_hand_world_landmarks": [{"landmark": xyz(hand)} for hand in hands],
                "multi_handedness": [
                    {"classification": [{"label": label, "score": 1}]}
                    for label in ("Left", "Right")
                ],
            },
        }
        for k, hands in enumerate(world)
    )
    return "\n".join(map(json.dumps, lines))


def wide(world: np.ndarray) -> str:
    names = ",".join(f"x{k},y{k},z{k},world_x_{k},world_y_{k},world_z_{k}" for k in range(21))
    rows = [f"frame,timestamp_ms,handedness,score,{names}"]
    for k, hands in enumerate(world):
        for label, hand in zip(("Left", "Right"), hands, strict=True):
            values = np.concatenate([np.full((21, 3), 0.5), hand], axis=1).ravel()
            rows.append(f"{k},{1000 + 33 * k},{label},0.9," + ",".join(map(str, values)))
    return "\n".join(rows)


def named(world: np.ndarray) -> str:
    points = ["WRIST", *(f"THUMB_{j}" for j in ("CMC", "MCP", "IP", "TIP"))]
    for finger in ("INDEX", "MIDDLE", "RING", "PINKY"):
        points += [f"{finger}_FINGER_{j}" for j in ("MCP", "PIP", "DIP", "TIP")]
    names = [f"{side}_{p}_{a}" for side in ("left", "right") for p in points for a in "xyz"]
    rows = [f"time,{','.join(names)}"]
    rows += [f"{1 + 0.033 * k}," + ",".join(map(str, h.ravel())) for k, h in enumerate(world)]
    return "\r\n".join(rows)


def long(world: np.ndarray) -> str:
    rows = ["timestamp_ms,hand,landmark,x,y,z"]
    rows += [
        f"{1000 + 33 * k},{label},{n},{point[0]},{point[1]},{point[2]}"
        for k, hands in enumerate(world)
        for label, hand in zip(("Left", "Right"), hands, strict=True)
        for n, point in enumerate(hand)
    ]
    return "\n".join(rows)


@pytest.mark.parametrize("layout", [javascript, python, solutions, wide, named, long])
def test_layouts(world, tmp_path, layout):
    text = layout(world)
    path = tmp_path / "a"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    found = sdk.from_mediapipe(path, recorded_by="Clara")
    np.testing.assert_allclose(found.time_s, 1 + 0.033 * np.arange(COUNT), atol=1e-6)
    np.testing.assert_allclose(found.joints_m, world * [1, -1, -1], atol=1e-6)
    assert (found.metadata.source, found.metadata.recorded_by) == ("mediapipe", "Clara")
    curled = sdk.features.curl(sdk.features.joint_angles(found.pose_quat))
    assert (np.diff(curled[:, :, 1], axis=0) > 0).all()


def test_labels_are_not_trusted_but_the_way_fingers_bend(world, tmp_path):
    path = tmp_path / "a.json"
    frames = javascript(world[:, ::-1])  # left landmarks called right
    path.write_text(json.dumps(frames))
    np.testing.assert_allclose(sdk.from_mediapipe(path).joints_m, world * [1, -1, -1], atol=1e-6)
    seen_in_a_mirror = javascript(world[:, ::-1] * [-1, 1, 1])
    path.write_text(json.dumps(seen_in_a_mirror))
    np.testing.assert_allclose(
        sdk.from_mediapipe(path, mirrored=True).joints_m, world * [1, -1, -1], atol=1e-6
    )


def test_a_hand_that_mediapipe_calls_left_is_the_right_one_it_is(tmp_path):
    """mediapipe 0.10.21 on a film of a right hand at a piano, not mirrored: it says Left."""
    with gzip.open(DATA / "mediapipe_piano_right_hand.json.gz") as file:
        frames = json.load(file)["frames"]
    labels = [hand["label"] for frame in frames for hand in frame]
    assert labels.count("Left") > 0.9 * len(labels)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(frames))
    found = sdk.from_mediapipe(path, rate_hz=30)
    present = np.isfinite(found.wrist_m[..., 0]).mean(axis=0)
    assert present[1] > 0.9 > 0.1 > present[0]
    angles = sdk.features.joint_angles(found.pose_quat)[:, 1]
    bent = np.degrees(np.nanmedian(angles[:, sdk.features.ANGLE_NAMES.index("index_pip_flexion")]))
    assert 30 < bent < 80
    with pytest.raises(sdk.RecordingError, match="no time: give rate_hz"):
        sdk.from_mediapipe(path)


def test_frames_without_hands_and_hands_of_zeros_are_absent(world, tmp_path):
    frames = javascript(world)
    frames[3]["worldLandmarks"], frames[3]["handedness"] = [], []
    frames[5]["worldLandmarks"][0] = xyz(np.zeros((21, 3)))
    frames[6]["worldLandmarks"][1][8] = {"x": None, "y": "no", "z": True}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(frames))
    found = sdk.from_mediapipe(path)
    present = np.isfinite(found.wrist_m[..., 0])
    assert len(found) == COUNT
    assert np.argwhere(~present).tolist() == [[3, 0], [3, 1], [5, 1]]
    assert found.finger_confidence[6, 0].tolist() == [1, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x89MCAP0\r\n\xff\xfe", "is not text"),
        (b"[1, 2]", "frame 1, is no object"),
        (b'{"frames": 3}', "has no time"),
        (b"[]", "holds no hands"),
        (b"[" * 100_000, "no list of frames"),
        (b'{"time_s": 1}\n{"time_s": 2', "line 2, is not JSON"),
        (b'[{"time_s": 1}]', "holds no hands"),
        (b'[{"time_s": 1, "worldLandmarks": [[1]], "handedness": ["Left"]}]', "holds no hands"),
        (b'[{"time_s": 1, "landmarks": [[{"x": 1}]]}]', "landmarks of the picture only"),
        (b"a,b,c\n1,2,3\n", "no columns for x, y and z"),
        (b"time,handedness,landmark,x,y,z\n", "holds no hands"),
        (b"time,landmark,x,y,z\n1,2,3,4,5\n", "which hand"),
        (b",".join([b"a"] * 5000), "5000 columns"),
        (b'time,handedness,landmark,x,y,z\n"' + b"a" * 200_000, "no table"),
    ],
)
def test_what_is_none_is_one_clear_error(tmp_path, data, words):
    path = tmp_path / "a"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(sdk.RecordingError, match=words):
        sdk.from_mediapipe(path)


def test_landmarks_of_the_picture_are_refused(world, tmp_path):
    frames = javascript(world + np.array([0.5, 0.4, 0]))
    path = tmp_path / "a.json"
    path.write_text(json.dumps(frames))
    with pytest.raises(sdk.RecordingError, match="export the world landmarks"):
        sdk.from_mediapipe(path)


def test_times_that_go_back(world, tmp_path):
    frames = javascript(world)
    frames[4]["timestampMs"] = 0
    path = tmp_path / "a.json"
    path.write_text(json.dumps(frames))
    with pytest.raises(sdk.RecordingError, match="time_s must rise"):
        sdk.from_mediapipe(path)
    with pytest.raises(sdk.InputError, match="rate_hz must be above 0"):
        sdk.from_mediapipe(path, rate_hz=0)
