"""Five minutes among clients that mean harm: the bridge's memory, second by second.

python benchmarks/hostile_soak.py [--seconds 300]
"""

from __future__ import annotations

import argparse
import os

from _report import write_report

from bridge.bench.hostile import measure_soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--subscribers", type=int, default=100)
    options = parser.parse_args()
    found = measure_soak(subscribers=options.subscribers, seconds=options.seconds)
    # Memory does not mind other work on the machine; latency does.
    found["load_average_of_the_machine"] = [round(load, 2) for load in os.getloadavg()]
    print(write_report("hostile_soak", found))


if __name__ == "__main__":
    main()
