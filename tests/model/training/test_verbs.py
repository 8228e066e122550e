"""``ghosthands train`` and ``ghosthands eval`` as their user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError, ModelError
from bridge.model.synthetic import SyntheticLandmarks

TINY = [
    *("schedule.steps=2", "schedule.batch=2", "schedule.log_every=1", "schedule.warm_up=0"),
    (
        "model.changes={ iterations = 1, channels = 16, global_channels = 32, head_channels = 32, "
        "points = 32, ball_samples = 8, fusion_channels = 16, update_channels = 16 }"
    ),
]


def run(*arguments: str | Path):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def train(folder: Path, *changes: str):
    sets = [part for change in (*TINY, *changes) for part in ("--set", change)]
    return run("train", "a3net", "--config", "cpu", "-o", folder, "--device", "cpu", *sets)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verbs") / "run"
    assert train(folder).exit_code == 0
    return folder


@pytest.fixture
def six_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for the fixed test set, which takes long to open."""
    monkeypatch.setattr(
        "bridge.model.synthetic.test_set",
        lambda **_: SyntheticLandmarks(99, 6, mesh=True),
    )


def test_train_writes_weights_log_and_checkpoint(trained) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names == {"weights.safetensors", "metrics.jsonl", "checkpoint.safetensors"}
    lines = (trained / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


def test_a_finished_run_is_left_as_it_is(trained) -> None:
    before = (trained / "weights.safetensors").read_bytes()
    assert train(trained).exit_code == 0
    assert (trained / "weights.safetensors").read_bytes() == before
    assert len((trained / "metrics.jsonl").read_text().splitlines()) == 2


def test_eval_prints_intervals_of_the_network_and_its_baselines(trained, six_hands) -> None:
    weights = trained / "weights.safetensors"
    result = run("eval", "a3net", "--weights", weights, "--views", 1, "--views", 2, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)["results"]
    assert set(found["1 views"]) == {"a3net", "first_view"}
    assert set(found["2 views"]) >= {"a3net", "aligned_mean", "extrinsic_mean", "triangulated"}
    a3net = found["2 views"]["a3net"]
    assert (a3net["samples"], a3net["failed"]) == (6, 0)
    metrics = a3net["metrics"]
    assert {"mpjpe_mm", "mpvpe_mm", "pa_mpjpe_mm", "pa_mpvpe_mm", "f_5", "f_15", "auc"} <= set(
        metrics
    )
    for interval in metrics.values():
        assert interval["low"] <= interval["mean"] <= interval["high"]
    assert len(a3net["per_joint_mm"]) == 21


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("train", "a4net"), InputError, "a4net"),
        (("train", "a3net", "--config", "cpu", "--set", "schedule.batch=0"), InputError, "batch"),
        (("train", "a3net", "--config", "none.toml"), InputError, "cpu, fixture, gpu, paper"),
        (("train", "a3net", "--config", "paper"), InputError, "data.path"),
        (("train", "a3net", "--device", "abacus"), InputError, "abacus"),
        (("eval", "a3net", "--views", "0"), InputError, "--views"),
        (("eval", "a3net", "--weights", "none.safetensors"), ModelError, "none.safetensors"),
    ],
)
def test_mistakes_are_one_clear_error(arguments, error, message, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        run(*arguments)


def test_a_folder_of_another_run_is_not_overwritten(trained) -> None:
    with pytest.raises(InputError, match="another schedule"):
        train(trained, "schedule.seed=5")
