"""``ghosthands train`` and ``eval`` of the network whose samples are whole pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError, ModelError
from bridge.model.multihand import HandScenes, MultiHandConfig
from bridge.model.multihand.scoring import score_scenes, scored_pictures
from bridge.model.synthetic.rendered_writer import write_rendered_set
from bridge.model.training.weights import save_weights
from tests.model.hamuco.test_learns import run
from tests.model.multihand.tiny import SIZES, network, pasted, tiny


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("multihand") / "set"
    write_rendered_set(folder, samples=6, views=2, size=32, seed=3)
    return folder


def test_train_and_eval(rendered: Path, tmp_path: Path) -> None:
    small = SIZES | {"trunk": "landmark_net", "weights": "shipped", "threshold": 0.001}
    changes = {
        "schedule.steps": 2,
        "schedule.batch": 2,
        "data.path": rendered,
        "data.options": "{ size = 64, focal = 64, sides = [32, 48], upright = true }",
        "model.changes": "{ "
        + ", ".join(f"{k} = {json.dumps(v)}" for k, v in small.items())
        + " }",
    }
    sets = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    run("train", "multihand", "--config", "cpu", "-o", tmp_path, "--device", "cpu", *sets)
    words = ("--weights", tmp_path / "weights.safetensors", "--data", rendered, "--device", "cpu")
    found = json.loads(run("eval", "multihand", *words, "--samples", 3, "--json"))["results"]
    assert list(found) == ["multihand", "told where"]
    told = found["told where"]
    assert told["pictures"] == 3
    assert told["recall"] == told["metrics"]["side"]["mean"] == 1
    assert found["multihand"]["hands"] == told["hands"]
    table = CliRunner().invoke(app, ["eval", "multihand", *map(str, words), "--samples", "1"])
    assert "PA-MPJPE" in table.output


def test_pictures_are_as_in_training(rendered: Path) -> None:
    config = MultiHandConfig.weak(**SIZES)
    sides = (40, 40)
    batch = scored_pictures(rendered, config, {"sides": sides, "epoch": 3}).batch(
        [0, 1], views=1, augment=False
    )
    assert batch.images.shape[-1] == batch.focal_px == config.size


def test_what_cannot_be_scored_is_one_clear_error(rendered: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="whole pictures: ghosthands data render"):
        run("eval", "multihand")
    with pytest.raises(ModelError, match=r"nowhere\.safetensors"):
        run("eval", "multihand", "--weights", "nowhere.safetensors", "--data", rendered)
    shipped = Path(__file__).parents[3] / "bridge/model/hamuco/weights"
    [weights] = shipped.glob("*.safetensors")
    with pytest.raises(InputError, match="weights of hamuco, not of multihand"):
        run("eval", "multihand", "--weights", weights, "--data", rendered)


def test_a_network_that_finds_nothing_is_scored(rendered: Path, tmp_path: Path) -> None:
    blind, path = tiny(threshold=0.999), tmp_path / "blind.safetensors"
    save_weights(path, network(blind), name="multihand", config=blind, about={})
    words = ("--weights", path, "--data", rendered, "--device", "cpu", "--samples", 1)

    def no_number(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = run("eval", "multihand", *words, "--json")
    found = json.loads(text, parse_constant=no_number)["results"]
    assert found["multihand"]["precision"] is None
    assert found["multihand"]["recall"] == 0
    assert found["multihand"]["metrics"] == {}
    assert found["told where"]["recall"] == 1
    table = CliRunner().invoke(app, ["eval", "multihand", *map(str, words)])
    assert table.exit_code == 0
    assert "nan" not in table.output


class Changed:
    """Pasted hands whose labels say something else."""

    def __init__(self, **labels: float) -> None:
        self._source, self._labels = pasted(), labels

    def __len__(self) -> int:
        return len(self._source)

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandScenes:
        batch = self._source.batch(numbers, views=views, augment=augment)
        changed = {
            name: torch.full_like(getattr(batch, name), value)
            for name, value in self._labels.items()
        }
        return replace(batch, **changed)


def test_hands_that_are_found_elsewhere_are_scored() -> None:
    net = network(tiny(threshold=0.001)).eval()
    scores = score_scenes(net, Changed(keypoints_px=1e4), pictures=2)
    assert scores.found > 0
    assert scores.precision == scores.recall == scores.matched == 0
    assert scores.metrics == scores.per_hand == {}


def test_pictures_that_show_no_hand_are_one_clear_error() -> None:
    with pytest.raises(InputError, match="no hand can be seen in these 2 pictures"):
        score_scenes(network().eval(), Changed(valid=False), pictures=2)
