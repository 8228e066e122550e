"""Offsets from motion: simulated clips with exact truth, and a real recording of two cameras."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.selfcal.motion_offset import motion_offset
from bridge.model.selfcal.paths import hands_between
from bridge.model.synthetic.clips import simulate_clip
from bridge.protocol.joints import Side

DATA = Path(__file__).resolve().parents[2] / "data"
RATE_HZ = 30


def simulated(seed, **options):
    """What two views of a simulated clip see, each with its own clock, now the same."""
    clip = simulate_clip(seed, **options)
    return [
        [(float(t), frame[v]) for t, frame in zip(clip.time_s, clip.frame_sets, strict=True)]
        for v in (0, 1)
    ]


def later(seen, offset_s):
    """The same frames of a device whose clock began later."""
    return [(time - offset_s, hands) for time, hands in seen]


def between(seen, part):
    """What would have been seen a part of a frame later."""
    times = [(a, b, a[0] + part * (b[0] - a[0])) for a, b in itertools.pairwise(seen)]
    return [(time, hands_between(a, b, time)) for a, b, time in times]


@pytest.fixture(scope="module")
def desk():
    """Our tracker's landmarks on desk_two_views: 378 frames of two synchronised cameras."""
    with np.load(DATA / "desk_landmarks.npz") as file:
        pixels, trust = file["landmarks_px_20"] / 20, file["confidence_255"] / 255
    views = []
    for v in (0, 1):
        hands = [
            ViewHand(Side.RIGHT, p, np.zeros((21, 3)), c) if c.any() else None
            for p, c in zip(pixels[:, v], trust[:, v], strict=True)
        ]
        views.append(
            [
                (k / RATE_HZ, ViewHands(f"cam{v}", (720, 720), (None, h)))
                for k, h in enumerate(hands)
            ]
        )
    return views


@pytest.mark.parametrize("offset_s", [-1.987, 0.7131, 2.0])
def test_desk_recording_is_placed_within_5_ms(desk, offset_s):
    found = motion_offset(desk[0], later(desk[1], offset_s))
    assert found.trusted, found.reason
    assert found.offset_s == pytest.approx(offset_s, abs=0.005)
    assert found.spread_s < 0.003


def test_desk_frames_at_other_instants(desk):
    # Every second frame of each view, in turns: no two frames were taken at once.
    found = motion_offset(desk[0][::2], later(desk[1][1::2], 0.4))
    assert found.trusted
    assert found.offset_s == pytest.approx(0.4, abs=0.005)


@pytest.mark.parametrize("part", [0.25, 0.5])
def test_desk_frames_between_frames(desk, part):
    found = motion_offset(desk[0], between(desk[1][12:372], part))
    assert found.trusted
    assert found.offset_s == pytest.approx(0.0, abs=0.005)


def test_exact_landmarks_give_the_exact_offset():
    first, second = simulated(2, seconds=5, noise=0.0)
    found = motion_offset(first, later(second, 1.2345))
    assert found.trusted
    assert found.offset_s == pytest.approx(1.2345, abs=0.0005)


@pytest.mark.parametrize("seed", [1, 3])
def test_landmarks_as_the_net_gives_them(seed):
    first, second = simulated(seed, seconds=6, drop=0.1)
    found = motion_offset(first, later(second, -0.7313))
    assert found.trusted, found.reason
    error_s = found.offset_s + 0.7313
    assert abs(error_s) < 0.012
    assert abs(error_s) < 4 * found.spread_s


def test_other_frame_rates_and_uneven_times():
    clip = [simulated(8, seconds=6, rate_hz=rate) for rate in (60, 25)]
    rng = np.random.default_rng(0)
    first = [frame for frame in clip[0][0] if rng.random() > 0.3]
    found = motion_offset(first, later(clip[1][1], 0.3))
    # Another rate draws other noise but plays the same piece.
    assert found.trusted, found.reason
    assert found.offset_s == pytest.approx(0.3, abs=0.012)


@pytest.mark.parametrize("seed", [0, 1])
def test_views_of_different_scenes_are_refused(seed):
    first, _ = simulated(seed, seconds=5)
    _, second = simulated(seed + 50, seconds=5)
    found = motion_offset(first, second)
    assert not found.trusted
    assert "scenes differ" in found.reason


@pytest.mark.parametrize("jitter_px", [0.0, 1.0])
def test_hands_that_keep_still_are_refused(desk, jitter_px):
    rng = np.random.default_rng(0)

    def still(view):
        hand = view[100][1].hands[Side.RIGHT]
        moved = [hand.landmarks_px + jitter_px * rng.normal(size=(21, 2)) for _ in view]
        return [
            (t, ViewHands("v", (720, 720), (None, replace(hand, landmarks_px=m))))
            for (t, _), m in zip(view, moved, strict=True)
        ]

    assert not motion_offset(still(desk[0]), still(desk[1])).trusted


def test_one_still_hand_is_refused(desk):
    still = [(time, desk[1][100][1]) for time, _ in desk[1]]
    assert not motion_offset(desk[0], still).trusted


def test_an_offset_out_of_reach_is_refused(desk):
    found = motion_offset(desk[0], later(desk[1], 1.0), max_offset_s=0.5)
    assert not found.trusted


def test_nothing_in_common_is_refused(desk):
    nobody = [(time, ViewHands("cam1", (720, 720), (None, None))) for time, _ in desk[1]]
    assert not motion_offset(desk[0], nobody).trusted
    assert not motion_offset([], desk[1]).trusted
    assert not motion_offset(desk[0][:40], desk[1][300:]).trusted
    left = [
        (t, ViewHands("cam1", (720, 720), (replace(hand, side=Side.LEFT), None)))
        for t, view in desk[1]
        if (hand := view.hands[Side.RIGHT]) is not None
    ]
    assert "no hand that is the same" in motion_offset(desk[0], left).reason


def test_arguments(desk):
    with pytest.raises(InputError, match="largest offset"):
        motion_offset(*desk, max_offset_s=0)
    with pytest.raises(InputError, match="ascend"):
        motion_offset(desk[0][::-1], desk[1])
