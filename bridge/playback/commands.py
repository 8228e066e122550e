"""Commands of a room's watchers: who may give them, and what they do to the playhead."""

from __future__ import annotations

from bridge.playback.playhead import Playhead
from bridge.protocol.lesson import PlaybackControl

__all__ = ["apply", "may_control"]


def may_control(policy: str, scope: str | None) -> bool:
    """Whether a client of a room may play recordings there.

    Args:
        policy: The setting ``playback_control``: ``watchers``, ``publishers`` or ``nobody``.
        scope: What the client's token is for; None where the bridge asks for none, so that
            everybody may publish.
    """
    return policy == "watchers" or (policy == "publishers" and scope in (None, "publish"))


def apply(command: PlaybackControl, playhead: Playhead) -> None:
    """Does a command that needs no file: play, pause, seek, rate, loop.

    Raises:
        InputError: It cannot be done; nothing has changed.
    """
    match command:
        case PlaybackControl(command="play"):
            playhead.play()
        case PlaybackControl(command="pause"):
            playhead.pause()
        case PlaybackControl(command="seek", position_s=float(position_s)):
            playhead.seek(_nanoseconds(position_s))
        case PlaybackControl(command="rate", rate=float(rate)):
            playhead.set_rate(rate)
        case PlaybackControl(command="loop", loop_s=loop_s):
            ends = loop_s and (_nanoseconds(loop_s[0]), _nanoseconds(loop_s[1]))
            playhead.set_loop(ends)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
