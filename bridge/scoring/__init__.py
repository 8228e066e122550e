"""Live scores: how far the learners in a room are from the lesson that is played there."""

from __future__ import annotations

from collections.abc import Callable

from bridge.config import Settings
from bridge.playback import Library
from bridge.protocol import Score
from bridge.scoring.following import FollowingScorer
from bridge.scoring.room_scores import RoomScores, Scorer

__all__ = ["FollowingScorer", "RoomScores", "Scorer", "scores_of"]


def scores_of(
    room: str, settings: Settings, send: Callable[[Score], None], on_dropped: Callable[[], None]
) -> RoomScores:
    """The scores of a room.

    Args:
        room: The room's name.
        settings: The bridge's settings: whether rooms play recordings, and how many are scored.
        send: Takes each score.
        on_dropped: Called for hands that were dropped.
    """
    lessons = settings.lessons
    if lessons is None:
        return RoomScores(room, _nothing, send, most=0)
    library = Library(lessons)

    def open_lesson(name: str) -> Callable[[], Scorer]:
        from sdk_python.recording import Recording  # with what reads files

        library.open(name).close()  # it has limits to what a file may hold
        return FollowingScorer(Recording.open(library.path(name))).another

    most = settings.max_scored_learners
    return RoomScores(room, open_lesson, send, most=most, on_dropped=on_dropped)


def _nothing(name: str) -> Callable[[], Scorer]:
    raise LookupError(name)
