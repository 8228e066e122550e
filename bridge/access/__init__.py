"""Who may enter a room, and how much anyone may ask of the bridge.

====================  ==========================================================================
file                  concept
====================  ==========================================================================
``tokens``            signed, expiring tokens for one room and one scope: pure functions
``codes``             short join codes that people type: pure functions
``keyring``           the secret, the tokens made and the tokens revoked, kept in files
``attempts``          token buckets: how often somebody may try, or speak
``origins``           which web pages may talk to the bridge
``gate``              the decision: token, code or nothing, for whom and for what
``door``              limits before a request is read: connections, headers, time
``handshakes``        TLS, begun only for connections that the door lets in
``flooding``          how long those wait who were thrown out for too many messages
``http``              middleware, security headers and the route that takes a join code
====================  ==========================================================================
"""

from __future__ import annotations

from bridge.access.attempts import Attempts, Bucket
from bridge.access.errors import AccessError, ForbiddenError, RateError, UnauthorisedError
from bridge.access.gate import Gate
from bridge.access.keyring import Keyring
from bridge.access.tokens import SCOPES, Grant

__all__ = [
    "SCOPES",
    "AccessError",
    "Attempts",
    "Bucket",
    "ForbiddenError",
    "Gate",
    "Grant",
    "Keyring",
    "RateError",
    "UnauthorisedError",
]
