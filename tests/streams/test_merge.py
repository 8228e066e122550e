"""Frame sets from files: every frame of the fastest leads, whatever the offsets."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bridge.errors import InputError
from bridge.streams import Frame, synchronised

MS = 1_000_000


@dataclass
class File:
    """As much of a video file as merging needs."""

    view: str
    times_ms: list[float]
    fps: float = 30.0
    pulled: int = field(default=0)

    def frames(self):
        for index, time in enumerate(self.times_ms):
            self.pulled += 1
            yield Frame(self.view, round(time * MS), index, None)


def regular(view, count=30, rate=30.0, first_ms=0.0):
    return File(view, [first_ms + i * 1000 / rate for i in range(count)], rate)


def table(sets):
    """[(time, {view: sequence})] of all sets."""
    return [(s.time_ns // MS, {f.view: f.sequence for f in s.frames}) for s in sets]


def test_equal_files_pair_frame_by_frame():
    sets = table(synchronised([regular("a"), regular("b")]))
    assert [views for _, views in sets] == [{"a": i, "b": i} for i in range(30)]
    assert sets[0][0] == 0


def test_an_offset_moves_the_second_file():
    merged = synchronised([regular("a"), regular("b")], offsets_s=[0, 0.2])
    sets = [views for _, views in table(merged)]
    assert sets[:6] == [{"a": i} for i in range(6)]
    assert sets[6] == {"a": 6, "b": 0}
    assert sets[29] == {"a": 29, "b": 23}
    assert sets[30:] == [{"b": i} for i in range(24, 30)]


def test_a_negative_offset_makes_negative_times():
    sets = table(synchronised([regular("a"), regular("b")], offsets_s=[0, -0.1]))
    assert sets[0] == (-100, {"b": 0})
    assert sets[3] == (0, {"a": 0, "b": 3})


def test_half_a_frame_apart_still_pairs_each_frame_once():
    sets = table(synchronised([regular("a"), regular("b", first_ms=17)]))
    assert [views for _, views in sets] == [{"a": i, "b": i} for i in range(30)]


def test_the_fastest_file_leads_and_the_rest_join_where_they_have_frames():
    merged = synchronised([regular("slow", 15, 15.0), regular("fast", 30, 30.0)])
    sets = [views for _, views in table(merged)]
    assert len(sets) == 30
    assert sets[0] == {"slow": 0, "fast": 0}
    assert sum(len(views) == 2 for views in sets) == 15
    assert merged.dropped == {"slow": 0, "fast": 0}


def test_surplus_frames_are_counted():
    merged = synchronised([regular("a"), File("b", [0, 1, 2, 3, 33, 66], 30.0)])
    list(merged)
    assert merged.dropped == {"a": 0, "b": 3}


def test_a_gap_in_the_fastest_file_is_led_by_the_other():
    gap = [*range(0, 500, 20), *range(1500, 2000, 20)]
    sets = table(synchronised([File("fast", gap, 50.0), regular("slow", 60, 30.0)]))
    between = [views for time, views in sets if 540 < time < 1460]
    assert len(between) == pytest.approx(27, abs=2)
    assert all(set(views) == {"slow"} for views in between)
    assert [time for time, _ in sets] == sorted({time for time, _ in sets})


def test_files_are_read_as_far_as_needed_only():
    a, b = regular("a", 10_000), regular("b", 10_000)
    sets = iter(synchronised([a, b]))
    for _ in range(10):
        next(sets)
    assert max(a.pulled, b.pulled) <= 13


def test_what_cannot_be_merged():
    with pytest.raises(InputError, match="at least one"):
        synchronised([])
    with pytest.raises(InputError, match="offsets"):
        synchronised([regular("a")], offsets_s=[0, 1])
    for offset_s in (float("nan"), float("inf"), -float("inf"), 1e300):
        with pytest.raises(InputError, match="an offset is a number of seconds"):
            synchronised([regular("a"), regular("b")], offsets_s=[0, offset_s])
    with pytest.raises(InputError, match="same view"):
        synchronised([regular("a"), regular("a")])
