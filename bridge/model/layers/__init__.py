"""What the networks share: small layers, residual encoders, how large a network is."""
