"""`ghosthands bench live`: every stage of the live path is timed, and the table and JSON say it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bridge.bench import live
from bridge.bench.live import STAGES, measure_live
from bridge.commands import app
from bridge.demo import clips
from bridge.errors import InputError
from bridge.model.fusion import SelfCalFuser
from bridge.model.fusion.interface import ExpectingFuser
from bridge.model.nets import HandNets, load_nets


@pytest.fixture(scope="module")
def views(tmp_path_factory) -> dict[str, Path]:
    """The beginning of the demo: two hands in two views."""
    folder = tmp_path_factory.mktemp("clips")
    paths = {view: folder / f"{view}.mp4" for view in ("phone", "tablet")}
    clips.render_clips(paths, frames=3, workers=1)
    return paths


@pytest.fixture(scope="module")
def nets() -> HandNets:
    return load_nets("cpu")


@pytest.fixture(scope="module")
def measured(views, nets):
    steps: list[tuple[int, int]] = []
    results = measure_live(
        views,
        nets=nets,
        fuser="hand-space",
        frame_sets=14,
        warm_up=3,
        on_progress=lambda done, total: steps.append((done, total)),
    )
    return results, steps


def test_two_views_with_two_hands_go_through_all_stages(measured) -> None:
    results, steps = measured
    assert results["provider"] == "CPUExecutionProvider"
    assert results["views"] == {"phone": [1280, 720], "tablet": [960, 720]}
    assert results["hands_a_frame_set"] > 3.5
    assert steps == [(k, 14) for k in range(1, 15)]
    # All hands are tracked after the warm-up, so that the detector rests.
    assert set(results["stages_ms"]) >= set(STAGES) - {"palm_detector"}
    for found in results["stages_ms"].values():
        assert 0 < found["p50"] <= found["p95"]


def test_the_stages_make_up_the_whole(measured) -> None:
    results, _ = measured
    stages = results["stages_ms"]
    whole = stages["whole"]["p50"]
    parts = [n for n in stages if n not in ("whole", "landmark_net_a_hand", "palm_detector")]
    assert sum(stages[name]["p50"] for name in parts) == pytest.approx(whole, rel=0.3)
    assert stages["landmark_net_a_hand"]["p50"] == pytest.approx(
        stages["landmark_net"]["p50"] / results["hands_a_frame_set"], rel=0.3
    )
    # Frame sets come one after another: none can be counted twice.
    assert results["frame_sets_a_second"] < 1.3 * 1000 / np.mean([whole])


def test_the_palm_net_is_timed_when_it_runs(views, nets) -> None:
    first = measure_live(views, nets=nets, fuser="hand-space", frame_sets=1, warm_up=0)
    assert first["stages_ms"]["palm_detector"]["share_of_frame_sets"] == 1
    assert first["warm_up_frame_sets"] == 0


def test_the_fuser_still_tells_the_tracker_where_hands_must_be(nets) -> None:
    fuser = SelfCalFuser()
    reconstructor = live._watched(live._Stopwatch(), nets, fuser)
    assert isinstance(reconstructor._fuser, ExpectingFuser) == isinstance(fuser, ExpectingFuser)


@pytest.mark.parametrize(("frame_sets", "warm_up"), [(0, 0), (5, -1)])
def test_nothing_to_measure_is_refused(views, nets, frame_sets: int, warm_up: int) -> None:
    with pytest.raises(InputError, match="at least 1"):
        measure_live(views, nets=nets, frame_sets=frame_sets, warm_up=warm_up)


def run(*arguments: str | Path):
    return CliRunner().invoke(app, ["bench", "live", *map(str, arguments)])


def test_the_verb_measures_ones_own_videos_and_gives_json(views) -> None:
    done = run(views["phone"], "--provider", "cpu", "--frame-sets", 2, "--warm-up", 1, "--json")
    assert done.exit_code == 0, done.output
    results = json.loads(done.stdout)
    assert list(results["views"]) == ["phone"]
    assert results["stages_ms"]["whole"]["p50"] > 0


def test_the_verb_measures_the_demos_videos_and_draws_a_table(monkeypatch, views) -> None:
    monkeypatch.setattr(clips, "demo_clips", lambda progress: views)
    done = run("--provider", "cpu", "--fuser", "hand-space", "--frame-sets", 2, "--warm-up", 1)
    assert done.exit_code == 0, done.output
    for word in ("landmark net", "whole", "frame sets a second", "CPUExecutionProvider"):
        assert word in done.stderr


def test_an_unknown_provider_is_refused() -> None:
    done = run("--provider", "tpu")
    assert isinstance(done.exception, InputError)
    assert "cpu, cuda" in str(done.exception)
