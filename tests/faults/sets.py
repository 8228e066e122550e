"""The bridge's side of published video: prints the frame sets that it makes.

    python -m tests.faults.sets ADDRESS

A line of JSON for each: ``sets`` has of each view the picture's index and its time of capture on
this machine's clock; ``time_ns`` is the set's own time, ``now_ns`` when it was made.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from aiohttp import web

from bridge.streams import add_whip_routes
from tests.streams.conftest import Rooms, read_index

PORT = 8080


async def main(address: str) -> None:
    """Serves until it is killed."""
    app, rooms = web.Application(), Rooms()
    add_whip_routes(app, rooms)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, address, PORT).start()
    say(ready=True)
    while (frames := await rooms.views.next_set()) is not None:
        now_ns = time.monotonic_ns()
        found = {f.view: (read_index(f.picture), f.time_ns) for f in frames.frames}
        say(sets=found, time_ns=frames.time_ns, now_ns=now_ns)


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
