"""Foxglove's files as the MCAP library, JSON Schema and Foxglove's own messages see them."""

from __future__ import annotations

import json
from collections import defaultdict

import jsonschema
import numpy as np
import pytest
from foxglove_schemas_protobuf.FrameTransform_pb2 import FrameTransform
from foxglove_schemas_protobuf.LinePrimitive_pb2 import LinePrimitive
from foxglove_schemas_protobuf.SceneUpdate_pb2 import SceneUpdate
from google.protobuf.json_format import ParseDict
from mcap.reader import make_reader

import sdk_python as sdk
from bridge.protocol.joints import BONES, FINGERTIPS


@pytest.fixture(scope="module")
def messages(lesson, tmp_path_factory):
    """Decoded messages and their times by topic, each checked against its schema."""
    path = tmp_path_factory.mktemp("foxglove") / "a.mcap"
    sdk.export.to_foxglove(lesson, path)
    found = defaultdict(list)
    with path.open("rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
            content = json.loads(message.data)
            if message.sequence == 0 or len(found[channel.topic]) % 29 == 0:
                jsonschema.Draft202012Validator(json.loads(schema.data)).validate(content)
            found[channel.topic].append((schema.name, message.log_time, content))
    return found


def as_protobuf(content: dict, message):
    """The message as Foxglove's own classes take it: unknown and mistyped fields raise."""

    def times(key, value):
        if isinstance(value, list):
            return [times(key, item) for item in value]
        if not isinstance(value, dict):
            return value
        if key == "lifetime":
            assert value == {"sec": 0, "nsec": 0}
            return "0s"
        if key == "timestamp":
            return f"{np.datetime64(value['sec'] * 10**9 + value['nsec'], 'ns')}Z"
        return {key: times(key, item) for key, item in value.items()}

    return ParseDict(times(None, content), message())


def test_every_pose_is_a_scene_at_its_time(messages, lesson):
    scenes = messages["/hands"]
    assert {name for name, _, _ in scenes} == {"foxglove.SceneUpdate"}
    assert [time for _, time, _ in scenes] == lesson.time_ns.tolist()


def test_lines_and_spheres_are_where_the_keypoints_are(messages, lesson):
    for t in (12, 49, 60, 299):
        _, _, content = messages["/hands"][t]
        for entity in content["entities"]:
            side = ("left", "right").index(entity["id"])
            (line,) = entity["lines"]
            points = np.array([[p[axis] for axis in "xyz"] for p in line["points"]])
            np.testing.assert_allclose(points, lesson.joints_m[t, side], atol=6e-6)
            assert np.reshape(line["indices"], (-1, 2)).tolist() == np.array(BONES).tolist()
            assert line["type"] == LinePrimitive.LINE_LIST
            spheres = [[s["pose"]["position"][a] for a in "xyz"] for s in entity["spheres"]]
            expected = lesson.joints_m[t, side, list(FINGERTIPS)]
            np.testing.assert_allclose(spheres, expected, atol=6e-6)
            assert entity["metadata"] == [{"key": "confidence", "value": "0.750"}]


def test_absent_hands_are_deleted(messages, lesson):
    for t, (_, _, content) in enumerate(messages["/hands"]):
        there = [n for n, wrist in zip(("left", "right"), lesson.wrist_m[t], strict=True) if np.isfinite(wrist[0])]  # fmt: skip # noqa: E501
        assert [entity["id"] for entity in content["entities"]] == there
        gone = {"left", "right"} - set(there)
        assert {deletion["id"] for deletion in content["deletions"]} == gone


def fields(message) -> set[str]:
    """Names of a message's fields, less those that newer versions add for their own programs."""
    return {field.name for field in message.DESCRIPTOR.fields} - {"message_id", "lineage"}


@pytest.mark.parametrize("t", [5, 60])
def test_foxgloves_own_messages_take_them(messages, lesson, t):
    _, time_ns, content = messages["/hands"][t]
    update = as_protobuf(content, SceneUpdate)
    assert len(update.entities) + len(update.deletions) == 2
    # JSON has no defaults: every field that Foxglove knows must be there.
    assert set(content) == fields(update)
    for entity, given in zip(update.entities, content["entities"], strict=True):
        assert set(given) == fields(entity)
        assert set(given["lines"][0]) == fields(entity.lines[0])
        assert set(given["spheres"][0]) == fields(entity.spheres[0])
    for entity in update.entities:
        assert entity.timestamp.ToNanoseconds() == time_ns


def test_the_stage_stands_upright(messages):
    ((name, _, content),) = messages["/tf"]
    assert name == "foxglove.FrameTransform"
    frame = as_protobuf(content, FrameTransform)
    assert (frame.parent_frame_id, frame.child_frame_id) == ("world", "stage")
    from scipy.spatial.transform import Rotation

    q = frame.rotation
    up = Rotation.from_quat([q.x, q.y, q.z, q.w]).apply([0, 1, 0])
    np.testing.assert_allclose(up, [0, 0, 1], atol=1e-9)


def test_it_is_no_recording(lesson, tmp_path):
    sdk.export.to_foxglove(lesson, tmp_path / "a.mcap")
    with pytest.raises(sdk.RecordingError, match="holds no recording of hands"):
        sdk.Recording.open(tmp_path / "a.mcap")
