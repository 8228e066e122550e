"""Configurations: the shipped ones load, and mistakes are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.errors import InputError
from bridge.model.training.config import ScheduleConfig, load_config
from bridge.model.training.networks import architecture
from bridge.model.training.schedule import rate_factor


@pytest.mark.parametrize("name", ["paper", "gpu", "cpu", "fixture"])
def test_shipped_configurations_load_and_fit_their_network(name) -> None:
    config = load_config(name)
    entry = architecture(config.network)
    model = entry.configure(config.model.preset, config.model.changes)
    assert entry.restore(model.to_dict()) == replace(model, weights=None)


def test_one_entry_of_a_preset_s_table_leaves_the_others() -> None:
    changes = ["model.preset=full", "model.changes.loss.photometric=0.0"]
    changed = load_config("cpu", network="multihand", changes=changes)
    entry = architecture("multihand")
    loss = entry.configure(changed.model.preset, changed.model.changes).loss
    assert loss == replace(entry.configure("full", {}).loss, photometric=0.0)
    assert loss.joints > 0


def test_the_paper_has_the_papers_schedule() -> None:
    schedule = load_config("paper").schedule
    assert (schedule.epochs, schedule.batch, schedule.rate) == (30, 32, 1e-4)
    rates = [rate_factor(schedule, epoch * 100, 3000) for epoch in (0, 9, 10, 19, 20, 29)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_changes_are_typed_and_replace_the_length() -> None:
    config = load_config(
        "paper", changes=["schedule.steps=7", "data.views=[2, 4]", "data.path=a/b"]
    )
    assert (config.schedule.steps, config.schedule.epochs) == (7, None)
    assert config.data.views == (2, 4)
    assert str(config.data.path) == "a/b"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["schedule.batch=0"], "schedule.batch"),
        (["schedule.speed=1"], "schedule.speed"),
        (["data.views=[3, 2]"], "data"),
        (["nothing"], "key=value"),
        (["schedule.epochs.x=1"], "not a table"),
    ],
)
def test_mistakes_are_named(changes, message) -> None:
    with pytest.raises(InputError, match=message):
        load_config("paper", changes=changes)


def test_missing_and_unreadable_files_are_named(tmp_path) -> None:
    with pytest.raises(InputError, match="cpu, fixture, gpu, paper"):
        load_config("nowhere.toml")
    (tmp_path / "bad.toml").write_text("schedule = [")
    with pytest.raises(InputError, match="cannot be read"):
        load_config(str(tmp_path / "bad.toml"))


def test_warm_up_and_cosine() -> None:
    schedule = ScheduleConfig(steps=100, decay="cosine", warm_up=10)
    assert rate_factor(schedule, 0, 100) == pytest.approx(0.1, rel=0.01)
    assert rate_factor(schedule, 50, 100) == pytest.approx(0.505)
    assert rate_factor(schedule, 100, 100) == pytest.approx(0.01)
