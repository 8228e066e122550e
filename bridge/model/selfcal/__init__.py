"""Where uncalibrated cameras stand, what their lenses are, and how hands move: one adjustment."""
