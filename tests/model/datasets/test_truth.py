"""What holds for every dataset: pixels, keypoints, views and MANO's meshes say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.errors import InputError
from bridge.model.datasets import FORMATS, check_dataset, open_dataset, recognise
from bridge.model.hand.layer import HandLayer
from bridge.model.hand.mano import FINGERTIP_VERTICES, mano_hand
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import BONES, FINGERTIPS, Side
from tests.model.datasets.drawn import brightest, write_mano
from tests.model.datasets.layouts import WRITERS

NAMES = tuple(FORMATS)
RING_TIP = 16


@pytest.fixture(scope="module")
def mano(tmp_path_factory) -> Path:
    return write_mano(tmp_path_factory.mktemp("mano"))


def written(tmp_path_factory, mano: Path | None) -> dict[str, Path]:
    """Every dataset; pictures show one keypoint."""
    made = {}
    for name, write in WRITERS.items():
        made[name] = tmp_path_factory.mktemp(name)
        more = {"frames": 1} if name in ("hanco", "dexycb") else {}
        more |= {"sequences": 2, "cameras": 2} if name == "dexycb" else {}
        write(made[name], keypoint=RING_TIP, mano=mano, **more)
    return made


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> dict[str, Path]:
    """The open hand's."""
    return written(tmp_path_factory, None)


@pytest.fixture(scope="module")
def mano_roots(tmp_path_factory, mano) -> dict[str, Path]:
    """Of MANO files with made-up contents."""
    return written(tmp_path_factory, mano)


def most(name: str) -> int:
    return 1 if FORMATS[name].views == "one" else 2


def some(source) -> list[int]:
    return np.unique(np.linspace(0, len(source) - 1, 6).astype(int)).tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("augment", [False, True])
def test_pixels_are_where_the_truth_says(roots, name, augment) -> None:
    source = open_dataset(
        "auto", roots[name], size=128, colour=0.0, rotation_deg=180.0, **single(name)
    )
    views = source.batch(some(source), views=most(name), augment=augment)
    seen = views.focal[..., None, None] * views.joints_m[..., :2] / views.joints_m[..., 2:]
    torch.testing.assert_close(seen, views.landmarks, atol=1e-5, rtol=0)
    images = views.images.flatten(0, 1)
    for image, point in zip(images, seen[:, :, RING_TIP].flatten(0, 1), strict=True):
        # The discs are a projected point's, rounded to a sixteenth of a pixel.
        np.testing.assert_allclose(brightest(image), point, atol=0.015)


def single(name: str) -> dict[str, str]:
    """Frames with one hand: with two, a crop shows both spots."""
    return {"hands": "single"} if name == "interhand26m" else {}


@pytest.mark.parametrize(
    ("name", "split"),
    [*((name, "train") for name in NAMES), *((n, "test") for n in ("hanco", "freihand", "ho3d"))],
)
def test_meshes_fit_the_keypoints(mano_roots, mano, name, split) -> None:
    source = open_dataset(name, mano_roots[name], split, images=False, mano_path=mano)
    views = source.batch(some(source), views=most(name), augment=True)
    kind = "manopth" if name == "dexycb" else "freihand"
    # Fingertips are vertices of the mesh: whatever the axes, sides and translations.
    numbers = list(FINGERTIP_VERTICES[kind, Side.RIGHT])
    tips = views.vertices_m[..., numbers, :] - views.joints_m[..., FINGERTIPS, :]
    off = tips.norm(dim=-1)
    if name == "dexycb":
        # Left hands have another middle fingertip there.
        off[..., 2] = 0
    assert float(off.max()) < 1e-4


@pytest.mark.parametrize("name", ["dexycb", "hanco", "freihand", "ho3d", "interhand26m"])
def test_parameters_make_the_mesh(mano_roots, mano, name) -> None:
    source = open_dataset(name, mano_roots[name], images=False, mano_path=mano)
    hands = [source.reader.hand(int(i)) for i in range(len(source.reader.counts))]
    right = {i for i, hand in enumerate(hands) if hand.side is Side.RIGHT}
    numbers = [n for n in range(len(source)) if source._locate(n)[0] in right][:4]
    views = source.batch(numbers, views=most(name), augment=True)
    layer = HandLayer(mano_hand(mano, Side.RIGHT))
    pose = views.pose[:, None].expand(-1, views.focal.shape[1], -1, -1, -1)
    rotations = torch.cat([views.wrist_rotation[:, :, None], pose], 2)
    betas = views.betas[:, None].expand(*views.focal.shape, -1)
    mesh = layer(betas, rotations, views.joints_m[:, :, 0])
    torch.testing.assert_close(mesh.vertices, views.vertices_m, atol=2e-5, rtol=0)


@pytest.mark.parametrize(("name", "same"), [("interhand26m", True), ("dexycb", False)])
def test_left_hands_get_the_right_hand_s_betas(mano_roots, mano, name, same) -> None:
    source = open_dataset(name, mano_roots[name], images=False, mano_path=mano)
    for number in range(len(source)):
        hand = source.reader.hand(source._locate(number)[0])
        if hand.side is Side.RIGHT:
            continue
        betas = source.batch([number], views=1, augment=False).betas[0].numpy()
        model = mano_hand(mano, Side.RIGHT)
        left = mano_hand(mano, Side.LEFT, fix_left_shapedirs=same)
        wanted = left.rest_vertices(hand.mano.betas) * [-1, 1, 1]
        near = np.square(model.rest_vertices(betas) - wanted).sum()
        if same:
            np.testing.assert_allclose(betas, hand.mano.betas, atol=1e-4)
        else:
            # With the faulty file's: nearer than the betas as they are.
            assert near < np.square(model.rest_vertices(hand.mano.betas) - wanted).sum()


@pytest.mark.parametrize("name", ["hanco", "interhand26m"])
@pytest.mark.parametrize("with_mano", [False, True])
def test_views_are_one_rigid_hand(mano_roots, mano, name, with_mano) -> None:
    options = {"mano_path": mano} if with_mano else {}
    source = open_dataset(name, mano_roots[name], images=False, **options)
    views = source.batch(some(source), views=4, augment=True)
    assert views.present.all()
    joints = views.joints_m - views.joints_m[:, :, 9:10]
    there = joints @ views.to_first.transpose(-1, -2)
    torch.testing.assert_close(there, joints[:, :1].expand_as(there), atol=3e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_keypoints_are_in_our_order_and_metres(roots, name) -> None:
    """Every bone is as long as the open hand's, whatever the pose."""
    source = open_dataset(name, roots[name], images=False)
    joints = source.batch(some(source), views=1, augment=False).joints_m[:, 0].double().numpy()
    rest = open_hand(Side.RIGHT).rest_keypoints(np.zeros(10))
    ends, starts = np.array(BONES).T[::-1]
    wanted = np.linalg.norm(rest[ends] - rest[starts], axis=-1)
    assert len(set(np.round(wanted, 4))) > 15
    found = np.linalg.norm(joints[:, ends] - joints[:, starts], axis=-1)
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_all_hands_are_right_hands(roots, name) -> None:
    """The rigid palm is the right hand's by a turn, which a left hand's would miss by 10 mm."""
    source = open_dataset(name, roots[name], images=False)
    views = source.batch(list(range(len(source))), views=1, augment=False)
    rest = torch.from_numpy(open_hand(Side.RIGHT).rest_keypoints(np.zeros(10))).float()
    palm = [0, 1, 5, 9, 13, 17]
    there = rest[palm] @ views.wrist_rotation[:, 0].transpose(-1, -2)
    joints = views.joints_m[:, 0, palm] - views.joints_m[:, 0, :1]
    torch.testing.assert_close(joints, there, atol=5e-5, rtol=0)
    sides = {source.reader.hand(i).side for i in range(len(source.reader.counts))}
    assert sides == (set(Side) if name in ("dexycb", "interhand26m") else {Side.RIGHT})


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_is_recognised_and_whole(roots, name) -> None:
    assert recognise(roots[name]) == name
    report = check_dataset(roots[name], pictures=True)
    assert report.usable
    assert report.splits["train"].missing == report.splits["train"].damaged == 0
    assert report.to_dict()["splits"]["train"]["usable"]


@pytest.mark.parametrize("name", ["freihand", "ho3d"])
def test_single_view_datasets_have_one_view(roots, name) -> None:
    with pytest.raises(InputError, match="single-view dataset: take"):
        open_dataset(name, roots[name]).batch([0], views=2, augment=False)


@pytest.mark.parametrize("name", ["ho3d", "interhand26m"])
def test_masks_that_are_not_there_are_refused(roots, name) -> None:
    with pytest.raises(InputError, match="has no masks"):
        open_dataset(name, roots[name], masks=True)


@pytest.mark.parametrize("name", ["dexycb", "hanco", "freihand"])
def test_masks_lie_on_the_picture(roots, name) -> None:
    source = open_dataset(name, roots[name], size=96, masks=True)
    views = source.batch([0, 1], views=most(name), augment=False)
    bright = views.images.mean(2) > 0.5
    assert bright.any()
    assert ((views.masks > 0.5) == bright).float().mean() > 0.995
