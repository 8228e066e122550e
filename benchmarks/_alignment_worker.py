"""Aligns the features of a file with one library, in a process of its own: prints JSON.

Usage: ``python _alignment_worker.py LIBRARY FEATURES.npz BAND``. Peak memory is the process's own,
less what it had before it aligned.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(library: str, path: str, band: int) -> None:
    with np.load(path) as arrays:
        first, second = arrays["first"], arrays["second"]

    def align(first: np.ndarray, second: np.ndarray) -> object:
        if library == "librosa":
            import librosa

            share = band / len(first)
            return librosa.sequence.dtw(
                first.T, second.T, global_constraints=True, band_rad=share, metric="euclidean"
            )[1]
        if library == "tslearn":
            from tslearn.metrics import dtw_path

            return dtw_path(first, second, "sakoe_chiba", band)[0]
        from sdk_python.alignment import banded_dtw

        return banded_dtw(first, second, np.arange(len(first)), band)[0]

    align(first[:600], second[:600])  # compiles, imports
    before = peak_mb()
    start = time.perf_counter()
    path_found = align(first, second)
    seconds = time.perf_counter() - start
    print(
        json.dumps(
            {
                "seconds": round(seconds, 3),
                "peak_mb": round(peak_mb() - before, 1),
                "path": len(path_found),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
