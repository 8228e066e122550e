"""What the Unity package's core does and costs, on Mono.

``python benchmarks/unity.py`` compiles it and writes benchmarks/results/unity.json: how evenly and
how late hands move that are fed poses with jitter, beside the same of the pages, which run the
same rules in TypeScript (``npm run bench-playout``); medians and interquartile ranges of what a
frame costs; bytes that 10,000 steady frames allocate.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import _playout
from _report import RESULTS, write_report

from tests.unity.conftest import TESTS, Assemblies


def playout(client: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row for each jitter; beside it the pages' figures, where they were measured."""
    path = RESULTS / "playout.json"
    pages = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
    typescript = {row["jitter_ms"]: row["playout"] for row in pages}
    rows: list[dict[str, Any]] = []
    for jitter_ms in _playout.JITTERS_MS:
        runs = [_playout.played(client, jitter_ms, seed) for seed in _playout.SEEDS]
        rows.append(
            {
                "jitter_ms": jitter_ms,
                "csharp": _playout.medians([figures for figures, _ in runs]),
                "typescript": typescript.get(jitter_ms),
                "frames_without_a_hand": sum(absent for _, absent in runs),
            }
        )
    return rows


def speed(client: tuple[str, ...]) -> dict[str, object]:
    """Costs by name: medians and interquartile ranges, or a count."""
    done = subprocess.run([*client, "speed"], capture_output=True, text=True, check=True)
    found: dict[str, object] = {}
    for line in done.stdout.splitlines():
        name, *numbers = line.split(" ")
        if len(numbers) == 1:
            found[name] = int(numbers[0])
        else:
            found[name] = dict(zip(("median", "iqr"), map(float, numbers), strict=True))
    return found


def show(rows: list[dict[str, Any]]) -> None:
    print("jitter ms | wrist mm rms, p95 | finger deg rms | added ms p50, p95 | as TypeScript")
    for row in rows:
        figures = row["csharp"]
        wrist, delay = figures["wrist_error_mm"], figures["added_delay_ms"]
        print(
            f"{row['jitter_ms']:9} | {wrist['rms']:8} {wrist['p95']:8} | "
            f"{figures['finger_error_deg']['rms']:14} | {delay['p50']:8} {delay['p95']:8} | "
            f"{row['typescript'] == figures}"
        )


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    mono = subprocess.run(["mono", "--version"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        references = ["GhostHands.Protocol", "GhostHands.Core"]
        program = Assemblies(Path(folder)).compile("client.exe", TESTS / "Client~", references)
        client = ("mono", str(program))
        rows, costs = playout(client), speed(client)
    show(rows)
    for name, cost in costs.items():
        print(f"{name}: {cost}")
    results: dict[str, object] = {
        "runtime": mono.stdout.splitlines()[0],
        "display_hz": _playout.DISPLAY_HZ,
        "send_hz": _playout.SEND_HZ,
        "base_ms": _playout.BASE_MS,
        "seeds": list(_playout.SEEDS),
        "playout": rows,
        "costs": costs,
    }
    print(write_report("unity", results))


if __name__ == "__main__":
    main()
