from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.datasets import check_dataset, open_dataset
from tests.model.datasets.layouts import write_ho3d


@pytest.mark.parametrize(("version", "protocol"), [(2, 0), (2, 2), (3, 3), (3, 4)])
def test_both_versions_and_every_pickle(tmp_path: Path, version, protocol) -> None:
    write_ho3d(tmp_path, count=2, version=version, protocol=protocol)
    for split in ("train", "test"):
        source = open_dataset("ho3d", tmp_path, split, size=64)
        views = source.batch([0, 1], views=1, augment=False)
        assert views.joint_valid.all()
        # Before the camera: OpenGL's hands are behind an OpenCV camera.
        assert (views.joints_m[..., 2] > 0.3).all()
        assert views.images.amax() > 0.8


def test_without_evaluation_labels_only_train_can_be_used(tmp_path: Path) -> None:
    write_ho3d(tmp_path, count=1)
    (tmp_path / "evaluation_xyz.json").unlink()
    with pytest.raises(InputError, match="given out after the challenge"):
        open_dataset("ho3d", tmp_path, "test")
    report = check_dataset(tmp_path)
    assert report.usable
    assert not report.splits["test"].usable


class Hostile:
    def __reduce__(self):
        return eval, ("1 + 1",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_hostile_labels_are_refused_and_not_run(tmp_path: Path, protocol) -> None:
    write_ho3d(tmp_path, count=1)
    path = tmp_path / "train" / "ABF10" / "meta" / "0000.pkl"
    path.write_bytes(pickle.dumps({"handJoints3D": Hostile()}, protocol=protocol))
    with pytest.raises(InputError, match=r"0000\.pkl cannot be used: it asks for '\w+\.eval'"):
        open_dataset("ho3d", tmp_path).batch([0], views=1, augment=False)


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"camMat": np.eye(3)}, "has no 'handJoints3D'"),
        ({"camMat": np.eye(3), "handJoints3D": np.zeros((3, 3))}, r"shape \(21, 3\)"),
        ({"camMat": np.eye(3), "handJoints3D": None}, "handJoints3D is not an array"),
        ([1, 2], "no named arrays"),
    ],
)
def test_incomplete_labels_are_named(tmp_path: Path, meta, message) -> None:
    write_ho3d(tmp_path, count=1)
    path = tmp_path / "train" / "ABF10" / "meta" / "0000.pkl"
    path.write_bytes(pickle.dumps(meta, protocol=2))
    with pytest.raises(InputError, match=message):
        open_dataset("ho3d", tmp_path).batch([0], views=1, augment=False)


@pytest.mark.parametrize("line", ["../../etc/0000", "a/../b", "ABF10", "/a/b", "ABF10/00/00"])
def test_frames_outside_the_folder_are_refused(tmp_path: Path, line) -> None:
    write_ho3d(tmp_path, count=1)
    (tmp_path / "train.txt").write_text(f"ABF10/0000\n{line}\n")
    with pytest.raises(InputError, match=r"no SEQUENCE/FRAME|no path inside"):
        open_dataset("ho3d", tmp_path)
