"""Frame sets a second and latency by stage, two rendered views of two hands.

    python benchmarks/live.py [--provider cpu] [--frame-sets 300]

What ``ghosthands bench live --json`` measures, kept with the machine it ran on. Nothing else may
run meanwhile.
"""

from __future__ import annotations

import argparse

from _report import write_report

from bridge.bench.live import measure_live
from bridge.demo.clips import demo_clips
from bridge.model.nets import PROVIDERS, load_nets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--provider", choices=PROVIDERS, default="auto")
    parser.add_argument("--frame-sets", type=int, default=300)
    options = parser.parse_args()
    nets = load_nets(options.provider)
    print(
        write_report("live", measure_live(demo_clips(), nets=nets, frame_sets=options.frame_sets))
    )


if __name__ == "__main__":
    main()
