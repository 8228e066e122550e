"""Frames in, hands out: detection, landmarks, the parametric hand, fusion and smoothing."""
