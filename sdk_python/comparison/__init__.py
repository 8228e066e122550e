"""A student's playing beside the teacher's.

===============  ===============================================================================
file             concept
===============  ===============================================================================
``take``         what is read of a recording, and what cannot be compared
``differences``  student and teacher at the same moments of the lesson
``tolerance``    what a difference may be
``passages``     stretches that differ, as loops
``lag``          which hand comes late
``score``        0 to 100, where that means something
``tables``       numbers by angle, finger, hand
``notes``        what limits a comparison
``words``        joints, differences and times in words
``summary``      a few lines
``result``       the result
``compare``      all of it
===============  ===============================================================================
"""

from __future__ import annotations

from sdk_python.comparison.compare import compare
from sdk_python.comparison.result import (
    AngleResult,
    CompareParameters,
    Comparison,
    Coverage,
    FingerResult,
    HandResult,
    Passage,
    Score,
    Source,
    Verdict,
)

__all__ = [
    "AngleResult",
    "CompareParameters",
    "Comparison",
    "Coverage",
    "FingerResult",
    "HandResult",
    "Passage",
    "Score",
    "Source",
    "Verdict",
    "compare",
]
