"""Makes the fixed synthetic test set: 2,000 hands, 4 rendered views each, the net's landmarks.

Run: ``python scripts/make_synthetic_test_set.py`` (an hour of one core; ``--workers`` shares it).
"""

from __future__ import annotations

import argparse
import multiprocessing
from pathlib import Path

import numpy as np
import torch

from bridge.model.nets import HandNets
from bridge.model.synthetic.fixed_set import SAMPLES, make_test_set

FILE = Path(__file__).parents[1] / "bridge/model/synthetic/data/test_set.npz"
CANDIDATES_AT_ONCE = 8


def candidates(block: int) -> dict[str, np.ndarray]:
    """One block of samples, on one thread."""
    torch.set_num_threads(1)
    first = block * CANDIDATES_AT_ONCE
    numbers = range(first, first + CANDIDATES_AT_ONCE)
    return make_test_set(HandNets(providers=["CPUExecutionProvider"], threads=1), numbers)


def main() -> None:
    """Renders blocks in order until there are enough samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--file", type=Path, default=FILE)
    arguments = parser.parse_args()
    kept: list[dict[str, np.ndarray]] = []
    count = 0
    # Forked workers would inherit torch's threads and hang.
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        for block in pool.imap(candidates, range(arguments.samples)):
            kept.append(block)
            count += len(block["number"])
            print(f"\r{count} of {arguments.samples}", end="", flush=True)
            if count >= arguments.samples:
                break
        pool.terminate()
    data = {
        name: np.concatenate([block[name] for block in kept])[: arguments.samples]
        for name in kept[0]
    }
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.file, **data)
    print(f"\n{arguments.file}: {arguments.file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
