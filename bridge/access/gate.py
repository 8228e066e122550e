"""The decision who gets in: a token or a join code, for a room and a scope."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from bridge.access.attempts import Attempts
from bridge.access.codes import scope_of_code
from bridge.access.errors import AccessError, ForbiddenError, RateError, UnauthorisedError
from bridge.access.keyring import Keyring
from bridge.access.origins import is_allowed, is_loopback_host
from bridge.access.tokens import Grant
from bridge.config import Settings
from bridge.counters import Counters
from bridge.errors import InputError
from bridge.protocol.names import check_name

__all__ = ["Gate", "Pass"]

_LOG = logging.getLogger(__name__)

_ASKED = "this room needs a token: open the link that the bridge printed, or type its join code"


@dataclass(frozen=True, slots=True)
class Pass:
    """Somebody who was let in by a token.

    Attributes:
        grant: What the token allows.
        key: Which secret of the bridge it was checked with.
    """

    grant: Grant
    key: str


class Gate:
    """Who may do what. All calls belong on the event loop.

    Args:
        settings: The bridge's settings.
        keyring: Its secret and tokens; None where nobody needs one.
        counters: Gets a count ``denied`` by reason, of all who are not let in.
        clock_ns: A monotonic clock, for the limits on attempts.
        bridges: The origins of the other bridges of a cluster, whose pages publish here when they
            are sent here.

    Raises:
        InputError: Tokens are required and there is no keyring.
    """

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring | None,
        counters: Counters,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        bridges: Callable[[], Collection[str]] = tuple,
    ) -> None:
        if settings.needs_tokens and keyring is None:
            raise InputError("access by token needs a folder for the bridge's secret")
        self.keyring = keyring if settings.needs_tokens else None
        self._settings = settings
        self._counters = counters
        self._bridges = bridges
        self._attempts = Attempts(
            settings.attempts_per_address_per_min,
            settings.attempts_in_all_per_min,
            clock_ns=clock_ns,
        )

    @property
    def is_open(self) -> bool:
        """Whether everybody is let in."""
        return self.keyring is None

    def enter(self, room: str, token: str | None, scopes: Collection[str]) -> Pass | None:
        """Lets the bearer of a token into a room.

        A valid token is never refused for attempts of others from the same address: nobody can
        lock a classroom out.

        Args:
            room: The room's name.
            token: What was sent; None where nothing was.
            scopes: Any of these is enough.

        Returns:
            What to remember of the bearer; None where everybody is let in.

        Raises:
            AccessError: The bearer is not let in.
        """
        if self.keyring is None:
            return None
        try:
            if token is None:
                raise UnauthorisedError(_ASKED, reason="no_token")
            grant = self.keyring.check(token)
            if grant.room != room:
                raise ForbiddenError("this token is for another room", reason="room")
            if grant.scope not in scopes:
                raise ForbiddenError(f"this token is to {grant.scope} only", reason="scope")
        except AccessError as error:
            raise self._denied(error, room) from None
        except InputError as error:
            raise self._unreadable(error, room) from error
        return Pass(grant, self.keyring.key)

    def room_of(self, token: str | None) -> str | None:
        """The room of a valid token; None for any other."""
        if self.keyring is None or token is None:
            return None
        try:
            return self.keyring.check(token).room
        except (AccessError, InputError):
            return None

    def join(self, room: str, code: str, address: str | None) -> tuple[str, Grant]:
        """A token for a join code.

        Raises:
            InputError: That is no room's name.
            AccessError: It is not the room's code, or was tried too often.
        """
        check_name(room)
        if self.keyring is None:
            raise self._denied(
                ForbiddenError(
                    "this bridge asks for no join code: just open the page", reason="code"
                ),
                room,
            )
        self._allow_attempt(room, address)
        try:
            scope = scope_of_code(self.keyring.secret, room, code)
            if scope is None:
                raise UnauthorisedError("that is not a join code of this room", reason="code")
            settings = self._settings
            lifetime_s = settings.publish_token_s if scope == "publish" else settings.watch_token_s
            note = f"join code, {address}"
            token = self.keyring.make(room, scope, lifetime_s=lifetime_s, note=note)
            grant = self.keyring.check(token)
        except AccessError as error:
            raise self._denied(error, room) from None
        except InputError as error:
            raise self._unreadable(error, room) from error
        self._counters.add("joined_by_code", scope=scope)
        return token, grant

    def failed(self, room: str, address: str | None) -> None:
        """Notes an attempt with a bad token.

        Raises:
            RateError: There were too many.
        """
        self._allow_attempt(room, address)

    def may_stay(self, holder: Pass | None) -> bool:
        """Whether somebody who was let in may stay: the token is not revoked, the secret the same.

        A token that expires only keeps its bearer from coming in again: no lesson ends by a clock.
        """
        if self.keyring is None or holder is None:
            return True
        try:
            revoked = self.keyring.is_revoked(holder.grant.id)
            return self.keyring.key == holder.key and not revoked
        except InputError as error:
            _LOG.error("cannot tell whether tokens were revoked: %s", error)
            return True

    def check_origin(self, origin: str | None, *, scheme: str, host: str) -> None:
        """Lets a web page talk to the bridge, or a client that is none.

        Raises:
            ForbiddenError: It is a page of somebody else's.
        """
        allowed = is_allowed(
            origin,
            scheme=scheme,
            host=host,
            allowed=(*self._settings.allowed_origins, *self._bridges()),
            loopback_only=self._loopback_only,
        )
        if not allowed:
            raise self._denied(
                ForbiddenError(
                    "a page of another origin may not talk to this bridge: see allowed_origins",
                    reason="origin",
                ),
                None,
            )

    def check_host(self, host: str | None) -> None:
        """Lets a request in that calls the bridge by a name of its own.

        A page of the internet can make its own name lead to a loopback address (DNS rebinding). It
        is of the same origin then: it may read, and browsers send no ``Origin`` with that.

        Args:
            host: The ``Host`` header; None where there is none: no browser sends such a request.

        Raises:
            ForbiddenError: Only this machine may connect, without a token, and the name is neither
                a loopback one nor in the settings.
        """
        if host is None or not self._loopback_only or is_loopback_host(host):
            return
        known = {*self._settings.allowed_origins, self._settings.public_url}
        if host not in {urlsplit(origin).netloc for origin in known if origin}:
            raise self._denied(
                ForbiddenError(
                    "this bridge is for its own machine: open it as localhost, or name the "
                    "address of your reverse proxy in allowed_origins",
                    reason="host",
                ),
                None,
            )

    @property
    def _loopback_only(self) -> bool:
        return self.is_open and self._settings.on_loopback

    def _allow_attempt(self, room: str, address: str | None) -> None:
        if (wait_s := self._attempts.wait_s(address)) > 0:
            raise self._denied(
                RateError(f"too many attempts: try again in {wait_s} s", retry_after_s=wait_s), room
            )

    def _unreadable(self, error: InputError, room: str) -> AccessError:
        """The bridge's own files fail: nobody gets in, and who runs it learns why."""
        _LOG.error("nobody gets in: %s", error)
        said = "the bridge cannot check who may enter: see its log"
        return self._denied(UnauthorisedError(said, reason="keyring"), room)

    def _denied(self, error: AccessError, room: str | None) -> AccessError:
        self._counters.add("denied", reason=error.reason)
        # Neither token nor code: the reason is a fixed word.
        _LOG.debug("%s: not let in (%s)", f"room {room}" if room else "a page", error.reason)
        return error
