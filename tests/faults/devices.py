"""Two devices that publish pictures with an index in them, and say when each was taken.

    python -m tests.faults.devices CLIP URL

A line of JSON for each picture: ``view``, ``index`` and ``time_ns`` on this machine's clock.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sys

from bridge.streams import publish


def say(view: str, index: int, time_ns: int) -> None:
    print(json.dumps({"view": view, "index": index, "time_ns": time_ns}), flush=True)  # noqa: T201


async def main(clip: str, url: str) -> None:
    """Publishes the clip as both views."""
    await asyncio.gather(
        *(
            publish(clip, url, view=view, on_capture=functools.partial(say, view), reconnect_s=30)
            for view in ("phone", "tablet")
        )
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
