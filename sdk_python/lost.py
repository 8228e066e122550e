"""What a cut off or damaged recording file has lost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Lost"]


@dataclass(frozen=True, slots=True)
class Lost:
    """What could not be read of a file.

    Attributes:
        damaged_chunks: Chunks, or single messages, whose bytes are not what was written.
        unread_bytes: Bytes at the end that belong to no whole record.
        seconds: Time without poses between those that were read, where something is damaged.
        cut_off: The file was not finished: how much followed cannot be told.
    """

    damaged_chunks: int = 0
    unread_bytes: int = 0
    seconds: float = 0.0
    cut_off: bool = False

    def __str__(self) -> str:
        found = []
        if self.damaged_chunks:
            found.append(f"{self.damaged_chunks} damaged chunks ({self.seconds:.2f} s) skipped")
        if self.cut_off:
            found.append(f"cut off, {self.unread_bytes} bytes at the end not readable")
        return "; ".join(found) or "nothing"
