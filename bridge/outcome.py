"""How a WebSocket connection ended, for counts and logs."""

from __future__ import annotations

from bridge.protocol.server_session import ServerSession
from bridge.protocol.session import CLOSE_NORMAL

__all__ = ["outcome_of"]

_SOCKET_CODES = {1000: "closed", 1001: "closed", 1005: "closed", 1009: "too_large"}


def outcome_of(session: ServerSession, socket_code: int | None, *, no_pong: bool) -> str:
    """The end of a connection in one word.

    ``bye`` (the client said so), ``closed`` (it closed the socket properly), ``lost``,
    ``no_pong``, ``client_error`` (it sent an error), ``bridge_bye``, or the code of the
    bridge's error.

    Args:
        session: The protocol's state.
        socket_code: The WebSocket's close code, None where there was none.
        no_pong: Whether a ping was left unanswered.
    """
    close = session.close
    if close is None:
        return "no_pong" if no_pong else _SOCKET_CODES.get(socket_code or 0, "lost")
    if close.code != CLOSE_NORMAL:
        return close.reason
    if close.reason:
        return "bridge_bye"
    return "client_error" if session.error else "bye"
