"""Offset and drift of recordings of one sound: simulated microphones with exact truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from bridge.errors import InputError
from bridge.streams.audio import Audio
from bridge.streams.audio_offset import audio_offset

RATE = 16_000
WORLD_RATE = 48_000


def bursts(rng, seconds):
    """Noise bursts, as of claps and keys being struck."""
    sound = np.zeros(int(seconds * WORLD_RATE))
    for _ in range(int(3 * seconds)):
        length = int(rng.integers(WORLD_RATE // 50, WORLD_RATE // 8))
        first = int(rng.integers(0, len(sound) - length))
        burst = np.cumsum(rng.normal(size=length))
        fall = np.exp(-np.arange(length) / (0.2 * length))
        sound[first : first + length] += (burst - burst.mean()) / burst.std() * fall
    return sound


def notes(rng, seconds):
    """Decaying harmonic notes with a knock at their beginning: something like a piano."""
    sound = np.zeros(int(seconds * WORLD_RATE))
    t = np.arange(WORLD_RATE // 2) / WORLD_RATE
    for _ in range(int(4 * seconds)):
        hz = 110 * 2 ** (int(rng.integers(0, 36)) / 12)
        note = sum(np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) / k for k in range(1, 5))
        note *= np.exp(-7 * t)
        note[:100] += rng.normal(size=100)
        first = int(rng.integers(0, len(sound) - len(t)))
        sound[first : first + len(t)] += note
    return sound


def heard(
    world, from_s, seconds, *, rng, ppm=0.0, noise=0.0, gain=1.0, start_s=0.0, rate=RATE, echo=0.0
):
    """A device that begins to record at ``from_s``; its clock runs ``ppm`` slow."""
    own = start_s + np.arange(int(seconds * rate)) / rate
    # Devices take out what their sampling rate cannot hold.
    held = sosfiltfilt(butter(8, 0.44 * rate, fs=WORLD_RATE, output="sos"), world)
    curve = CubicSpline(np.arange(len(world)) / WORLD_RATE, held)
    sound = curve(from_s + own * (1 + ppm * 1e-6))
    sound += echo * curve(from_s + own * (1 + ppm * 1e-6) - 0.013)
    sound += noise * sound.std() * rng.normal(size=len(sound))
    return Audio((gain * sound).astype(np.float32), rate, start_s)


@pytest.mark.parametrize("make", [bursts, notes])
@pytest.mark.parametrize("offset_s", [0.0, 1.23456, -1.98765, 6.5])
def test_same_sound_with_noise_and_gain(make, offset_s):
    rng = np.random.default_rng(3)
    world = make(rng, 28)
    first = heard(world, 8, 12, rng=rng, noise=0.5)
    second = heard(world, 8 + offset_s, 12, rng=rng, noise=0.5, gain=0.03, echo=0.4)
    found = audio_offset(first, second)
    assert found.trusted, found.reason
    assert found.offset_s == pytest.approx(offset_s, abs=0.0005)
    assert abs(found.offset_s - offset_s) < 5 * found.spread_s + 1e-4
    assert found.peak_to_noise > 7


@pytest.mark.parametrize("ppm", [0.0, 40.0, -120.0])
def test_drift(ppm):
    rng = np.random.default_rng(4)
    world = notes(rng, 50)
    first = heard(world, 5, 40, rng=rng, noise=0.3)
    second = heard(world, 6.5, 40, rng=rng, noise=0.3, ppm=ppm)
    found = audio_offset(first, second)
    assert found.trusted
    assert found.drift_ppm == pytest.approx(ppm, abs=10)
    assert found.offset_s == pytest.approx(1.5, abs=0.0005)
    # Exchanged, the line is the inverse.
    back = audio_offset(second, first)
    assert back.offset_s + (1 + back.drift_ppm * 1e-6) * 20 == pytest.approx(
        (20 - 1.5) / (1 + ppm * 1e-6), abs=0.0005
    )


@pytest.mark.parametrize("seconds", [3, 9, 25])
def test_lengths_differ_and_sound_begins_late(seconds):
    rng = np.random.default_rng(5)
    world = bursts(rng, 40)
    first = heard(world, 4, 25, rng=rng, noise=0.2, start_s=0.35)
    second = heard(world, 4.8, seconds, rng=rng, noise=0.2, start_s=-0.1)
    for a, b, offset_s in ((first, second, 0.8), (second, first, -0.8)):
        found = audio_offset(a, b)
        assert found.trusted
        assert found.offset_s == pytest.approx(offset_s, abs=0.0005)


def test_hum_of_the_mains_is_not_the_sound():
    rng = np.random.default_rng(6)
    world = notes(rng, 30)
    offset_s = 0.7
    first = heard(world, 5, 15, rng=rng, noise=0.3)
    second = heard(world, 5 + offset_s, 15, rng=rng, noise=0.3)
    for audio, phase in ((first, 0.3), (second, 2.0)):
        t = np.arange(len(audio.samples)) / RATE
        for k in range(1, 6):
            audio.samples[:] += (3 * np.sin(2 * np.pi * 50 * k * t + phase)).astype(np.float32)
    found = audio_offset(first, second)
    assert found.trusted
    assert found.offset_s == pytest.approx(offset_s, abs=0.001)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", [bursts, notes])
def test_unrelated_sounds_are_refused(make, seed):
    rng = np.random.default_rng(100 + seed)
    first = heard(make(rng, 16), 1, 12, rng=rng, noise=0.1)
    second = heard(make(rng, 16), 1, 12, rng=rng, noise=0.1)
    assert not audio_offset(first, second).trusted


def test_noise_alone_hum_alone_and_silence_are_refused():
    rng = np.random.default_rng(8)
    t = np.arange(10 * RATE) / RATE
    speech = heard(bursts(rng, 12), 1, 10, rng=rng)
    for samples in (
        rng.normal(size=len(t)),
        np.sin(2 * np.pi * 50 * t),
        np.zeros(len(t)),
        np.full(len(t), 0.5),
        np.zeros(0),
    ):
        other = Audio(samples.astype(np.float32), RATE, 0.0)
        assert not audio_offset(speech, other).trusted
        assert not audio_offset(other, speech).trusted
        assert not audio_offset(other, other).trusted or samples.any()


def test_an_offset_out_of_reach_is_refused():
    rng = np.random.default_rng(9)
    world = bursts(rng, 30)
    first, second = (heard(world, at, 12, rng=rng, noise=0.1) for at in (2, 7))
    assert not audio_offset(first, second, max_offset_s=2.0).trusted
    assert audio_offset(first, second, max_offset_s=6.0).trusted


def test_arguments():
    one = Audio(np.ones(100, np.float32), 16_000, 0.0)
    with pytest.raises(InputError, match="one rate"):
        audio_offset(one, Audio(one.samples, 8000, 0.0))
    with pytest.raises(InputError, match="largest offset"):
        audio_offset(one, one, max_offset_s=0)
