"""The demo as a user runs it, 20 seconds: rate, latency and error against the rendered truth.

python benchmarks/demo.py
"""

from __future__ import annotations

import json
import subprocess
import sys

from _report import write_report


def main() -> None:
    command = [sys.executable, "-m", "bridge.cli", "demo", "--seconds", "20", "--headless"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    write_report("demo", json.loads(run.stdout))


if __name__ == "__main__":
    main()
