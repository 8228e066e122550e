"""The transport clock: every command from every state, and any sequence of them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InputError
from bridge.playback import MAX_RATE, MIN_LOOP_S, MIN_RATE, Playhead

S = 1_000_000_000
START = 5 * S


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * S)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def head(clock: Clock) -> Playhead:
    return Playhead(10 * S, clock_ns=clock)


def test_it_begins_paused_at_zero(head: Playhead, clock: Clock) -> None:
    clock.wait(3)
    assert (head.position_ns, head.playing, head.rate, head.loop_ns) == (0, False, 1.0, None)
    assert head.due_ns(S) is None


@pytest.mark.parametrize("rate", [0.25, 0.5, 1.0, 1.5, 2.0])
def test_it_moves_with_the_clock_times_the_rate(head: Playhead, clock: Clock, rate: float) -> None:
    head.set_rate(rate)
    head.play()
    clock.wait(3)
    assert head.position_ns == round(3 * S * rate)


def test_a_change_of_rate_does_not_move_it(head: Playhead, clock: Clock) -> None:
    head.play()
    clock.wait(2)
    for rate, expected in ((2.0, 2 * S), (0.25, 4 * S), (1.0, 4.25 * S)):
        assert head.position_ns == expected
        head.set_rate(rate)
        assert head.position_ns == expected
        clock.wait(1)
    assert head.jumps == 0


def test_pause_holds_and_play_goes_on_there(head: Playhead, clock: Clock) -> None:
    head.play()
    clock.wait(2)
    head.pause()
    clock.wait(100)
    assert (head.position_ns, head.playing) == (2 * S, False)
    head.play()
    clock.wait(1)
    assert head.position_ns == 3 * S


def test_play_while_playing_changes_nothing(head: Playhead, clock: Clock) -> None:
    head.play()
    clock.wait(2)
    head.play()
    clock.wait(1)
    assert (head.position_ns, head.jumps) == (3 * S, 0)


@pytest.mark.parametrize("playing", [False, True])
def test_seek(head: Playhead, clock: Clock, playing: bool) -> None:
    if playing:
        head.play()
    clock.wait(1)
    head.seek(7 * S)
    assert (head.position_ns, head.playing, head.jumps) == (7 * S, playing, 1)
    clock.wait(1)
    assert head.position_ns == (8 * S if playing else 7 * S)


@pytest.mark.parametrize("position", [-1, 10 * S + 1, 10**18])
def test_a_bad_seek_changes_nothing(head: Playhead, clock: Clock, position: int) -> None:
    head.play()
    clock.wait(2)
    with pytest.raises(InputError, match=r"lasts 10\.000 s"):
        head.seek(position)
    assert (head.position_ns, head.playing, head.jumps) == (2 * S, True, 0)


@pytest.mark.parametrize("rate", [0.0, 0.249, 2.001, -1.0, float("nan"), float("inf")])
def test_a_bad_rate_changes_nothing(head: Playhead, clock: Clock, rate: float) -> None:
    with pytest.raises(InputError, match=r"from 0\.25 to 2"):
        head.set_rate(rate)
    assert head.rate == 1.0


def test_it_stops_at_the_end_and_play_begins_again(head: Playhead, clock: Clock) -> None:
    head.seek(9 * S)
    head.play()
    assert head.due_ns(20 * S) == clock.now + S
    clock.wait(50)
    assert (head.position_ns, head.playing, head.jumps) == (10 * S, False, 1)
    assert head.due_ns(10 * S) is None
    head.play()
    assert (head.position_ns, head.playing, head.jumps) == (0, True, 2)


def test_the_loop_goes_round(head: Playhead, clock: Clock) -> None:
    head.set_loop((2 * S, 5 * S))
    head.play()
    clock.wait(4.999)
    assert (head.position_ns, head.jumps) == (round(4.999 * S), 0)
    clock.wait(0.001)
    assert (head.position_ns, head.jumps) == (2 * S, 1)
    clock.wait(7)  # two laps and a second
    assert (head.position_ns, head.playing) == (3 * S, True)
    assert head.jumps == 2  # what was not looked at is not counted
    assert head.due_ns(9 * S) == clock.now + 2 * S  # the loop's end comes before


def test_ending_the_loop_plays_on(head: Playhead, clock: Clock) -> None:
    head.set_loop((2 * S, 5 * S))
    head.play()
    clock.wait(6)
    assert head.position_ns == 3 * S
    head.set_loop(None)
    assert head.position_ns == 3 * S
    clock.wait(4)
    assert head.position_ns == 7 * S


def test_a_loop_that_ends_behind_the_head_takes_it_in(head: Playhead, clock: Clock) -> None:
    head.play()
    clock.wait(5)
    head.set_loop((2 * S, 5 * S))
    assert (head.position_ns, head.jumps) == (2 * S, 1)


def test_past_the_loop_it_plays_to_the_end(head: Playhead, clock: Clock) -> None:
    head.set_loop((2 * S, 5 * S))
    head.seek(6 * S)
    head.play()
    clock.wait(3)
    assert head.position_ns == 9 * S
    clock.wait(3)
    assert (head.position_ns, head.playing) == (10 * S, False)
    head.play()
    assert head.position_ns == 2 * S


def test_a_loop_of_everything_never_stops(head: Playhead, clock: Clock) -> None:
    head.set_loop((0, 10 * S))
    head.play()
    clock.wait(25)
    assert (head.position_ns, head.playing) == (5 * S, True)
    head.seek(10 * S)
    assert (head.position_ns, head.playing) == (0, True)


@pytest.mark.parametrize(
    "loop", [(0, 11 * S), (-1, S), (5 * S, 5 * S), (5 * S, 4 * S), (0, S // 100)]
)
def test_a_bad_loop_changes_nothing(head: Playhead, loop: tuple[int, int]) -> None:
    head.set_loop((0, S))
    with pytest.raises(InputError):
        head.set_loop(loop)
    assert head.loop_ns == (0, S)


def test_a_recording_of_one_pose(clock: Clock) -> None:
    head = Playhead(0, clock_ns=clock)
    head.play()
    clock.wait(1)
    assert (head.position_ns, head.playing) == (0, False)
    head.play()
    assert (head.position_ns, head.playing, head.jumps) == (0, False, 0)
    with pytest.raises(InputError, match="a loop must last"):
        head.set_loop((0, 0))


def test_when_it_was_where(head: Playhead, clock: Clock) -> None:
    head.set_rate(0.5)
    head.play()
    clock.wait(4)
    assert head.position_ns == 2 * S
    assert head.passed_ns(S) == START + 2 * S
    head.seek(5 * S)
    assert head.passed_ns(S) == clock.now  # before its last change there is no telling


times = st.integers(0, 12 * S)
steps = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 30 * S)),
    st.tuples(st.just("play"), st.none()),
    st.tuples(st.just("pause"), st.none()),
    st.tuples(st.just("seek"), times),
    st.tuples(st.just("rate"), st.floats(MIN_RATE, MAX_RATE)),
    st.tuples(st.just("loop"), st.none() | st.tuples(times, times)),
)


class Model:
    """The same in exact fractions, moved on at each step instead of by a line."""

    def __init__(self, duration: int) -> None:
        self.duration, self.position = duration, Fraction(0)
        self.playing, self.rate, self.loop = False, Fraction(1), None
        self.past = False  # the position was set past the loop's end

    def wait(self, ns: int) -> None:
        if not self.playing:
            return
        position = self.position + ns * self.rate
        if self.loop is not None and not self.past:
            begin, end = self.loop
            if position >= end:
                position = begin + (position - end) % (end - begin)
        elif position >= self.duration:
            position, self.playing = Fraction(self.duration), False
        self.place(position)

    def place(self, position) -> None:
        self.position = Fraction(position)
        end = self.duration if self.loop is None else self.loop[1]
        self.past = self.loop is not None and self.position >= end and end != self.duration

    def do(self, what: str, value) -> None:
        match what:
            case "wait":
                self.wait(value)
            case "play" if not self.playing:
                if self.position >= self.duration:
                    self.place(self.loop[0] if self.loop else 0)
                self.playing = True
                self.wait(0)
            case "pause":
                self.playing = False
            case "seek" if value <= self.duration:
                self.place(value)
                self.wait(0)
            case "rate":
                self.rate = Fraction(value)
            case "loop" if value is None:
                self.loop = None
                self.wait(0)
            case "loop" if value[1] <= self.duration and value[1] - value[0] >= MIN_LOOP_S * S:
                self.loop = value
                self.place(value[0] if self.position >= value[1] else self.position)


@given(st.integers(S, 10 * S), st.lists(steps, max_size=30))
def test_any_commands_in_any_order(duration: int, commands: list) -> None:
    clock = Clock()
    head, model = Playhead(duration, clock_ns=clock), Model(duration)
    for count, (what, value) in enumerate(commands, start=1):
        before, jumps, moved = head.position_ns, head.jumps, clock.now
        try:
            match what:
                case "wait":
                    clock.now += value
                case "play":
                    head.play()
                case "pause":
                    head.pause()
                case "seek":
                    head.seek(value)
                case "rate":
                    head.set_rate(value)
                case "loop":
                    head.set_loop(value)
        except InputError:
            assert head.position_ns == before
        model.do(what, value)
        assert 0 <= head.position_ns <= duration
        # A nanosecond for each line that was begun; at a turn that is a whole lap.
        apart = abs(head.position_ns - model.position)
        lap = duration if model.loop is None else model.loop[1] - model.loop[0]
        assert min(apart, abs(apart - lap)) <= 2 * count
        if head.playing != model.playing:  # a nanosecond before the end, or at it
            assert duration - min(head.position_ns, model.position) <= 2 * count
            return
        if apart > 2 * count:
            return
        # Only a jump moves it at once, and between jumps it is as far as the clock went.
        if head.jumps == jumps and clock.now == moved:
            assert head.position_ns == before


@given(
    st.integers(S, 10 * S),
    st.floats(MIN_RATE, MAX_RATE),
    times,
    times,
    st.none() | st.tuples(times, times),
)
def test_at_the_due_time_it_is_there_and_not_before(
    duration: int, rate: float, start: int, goal: int, loop: tuple[int, int] | None
) -> None:
    clock = Clock()
    head = Playhead(duration, clock_ns=clock)
    head.set_rate(rate)
    if loop is not None and loop[1] <= duration and loop[1] - loop[0] >= MIN_LOOP_S * S:
        head.set_loop(loop)
    head.seek(start % duration)
    head.play()
    jumps, position = head.jumps, head.position_ns
    due = head.due_ns(goal)
    assert due is not None
    assert due >= clock.now
    if due > clock.now + 4:
        clock.now = due - 4
        assert head.position_ns < goal
        assert (head.jumps, head.playing) == (jumps, True)
    clock.now = due
    there = head.position_ns >= goal
    assert there or head.jumps > jumps or not head.playing
    if head.jumps == jumps and head.playing and goal > position:
        assert abs(head.passed_ns(goal) - due) <= 4
