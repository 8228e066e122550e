"""Why a publisher is refused, each reason with its HTTP status.

::

    StreamError
    └── WhipError             refused over HTTP (has ``status``)
        ├── BadOfferError     400  not a session description, or one that cannot work
        │   └── TooManyCandidatesError
        ├── TokenError        401  the bearer token is missing or wrong
        ├── ForbiddenError    403  the token is right, but not for this
        ├── UnknownError      404  no such room or session
        ├── StaleError        412  If-Match is not the session's ETag
        ├── TooLargeError     413  the body is larger than any honest one
        ├── WrongTypeError    415  the body is of another type
        ├── UnsupportedError  422  well-formed, but nothing the bridge can do
        ├── NoMatchError      428  If-Match is missing
        └── FullError         503  no place left; come back later
"""

from __future__ import annotations

from typing import ClassVar

from bridge.errors import StreamError

__all__ = [
    "BadOfferError",
    "ForbiddenError",
    "FullError",
    "NoMatchError",
    "StaleError",
    "TokenError",
    "TooLargeError",
    "TooManyCandidatesError",
    "UnknownError",
    "UnsupportedError",
    "WhipError",
    "WrongTypeError",
]


class WhipError(StreamError):
    """A WHIP request is refused (RFC 9725 section 4).

    Attributes:
        status: HTTP status of the response; its body is the message.
        limit: The limit of the endpoint that was met, if one was.
    """

    status: ClassVar[int] = 400
    limit: ClassVar[str | None] = None


class BadOfferError(WhipError):
    """A body is not the session description it should be."""


class TooManyCandidatesError(BadOfferError):
    """More ICE candidates than any honest publisher has."""

    limit = "max_ice_candidates"


class TokenError(WhipError):
    """The bearer token is missing or wrong."""

    status = 401


class ForbiddenError(WhipError):
    """The bearer token does not allow this."""

    status = 403


class UnknownError(WhipError):
    """There is no such room or session."""

    status = 404


class StaleError(WhipError):
    """If-Match is not the session's ETag."""

    status = 412


class TooLargeError(WhipError):
    """The body is larger than any honest one."""

    status = 413
    limit = "max_sdp_bytes"


class WrongTypeError(WhipError):
    """The body is of another type than this request takes."""

    status = 415


class NoMatchError(WhipError):
    """If-Match is missing."""

    status = 428


class UnsupportedError(WhipError):
    """A well-formed request for what the bridge cannot do."""

    status = 422


class FullError(WhipError):
    """The room or the bridge has no place left."""

    status = 503
