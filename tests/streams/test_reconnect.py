"""Publishing again after a loss: when, how long, and where a file goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from bridge.errors import ConnectionFailedError, InputError
from bridge.streams import publish
from bridge.streams.reconnect import LostError, RefusedError, keep_publishing

GONE = LostError("gone")
CLOSED = ConnectionFailedError("the bridge ended the connection")
UNREACHABLE = ConnectionFailedError("cannot reach the bridge")
FULL, FORBIDDEN = (RefusedError(f"refused: {n}", status=n) for n in (503, 403))


class Sessions:
    """Sessions that end in the ways given; ``(error,)`` had connected before it did."""

    def __init__(self, *ends: Exception | tuple[Exception] | None) -> None:
        self.left: Iterator = iter(ends)
        self.begun = 0

    async def __call__(self, connected: Callable[[], None]) -> None:
        self.begun += 1
        end = next(self.left)
        if end is None or isinstance(end, tuple):
            connected()
        if end is not None:
            raise end[0] if isinstance(end, tuple) else end


async def keep(*ends: Exception | tuple[Exception] | None, within_s: float = 20) -> int:
    return await keep_publishing(Sessions(*ends), within_s, stop=asyncio.Event())


async def test_a_loss_is_followed_by_attempts_until_one_succeeds() -> None:
    assert await keep(None) == 0
    assert await keep((GONE,), UNREACHABLE, None) == 1
    assert await keep((GONE,), FULL, (GONE,), None) == 2


@pytest.mark.parametrize("end", [GONE, UNREACHABLE, FULL, FORBIDDEN, (CLOSED,)])
async def test_what_never_was_and_what_the_bridge_ended_is_no_loss(end: object) -> None:
    with pytest.raises(ConnectionFailedError):
        await keep(end)


async def test_a_refusal_ends_the_attempts() -> None:
    with pytest.raises(RefusedError, match="403"):
        await keep((GONE,), FORBIDDEN)


async def test_it_gives_up_in_time_and_says_why() -> None:
    with pytest.raises(LostError, match="gone") as raised:
        await keep((GONE,), UNREACHABLE, within_s=0.3)
    assert raised.value.__cause__ is UNREACHABLE
    with pytest.raises(LostError):
        await keep((GONE,), within_s=0)


async def test_who_stops_meanwhile_does_not_wait() -> None:
    stop, sessions = asyncio.Event(), Sessions((GONE,))
    stop.set()
    assert await keep_publishing(sessions, 1000, stop=stop) == 0
    assert sessions.begun == 1


@pytest.mark.parametrize("copy", [False, True])
async def test_a_file_goes_on_where_it_was(bridge, clip, helpers, monkeypatch, copy) -> None:
    """The bridge forgets the session and says no goodbye, as if the network had been cut."""
    monkeypatch.setattr("bridge.streams.publisher._SILENCE_S", 1.0)
    seen: list[int] = []

    async def watch() -> None:
        while (frames := await bridge.rooms.views.next_set()) is not None:
            seen.extend(helpers.read_index(frame.picture) for frame in frames.frames)

    watching = asyncio.create_task(watch())
    running = asyncio.create_task(
        publish(clip, bridge.whip_url, view="phone", copy=copy, reconnect_s=20)
    )
    await helpers.until(lambda: len(seen) > 20)
    (session,) = bridge.endpoint.sessions
    await session._begin_close("nothing came", goodbye=False)
    lost = len(seen)
    stats = await running
    assert stats.reconnected == 1
    bridge.rooms.views.close()
    await watching
    assert seen == sorted(seen)
    # Pictures of the cut itself are lost, until its end was noticed; none after it.
    assert seen[lost] < seen[lost - 1] + 90
    assert len(seen) > lost


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
async def test_a_time_that_is_none_is_said(clip, seconds: float) -> None:
    with pytest.raises(InputError, match="reconnect_s"):
        await publish(clip, "http://127.0.0.1:9/whip/a", view="phone", reconnect_s=seconds)
