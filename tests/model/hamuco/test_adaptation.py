"""Learning from a recording that nobody annotated."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

import bridge.adapt
from bridge.adapt import Watched, adapt_to_videos, watch_videos
from bridge.cli import main
from bridge.errors import InputError, ModelError
from bridge.model.hamuco import HaMuCo
from bridge.model.hamuco.adaptation import adapt, agreement, split_in_time
from bridge.model.hamuco.recording import Recorded, RecordedHands, cut_hands
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.nets import HandNets, load_nets
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.training.trainer import Trainer
from bridge.model.training.weights import load_network, save_weights
from bridge.protocol.joints import Side
from tests.bridge_fixture import grey_video
from tests.model.hamuco.tiny import hand, network, samples, tiny

SIZE_PX = (320, 240)


def view_hand(landmarks_px: np.ndarray, side: Side) -> ViewHand:
    return ViewHand(side, landmarks_px, np.zeros((21, 3)), np.full(21, 0.9))


def seen(name: str, landmarks_px: np.ndarray, side: Side = Side.RIGHT) -> ViewHands:
    found = view_hand(landmarks_px, side)
    hands = (found, None) if side is Side.LEFT else (None, found)
    return ViewHands(name, SIZE_PX, hands)


def landmarks_px(seed: int) -> np.ndarray:
    """A hand's keypoints somewhere in a picture."""
    exact = samples(1, 1, first=seed).landmarks[0, 0].numpy()
    return exact * 60 + np.array([150.0, 120.0])


def picture_of(points: np.ndarray, bright: int) -> np.ndarray:
    """A dark picture with a spot at one keypoint."""
    x, y = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
    away = (x + 0.5 - points[bright, 0]) ** 2 + (y + 0.5 - points[bright, 1]) ** 2
    grey = (255 * np.exp(-away / 20)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, -1)


@cache
def recording(count: int, views: int = 2) -> list[Recorded]:
    """Hands at ten instants a second; not to be written to."""
    hands = []
    for k in range(count):
        points = [landmarks_px(k * 10 + v) for v in range(views)]
        pictures = [picture_of(p, 8) for p in points]
        hands += cut_hands(
            k / 10, pictures, [seen(f"v{i}", p) for i, p in enumerate(points)], crop_px=32
        )
    return hands


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("augment", [False, True])
def test_a_crop_shows_a_keypoint_where_its_label_is(side: Side, augment: bool) -> None:
    points = [landmarks_px(1), landmarks_px(2)]
    cut = cut_hands(
        0.0,
        [picture_of(p, 8) for p in points],
        [seen(f"v{i}", p, side) for i, p in enumerate(points)],
        crop_px=64,
    )
    assert len(cut) == 1
    assert cut[0].side is side
    source = RecordedHands(cut, videos=2, size=64, upright=False)
    batch = source.batch([3], views=2, augment=augment)
    for n in range(2):
        grey = batch.images[0, n].mean(0)
        place = int(grey.argmax())
        found = (torch.tensor([place % 64, place // 64]) + 0.5) / 32 - 1
        torch.testing.assert_close(found, batch.landmarks[0, n, 8], atol=0.06, rtol=0)


def test_a_hand_that_one_view_sees_alone_is_left_out() -> None:
    points, pictures = landmarks_px(1), [np.zeros((240, 320, 3), np.uint8)] * 2
    other_side = [seen("a", points), seen("b", points, Side.LEFT)]
    assert cut_hands(0.0, pictures, other_side, 64) == []
    assert cut_hands(0.0, [pictures[0], None], [seen("a", points), None], 64) == []


def test_views_that_do_not_see_a_hand_are_absent_and_never_first() -> None:
    points = [landmarks_px(k) for k in range(3)]
    pictures = [np.full((240, 320, 3), 90, np.uint8)] * 3
    views = [ViewHands("a", SIZE_PX, (None, None)), seen("b", points[1]), seen("c", points[2])]
    source = RecordedHands(cut_hands(0.0, pictures, views, 32), videos=3, size=32)
    for augment in (False, True):
        batch = source.batch([0], views=3, augment=augment)
        assert batch.present.tolist() == [[True, True, False]]
        assert not batch.confidence[0, 2].any()
        assert batch.images[0, 2].sum() == 0


def test_views_are_shuffled_and_upright() -> None:
    source = RecordedHands(recording(2), videos=2, size=32)
    orders = {
        float(source.batch([2 * k], views=2, augment=True).landmarks[0, 0].abs().sum().round())
        for k in range(12)
    }
    assert len(orders) > 1
    up = source.batch([0, 1], views=2, augment=False).landmarks
    torch.testing.assert_close(up[..., 9, 0], up[..., 0, 0], atol=1e-5, rtol=0)
    assert (up[..., 9, 1] < up[..., 0, 1]).all()


def test_the_end_is_held_out_with_a_second_in_between() -> None:
    hands = recording(80)
    learned, held_out = split_in_time(hands, 0.2)
    assert held_out[0].time_s == pytest.approx(6.4)
    assert len(held_out) == 16
    assert learned[-1].time_s < 5.4
    with pytest.raises(InputError, match=r"30 instants.* 14 to learn from .* 6 to check .*half a"):
        split_in_time(hands[:30], 0.2)
    with pytest.raises(InputError, match=r"0 instants.*half a minute"):
        split_in_time([], 0.2)


def test_two_hands_at_one_instant_are_no_longer_recording() -> None:
    hands = recording(40)
    both = [replace(hand, side=side) for hand in hands for side in Side]
    with pytest.raises(InputError, match=r"40 instants: that leaves 22 to learn from \(40 are"):
        split_in_time(both, 0.2)


def test_agreement_is_zero_where_there_is_nothing_to_disagree_about() -> None:
    """A network that ignores its pictures and says the same twice: views are of one mind."""
    net = HaMuCo(tiny(alignment="procrustes"), hand())
    for head in (net.single_view.pose, net.single_view.shape):
        for parameter in head.parameters():
            torch.nn.init.zeros_(parameter)
    found = agreement(net, RecordedHands(recording(3), videos=2, size=32), views=2)
    assert found.samples == 3
    assert found.single_apart_mm < 0.01
    assert found.single_2d_px > 5


def test_fine_tuning_comes_nearer_to_the_labels() -> None:
    torch.manual_seed(0)
    net = HaMuCo(tiny(alignment="procrustes", warm_up=0.5), hand())
    source = RecordedHands(recording(4), videos=2, size=32)
    before = agreement(net, source, views=2)
    told: list[tuple[int, int]] = []
    adapt(
        net,
        source,
        views=2,
        steps=30,
        rate=1e-2,
        on_progress=lambda done, total: told.append((done, total)),
    )
    after = agreement(net, source, views=2)
    assert after.interact_2d_px < 0.8 * before.interact_2d_px
    assert told[-1] == (30, 30)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    net = network(tiny())
    path = tmp_path / "start.safetensors"
    save_weights(path, net, name="hamuco", config=net.config, about={})
    return path


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stands for two videos and what the tracker sees in them."""
    monkeypatch.setattr(
        bridge.adapt, "watch_videos", lambda *_, **__: Watched(recording(80), {}, None)
    )
    return [tmp_path / "left.mp4", tmp_path / "right.mp4"]


def test_weights_come_of_videos(videos, weights, tmp_path) -> None:
    output = tmp_path / "mine.safetensors"
    done = adapt_to_videos(
        videos, output, nets=HandNets.__new__(HandNets), weights=weights, steps=3, device="cpu"
    )
    assert (done.learned, done.after.samples) == (54, 16)
    assert set(done.to_dict()) == {
        "learned_samples",
        "cameras_found",
        "held_out_before",
        "held_out_after",
        "offsets_s",
    }
    adapted, about = load_network(output)
    assert adapted.config.alignment == "procrustes"
    assert about["adapted"] is True
    old, _ = load_network(weights)
    assert not torch.equal(adapted.interaction.decoder[0].weight, old.interaction.decoder[0].weight)
    # What was adapted once can be adapted again.
    again = tmp_path / "again.safetensors"
    adapt_to_videos(
        videos, again, nets=HandNets.__new__(HandNets), weights=output, steps=1, device="cpu"
    )
    assert again.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"videos": 1}, "two or more videos"),
        ({"output": "weights.onnx"}, "safetensors file"),
        ({"steps": 0}, "at least 1 step"),
        ({"hold_out": 0.9}, "hold out 0.05 to 0.5"),
        ({"device": "abacus"}, "unknown device"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_watched(
    videos, weights, tmp_path, change, said, monkeypatch
) -> None:
    monkeypatch.setattr(bridge.adapt, "watch_videos", None)
    options = {"steps": 3, "hold_out": 0.2, "device": "cpu"} | {
        k: v for k, v in change.items() if k not in ("videos", "output")
    }
    with pytest.raises(InputError, match=said):
        adapt_to_videos(
            videos[: change.get("videos", 2)],
            tmp_path / change.get("output", "o.safetensors"),
            nets=HandNets.__new__(HandNets),
            weights=weights,
            **options,
        )


def test_an_output_is_not_replaced_unasked(videos, weights, tmp_path) -> None:
    with pytest.raises(InputError, match="--force"):
        adapt_to_videos(videos, weights, nets=HandNets.__new__(HandNets), weights=weights)


def test_videos_without_hands_say_what_to_do(videos, weights, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bridge.adapt, "watch_videos", lambda *_, **__: Watched([], {}, None))
    with pytest.raises(InputError, match="no hand was seen by two views at once"):
        adapt_to_videos(
            videos, tmp_path / "o.safetensors", nets=HandNets.__new__(HandNets), weights=weights
        )


def test_damaged_weights_are_one_error(videos, weights, tmp_path) -> None:
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="damaged"):
        adapt_to_videos(
            videos, tmp_path / "o.safetensors", nets=HandNets.__new__(HandNets), weights=weights
        )


@pytest.mark.parametrize(
    ("module", "said"),
    [("weights", r"cannot write .*o.safetensors: No space"), ("trainer", r"No space.*TMPDIR")],
)
def test_a_full_disk_is_one_error(
    videos, weights, tmp_path, monkeypatch, module: str, said: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"bridge.model.training.{module}.write_tensors", full)
    output = tmp_path / "o.safetensors"
    with pytest.raises(InputError, match=said):
        adapt_to_videos(
            videos, output, nets=HandNets.__new__(HandNets), weights=weights, steps=1, device="cpu"
        )


@pytest.mark.parametrize("run", [None, {"data": None}, {"data": {"options": 3}}, [1]])
def test_weights_that_do_not_say_how_they_were_trained_can_be_adapted(
    videos, tmp_path, run
) -> None:
    net, start = network(tiny()), tmp_path / "start.safetensors"
    save_weights(start, net, name="hamuco", config=net.config, about={"run": run})
    output = tmp_path / "o.safetensors"
    adapt_to_videos(
        videos, output, nets=HandNets.__new__(HandNets), weights=start, steps=1, device="cpu"
    )
    assert load_network(output)[1]["run"]["data"]["options"] == {"upright": True}


Verb = Callable[..., tuple[int, str]]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verb:
    """Runs ``ghosthands adapt``: its exit code, and what it says on one line."""
    monkeypatch.setattr("bridge.model.nets.load_nets", lambda _: HandNets.__new__(HandNets))

    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["ghosthands", "adapt", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, " ".join(capsys.readouterr().err.split())

    return run


def test_the_verb_says_what_one_video_lacks(verb: Verb, tmp_path: Path) -> None:
    code, said = verb(tmp_path / "one.mp4", "-o", tmp_path / "w.safetensors")
    assert code == 2
    assert "two or more videos" in said


def test_the_verb_shows_before_and_after(verb: Verb, videos, weights, tmp_path) -> None:
    report = tmp_path / "report.json"
    output = ["-o", tmp_path / "w.safetensors", "--report", report]
    code, said = verb(*videos, *output, "--weights", weights, "--steps", "2")
    assert code == 0, said
    assert "is not accuracy" in said
    assert "held_out_after" in report.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-o folder.safetensors -f", "folder.safetensors is a folder"),
        ("-o a_file/w.safetensors", "there is no folder a_file"),
        ("-o nowhere/w.safetensors", "there is no folder nowhere"),
        ("-o w.safetensors --report nowhere/r.json", "there is no folder nowhere"),
        ("-o w.safetensors --report a_file", "a_file exists already; add --force"),
        ("-o w.safetensors --report right.mp4 -f", "right.mp4 is also an input"),
        ("-o left.mp4 -f", "left.mp4 is also an input"),
        (f"-o {'w' * 300}.safetensors", "File name too long"),
        ("-o w.safetensors --report ./w.safetensors", "two outputs have the same name"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_watched(
    verb: Verb, tmp_path, monkeypatch, arguments: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bridge.adapt, "watch_videos", None)
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("a_file", "left.mp4", "right.mp4"):
        (tmp_path / name).write_text("precious")
    before = sorted(tmp_path.iterdir())
    code, found = verb("left.mp4", "right.mp4", *arguments.split())
    assert code == 2
    assert said in found
    assert sorted(tmp_path.iterdir()) == before
    assert {p.read_text() for p in before if p.is_file()} == {"precious"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_says_that_nothing_was_written(
    verb: Verb, videos, weights, tmp_path, monkeypatch, number: signal.Signals, code: int
) -> None:
    one_step = Trainer._one_step

    def interrupted(self: Trainer, *arguments: object) -> object:
        signal.raise_signal(number)
        return one_step(self, *arguments)

    monkeypatch.setattr(Trainer, "_one_step", interrupted)
    output, report = tmp_path / "w.safetensors", tmp_path / "report.json"
    output.write_text("precious")
    ended, said = verb(*videos, "-o", output, "-f", "--report", report, "--weights", weights)
    assert ended == code
    assert "Stopped: nothing was written" in said
    assert output.read_text() == "precious"
    assert sorted(tmp_path.iterdir()) == sorted([output, weights])


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("augment", [False, True])
def test_known_cameras_say_how_crops_are_turned(side: Side, augment: bool) -> None:
    """A point goes through the cameras' rotations and the crop's to where its label is."""
    rng = np.random.default_rng(3)
    rotation = Rotation.from_rotvec([[0, 0, 0], [0.1, -0.7, 0.3], [-0.4, 0.5, 0.1]]).as_matrix()
    offset = np.array([[0.02, 0.01, 0.5], [0.05, 0.0, 0.6], [-0.04, 0.03, 0.55]])
    points = 0.06 * rng.standard_normal((21, 3))
    focal_px = FOCAL_PRIOR * max(SIZE_PX)
    views = []
    for k, (turn, place) in enumerate(zip(rotation, offset, strict=True)):
        there = points @ turn.T + place
        views.append(
            seen(f"v{k}", focal_px * there[:, :2] / there[:, 2:] + np.array(SIZE_PX) / 2, side)
        )
    picture = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    cut = cut_hands(0.0, [picture] * 3, views, None)
    batch = RecordedHands(cut, videos=3, size=None, rotation=rotation).batch(
        [5], views=3, augment=augment
    )
    mirror = np.array([-1.0, 1, 1]) if side is Side.LEFT else np.ones(3)
    placed = [
        (points + place @ turn) * mirror for turn, place in zip(rotation, offset, strict=True)
    ]
    for axes, focal, labels in zip(
        batch.camera_rotation[0].double().numpy(), batch.focal[0], batch.landmarks[0], strict=True
    ):
        wrong = []
        for where in placed:  # views come in any order
            there = where @ axes.T
            wrong.append(np.abs(float(focal) * there[:, :2] / there[:, 2:] - labels.numpy()).max())
        assert min(wrong) < 1e-4


def test_known_cameras_are_what_views_are_compared_by() -> None:
    net = HaMuCo(tiny(alignment="procrustes", warm_up=0.0), hand())
    known = RecordedHands(recording(4), videos=2, size=32, rotation=np.eye(3)[None].repeat(2, 0))
    unknown = RecordedHands(recording(4), videos=2, size=32)
    for source, alignment in ((known, "extrinsics"), (unknown, "procrustes")):
        run = adapt(net, source, views=2, steps=1)
        assert run.model.changes["alignment"] == alignment
        # Whoever uses it next may not know cameras.
        assert net.config.alignment == "procrustes"


def test_a_real_recording_tells_how_its_cameras_are_turned(shared_dir) -> None:
    folder = shared_dir / "data" / "desk_two_views"
    seen = watch_videos([folder / "cam0_test.mp4", folder / "cam1_test.mp4"], load_nets(), None)
    assert seen.rotation is not None
    turn = np.degrees(Rotation.from_matrix(seen.rotation[1]).magnitude())
    assert turn == pytest.approx(74.1, abs=6)  # by its calibration
    assert len(seen.hands) > 300


@pytest.mark.parametrize("offsets_s", [[0.0], [0.0, float("nan")], [0.0, float("inf")]])
def test_offsets_that_cannot_be_used_are_one_error(tmp_path, offsets_s) -> None:
    videos = [grey_video(tmp_path / name) for name in ("a.mp4", "b.mp4")]
    with pytest.raises(InputError, match="offset"):
        watch_videos(videos, HandNets.__new__(HandNets), None, offsets_s=offsets_s)


def test_without_pictures_none_are_cut() -> None:
    points = [landmarks_px(k) for k in range(2)]
    pictures = [np.zeros((240, 320, 3), np.uint8)] * 2
    cut = cut_hands(0.0, pictures, [seen(f"v{k}", p) for k, p in enumerate(points)], None)
    assert [view[0] for view in cut[0].views.values()] == [None, None]
    batch = RecordedHands(cut, videos=2, size=None).batch([0], views=2, augment=True)
    assert batch.images is None
    assert batch.landmarks is not None


def test_recorded_hands_refuse_more_views_than_there_are() -> None:
    source = RecordedHands(recording(1), videos=2, size=32)
    with pytest.raises(InputError, match="has 2 views, not 3"):
        source.batch([0], views=3, augment=False)
    with pytest.raises(InputError, match="nothing to learn from"):
        RecordedHands([], videos=2, size=32)
