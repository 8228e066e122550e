"""What ``ghosthands bench`` measures."""
