from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.datasets import check_dataset, open_dataset
from tests.model.datasets.drawn import brightest
from tests.model.datasets.layouts import SERIALS, SUBJECTS, write_dexycb

INDEX_TIP = 8


@pytest.fixture(scope="module")
def dexycb(tmp_path_factory):
    root = tmp_path_factory.mktemp("dexycb")
    return root, write_dexycb(root)


def test_a_batch_has_the_documented_shapes(dexycb) -> None:
    source = open_dataset("dexycb", dexycb[0], "train", size=64)
    views = source.batch([0, 5], views=3, augment=True)
    assert views.images.shape == (2, 3, 3, 64, 64)
    assert views.images.dtype == views.joints_m.dtype == views.focal.dtype == torch.float32
    assert views.landmarks.shape == (2, 3, 21, 2)
    assert views.joints_m.shape == (2, 3, 21, 3)
    assert views.wrist_rotation.shape == (2, 3, 3, 3)
    assert views.joint_valid.all()
    assert views.present.all()
    assert views.vertices_m is None
    assert views.masks is None


@pytest.mark.parametrize("augment", [False, True])
def test_landmarks_are_the_projected_truth(dexycb, augment) -> None:
    source = open_dataset("dexycb", dexycb[0], images=False)
    views = source.batch(list(range(8)), views=2, augment=augment)
    seen = views.focal[..., None, None] * views.joints_m[..., :2] / views.joints_m[..., 2:]
    torch.testing.assert_close(seen, views.landmarks, atol=1e-5, rtol=0)
    assert (views.confidence == 1).all()
    if not augment:
        # 1.5 times the box: its farther edge is at 1 / 1.5.
        reach = views.landmarks.abs().amax((-1, -2))
        torch.testing.assert_close(reach, torch.full_like(reach, 1 / 1.5), atol=1e-5, rtol=0)


@pytest.mark.parametrize("augment", [False, True])
def test_pixels_are_where_the_truth_says(tmp_path: Path, augment) -> None:
    write_dexycb(tmp_path, frames=1, cameras=2, keypoint=INDEX_TIP)
    source = open_dataset("dexycb", tmp_path, size=160, colour=0.0, rotation_deg=180.0)
    views = source.batch(list(range(6)), views=2, augment=augment)
    for images, truth in zip(views.images, views.landmarks[:, :, INDEX_TIP], strict=True):
        for image, point in zip(images, truth.numpy(), strict=True):
            np.testing.assert_allclose(brightest(image), point, atol=0.008)


def test_truth_is_rigid_between_views(dexycb) -> None:
    source = open_dataset("dexycb", dexycb[0], images=False)
    views = source.batch(list(range(12)), views=3, augment=True)
    joints = views.joints_m - views.joints_m[:, :, 9:10]
    there = joints @ views.to_first.transpose(-1, -2)
    torch.testing.assert_close(there, joints[:, :1].expand_as(there), atol=2e-5, rtol=0)
    assert (torch.linalg.det(views.wrist_rotation) > 0).all()


def test_left_hands_become_right_hands(dexycb) -> None:
    root, made = dexycb
    source = open_dataset("dexycb", root, images=False)
    # Sequences 0 and 2 are right, 1 and 3 left; each has 2 frames of 3 cameras.
    left = source.batch([6], views=1, augment=False)
    name = f"{SUBJECTS[0]}/20200709_140001"
    world, cameras = made[name, 0]
    real = cameras[0].points(world) * [-1, 1, 1]
    mirrored = left.joints_m[0, 0].numpy()
    lengths = np.linalg.norm(real[:, None] - real[None], axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(mirrored[:, None] - mirrored[None], axis=-1), lengths, atol=1e-5
    )
    # Same handedness as the mirrored points: a rotation, not a reflection, takes one to the other.
    a, b = real - real.mean(0), mirrored - mirrored.mean(0)
    u, _, vt = np.linalg.svd(b.T @ a)
    assert np.linalg.det(u @ vt) > 0


def test_the_wrist_rotation_is_the_label_s_where_the_hand_is_the_open_hand(dexycb) -> None:
    root, made = dexycb
    view = open_dataset("dexycb", root, images=False).batch([0], views=1, augment=False)
    world, cameras = made[f"{SUBJECTS[0]}/20200709_140000", 0]
    # Whatever camera: fitted to the crop's joints and to the camera's, it is one rotation apart
    # from each by the turn that takes these joints to those.
    real, crop = cameras[0].points(world), view.joints_m[0, 0].double().numpy()
    turn = np.linalg.lstsq(real, crop, rcond=None)[0].T
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-4)
    # The palm moves with the wrist, so the fit finds the rotation that made the hand.
    label = next(root.glob(f"*/20200709_140000/{SERIALS[0]}/labels_000000.npz"))
    wrist = Rotation.from_rotvec(np.load(label)["pose_m"][0, :3]).as_matrix()
    np.testing.assert_allclose(view.wrist_rotation[0, 0], turn @ wrist, atol=1e-3)


def test_s0_takes_every_fifth_sequence_for_val_and_test(dexycb) -> None:
    root, _ = dexycb
    train, val, test = (
        open_dataset("dexycb", root, split, images=False) for split in ("train", "val", "test")
    )
    # 2 subjects of 5 sequences of 2 frames of 3 cameras; the first is among the two of val.
    assert (len(train), len(val), len(test)) == (2 * 4 * 6, 6, 6)
    folders = {
        split: {path.parts[-4] + "/" + path.parts[-3] for path in source.reader.files()}
        for split, source in (("train", train), ("val", val), ("test", test))
    }
    assert folders["val"] == {f"{SUBJECTS[0]}/20200709_140004"}
    assert folders["test"] == {f"{SUBJECTS[1]}/20200820_140004"}
    assert not folders["train"] & (folders["val"] | folders["test"])
    assert len(open_dataset("dexycb", root, images=False, every_view=False)) == 2 * 4 * 2
    assert len(open_dataset("dexycb", root, images=False, hands="right")) == 2 * 2 * 6


def test_each_view_is_the_primary_one_once(dexycb) -> None:
    root, made = dexycb
    source = open_dataset("dexycb", root, images=False)
    world, cameras = made[f"{SUBJECTS[0]}/20200709_140000", 0]
    views = source.batch([0, 1, 2], views=3, augment=False)
    for camera, joints in zip(cameras, views.joints_m[:, 0].numpy(), strict=True):
        distance = np.linalg.norm(camera.points(world), axis=1)
        np.testing.assert_allclose(np.linalg.norm(joints, axis=1), distance, atol=1e-5)


def test_batches_are_repeatable_whatever_the_partition(dexycb) -> None:
    source = open_dataset("dexycb", dexycb[0], size=32, noise_px=2.0)
    whole = source.batch([3, 7, 3 + len(source)], views=2, augment=True)
    for row, number in enumerate([3, 7, 3 + len(source)]):
        alone = open_dataset("dexycb", dexycb[0], size=32, noise_px=2.0)
        one = alone.batch([number], views=2, augment=True)
        assert torch.equal(one.images[0], whole.images[row])
        assert torch.equal(one.landmarks[0], whole.landmarks[row])
    # Another epoch: the same hand otherwise augmented.
    assert not torch.equal(whole.landmarks[0], whole.landmarks[2])


def test_noise_has_the_spread_asked_for(dexycb) -> None:
    source = open_dataset("dexycb", dexycb[0], images=False, size=200, noise_px=3.0)
    views = source.batch(list(range(48)), views=3, augment=False)
    exact = views.focal[..., None, None] * views.joints_m[..., :2] / views.joints_m[..., 2:]
    assert abs(float((views.landmarks - exact).std()) * 100 - 3.0) < 0.15


def test_masks_are_the_hand_s(tmp_path: Path) -> None:
    write_dexycb(tmp_path, sequences=1, frames=1, cameras=2)
    views = open_dataset("dexycb", tmp_path, size=96, masks=True).batch(
        [0, 1], views=2, augment=False
    )
    assert views.masks.shape == (2, 2, 96, 96)
    assert set(views.masks.unique().tolist()) == {0.0, 1.0}
    bright = views.images.mean(2) > 0.5
    assert (bright == (views.masks > 0.5)).float().mean() > 0.98


class TestUnseen:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write_dexycb(tmp_path, subjects=SUBJECTS[1:], frames=1, cameras=3, unseen=(0, 1))
        return tmp_path

    def test_in_training_another_camera_takes_its_place(self, root: Path) -> None:
        views = open_dataset("dexycb", root, images=False).batch([1], views=3, augment=True)
        assert views.present.tolist() == [[True, True, False]]
        assert views.joint_valid.all(-1).tolist() == [[True, True, False]]
        assert views.confidence[0, 2].sum() == 0
        for value in (views.joints_m, views.landmarks, views.focal, views.wrist_rotation):
            assert torch.isfinite(value).all()

    def test_in_tests_the_sample_is_not_known(self, root: Path) -> None:
        source = open_dataset("dexycb", root, "test", size=32)
        views = source.batch([0, 1, 2], views=2, augment=False)
        assert views.joint_valid.all(-1).all(-1).tolist() == [True, False, True]
        assert views.present[1, 0]
        assert views.images[1].sum() == 0


def test_crops_of_large_pictures_are_not_aliased(dexycb) -> None:
    source = open_dataset("dexycb", dexycb[0], size=16)
    fine = open_dataset("dexycb", dexycb[0], size=128)
    small = source.batch([0], views=1, augment=False).images[0, 0]
    large = fine.batch([0], views=1, augment=False).images[0, 0]
    averaged = torch.nn.functional.avg_pool2d(large, 8)
    assert float((small - averaged).abs().mean()) < 0.02


class TestBadInput:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write_dexycb(tmp_path, subjects=SUBJECTS[:1], frames=1, cameras=2)
        return tmp_path

    def test_a_truncated_picture_is_named(self, root: Path) -> None:
        image = next(root.rglob("color_000000.jpg"))
        for folder in root.rglob("color_000000.jpg"):
            folder.write_bytes(folder.read_bytes()[:-900])
        source = open_dataset("dexycb", root)
        with pytest.raises(InputError, match=r"color_000000\.jpg cannot be used: it is truncated"):
            source.batch([0], views=1, augment=False)
        report = check_dataset(root, pictures=True)
        assert not report.usable
        assert report.splits["train"].damaged == 8
        assert str(image.name) in report.splits["train"].problems[0]

    def test_a_missing_label_is_named(self, root: Path) -> None:
        for label in root.rglob("labels_*.npz"):
            label.unlink()
        with pytest.raises(InputError, match=r"labels_000000\.npz is missing"):
            open_dataset("dexycb", root).batch([0], views=1, augment=False)
        report = check_dataset(root)
        assert report.name == "dexycb"
        assert report.splits["train"].missing == 8
        assert "8 of 16 files missing" in report.splits["train"].problems[0]

    def test_a_whole_folder_is_usable_and_says_what_it_lacks(self, root: Path) -> None:
        report = check_dataset(root)
        assert report.usable
        assert report.splits["train"].hands == 4
        assert any("there are: 20200709-weiy 5;" in note for note in report.splits["train"].notes)
        assert not report.splits["test"].usable

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("!!python/object/apply:os.system ['true']", "no plain YAML"),
            ("serials: [1", "no plain YAML"),
            ("just text", "has no 'serials'"),
            ("serials: ['../../../etc']", "no path inside"),
            ("serials: [/etc]", "no path inside"),
            ("a: &a [x, x]\nserials: [*a, *a]", "a name in it is no text"),
            (f"serials: ['{SERIALS[0]}']\nmano_calib: [../../x]", "no path inside"),
            (f"serials: ['{SERIALS[0]}']\nmano_sides: [both]", "mano_sides has 'both'"),
            (f"serials: ['{SERIALS[0]}']\nnum_frames: x", "num_frames is no number"),
        ],
    )
    def test_hostile_calibration_is_refused(self, root: Path, content, message) -> None:
        calib = next((root / "calibration").glob("mano_*-right")).name.removeprefix("mano_")
        rest = {"num_frames": "2", "mano_sides": "[right]", "mano_calib": f"[{calib}]"}
        if content.startswith(("serials: ['", "serials: [/", "a:")):
            content += "".join(f"\n{k}: {v}" for k, v in rest.items() if k not in content)
        for path in root.rglob("meta.yml"):
            path.write_text(content)
        with pytest.raises(InputError, match=message):
            open_dataset("dexycb", root)

    def test_labels_with_objects_are_refused(self, root: Path) -> None:
        for label in root.rglob("labels_*.npz"):
            np.savez(label, joint_3d=np.array([{}], dtype=object), pose_m=np.zeros((1, 51)))
        with pytest.raises(InputError, match=r"no whole \.npz of numbers"):
            open_dataset("dexycb", root).batch([0], views=1, augment=False)

    def test_what_is_asked_for_must_exist(self, root: Path, tmp_path: Path) -> None:
        for arguments, options, message in (
            (("dexycb", root, "validation"), {}, "not a split"),
            (("dexicb", root), {}, "there is no dataset"),
            (("dexycb", root), {"sise": 3}, "no option sise"),
            (("dexycb", root), {"size": "64"}, "size must be a number"),
            (("dexycb", root), {"size": 8}, "must be 16 to"),
            (("dexycb", root), {"hands": "left"}, "both or right"),
            (("dexycb", root / "none"), {}, "not a folder"),
            (("auto", root / SUBJECTS[0]), {}, "none of"),
        ):
            with pytest.raises(InputError, match=message):
                open_dataset(*arguments, **options)
        with pytest.raises(InputError, match="at most 8 views"):
            open_dataset("dexycb", root).batch([0], views=9, augment=False)


def test_the_crop_camera_sees_what_the_real_one_does() -> None:
    from bridge.model.datasets.crops import Crop, CropDraw

    points = np.array([[0.3, 0.2, 1.0], [0.4, 0.1, 1.1], [0.35, 0.25, 0.9]])
    crop = Crop.around(points, 1.5, CropDraw(np.array([0.1, -0.2]), 0.7, 1.1))
    intrinsics = np.array([[500.0, 0, 310], [0, 520, 250], [0, 0, 1]])
    for mirrored in (False, True):
        matrix = crop.homography(intrinsics, 100, mirrored=mirrored)
        inside = (crop.project(points @ crop.rotation.T) + 1) * 50 - 0.5
        real = points * ([-1, 1, 1] if mirrored else 1)
        pixels = cv2.perspectiveTransform(inside[None], matrix)[0]
        image = real @ intrinsics.T
        np.testing.assert_allclose(pixels, image[:, :2] / image[:, 2:], atol=1e-9)


def test_all_eight_serials_are_the_official_ones() -> None:
    assert len(SERIALS) == len(set(SERIALS)) == 8
