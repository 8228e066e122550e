"""BVH skeletons: positions as bvhio has them, joints by the names that programs give them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from tests.sdk.made_hands import moving, person

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of PyGLM, about how bvhio imports it
    import bvhio

FRAMES = 4
FINGERS = ("Thumb", "Index", "Middle", "Ring", "Pinky")
POSITION = "Xposition Yposition Zposition"
ROTATION = "Zrotation Xrotation Yrotation"


def finger_lines(name: str, points: np.ndarray, *, pad: str, tip: bool) -> tuple[str, int]:
    """A finger's joints from the wrist on, and how many channels they have."""
    offsets = [points[0], *np.diff(points, axis=0)]
    lines, closing, channels = [], [], 0
    for k, offset in enumerate(offsets, 1):
        last = k == 4
        numbers = " ".join(f"{x:.6f}" for x in offset)
        head = f"JOINT {name}{k}" if tip or not last else "End Site"
        order = "" if last and not tip else f"\n{pad}CHANNELS 3 {ROTATION}"
        lines.append(f"{pad}{head}\n{pad}{{\n{pad}OFFSET {numbers}{order}")
        closing.append(f"{pad}}}")
        channels += 3 * (tip or not last)
    if tip:
        lines.append(f"{pad}End Site\n{pad}{{\n{pad}OFFSET 0.1 0 0\n{pad}}}")
    return "\n".join(lines + closing[::-1]), channels


def skeleton(path: Path, *, unit: float = 100, tip: bool = False, metacarpals: bool = False):
    """Both hands on forearms, in centimetres, as animation programs name them."""
    rest = person() * unit
    text, channels = (
        f"HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\nCHANNELS 6 {POSITION} {ROTATION}",
        6,
    )
    for side, word in enumerate(("Left", "Right")):
        text += f"\nJOINT {word}Hand\n{{\nOFFSET {30 * (2 * side - 1)} 90 5"
        text += "\nCHANNELS 3 Yrotation Xrotation Zrotation"
        channels += 3
        for number, name in enumerate(FINGERS):
            points = rest[side, 1 + 4 * number : 5 + 4 * number]
            if metacarpals and name != "Thumb":
                text += f"\nJOINT {word}InHand{name}\n{{\nOFFSET 0 0 0\nCHANNELS 3 {ROTATION}"
                channels += 3
            body, more = finger_lines(f"{word}Hand{name}", points, pad="  ", tip=tip)
            text, channels = f"{text}\n{body}", channels + more
            text += "\n}" if metacarpals and name != "Thumb" else ""
        text += "\n}"
    values = np.random.default_rng(3).uniform(-40, 40, (FRAMES, channels))
    rows = "\n".join(" ".join(f"{x:.6f}" for x in row) for row in values)
    path.write_text(f"{text}\n}}\nMOTION\nFrames: {FRAMES}\nFrame Time: 0.0166667\n{rows}\n")
    return path


@pytest.mark.parametrize("tip", [False, True])
@pytest.mark.parametrize("metacarpals", [False, True])
def test_positions_are_those_of_bvhio(tmp_path, tip, metacarpals):
    path = skeleton(tmp_path / "a.bvh", tip=tip, metacarpals=metacarpals)
    found = sdk.from_bvh(path, recorded_by="Clara")
    assert len(found) == FRAMES
    np.testing.assert_allclose(found.time_s, np.arange(FRAMES) * 0.0166667, atol=1e-9)
    assert (found.metadata.source, found.metadata.recorded_by) == ("bvh", "Clara")
    root = bvhio.readAsHierarchy(str(path))
    for frame in (0, FRAMES - 1):
        root.loadPose(frame)
        places = {joint.Name: np.array(joint.PositionWorld) for joint, *_ in root.layout()}
        for side, word in enumerate(("Left", "Right")):
            np.testing.assert_allclose(
                found.joints_m[frame, side, 0], places[f"{word}Hand"] / 100, atol=1e-5
            )
            for number, name in enumerate(FINGERS):
                for k in range(1, 5 if tip else 4):
                    expected = places[f"{word}Hand{name}{k}"] / 100
                    seen = found.joints_m[frame, side, 4 * number + k]
                    np.testing.assert_allclose(seen, expected, atol=1e-5)
    lengths = np.linalg.norm(np.diff(found.joints_m[:, :, 5:9], axis=2), axis=-1)
    expected = np.linalg.norm(np.diff(person()[:, 5:9], axis=1), axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(expected, lengths.shape), atol=1e-4)


@pytest.mark.parametrize("unit", [1, 100, 1000, 39.37])
def test_the_unit_is_found(tmp_path, unit):
    found = sdk.from_bvh(skeleton(tmp_path / "a.bvh", unit=unit))
    palm = np.linalg.norm(person()[1, 9])
    assert np.linalg.norm(found.rest_joints_m[1, 9]) == pytest.approx(palm, rel=1e-3)


def test_what_the_sdk_exports_is_read_again(tmp_path):
    hands = moving(8)
    first = sdk.Recording.from_arrays(
        np.arange(8) / 60,
        pose_quat=hands["pose"],
        wrist_m=hands["wrist"],
        rest_joints_m=hands["rest"],
    )
    sdk.export.to_bvh(first, tmp_path / "a.bvh")
    again = sdk.from_bvh(tmp_path / "a.bvh")
    np.testing.assert_allclose(again.joints_m, first.joints_m, atol=1e-4)
    np.testing.assert_allclose(again.pose_quat, first.pose_quat, atol=5e-3)


NAMES = {
    "l_index_01": lambda side, finger, k: f"{side[0].lower()}_{finger.lower()}_0{k}",
    "L_Index1": lambda side, finger, k: f"{side[0]}_{finger}{k}",
    "lIndex1": lambda side, finger, k: f"{side[0].lower()}{finger}{k}",
    "index_01_l": lambda side, finger, k: f"{finger.lower()}_0{k}_{side[0].lower()}",
    "Index1.L": lambda side, finger, k: f"{finger}{k}.{side[0]}",
    "LeftFinger_Index_1": lambda side, finger, k: f"{side}Finger_{finger}_{k}",
    "left_little1": lambda side, finger, k: f"{side}_{finger}{k}".lower().replace(
        "pinky", "little"
    ),
}


@pytest.mark.parametrize("names", NAMES)
def test_names(tmp_path, names):
    path = skeleton(tmp_path / "a.bvh")
    text = path.read_text()
    for side in ("Left", "Right"):
        for finger in FINGERS:
            for k in (1, 2, 3):
                text = changed(text, f"{side}Hand{finger}{k}", NAMES[names](side, finger, k))
    renamed = tmp_path / "b.bvh"
    renamed.write_text(text)
    np.testing.assert_array_equal(sdk.from_bvh(renamed).joints_m, sdk.from_bvh(path).joints_m)


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: "", "is empty"),
        (lambda t: "solid cube\n", "no HIERARCHY and MOTION"),
        (lambda t: t[: len(t) // 2], "does not say its Frames"),
        (lambda t: t[:-30], "cut off or damaged"),
        (lambda t: changed(t, "Frames: 4", "Frames: 99999999999"), "not to be used"),
        (lambda t: changed(t, "Frames: 4", "Frames: 0"), "not to be used"),
        (lambda t: changed(t, "Frames: 4", "Frames: -4"), "does not say its Frames"),
        (lambda t: changed(t, "0.0166667", "nan"), "not to be used"),
        (
            lambda t: changed(t, "Frame Time: 0.0166667\n", "Frame Time: 0.0166667\nx "),
            "no numbers",
        ),
        (lambda t: changed(t, "Frame Time: 0.0166667\n", "Frame Time: 0.0166667\nnan "), "cut off"),
        (lambda t: changed(t, "CHANNELS 6", "CHANNELS 60"), "damaged HIERARCHY"),
        (lambda t: changed(t, "CHANNELS 6", "CHANNELS x"), "damaged HIERARCHY"),
        (lambda t: changed(t, "Xposition", "Wposition"), "damaged HIERARCHY: channels"),
        (lambda t: changed(t, "OFFSET 0 0 0", "OFFSET 0 0"), "damaged HIERARCHY"),
        (lambda t: changed(t, "ROOT Hips\n{", "ROOT Hips\n"), "damaged HIERARCHY"),
        (lambda t: changed(t, "ROOT Hips", "JOINT Hips"), "damaged HIERARCHY"),
        (lambda t: changed(t, "}\nMOTION", "MOTION"), "damaged HIERARCHY: cut off"),
        (lambda t: changed(t, "}\nMOTION", "}}\nMOTION"), "damaged HIERARCHY"),
        (lambda t: t.replace("Hand", "Foot").replace("Index", "Toe"), "no joints with names"),
        (lambda t: "HIERARCHY " + "ROOT a { " + "JOINT a { " * 5000 + "MOTION", "too many"),
    ],
)
def test_what_is_none_is_one_clear_error(tmp_path, change, words):
    path = tmp_path / "a.bvh"
    text = skeleton(path).read_text()
    path.write_text(change(text))
    with pytest.raises(sdk.RecordingError, match=words):
        sdk.from_bvh(path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "a.bvh"
    path.write_bytes(b"\xff\xfe" * 99)
    with pytest.raises(sdk.RecordingError, match="is not text"):
        sdk.from_bvh(path)
    with pytest.raises(sdk.InputError, match="unit_m"):
        sdk.from_bvh(path, unit_m=0)
