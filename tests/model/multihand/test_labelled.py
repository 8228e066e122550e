"""Real pictures with labels in 2D: reading, windows, pasting over them, scoring on them."""

from __future__ import annotations

import itertools
import json
import struct
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError, VideoError
from bridge.label import label_videos
from bridge.model.multihand import multihand_loss
from bridge.model.multihand.labelled import LABELS, LabelledPictures
from bridge.model.multihand.labelled_scenes import LabelledScenes
from bridge.model.multihand.scenes import MOST_HANDS
from bridge.model.multihand.scoring import score_scenes
from bridge.model.multihand.windows import WindowRanges, draw_windows
from bridge.model.nets import HandNets
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.synthetic.draws import Draws
from bridge.model.training.schedule import Moment
from bridge.protocol.joints import Side
from bridge.streams import VideoFile
from tests.filmed import encode
from tests.model.multihand.tiny import SIZE, network, pasted, tiny_full

SIZE_PX = (200, 120)
BRIGHT = 8
EXACT = WindowRanges((30, 60), elsewhere=0.0, light=0.0, colour=0.0)


def points_of(seed: int, low: tuple[int, int] = (40, 30)) -> np.ndarray:
    """21 keypoints within a picture, the first one and the last in opposite corners of a box."""
    spread = np.random.default_rng(seed).uniform(0, 1, (21, 2))
    spread[0], spread[20] = 0.0, 1.0
    return np.array(low) + 50 * spread


def write_set(folder: Path, hands: list[list[tuple[bool, np.ndarray]]]) -> Path:
    """A set whose pictures have a bright spot at one keypoint of their first hand."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
    pictures = []
    for k, shown in enumerate(hands):
        spot = shown[0][1][BRIGHT] if shown else np.zeros(2)
        grey = 255 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 20)
        cv2.imwrite(str(folder / f"p{k}.jpg"), np.repeat(grey[..., None], 3, -1).astype(np.uint8))
        labels = [{"left": left, "keypoints_px": points.tolist()} for left, points in shown]
        pictures.append({"file": f"p{k}.jpg", "hands": labels})
    (folder / LABELS).write_text(json.dumps({"format": 1, "pictures": pictures}))
    return folder


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledPictures:
    hands = [[(False, points_of(k))] for k in range(4)]
    return LabelledPictures(write_set(tmp_path / "set", hands))


@pytest.mark.parametrize("sides", [(30, 60), (12, 28)])
def test_a_window_shows_a_keypoint_where_its_label_is(
    labelled: LabelledPictures, sides: tuple[int, int]
) -> None:
    """The smaller ones are shrunk before they are sampled."""
    ranges = WindowRanges(sides, elsewhere=0.0, light=0.0, colour=0.0)
    apart = []
    for window in draw_windows(labelled, Draws(0, list(range(40))), 96, ranges):
        place = window.keypoints_px[0, BRIGHT]
        if (place > 8).all() and (place < 87).all():
            # Outside of the picture all is grey: the spot is what is brighter.
            bright = np.clip(window.picture[..., 0] - 0.55, 0, None)
            y, x = np.mgrid[:96, :96]
            centre = np.array([(bright * x).sum(), (bright * y).sum()]) / bright.sum()
            apart.append(centre - place)
    assert len(apart) > 15
    assert np.abs(apart).max() < 0.75
    assert np.abs(np.mean(apart, 0)).max() < 0.12


def test_windows_are_of_both_hands_and_of_the_sizes_asked_for(labelled: LabelledPictures) -> None:
    windows = draw_windows(labelled, Draws(0, list(range(24))), 96, EXACT)
    assert {bool(window.left[0]) for window in windows} == {True, False}
    boxes = [np.ptp(window.keypoints_px[0], axis=0).max() for window in windows]
    assert 20 < min(boxes) < max(boxes) < 85


def test_some_windows_are_of_the_room_alone(labelled: LabelledPictures) -> None:
    source = pasted(labelled=labelled, real=1.0, sides=(40, 60))
    batch = source.batch(list(range(48)), views=1, augment=False)
    without = (~batch.valid.any(1)).sum()
    assert 2 <= without <= 20
    anywhere = draw_windows(
        labelled, Draws(0, list(range(24))), 96, WindowRanges((30, 60), elsewhere=1.0)
    )
    middles = np.array([window.keypoints_px[0].mean(0) for window in anywhere])
    assert ((middles < 0) | (middles > 96)).any(1).sum() > 4


def test_a_mirrored_window_is_of_the_other_hand(labelled: LabelledPictures) -> None:
    def orientation(points: np.ndarray) -> float:
        a, b = points[20] - points[0], points[BRIGHT] - points[0]
        return float(np.sign(a[0] * b[1] - a[1] * b[0]))

    (mirrored,) = draw_windows(labelled, Draws(0, [5]), 96, WindowRanges((30, 60), flip=1.0))
    (plain,) = draw_windows(labelled, Draws(0, [5]), 96, WindowRanges((30, 60), flip=0.0))
    assert orientation(mirrored.keypoints_px[0]) == -orientation(plain.keypoints_px[0])
    assert mirrored.left[0]
    assert not plain.left[0]


def test_keypoints_outside_of_the_picture_are_not_visible(tmp_path: Path) -> None:
    beyond = points_of(1, low=(40, 80))  # the picture ends at 120
    source = pasted(
        labelled=LabelledPictures(write_set(tmp_path / "set", [[(False, beyond)]])), real=1.0
    )
    batch = source.batch(list(range(8)), views=1, augment=False)
    shown = torch.from_numpy(beyond[:, 1] <= 119.5)
    assert 0 < shown.sum() < 21
    assert not batch.visible[:, 0, ~shown].any()
    assert batch.visible[:, 0, shown].any()


def test_hands_are_pasted_over_real_ones(labelled: LabelledPictures) -> None:
    batch = pasted(labelled=labelled, real=1.0).batch(list(range(16)), views=1, augment=False)
    assert batch.turn is not None
    # Half of the windows are mirrored: the labels say so.
    chosen = draw_windows(
        labelled, Draws(0, list(range(16))).fork("pasted"), SIZE, WindowRanges((10, 52))
    )
    assert batch.left[:, 0].tolist() == [bool(window.left[0]) for window in chosen]
    # In 3D nothing is known of a real hand; it lies under all others.
    known = torch.isfinite(batch.turn).flatten(2).all(-1)
    assert not known[:, 0].any()
    assert known[:, 1:].all()
    assert batch.valid[:, 0].any()
    assert batch.valid[:, 1:].any(1).any()
    bare = ~batch.valid[:, 1:].any(1)
    assert bare.any()
    # Only a pasted hand's skin is known.
    assert batch.skin[bare].sum() == 0


def test_real_hands_are_learnt_in_2d_with_no_truth_in_3d(labelled: LabelledPictures) -> None:
    config = tiny_full()
    batch = pasted(labelled=labelled, real=1.0, least=1, most=1).batch(
        [0, 1, 2, 3], views=1, augment=False
    )
    net = network(config).train()
    terms = multihand_loss(net(batch), batch, config, Moment(9, 10))
    assert torch.isfinite(terms["total"])
    terms["total"].backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def test_whole_pictures_are_scored_as_they_are_seen_in_use(labelled: LabelledPictures) -> None:
    source = LabelledScenes(labelled, size=SIZE, count=3)
    batch = source.batch([0, 1, 2], views=1, augment=False)
    assert len(source) == 3
    assert batch.valid.sum(1).tolist() == [1, 1, 1]
    assert batch.valid.shape == (3, MOST_HANDS)
    x, y = batch.keypoints_px[0, 0, BRIGHT].tolist()
    grey = batch.images[0, 0]
    peak = int(torch.where(grey > 0.55, grey, 0.0).argmax())
    assert abs(peak % SIZE - x) < 1.5
    assert abs(peak // SIZE - y) < 1.5
    scores = score_scenes(network(), source, pictures=3, located=True)
    assert set(scores.metrics) == {"side", "pixel"}
    assert scores.recall == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.clear(), "pictures"),
        (lambda d: d.update(format=2), "format"),
        (lambda d: d["pictures"][0].update(file="../secret.jpg"), "file"),
        (lambda d: d["pictures"][0].update(file="/etc/secret.jpg"), "file"),
        (lambda d: d["pictures"][0]["hands"][0].update(keypoints_px=[[0, 0]] * 20), "keypoints"),
        (lambda d: d["pictures"][0]["hands"][0]["keypoints_px"].__setitem__(0, [1e9, 0]), "keyp"),
        (lambda d: d["pictures"][0].update(hands=[]), "no picture"),
        (lambda d: d["pictures"][0].update(file="gone.jpg"), "cannot be read"),
        (lambda d: d["pictures"][0].update(file="text.jpg"), "damaged or too large"),
        (lambda d: d["pictures"][0].update(file="bomb.jpg"), "damaged or too large"),
    ],
)
def test_damaged_labels_are_one_clear_error(tmp_path: Path, change: Any, message: str) -> None:
    folder = write_set(tmp_path / "set", [[(True, points_of(0))]])
    (folder / "text.jpg").write_text("not a picture")
    # Another format by the name of this one, large and nearly nothing as a file.
    cv2.imwrite(str(tmp_path / "bomb.png"), np.zeros((5000, 5000), np.uint8))
    (tmp_path / "bomb.png").rename(folder / "bomb.jpg")
    labels = json.loads((folder / LABELS).read_text())
    change(labels)
    (folder / LABELS).write_text(json.dumps(labels))
    with pytest.raises(InputError, match=message):
        LabelledPictures(folder).picture(0)


def test_a_picture_s_size_is_looked_at_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_set(tmp_path / "set", [[(True, points_of(0))]])
    content = bytearray((folder / "p0.jpg").read_bytes())
    frame = content.index(b"\xff\xc0")  # marker, length, bits, height and width
    content[frame + 5 : frame + 9] = struct.pack(">HH", 20_000, 20_000)
    (folder / "p0.jpg").write_bytes(content)
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(InputError, match="damaged or too large"):
        LabelledPictures(folder).picture(0)


def test_a_folder_without_labels_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ghosthands data label"):
        LabelledPictures(tmp_path)
    for options in ({"real": 0.5}, {"labelled": True}):
        with pytest.raises(InputError, match=r"data\.options\.labelled.*ghosthands data label"):
            pasted(**options)


def test_a_video_is_labelled_and_scored_on(shared_dir: Path, tmp_path: Path) -> None:
    video = shared_dir / "data/desk_two_views/cam0_test.mp4"
    folder = tmp_path / "set"
    words = ["data", "label", str(video), "-o", str(folder), "--most", "10", "--size", "320"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert " hands, 0 of them left ones" in done.output.replace("\n", " ")
    read = LabelledPictures(folder)
    assert 8 <= len(read) <= 10
    picture, labels = read.picture(3)
    assert picture.shape == (320, 320, 3)
    assert [hand.left for hand in labels.hands] == [False]
    wrist, tip = np.array(labels.hands[0].keypoints_px)[[0, 12]]
    assert 30 < np.linalg.norm(tip - wrist) < 160
    told = CliRunner().invoke(app, ["eval", "multihand", "--data", str(folder), "--samples", "5"])
    assert told.exit_code == 0, told.output
    assert "told" in told.output
    with pytest.raises(InputError, match="has files already"):
        label_videos([video], folder, nets=HandNets())


def test_pictures_of_two_persons_are_left_out(shared_dir: Path, tmp_path: Path) -> None:
    """Two right hands: the nets follow one person's, and would take one for a left one."""
    source = shared_dir / "data/desk_two_views/cam0_test.mp4"
    with VideoFile(source) as video, av.open(str(tmp_path / "two.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1440, 720, "yuv420p"
        for frame in itertools.islice(video.frames(), 14, 44):
            pair = np.concatenate([frame.rgb()] * 2, 1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pair, format="rgb24")))
        out.mux(stream.encode())
    found, left_out = label_videos([tmp_path / "two.mp4"], tmp_path / "set", nets=HandNets())
    # The palm net misses the second hand in one of these.
    assert len(found.pictures) <= 2
    assert len(found.pictures) + left_out.total() == 30
    assert not any(hand.left for picture in found.pictures for hand in picture.hands)


def test_why_nothing_is_labelled_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = encode(tmp_path / "grey.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 4)
    with pytest.raises(InputError, match=r"none of 4 pictures .*\(no hand was found in 4\)"):
        label_videos([video], tmp_path / "none", nets=HandNets())

    hand = ViewHand(Side.LEFT, points_of(0), np.zeros((21, 3)), np.full(21, 0.4))
    seen = itertools.cycle([(hand, None), (None, None), (hand, None)])

    class Tracker:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def track(self, pictures: dict[str, Any]) -> list[ViewHands]:
            return [ViewHands(view, (160, 120), next(seen)) for view in pictures]

    monkeypatch.setattr("bridge.label.HandTracker", Tracker)
    with pytest.raises(InputError, match=r"\(a hand is doubtful in 3, no hand was found in 1\)"):
        label_videos([video], tmp_path / "doubtful", nets=HandNets())


def test_what_cannot_be_labelled_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one video"):
        label_videos([], tmp_path / "set", nets=HandNets())
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoError, match=r"text\.mp4"):
        label_videos([tmp_path / "text.mp4"], tmp_path / "set", nets=HandNets())
    with pytest.raises(InputError, match="at least 1 picture"):
        label_videos([tmp_path / "text.mp4"], tmp_path / "set", nets=HandNets(), most=0)
    assert not (tmp_path / "set").exists()


def test_where_nothing_can_be_written_is_one_clear_error(shared_dir: Path, tmp_path: Path) -> None:
    video = shared_dir / "data/desk_two_views/cam0_test.mp4"
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be written"):
            label_videos([video], folder, nets=HandNets())
