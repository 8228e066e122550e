"""Fan-out to 100, 300 and 1,000 watchers at 60 poses a second, beside a bare broadcast loop.

    python benchmarks/fanout.py [--seconds 20] [--hostile-seconds 20]

Then 100 watchers among clients that mean harm. Nothing else may run meanwhile; watchers and hostile
clients themselves take a part of the two cores.
"""

from __future__ import annotations

import argparse
from typing import Any

from _report import write_report

from bridge.bench.fanout import measure_fanout
from bridge.bench.hostile import measure_hostile

SUBSCRIBERS = (100, 300, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--hostile-seconds", type=float, default=20.0)
    options = parser.parse_args()
    results: dict[str, Any] = {
        str(count): measure_fanout(subscribers=count, seconds=options.seconds)
        for count in SUBSCRIBERS
    }
    results["hostile"] = measure_hostile(subscribers=100, seconds=options.hostile_seconds)
    print(write_report("fanout", results))


if __name__ == "__main__":
    main()
