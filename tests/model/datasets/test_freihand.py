from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.errors import InputError
from bridge.model.datasets import open_dataset
from tests.model.datasets.layouts import write_freihand


@pytest.fixture(scope="module")
def freihand(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("freihand")
    write_freihand(root, count=3)
    return root


def test_each_hand_comes_with_four_backgrounds(freihand: Path) -> None:
    whole = open_dataset("freihand", freihand)
    assert len(whole) == 12
    views = whole.batch([1, 4, 10], views=1, augment=False)
    assert (views.joints_m[0] == views.joints_m[1]).all()
    assert (views.joints_m[0] == views.joints_m[2]).all()
    # The writer made each a little darker than the one before.
    ground = views.images[:, 0].flatten(1).median(dim=1).values
    assert ground[0] > ground[1] + 0.02 > ground[2] + 0.04
    one = open_dataset("freihand", freihand, variant="hom")
    assert len(one) == 3
    assert (one.batch([1], views=1, augment=False).images[0] == views.images[1]).all()


def test_the_test_split_is_the_evaluation_set(freihand: Path) -> None:
    source = open_dataset("freihand", freihand, "test")
    assert len(source) == 3
    assert all("evaluation" in path.parts for path in source.reader.files())
    assert source.batch([0, 1, 2], views=1, augment=False).joint_valid.all()
    with pytest.raises(InputError, match="has no masks"):
        open_dataset("freihand", freihand, "test", masks=True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("training_K.json", None, r"training_K\.json is missing"),
        ("training_xyz.json", "[[1, 2]]", "no list of arrays of shape"),
        ("training_xyz.json", json.dumps([[[0.0, 0.0, 1.0]] * 21]), "different lengths"),
        ("training_K.json", "[[", "no whole JSON"),
    ],
)
def test_damaged_labels_are_refused(tmp_path: Path, name, content, message) -> None:
    write_freihand(tmp_path, count=2)
    path = tmp_path / name
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputError, match=message):
        open_dataset("freihand", tmp_path)
