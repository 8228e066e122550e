"""Which moment of a student's playing is which moment of the lesson.

One warping for both hands and all features; repeats, leaps and pauses are named, not smeared.

=============  =================================================================================
file           concept
=============  =================================================================================
``sampling``   features at other instants than they were measured
``distance``   how far apart two frames are
``structure``  roughly, and anywhere: a hidden Markov model over the lesson's frames
``dtw``        closely: dynamic time warping within a band
``events``     pauses, repeats, leaps
``align``      all of it
=============  =================================================================================
"""

from __future__ import annotations

from sdk_python.alignment.align import UNRELATED_BELOW, Alignment, align
from sdk_python.alignment.dtw import banded_dtw
from sdk_python.alignment.events import Event, EventKind

__all__ = ["UNRELATED_BELOW", "Alignment", "Event", "EventKind", "align", "banded_dtw"]
