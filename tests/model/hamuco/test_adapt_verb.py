"""``ghosthands adapt``: videos in, weights out, and what can go wrong between."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import bridge.adapt
from bridge.adapt import adapt_to_videos
from bridge.cli import main
from bridge.errors import InputError, ModelError
from bridge.model.nets import HandNets
from bridge.model.training.trainer import Trainer
from bridge.model.training.weights import load_network, save_weights
from bridge.watched import Watched
from tests.model.hamuco.recorded import recording
from tests.model.hamuco.tiny import network, tiny


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
        "notes",
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
        ({"videos": 3}, "given twice"),
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
            [*videos, videos[0]][: change.get("videos", 2)],
            tmp_path / change.get("output", "o.safetensors"),
            nets=HandNets.__new__(HandNets),
            weights=weights,
            **options,
        )


def test_an_output_is_not_replaced_unasked(videos, weights, tmp_path) -> None:
    with pytest.raises(InputError, match="--force"):
        adapt_to_videos(videos, weights, nets=HandNets.__new__(HandNets), weights=weights)
    further = tmp_path / "large_part2.safetensors"
    further.write_text("precious")
    with pytest.raises(InputError, match=r"large_part2\.safetensors exists"):
        adapt_to_videos(
            videos,
            tmp_path / "large.safetensors",
            nets=HandNets.__new__(HandNets),
            weights=weights,
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
        ("-o w.safetensors --weights a_file --report a_file -f", "a_file is also an input"),
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
