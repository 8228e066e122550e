"""The newest frame of a track: nothing queues, everything is counted, the end is clean."""

from __future__ import annotations

import asyncio

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from bridge.streams import NewestFrame


class Track(MediaStreamTrack):
    """Gives out what the test puts in."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.pictures: asyncio.Queue = asyncio.Queue()

    async def recv(self):
        picture = await self.pictures.get()
        if picture is None:
            raise MediaStreamError
        return picture


def reader(track: Track) -> NewestFrame:
    times = iter(range(0, 10**12, 33_000_000))
    return NewestFrame(track, "phone", stamp=lambda _: next(times))


def put(track: Track, count: int) -> None:
    for _ in range(count):
        track.pictures.put_nowait(av.VideoFrame(32, 32, "yuv420p"))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_unread_track_keeps_one_frame_and_counts_the_rest():
    track = Track()
    newest = reader(track)
    newest.start()
    newest.start()
    put(track, 10)
    await settle()
    assert track.pictures.empty()
    assert (newest.decoded, newest.replaced) == (10, 9)
    frame = newest.take()
    assert frame is newest.latest
    assert (frame.view, frame.sequence, frame.time_ns) == ("phone", 9, 9 * 33_000_000)
    assert newest.take() is None
    assert newest.rate_hz == 1e9 / 33_000_000
    await newest.stop()


async def test_next_waits_and_ends_with_the_track():
    track = Track()
    newest = reader(track)
    newest.start()
    waiting = asyncio.create_task(newest.next())
    await settle()
    assert not waiting.done()
    put(track, 1)
    assert (await waiting).sequence == 0
    waiting = asyncio.create_task(newest.next())
    track.pictures.put_nowait(None)
    assert await waiting is None
    assert newest.ended
    await newest.stop()


async def test_the_last_frame_is_not_lost_to_the_end():
    track = Track()
    newest = reader(track)
    put(track, 1)
    track.pictures.put_nowait(None)
    newest.start()
    await settle()
    assert (await newest.next()).sequence == 0
    assert await newest.next() is None


async def test_a_listener_gets_every_frame_until_it_leaves():
    track = Track()
    newest = reader(track)
    seen = []
    leave = newest.subscribe(lambda frame: seen.append(frame.sequence))
    newest.start()
    put(track, 5)
    await settle()
    assert seen == [0, 1, 2, 3, 4]
    assert newest.replaced == 0
    leave()
    leave()
    put(track, 2)
    await settle()
    assert seen == [0, 1, 2, 3, 4]
    await newest.stop()
    await newest.stop()
    assert newest.ended
