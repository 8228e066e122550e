from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.anchor import Instrument, find_anchor, load_anchor, save_anchor
from bridge.model.anchor.files import anchor_from_dict, anchor_to_dict
from bridge.model.anchor.simulated import look_at, taps_of


@pytest.fixture(scope="module")
def anchor():
    kind = Instrument.parse("piano-49")
    taps = [
        taps_of(kind, look_at(kind, azimuth=a, elevation=50, distance_m=1.0), view=f"v{a}")
        for a in (60, 130)
    ]
    found = find_anchor(kind, taps)
    odd = replace(found.views[0], rival=found.views[1].pose, warnings=("é: doubtful",))
    return replace(found, views=(odd, found.views[1]))


def test_an_anchor_survives_its_file_to_the_last_bit(anchor, tmp_path):
    path = tmp_path / "anchor.json"
    save_anchor(anchor, path)
    back = load_anchor(path)
    assert anchor_to_dict(back) == anchor_to_dict(anchor)
    assert back.instrument == anchor.instrument
    np.testing.assert_array_equal(back.cameras.rotation, anchor.cameras.rotation)
    np.testing.assert_array_equal(back.views[0].taps.image, anchor.views[0].taps.image)
    assert back.warnings == ("v60: é: doubtful",)


def broken(anchor, *where, value=None, remove=False):
    data = copy.deepcopy(anchor_to_dict(anchor))
    place = data
    for key in where[:-1]:
        place = place[key]
    if remove:
        del place[where[-1]]
    else:
        place[where[-1]] = value
    return data


def keys_of(data, path=()):
    if isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            yield from keys_of(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from keys_of(value, (*path, i))


def test_every_key_is_needed(anchor):
    where = list(keys_of(anchor_to_dict(anchor)))
    assert len(where) > 30
    for path in where:
        with pytest.raises(InputError):
            anchor_from_dict(broken(anchor, *path, remove=True))


def leaves(data, path=()):
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items:
            yield (*path, key)
            yield from leaves(value, (*path, key))


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 10**400, -(10**400), {}, [], [[]], True, "\0" * 2000]
)
def test_no_value_may_be_nonsense(anchor, value):
    harmless = {"warnings"} if value == [] else set()
    for path in leaves(anchor_to_dict(anchor)):
        if path[-1] in harmless:
            continue
        with pytest.raises(InputError):
            anchor_from_dict(broken(anchor, *path, value=value))


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        (("format",), "other", "ghosthands-anchor"),
        (("version",), 2, "version 2"),
        (("version",), 1.0, "version 1.0"),
        (("extra",), 1, "'extra', which is unknown"),
        (("instrument",), "harp", "no instrument"),
        (("size", 0), 3.0, "from 0.5 to 2"),
        (("tap_px",), 0, "tap_px"),
        (("views", 1, "view"), "v60", "same name"),
        (("views", 0, "size_px"), [0, 720], "whole pixels"),
        (("views", 0, "size_px"), [1280.0, 720], "whole pixels"),
        (("views", 0, "size_px"), [10**9, 720], "whole pixels"),
        (("views", 0, "focal"), -0.7, "focal must be"),
        (("views", 0, "rotation"), np.diag([1.0, 1, -1]).tolist(), "no rotation matrix"),
        (("views", 0, "rotation"), (1.005 * np.eye(3)).tolist(), "no rotation matrix"),
        (("views", 0, "rival", "rotation"), np.zeros((3, 3)).tolist(), "rival.rotation"),
        (("views", 0, "corners_px"), [[1, 2]] * 5, "list of 4"),
        (("views", 0, "warnings"), ["!"] * 17, "at most 16"),
        (("views",), [], "list of 1 to 64"),
    ],
)
def test_what_is_wrong_is_said(anchor, where, value, says):
    with pytest.raises(InputError, match=says):
        anchor_from_dict(broken(anchor, *where, value=value))


@pytest.mark.parametrize("data", [None, [], "ghosthands-anchor", 1, {}, {"format": []}])
def test_other_json_is_no_anchor(data):
    with pytest.raises(InputError, match="ghosthands-anchor"):
        anchor_from_dict(data)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"format": NaN}', b" " * 1_000_001],
    ids=["empty", "cut", "bytes", "deep", "nan", "long"],
)
def test_hostile_files_are_no_anchors(raw, tmp_path):
    path = tmp_path / "anchor.json"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"anchor\.json is no anchor"):
        load_anchor(path)


def test_a_file_that_cannot_be_opened_is_named(anchor, tmp_path):
    with pytest.raises(InputError, match=r"nothing\.json cannot be read"):
        load_anchor(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="cannot be written"):
        save_anchor(anchor, tmp_path / "no" / "folder.json")


def test_every_cut_of_a_file_is_refused(anchor, tmp_path):
    text = json.dumps(anchor_to_dict(anchor))
    path = tmp_path / "anchor.json"
    for end in range(0, len(text) - 1, 97):
        path.write_text(text[:end])
        with pytest.raises(InputError):
            load_anchor(path)
