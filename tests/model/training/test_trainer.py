"""The loop: that it learns, resumes to the same curve, and bears what goes wrong."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bridge.errors import InputError, ModelError
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
    assert log(tmp_path / "cut")[7:] == log(tmp_path / "whole")[4:]
    for mine, theirs in zip(
        resumed.best_network.state_dict().values(),
        whole.best_network.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(mine, theirs)


def test_a_signal_finishes_the_step_and_saves(trainer, tmp_path) -> None:
    def interrupt(progress) -> None:
        if progress.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        trainer(on_progress=interrupt).run()
    assert 5 <= trainer().step < 12


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
