"""A watcher that comes back when it is lost.

    python -m tests.faults.watch URL

A line of JSON for each pose: ``seq``, ``time_ns``, ``age_s``, ``reconnected``, ``session`` (a hash
of the secret that makes it the same client), ``resumed``, and the live ``views`` it was told of.
"""

from __future__ import annotations

import asyncio
import json
import sys

import sdk_python as sdk


async def main(url: str) -> None:
    """Watches until it is killed."""
    async with sdk.connect(url, insecure=True, reconnect_s=60) as poses:
        async for pose in poses:
            welcome = poses._connection.session.welcome
            views = poses.status.views if poses.status else ()
            said = {
                "seq": pose.seq,
                "time_ns": pose.time_ns,
                "age_s": pose.age_s,
                "reconnected": poses.reconnected,
                "session": hash(welcome.session),
                "resumed": welcome.resumed,
                "views": [view.view for view in views if view.live],
            }
            print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
