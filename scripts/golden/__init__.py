"""What the golden vectors of protocol v1 are made of."""
