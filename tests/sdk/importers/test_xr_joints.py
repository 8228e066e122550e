"""Logs of headsets, with joints in the orders of WebXR and OpenXR."""

from __future__ import annotations

import json

import numpy as np
import pytest

import sdk_python as sdk
from tests.sdk.made_hands import moving

COUNT = 10
OPENXR = (
    *("palm", "wrist"),
    *(f"thumb-{bone}" for bone in ("metacarpal", "phalanx-proximal", "phalanx-distal", "tip")),
    *(
        f"{finger}-{bone}"
        for finger in ("index-finger", "middle-finger", "ring-finger", "pinky-finger")
        for bone in (
            *("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip"),
        )
    ),
)
"""XR_EXT_hand_tracking, XrHandJointEXT, in WebXR's words."""


@pytest.fixture(scope="module")
def hands() -> np.ndarray:
    return moving(COUNT)["joints"]


@pytest.fixture(scope="module")
def openxr(hands) -> np.ndarray:
    """``(10, 2, 26, 3)``: palms and metacarpals are far off, so none can be taken for another."""
    joints = np.full((COUNT, 2, 26, 3), 7.0)
    joints[:, :, 1] = hands[:, :, 0]
    joints[:, :, 2:6] = hands[:, :, 1:5]
    for finger in range(4):
        joints[:, :, 7 + 5 * finger : 11 + 5 * finger] = hands[
            :, :, 5 + 4 * finger : 9 + 4 * finger
        ]
    return joints


def webxr(openxr: np.ndarray, *, little: str = "pinky-finger") -> list[dict]:
    """Frames as a page would log them: 25 joints by name, milliseconds."""
    names = [name.replace("pinky-finger", little) for name in OPENXR[1:]]
    return [
        {
            "timestamp": 5000.0 + 1000 / 72 * k,
            "hands": [
                {
                    "handedness": side,
                    "joints": {
                        name: {"position": dict(zip("xyz", joint, strict=True)), "radius": 0.01}
                        for name, joint in zip(names, hand[1:].tolist(), strict=True)
                    },
                }
                for side, hand in zip(("left", "right"), frame, strict=True)
            ],
        }
        for k, frame in enumerate(openxr)
    ]


def in_order(openxr: np.ndarray, *, palm: bool) -> list[dict]:
    return [
        {
            "time_ns": 5_000_000_000 + k * 13_888_889,
            **{
                side: [[*joint, 0, 0, 0, 1] for joint in (hand if palm else hand[1:]).tolist()]
                for side, hand in zip(("left", "right"), frame, strict=True)
            },
        }
        for k, frame in enumerate(openxr)
    ]


def flat(openxr: np.ndarray) -> list[dict]:
    return [
        {"t": 5 + k / 72, "hands": {"left": f[0].ravel().tolist(), "right": f[1].ravel().tolist()}}
        for k, f in enumerate(openxr)
    ]


LAYOUTS = {
    "webxr": webxr,
    "little": lambda joints: webxr(joints, little="little-finger"),
    "25": lambda joints: in_order(joints, palm=False),
    "26": lambda joints: in_order(joints, palm=True),
    "flat": flat,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("lines", [True, False])
def test_layouts(hands, openxr, tmp_path, layout, lines):
    frames = LAYOUTS[layout](openxr)
    path = tmp_path / "a.json"
    path.write_text("\n".join(map(json.dumps, frames)) if lines else json.dumps(frames))
    found = sdk.from_xr_joints(path, recorded_by="Clara")
    np.testing.assert_allclose(found.joints_m, hands, atol=1e-6)
    np.testing.assert_allclose(found.time_s, 5 + np.arange(COUNT) / 72, atol=1e-6)
    assert (found.metadata.source, found.metadata.recorded_by) == ("xr", "Clara")


@pytest.mark.parametrize("count", [25, 26])
def test_arrays(hands, openxr, count):
    joints = openxr[:, :, 26 - count :].copy()
    joints[3, 0] = np.nan
    found = sdk.from_xr_joints(joints, np.arange(COUNT) / 72)
    assert np.isnan(found.joints_m[3, 0]).all()
    np.testing.assert_allclose(found.joints_m[4:], hands[4:], atol=1e-6)


def test_a_hand_out_of_sight_is_absent(openxr, tmp_path):
    frames = webxr(openxr)
    frames[2]["hands"] = []
    del frames[4]["hands"][0]
    frames[6]["hands"][1]["joints"]["wrist"] = None
    frames[7]["hands"][0]["joints"] = None
    path = tmp_path / "a.json"
    path.write_text(json.dumps(frames))
    found = sdk.from_xr_joints(path)
    present = np.isfinite(found.wrist_m[..., 0])
    assert np.argwhere(~present).tolist() == [[2, 0], [2, 1], [4, 0], [7, 0]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"\xff\xfe\x00", "is not text"),
        (b"HIERARCHY", "no list of frames"),
        (b"[[1]]", "frame 1, has no time"),
        (b'[{"t": "soon"}]', "frame 1, has no time"),
        (b'[{"t": true}]', "frame 1, has no time"),
        (b'[{"t": 1}]', "holds no hands"),
        (b'[{"t": 1, "left": [1, 2]}]', "holds no hands"),
        (b'[{"t": 1e400, "left": [1, 2]}]', "has no time"),
        (b'{"t": 1, "hands": [' + b'{"hand": "left"},' * 9999 + b"{}]}", "holds no hands"),
    ],
)
def test_what_is_none_is_one_clear_error(tmp_path, data, words):
    path = tmp_path / "a"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(sdk.RecordingError, match=words):
        sdk.from_xr_joints(path)


def test_positions_in_another_unit(openxr, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(flat(openxr * 100)))
    with pytest.raises(sdk.RecordingError, match="not in the unit"):
        sdk.from_xr_joints(path)


def test_arrays_that_are_none(openxr, tmp_path):
    with pytest.raises(sdk.InputError, match="need time_s"):
        sdk.from_xr_joints(openxr)
    with pytest.raises(sdk.InputError, match="25 or 26"):
        sdk.from_xr_joints(openxr[:, :, :21], [0])
    with pytest.raises(sdk.InputError, match="its own times"):
        sdk.from_xr_joints(tmp_path / "a", [0])
