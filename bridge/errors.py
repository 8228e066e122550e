"""Every error GhostHands raises on purpose.

::

    GhostHandsError
    ├── InputError            a file, device, argument or setting that cannot be used (exit code 2)
    │   ├── VideoError        not a readable video
    │   └── RecordingError    not a readable recording
    ├── MissingDependencyError  an optional package is not installed
    ├── ModelError            a model file is missing, damaged or of another version
    ├── StreamError           a peer's media or session description cannot be used
    ├── ConnectionFailedError a bridge could not be reached, or ended the connection
    ├── PlaybackRefusedError  a bridge does not do what its player of recordings was told
    ├── TimedOutError         nothing came in the time given; also a ``TimeoutError``
    └── ProtocolError         bytes or messages that break the wire protocol (has ``code``)

Messages say what was wrong, where, and what to do about it: they are shown to users as they are.
"""

from __future__ import annotations

__all__ = [
    "ConnectionFailedError",
    "GhostHandsError",
    "InputError",
    "MissingDependencyError",
    "ModelError",
    "PlaybackRefusedError",
    "ProtocolError",
    "RecordingError",
    "StreamError",
    "TimedOutError",
    "VideoError",
]


class GhostHandsError(Exception):
    """Base of all errors that GhostHands raises on purpose."""


class InputError(GhostHandsError):
    """A file, device, argument or setting cannot be used; the command line exits with 2."""


class VideoError(InputError):
    """A file or device is not a readable video."""


class RecordingError(InputError):
    """A file is not a readable recording."""


class MissingDependencyError(GhostHandsError):
    """An optional package is not installed; the message has the line that installs it."""


class ModelError(GhostHandsError):
    """A model file is missing, damaged or of another version."""


class StreamError(GhostHandsError):
    """A peer's media or session description cannot be used."""


class ConnectionFailedError(GhostHandsError):
    """A bridge could not be reached, or ended the connection."""


class PlaybackRefusedError(GhostHandsError):
    """A bridge does not do what its player of recordings was told; the message has its reason."""


class TimedOutError(GhostHandsError, TimeoutError):
    """Nothing came in the time that was given for it; what was waited for may still come."""


class ProtocolError(GhostHandsError):
    """Bytes or messages break the wire protocol.

    Attributes:
        code: The protocol's error code, as sent in an ``error`` message (SPEC.md, "Errors").
    """

    def __init__(self, message: str, *, code: str = "malformed") -> None:
        super().__init__(message)
        self.code = code
