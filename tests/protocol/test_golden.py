"""The golden vectors: the bytes every implementation of the protocol must agree on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from bridge import protocol
from bridge.errors import ProtocolError
from bridge.protocol import coordinates
from bridge.protocol.messages import MESSAGE_TYPES

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "bridge" / "protocol" / "golden"


def vectors(name: str) -> list[dict]:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))["vectors"]


def data_of(vector: dict) -> bytes:
    if "repeat" in vector:
        return bytes.fromhex(vector["repeat"]["hex"]) * vector["repeat"]["count"]
    return bytes.fromhex(vector["hex"])


def by_name(name: str):
    return [pytest.param(vector, id=vector["name"]) for vector in vectors(name)]


def meaning(value):
    """A decoded message as the JSON of a vector, written without the generator's help."""
    if isinstance(value, np.ndarray):
        return value.astype(float).tolist()
    if isinstance(value, tuple):
        return [meaning(item) for item in value]
    if is_dataclass(value):
        result = {"type": value.TYPE} if hasattr(value, "TYPE") else {}
        for field in fields(value):
            item = getattr(value, field.name)
            result[field.name] = str(item) if field.name.endswith("_ns") else meaning(item)
        return result
    return value


@pytest.mark.parametrize("vector", by_name("messages.json"))
def test_decodes_to_the_meaning(vector):
    assert meaning(protocol.decode(data_of(vector))) == vector["message"]


@pytest.mark.parametrize("vector", by_name("messages.json"))
def test_encodes_to_the_same_bytes_where_canonical(vector):
    data = data_of(vector)
    again = protocol.encode(protocol.decode(data), precision="full")
    assert (again == data) is vector["canonical"]


@pytest.mark.parametrize("vector", by_name("compact.json"))
def test_decodes_compact_poses_to_the_meaning(vector):
    decoded, expected = meaning(protocol.decode(data_of(vector))), vector["message"]
    assert {**decoded, "hands": ()} == {**expected, "hands": ()}
    assert [hand["side"] for hand in decoded["hands"]] == [h["side"] for h in expected["hands"]]
    for hand, meant in zip(decoded["hands"], expected["hands"], strict=True):
        for name in ("wrist_m", "pose_quat", "finger_confidence"):
            np.testing.assert_allclose(hand[name], meant[name], atol=1e-6, rtol=0)


@pytest.mark.parametrize("vector", by_name("rejected.json"))
def test_refuses_with_the_code(vector):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode(data_of(vector))
    assert caught.value.code == vector["code"]
    assert len(str(caught.value)) < 300  # what goes to a peer and a log stays short


def test_every_message_type_has_a_canonical_vector():
    seen = {v["message"]["type"] for v in vectors("messages.json") if v["canonical"]}
    assert seen == set(MESSAGE_TYPES)


def test_names_are_unique():
    for file in ("messages.json", "rejected.json"):
        names = [v["name"] for v in vectors(file)]
        assert len(names) == len(set(names))


def test_the_generator_makes_the_committed_files():
    script = ROOT / "scripts" / "make_golden.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def geometry() -> dict:
    return json.loads((GOLDEN / "geometry.json").read_text(encoding="utf-8"))


def test_joint_orders():
    for name, table in geometry()["joints"].items():
        assert list(getattr(protocol, name.upper())) == table


def test_every_change_of_frames_has_a_vector():
    changes = set(coordinates.__all__) - {"canonical_quaternion"}
    assert set(geometry()["coordinates"]) == changes


@pytest.mark.parametrize("name", geometry()["coordinates"])
def test_changes_of_frames(name):
    vector = geometry()["coordinates"][name]
    changed = getattr(coordinates, name)(np.array(vector["from"]))
    np.testing.assert_allclose(changed, vector["to"], atol=1e-8)


@pytest.mark.parametrize("vector", geometry()["kinematics"], ids=["left", "right"])
def test_keypoints_of_posed_hands(vector):
    keypoints = protocol.keypoints_from_pose(
        vector["rest_joints_m"], vector["pose_quat"], vector["wrist_m"]
    )
    np.testing.assert_allclose(keypoints, vector["keypoints_m"], atol=1e-6)
