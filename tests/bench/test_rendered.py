"""`ghosthands bench fusion --rendered`: methods are scored over the same hands of drawn clips."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

from bridge.bench import rendered
from bridge.bench.drawn.clips import DrawnClip, SeenHands
from bridge.bench.fusers import Found
from bridge.bench.rendered import measure_rendered, score_together
from bridge.commands import app
from bridge.model.nets import load_nets
from bridge.model.synthetic.clips import simulate_clip


@pytest.fixture(scope="module")
def drawn() -> DrawnClip:
    """A clip of two seconds whose hands all views report; its last 31 frames are scored."""
    clip = simulate_clip(8, seconds=2.0, noise=0.0)
    shape = (len(clip.time_s), 2, 2)
    everywhere, nowhere = np.ones(shape, bool), np.zeros(shape, bool)
    return DrawnClip(clip, SeenHands(everywhere, everywhere, nowhere, nowhere), 10.0, 5.0)


def test_errors_are_over_the_hands_that_all_methods_found(drawn) -> None:
    good, poor = drawn.clip.keypoints_m.copy(), drawn.clip.keypoints_m.copy()
    good[:45] = np.nan
    poor[:, :, 1:] += 0.010 / np.sqrt(3)
    # What only one of them has is no part of the errors.
    poor[:45] += 0.5
    turn = drawn.clip.rotation
    found = {"live": Found(good, 1.0, turn, drawn.clip.focal), "one view": Found(poor, 1.0)}
    scores, share = score_together(found, drawn)
    assert scores["live"]["mpjpe_mm"] == pytest.approx(0, abs=1e-9)
    assert scores["one view"]["root_relative_mm"] == pytest.approx(10 * 20 / 21)
    assert scores["live"]["coverage"] == pytest.approx(15 / 31)
    assert scores["one view"]["coverage"] == 1
    assert share == pytest.approx(15 / 31)
    assert scores["live"]["camera_known"] == 1
    assert scores["live"]["rotation_error_deg"] == pytest.approx(0, abs=1e-4)
    assert "camera_known" not in scores["one view"]


def test_a_clip_in_which_nothing_is_found_has_no_errors_but_a_coverage(drawn) -> None:
    nothing = np.full_like(drawn.clip.keypoints_m, np.nan)
    scores, share = score_together({"live": Found(nothing, 1.0)}, drawn)
    assert np.isnan(scores["live"]["pa_mpjpe_mm"])
    assert scores["live"]["coverage"] == share == 0
    assert scores["live"]["camera_known"] == 0


def test_drawn_clips_are_measured_and_every_third_hides_hands(drawn, monkeypatch) -> None:
    asked: list[tuple[int, bool]] = []

    def draw(seed: int, _nets, *, seconds: float, hiding: bool) -> DrawnClip:
        asked.append((seed, hiding))
        return drawn

    monkeypatch.setattr(rendered, "draw_clip", draw)
    steps: list[tuple[int, int]] = []
    results = measure_rendered(
        load_nets("cpu"),
        clips=3,
        seconds=2.0,
        methods=("one view", "calibrated triangulation"),
        on_progress=lambda *step: steps.append(step),
    )
    assert asked == [(1000, False), (1001, False), (1002, True)]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert results["seen"]["found"]["mean"] == 1
    exact = results["methods"]["calibrated triangulation"]
    assert exact["mpjpe_mm"]["median"] < 0.1 < results["methods"]["one view"]["mpjpe_mm"]["median"]
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def run(*arguments: str):
    return CliRunner().invoke(app, ["bench", "fusion", *arguments])


def test_the_verb_draws_and_tells_what_the_nets_found(drawn, monkeypatch) -> None:
    quick = partial(measure_rendered, methods=("one view", "calibrated triangulation"))
    monkeypatch.setattr(rendered, "draw_clip", lambda *_, **__: drawn)
    monkeypatch.setattr(rendered, "measure_rendered", quick)
    done = run("--rendered", "--clips", "1", "--seconds", "2")
    assert done.exit_code == 0, done.output
    for word in ("one view", "PA-MPJPE", "found 100.0%"):
        assert word in done.stderr
    done = run("--rendered", "--clips", "1", "--seconds", "2", "--json")
    assert json.loads(done.stdout)["seen"]["wrong_side"]["mean"] == 0


def test_drawn_clips_take_no_noise() -> None:
    done = run("--rendered", "--noise", "0.5")
    assert done.exit_code == 2
    assert "--noise" in done.output
