"""Synchronised frames: WHIP publishers, video files, clocks and the view synchroniser."""
