"""What ``/metrics`` shows: one registry each, counts that outlive those who left."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.counters import Counters
from bridge.model.fusion import HandSpaceFuser, SelfCalFuser
from bridge.observe import Metrics, RoomMeter, RoomState, ViewState
from bridge.streams import FrameSet, ViewCount
from bridge.top.overview import quantile
from bridge.top.reading import parse_metrics


def values(metrics: Metrics) -> dict[str, float]:
    """Samples by name and labels, as ``name{a,b}`` with the labels' values in sorted order."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(value for _, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@dataclass
class Client:
    sent_bytes: int = 0
    dropped: int = 0
    full_s: float = 0.0
    oldest_s: float = 0.0


def read(meter: RoomMeter, **known: object) -> RoomState:
    defaults = {
        "views": (),
        "counts": (),
        "clients": (),
        "watchers": 0,
        "playing": False,
        "recording": False,
        "recorder_dropped": 0,
        "fuser": HandSpaceFuser(),
    }
    return meter.read(**defaults | known)


def test_counts_only_rise() -> None:
    counters = Counters()
    counters.add("refused", reason="expired")
    counters.add("refused", 2, reason="expired")
    counters.add("refused", 0, reason="tampered")
    assert counters.snapshot() == {
        ("refused", (("reason", "expired"),)): 3,
        ("refused", (("reason", "tampered"),)): 0,
    }
    with pytest.raises(ValueError, match="only rises"):
        counters.add("refused", -1, reason="expired")


def test_events_are_shown_with_their_labels() -> None:
    metrics, other = Metrics(), Metrics()
    metrics.counters.add("connections", outcome="bye")
    metrics.counters.add("connections", 4, outcome="too_slow")
    shown = values(metrics)
    assert shown["ghosthands_connections_total{bye}"] == 1
    assert shown["ghosthands_connections_total{too_slow}"] == 4
    assert "ghosthands_connections_total{bye}" not in values(other)


def test_stages_are_histograms_and_a_clocks_error_is_no_latency() -> None:
    metrics = Metrics()
    for seconds in (0.018, 0.018, 7.0, -0.002):
        metrics.observe("lesson", "reconstruct", seconds)
    shown = values(metrics)
    assert shown["ghosthands_stage_seconds_count{lesson,reconstruct}"] == 4
    assert shown["ghosthands_stage_seconds_bucket{0.02,lesson,reconstruct}"] == 3
    assert shown["ghosthands_stage_seconds_bucket{5.0,lesson,reconstruct}"] == 3
    assert shown["ghosthands_stage_seconds_bucket{+Inf,lesson,reconstruct}"] == 4
    assert shown["ghosthands_stage_seconds_sum{lesson,reconstruct}"] == pytest.approx(7.036)


def test_a_room_is_read_when_asked() -> None:
    metrics, meter = Metrics(), RoomMeter("lesson", Metrics())
    clients = [Client(1000, 3, 1.5, 0.25), Client(10, 1, 0.0, 0.5)]
    known = {
        "views": [ViewState("phone", True, 29.97, 2)],
        "clients": clients,
        "watchers": 2,
        "recording": True,
    }
    metrics.show_rooms(lambda: [read(meter, **known)])
    shown = values(metrics)
    assert shown["ghosthands_watchers{lesson}"] == 2
    assert shown["ghosthands_sent_bytes_total{lesson}"] == 1010
    assert shown["ghosthands_dropped_total{watcher_window,lesson}"] == 4
    assert shown["ghosthands_window_full_seconds_total{lesson}"] == 1.5
    assert shown["ghosthands_oldest_unacknowledged_seconds{lesson}"] == 0.5
    assert shown["ghosthands_view_rate_hertz{lesson,phone}"] == 29.97
    assert shown["ghosthands_view_hands{lesson,phone}"] == 2
    assert shown["ghosthands_recording{lesson}"] == 1
    assert shown["ghosthands_playing{lesson}"] == 0
    assert shown["ghosthands_self_calibration{lesson,none}"] == 1
    assert shown["ghosthands_self_calibration{lesson,known}"] == 0
    assert "ghosthands_self_calibration_error{lesson}" not in shown
    meter.failures += 1
    assert values(metrics)["ghosthands_failures_total{lesson}"] == 1


def test_what_was_counted_stays_when_its_owner_leaves() -> None:
    meter = RoomMeter("lesson", Metrics())
    meter.client_left(Client(500, 7, 2.0, 9.0))
    count = ViewCount(received=9, used=4, dropped=Counter({"overtaken": 5}))
    meter.view_left(count, skipped=2)
    meter.recording_ended(dropped=3)
    meter.played_dropped()
    state = read(meter, clients=[Client(1, 1, 0.5, 0.0)], counts=[(count, 1)], recorder_dropped=1)
    assert state.sent_bytes == 501
    assert state.window_full_s == 2.5
    assert state.oldest_unacknowledged_s == 0
    assert state.dropped == {
        "watcher_window": 8,
        "recorder": 4,
        "player": 1,
        "view_overtaken": 10,
        "view_lost": 3,
    }


def test_stage_times_of_a_frame_set() -> None:
    metrics = Metrics()
    meter = RoomMeter("lesson", metrics)
    ms = 1_000_000
    meter.begin(FrameSet(100 * ms, ()), 112 * ms)
    meter.reconstructed(21 * ms)
    meter.published(100 * ms, 133 * ms, 134 * ms)
    shown = values(metrics)
    for stage, seconds in {
        "wait": 0.012,
        "reconstruct": 0.021,
        "publish": 0.001,
        "capture_to_packet": 0.034,
    }.items():
        assert shown[f"ghosthands_stage_seconds_sum{{lesson,{stage}}}"] == pytest.approx(seconds)
    assert (meter.frame_sets, meter.poses) == (1, 1)


def test_a_fuser_that_has_just_begun_knows_no_camera() -> None:
    state = read(RoomMeter("lesson", Metrics()), fuser=SelfCalFuser())
    assert (state.calibration, state.cameras_known, state.calibration_error) == ("none", 0, None)


def test_quantiles_are_those_of_prometheus() -> None:
    bounds = [1.0, 2.0, 4.0, math.inf]
    assert quantile(0.5, bounds, [0, 10, 10, 10]) == pytest.approx(1.5)
    assert quantile(0.95, bounds, [0, 0, 20, 20]) == pytest.approx(3.9)
    assert quantile(0.95, bounds, [0, 0, 0, 20]) == 4.0
    assert quantile(0.25, bounds, [4, 4, 4, 4]) == pytest.approx(0.25)
    assert math.isnan(quantile(0.5, bounds, [0, 0, 0, 0]))


def test_process_metrics_are_the_usual_ones() -> None:
    samples = parse_metrics(Metrics().text().decode())
    assert samples["process_resident_memory_bytes"][frozenset()] > 1e6
    assert samples["process_cpu_seconds_total"][frozenset()] > 0
