from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.datasets import open_dataset
from bridge.protocol.joints import Side
from tests.model.datasets.layouts import write_interhand

STEM = "annotations/train/InterHand2.6M_train"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_interhand(tmp_path, cameras=3)
    return tmp_path


def change(path: Path, edit) -> None:
    value = json.loads(path.read_text())
    edit(value)
    path.write_text(json.dumps(value))


def test_a_sample_is_one_hand_in_one_frame(tmp_path: Path) -> None:
    made = write_interhand(tmp_path, cameras=3)
    source = open_dataset("interhand26m", tmp_path, images=False)
    hands = [source.reader.hand(i) for i in range(len(source.reader.counts))]
    # Frames of a right hand, of a left one, of both.
    assert [hand.side for hand in hands] == [Side.RIGHT, Side.LEFT, Side.LEFT, Side.RIGHT]
    assert len(source) == 4 * 3
    views = source.batch([9], views=1, augment=False)
    real = made[2][Side.RIGHT]
    joints = views.joints_m[0, 0].double().numpy()
    distance = np.linalg.norm(real[:, None] - real, axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(joints[:, None] - joints, axis=-1), distance, atol=1e-5
    )


def test_one_or_two_hands(root: Path) -> None:
    for hands, count in (("all", 4), ("single", 2), ("interacting", 2)):
        source = open_dataset("interhand26m", root, images=False, hands=hands, every_view=False)
        assert len(source) == count


def test_pictures_that_show_too_little_are_no_views(root: Path) -> None:
    def hide(data) -> None:
        # The first frame's second camera shows 10 of the right hand's keypoints.
        data["annotations"][1]["joint_valid"][:11] = [0] * 11

    change(root / f"{STEM}_data.json", hide)
    source = open_dataset("interhand26m", root, images=False)
    assert source.reader.counts.tolist() == [2, 3, 3, 3]
    views = source.batch([0, 2], views=3, augment=False)
    assert views.present.tolist() == [[True, True, False], [True, True, True]]


def test_keypoints_that_are_not_labelled_are_not_valid(root: Path) -> None:
    def hide(joints) -> None:
        label = joints["0"]["0"]
        label["joint_valid"][0] = [0]  # The thumb's tip comes first.
        label["world_coord"][0] = [0.0, 0.0, -1e6]

    change(root / f"{STEM}_joint_3d.json", hide)
    views = open_dataset("interhand26m", root, size=64).batch([0], views=2, augment=True)
    known = [k != 4 for k in range(21)]
    assert views.joint_valid.tolist() == [[known, known]]
    assert views.confidence[0, 0].tolist() == [float(k) for k in known]
    assert np.isfinite(views.landmarks.numpy()).all()
    assert views.joints_m[..., 2].min() > 0


def test_hands_without_a_palm_are_left_out(root: Path) -> None:
    def hide(joints) -> None:
        joints["0"]["1"]["joint_valid"][41] = [0]  # The left wrist is the last.

    change(root / f"{STEM}_joint_3d.json", hide)
    source = open_dataset("interhand26m", root, images=False, every_view=False)
    assert len(source) == 3
    assert source.reader.notes == ["1 of 4 hands are left out, which have no whole palm"]


def test_the_older_layout_is_read(root: Path) -> None:
    (root / "annotations" / "train").rename(root / "annotations" / "all")
    assert len(open_dataset("interhand26m", root, images=False)) == 12
    with pytest.raises(InputError, match=r"no InterHand2\.6M_test_data\.json"):
        open_dataset("interhand26m", root, "test")


def test_paths_in_the_index_stay_inside(root: Path) -> None:
    def escape(data) -> None:
        data["images"][0]["file_name"] = "../../../../etc/passwd"

    change(root / f"{STEM}_data.json", escape)
    with pytest.raises(InputError, match="no path inside it"):
        open_dataset("interhand26m", root)


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("camera", lambda v: v["0"]["focal"].pop("400001"), "has no '400001'"),
        ("joint_3d", lambda v: v["0"].pop("1"), "has no '1'"),
        ("data", lambda v: v.update(images=[1]), "images is no list of entries"),
        ("data", lambda v: v["annotations"][0].update(image_id=99), "has no 99"),
        ("data", lambda v: v["annotations"][0].update(joint_valid=[1]), "has not 42 entries"),
    ],
)
def test_damaged_annotations_are_refused(root: Path, name, edit, message) -> None:
    change(root / f"{STEM}_{name}.json", edit)
    with pytest.raises(InputError, match=message):
        open_dataset("interhand26m", root, images=False).batch([0], views=2, augment=False)
