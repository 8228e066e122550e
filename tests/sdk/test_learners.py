"""Learners in a room: hands and scores that come, own hands that are sent."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol import (
    Anchor,
    HandScore,
    LearnerHands,
    OpenXRHand,
    Score,
    Side,
    Subscribe,
    keypoints_from_pose,
)
from sdk_python.mailbox import Mailbox
from tests.bridge_fixture import running_bridge
from tests.flow.clients import playing

IDENTITY = np.tile(np.array([0.0, 0, 0, 1], np.float32), (26, 1))


async def subscribed(kit, bridge) -> None:
    await kit.until(lambda: any(isinstance(m, Subscribe) for m in bridge.received))


async def test_full_precision_is_what_was_recorded(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url, precision="full"):
        await subscribed(kit, test_bridge)
    assert Subscribe(None, "full") in test_bridge.received


async def test_full_poses_come_exactly(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        sdk.connect(bridge, precision="full") as exact,
        sdk.connect(bridge) as compact,
    ):
        wrist = np.array([0.0, 0.1, -0.5], np.float32)  # what is played
        assert (await anext(exact)).wrist_m[1].tolist() == wrist.tolist()
        rounded = (await anext(compact)).wrist_m[1]
        np.testing.assert_allclose(rounded, wrist, atol=2.6e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"precision": "double"}, "precision must be one of compact, full"),
        ({"role": "play"}, "role must be one of watch, learn.*sdk.play"),
        ({"role": ""}, "role must be"),
    ],
)
async def test_options_that_cannot_be_used(options, words) -> None:
    with pytest.raises(sdk.InputError, match=words):
        async with sdk.connect("http://127.0.0.1:1", **options):
            pytest.fail("connected")


async def test_the_anchor(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url, reconnect_s=20) as poses:
        await subscribed(kit, test_bridge)
        assert poses.anchor is None
        test_bridge.send(Anchor("piano-88", [1.22, 0.15], [0, 0, 0], [0, 0, 0, 1]))
        await kit.until(lambda: poses.anchor)
        assert poses.anchor.instrument == "piano-88"
        test_bridge.cut()  # and comes back as a bridge that does not know this client
        await kit.until(lambda: poses.reconnected == 1)
        assert poses.anchor is None


async def test_scores_come_as_arrays(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        captured = time.monotonic_ns()
        hand = HandScore(Side.RIGHT, [0.01] * 5, [0.1, 0.2, 0.3, 0.4, 0.5], [1, 1, 1, 1, 0])
        test_bridge.send(Score(captured + kit.CLOCK_AHEAD_NS, "learner-1", None, (hand,)))
        score = await anext(poses.scores)
        error_ns = poses.round_trip_s * 1e9 / 2 + 1000
    assert poses.scores.last is score
    assert (score.learner, score.score) == ("learner-1", None)
    assert abs(score.local_time_ns - captured) <= error_ns
    np.testing.assert_array_equal(score.finger_error_rad[1], np.float32([0.1, 0.2, 0.3, 0.4, 0.5]))
    np.testing.assert_array_equal(score.finger_error_m[1], np.float32([0.01] * 5))
    np.testing.assert_array_equal(score.finger_confidence[1], [1, 1, 1, 1, 0])
    assert np.isnan(score.finger_error_rad[0]).all()


async def test_hands_sent_as_poses_have_the_bones_of_the_room(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        hands = (kit.hand(Side.LEFT, 1),)
        test_bridge.send(LearnerHands(3, test_bridge.clock_ns(), "learner-1", hands))
        seen = await anext(poses.learner_hands)
    assert (seen.learner, seen.seq) == ("learner-1", 3)
    np.testing.assert_array_equal(seen.pose_quat[0], hands[0].pose_quat)
    np.testing.assert_array_equal(seen.finger_confidence[0], hands[0].finger_confidence)
    bones = kit.shape(Side.LEFT).rest_joints_m
    expected = keypoints_from_pose(bones, hands[0].pose_quat, hands[0].wrist_m)
    np.testing.assert_allclose(seen.joints_m[0], expected, atol=1e-6)
    assert np.isnan(seen.joints_m[1]).all()
    assert np.isnan(seen.openxr_m).all()
    assert -0.1 < seen.age_s < 5


async def test_a_headset_s_joints_become_keypoints(test_bridge, kit) -> None:
    # XR_EXT_hand_tracking names its joints; where each of ours is found there, by those names.
    names = ["palm", "wrist", *(f"thumb_{n}" for n in ("metacarpal", "proximal", "distal", "tip"))]
    for finger in ("index", "middle", "ring", "little"):
        parts = ("metacarpal", "proximal", "intermediate", "distal", "tip")
        names += [f"{finger}_{part}" for part in parts]
    joints = np.random.default_rng(1).normal(size=(26, 3)).astype(np.float32)
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        hand = OpenXRHand(Side.RIGHT, joints, IDENTITY)
        test_bridge.send(LearnerHands(0, 1, "learner-1", openxr=(hand,)))
        seen = await anext(poses.learner_hands)
    places = {"wrist": "wrist", "thumb1": "thumb_metacarpal", "thumb2": "thumb_proximal"}
    places |= {"thumb3": "thumb_distal", "thumb4": "thumb_tip"}
    for finger in ("index", "middle", "ring", "little"):
        for k, part in enumerate(("proximal", "intermediate", "distal", "tip"), 1):
            places[f"{finger}{k}"] = f"{finger}_{part}"
    for keypoint, name in enumerate(sdk.KEYPOINT_NAMES):
        np.testing.assert_array_equal(seen.joints_m[1, keypoint], joints[names.index(places[name])])
    np.testing.assert_array_equal(seen.openxr_m[1], joints)
    np.testing.assert_array_equal(seen.wrist_m[1], joints[1])
    assert np.isnan(seen.pose_quat).all()
    with pytest.raises(sdk.InputError, match=r"\(..., 26, 3\)"):
        sdk.openxr_keypoints(np.zeros((25, 3)))


async def test_own_hands_reach_the_others_and_survive_a_loss(tmp_path: Path, kit) -> None:
    pose = np.tile(np.array([0, 0, 0, -1.0]), (2, 16, 1))  # w < 0: the same rotation
    wrist = np.array([[np.nan] * 3, [0.1, 0.2, 0.3]])
    pose[0] = np.nan
    joints = np.random.default_rng(2).normal(size=(2, 26, 3))
    async with (
        running_bridge(tmp_path) as bridge,
        sdk.connect(bridge, role="learn", reconnect_s=20) as own,
        sdk.connect(bridge) as other,
    ):
        now_ns = time.monotonic_ns()
        await own.send_hands(pose, wrist, time_ns=now_ns)
        seen = await anext(other.learner_hands)
        assert seen.learner == own.learner
        assert seen.learner.startswith("learner-")
        np.testing.assert_array_equal(seen.pose_quat[1], np.tile([0, 0, 0, 1.0], (16, 1)))
        np.testing.assert_allclose(seen.wrist_m[1], [0.1, 0.2, 0.3])
        assert np.isnan(seen.pose_quat[0]).all()
        assert abs(seen.local_time_ns - now_ns) < 5e7

        own._connection._websocket.transport.abort()
        await kit.until(lambda: own._connection.session.state.value == "closed")
        await own.send_hands(pose, wrist)
        await kit.until(lambda: own.reconnected == 1)
        assert own.hands_dropped == 1
        await own.send_openxr_hands(joints, np.stack([IDENTITY] * 2))
        seen = await anext(other.learner_hands)
        assert seen.learner == own.learner  # still the same to everyone
        np.testing.assert_allclose(seen.openxr_m, joints, rtol=1e-6)
        assert own.learner_hands.waiting == 0  # nobody gets their own


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ((np.zeros((16, 4)), np.zeros((2, 3))), r"pose_quat needs shape \(2, 16, 4\)"),
        ((np.zeros((2, 16, 4)), np.zeros((2, 3))), "the left hand cannot be sent.*pose_quat"),
        ((IDENTITY[None, :16].repeat(2, 0), [[0, 0, np.nan]] * 2), "left hand.*wrist_m"),
        ((IDENTITY[None, :16].repeat(2, 0), "ab"), "wrist_m must be numbers"),
        ((IDENTITY[None, :16].repeat(2, 0), np.zeros((2, 3)), np.full((2, 5), 2)), "confidence"),
    ],
)
async def test_what_are_no_hands(test_bridge, kit, arrays, words) -> None:
    async with sdk.connect(test_bridge.url, role="learn") as poses:
        with pytest.raises(sdk.InputError, match=words):
            await poses.send_hands(*arrays)
        await poses.send_hands(IDENTITY[None, :16].repeat(2, 0), np.zeros((2, 3)))
        await kit.until(lambda: any(isinstance(m, LearnerHands) for m in test_bridge.received))


async def test_a_watcher_sends_no_hands(test_bridge) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        with pytest.raises(sdk.InputError, match='role="learn"'):
            await poses.send_hands(IDENTITY[None, :16].repeat(2, 0), np.zeros((2, 3)))


async def test_messages_that_nobody_takes_cost_no_more_than_their_box(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        for seq in range(100):
            test_bridge.send(LearnerHands(seq, 1, "learner-1"))
        await kit.until(lambda: poses.learner_hands.last and poses.learner_hands.last.seq == 99)
        assert (poses.learner_hands.waiting, poses.learner_hands.dropped) == (64, 36)
        test_bridge.end(lambda session: session.bye("over"))
        assert [seen.seq async for seen in poses.learner_hands] == list(range(36, 100))
        assert [score async for score in poses.scores] == []


async def test_a_stream_that_nobody_takes_poses_from_lives_on(tmp_path, monkeypatch) -> None:
    """A program that only reads learners' hands: the bridge would let it go after a second."""
    monkeypatch.setattr("sdk_python._pose_queue.UNATTENDED_S", 0.1)
    hands = IDENTITY[None, :16].repeat(2, 0), np.zeros((2, 3))
    async with (
        running_bridge(tmp_path, slow_after_s=1.0) as bridge,
        playing(bridge),
        sdk.connect(bridge) as poses,
        sdk.connect(bridge, role="learn") as learner,
    ):
        first = await anext(poses)
        end_s = time.monotonic() + 3.0
        while time.monotonic() < end_s:
            await asyncio.sleep(0.05)
            await learner.send_hands(*hands)
        now = await anext(poses)
        assert now.age_s < 0.5
        assert poses.missed >= now.seq - first.seq - 1 > 60
        assert poses.learner_hands.waiting > 10  # who lags gets none


async def test_a_box_tells_everyone_who_waits_how_it_ended() -> None:
    box: Mailbox[int] = Mailbox(2)
    waiting = [asyncio.create_task(anext(box)) for _ in range(3)]
    await asyncio.sleep(0)
    box.put(1)
    assert await asyncio.wait_for(waiting[0], 5) == 1
    box.end(ZeroDivisionError("why"))
    for task in waiting[1:]:
        with pytest.raises(ZeroDivisionError, match="why"):
            await task


async def test_a_fault_of_the_client_s_own_is_no_end_of_the_room(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        poses._take = lambda message: 1 / 0
        test_bridge.send(kit.pose(0))
        with pytest.raises(ZeroDivisionError):
            await anext(poses)


async def test_messages_of_several_tasks_keep_their_order(test_bridge, kit) -> None:
    """A socket that is full lets the next task in while the first still has messages to send."""
    async with sdk.connect(test_bridge.url, role="learn") as poses:
        await subscribed(kit, test_bridge)
        connection = poses._connection
        send, sent = connection._websocket.send, []

        async def slow(data: bytes) -> None:
            await send(data)
            sent.append(data)
            await asyncio.sleep(0.01 if len(sent) % 3 == 0 else 0)

        async def burst(k: int) -> None:
            for seq in range(4 * k, 4 * k + 4):
                connection.session.send(LearnerHands(seq, 1))
            await connection.flush()

        connection._websocket.send = slow
        await asyncio.gather(*(burst(k) for k in range(5)))
        await kit.until(
            lambda: sum(isinstance(m, LearnerHands) for m in test_bridge.received) == 20
        )
        numbers = [m.seq for m in test_bridge.received if isinstance(m, LearnerHands)]
        assert numbers == list(range(20))
