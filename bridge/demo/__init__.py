"""The embedded demo: two hands play a short piece, seen by two cameras nobody calibrated.

Everything is computed, so the truth is known: where each of the 42 keypoints is at any time.
"""
