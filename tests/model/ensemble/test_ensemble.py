"""The network as ONNX and what uses it: the finder, drawing, textures, the command."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError, ModelError
from bridge.model.ensemble import (
    FoundHand,
    MedianColours,
    MultiHand,
    draw_hands,
    read_colours,
    write_colours,
)
from bridge.model.hand import open_hand
from bridge.model.multihand.export import INPUT, OUTPUTS, export_onnx, parity
from bridge.model.nets import HandNets
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side
from bridge.streams import VideoFile
from tests.model.multihand.tiny import SIZE, network, tiny

CONFIG = tiny(most_hands=3, threshold=0.005)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("multihand") / "folder" / "tiny.onnx"
    export_onnx(network(CONFIG).eval(), path, about={"data": "none"})
    return path


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)


def found(side: Side = Side.RIGHT, **changes: object) -> FoundHand:
    """The open hand, half a metre before a camera of a 90 by 120 picture."""
    model = open_hand(side)
    points = model.rest_keypoints(np.zeros(10))
    right = open_hand(Side.RIGHT).rest_vertices(np.zeros(10))
    mirror = np.array([-1.0 if side is Side.LEFT else 1.0, 1, 1])
    shift = np.array([0.0, 0.0, 0.5]) - points.mean(0)
    joints = (points + shift).astype(np.float32)
    light = np.zeros(27, np.float32)
    light[[0, 9, 18]] = 1
    hand = FoundHand(
        side=side,
        score=0.8,
        right=float(side is Side.RIGHT),
        keypoints_px=(120 * joints[:, :2] / joints[:, 2:] + [59.5, 44.5]).astype(np.float32),
        joints_m=joints,
        vertices_m=(right * mirror + [0, 0, 0.5]).astype(np.float32),
        albedo=np.full((1609, 3), 0.5, np.float32),
        light=light,
        rotations=np.tile(np.eye(3, dtype=np.float32), (16, 1, 1)),
        betas=np.zeros(10, np.float32),
        focal_px=120.0,
    )
    return replace(hand, **changes)  # type: ignore[arg-type]


def test_it_says_the_same_as_pytorch(file: Path) -> None:
    assert max(parity(network(CONFIG).eval(), file.read_bytes()).values()) < 1e-3
    assert parity(network(CONFIG, seed=1).eval(), file.read_bytes(), pictures=[0])[0] > 0.01


def test_the_file_says_nothing_of_the_machine_it_was_made_on(file: Path) -> None:
    content = file.read_bytes()
    assert str(Path(__file__).parents[3]).encode() not in content
    assert b".py" not in content


def test_the_shipped_network_is_the_default(shared_dir: Path) -> None:
    """One hand in each picture of the desk, of which it has learnt: a right one, where it is."""
    finder, tracker = MultiHand(), HandTracker(HandNets())
    assert finder.threshold == 0.3
    found = right = 0
    with VideoFile(shared_dir / "data/desk_two_views/cam0_test.mp4") as video:
        for number, frame in enumerate(itertools.islice(video.frames(), 200)):
            picture = frame.rgb()
            (seen,) = tracker.track({"desk": picture})
            if number % 20 == 19:
                hands = finder(picture)
                wanted = seen.hands[Side.RIGHT]
                assert wanted is not None
                apart = [
                    np.linalg.norm(h.keypoints_px - wanted.landmarks_px, axis=1) for h in hands
                ]
                if apart and min(a.mean() for a in apart) < 40:
                    found += 1
                    right += hands[int(np.argmin([a.mean() for a in apart]))].side is Side.RIGHT
    assert found >= 9
    assert right >= 9


def test_the_file_says_what_it_is(file: Path) -> None:
    session = open_session(onnxruntime, file.read_bytes(), [CPU], 1)
    assert [i.name for i in session.get_inputs()] == [INPUT]
    assert [o.name for o in session.get_outputs()] == list(OUTPUTS)
    about = json.loads(session.get_modelmeta().custom_metadata_map["ghosthands"])
    assert about == {"data": "none", "config": CONFIG.to_dict()}


def test_a_network_in_training_mode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"network\.eval\(\)"):
        export_onnx(network().train(), tmp_path / "a.onnx")


def test_the_finder_gives_what_the_network_says(file: Path, picture: np.ndarray) -> None:
    finder = MultiHand(file, threads=1)
    assert finder.size == SIZE
    square = cv2.resize(picture[:, 15:105], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    hands = finder(square)
    tensor = torch.from_numpy(square.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        wanted = network(CONFIG).eval().detect(tensor)
    assert len(hands) == len(wanted.picture) > 0
    for n, hand in enumerate(hands):
        assert hand.score == pytest.approx(wanted.score[n].item(), abs=1e-5)
        assert (hand.side is Side.LEFT) == bool(wanted.hands.left[n])
        np.testing.assert_allclose(hand.joints_m, wanted.hands.joints_m[n], atol=1e-5)
        np.testing.assert_allclose(hand.keypoints_px, wanted.hands.keypoints_px[n], atol=1e-2)
    assert [h.score for h in hands] == sorted((h.score for h in hands), reverse=True)


def test_pixels_and_camera_are_those_of_the_given_picture(file: Path, picture: np.ndarray) -> None:
    for hand in MultiHand(file)(picture):
        ahead = hand.joints_m[:, 2:]
        seen = hand.focal_px * hand.joints_m[:, :2] / ahead + [59.5, 44.5]
        np.testing.assert_allclose(hand.keypoints_px, seen, atol=0.05)
        assert hand.focal_px == pytest.approx(120)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((20, 20), np.uint8),
        np.zeros((20, 20, 4), np.uint8),
        np.zeros((20, 20, 3), np.float32),
        np.zeros((0, 20, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_an_error(file: Path, wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match="picture"):
        MultiHand(file)(wrong)


def test_thresholds_out_of_range_are_errors(file: Path) -> None:
    for threshold in (0.0, 1.0, -2):
        with pytest.raises(InputError, match="between 0 and 1"):
            MultiHand(file, threshold=threshold)
    assert MultiHand(file, threshold=0.999)(np.zeros((9, 9, 3), np.uint8)) == []


@pytest.mark.parametrize(
    "config",
    [
        *({"size": size, "threshold": 0.3} for size in (0, -SIZE, 2 * SIZE, None, "64", 1e999)),
        *({"size": SIZE, "threshold": threshold} for threshold in (0, 7, -1, "0.3", 1e999)),
        {},
        [],
    ],
)
def test_a_file_that_says_something_else_of_itself_is_refused(
    file: Path, tmp_path: Path, config: Any
) -> None:
    content = onnx.load(file)
    del content.metadata_props[:]
    onnx.helper.set_model_props(content, {"ghosthands": json.dumps({"config": config})})
    onnx.save(content, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="not a multi-hand network"):
        MultiHand(tmp_path / "other.onnx")


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_network_of_another_hand_is_refused(file: Path, picture: np.ndarray, name: str) -> None:
    finder = MultiHand(file)
    session = finder._session

    class Other:
        """One output has a row less, in the last of its axes but the coordinates'."""

        def run(self, names: Any, given: Any) -> list[np.ndarray]:
            found = dict(zip(names, session.run(names, given), strict=True))
            shape = found[name].shape
            found[name] = np.delete(found[name], 0, axis=max(1, len(shape) - 2))
            return list(found.values())

    finder._session = Other()
    with pytest.raises(ModelError, match=r"the network's \w+ are \(1, .*, not \(1, "):
        finder(picture)


@pytest.mark.parametrize("side", Side)
def test_drawing_covers_the_hand_and_nothing_else(side: Side, picture: np.ndarray) -> None:
    hand = found(side)
    grey = draw_hands(picture, [hand], mesh=1.0)
    changed = (grey != picture).any(-1)
    assert 0.02 < changed.mean() < 0.5
    assert not changed[-5:].any()
    mesh = (grey == 128).all(-1) | (grey == 127).all(-1)
    assert mesh.sum() > 0.3 * changed.sum()
    assert np.array_equal(draw_hands(picture, []), picture)


def test_light_from_the_camera_shows_in_the_drawing(picture: np.ndarray) -> None:
    light = found().light.copy()
    light[2] = light[11] = light[20] = -0.8  # towards -z is towards the camera
    for side in Side:
        plain = draw_hands(picture, [found(side)], mesh=1.0).astype(int)
        lit = draw_hands(picture, [found(side, light=light)], mesh=1.0).astype(int)
        assert np.median(lit[(plain == 128).all(-1)]) > 140


def test_colours_are_medians_and_survive_their_file(tmp_path: Path) -> None:
    median = MedianColours()
    for value in (0.1, 0.5, 0.2):
        median.add([found(albedo=np.full((1609, 3), value, np.float32))])
    colours = median.colours()
    assert list(colours) == [Side.RIGHT]
    assert set(colours[Side.RIGHT].ravel().tolist()) == {51}
    path = tmp_path / "hands.npz"
    write_colours(path, colours)
    assert path.stat().st_size < 20_000
    np.testing.assert_array_equal(read_colours(path)[Side.RIGHT], colours[Side.RIGHT])
    with pytest.raises(InputError, match="no hand was found"):
        write_colours(path, {})


def test_files_that_hold_no_colours_are_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "hands.npz"
    write_colours(path, {Side.RIGHT: np.arange(1609 * 3).reshape(-1, 3).astype(np.uint8)})
    whole, entry = path.read_bytes(), path.read_bytes().find(b"PK\x01\x02")

    def changed(*places: int, to: int) -> bytes:
        return bytes(to if k in places else byte for k, byte in enumerate(whole))

    array, empty, large = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(array, np.zeros((1609, 3), np.uint8))
    with zipfile.ZipFile(empty, "w"):
        pass
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("right.npy", bytes(5 << 20))
    encrypted, packed = changed(6, entry + 8, to=1), changed(8, entry + 10, to=99)
    damaged = changed(len(whole) // 2, to=whole[len(whole) // 2] ^ 1)
    cut, texts = whole[:100], (b"", b"nothing")
    archives = (array.getvalue(), empty.getvalue(), large.getvalue())
    for content in (*texts, cut, *archives, encrypted, packed, damaged):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"no hands' colours \(.*--texture makes such a file"):
            read_colours(path)


def test_very_many_hands_are_thinned_out() -> None:
    median = MedianColours()
    for k in range(3000):
        median.add([found(albedo=np.full((4, 3), k / 3000, np.float32))])
    assert len(median._kept[Side.RIGHT]) <= 512
    assert median.colours()[Side.RIGHT][0, 0] == pytest.approx(127.5, abs=2)


def test_the_command_writes_pictures_hands_and_textures(
    tmp_path: Path, file: Path, picture: np.ndarray
) -> None:
    source = tmp_path / "in.png"
    cv2.imwrite(str(source), picture[..., ::-1])
    options = ["--network", str(file)]
    runner = CliRunner()
    drawn, hands = tmp_path / "out.png", tmp_path / "hands.json"
    texture = tmp_path / "colours.npz"
    done = runner.invoke(
        app, ["ensemble", str(source), "-o", str(drawn), "--texture", str(texture), *options]
    )
    assert done.exit_code == 0, done.output
    assert cv2.imread(str(drawn)).shape == picture.shape
    assert read_colours(texture)
    done = runner.invoke(app, ["ensemble", str(source), "-o", str(hands), *options])
    assert done.exit_code == 0, done.output
    frames = json.loads(hands.read_text())["frames"]
    assert len(frames) == 1
    assert len(frames[0]["hands"]) == len(MultiHand(file)(picture))
    assert np.shape(frames[0]["hands"][0]["joints_m"]) == (21, 3)
    for arguments in (
        [str(source), "-o", str(tmp_path / "out.mp4")],
        [str(source), "-o", str(drawn)],
        [str(tmp_path / "none.png"), "-o", str(tmp_path / "b.png")],
        [str(file.parent), "-o", str(tmp_path / "b.mp4")],
    ):
        failed = runner.invoke(app, ["ensemble", *arguments, *options])
        assert failed.exit_code != 0


def test_a_video_comes_out_as_a_video(tmp_path: Path, file: Path, picture: np.ndarray) -> None:
    import av

    source, drawn = tmp_path / "in.mp4", tmp_path / "out.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 120, 90, "yuv420p"
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    done = CliRunner().invoke(
        app, ["ensemble", str(source), "-o", str(drawn), "--network", str(file)]
    )
    assert done.exit_code == 0, done.output
    with av.open(str(drawn)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3], abs=1e-3)


def test_it_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import bridge.model.ensemble, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
