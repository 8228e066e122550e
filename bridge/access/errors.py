"""Why somebody is not let in, each reason with its HTTP status and its protocol code.

::

    AccessError
    ├── UnauthorisedError  401  4401  no token, or one that is not valid (any more)
    ├── ForbiddenError     403  4403  a valid token for something else; a foreign web page
    └── RateError          429  4429  too many attempts; has ``retry_after_s``
"""

from __future__ import annotations

from typing import ClassVar

from bridge.errors import GhostHandsError

__all__ = ["AccessError", "ForbiddenError", "RateError", "UnauthorisedError"]


class AccessError(GhostHandsError):
    """Somebody is not let in. The message is for that person, and tells no secret.

    Attributes:
        status: HTTP status.
        code: Error code of the protocol (SPEC.md, "Errors").
        reason: Word for the count ``denied``.
    """

    status: ClassVar[int] = 403
    code: ClassVar[str] = "forbidden"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnauthorisedError(AccessError):
    """There is no token, or it is not valid (any more)."""

    status = 401
    code = "unauthorised"


class ForbiddenError(AccessError):
    """The token is valid, but not for this; or the web page is not one of the bridge's own."""


class RateError(AccessError):
    """Too many attempts.

    Attributes:
        retry_after_s: Whole seconds after which the next attempt is looked at.
    """

    status = 429
    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, reason="attempts")
        self.retry_after_s = retry_after_s
