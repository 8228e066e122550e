"""Learning from a recording that nobody annotated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.hamuco import HaMuCo
from bridge.model.hamuco.adaptation import adapt, agreement, split_in_time
from bridge.model.hamuco.recording import RecordedHands, cut_hands
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.nets import load_nets
from bridge.model.pose import ViewHands
from bridge.protocol.joints import Side
from bridge.watched import watch_videos
from tests.model.hamuco.recorded import (
    SIZE_PX,
    landmarks_px,
    picture_of,
    recording,
    seen,
)
from tests.model.hamuco.tiny import hand, tiny


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("augment", [False, True])
def test_a_crop_shows_a_keypoint_where_its_label_is(side: Side, augment: bool) -> None:
    points = [landmarks_px(1), landmarks_px(2)]
    cut = cut_hands(
        0.0,
        [picture_of(p, 8) for p in points],
        [seen(f"v{i}", p, side) for i, p in enumerate(points)],
        crop_px=64,
    )
    assert len(cut) == 1
    assert cut[0].side is side
    source = RecordedHands(cut, videos=2, size=64, upright=False)
    batch = source.batch([3], views=2, augment=augment)
    for n in range(2):
        grey = batch.images[0, n].mean(0)
        place = int(grey.argmax())
        found = (torch.tensor([place % 64, place // 64]) + 0.5) / 32 - 1
        torch.testing.assert_close(found, batch.landmarks[0, n, 8], atol=0.06, rtol=0)


def test_a_hand_that_one_view_sees_alone_is_left_out() -> None:
    points, pictures = landmarks_px(1), [np.zeros((240, 320, 3), np.uint8)] * 2
    other_side = [seen("a", points), seen("b", points, Side.LEFT)]
    assert cut_hands(0.0, pictures, other_side, 64) == []
    assert cut_hands(0.0, [pictures[0], None], [seen("a", points), None], 64) == []


def test_views_that_do_not_see_a_hand_are_absent_and_never_first() -> None:
    points = [landmarks_px(k) for k in range(3)]
    pictures = [np.full((240, 320, 3), 90, np.uint8)] * 3
    views = [ViewHands("a", SIZE_PX, (None, None)), seen("b", points[1]), seen("c", points[2])]
    source = RecordedHands(cut_hands(0.0, pictures, views, 32), videos=3, size=32)
    for augment in (False, True):
        batch = source.batch([0], views=3, augment=augment)
        assert batch.present.tolist() == [[True, True, False]]
        assert not batch.confidence[0, 2].any()
        assert batch.images[0, 2].sum() == 0


def test_views_are_shuffled_and_upright() -> None:
    source = RecordedHands(recording(2), videos=2, size=32)
    orders = {
        float(source.batch([2 * k], views=2, augment=True).landmarks[0, 0].abs().sum().round())
        for k in range(12)
    }
    assert len(orders) > 1
    up = source.batch([0, 1], views=2, augment=False).landmarks
    torch.testing.assert_close(up[..., 9, 0], up[..., 0, 0], atol=1e-5, rtol=0)
    assert (up[..., 9, 1] < up[..., 0, 1]).all()


def test_the_end_is_held_out_with_a_second_in_between() -> None:
    hands = recording(80)
    learned, held_out = split_in_time(hands, 0.2)
    assert held_out[0].time_s == pytest.approx(6.4)
    assert len(held_out) == 16
    assert learned[-1].time_s < 5.4
    with pytest.raises(InputError, match=r"30 instants.* 14 to learn from .* 6 to check .*half a"):
        split_in_time(hands[:30], 0.2)
    with pytest.raises(InputError, match=r"0 instants.*half a minute"):
        split_in_time([], 0.2)


def test_two_hands_at_one_instant_are_no_longer_recording() -> None:
    hands = recording(40)
    both = [replace(hand, side=side) for hand in hands for side in Side]
    with pytest.raises(InputError, match=r"40 instants: that leaves 22 to learn from \(40 are"):
        split_in_time(both, 0.2)


def test_agreement_is_zero_where_there_is_nothing_to_disagree_about() -> None:
    """A network that ignores its pictures and says the same twice: views are of one mind."""
    net = HaMuCo(tiny(alignment="procrustes"), hand())
    for head in (net.single_view.pose, net.single_view.shape):
        for parameter in head.parameters():
            torch.nn.init.zeros_(parameter)
    found = agreement(net, RecordedHands(recording(3), videos=2, size=32), views=2)
    assert found.samples == 3
    assert found.single_apart_mm < 0.01
    assert found.single_2d_px > 5


def test_fine_tuning_comes_nearer_to_the_labels() -> None:
    torch.manual_seed(0)
    net = HaMuCo(tiny(alignment="procrustes", warm_up=0.5), hand())
    source = RecordedHands(recording(4), videos=2, size=32)
    before = agreement(net, source, views=2)
    told: list[tuple[int, int]] = []
    adapt(
        net,
        source,
        views=2,
        steps=30,
        rate=1e-2,
        on_progress=lambda done, total: told.append((done, total)),
    )
    after = agreement(net, source, views=2)
    assert after.interact_2d_px < 0.8 * before.interact_2d_px
    assert told[-1] == (30, 30)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("augment", [False, True])
def test_known_cameras_say_how_crops_are_turned(side: Side, augment: bool) -> None:
    """A point goes through the cameras' rotations and the crop's to where its label is."""
    rng = np.random.default_rng(3)
    rotation = Rotation.from_rotvec([[0, 0, 0], [0.1, -0.7, 0.3], [-0.4, 0.5, 0.1]]).as_matrix()
    offset = np.array([[0.02, 0.01, 0.5], [0.05, 0.0, 0.6], [-0.04, 0.03, 0.55]])
    points = 0.06 * rng.standard_normal((21, 3))
    focal_px = FOCAL_PRIOR * max(SIZE_PX)
    views = []
    for k, (turn, place) in enumerate(zip(rotation, offset, strict=True)):
        there = points @ turn.T + place
        views.append(
            seen(f"v{k}", focal_px * there[:, :2] / there[:, 2:] + np.array(SIZE_PX) / 2, side)
        )
    picture = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    cut = cut_hands(0.0, [picture] * 3, views, None)
    batch = RecordedHands(cut, videos=3, size=None, rotation=rotation).batch(
        [5], views=3, augment=augment
    )
    mirror = np.array([-1.0, 1, 1]) if side is Side.LEFT else np.ones(3)
    placed = [
        (points + place @ turn) * mirror for turn, place in zip(rotation, offset, strict=True)
    ]
    for axes, focal, labels in zip(
        batch.camera_rotation[0].double().numpy(), batch.focal[0], batch.landmarks[0], strict=True
    ):
        wrong = []
        for where in placed:  # views come in any order
            there = where @ axes.T
            wrong.append(np.abs(float(focal) * there[:, :2] / there[:, 2:] - labels.numpy()).max())
        assert min(wrong) < 1e-4


def test_known_cameras_are_what_views_are_compared_by() -> None:
    net = HaMuCo(tiny(alignment="procrustes", warm_up=0.0), hand())
    known = RecordedHands(recording(4), videos=2, size=32, rotation=np.eye(3)[None].repeat(2, 0))
    unknown = RecordedHands(recording(4), videos=2, size=32)
    for source, alignment in ((known, "extrinsics"), (unknown, "procrustes")):
        run = adapt(net, source, views=2, steps=1)
        assert run.model.changes["alignment"] == alignment
        # Whoever uses it next may not know cameras.
        assert net.config.alignment == "procrustes"


def test_a_real_recording_tells_how_its_cameras_are_turned(shared_dir) -> None:
    folder = shared_dir / "data" / "desk_two_views"
    seen = watch_videos([folder / "cam0_test.mp4", folder / "cam1_test.mp4"], load_nets(), None)
    assert seen.rotation is not None
    turn = np.degrees(Rotation.from_matrix(seen.rotation[1]).magnitude())
    assert turn == pytest.approx(74.1, abs=6)  # by its calibration
    assert len(seen.hands) > 300


def test_without_pictures_none_are_cut() -> None:
    points = [landmarks_px(k) for k in range(2)]
    pictures = [np.zeros((240, 320, 3), np.uint8)] * 2
    cut = cut_hands(0.0, pictures, [seen(f"v{k}", p) for k, p in enumerate(points)], None)
    assert [view[0] for view in cut[0].views.values()] == [None, None]
    batch = RecordedHands(cut, videos=2, size=None).batch([0], views=2, augment=True)
    assert batch.images is None
    assert batch.landmarks is not None


def test_recorded_hands_refuse_more_views_than_there_are() -> None:
    source = RecordedHands(recording(1), videos=2, size=32)
    with pytest.raises(InputError, match="has 2 views, not 3"):
        source.batch([0], views=3, augment=False)
    with pytest.raises(InputError, match="nothing to learn from"):
        RecordedHands([], videos=2, size=32)
