"""From a rendered set through the trainer to weights: the whole way, in small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError
from bridge.model.hamuco import HaMuCo, hamuco_loss
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.synthetic.rendered_writer import write_rendered_set
from bridge.model.training import scoring
from bridge.model.training.config import load_config
from bridge.model.training.networks import architecture
from bridge.model.training.schedule import Moment
from tests.model.hamuco.tiny import SIZES, hand, samples, tiny


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hamuco") / "set"
    write_rendered_set(folder, samples=6, views=2, size=32, seed=3)
    return folder


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_few_hands_can_be_learned_by_heart() -> None:
    torch.manual_seed(0)
    views = samples(4, 2)
    net = HaMuCo(tiny(width=0.25), hand()).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    steps, labels, apart = 100, [], []
    for step in range(steps):
        terms = hamuco_loss(net(views), views, net.config, Moment(step, steps))
        optimiser.zero_grad()
        terms["total"].backward()
        optimiser.step()
        labels.append(float(terms["interact_labels"].detach()))
        if "consistency_fusion" in terms:
            apart.append(float(terms["consistency_fusion"].detach()))
    assert labels[-1] < 0.35 * labels[0]
    assert apart[-1] < 0.7 * max(apart)


def test_train_eval_and_info(rendered: Path, tmp_path: Path) -> None:
    small = ", ".join(f"{k} = {v}" for k, v in SIZES.items())
    changes = {
        "schedule.steps": 4,
        "schedule.batch": 2,
        "schedule.warm_up": 0,
        "schedule.log_every": 1,
        "data.path": rendered,
        "data.views": 2,
        "data.options": "{ size = 32, landmarks = true, upright = true }",
        "model.changes": f"{{ {small} }}",
    }
    sets = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    run("train", "hamuco", "--config", "cpu", "-o", tmp_path, "--device", "cpu", *sets)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    # Two of four steps are the warm-up; then the two kinds of consistency in turn.
    kinds = ("consistency_2d", "consistency_fusion")
    assert [[k for k in kinds if k in line] for line in lines] == [[], [], [kinds[0]], [kinds[1]]]
    weights = tmp_path / "weights.safetensors"
    words = ("--data", rendered, "--views", 2, "--json", "--device", "cpu")
    said = json.loads(run("eval", "hamuco", "--weights", weights, *words))
    assert set(said["results"]["2 views"]) == {
        "hamuco",
        "first_view",
        "first_view_after_interaction",
    }


def test_eval_turns_views_as_in_training(rendered: Path) -> None:
    about = {"config": tiny().to_dict(), "run": {"data": {"options": {"upright": True}}}}
    source = scoring._source(str(rendered), about, device=torch.device("cpu"))
    assert isinstance(source, RenderedSet)
    up = source.batch([0], views=1, augment=False).landmarks[0, 0]
    assert float(up[9, 0]) == pytest.approx(float(up[0, 0]), abs=1e-5)


def test_the_landmark_stem_is_scored_upright_on_any_samples() -> None:
    about = {
        "config": tiny(stem="landmarks").to_dict(),
        "run": {"data": {"options": {"upright": True}}},
    }
    device = torch.device("cpu")
    plain = scoring._source("synthetic", about | {"run": {}}, device=device)
    upright = scoring._source("synthetic", about, device=device)
    flat, up = (s.batch([5], views=2, augment=False) for s in (plain, upright))
    torch.testing.assert_close(up.landmarks[..., 9, 0], up.landmarks[..., 0, 0])
    # Truth and mesh turned along: projected, they are where they were, turned by the same angle.
    for name in ("joints_m", "vertices_m"):
        image = [
            v.focal[..., None, None] * getattr(v, name)[..., :2] / getattr(v, name)[..., 2:]
            for v in (flat, up)
        ]
        torch.testing.assert_close(image[0].norm(dim=-1), image[1].norm(dim=-1))
    off = [
        (v.landmarks - v.focal[..., None, None] * v.joints_m[..., :2] / v.joints_m[..., 2:])
        for v in (flat, up)
    ]
    torch.testing.assert_close(off[0].norm(dim=-1), off[1].norm(dim=-1), atol=1e-5, rtol=0)
    with pytest.raises(InputError, match="score it on a rendered set"):
        scoring._source("synthetic", about | {"config": tiny().to_dict()}, device=device)


def test_info_says_the_papers_size() -> None:
    said = json.loads(run("models", "info", "hamuco", "--set", "depth=18", "--json"))
    assert said["parameters"] == pytest.approx(32.5e6, rel=0.02)
    assert said["single_view_parameters"] == pytest.approx(12.0e6, rel=0.01)


@pytest.mark.parametrize("name", ["paper", "gpu", "cpu", "landmarks"])
def test_the_shipped_configurations_fit_the_network(name: str) -> None:
    config = load_config(name, network="hamuco")
    model = architecture("hamuco").configure(config.model.preset, config.model.changes)
    assert model.to_dict()["crop_px"] in (64, 128, 256)
