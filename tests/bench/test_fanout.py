"""The fan-out benchmarks measure what they say: real servers, real watchers, for a second."""

from __future__ import annotations

from bridge.bench.fanout import measure_fanout
from bridge.bench.hostile import _slope, measure_hostile


def test_a_bridge_and_a_bare_loop_serve_the_same_watchers():
    results = measure_fanout(subscribers=3, seconds=1.0, rate_hz=20.0)
    assert results["bytes_a_pose"] <= 160
    for name in ("bridge", "websockets"):
        found = results[name]
        assert 0.5 < found["delivered_share"] <= 1.5
        assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p99"]
        assert found["server_cpu_cores"] > 0
    assert results["delivered_a_second_ratio"] > 0


def test_hostile_clients_do_not_end_the_service():
    results = measure_hostile(subscribers=3, seconds=2.0, rate_hz=20.0, rounds=1)
    assert results["troubled"][0]["delivered_share"] > 0.5
    assert results["p99_ms"]["ratio"] > 0
    assert results["memory_mb"]["at_the_end"] > 0


def test_memory_that_grows_is_seen():
    assert _slope([230.0] * 100) == 0
    assert _slope([230 + 1.5 * k / 60 for k in range(100)]) == 1.5
