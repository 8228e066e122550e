"""Counts of what happened: every drop, refusal and end has one."""

from __future__ import annotations

from collections import Counter

__all__ = ["Counters"]

Labels = tuple[tuple[str, str], ...]


class Counters:
    """Named counts that only rise. All calls belong on the event loop.

    ``/metrics`` shows a count ``refused`` as ``ghosthands_refused_total``.

    Example::

        counters.add("refused", reason="expired")
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Labels]] = Counter()

    def add(self, name: str, value: int = 1, **labels: str) -> None:
        """Adds to a count.

        Args:
            name: What is counted, in snake case; one name always has the same labels.
            value: How many, 0 or more: 0 makes a count visible before it first rises.
            labels: Kinds of it. Their values must be few: never what a client chooses.
        """
        if value < 0:
            raise ValueError(f"a count only rises: {name} by {value}")
        self._counts[name, tuple(sorted(labels.items()))] += value

    def snapshot(self) -> dict[tuple[str, Labels], int]:
        """All counts so far, by name and sorted labels."""
        return dict(self._counts)
