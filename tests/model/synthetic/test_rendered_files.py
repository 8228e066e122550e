"""Rendered sets as files: interruption, longer sets, damage, and what is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from bridge.errors import InputError
from bridge.model.synthetic import (
    rendered_shards,
    rendered_writer,
)
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.synthetic.rendered_writer import write_rendered_set
from tests.model.synthetic.rendered import SAMPLES, SEED, VIEWS, write

pytestmark = pytest.mark.usefixtures("small_shards")


def test_writing_goes_on_where_it_was_cut_off(copied: Path, monkeypatch) -> None:
    shards = sorted(copied.glob("shard_*"))
    before = [path.read_bytes() for path in shards]
    shards[1].unlink()
    shards[2].write_bytes(before[2][:-100])
    rendered: list[list[int]] = []
    original = rendered_writer._rendered

    def watched(studio, hand, numbers, description):
        rendered.append(numbers)
        return original(studio, hand, numbers, description)

    monkeypatch.setattr(rendered_writer, "_rendered", watched)
    done: list[tuple[int, int]] = []
    write(copied, on_progress=lambda d, t: done.append((d, t)))
    assert rendered == [[2, 3], [4]]
    assert [path.read_bytes() for path in shards] == before
    assert done[-1] == (SAMPLES, SAMPLES)


def test_a_set_can_be_made_longer(copied: Path) -> None:
    before = RenderedSet(copied).batch([4], views=1, augment=False)
    write(copied, samples=SAMPLES + 1)
    longer = RenderedSet(copied)
    assert len(longer) == SAMPLES + 1
    torch.testing.assert_close(longer.batch([4], views=1, augment=False).images, before.images)


def test_another_set_is_not_written_over(copied: Path) -> None:
    with pytest.raises(InputError, match="another size"):
        write_rendered_set(copied, samples=SAMPLES, views=VIEWS, size=64, seed=SEED)
    with pytest.raises(InputError, match=f"set of {SAMPLES} hands, more than {SAMPLES - 1}"):
        write(copied, samples=SAMPLES - 1)
    assert len(RenderedSet(copied)) == SAMPLES
    (copied / "file").write_text("")
    with pytest.raises(InputError, match="is a file, name a folder"):
        write(copied / "file")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"samples": 0}, "samples must be"),
        ({"views": 0}, "views must be"),
        ({"size": 33}, "even"),
        ({"size": 8}, "size must be"),
        ({"seed": -1}, "seed must be"),
        ({"hand": "paw"}, "unknown hand"),
    ],
)
def test_what_cannot_be_rendered(tmp_path: Path, options, said) -> None:
    with pytest.raises(InputError, match=said):
        write_rendered_set(tmp_path, **({"samples": 1} | options))
    assert not any(tmp_path.iterdir())


def test_an_unfinished_or_missing_set_says_how_to_go_on(copied: Path, tmp_path: Path) -> None:
    next(copied.glob("shard_*")).unlink()
    with pytest.raises(InputError, match=r"lacks 1 of its 3 files.*data render"):
        RenderedSet(copied)
    with pytest.raises(InputError, match="no rendered set"):
        RenderedSet(tmp_path / "nowhere")


@pytest.mark.parametrize("cut", [0, 10, 500, -1])
def test_a_cut_shard_is_one_clear_error(copied: Path, cut: int) -> None:
    path = sorted(copied.glob("shard_*"))[1]
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"shard_00001.*cut off or damaged"):
        RenderedSet(copied).batch([2], views=1, augment=False)


def test_any_changed_byte_is_found(copied: Path) -> None:
    path = min(copied.glob("shard_*"))
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content), 40):
        broken = bytearray(content)
        broken[place] ^= 0x55
        path.write_bytes(bytes(broken))
        with pytest.raises(InputError, match="cut off or damaged"):
            RenderedSet(copied).batch([0], views=1, augment=False)


@pytest.mark.parametrize("name", ["pictures_end", "joints_m", "pictures"])
def test_a_shard_that_lies_about_its_arrays_is_refused(copied: Path, name: str) -> None:
    path = min(copied.glob("shard_*"))
    arrays = load_file(path)
    arrays[name] = arrays[name][::-1].copy() if name == "pictures_end" else arrays[name][:-1]
    save_file(arrays, path, metadata={"digest": rendered_shards._digest(arrays)})
    with pytest.raises(InputError, match="cut off or damaged"):
        RenderedSet(copied).batch([0], views=1, augment=False)


def test_a_picture_that_is_none_is_refused(copied: Path) -> None:
    path = min(copied.glob("shard_*"))
    arrays = load_file(path)
    arrays["pictures"][: arrays["pictures_end"][0]] = 7
    save_file(arrays, path, metadata={"digest": rendered_shards._digest(arrays)})
    with pytest.raises(InputError, match="picture cannot be decoded"):
        RenderedSet(copied).batch([0], views=1, augment=False)


@pytest.mark.parametrize(
    "values", [{"samples": -3}, {"size": "large"}, {"version": 2}, {"shard": 0}, {"views": 10**6}]
)
def test_a_description_that_cannot_be_is_refused(copied: Path, values) -> None:
    path = copied / "rendered_set.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    with pytest.raises(InputError, match="damaged"):
        RenderedSet(copied)


def test_a_set_of_another_hand_is_refused(copied: Path) -> None:
    path = copied / "rendered_set.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"hand_digest": "0"}))
    with pytest.raises(InputError, match="another open hand"):
        RenderedSet(copied)
