"""A lesson that waits for its learners."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bridge.errors import InputError
from sdk_python.control import position_s
from sdk_python.learner import LiveScore
from sdk_python.live import PoseStream

__all__ = ["wait_mode"]

_GONE_NS = 2_000_000_000
"""A learner who was not scored for so long is not waited for."""


async def wait_mode(
    poses: PoseStream,
    *,
    learner: str | None = None,
    behind_s: float = 1.0,
    caught_up_s: float = 0.25,
) -> AsyncIterator[LiveScore]:
    """Pauses the room's recording when a learner falls behind, and plays it when they are there.

    Runs for as long as its scores are taken, in any one program that may control the room. What
    others pause it does not play::

        async for score in sdk.wait_mode(poses):
            print(score.learner, score.position_s)

    Args:
        poses: A stream of the room; its ``scores`` are taken here, and handed on.
        learner: Whom to wait for; None: everyone who is scored.
        behind_s: How far behind the recording a learner may be, seconds of the recording.
        caught_up_s: It plays again once nobody is farther behind than this.

    Yields:
        Each score, after what follows from it was done.

    Raises:
        InputError: The two times contradict each other.
        PlaybackRefusedError: The bridge does not pause or play for this program.
        ConnectionFailedError: The connection is lost for good.
    """
    if not 0 <= caught_up_s < behind_s:
        raise InputError(
            f"caught_up_s must be 0 or more and less than behind_s: {caught_up_s}, {behind_s}"
        )
    behind: dict[str, tuple[int, float]] = {}
    waits = False
    async for score in poses.scores:
        state = poses.playback
        if state is not None and state.recording is not None and learner in (None, score.learner):
            if score.position_s is not None:
                lag_s = position_s(state, score.time_ns) - score.position_s
                behind[score.learner] = score.time_ns, lag_s
            lags_s = [lag for at, lag in behind.values() if score.time_ns - at < _GONE_NS]
            waits = waits and not state.playing
            if state.playing and max(lags_s, default=0.0) > behind_s:
                await poses.control.pause()
                waits = True
            elif waits and max(lags_s, default=0.0) <= caught_up_s:
                await poses.control.play()
                waits = False
        yield score
