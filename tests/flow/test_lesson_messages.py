"""A lesson's messages through a real bridge: where the instrument lies, learners' hands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge.model.anchor import Taps, find_anchor, keyboard, save_anchor
from bridge.protocol import Anchor, LearnerHands, PosePacket, Subscribe
from tests.bridge_fixture import running_bridge
from tests.flow.clients import Watcher, playing, pose

CORNERS_PX = [(300, 620), (980, 600), (930, 520), (350, 535)]


async def test_a_learners_hands_reach_the_others_and_not_itself(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        await Watcher.connect(bridge, role="learn", subscribe=Subscribe()) as learner,
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
    ):
        own = LearnerHands(7, 123, "somebody else", pose(0, 0).hands)
        learner.session.send(own)
        await learner.flush()
        seen = await watcher.next(LearnerHands)
        assert seen.learner.startswith("learner-")
        assert seen == replace(own, learner=seen.learner)
        secret = learner.session.welcome.session
        learner.cut()
        async with await Watcher.connect(bridge, role="learn", resume=secret) as again:
            assert again.session.welcome.resumed
            again.session.send(LearnerHands(1, 124))
            await again.flush()
            assert (await watcher.next(LearnerHands)).learner == seen.learner
            async with playing(bridge):  # what it gets next is a pose, nothing of its own
                assert not isinstance(await again.next(PosePacket | LearnerHands), LearnerHands)


async def test_a_watcher_may_send_no_hands(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
    ):
        watcher.session.send(LearnerHands(1, 2))
        await watcher.flush()
        code, error = await watcher.end()
        assert (code, error.code) == (4400, "unexpected")


async def test_a_watcher_that_lags_gets_no_learners_hands(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path, ack_window=2) as bridge,
        await Watcher.connect(bridge, role="learn", subscribe=Subscribe(0.01)) as learner,
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
        playing(bridge),
    ):
        for _ in range(2):  # the window is full from here on
            await watcher.next(PosePacket, acknowledge=False)
        learner.session.send(LearnerHands(1, 2))
        learner.session.ping()
        await learner.flush()
        while learner.session.clock.rtt_ns is None:  # the bridge has taken both
            await learner.receive()
        watcher.session.ping()
        await watcher.flush()
        while watcher.session.clock.rtt_ns is None:
            assert not any(isinstance(m, LearnerHands) for m in await watcher.receive())


@pytest.mark.parametrize("kind", ["watch", "learn"])
async def test_the_anchor_comes_with_the_subscription(tmp_path: Path, kind: str) -> None:
    taps = Taps("phone", (1280, 720), np.array(CORNERS_PX, float))
    anchor = find_anchor(keyboard(61), [taps])
    save_anchor(anchor, tmp_path / "anchor.json")
    async with (
        running_bridge(tmp_path, anchor=tmp_path / "anchor.json") as bridge,
        await Watcher.connect(bridge, role=kind, subscribe=Subscribe()) as watcher,
    ):
        found = await watcher.next(Anchor)
        assert found.instrument == "piano-61"
        np.testing.assert_allclose(found.size_m, [0.846, 0.15], rtol=0.05)
        np.testing.assert_array_equal(found.rotation_quat, [0, 0, 0, 1])


async def test_without_an_anchor_none_is_sent(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
        playing(bridge),
    ):
        first = await watcher.next(PosePacket | Anchor)
        assert isinstance(first, PosePacket)
