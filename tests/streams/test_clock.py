"""Capture times against a simulated sender whose clocks, drift and delays are known."""

from __future__ import annotations

import itertools
import random

import pytest

from bridge.streams.clock import CaptureClock, MinimumDelay, RtpToWall, Unwrapper

MS = 1_000_000
SECOND = 1_000_000_000
PHONE_EPOCH = 1_760_000_000 * SECOND


class Phone:
    """A sender: its wall clock is ``offset`` ahead and drifts; its RTP clock starts anywhere."""

    def __init__(self, *, drift: float = 0.0, rtp_origin: int = 2**32 - 90_000, seed: int = 1):
        self.rng = random.Random(seed)
        self.drift = drift
        self.rtp_origin = rtp_origin

    def wall_ns(self, bridge_ns: int) -> int:
        return PHONE_EPOCH + round(bridge_ns * (1 + self.drift))

    def rtp(self, bridge_ns: int) -> int:
        return (self.rtp_origin + round(bridge_ns * (1 + self.drift) * 9 / 100_000)) % 2**32

    def delay_ns(self) -> int:
        """25 ms and one-sided jitter, mean 8 ms."""
        return 25 * MS + round(self.rng.expovariate(1 / (8 * MS)))

    def ping(self, clock: CaptureClock, bridge_ns: int) -> None:
        out, back = 2 * MS + round(self.rng.expovariate(1 / MS)), 2 * MS
        t1 = self.wall_ns(bridge_ns + out)
        clock.add_ping(bridge_ns, t1, t1, bridge_ns + out + back)


def run(clock, phone, *, seconds, source=None, noise_ns=0):
    """Errors of the stamps, nanoseconds, of 30 frames per second."""
    errors = []
    for index in range(seconds * 30):
        captured = index * SECOND // 30
        if source and index % 15 == 0:
            phone.ping(clock, captured)
            wall = phone.wall_ns(captured) + round(phone.rng.gauss(0, noise_ns))
            (clock.add_capture if source == "capture" else clock.add_sender_report)(
                phone.rtp(captured), wall
            )
        stamp = clock.stamp(phone.rtp(captured), captured + phone.delay_ns())
        errors.append(stamp - captured)
    return errors


def test_capture_messages_give_the_capture_time_through_drift_and_wrap_around():
    clock = CaptureClock()
    errors = run(clock, Phone(drift=40e-6), seconds=120, source="capture")
    assert clock.source == "capture"
    # Half the asymmetry of the fastest ping, and 40 ppm since it, is what remains.
    assert max(map(abs, errors[60:])) < 2.5 * MS


def test_noisy_sender_reports_give_better_than_their_noise():
    clock = CaptureClock()
    errors = run(clock, Phone(), seconds=60, source="sender_report", noise_ns=300_000)
    assert clock.source == "sender_report"
    assert max(map(abs, errors[300:])) < 1 * MS


def test_capture_messages_win_over_sender_reports():
    clock, phone = CaptureClock(), Phone()
    phone.ping(clock, 0)
    clock.add_sender_report(phone.rtp(0), phone.wall_ns(10 * MS))
    clock.add_capture(phone.rtp(0), phone.wall_ns(0))
    assert clock.stamp(phone.rtp(0), 30 * MS) == pytest.approx(0, abs=0.7 * MS)
    assert clock.source == "capture"


def test_without_pings_arrival_less_the_smallest_delay_is_free_of_jitter():
    clock = CaptureClock()
    errors = run(clock, Phone(drift=100e-6), seconds=60)
    assert clock.source == "arrival"
    late = errors[60:]
    assert min(late) > 24 * MS
    assert max(late) < 27.5 * MS  # the floor of 25 ms, drift within the window, little else


def test_reports_from_a_foreign_clock_are_not_believed():
    clock, phone = CaptureClock(), Phone()
    phone.ping(clock, 0)
    clock.add_sender_report(phone.rtp(0), phone.wall_ns(0) + 3600 * SECOND)
    assert clock.stamp(phone.rtp(0), 30 * MS) == 30 * MS
    assert clock.source == "arrival"


def test_a_contradictory_ping_is_left_out():
    clock = CaptureClock()
    clock.add_ping(10, 0, 100, 20)
    assert clock.round_trip_ns is None


def test_stamps_rise_strictly_when_a_better_source_appears():
    clock, phone = CaptureClock(), Phone()
    stamps = [clock.stamp(phone.rtp(i * 33 * MS), i * 33 * MS + 90 * MS) for i in range(5)]
    phone.ping(clock, 170 * MS)
    clock.add_capture(phone.rtp(0), phone.wall_ns(0))
    stamps += [clock.stamp(phone.rtp(i * 33 * MS), i * 33 * MS + 90 * MS) for i in range(5, 12)]
    assert clock.source == "capture"
    assert all(a < b for a, b in itertools.pairwise(stamps))
    assert stamps[-1] == pytest.approx(11 * 33 * MS, abs=MS)


def test_a_set_wall_clock_starts_a_new_line():
    line = RtpToWall()
    for second in range(20):
        line.add(90_000 * second, PHONE_EPOCH + second * SECOND)
    line.add(90_000 * 20, PHONE_EPOCH + 3620 * SECOND)
    assert line.wall_ns(90_000 * 21) == PHONE_EPOCH + 3621 * SECOND


def test_the_line_measures_drift_once_its_pairs_span_enough():
    line = RtpToWall()
    for i in range(64):
        line.add(45_000 * i, PHONE_EPOCH + round(i * SECOND / 2 * (1 + 200e-6)))
    ahead_s = 60
    expected = PHONE_EPOCH + round((31.5 + ahead_s) * SECOND * (1 + 200e-6))
    assert line.wall_ns(45_000 * 63 + 90_000 * ahead_s) == pytest.approx(expected, abs=100)


def test_a_few_close_pairs_do_not_tilt_the_line():
    line = RtpToWall()
    line.add(0, PHONE_EPOCH)
    line.add(3000, PHONE_EPOCH + 33_333_333 + 5 * MS)
    assert line.wall_ns(90_000 * 10) - PHONE_EPOCH == pytest.approx(10 * SECOND, abs=3 * MS)


def test_minimum_delay_forgets_what_left_the_window():
    delay = MinimumDelay(window_ns=SECOND)
    delay.add(0, 10 * MS)
    delay.add(SECOND // 2, SECOND // 2 + 20 * MS)
    assert delay.to_local(0) == 10 * MS
    delay.add(2 * SECOND, 2 * SECOND + 30 * MS)
    assert delay.to_local(0) == 30 * MS


def test_unwrapper_goes_both_ways_over_the_edge():
    unwrap = Unwrapper()
    assert [unwrap(v) for v in (2**32 - 10, 5, 2**32 - 5, 20)] == [
        2**32 - 10,
        2**32 + 5,
        2**32 - 5,
        2**32 + 20,
    ]
