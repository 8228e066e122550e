"""The loop: that it learns, resumes to the same curve, and bears what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from bridge.errors import InputError, ModelError
from bridge.model.training.checkpoint import read_tensors, write_tensors
from bridge.model.training.trainer import CHECKPOINT, Trainer


@pytest.fixture
def trainer(entry, source, config, tmp_path) -> Callable[..., Trainer]:
    def make(folder: str = "run", **changes: object) -> Trainer:
        torch.manual_seed(0)
        arguments = {
            "config": config,
            "entry": entry,
            "network": entry.build(entry.configure("", {}), None),
            "model_config": entry.configure("", {}),
            "source": source,
            "folder": tmp_path / folder,
        } | changes
        return Trainer(arguments.pop("config"), **arguments)

    return make


def log(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows:
        row.pop("samples_per_s")
    return rows


def with_schedule(config, **changes):
    return config.model_copy(update={"schedule": config.schedule.model_copy(update=changes)})


def test_the_loss_falls(trainer, config, tmp_path) -> None:
    trainer(config=with_schedule(config, steps=150, rate=0.03)).run()
    rows = log(tmp_path / "run")
    assert rows[-1]["total"] < 0.3 * rows[0]["total"]
    assert [row["step"] for row in rows] == list(range(1, 151))


def test_a_resumed_run_has_the_same_curve(trainer, config, tmp_path) -> None:
    whole = trainer("whole")
    whole.run()

    class CutOffError(Exception):
        pass

    def cut(progress) -> None:
        if progress.step == 7:
            raise CutOffError

    with pytest.raises(CutOffError):
        trainer("cut", on_progress=cut).run()
    resumed = trainer("cut")
    assert resumed.step == 4  # The last checkpoint: steps 5 to 7 are done again.
    resumed.run()
    assert log(tmp_path / "cut") == log(tmp_path / "whole")
    for mine, theirs in zip(
        resumed.best_network.state_dict().values(),
        whole.best_network.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("number", "end", "code"),
    [(signal.SIGINT, KeyboardInterrupt, ()), (signal.SIGTERM, SystemExit, (143,))],
)
def test_a_signal_finishes_the_step_and_saves(trainer, config, tmp_path, number, end, code) -> None:
    """Also between two lines of the log: the line after the resumption has all its steps."""
    config = with_schedule(config, log_every=4)
    trainer("whole", config=config).run()
    run = trainer(config=config)
    one_step = run._one_step

    def interrupted(views):
        if run.step == 5:
            os.kill(os.getpid(), number)
        return one_step(views)

    run._one_step = interrupted
    with pytest.raises(end) as raised:
        run.run()
    assert raised.value.args == code
    resumed = trainer(config=config)
    assert resumed.step == 6
    resumed.run()
    assert log(tmp_path / "run") == log(tmp_path / "whole")


def test_a_second_signal_does_not_wait(trainer) -> None:
    run = trainer()

    def twice(views) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    run._one_step = twice
    with pytest.raises(KeyboardInterrupt):
        run.run()


def test_what_began_trained_moves_at_a_share_of_the_rate(trainer, entry, config) -> None:
    def moved(share: float) -> dict[str, float]:
        network = entry.build(entry.configure("", {}), None)
        network.pretrained = ("layer.weight",)
        before = {name: p.detach().clone() for name, p in network.named_parameters()}
        schedule = with_schedule(config, steps=5, average=0.0, pretrained_rate=share)
        trainer(f"run {share}", config=schedule, network=network).run()
        after = dict(network.named_parameters())
        return {name: float((after[name].detach() - p).abs().mean()) for name, p in before.items()}

    alike, slow = moved(1.0), moved(0.01)
    assert slow["layer.weight"] < 0.05 * alike["layer.weight"]
    assert slow["layer.bias"] > 0.5 * alike["layer.bias"]


def test_a_term_of_the_loss_may_come_and_go(trainer, entry, config, tmp_path) -> None:
    """A batch of one view has no alignment to be wrong about; a mean is over those that have."""

    def loss(output, views, config, moment):
        losses = entry.loss(output, views, config, moment)
        return losses | ({"views": torch.tensor(7.0)} if views.focal.shape[1] > 1 else {})

    trainer(entry=replace(entry, loss=loss), config=with_schedule(config, log_every=12)).run()
    assert log(tmp_path / "run")[-1]["views"] == 7


def test_more_threads_change_nothing(trainer, config, tmp_path) -> None:
    data = config.data.model_copy(update={"workers": 3})
    trainer("one").run()
    trainer("three", config=config.model_copy(update={"data": data})).run()
    assert log(tmp_path / "one") == log(tmp_path / "three")


def test_another_configuration_does_not_go_on_in_the_same_folder(trainer, config) -> None:
    trainer().run()
    with pytest.raises(InputError, match="another schedule"):
        trainer(config=with_schedule(config, rate=0.5))


def test_steps_that_are_not_finite_are_left_out(trainer, source, config, tmp_path) -> None:
    run = trainer()
    source.poison = frozenset(run.plan.step(2)[0][:1])
    run.run()
    assert run.skipped == 1
    assert all(value.isfinite().all() for value in run.network.state_dict().values())
    assert log(tmp_path / "run")[-1]["skipped"] == 1


def test_a_step_left_out_leaves_no_trace_in_the_statistics(trainer, source) -> None:
    """An infinite activation reaches the running means before any loss is known."""

    class Normalised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.layer = nn.BatchNorm1d(42), nn.Linear(42, 63)

        def forward(self, views):
            return self.layer(self.norm(views.landmarks[:, 0].flatten(1))).unflatten(1, (21, 3))

    run = trainer(network=Normalised())
    bad, made = set(run.plan.step(2)[0][:1]), source.batch

    def batch(numbers, *, views, augment):
        views = made(numbers, views=views, augment=augment)
        return replace(
            views, landmarks=views.landmarks * (float("inf") if bad & set(numbers) else 1)
        )

    source.batch = batch
    run.run()
    assert run.skipped == 1
    assert run.network.norm.num_batches_tracked == 11
    assert all(value.isfinite().all() for value in run.network.state_dict().values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, a: a.pop("groups"), "groups"),
        (lambda t, a: a.update(step="x"), "str"),
        (lambda t, a: a.update(step=99), "step 99 of a run of 12"),
        (lambda t, a: a.update(window={"total": 3}), "total"),
        (lambda t, a: t.update({"optimizer.z.q": torch.zeros(1)}), "z"),
        (lambda t, a: t.update({"optimizer.7.exp_avg": torch.zeros(1)}), "index"),
        (lambda t, a: t.update({"optimizer.0.exp_avg": torch.zeros(3)}), r"not \(63, 42\)"),
        (lambda t, a: t.pop("averaged"), "averaged"),
        (lambda t, a: t.pop("network.layer.bias"), "layer.bias is missing"),
    ],
)
def test_a_checkpoint_that_was_changed_is_refused(trainer, tmp_path, change, message) -> None:
    trainer().run()
    path = tmp_path / "run" / CHECKPOINT
    tensors, about = read_tensors(path)
    change(tensors, about)
    write_tensors(path, tensors, about)
    with pytest.raises(ModelError, match=message):
        trainer()


def test_a_run_killed_while_it_saves_goes_on(tmp_path) -> None:
    """SIGKILL between the bytes of a checkpoint: the one before is whole."""
    code = (
        "import sys, os, torch\n"
        "from pathlib import Path\n"
        "from bridge.model.training.checkpoint import write_tensors\n"
        "path = Path(sys.argv[1])\n"
        "write_tensors(path, {'a': torch.full((9,), 1.0)}, {'step': 1})\n"
        "os.fsync = lambda _: os.kill(os.getpid(), 9)\n"
        "write_tensors(path, {'a': torch.full((9,), 2.0)}, {'step': 2})\n"
    )
    path = tmp_path / CHECKPOINT
    ended = subprocess.run([sys.executable, "-c", code, path], timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name(f"{CHECKPOINT}.part").exists()
    tensors, about = read_tensors(path)
    assert about == {"step": 1}
    assert torch.equal(tensors["a"], torch.ones(9))


def test_a_run_that_stays_not_finite_is_given_up(trainer, source, config) -> None:
    source.poison = frozenset(range(10_000))
    with pytest.raises(ModelError, match=r"schedule\.rate"):
        trainer(config=with_schedule(config, steps=60)).run()


def test_an_error_in_the_source_is_raised(trainer, source) -> None:
    def fail(numbers: list[int], *, views: int, augment: bool) -> None:
        raise InputError("picture 3 is truncated")

    source.batch = fail
    with pytest.raises(InputError, match="picture 3"):
        trainer().run()


def test_a_file_cut_in_mid_write_does_not_count(trainer, tmp_path) -> None:
    trainer().run()
    (tmp_path / "run" / f"{CHECKPOINT}.part").write_bytes(b"half a che")
    assert trainer().step == 12


def test_every_sample_comes_once_an_epoch_and_processes_share_a_batch(trainer) -> None:
    plan = trainer().plan
    epoch = [number for step in range(5) for number in plan.step(step)[0]]
    assert sorted(epoch) == list(range(40))
    assert [number for number in plan.step(5)[0] if number < 40] == []
    halves = [
        type(plan)(plan.samples, plan.batch, plan.views, plan.seed, rank, 2).step(3)
        for rank in (0, 1)
    ]
    assert sorted(halves[0][0] + halves[1][0]) == sorted(plan.step(3)[0])
    assert halves[0][1] == halves[1][1] == plan.step(3)[1]
