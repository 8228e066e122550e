"""The shipped A3-Net on the fixed synthetic test set, beside what it must beat.

    python benchmarks/a3net_accuracy.py

The same as ``ghosthands eval a3net``: 2,000 samples, 1 to 4 views, 95 % bootstrap intervals.
Twenty minutes on one core.
"""

from __future__ import annotations

from _report import write_report

from bridge.model.training.scoring import score

VIEWS = (1, 2, 3, 4)


def main() -> None:
    results = score("a3net", None, data="synthetic", views=VIEWS)
    rows = {
        f"{count} views": {name: found.to_dict() for name, found in methods.items()}
        for count, methods in results.items()
    }
    print(write_report("a3net_accuracy", rows))


if __name__ == "__main__":
    main()
