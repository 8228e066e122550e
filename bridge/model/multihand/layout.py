"""Where hands are pasted (section III-D).

Greedily, layer by layer, from the lower right corner to the upper left one, each as large as chance
and the space that is left allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Square", "greedy_layout"]


class Square(NamedTuple):
    """A place in a picture.

    Attributes:
        left: Pixels from the left.
        top: Pixels from the top.
        side: Width and height, pixels.
    """

    left: int
    top: int
    side: int


def greedy_layout(
    size: int, sides: tuple[int, int], count: int, chances: Iterator[float], overlap: float = 0.0
) -> list[Square]:
    """Lays squares into a picture until it is full or there are enough.

    A row goes from right to left; the next row begins above the lowest top edge of the one before,
    so that no square of it lies lower. What is left over at the left and above is shared out by
    chance: all squares move there together.

    Args:
        size: Width and height of the picture, pixels.
        sides: Smallest and largest square, pixels.
        count: Most squares.
        chances: Random numbers, 0 to 1: one a square, and two.
        overlap: Share of a square that its neighbour to the left, or the row above, may cover.
    """
    least, most = sides
    squares: list[Square] = []
    right, bottom, row_top = size, size, size
    while len(squares) < count and bottom >= least:
        if right < least:
            right, bottom = size, round(row_top + overlap * (bottom - row_top))
            row_top = bottom
            continue
        largest = min(most, right, bottom)
        side = least + round(next(chances) * (largest - least))
        squares.append(Square(right - side, bottom - side, side))
        row_top = min(row_top, bottom - side)
        right = round(right - (1 - overlap) * side)
    spare = min(s.left for s in squares), min(s.top for s in squares)
    across, up = (round(next(chances) * space) for space in spare)
    return [Square(s.left - across, s.top - up, s.side) for s in squares]
