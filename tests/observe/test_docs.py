"""The table of metrics in docs/running.md is that of the bridge."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.model.fusion import HandSpaceFuser
from bridge.observe import STAGES, Metrics, RoomMeter, ViewState
from bridge.streams.synchroniser import ViewCount
from bridge.top.reading import parse_metrics

TEXT = (Path(__file__).parents[2] / "docs/running.md").read_text()
METRIC = re.compile(r"^\| `(ghosthands_\w+?)(?:\{\w+\})?` \|", re.MULTILINE)


def test_every_metric_is_in_the_table_and_the_other_way_round() -> None:
    metrics = Metrics()
    meter = RoomMeter("lesson", metrics)
    metrics.counters.add("connections", outcome="bye")
    metrics.counters.add("recording_failures", room="lesson")
    for stage in STAGES:
        metrics.observe("lesson", stage, 0.1)
    state = meter.read(
        views=[ViewState("phone", True, 30.0, 1)],
        counts=[(ViewCount(), 0)],
        clients=[],
        watchers=0,
        playing=False,
        recording=False,
        recorder_dropped=0,
        fuser=HandSpaceFuser(),
    )
    metrics.show_rooms(lambda: [state])
    shown = {
        re.sub(r"_(bucket|count|sum|created)$", "", name)
        for name in parse_metrics(metrics.text().decode())
        if name.startswith("ghosthands_")
    }
    told = set(METRIC.findall(TEXT)) - {"ghosthands_self_calibration_error"}  # none known here
    assert told == shown


def test_every_stage_and_drop_is_explained() -> None:
    for stage in STAGES:
        assert f"`{stage}`" in TEXT
    for reason in ("lost", "overtaken", "unmatched", "overflow", "left"):
        assert f"| `view_{reason}` |" in TEXT
