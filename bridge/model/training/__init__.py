"""Training and evaluation that all networks share."""
