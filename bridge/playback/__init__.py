"""Playing recordings: random access to long files, a transport clock, and a room's player.

A ``Lesson`` finds any pose of a recording through the file's own index, a ``Playhead`` says where
the playback is, a ``Player`` brings both together: which packets are due now. A room's player
(``RoomPlayback``) takes commands of its watchers; ``ghosthands play`` feeds a room from outside.
"""

from __future__ import annotations

from bridge.playback.commands import may_control
from bridge.playback.controls import PlaybackControls
from bridge.playback.lesson import Lesson, Place
from bridge.playback.library import Library
from bridge.playback.player import Player
from bridge.playback.playhead import MAX_RATE, MIN_LOOP_S, MIN_RATE, Playhead
from bridge.playback.room_playback import RoomPlayback

__all__ = [
    "MAX_RATE",
    "MIN_LOOP_S",
    "MIN_RATE",
    "Lesson",
    "Library",
    "Place",
    "PlaybackControls",
    "Player",
    "Playhead",
    "RoomPlayback",
    "may_control",
]
