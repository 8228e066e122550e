"""Damaged files of every kind: a recording, or one clear error, in bounded time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from tests.sdk.made_hands import moving


def mediapipe(path: Path, joints: np.ndarray) -> None:
    frames = [
        {
            "timestamp_ms": 33 * k,
            "worldLandmarks": (hands - hands.mean(axis=1, keepdims=True)).round(3).tolist(),
            "handedness": ["Left", "Right"],
        }
        for k, hands in enumerate(joints)
    ]
    path.write_text(json.dumps(frames))


def table(path: Path, joints: np.ndarray) -> None:
    rows = ["time_ms,hand,landmark,x,y,z"]
    for k, hands in enumerate(joints - joints.mean(axis=2, keepdims=True)):
        for side, hand in zip(("left", "right"), hands.round(3), strict=True):
            rows += [f"{33 * k},{side},{n},{x},{y},{z}" for n, (x, y, z) in enumerate(hand)]
    path.write_text("\n".join(rows))


def headset(path: Path, joints: np.ndarray) -> None:
    frames = (
        {"t": k / 72, "left": np.repeat(hands[0], 2, axis=0)[:26].round(3).tolist()}
        for k, hands in enumerate(joints)
    )
    path.write_text("\n".join(map(json.dumps, frames)))


def skeleton(path: Path, joints: np.ndarray) -> None:
    lesson = sdk.Recording.from_arrays(np.arange(len(joints)) / 60, joints)
    sdk.export.to_bvh(lesson, path)


def freemocap(path: Path, joints: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, joints[:, 1] * 1000)


KINDS: dict[str, tuple[Callable, Callable]] = {
    "mediapipe.json": (mediapipe, sdk.from_mediapipe),
    "mediapipe.csv": (table, sdk.from_mediapipe),
    "headset.jsonl": (headset, sdk.from_xr_joints),
    "skeleton.bvh": (skeleton, sdk.from_bvh),
    "right.npy": (freemocap, lambda path: sdk.from_freemocap(path, rate_hz=30)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_gives_a_recording_or_one_clear_error(kind, tmp_path):
    write, read = KINDS[kind]
    path = tmp_path / kind
    write(path, moving(3)["joints"])
    assert len(read(path)) == 3
    whole = path.read_bytes()
    numbers = random.Random(8)
    refused: list[str] = []
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(numbers.randint(1, 4)):
            at = numbers.randrange(len(data))
            size = numbers.randint(1, 8)
            data[at : at + size] = numbers.choice(
                [b"", numbers.randbytes(size), b"9" * size, b"nan", b"1e400", b'{"', b"]", b"}"]
            )
        path.write_bytes(data if numbers.random() < 0.8 else data[: numbers.randrange(len(data))])
        try:
            found = read(path)
        except sdk.RecordingError as error:
            refused.append(str(error))
        else:
            assert isinstance(found, sdk.Recording)
            present = np.isfinite(found.wrist_m[..., 0])
            assert np.isfinite(found.joints_m[present]).all()
            assert np.isfinite(found.pose_quat[present]).all()
    assert len(refused) > 5
    assert all(str(path) in error and len(error) < 600 for error in refused)
    for other, (_, reader) in KINDS.items():
        if other.partition(".")[0] != kind.partition(".")[0]:
            path.write_bytes(whole)
            with pytest.raises(sdk.RecordingError):
                reader(path)
