from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from bridge.errors import InputError
from bridge.model.datasets import check_dataset, open_dataset
from tests.model.datasets.layouts import write_hanco


@pytest.fixture(scope="module")
def hanco(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("hanco")
    write_hanco(root, sequences=(0, 1199, 1200), frames=1, variants=("rgb_merged",))
    return root


def sequences(source) -> set[str]:
    return {path.parent.name for path in source.reader.files() if path.suffix == ".json"}


def test_the_first_1200_sequences_are_for_training(hanco: Path) -> None:
    train, test = (open_dataset("hanco", hanco, split, images=False) for split in ("train", "test"))
    assert sequences(train) == {"0000", "1199"}
    assert sequences(test) == {"1200"}
    # Frames without a fit are left out; each of the 8 cameras is the primary one once.
    assert (len(train), len(test)) == (2 * 8, 8)
    with pytest.raises(InputError, match="none that hanco has: take one of train, test"):
        open_dataset("hanco", hanco, "val")


def test_other_backgrounds_are_for_green_screen_frames(hanco: Path) -> None:
    train, test = (
        open_dataset("hanco", hanco, split, variant="rgb_merged") for split in ("train", "test")
    )
    folders = {"train": "rgb_merged", "test": "rgb"}
    for split, source in (("train", train), ("test", test)):
        pictures = {p.parts[-4] for p in source.reader.files() if p.suffix == ".jpg"}
        assert pictures == {folders[split]}
        assert source.batch([0], views=2, augment=False).images.amax() > 0.8
    with pytest.raises(InputError, match="variant must be one of"):
        open_dataset("hanco", hanco, variant="rgb_blue")


def test_up_to_eight_views(hanco: Path) -> None:
    source = open_dataset("hanco", hanco, images=False)
    views = source.batch([0, 9], views=8, augment=False)
    assert views.present.all()
    # All different cameras: no two see the hand from the same side.
    turns = views.to_first.flatten(2)
    apart = (turns[:, :, None] - turns[:, None]).norm(dim=-1) + 9 * torch.eye(8)
    assert float(apart.min()) > 0.3


def test_what_is_missing_is_said(hanco: Path, tmp_path: Path) -> None:
    report = check_dataset(hanco)
    assert report.splits["train"].notes == ["1198 of 1200 sequences are missing, first 0001"]
    write_hanco(tmp_path, sequences=(0,), frames=1)
    (tmp_path / "calib" / "0000" / "00000000.json").unlink()
    assert check_dataset(tmp_path).splits["train"].missing == 1
    with pytest.raises(InputError, match=r"calib/0000/00000000\.json is missing"):
        open_dataset("hanco", tmp_path).batch([0], views=1, augment=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"has_fit": 3}, "has_fit is no list of lists"),
        ({"is_train": [[True]]}, "differ in length"),
        ({"is_train": []}, "different numbers of sequences"),
    ],
)
def test_a_damaged_index_is_refused(tmp_path: Path, change, message) -> None:
    write_hanco(tmp_path, sequences=(0,), frames=1)
    path = tmp_path / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=message):
        open_dataset("hanco", tmp_path)


def test_a_damaged_label_is_named(tmp_path: Path) -> None:
    write_hanco(tmp_path, sequences=(0,), frames=1)
    path = tmp_path / "xyz" / "0000" / "00000000.json"
    path.write_text("[[1, 2, 3]]")
    with pytest.raises(InputError, match=r"xyz/0000/00000000\.json is no array of numbers"):
        open_dataset("hanco", tmp_path).batch([0], views=1, augment=False)
