"""Fan-out to 100, 300 and 1,000 watchers at 60 poses a second, beside a bare broadcast loop.

    python benchmarks/fanout.py [--seconds 20]

What ``ghosthands bench fanout --json`` measures, kept with the machine it ran on. Nothing else may
run meanwhile; the subscribers themselves take a part of the two cores.
"""

from __future__ import annotations

import argparse

from _report import write_report

from bridge.bench.fanout import measure_fanout

SUBSCRIBERS = (100, 300, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    results = {
        str(count): measure_fanout(subscribers=count, seconds=seconds) for count in SUBSCRIBERS
    }
    print(write_report("fanout", results))


if __name__ == "__main__":
    main()
